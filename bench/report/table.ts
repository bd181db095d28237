import type { Cell, Table } from '../benchmark.js';
import { formatQuantity } from './quantity.js';

const textOf = (cell: Cell): string => (typeof cell === 'string' ? cell : formatQuantity(cell));

/** Names to the left, numbers to the right. */
export function formatTable({ title, columns, rows, notes = [] }: Table): string {
  const texts = [columns, ...rows].map((cells) => cells.map(textOf));
  const widths = columns.map((_, column) => Math.max(...texts.map((cells) => (cells[column] ?? '').length)));
  const line = (cells: readonly string[]) => `  ${cells.map((text, column) => (column === 0 ? text.padEnd(widths[column]!) : text.padStart(widths[column]!))).join('  ')}`;
  const [head, ...body] = texts.map(line);
  return [title, head, `  ${widths.map((width) => '─'.repeat(width)).join('  ')}`, ...body, ...notes.map((note) => `  ${note}`)].join('\n');
}
