/** What belongs to a statement or an array element: its comments above, and those behind it on its line. */
import type { ts as TS } from 'ts-morph';
import { ts } from '../typescript.js';

/** A half-open range of the text. */
export interface Range {
  readonly start: number;
  readonly end: number;
}

export interface Owned {
  readonly node: TS.Node;
  /** Attached comments above and the node, without the semicolon or comma, which stay where they are. */
  readonly body: Range;
  /** Where the node itself begins. */
  readonly nodeStart: number;
  /** Behind the semicolon or comma: comments to the end of the line, with the space before them. */
  readonly tail: Range;
  /** The separator between body and tail: `;`, `,` or nothing. */
  readonly separator: Range;
  /** Nothing but space stands before it on its line. */
  readonly startsLine: boolean;
  /** Nothing but space follows it on its line. */
  readonly endsLine: boolean;
  /** A comment between it and what comes before, set off by a blank line: it speaks of what follows as a whole. */
  readonly heading: boolean;
}

export const lineStart = (text: string, position: number): number => Math.max(text.lastIndexOf('\n', position - 1), text.lastIndexOf('\r', position - 1)) + 1;

export function lineEnd(text: string, position: number): number {
  const found = /[\r\n]/.exec(text.slice(position));
  return found ? position + found.index : text.length;
}

/** The position behind the line break that follows, or the end of the text. */
export function nextLine(text: string, position: number): number {
  const end = lineEnd(text, position);
  return text.startsWith('\r\n', end) ? end + 2 : Math.min(end + 1, text.length);
}

export const eolOf = (text: string): string => (/\r\n/.test(text) ? '\r\n' : '\n');

/** The white space that the line of a position begins with. */
export function indentation(text: string, position: number): string {
  const start = lineStart(text, position);
  return /^[ \t]*/.exec(text.slice(start, position))?.[0] ?? '';
}

export const isBlank = (text: string): boolean => /^\s*$/.test(text);
const lineBreaks = (text: string): number => (text.match(/\r\n|\r|\n/g) ?? []).length;

/** What a statement or an element of a list owns. */
export function ownedBy(node: TS.Node, text: string): Owned {
  // Comments are those of the script; what else stands on a line is seen in the whole text (of an HTML file).
  const script = node.getSourceFile().text;
  const nodeStart = node.getStart();
  const { start, heading } = attached(node, nodeStart, script, text);
  const { bodyEnd, separator } = endOf(node, script);
  let tailEnd = separator.end;
  for (const comment of ts.getTrailingCommentRanges(script, separator.end) ?? []) tailEnd = comment.end;
  const end = lineEnd(text, tailEnd);
  return {
    node,
    body: { start, end: bodyEnd },
    nodeStart,
    separator,
    tail: { start: separator.end, end: tailEnd },
    startsLine: isBlank(text.slice(lineStart(text, start), start)),
    endsLine: isBlank(text.slice(tailEnd, end)),
    heading,
  };
}

function attached(node: TS.Node, nodeStart: number, script: string, text: string): { readonly start: number; readonly heading: boolean } {
  const comments = [...(ts.getLeadingCommentRanges(script, node.getFullStart()) ?? [])];
  let start = nodeStart;
  for (let comment = comments.pop(); comment; comment = comments.pop()) {
    const between = text.slice(comment.end, start);
    const ownLine = isBlank(text.slice(lineStart(text, comment.pos), comment.pos));
    if (lineBreaks(between) > 1) return { start, heading: true };
    if (!ownLine && lineBreaks(between) > 0) return { start, heading: false };
    start = comment.pos;
  }
  return { start, heading: false };
}

/** The end of the node without its semicolon, and the semicolon or comma. */
function endOf(node: TS.Node, text: string): { readonly bodyEnd: number; readonly separator: Range } {
  if (ts.isStatement(node)) {
    const semicolon = text[node.end - 1] === ';' ? node.end - 1 : node.end;
    return { bodyEnd: text.slice(0, semicolon).trimEnd().length, separator: { start: semicolon, end: node.end } };
  }
  let at = node.end;
  for (const comment of ts.getTrailingCommentRanges(text, node.end) ?? []) if (comment.kind === ts.SyntaxKind.MultiLineCommentTrivia && /^\s*,/.test(text.slice(comment.end))) at = comment.end;
  const comma = /^\s*,/.exec(text.slice(at));
  return { bodyEnd: at, separator: comma ? { start: at + comma[0].length - 1, end: at + comma[0].length } : { start: at, end: at } };
}

/** The list that a statement or an element stands in. */
export function listOf(node: TS.Node): readonly TS.Node[] | undefined {
  const { parent } = node;
  if (ts.isStatement(node) && (ts.isBlock(parent) || ts.isSourceFile(parent) || ts.isCaseOrDefaultClause(parent) || ts.isModuleBlock(parent))) return parent.statements;
  if (ts.isArrayLiteralExpression(parent)) return parent.elements;
  if (ts.isCallExpression(parent) && parent.arguments.includes(node as TS.Expression)) return parent.arguments;
  return undefined;
}
