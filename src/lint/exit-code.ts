import type { LintResult } from './result.js';

export interface Limits {
  /** More warnings than this are a failure. */
  readonly maxWarnings: number | undefined;
}

/**
 * 0 clean; 1 errors, too many warnings, or a fix that could not be verified; 2 a file that could not be read, or a
 * proof that failed.
 */
export function exitCodeOf(results: readonly LintResult[], { maxWarnings = Infinity }: Limits): 0 | 1 | 2 {
  const messages = results.flatMap((result) => result.messages);
  const hasProof = (verdict: string): boolean => messages.some(({ proof }) => proof?.verdict === verdict);
  if (messages.some(({ fatal }) => fatal) || hasProof('refuted')) return 2;
  const warnings = results.reduce((sum, { warningCount }) => sum + warningCount, 0);
  const errors = results.reduce((sum, { errorCount }) => sum + errorCount, 0);
  return errors > 0 || warnings > maxWarnings || hasProof('unverifiable') ? 1 : 0;
}
