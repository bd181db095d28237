/** SARIF 2.1.0: https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html */
import { pathToFileURL } from 'node:url';
import path from 'node:path';
import type * as Sarif from 'sarif';
import { rules } from '../../rules/index.js';
import { halvesOf } from '../lint/fingerprint.js';
import type { LintMessage, LintResult } from '../lint/result.js';
import { packageJson } from '../package.js';
import type { ReportContext } from './formatter.js';
import { hasLines, otherEndOf, regionOf, sourceRegionOf, type Region } from './places.js';
import { failureText } from './proof-text.js';
import { rulePage, rulePageText } from './rule-pages.js';
import { positionsIn } from './text-regions.js';

const SCHEMA = 'https://json.schemastore.org/sarif-2.1.0.json';
const ROOT = 'ROOT';
const LEVELS = { off: 'none', info: 'note', warn: 'warning', error: 'error' } as const;

export function sarif(results: readonly LintResult[], { cwd }: ReportContext): string {
  const used = new Set(results.flatMap(({ messages, suppressedMessages }) => [...messages, ...suppressedMessages]).map(({ ruleId }) => ruleId));
  const descriptors = rules.filter(({ id }) => used.has(id)).map(descriptorOf);
  const indexOf = new Map(descriptors.map(({ id }, index) => [id, index]));
  const found = results.flatMap((result) => [...result.messages, ...result.suppressedMessages].filter(({ fatal }) => !fatal).map((message) => resultOf(message, result, cwd, indexOf)));
  const run: Sarif.Run = {
    tool: { driver: { name: 'droplint', semanticVersion: packageJson().version, informationUri: rulePage('').replace(/\/blob\/.*$/, ''), rules: descriptors } },
    originalUriBaseIds: { [ROOT]: { uri: pathToFileURL(cwd + path.sep).href } },
    artifacts: results.map(({ filePath }) => ({ location: artifact(regionOf({} as LintMessage, { filePath } as LintResult, cwd).file) })),
    columnKind: 'utf16CodeUnits',
    invocations: [invocationOf(results, cwd)],
    results: found,
  };
  const log: Sarif.Log = { $schema: SCHEMA, version: '2.1.0', runs: [run] };
  return JSON.stringify(log, undefined, 2);
}

function descriptorOf({ id, statement, levels, fix, sources }: (typeof rules)[number]): Sarif.ReportingDescriptor {
  const page = rulePageText(id);
  return {
    id,
    name: id.replace(/(?:^|-)(\w)/g, (_, letter: string) => letter.toUpperCase()),
    shortDescription: { text: statement },
    fullDescription: { text: [statement, ...sources.map(({ title, url }) => (url ? `${title} (${url})` : title))].join('\n') },
    help: { text: page ?? statement, ...(page !== undefined && { markdown: page }) },
    helpUri: rulePage(id),
    defaultConfiguration: { level: LEVELS[levels.recommended === 'off' ? levels.strict : levels.recommended], enabled: levels.recommended !== 'off' },
    properties: { tags: ['neural-network', 'dropout'], fix },
  };
}

/** What could not be read is a failure of the run, not a finding. */
function invocationOf(results: readonly LintResult[], cwd: string): Sarif.Invocation {
  const unreadable = results.flatMap((result) => result.messages.filter(({ fatal }) => fatal).map((message): Sarif.Notification => ({
    level: 'error',
    message: { text: message.message },
    locations: [{ physicalLocation: { artifactLocation: artifact(regionOf(message, result, cwd).file) } }],
  })));
  return { executionSuccessful: unreadable.length === 0, ...(unreadable.length > 0 && { toolExecutionNotifications: unreadable }) };
}

function resultOf(message: LintMessage, result: LintResult, cwd: string, indexOf: ReadonlyMap<string, number>): Sarif.Result {
  const { ruleId, level, hint, proof, fixClass, fingerprint, suppressions, related } = message;
  const index = ruleId === null ? undefined : indexOf.get(ruleId);
  const own = physical(regionOf(message, result, cwd));
  const python = sourceRegionOf(message, result, cwd);
  const otherEnd = otherEndOf(message, result, cwd);
  const fix = fixOf(message, result, cwd);
  return {
    ruleId: ruleId ?? 'directive',
    ...(index !== undefined && { ruleIndex: index }),
    level: LEVELS[level],
    message: { text: [message.message, hint, proof && failureText(proof)].filter(Boolean).join('\n') },
    // The line of Python that a node came from is what a person can change.
    locations: [{ physicalLocation: python ? physical(python) : own, ...(message.graphPath !== undefined && !hasLines(result) && { logicalLocations: [logical(message)] }) }],
    ...(python && { relatedLocations: [{ id: 0, message: { text: 'the exported model' }, physicalLocation: own }] }),
    ...(otherEnd && { relatedLocations: [{ id: 0, message: { text: 'the other end of the call between the two files' }, physicalLocation: physical(otherEnd) }] }),
    ...(fix && { fixes: [fix] }),
    ...(fingerprint !== undefined && { partialFingerprints: fingerprints(fingerprint) }),
    ...(suppressions && { suppressions: suppressions.map(({ kind, justification }) => ({ kind: kind === 'directive' ? 'inSource' : 'external', ...(justification !== '' && { justification }) })) }),
    properties: { ...(fixClass && { fixClass }), ...(proof && { proof: proof.verdict }), ...(related && { related: [...related] }), ...(message.source && !hasLines(result) && { source: `${message.source.file}:${message.source.line}` }) },
  };
}

const artifact = (file: string): Sarif.ArtifactLocation =>
  path.isAbsolute(file) || /^[a-z]:\//i.test(file) ? { uri: pathToFileURL(file).href } : { uri: file.split('/').map(encodeURIComponent).join('/'), uriBaseId: ROOT };

function physical({ file, line, column, endLine, endColumn }: Region): Sarif.PhysicalLocation {
  const region = { startLine: line, startColumn: column, endLine, endColumn };
  return { artifactLocation: artifact(file), ...(line !== undefined && { region: Object.fromEntries(Object.entries(region).filter(([, value]) => value !== undefined)) }) };
}

function logical({ nodeName, graphPath }: LintMessage): Sarif.LogicalLocation {
  return { ...(nodeName && { name: nodeName }), fullyQualifiedName: graphPath!, kind: 'member' };
}

/** Of text files: what droplint would put in place of what. */
function fixOf({ replacements, fixClass }: LintMessage, result: LintResult, cwd: string): Sarif.Fix | undefined {
  if (!replacements || result.source === undefined || !hasLines(result)) return undefined;
  const at = positionsIn(result.output ?? result.source);
  return {
    description: { text: fixClass === 'suggestion' ? 'A suggestion: it changes what the model does.' : `A fix of the class ${fixClass}.` },
    artifactChanges: [{
      artifactLocation: artifact(regionOf({} as LintMessage, result, cwd).file),
      replacements: replacements.map(({ start, end, text }) => {
        const [from, to] = [at(start), at(end)];
        return { deletedRegion: { startLine: from.line, startColumn: from.column, endLine: to.line, endColumn: to.column }, insertedContent: { text } };
      }),
    }],
  };
}

function fingerprints(fingerprint: string): Record<string, string> {
  const { name, place } = halvesOf(fingerprint);
  return { ...(name !== undefined && { 'node/v1': name }), 'place/v1': place };
}
