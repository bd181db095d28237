/** What is said of one file: ESLint's `LintResult`, so that ESLint's formatters can print it, and more beside. */
import type { Document, TextDocument, UnreadableError } from '../formats/document.js';
import type { FixClass } from '../graph/edits.js';
import type { Origin, SourceLine } from '../graph/layers.js';
import { placeOf, type Level } from '../rule.js';
import type { Proof } from '../verify/proof.js';
import { fingerprintOf } from './fingerprint.js';
import type { Finding } from './findings.js';
import type { Illustrate, Illustration } from './illustration.js';
import type { Outcome } from './fix.js';
import type { Replacement } from './replacements.js';
import type { Suppression, UnusedDirective } from './suppression.js';

export interface LintMessage {
  /** `null`: the file could not be read. */
  readonly ruleId: string | null;
  /** 2 error, 1 warn, 0 info: what ESLint does not have is counted neither as an error nor as a warning. */
  readonly severity: 0 | 1 | 2;
  readonly level: Exclude<Level, 'off'>;
  readonly message: string;
  readonly messageId?: string;
  /** From 1. In a graph the place of the node among the nodes. */
  readonly line: number;
  readonly column: number;
  readonly endLine?: number;
  readonly endColumn?: number;
  readonly fatal?: true;
  /** The node or layer at which the finding stands; its operator when it has no name. */
  readonly nodeName?: string;
  /** `graph:node[12](/classifier/2/Dropout)`; `12:5` in source code. */
  readonly graphPath?: string;
  /** Names of the other layers that the message speaks of. */
  readonly related?: readonly string[];
  readonly hint?: string;
  /**
   * The line of the user's source that a graph says it came from. Of code the place of the layer or call itself; where the
   * finding was made on the way through another file and is told here, the call in that file.
   */
  readonly source?: SourceLine;
  /** Absent when there is no fix. */
  readonly fixClass?: FixClass;
  /** Why the fix was not made. */
  readonly refusal?: string;
  /** Of a fix that was tried and not proven. */
  readonly proof?: Proof;
  /** Of a finding that a comment or metadata switches off (`directive`), or that the baseline knows. */
  readonly suppressions?: readonly { readonly kind: 'directive' | 'baseline'; readonly justification: string }[];
  /** Stays the same when nodes are numbered anew (fingerprint.ts). */
  readonly fingerprint?: string;
  /** What stands around it, when that was asked for. */
  readonly illustration?: Illustration;
  /** Of text files: the fix, when that was asked for. */
  readonly replacements?: readonly Replacement[];
}

export interface FixedMessage extends LintMessage {
  readonly fixClass: FixClass;
}

export interface LintResult {
  /** Absolute. */
  readonly filePath: string;
  readonly messages: readonly LintMessage[];
  readonly suppressedMessages: readonly LintMessage[];
  readonly errorCount: number;
  readonly warningCount: number;
  readonly infoCount: number;
  readonly fatalErrorCount: number;
  readonly fixableErrorCount: number;
  readonly fixableWarningCount: number;
  readonly usedDeprecatedRules: readonly never[];
  /** Of text files. */
  readonly source?: string;
  /** Of text files that were fixed. */
  readonly output?: string;
  /** What was found and fixed; `proof` is that of all fixes of its pass. */
  readonly fixed?: readonly FixedMessage[];
  /** What there is to say of the file as a whole. */
  readonly note?: string;
}

const SEVERITIES = { info: 0, warn: 1, error: 2 } as const;

/** What is told of each finding only when it is asked for. */
export interface Details {
  readonly illustrate?: Illustrate;
  readonly replacements?: (finding: Finding, document: Document) => readonly Replacement[] | undefined;
}

