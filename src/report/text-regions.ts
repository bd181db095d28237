/** Lines and columns of a text. */

/** From 1, as SARIF counts them (in UTF-16 code units). */
export interface TextPosition {
  readonly line: number;
  readonly column: number;
}

export function positionsIn(text: string): (offset: number) => TextPosition {
  const starts = [0];
  for (const { index, 0: end } of text.matchAll(/\r\n|[\n\r\u2028\u2029]/g)) starts.push(index + end.length);
  return (offset) => {
    const line = starts.findLastIndex((start) => start <= offset);
    return { line: line + 1, column: offset - starts[line]! + 1 };
  };
}
