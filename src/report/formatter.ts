/** What a report is: results in, text out. One file per format. */
import type { createColors } from 'picocolors';
import type { LintResult } from '../lint/result.js';
import { github } from './github.js';
import { json } from './json.js';
import { junit } from './junit.js';
import { markdown } from './markdown.js';
import { sarif } from './sarif.js';
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
export type Formatter = (results: readonly LintResult[], context: ReportContext) => string | Promise<string>;

export const formatters = {
  stylish,
  json,
  sarif,
  github,
  markdown,
  junit,
  // Layout and Markdown are loaded when they are wanted.
  html: async (results: readonly LintResult[], context: ReportContext): Promise<string> => (await import('./html/page.js')).html(results, context),
} as const satisfies Readonly<Record<string, Formatter>>;
export type FormatName = keyof typeof formatters;
