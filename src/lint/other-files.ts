/**
 * Findings about helpers in other files. Whoever calls a helper finds them, and tells of them at the call; where the
 * helper's file is linted as well they belong there, once, however many files call it.
 */
import { realpathSync } from 'node:fs';
import type { SourceLine } from '../graph/layers.js';
import { filterMessages, type LintMessage, type LintResult } from './result.js';

type Mutable = { messages: LintMessage[]; suppressedMessages: LintMessage[] };

/**
 * The results in their order. A finding whose file is not among them, or was changed by fixes, stays at the call; one of a
 * rule that is off in that file is none.
 */
export function toTheirFiles(results: readonly LintResult[], isOn: (rule: string, file: string) => boolean = () => true): readonly LintResult[] {
  if (!results.some((result) => allOf(result).some((message) => isElsewhere(message, result)))) return results;
  const targets = new Map(results.map((result): [string, LintResult] => [realPath(result.filePath), result]));
  const lists = new Map(results.map((result): [LintResult, Mutable] => [result, { messages: [], suppressedMessages: [] }]));
  for (const result of results) {
    const own = lists.get(result)!;
    own.messages.push(...result.messages.filter((message) => !isElsewhere(message, result)));
    own.suppressedMessages.push(...result.suppressedMessages.filter((message) => !isElsewhere(message, result)));
  }
  for (const result of results) {
    for (const list of ['messages', 'suppressedMessages'] as const) {
      for (const message of result[list]) {
        if (!isElsewhere(message, result)) continue;
        const target = targets.get(realPath(message.source.file));
        if (target === undefined) lists.get(result)![list].push(message);
        else if (isOn(message.ruleId!, target.filePath)) tell(message, result, target, lists, list);
      }
    }
  }
  return results.map((result) => {
    const { messages, suppressedMessages } = lists.get(result)!;
    return { ...filterMessages({ ...result, messages: messages.sort(inOrder) }, () => true), suppressedMessages };
  });
}

function tell(message: LintMessage & { readonly source: SourceLine }, from: LintResult, to: LintResult, lists: ReadonlyMap<LintResult, Mutable>, list: keyof Mutable): void {
  const moved = movedTo(message, from);
  const theirs = lists.get(to)!;
  if (to.output !== undefined) {
    // The lines are those of the text before its fixes.
    if (!to.fixed?.some((each) => isSame(each, moved))) lists.get(from)![list].push(message);
    return;
  }
  if ([...theirs.messages, ...theirs.suppressedMessages].some((each) => isSame(each, moved))) return;
  theirs[list].push(moved);
  // The directive does switch something off, if nothing that the file alone shows.
  if (list === 'suppressedMessages') theirs.messages = theirs.messages.filter((each) => each.ruleId !== null || each.fatal === true || !each.message.includes(moved.ruleId!));
}

/** At the layer, with the call as the other end. */
function movedTo({ source, ...message }: LintMessage & { readonly source: SourceLine }, { filePath }: LintResult): LintMessage {
  const { line, column = 1, endLine, endColumn } = source;
  const call: SourceLine = { file: filePath, line: message.line, column: message.column, ...(message.endLine !== undefined && { endLine: message.endLine, endColumn: message.endColumn }) };
  return { ...message, line, column, ...(endLine !== undefined && { endLine, endColumn }), graphPath: `${line}:${column}`, source: call };
}

const allOf = ({ messages, suppressedMessages }: LintResult): readonly LintMessage[] => [...messages, ...suppressedMessages];

/** Of text: in a graph the source is that of its exporter. */
const isElsewhere = (message: LintMessage, result: LintResult): message is LintMessage & { readonly source: SourceLine } =>
  result.source !== undefined && message.source !== undefined && message.source.file !== result.filePath;

const isSame = (a: LintMessage, b: LintMessage): boolean => a.ruleId === b.ruleId && a.line === b.line && a.column === b.column;

const inOrder = (a: LintMessage, b: LintMessage): number => a.line - b.line;

function realPath(file: string): string {
  try {
    return realpathSync(file);
  } catch {
    return file;
  }
}
