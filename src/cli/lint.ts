/** The default command: lint, and fix what is asked for. */
import path from 'node:path';
import { InvalidArgumentError, Option, type Command } from 'commander';
import { formatOf } from '../formats/registry.js';
import { FIX_CLASSES, type FixClass } from '../graph/edits.js';
import { MODES, parseRuleSetting, rulesFor, type ConfiguredMode, type RuleSetting } from '../lint/configuration.js';
import { ConfigurationError } from '../lint/configuration-error.js';
import { exitCodeOf } from '../lint/exit-code.js';
import { findFiles } from '../lint/files.js';
import type { Finding } from '../lint/findings.js';
import { PRESETS } from '../lint/presets.js';
import type { Prove } from '../lint/proving.js';
import { filterMessages, type LintResult } from '../lint/result.js';
import { lintFile, type FileResult, type RunRequest } from '../lint/run.js';
import { formatters, type FormatName } from '../report/formatter.js';
import { count } from '../report/wording.js';
import type { Preset } from '../rule.js';
import { colors } from './colors.js';
import { graphDiff } from './graph-diff.js';
import { openProver, type Prover } from './prover.js';
import { Progress } from './progress.js';

interface LintOptions {
  fix?: boolean;
  diff?: boolean;
  fixClass?: FixClass;
  fixLevel?: Finding['level'];
  fixSuggestions?: boolean;
  output?: string;
  format: FormatName;
  preset: Preset;
  mode: ConfiguredMode;
  rule: readonly (readonly [string, RuleSetting])[];
  maxWarnings?: number;
  quiet?: boolean;
  verify: boolean;
  verbose?: boolean;
}

export function lintCommand(program: Command, args: readonly string[], exit: (code: number) => void): void {
  program
    .argument('[files...]', 'models, folders or globs; the current folder if none')
    .option('--fix', 'fix, prove it on ONNX Runtime, write it')
    .option('--diff', 'show what --fix would do; write nothing')
    .addOption(choice('--fix-class <class>', FIX_CLASSES.filter((each) => each !== 'suggestion'), 'only fixes as strong as this: exact,\nexact-in-distribution, inference-exact, repair'))
    .addOption(choice('--fix-level <level>', ['info', 'warn', 'error'], 'fix findings from: info, warn (default), error'))
    .option('--fix-suggestions', 'apply what changes a model, too')
    .option('-o, --output <file>', 'write the fixed model here (one input file)')
    .addOption(choice('-f, --format <format>', Object.keys(formatters), `report as: ${Object.keys(formatters).join(' (default), ')}`).default('stylish'))
    .addOption(choice('-p, --preset <preset>', PRESETS, `rules: ${PRESETS.join(', ').replace(',', ' (default),')}`).default('recommended'))
    .addOption(choice('-m, --mode <mode>', MODES, `the graphs are for: ${MODES.join(', ').replace(',', ' (default),')}`).default('auto'))
    .option('-r, --rule <setting>', `level of a rule: 'id: level' (repeatable)`, collectRule, [])
    .option('--max-warnings <number>', 'exit with 1 when there are more', parseCount)
    .option('-q, --quiet', 'report errors only')
    .option('--no-verify', 'write fixes without proof')
    .option('--verbose', 'show refused fixes and every check of a proof')
    .addHelpText('after', '\nExit codes: 0 clean; 1 errors, too many warnings or an unverifiable fix;\n2 a file that cannot be read, or a failed proof.')
    .action(async (patterns: string[], options: LintOptions) => exit(await lint(patterns, options, args)));
}

const choice = (flags: string, choices: readonly string[], description: string): Option => new Option(flags, description).choices(choices);

async function lint(patterns: readonly string[], options: LintOptions, args: readonly string[]): Promise<number> {
  checkCombination(options);
  const rules = rulesFor({ preset: options.preset, mode: options.mode, rules: Object.fromEntries(options.rule) });
  const files = await findFiles(patterns);
  if (options.output && files.length !== 1) throw new ConfigurationError(`--output takes one file, but there are ${files.length}.`);
  const prover = await proverFor(files, options, args);

  const progress = new Progress();
  try {
    const fileResults: FileResult[] = [];
    for (const [index, file] of files.entries()) {
      const place = `${files.length > 1 ? `${index + 1}/${files.length} ` : ''}${path.relative('', file)}`;
      await progress.show(`reading ${place}`);
      const prove: Prove | undefined = prover && (async (...claim) => (await progress.show(`proving ${place}`), prover.prove(...claim)));
      fileResults.push(await lintFile(file, { rules, mode: options.mode, ...fixRequest(options, prove) }));
    }
    progress.stop();
    return report(fileResults, options);
  } finally {
    progress.stop();
    await prover?.close();
  }
}

