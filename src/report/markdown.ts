/** Markdown for a comment on a pull request: a summary, and a table for each file with findings. */
import type { LintMessage, LintResult } from '../lint/result.js';
import type { ReportContext } from './formatter.js';
import { hasLines, relativePath, sourceText } from './places.js';
import { failureText, proofSummary } from './proof-text.js';
import { rulePage } from './rule-pages.js';
import { summaryOf } from './summary.js';
import { count } from './wording.js';

/** GitHub cuts comments at 65 536 characters. */
const MOST_CHARACTERS = 60_000;
const SYMBOLS = { error: '❌', warn: '⚠️', info: 'ℹ️' } as const;

export function markdown(results: readonly LintResult[], { cwd }: ReportContext): string {
  const head = `### droplint: ${summaryOf(results).text}`;
  const sections = results.filter(({ messages, fixed }) => messages.length > 0 || fixed?.length).map((result) => section(result, cwd));
  const shown: string[] = [head];
  let length = head.length;
  for (const [index, text] of sections.entries()) {
    length += text.length + 2;
    if (length > MOST_CHARACTERS) {
      shown.push(`… and ${count(sections.length - index, 'more file')}.`);
      break;
    }
    shown.push(text);
  }
  return shown.join('\n\n');
}

function section(result: LintResult, cwd: string): string {
  const rows = result.messages.map((message) => row(message, result, cwd));
  const proofs = [...new Set((result.fixed ?? []).flatMap(({ proof }) => proof ?? []))];
  return [
    `#### ${code(relativePath(result.filePath, cwd))}`,
    ...(result.fixed?.length ? ['', `✅ ${count(result.fixed.length, 'fix')} made${proofs.length > 0 ? `: ${proofSummary(proofs)}` : ', not verified'}.`] : []),
    ...(rows.length > 0 ? ['', '| | rule | where | what |', '| --- | --- | --- | --- |', ...rows] : []),
  ].join('\n');
}

function row(message: LintMessage, result: LintResult, cwd: string): string {
  const { ruleId, level, fixClass, proof } = message;
  const place = hasLines(result) ? `${message.line}:${message.column}` : message.graphPath;
  const where = [place, sourceText(message, result, cwd)].filter((each) => each !== undefined).map(code).join('<br>');
  const what = [message.message, message.hint, proof && failureText(proof)].filter((each) => each !== undefined && each !== '').map((each) => cell(each!));
  const fix = fixClass && !proof ? ` _(${fixClass === 'suggestion' ? 'suggestion' : `fix: ${fixClass}`})_` : '';
  return `| ${SYMBOLS[level]} | ${ruleId === null ? '' : `[${code(ruleId)}](${rulePage(ruleId)})`} | ${where} | ${what.join('<br>')}${fix} |`;
}

/** Markdown's own characters mean nothing in a message; a line break would end the row. */
const cell = (text: string): string => text.replace(/[\\`*_[\]<>|#~]/g, (character) => `\\${character}`).replace(/\s*\n\s*/g, '<br>');

/** Longer than any run of backticks in it. */
function code(text: string): string {
  const fence = '`'.repeat(Math.max(0, ...(text.match(/`+/g) ?? []).map((run) => run.length)) + 1);
  const padded = text.startsWith('`') || text.endsWith('`') ? ` ${text} ` : text;
  return `${fence}${padded.replaceAll('|', '\\|').replace(/\s*\n\s*/g, ' ')}${fence}`;
}
