/** Two states of a document as a unified diff of their printed graphs. */
import path from 'node:path';
import { createTwoFilesPatch } from 'diff';
import type { Document } from '../../formats/document.js';
import { printGraph } from '../../graph/print.js';

export const graphPatch = (before: Document, after: Document, file: string, what = 'fixed'): string => textPatch(printed(before), printed(after), file, what);

/** Two texts as a unified diff. */
export function textPatch(before: string, after: string, file: string, what: string): string {
  const name = path.relative('', file);
  const patch = createTwoFilesPatch(name, `${name} (${what})`, before, after, '', '', { context: 3 });
  return patch.split('\n').filter((line) => !line.startsWith('=====')).join('\n').trimEnd();
}

const printed = ({ models }: Document): string =>
  models.flatMap(({ variants }) => variants.flat()).map((graph) => `${printGraph(graph, { numbers: false })}\n`).join('\n');
