/** How many of what. */
import type { LintResult } from '../lint/result.js';
import { count } from './wording.js';

export interface Summary {
  readonly files: number;
  readonly errors: number;
  readonly warnings: number;
  readonly infos: number;
  /** Made. */
  readonly fixes: number;
  /** That `--fix` would fix. */
  readonly fixable: number;
  /** Known to the baseline. */
  readonly known: number;
  /** `3 files: 1 error, 2 warnings, 1 fix made`. */
  readonly text: string;
}

export function summaryOf(results: readonly LintResult[]): Summary {
  const sum = (of: (result: LintResult) => number): number => results.reduce((total, result) => total + of(result), 0);
  const [errors, warnings, infos] = [sum(({ errorCount }) => errorCount), sum(({ warningCount }) => warningCount), sum(({ infoCount }) => infoCount)];
  const fixes = sum(({ fixed }) => fixed?.length ?? 0);
  const fixable = sum(({ fixableErrorCount, fixableWarningCount }) => fixableErrorCount + fixableWarningCount);
  const known = sum(({ suppressedMessages }) => suppressedMessages.filter(({ suppressions }) => suppressions?.some(({ kind }) => kind === 'baseline')).length);
  const made = fixes > 0 ? `, ${count(fixes, 'fix')} made` : '';
  const kept = known > 0 ? `, ${known} in the baseline` : '';
  const parts = [errors && count(errors, 'error'), warnings && count(warnings, 'warning'), infos && count(infos, 'info')].filter(Boolean);
  const text = parts.length === 0 ? `${count(results.length, 'file')}, no problems${made}${kept}` : `${count(results.length, 'file')}: ${parts.join(', ')}${made}${kept}`;
  return { files: results.length, errors, warnings, infos, fixes, fixable, known, text };
}
