import { closest, distance } from 'fastest-levenshtein';

/** A request that cannot be carried out as it stands: an unknown rule, an option of the wrong type. For the user to read. */
export class ConfigurationError extends Error {
  override readonly name = 'ConfigurationError';
}

/** ` Did you mean "…"?`, or nothing when no candidate is near. */
export function suggestion(word: string, candidates: readonly string[]): string {
  if (candidates.length === 0) return '';
  const nearest = closest(word, candidates);
  return distance(word, nearest) <= Math.max(2, word.length / 2) ? ` Did you mean "${nearest}"?` : '';
}
