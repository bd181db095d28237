/** The comments of a source file, in order; what looks like one inside a string, a template or JSX text is none. */
import type { ts as TS } from 'ts-morph';
import { ts } from './typescript.js';

export interface Comment {
  /** Delimiters included. */
  readonly start: number;
  readonly end: number;
}

export function commentsOf(source: TS.SourceFile): readonly Comment[] {
  const found = new Map<number, Comment>();
  const enter = (ranges: readonly TS.CommentRange[] | undefined) => {
    for (const { pos, end } of ranges ?? []) found.set(pos, { start: pos, end });
  };
  const open: TS.Node[] = [source];
  while (open.length > 0) {
    const node = open.pop()!;
    if (node.kind === ts.SyntaxKind.JsxText) continue;
    if (ts.isTokenKind(node.kind)) {
      enter(ts.getLeadingCommentRanges(source.text, node.getFullStart()));
      enter(ts.getTrailingCommentRanges(source.text, node.getEnd()));
    } else open.push(...node.getChildren(source));
  }
  return [...found.values()].sort((a, b) => a.start - b.start);
}
