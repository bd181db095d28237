/** A table in Markdown; columns of numbers are aligned to the right. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  const alignment = head.map((_, column) => (rows.every((row) => /^[\d>+−–.]/.test(row[column]!)) ? '--:' : '---'));
  return [line(head), line(alignment), ...rows.map(line)].join('\n');
}
