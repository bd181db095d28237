import type { Splice } from '../document.js';

/** The text with the splices applied; they do not overlap, in any order. */
export function applySplices(text: string, splices: readonly Splice<string>[]): string {
  let result = '';
  let done = 0;
  for (const { start, end, replacement } of [...splices].sort((a, b) => a.start - b.start || a.end - b.end)) {
    result += text.slice(done, start) + replacement;
    done = end;
  }
  return result + text.slice(done);
}