/** Fixing needs one; a preview says that it has none. */
async function proverFor(files: readonly string[], options: LintOptions, args: readonly string[]): Promise<Prover | undefined> {
  if (!(options.fix || options.diff) || !options.verify) return undefined;
  // Source code is proven by erasure, which needs no runtime.
  const prover = await openProver({ executes: files.some((file) => formatOf(file)?.name === 'onnx') });
  if (prover) return prover;
  if (!options.diff) throw new ConfigurationError(howToInstall(args));
  console.error('droplint: onnxruntime-node is not installed: what follows is not proven.');
  return undefined;
}

function checkCombination(options: LintOptions): void {
  const fixes = options.fix || options.diff;
  for (const [name, value] of Object.entries({ 'fix-class': options.fixClass, 'fix-level': options.fixLevel, 'fix-suggestions': options.fixSuggestions })) {
    if (value !== undefined && !fixes) throw new ConfigurationError(`--${name} needs --fix or --diff.`);
  }
  if (options.output && (!options.fix || options.diff)) throw new ConfigurationError('--output needs --fix, without --diff.');
}

function fixRequest(options: LintOptions, prove: Prove | undefined): Pick<RunRequest, 'fix'> {
  if (!options.fix && !options.diff) return {};
  const weakest = FIX_CLASSES.indexOf(options.fixClass ?? 'repair');
  const classes = new Set<FixClass>(FIX_CLASSES.slice(0, weakest + 1));
  if (options.fixSuggestions) classes.add('suggestion');
  return { fix: { classes, level: options.fixLevel ?? 'warn', prove, write: !options.diff, ...(options.output && { output: options.output }) } };
}

function report(fileResults: readonly FileResult[], options: LintOptions): number {
  const results = fileResults.map(({ result }) => result);
  const shown = options.quiet ? results.map((result) => quiet(result)) : results;
  if (options.diff) printDiffs(fileResults);
  else {
    const context = { colors, cwd: process.cwd(), width: process.stdout.columns || 100, verbose: options.verbose ?? false };
    console.log(formatters[options.format](shown, context));
  }
  return exitCodeOf(options.diff ? results.map(unfixed) : results, { maxWarnings: options.maxWarnings });
}

/** As the file still is. */
function unfixed({ fixed = [], ...result }: LintResult): LintResult {
  return filterMessages({ ...result, messages: [...result.messages, ...fixed.map(({ proof: _, ...message }) => message)] }, () => true);
}

function quiet(result: LintResult): LintResult {
  const { note: _, ...rest } = filterMessages(result, ({ severity }) => severity === 2);
  return rest;
}

function printDiffs(fileResults: readonly FileResult[]): void {
  for (const { result, change } of fileResults) {
    if (change) console.log(`${graphDiff(change.before, change.after, path.relative('', result.filePath), colors)}\n`);
    for (const { message, fatal } of result.messages) if (fatal) console.error(`${path.relative('', result.filePath)}: ${message}`);
  }
  const fixes = fileResults.reduce((sum, { result }) => sum + (result.fixed?.length ?? 0), 0);
  const left = fileResults.reduce((sum, { result }) => sum + result.messages.length, 0);
  console.log(`${count(fixes, 'fix')} in ${count(fileResults.filter(({ change }) => change).length, 'file')} would be made, ${count(left, 'finding')} would stay.`);
}

function howToInstall(args: readonly string[]): string {
  const again = args.map((argument) => (/^[\w./:=@-]+$/.test(argument) ? argument : `'${argument.replaceAll("'", String.raw`'\''`)}'`)).join(' ');
  return [
    'Every fix is proven on ONNX Runtime before it is written, and onnxruntime-node is not installed here. Install it:',
    '',
    '  npm install onnxruntime-node',
    '',
    'or run it without installing:',
    '',
    `  npx -p onnxruntime-node -p droplint droplint ${again}`,
    '',
    '(--no-verify writes fixes without proof.)',
  ].join('\n');
}

function collectRule(text: string, collected: LintOptions['rule']): LintOptions['rule'] {
  return [...collected, parseRuleSetting(text)];
}

function parseCount(text: string): number {
  if (!/^\d+$/.test(text)) throw new InvalidArgumentError('It must be a number from 0 up.');
  return Number(text);
}
