/**
 * Comments that switch findings off in source code: `eslint-disable` and `droplint-disable`, in all their forms, with
 * `-- reason`. ESLint's own Linter decides what they cover and which of them cover nothing; our findings are handed to
 * it through rules that report them, and a parser that gives it the file's comments and no more.
 */
import type { Linter as LinterType, Rule as EslintRule } from 'eslint';
import type { Document, TextDocument } from '../formats/document.js';
import type { Origin } from '../graph/layers.js';
import { placeOf } from '../rule.js';
import type { Finding } from './findings.js';

export interface Comment {
  /** In the document's characters, delimiters included. */
  readonly start: number;
  readonly end: number;
}

/** A text that knows its comments. */
export interface CommentedText {
  readonly text: string;
  comments(): readonly Comment[];
}

export interface CommentedDocument extends TextDocument, CommentedText {
  /** The other files that its layers may come from, by name. */
  readonly helpers?: ReadonlyMap<string, CommentedText>;
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
const hasDirectives = ({ text }: CommentedText): boolean => DIRECTIVE.test(text);

/** The document, or a file that its layers come from, may switch findings off. */
export const mayBeSuppressed = (document: CommentedDocument): boolean => [document, ...(document.helpers?.values() ?? [])].some(hasDirectives);

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

/** Line from 1, column from 0. */
interface Position {
  readonly line: number;
  readonly column: number;
}

function locator(text: string): (index: number) => Position {
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
function parserFor(document: CommentedText, ids: readonly string[]) {
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

/** By the comments of the document, and by those of the file in which the layer stands. */
function suppress(linter: LinterType, document: CommentedDocument, findings: readonly Finding[], ids: readonly string[]): Suppression {
  const at = locator(document.text);
  const here = suppressIn(linter, document, findings, ids, ({ range = { start: 0, end: 0 } }) => ({ start: at(range.start), end: at(range.end) }));
  let { kept } = here;
  const suppressed = [...here.suppressed];
  for (const [file, helper] of document.helpers ?? []) {
    if (!hasDirectives(helper)) continue;
    const theirs = kept.filter(({ problem }) => placeOf(problem).via !== undefined && placeOf(problem).source?.file === file);
    const there = suppressIn(linter, helper, theirs, ids, ({ source }) => ({ start: { line: source!.line, column: source!.column! - 1 }, end: { line: source!.endLine!, column: source!.endColumn! - 1 } }));
    kept = kept.filter((finding) => !theirs.includes(finding) || there.kept.includes(finding));
    suppressed.push(...there.suppressed);
  }
  return { kept, suppressed, unused: here.unused };
}

type Located = (origin: Origin) => { readonly start: Position; readonly end: Position };

function suppressIn(linter: LinterType, document: CommentedText, findings: readonly Finding[], ids: readonly string[], locate: Located): Suppression {
  const rule = (id: string): EslintRule.RuleModule => ({
    create: (context) => ({
      Program() {
        findings.forEach((finding, index) => {
          if (finding.enabled.rule.id !== id) return;
          // The index stands for the finding, whose other facts ESLint would drop.
          context.report({ loc: locate(placeOf(finding.problem)), message: String(index) });
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
