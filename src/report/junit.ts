/** JUnit XML: a suite for each file, a failing case for each error and warning. */
import type { LintMessage, LintResult } from '../lint/result.js';
import type { ReportContext } from './formatter.js';
import { attributes, escapeMarkup } from './markup.js';
import { hasLines, relativePath, sourceText } from './places.js';

export function junit(results: readonly LintResult[], { cwd }: ReportContext): string {
  const failures = results.reduce((sum, { errorCount, warningCount, fatalErrorCount }) => sum + errorCount - fatalErrorCount + warningCount, 0);
  const fatal = results.reduce((sum, { fatalErrorCount }) => sum + fatalErrorCount, 0);
  const suites = results.map((result) => suite(result, cwd));
  return [
    '<?xml version="1.0" encoding="utf-8"?>',
    `<testsuites${attributes({ name: 'droplint', tests: results.reduce((sum, result) => sum + casesOf(result), 0), failures, errors: fatal })}>`,
    ...suites,
    '</testsuites>',
  ].join('\n');
}

const casesOf = ({ messages }: LintResult): number => Math.max(1, messages.length);

function suite(result: LintResult, cwd: string): string {
  const name = relativePath(result.filePath, cwd);
  const cases = result.messages.length > 0 ? result.messages.map((message) => testCase(message, result, name, cwd)) : [`    <testcase${attributes({ name, classname: name })}/>`];
  const counts = { tests: casesOf(result), failures: result.errorCount - result.fatalErrorCount + result.warningCount, errors: result.fatalErrorCount };
  return [`  <testsuite${attributes({ name, ...counts })}>`, ...cases, '  </testsuite>'].join('\n');
}

/** An informational finding passes, and says what it has to say. */
function testCase(message: LintMessage, result: LintResult, classname: string, cwd: string): string {
  const place = hasLines(result) ? `${message.line}:${message.column}` : message.graphPath;
  const open = `    <testcase${attributes({ name: [message.ruleId ?? 'unreadable', place].filter(Boolean).join(' '), classname })}>`;
  const text = [place && `${classname}:${place}`, sourceText(message, result, cwd), message.message, message.hint].filter(Boolean).join('\n');
  if (message.level === 'info') return `${open}<system-out>${escapeMarkup(text)}</system-out></testcase>`;
  const element = message.fatal ? 'error' : 'failure';
  return `${open}<${element}${attributes({ type: message.level, message: message.message })}>${escapeMarkup(text)}</${element}></testcase>`;
}
