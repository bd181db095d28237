/** What a report is: results in, text out. One file per format. */
import type { createColors } from 'picocolors';
import type { LintResult } from '../lint/result.js';
import { json } from './json.js';
import { stylish } from './stylish.js';

export interface ReportContext {
  readonly colors: ReturnType<typeof createColors>;
  /** Paths are shown relative to it. */
  readonly cwd: string;
  /** Columns of the terminal; text is wrapped there. */
  readonly width: number;
  /** Refusals and every check of every proof as well. */
  readonly verbose: boolean;
}

/** Text without a line break at its end; empty when there is nothing to say. */
export type Formatter = (results: readonly LintResult[], context: ReportContext) => string;

export const formatters = { stylish, json } as const satisfies Readonly<Record<string, Formatter>>;
export type FormatName = keyof typeof formatters;
