/** Two states of a document as a unified diff of their printed graphs. */
import { createTwoFilesPatch } from 'diff';
import type { createColors } from 'picocolors';
import type { Document } from '../formats/document.js';
import { printGraph } from '../graph/print.js';

export function graphDiff(before: Document, after: Document, name: string, colors: ReturnType<typeof createColors>): string {
  const patch = createTwoFilesPatch(name, `${name} (fixed)`, printed(before), printed(after), '', '', { context: 3 });
  return patch
    .split('\n')
    .filter((line) => !line.startsWith('====='))
    .map((line) => colorOf(line, colors)(line))
    .join('\n')
    .trimEnd();
}

const printed = ({ models }: Document): string =>
  models.flatMap(({ variants }) => variants.flat()).map((graph) => `${printGraph(graph, { numbers: false })}\n`).join('\n');

function colorOf(line: string, colors: ReturnType<typeof createColors>): (text: string) => string {
  if (line.startsWith('---') || line.startsWith('+++')) return colors.bold;
  if (line.startsWith('@@')) return colors.cyan;
  return line.startsWith('-') ? colors.red : line.startsWith('+') ? colors.green : (text) => text;
}
