/**
 * Comments that switch findings off in source code: `eslint-disable` and `droplint-disable`, in all their forms, with
 * `-- reason`. ESLint's own Linter decides what they cover and which of them cover nothing; our findings are handed to
 * it through rules that report them, and a parser that gives it the file's comments and no more.
 */
import type { Linter as LinterType, Rule as EslintRule } from 'eslint';
import type { Document, TextDocument } from '../formats/document.js';
import type { Finding } from './findings.js';

export interface Comment {
  /** In the document's characters, delimiters included. */
  readonly start: number;
  readonly end: number;
}

/** A document that knows its comments. */
export interface CommentedDocument extends TextDocument {
  comments(): readonly Comment[];
}

export const isCommented = (document: Document): document is CommentedDocument & Document => 'comments' in document;

export interface UnusedDirective {
  readonly line: number;
  readonly column: number;
  readonly message: string;
}

export interface Suppression {
  readonly kept: readonly Finding[];
  readonly suppressed: readonly { readonly finding: Finding; readonly reason: string }[];
  readonly unused: readonly UnusedDirective[];
}

/** Applies the directives of a document to its findings. */
export type Suppress = (document: CommentedDocument, findings: readonly Finding[]) => Suppression;

/** The comments of a file that may be directives: most files have none, and ESLint is not loaded for them. */
const DIRECTIVE = /(?:eslint|droplint)-(?:disable|enable)/;
export const hasDirectives = (text: string): boolean => DIRECTIVE.test(text);

/** `droplint-disable no-x -- why` is `eslint-disable droplint/no-x -- why`; without rules it means all of ours. */
function asEslintDirective(text: string, ids: readonly string[]): string {
  const match = /^(\s*)droplint-(disable(?:-next-line|-line)?|enable)\b([\s\S]*)$/.exec(text);
  if (!match) return text;
  const [, space, kind, rest] = match;
  const [, list = '', reason = ''] = /^([\s\S]*?)(\s--[\s\S]*)?$/.exec(rest) ?? [];
  const named = list.split(/[\s,]+/).filter((each) => each !== '');
  const rules = (named.length > 0 ? named : ids).map((id) => (id.startsWith('droplint/') ? id : `droplint/${id}`));
  return `${space}eslint-${kind} ${rules.join(', ')}${reason}`;
}

/** Positions in a text: line from 1, column from 0. */
function locator(text: string): (index: number) => { readonly line: number; readonly column: number } {
  const starts = [0];
  for (let at = text.indexOf('\n'); at !== -1; at = text.indexOf('\n', at + 1)) starts.push(at + 1);
  return (index) => {
    let [low, high] = [0, starts.length - 1];
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (starts[middle] <= index) low = middle;
      else high = middle - 1;
    }
    return { line: low + 1, column: index - starts[low] };
  };
}

/** Gives ESLint a program without statements, and the comments. */
function parserFor(document: CommentedDocument, ids: readonly string[]) {
  return {
    meta: { name: 'droplint-comments', version: '1' },
    parseForESLint(text: string) {
      const at = locator(text);
      const comments = document.comments().map(({ start, end }) => {
        const block = text.startsWith('/*', start);
        const value = text.slice(start + 2, block ? end - 2 : end);
        return { type: block ? 'Block' : 'Line', value: asEslintDirective(value, ids), range: [start, end], loc: { start: at(start), end: at(end) } };
      });
      const ast = { type: 'Program', body: [], tokens: [], comments, sourceType: 'module', range: [0, text.length], loc: { start: at(0), end: at(text.length) } };
      return { ast, visitorKeys: { Program: ['body'] } };
    },
  };
}

/** Loads ESLint. Rejects with the reason when it is not installed. */
export async function loadSuppression(ids: readonly string[]): Promise<Suppress> {
  const { Linter } = await import('eslint');
  return (document, findings) => suppress(new Linter({ configType: 'flat' }), document, findings, ids);
}

/** Its types leave this method out. */
type SuppressingLinter = LinterType & { getSuppressedMessages(): readonly (LinterType.LintMessage & { readonly suppressions: readonly { readonly justification: string }[] })[] };

function suppress(linter: LinterType, document: CommentedDocument, findings: readonly Finding[], ids: readonly string[]): Suppression {
  const at = locator(document.text);
  const rule = (id: string): EslintRule.RuleModule => ({
    create: (context) => ({
      Program() {
        findings.forEach((finding, index) => {
          if (finding.enabled.rule.id !== id) return;
          const { start, end } = finding.problem.at.origin.range ?? { start: 0, end: 0 };
          // The index stands for the finding, whose other facts ESLint would drop.
          context.report({ loc: { start: at(start), end: at(end) }, message: String(index) });
        });
      },
    }),
  });
  const plugin = { rules: Object.fromEntries(ids.map((id) => [id, rule(id)])) };
  const messages = linter.verify(document.text, [
    {
      files: ['**/*', '*'],
      languageOptions: { parser: parserFor(document, ids) as LinterType.Parser },
      plugins: { droplint: plugin },
      rules: Object.fromEntries(ids.map((id) => [`droplint/${id}`, 'error'])),
      linterOptions: { reportUnusedDisableDirectives: 'warn' },
    },
  ], { filename: 'file.js' });
  const isOurs = ({ ruleId }: LinterType.LintMessage) => ruleId?.startsWith('droplint/') ?? false;
  return {
    kept: messages.filter(isOurs).map(({ message }) => findings[Number(message)]),
    suppressed: (linter as SuppressingLinter).getSuppressedMessages().filter(isOurs).map(({ message, suppressions }) => ({ finding: findings[Number(message)], reason: suppressions.map(({ justification }) => justification).filter(Boolean).join('; ') })),
    // Directives for other plugins' rules are theirs to judge.
    unused: messages.filter((message) => message.ruleId === null && !message.fatal && /droplint/.test(message.message)).map(({ line, column, message }) => ({ line, column, message: message.replace(/eslint-/g, 'droplint-') })),
  };
}
