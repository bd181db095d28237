/** The default command: lint, and fix what is asked for. */
import path from 'node:path';
import type { Command } from 'commander';
import { formatOf } from '../formats/registry.js';
import { FIX_CLASSES, type FixClass } from '../graph/edits.js';
import { Baseline, BASELINE_FILE } from '../lint/baseline.js';
import type { ResultCache } from '../lint/batch/cache.js';
import type { Job, JobResult } from '../lint/batch/job.js';
import { runAll } from '../lint/batch/run-all.js';
import { filesOfShard } from '../lint/batch/shard.js';
import { changedFiles, isCommit } from '../lint/changed-files.js';
import { ConfigLoader } from '../lint/config-file/load.js';
import { requestFor } from '../lint/config-file/request.js';
import { resolveConfiguration } from '../lint/config-file/resolve.js';
import { rulesFor, type Configuration } from '../lint/configuration.js';
import { ConfigurationError } from '../lint/configuration-error.js';
import { exitCodeOf } from '../lint/exit-code.js';
import { findFiles } from '../lint/files.js';
import { toTheirFiles } from '../lint/other-files.js';
import { filterMessages, ignoredResult, type LintResult } from '../lint/result.js';
import { count } from '../report/wording.js';
import { colors } from './colors.js';
import { examplesText } from './examples.js';
import { INTERRUPTED, interruptible } from './interrupt.js';
import { addLintOptions, checkCombination, withSettings, type LintOptions } from './lint-options.js';
import { loadFormatters, resolveTargets, writeReports } from './output.js';
import { paintPatch } from './patch.js';
import { printConfig } from './print-config.js';
import { Progress } from './progress.js';
import { proverFor } from './prover.js';

export function lintCommand(program: Command, args: readonly string[], exit: (code: number) => void): void {
  program.argument('[files...]');
  addLintOptions(program);
  program
    .addHelpText('after', () => `\n${examplesText('lint')}Exit codes: 0 clean; 1 errors, too many warnings, an unverifiable fix;\n2 an unreadable file, a failed proof.`)
    .action(async (patterns: string[], options: LintOptions) => exit(await lint(patterns, options, args)));
}

async function lint(patterns: readonly string[], given: LintOptions, args: readonly string[]): Promise<number> {
  const commandLine: Configuration = { ...(given.preset && { preset: given.preset }), ...(given.mode && { mode: given.mode }), rules: Object.fromEntries(given.rule) };
  rulesFor(commandLine);
  const configs = new ConfigLoader(given.config);
  if (given.printConfig) return printConfig(patterns, configs, commandLine);
  const options = withSettings(given, (await configs.forFolder(process.cwd())).settings);
  checkCombination(given);
  const targets = resolveTargets(options.format, options.outputFile);
  const formatters = await loadFormatters(targets);

  const found = await filesToLint(patterns, options, configs);
  if (options.output && found.files.length !== 1) throw new ConfigurationError(`--output takes one file, but there are ${found.files.length}.`);
  const files = options.shard ? filesOfShard(found.files, options.shard) : found.files;
  const verify = await canVerify(files, options, args);
  const illustrated = targets.some(({ format }) => format === 'html') || (options.pictures ?? false);
  const replacements = targets.some(({ format }) => format === 'sarif' || format === 'json');
  const jobs: Job[] = [];
  for (const file of files) {
    const configuration = resolveConfiguration(file, await configs.forFolder(path.dirname(file)), commandLine);
    rulesFor(configuration);
    jobs.push({ file, configuration, illustrated, replacements, ...fixRequest(options, verify) });
  }
  const { done: each, interrupted } = await runJobs(jobs, options);
  const told = toTheirFiles(each.map(({ result }) => result), isOnIn(jobs));
  const done = each.map((job, index) => ({ ...job, result: told[index]! }));
  const ignored = [...found.ignored].map(([file, by]) => ignoredResult(file, by));
  const code = await report(done, ignored, options, (results) => writeReports(results, targets, formatters, options.verbose ?? false));
  if (!interrupted) return code;
  console.error(`droplint: interrupted; ${count(done.length, 'file')} of ${jobs.length} done.`);
  return INTERRUPTED;
}

/** `--changed models/`: what is no commit is a file or a folder. */
async function filesToLint(patterns: readonly string[], { changed, ignore }: LintOptions, configs: ConfigLoader) {
  const isPattern = typeof changed === 'string' && !(await isCommit(changed));
  const all = isPattern ? [changed, ...patterns] : patterns;
  const among = changed === undefined ? undefined : await changedFiles(isPattern || changed === true ? undefined : changed);
  return findFiles(all, { ignore, configFor: (folder) => configs.forFolder(folder), ...(among && { among }) });
}

