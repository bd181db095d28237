/** Workflow commands of GitHub Actions: annotations at the lines of a pull request. */
import type { LintMessage, LintResult } from '../lint/result.js';
import type { ReportContext } from './formatter.js';
import { hasLines, regionOf, sourceRegionOf, sourceText } from './places.js';
import { count } from './wording.js';

const COMMANDS = { error: 'error', warn: 'warning', info: 'notice' } as const;

export function github(results: readonly LintResult[], { cwd }: ReportContext): string {
  return results.flatMap((result) => [
    ...result.messages.map((message) => annotation(message, result, cwd)),
    ...(result.fixed?.length ? [command('notice', { file: regionOf(result.fixed[0]!, result, cwd).file, title: 'droplint' }, `${count(result.fixed.length, 'fix')} made`)] : []),
  ]).join('\n');
}

function annotation(message: LintMessage, result: LintResult, cwd: string): string {
  const own = regionOf(message, result, cwd);
  const { file, line, column, endLine, endColumn } = sourceRegionOf(message, result, cwd) ?? own;
  const where = message.graphPath && !own.line ? `${own.file}:${message.graphPath}: ` : '';
  const from = sourceText(message, result, cwd);
  const text = [`${where}${message.message}`, message.hint, from && !line ? `It came from ${from}.` : from && hasLines(result) ? `See ${from}.` : undefined].filter(Boolean).join('\n');
  const properties = {
    file, line, endLine, title: message.ruleId ?? 'droplint',
    // Columns are for a range within one line.
    ...(endLine === undefined || endLine === line ? { col: column, endColumn } : {}),
  };
  return command(COMMANDS[message.level], properties, text);
}

/** https://docs.github.com/actions/reference/workflow-commands-for-github-actions */
function command(name: string, properties: Readonly<Record<string, string | number | undefined>>, text: string): string {
  const shown = Object.entries(properties).filter(([, value]) => value !== undefined).map(([key, value]) => `${key}=${escape(String(value)).replaceAll(':', '%3A').replaceAll(',', '%2C')}`);
  return `::${name} ${shown.join(',')}::${escape(text)}`;
}

const escape = (text: string): string => text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A');
