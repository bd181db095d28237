import type { LintResult } from '../lint/result.js';

/** ESLint's `LintResult[]`, with the fields that `LintMessage` adds. */
export const json = (results: readonly LintResult[]): string => JSON.stringify(results, undefined, 2);
