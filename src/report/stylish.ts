/** For people at a terminal: grouped by file, what was fixed and how it was proven, a summary. */
import path from 'node:path';
import type { LintMessage, LintResult } from '../lint/result.js';
import type { ReportContext } from './formatter.js';
import { hasLines } from './places.js';
import { checkText, failureText, proofSummary } from './proof-text.js';
import { summaryOf } from './summary.js';
import { count, wrap } from './wording.js';

/** The width of the longest label, and the blanks around it. */
const LABEL = 6;
const INDENT = ' '.repeat(LABEL + 4);

export function stylish(results: readonly LintResult[], context: ReportContext): string {
  const files = results.map((result) => fileText(result, context)).filter((text) => text !== '');
  return [...files, summary(results, context)].join('\n\n');
}

function fileText(result: LintResult, context: ReportContext): string {
  const { colors, cwd } = context;
  const lines = [
    ...withoutRepeatedHints(result.fixed ?? []).map((message) => fixedText(withoutOwnLine(message, result), context)),
    ...(result.fixed?.length ? [proofLine(result.fixed, context)] : []),
    ...withoutRepeatedHints(result.messages).map((message) => messageText(withoutOwnLine(message, result), context)),
    ...(result.note ? [paragraph('note', colors.cyan, result.note, context)] : []),
  ];
  return lines.length === 0 ? '' : [colors.underline(path.relative(cwd, result.filePath) || result.filePath), ...lines].join('\n');
}

/** In source code the place says it already, but for what stands in another file. */
function withoutOwnLine({ source, ...message }: LintMessage, result: LintResult): LintMessage {
  return source && !(hasLines(result) && source.file === result.filePath) ? { ...message, source } : message;
}

/** What is to be done once is said once. */
function withoutRepeatedHints(messages: readonly LintMessage[]): readonly LintMessage[] {
  const last = new Map(messages.map(({ hint }, index) => [hint, index]));
  return messages.map(({ hint, ...message }, index) => (hint !== undefined && last.get(hint) === index ? { ...message, hint } : message));
}

function messageText(message: LintMessage, context: ReportContext): string {
  const { colors } = context;
  if (message.fatal) return paragraph('error', colors.red, message.message, context);
  const head = [levelLabel(message.level, context), colors.bold(message.ruleId ?? ''), placeText(message, context), classMark(message, context)];
  const body = [
    ...lines(message.message, context),
    ...[message.hint ?? ''].filter(Boolean).flatMap((hint) => lines(hint, context).map(colors.dim)),
    ...obstacles(message, context),
  ];
  return [`  ${head.filter(Boolean).join('  ')}`, ...body.map((line) => INDENT + line)].join('\n');
}

/** Why the finding is still there after `--fix`. */
function obstacles({ proof, refusal }: LintMessage, context: ReportContext): readonly string[] {
  const { colors, verbose } = context;
  return [
    ...(proof ? lines(failureText(proof), context).map(proof.verdict === 'refuted' ? colors.red : colors.yellow) : []),
    ...(proof && verbose ? proof.checks.flatMap((check) => lines(checkText(check), context)).map(colors.dim) : []),
    ...(refusal && verbose ? lines(`not fixed: ${refusal}`, context).map(colors.yellow) : []),
  ];
}

function fixedText(message: LintMessage, context: ReportContext): string {
  const { colors } = context;
  const head = `  ${colors.green('fixed'.padEnd(LABEL))}  ${message.ruleId}  ${placeText(message, context)}  ${colors.dim(message.fixClass ?? '')}`;
  // What is still to be done by hand.
  return [head, ...lines(message.hint ?? '', context).filter(Boolean).map((line) => INDENT + colors.dim(line))].join('\n');
}

/** `3 fixes, inference bit-exact on 12 feeds at 2 optimisation levels, training same-mask exact`. */
function proofLine(fixed: readonly LintMessage[], context: ReportContext): string {
  const { colors, verbose } = context;
  const proofs = [...new Set(fixed.flatMap(({ proof }) => proof ?? []))];
  const shown = proofs.length > 0 ? proofSummary(proofs) : 'not verified';
  const text = paragraph(proofs.length > 0 ? 'proven' : 'note', colors.green, `${count(fixed.length, 'fix')}, ${shown}`, context);
  if (!verbose) return text;
  return [text, ...proofs.flatMap((proof) => proof.checks.flatMap((check) => lines(checkText(check), context)).map((line) => INDENT + colors.dim(line)))].join('\n');
}

/** The node, and the line of Python or of the file itself that it came from. */
function placeText({ graphPath, source }: LintMessage, { colors, cwd }: ReportContext): string {
  const line = source && `${shorten(source.file, cwd)}:${source.line}`;
  return [graphPath, line && colors.cyan(line)].filter(Boolean).join('  ');
}

const shorten = (file: string, cwd: string): string => (file.startsWith(`${cwd}${path.sep}`) ? path.relative(cwd, file) : file);

function classMark({ fixClass, proof, refusal }: LintMessage, { colors, verbose }: ReportContext): string {
  if (refusal) return verbose ? '' : colors.dim('[not fixed: --verbose says why]');
  if (!fixClass || proof) return '';
  return colors.dim(fixClass === 'suggestion' ? '[suggestion]' : `[fix: ${fixClass}]`);
}

function levelLabel(level: LintMessage['level'], { colors }: ReportContext): string {
  const color = { error: colors.red, warn: colors.yellow, info: colors.blue }[level];
  return color(level.padEnd(LABEL));
}

function paragraph(label: string, color: (text: string) => string, text: string, context: ReportContext): string {
  const [first = '', ...rest] = lines(text, context);
  return [`  ${color(label.padEnd(LABEL))}  ${first}`, ...rest.map((line) => INDENT + line)].join('\n');
}

const lines = (text: string, { width }: ReportContext): readonly string[] => wrap(text, Math.max(40, width - INDENT.length));

function summary(results: readonly LintResult[], { colors }: ReportContext): string {
  const { errors, warnings, infos, fixes, fixable, text } = summaryOf(results);
  if (errors + warnings + infos === 0) return colors.green(`✔ ${text}`);
  const hint = fixable > 0 && fixes === 0 ? ` (${fixable} fixable with --fix)` : '';
  const color = errors > 0 ? colors.red : warnings > 0 ? colors.yellow : colors.blue;
  return color(`${errors + warnings > 0 ? '✖' : 'ℹ'} ${text}${hint}`);
}
