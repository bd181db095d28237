/** Runs rules over the graphs of a document. */
import type { Document, Model } from '../formats/document.js';
import { classify } from '../graph/commutation.js';
import { FIX_CLASSES, type FixClass } from '../graph/edits.js';
import type { Graph } from '../graph/graph.js';
import { formatMessage, LEVELS, placeOf, type Level, type Mode, type Problem } from '../rule.js';
import type { ConfiguredMode, EnabledRule } from './configuration.js';
import { rules as allRules } from '../../rules/index.js';
import { suppressByMetadata } from './model-suppression.js';
import { isCommented, type Suppress, type Suppression } from './suppression.js';

export interface Finding {
  readonly enabled: EnabledRule;
  readonly problem: Problem;
  readonly level: Exclude<Level, 'off'>;
  readonly message: string;
  /** Absent when there is no fix. */
  readonly fixClass: FixClass | undefined;
  readonly model: Model;
  /** Rule and layer: what a finding is across variants, passes and runs. */
  readonly identity: string;
}

export interface LintRequest {
  readonly rules: readonly EnabledRule[];
  readonly mode: ConfiguredMode;
  /** Applies the comments of source code that switch findings off; absent where there are none. */
  readonly suppress?: Suppress;
  /** The user's last word on the level of a finding, by the node at which it stands. */
  readonly levelAt?: (finding: Finding) => Level;
}

/** Findings in the order of their place in the document. */
export const lintDocument = (document: Document, request: LintRequest): readonly Finding[] => suppressIn(document, request).kept;

/** What comments in source code, or the metadata of a model, switch off, and what is left. */
export function suppressIn(document: Document, request: LintRequest): Suppression {
  const findings = allFindings(document, request);
  if (isCommented(document)) return request.suppress?.(document, findings) ?? { kept: findings, suppressed: [], unused: [] };
  return suppressByMetadata(document, findings, request.rules.map(({ rule }) => rule.id), allRules.map(({ id }) => id));
}

/** Those that are switched off included. */
function allFindings(document: Document, { rules, mode, levelAt }: LintRequest): readonly Finding[] {
  const applicable = rules.filter(({ rule }) => rule.formats.includes(document.format));
  const found = oncePerPlace(document.models.flatMap((model) => lintModel(model, applicable, mode)));
  const findings = levelAt ? found.flatMap((finding) => withLevel(finding, levelAt(finding))) : found;
  return findings.sort((a, b) => placeOf(a.problem).order - placeOf(b.problem).order || compare(a.enabled.rule.id, b.enabled.rule.id));
}

/** Code that builds several models, or one helper called twice, makes several layers of one construction: one finding. */
function oncePerPlace(findings: readonly Finding[]): Finding[] {
  const seen = new Set<string>();
  return findings.filter(({ enabled, problem }) => {
    const place = `${enabled.rule.id} ${problem.messageId} ${placeOf(problem).path}`;
    return !seen.has(place) && seen.add(place);
  });
}

const withLevel = (finding: Finding, level: Level): readonly Finding[] => (level === 'off' ? [] : [{ ...finding, level }]);

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

/** rules.md, Mode. */
export function modeOf(model: Model, configured: ConfiguredMode): Mode {
  if (configured !== 'auto') return configured;
  const trains = model.variants.some((graphs) => graphs.some((graph) => graph.isSource || graph.trainingEvidence.length > 0));
  return trains ? 'training' : 'unspecified';
}

/** Says of a file without any dropout what it is; nothing of source code, where no exporter has been at work. */
export function noteOn(document: Document): string | undefined {
  if (document.format !== 'onnx' || document.models.length === 0) return undefined;
  const hasDropout = document.models.some(({ variants }) => variants.some((graphs) => graphs.some((graph) => graph.layersOf('dropout').length > 0)));
  return hasDropout ? undefined : 'no dropout in this graph: exporters strip it in evaluation mode; lint the training export or the source';
}

/** A finding counts only where it holds in every variant that has its layer. */
function lintModel(model: Model, rules: readonly EnabledRule[], configured: ConfiguredMode): Finding[] {
  const mode = modeOf(model, configured);
  const variants = model.variants.map((graphs) => ({
    keys: new Set(graphs.flatMap((graph) => graph.layers.map((layer) => layer.key))),
    findings: findingsOf(model, graphs, rules, mode, configured),
  }));
  const merged = new Map<string, Finding>();
  for (const { findings } of variants) {
    for (const [identity, finding] of findings) {
      if (merged.has(identity)) continue;
      const relevant = variants.filter(({ keys }) => keys.has(finding.problem.at.key)).map((variant) => variant.findings.get(identity));
      if (relevant.every((twin) => twin !== undefined)) merged.set(identity, mergeTwins(relevant));
    }
  }
  return [...merged.values()];
}

function findingsOf(model: Model, graphs: readonly Graph[], rules: readonly EnabledRule[], mode: Mode, configuredMode: ConfiguredMode): Map<string, Finding> {
  const findings = new Map<string, Finding>();
  for (const graph of graphs) {
    for (const enabled of rules) {
      const { rule, options, strict } = enabled;
      for (const problem of rule.check({ graph, model: graphs[0] ?? graph, options, strict, mode, configuredMode })) {
        const identity = `${rule.id} ${problem.at.key}`;
        if (!findings.has(identity)) findings.set(identity, findingOf(enabled, problem, model, identity));
      }
    }
  }
  return findings;
}

function findingOf(enabled: EnabledRule, problem: Problem, model: Model, identity: string): Finding {
  const template = enabled.rule.messages[problem.messageId];
  if (template === undefined) throw new Error(`${enabled.rule.id} has no message "${problem.messageId}"`);
  return {
    enabled,
    problem,
    level: enabled.levelIsChosen ? enabled.level : (problem.level ?? enabled.level),
    message: formatMessage(template, problem.data),
    fixClass: fixClassOf(problem),
    model,
    identity,
  };
}

function fixClassOf({ edits, suggestion, repair }: Problem): FixClass | undefined {
  if (!edits || edits.length === 0) return undefined;
  return suggestion ? 'suggestion' : repair ? 'repair' : classify(edits);
}

/** One finding seen on several paths: the gravest level, the weakest claim, and a fix only where every path has one. */
function mergeTwins(twins: readonly Finding[]): Finding {
  const [first] = twins as readonly [Finding, ...Finding[]];
  const fixClass = twins.every((twin) => twin.fixClass) ? extreme(twins.map((twin) => twin.fixClass as FixClass), FIX_CLASSES) : undefined;
  return { ...first, level: extreme(twins.map(({ level }) => level), LEVELS) as Finding['level'], fixClass };
}

/** The member that stands last in `order`. */
function extreme<T>(members: readonly T[], order: readonly T[]): T {
  return members.reduce((a, b) => (order.indexOf(b) > order.indexOf(a) ? b : a));
}