/** Given an outcome of fixing, its refusals and proofs stand beside what they concern. */
export function resultOf(document: Document, findings: readonly Finding[], note?: string, outcome?: Outcome, suppression?: Suppression, details: Details = {}): LintResult {
  const messages = findings.map((finding) => ({
    ...messageOf(finding, document),
    ...optional('illustration', details.illustrate?.(finding, outcome?.document ?? document)),
    ...optional('replacements', details.replacements?.(finding, outcome?.document ?? document)),
    ...optional('refusal', outcome?.refusals.get(finding.identity)),
    ...optional('proof', outcome?.failedProofs.get(finding.identity)),
  }));
  const fixed = outcome?.fixed.map(({ finding, proof, document: before }) => ({
    ...messageOf(finding, document),
    ...optional('illustration', details.illustrate?.(finding, before)),
    fixClass: finding.fixClass as FixClass,
    ...optional('proof', proof),
  }));
  const all = [...messages, ...(suppression?.unused ?? []).map(unusedMessage)].sort((a, b) => ('text' in document ? a.line - b.line : 0));
  return {
    filePath: document.file,
    messages: all,
    ...countsOf(all),
    suppressedMessages: (suppression?.suppressed ?? []).map(({ finding, reason }) => ({ ...messageOf(finding, document), suppressions: [{ kind: 'directive' as const, justification: reason }] })),
    ...optional('source', textOf(document)),
    ...optional('output', fixed?.length ? textOf(outcome?.document) : undefined),
    ...optional('fixed', fixed),
    ...optional('note', note),
  };
}

const unusedMessage = ({ line, column, message }: UnusedDirective): LintMessage => ({ ruleId: null, severity: 1, level: 'warn', message, line, column });

/** A file that could not be read, as ESLint reports one that it cannot parse. */
export function unreadableResult(error: UnreadableError): LintResult {
  const message: LintMessage = {
    ruleId: null,
    severity: 2,
    level: 'error',
    fatal: true,
    message: `${error.reason}${error.place ? ` (${error.place})` : ''}`,
    line: 1,
    column: 1,
  };
  return { filePath: error.file, messages: [message], ...countsOf([message]) };
}

/** A file that was named and is not linted. */
export const ignoredResult = (file: string, by: string): LintResult => ({ filePath: file, messages: [], ...countsOf([]), note: `not linted: ${by} leave${by.startsWith('.') ? 's' : ''} it out (--no-ignore lints it)` });

/** Keeps the messages that pass, and the counts true. */
export function filterMessages(result: LintResult, passes: (message: LintMessage) => boolean): LintResult {
  const messages = result.messages.filter(passes);
  return { ...result, messages, ...countsOf(messages) };
}

function messageOf(finding: Finding, document: Document): LintMessage {
  const { enabled, problem, level, message, fixClass } = finding;
  const place = placeOf(problem);
  return {
    ruleId: enabled.rule.id,
    severity: SEVERITIES[level],
    level,
    message,
    messageId: problem.messageId,
    ...positionOf(place, document),
    nodeName: problem.at.origin.name,
    graphPath: place.via ? `${place.via.line}:${place.via.column}` : place.path,
    ...optional('related', problem.related?.map((layer) => layer.origin.name)),
    ...optional('hint', problem.hint),
    ...optional('source', place.source),
    ...optional('fixClass', fixClass),
    fingerprint: fingerprintOf(finding),
  };
}

/** Of code that stands in another file: of the call or import here that leads there. */
function positionOf({ order, via, source }: Origin, document: Document): Pick<LintMessage, 'line' | 'column' | 'endLine' | 'endColumn'> {
  if (document.format !== 'code' || !source) return { line: Math.floor(order) + 1, column: 1 };
  const { line, column = 1, endLine, endColumn } = via ?? source;
  return { line, column, ...optional('endLine', endLine), ...optional('endColumn', endColumn) };
}

function countsOf(messages: readonly LintMessage[]) {
  const count = (severity: number, fixable = false): number =>
    messages.filter((message) => message.severity === severity && (!fixable || (message.fixClass && message.fixClass !== 'suggestion'))).length;
  return {
    suppressedMessages: [],
    errorCount: count(2),
    warningCount: count(1),
    infoCount: count(0),
    fatalErrorCount: messages.filter(({ fatal }) => fatal).length,
    fixableErrorCount: count(2, true),
    fixableWarningCount: count(1, true),
    usedDeprecatedRules: [],
  };
}

const textOf = (document: Document | undefined): string | undefined => (document && 'text' in document ? (document as TextDocument).text : undefined);

/** Leaves out what there is nothing to say of, so that the JSON stays readable. */
function optional<K extends string, V>(name: K, value: V | undefined): { [name in K]?: V } {
  return (value === undefined ? {} : { [name]: value }) as { [name in K]?: V };
}