async function runJobs(jobs: readonly Job[], options: LintOptions): Promise<{ readonly done: readonly JobResult[]; readonly interrupted: boolean }> {
  const progress = new Progress({ enabled: !options.quiet });
  const cache = options.cache && !jobs.some(({ fix }) => fix) ? await openCache(options) : undefined;
  const concurrency = options.concurrency === 'auto' || options.concurrency === undefined ? {} : { concurrency: options.concurrency };
  try {
    return await interruptible(async (signal) => {
      const done = await runAll(jobs, { signal, ...concurrency, ...(cache && { cache }), onProgress: (state) => progress.show(state) });
      const failure = cache?.save();
      if (failure !== undefined) console.error(`droplint: the cache could not be written: ${failure}`);
      return { done, interrupted: signal.aborted };
    });
  } finally {
    progress.stop();
    if (jobs.some(({ fix }) => fix?.verify)) (await import('../verify/index.js')).closeVerifier();
  }
}

/** Whether a rule is on in the configuration of one of the files. */
function isOnIn(jobs: readonly Job[]): (rule: string, file: string) => boolean {
  const configurations = new Map(jobs.map(({ file, configuration }) => [file, configuration]));
  return (id, file) => {
    const configuration = configurations.get(file);
    return configuration === undefined || requestFor(configuration).rules.some(({ rule }) => rule.id === id);
  };
}

async function openCache({ cacheLocation, cacheStrategy = 'content' }: LintOptions): Promise<ResultCache> {
  const { CACHE_FILE, ResultCache } = await import('../lint/batch/cache.js');
  return new ResultCache(path.resolve(cacheLocation ?? CACHE_FILE), cacheStrategy);
}

async function canVerify(files: readonly string[], options: LintOptions, args: readonly string[]): Promise<boolean> {
  if (!(options.fix || options.diff) || !options.verify) return false;
  // Source code is proven by erasure, which needs no runtime.
  return (await proverFor({ executes: files.some((file) => formatOf(file)?.name === 'onnx'), isPreview: options.diff ?? false, args })) !== undefined;
}

function fixRequest(options: LintOptions, verify: boolean): Pick<Job, 'fix'> {
  if (!options.fix && !options.diff) return {};
  const weakest = FIX_CLASSES.indexOf(options.fixClass ?? 'repair');
  const classes: FixClass[] = FIX_CLASSES.slice(0, weakest + 1);
  if (options.fixSuggestions) classes.push('suggestion');
  return { fix: { classes, level: options.fixLevel ?? 'warn', verify, write: !options.diff, ...(options.output && { output: options.output }) } };
}

async function report(done: readonly JobResult[], ignored: readonly LintResult[], options: LintOptions, write: (results: readonly LintResult[]) => Promise<void>): Promise<number> {
  const all = [...done.map(({ result }) => result), ...ignored];
  if (options.writeBaseline) return writeBaseline(all, options);
  const results = applyBaseline(all, options);
  const shown = options.quiet ? results.map((result) => quiet(result)) : results;
  if (options.diff) printDiffs(done);
  else await write(shown);
  return exitCodeOf(options.diff ? results.map(unfixed) : results, { maxWarnings: options.maxWarnings });
}

const baselineFile = ({ baseline }: LintOptions): string => path.resolve(typeof baseline === 'string' ? baseline : BASELINE_FILE);

function writeBaseline(results: readonly LintResult[], options: LintOptions): number {
  const file = baselineFile(options);
  const baseline = Baseline.of(results, file, Baseline.exists(file) ? Baseline.read(file) : undefined);
  baseline.write();
  console.log(`${count(baseline.size, 'finding')} in ${path.relative('', file)}: they do not count any more.`);
  return results.some(({ fatalErrorCount }) => fatalErrorCount > 0) ? 2 : 0;
}

/** The default one counts when it is there. */
function applyBaseline(results: readonly LintResult[], options: LintOptions): readonly LintResult[] {
  const file = baselineFile(options);
  if (options.baseline === false || (options.baseline === undefined && !options.pruneBaseline && !Baseline.exists(file))) return results;
  const outcome = Baseline.read(file).apply(results);
  if (options.pruneBaseline) outcome.pruned.write();
  else if (outcome.gone > 0 && !options.quiet && !options.shard) console.error(`droplint: ${count(outcome.gone, 'finding')} of ${path.relative('', file)} ${outcome.gone === 1 ? 'is' : 'are'} gone: --prune-baseline forgets them.`);
  return outcome.results;
}

/** As the file still is. */
function unfixed({ fixed = [], ...result }: LintResult): LintResult {
  return filterMessages({ ...result, messages: [...result.messages, ...fixed.map(({ proof: _, ...message }) => message)] }, () => true);
}

function quiet(result: LintResult): LintResult {
  const { note: _, ...rest } = filterMessages(result, ({ severity }) => severity === 2);
  return rest;
}

function printDiffs(done: readonly JobResult[]): void {
  for (const { result, patch } of done) {
    if (patch !== undefined) console.log(`${paintPatch(patch, colors)}\n`);
    for (const { message, fatal } of result.messages) if (fatal) console.error(`${path.relative('', result.filePath)}: ${message}`);
  }
  const fixes = done.reduce((sum, { result }) => sum + (result.fixed?.length ?? 0), 0);
  const left = done.reduce((sum, { result }) => sum + result.messages.length, 0);
  console.log(`${count(fixes, 'fix')} in ${count(done.filter(({ patch }) => patch !== undefined).length, 'file')} would be made, ${count(left, 'finding')} would stay.`);
}
