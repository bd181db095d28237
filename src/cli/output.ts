/** Reports: which formats, and where they go. */
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { ConfigurationError } from '../lint/configuration-error.js';
import type { LintResult } from '../lint/result.js';
import { eslintFormatter } from '../report/eslint-formatter.js';
import { formatters, type FormatName, type Formatter, type ReportContext } from '../report/formatter.js';
import { colors } from './colors.js';
import pc from 'picocolors';

export interface ReportTarget {
  /** One of ours, or what an ESLint formatter is called. */
  readonly format: string;
  /** Absent: standard output. */
  readonly file?: string;
}

/** `sarif`, or `sarif=report.sarif`. */
export function parseTarget(text: string): ReportTarget {
  const [, format = '', file] = /^([^=]*)(?:=(.*))?$/s.exec(text) ?? [];
  if (format === '' || file === '') throw new ConfigurationError(`"${text}" is neither a format nor format=file.`);
  return file === undefined ? { format } : { format, file };
}

/** At most one goes to standard output; `outputFile` is where that one goes instead. */
export function resolveTargets(targets: readonly ReportTarget[] = [{ format: 'stylish' }], outputFile?: string): readonly ReportTarget[] {
  const loose = targets.filter(({ file }) => file === undefined);
  if (loose.length > 1) throw new ConfigurationError(`${loose.map(({ format }) => format).join(' and ')} cannot both go to standard output: give all but one a file (--format ${loose[1]!.format}=report).`);
  if (outputFile !== undefined && loose.length === 0) throw new ConfigurationError('--output-file is for a format without a file of its own.');
  return targets.map((target) => (target.file === undefined && outputFile !== undefined ? { ...target, file: outputFile } : target));
}

export const isOwn = (format: string): format is FormatName => Object.hasOwn(formatters, format);

/** Throws `ConfigurationError` for a format that there is not, before anything is linted. */
export async function loadFormatters(targets: readonly ReportTarget[]): Promise<ReadonlyMap<string, Formatter>> {
  const loaded = new Map<string, Formatter>();
  for (const { format } of targets) loaded.set(format, isOwn(format) ? formatters[format] : await eslintFormatter(format));
  return loaded;
}

export async function writeReports(results: readonly LintResult[], targets: readonly ReportTarget[], loaded: ReadonlyMap<string, Formatter>, verbose: boolean): Promise<void> {
  for (const { format, file } of targets) {
    const context: ReportContext = { cwd: process.cwd(), verbose, width: (file === undefined && process.stdout.columns) || 100, colors: file === undefined ? colors : pc.createColors(false) };
    const text = await loaded.get(format)!(results, context);
    if (file !== undefined) {
      mkdirSync(path.dirname(path.resolve(file)), { recursive: true });
      writeFileSync(file, text === '' ? '' : `${text}\n`);
    } else if (text !== '') console.log(text);
  }
}
