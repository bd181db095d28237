/** `droplint merge-reports`: the JSON reports of many machines as one report. */
import { readFileSync } from 'node:fs';
import { Command, Option } from 'commander';
import { glob, isDynamicPattern } from 'tinyglobby';
import { ConfigurationError } from '../lint/configuration-error.js';
import { exitCodeOf } from '../lint/exit-code.js';
import type { LintResult } from '../lint/result.js';
import { formatters as ownFormatters } from '../report/formatter.js';
import { examplesText } from './examples.js';
import { parseCount } from './lint-options.js';
import { loadFormatters, parseTarget, resolveTargets, writeReports, type ReportTarget } from './output.js';

interface MergeOptions {
  format?: readonly ReportTarget[];
  outputFile?: string;
  maxWarnings?: number;
  verbose?: boolean;
}

export function mergeReportsCommand(exit: (code: number) => void): Command {
  return new Command('merge-reports')
    .description('one report from the JSON reports of many machines')
    .argument('<reports...>', 'files that --format json wrote')
    .addOption(new Option('-f, --format <format>', `${Object.keys(ownFormatters).join(', ')}, or an ESLint formatter; format=file`).argParser((text: string, earlier: readonly ReportTarget[] = []) => [...earlier, parseTarget(text)]))
    .option('--output-file <file>', 'write the report there')
    .option('--max-warnings <number>', 'exit with 1 when there are more', parseCount)
    .option('--verbose', 'show refused fixes and every check of a proof')
    .addHelpText('after', `\n${examplesText('merge-reports')}`)
    .action(async (patterns: string[], options: MergeOptions) => {
      const targets = resolveTargets(options.format, options.outputFile);
      const formatters = await loadFormatters(targets);
      const files = (await Promise.all(patterns.map(async (pattern) => (isDynamicPattern(pattern) ? (await glob(pattern)).sort() : [pattern])))).flat();
      if (files.length === 0) throw new ConfigurationError(`Nothing matches ${patterns.join(' ')}.`);
      const results = mergeResults(files.map(readReport));
      await writeReports(results, targets, formatters, options.verbose ?? false);
      exit(exitCodeOf(results, { maxWarnings: options.maxWarnings }));
    });
}

/** By path, as one run would have them; of a file that two reports have, the last counts. */
export function mergeResults(reports: readonly (readonly LintResult[])[]): readonly LintResult[] {
  const byFile = new Map(reports.flat().map((result) => [result.filePath, result]));
  return [...byFile.values()].sort((a, b) => (a.filePath < b.filePath ? -1 : a.filePath > b.filePath ? 1 : 0));
}

function readReport(file: string): readonly LintResult[] {
  let parsed: unknown;
  try {
    parsed = JSON.parse(readFileSync(file, 'utf8'));
  } catch (error) {
    throw new ConfigurationError(`${file} is not a JSON report: ${error instanceof Error ? error.message : String(error)}`);
  }
  const isReport = Array.isArray(parsed) && parsed.every((each: Partial<LintResult> | null) => typeof each?.filePath === 'string' && Array.isArray(each.messages) && Array.isArray(each.suppressedMessages));
  if (!isReport) throw new ConfigurationError(`${file} is not a report that \`droplint --format json\` wrote.`);
  return parsed as readonly LintResult[];
}
