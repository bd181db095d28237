/** `droplint-intent: mc-dropout` in a comment: the dropout there is meant to drop at inference (Gal & Ghahramani 2016). */
import type { ts as TS } from 'ts-morph';
import { ts } from '../typescript.js';
import { commentsOf } from '../comments.js';

const INTENT = /droplint-intent:\s*([\w-]+)/;

interface Intents {
  /** Of the comments above the first statement: the intent of the whole file. */
  readonly head: string | undefined;
  /** By line, from 0: of the comment on it, or of those right above it. */
  readonly lines: ReadonlyMap<number, string>;
}

const intents = new WeakMap<TS.SourceFile, Intents | undefined>();

/** What the comments on the lines of these nodes, on the lines above them, or at the heads of their files say is meant. */
export function intentOf(nodes: readonly TS.Node[]): string | undefined {
  for (const node of nodes) {
    const source = node.getSourceFile();
    const found = intentsOf(source);
    if (!found) continue;
    const line = (position: number): number => source.getLineAndCharacterOfPosition(position).line;
    const statement = ts.findAncestor(node, ts.isStatement) ?? node;
    const intent = [node.getStart(), node.end, statement.getStart()].map((position) => found.lines.get(line(position))).find((each) => each !== undefined) ?? found.head;
    if (intent !== undefined) return intent;
  }
  return undefined;
}

function intentsOf(source: TS.SourceFile): Intents | undefined {
  if (!intents.has(source)) intents.set(source, INTENT.test(source.text) ? read(source) : undefined);
  return intents.get(source);
}

function read(source: TS.SourceFile): Intents {
  const lines = new Map<number, string>();
  let head: string | undefined;
  let above: { readonly line: number; readonly intent: string } | undefined;
  const start = source.statements[0]?.getStart(source) ?? source.text.length;
  for (const comment of commentsOf(source)) {
    const [first, last] = [comment.start, comment.end].map((position) => source.getLineAndCharacterOfPosition(position).line);
    const own = INTENT.exec(source.text.slice(comment.start, comment.end))?.[1];
    // Lines of one comment are comments of their own; what one of them says is meant of what follows the last.
    const intent = own ?? (above?.line === first ? above.intent : undefined);
    if (intent === undefined) continue;
    if (comment.end <= start) head ??= own;
    for (let line = first; line <= last + 1; line += 1) lines.set(line, intent);
    above = { line: last + 1, intent };
  }
  return { head, lines };
}
