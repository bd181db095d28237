/** The colours of a patch. */
import type { createColors } from 'picocolors';

type Colors = ReturnType<typeof createColors>;

export const paintPatch = (patch: string, colors: Colors): string => patch.split('\n').map((line) => colorOf(line, colors)(line)).join('\n');

function colorOf(line: string, colors: Colors): (text: string) => string {
  if (line.startsWith('---') || line.startsWith('+++')) return colors.bold;
  if (line.startsWith('@@')) return colors.cyan;
  return line.startsWith('-') ? colors.red : line.startsWith('+') ? colors.green : (text) => text;
}
