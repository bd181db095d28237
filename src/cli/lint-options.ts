/** The options of the default command. */
import { InvalidArgumentError, Option, type Command } from 'commander';
import { FIX_CLASSES, type FixClass } from '../graph/edits.js';
import type { CacheStrategy } from '../lint/batch/cache.js';
import { parseShard, type Shard } from '../lint/batch/shard.js';
import type { Settings } from '../lint/config-file/types.js';
import { MODES, parseRuleSetting, type ConfiguredMode, type RuleSetting } from '../lint/configuration.js';
import { ConfigurationError } from '../lint/configuration-error.js';
import type { Finding } from '../lint/findings.js';
import { PRESETS } from '../lint/presets.js';
import { formatters } from '../report/formatter.js';
import type { Preset } from '../rule.js';
import { parseTarget, type ReportTarget } from './output.js';

export interface LintOptions {
  fix?: boolean;
  diff?: boolean;
  fixClass?: Exclude<FixClass, 'suggestion'>;
  fixLevel?: Finding['level'];
  fixSuggestions?: boolean;
  output?: string;
  format?: readonly ReportTarget[];
  outputFile?: string;
  pictures?: boolean;
  preset?: Preset;
  mode?: ConfiguredMode;
  rule: readonly (readonly [string, RuleSetting])[];
  maxWarnings?: number;
  quiet?: boolean;
  verify: boolean;
  verbose?: boolean;
  config?: string | false;
  printConfig?: boolean;
  ignore: boolean;
  changed?: string | true;
  baseline?: string | false;
  writeBaseline?: boolean;
  pruneBaseline?: boolean;
  cache?: boolean;
  cacheLocation?: string;
  cacheStrategy?: CacheStrategy;
  concurrency?: number | 'auto';
  shard?: Shard;
}

const OWN = Object.keys(formatters);

/** Shown by `--help-all` alone. */
const rare = (option: Option): Option => option.hideHelp();

export function addLintOptions(program: Command): void {
  const options = [
    new Option('--fix', 'fix, prove it on ONNX Runtime, write it'),
    new Option('--diff', 'show what --fix would do; write nothing'),
    rare(choice('--fix-class <class>', FIX_CLASSES.filter((each) => each !== 'suggestion'), 'only fixes this strong: exact,\nexact-in-distribution, inference-exact, repair')),
    rare(choice('--fix-level <level>', ['info', 'warn', 'error'], 'fix findings from: info, warn (default), error')),
    rare(new Option('--fix-suggestions', 'apply what changes a model, too')),
    rare(new Option('-o, --output <file>', 'write the fixed model here (one input file)')),
    rare(new Option('--no-verify', 'write fixes without proof')),
    new Option('-f, --format <format>', `${OWN.slice(0, 5).join(', ')}, \n${OWN.slice(5).join(', ')}, ESLint's; format=file; repeatable`).argParser((text: string, earlier: readonly ReportTarget[] = []) => [...earlier, parseTarget(text)]),
    rare(new Option('--output-file <file>', 'write the report there')),
    rare(new Option('--pictures', 'put pictures into JSON, for merge-reports --format html')),
    new Option('-c, --config <file>', 'this configuration file and no other'),
    rare(new Option('--no-config', 'use no configuration file')),
    rare(new Option('--print-config', 'print what is configured for a file')),
    choice('-p, --preset <preset>', PRESETS, PRESETS.join(', ').replace(',', ' (default),')),
    choice('-m, --mode <mode>', MODES, `what for: ${MODES.join(', ').replace(',', ' (default),')}`),
    new Option('-r, --rule <setting>', `level of a rule: 'id: level'; repeatable`).argParser(collectRule).default([]),
    new Option('--max-warnings <number>', 'exit with 1 when there are more').argParser(parseCount),
    rare(new Option('-q, --quiet', 'report errors only')),
    rare(new Option('--verbose', 'show refused fixes and every check of a proof')),
    new Option('--changed [ref]', 'only what git says has changed (since it left ref)'),
    rare(new Option('--no-ignore', 'lint what ignore files and the configuration leave out, too')),
    rare(new Option('--baseline <file>', 'known findings, which do not count (droplint-baseline.json)')),
    rare(new Option('--no-baseline', 'count them')),
    new Option('--write-baseline', "take today's findings as known"),
    rare(new Option('--prune-baseline', 'forget known findings that are gone')),
    new Option('--cache', 'skip files that have not changed'),
    rare(new Option('--cache-location <path>', 'where (.droplintcache)')),
    rare(choice('--cache-strategy <strategy>', ['content', 'metadata'], 'what tells a change: content (default), metadata')),
    rare(new Option('--concurrency <number>', 'workers: a number, or auto (default)').argParser(parseConcurrency)),
    new Option('--shard <i/n>', 'the i-th of n parts of the files, or auto').argParser((text: string) => parseShard(text)),
  ];
  for (const option of options) program.addOption(option);
}

const choice = (flags: string, choices: readonly string[], description: string): Option => new Option(flags, description).choices(choices);

function collectRule(text: string, collected: LintOptions['rule']): LintOptions['rule'] {
  return [...collected, parseRuleSetting(text)];
}

export function parseCount(text: string): number {
  if (!/^\d+$/.test(text)) throw new InvalidArgumentError('It must be a number from 0 up.');
  return Number(text);
}

function parseConcurrency(text: string): number | 'auto' {
  if (text === 'auto') return 'auto';
  if (!/^[1-9]\d*$/.test(text)) throw new InvalidArgumentError('It must be auto, or a number from 1 up.');
  return Number(text);
}

/** Options that make no sense together. */
export function checkCombination(options: LintOptions): void {
  const fixes = options.fix || options.diff;
  for (const [name, value] of Object.entries({ 'fix-class': options.fixClass, 'fix-level': options.fixLevel, 'fix-suggestions': options.fixSuggestions })) {
    if (value !== undefined && !fixes) throw new ConfigurationError(`--${name} needs --fix or --diff.`);
  }
  if (options.output && (!options.fix || options.diff)) throw new ConfigurationError('--output needs --fix, without --diff.');
  if (options.diff && (options.format || options.outputFile)) throw new ConfigurationError('--diff has a form of its own: it takes neither --format nor --output-file.');
  for (const name of ['writeBaseline', 'pruneBaseline'] as const) {
    const flag = name === 'writeBaseline' ? '--write-baseline' : '--prune-baseline';
    if (options[name] && fixes) throw new ConfigurationError(`${flag} looks at files as they are: it does not go with --fix or --diff.`);
    if (options[name] && options.baseline === false) throw new ConfigurationError(`${flag} does not go with --no-baseline.`);
    if (options[name] && options.shard) throw new ConfigurationError(`${flag} needs all files: it does not go with --shard.`);
  }
}

/** What the command line leaves open, the configuration may say. */
export function withSettings(options: LintOptions, settings: Settings): LintOptions {
  const fixes = options.fix || options.diff;
  const { format, baseline, cache, cacheLocation, cacheStrategy, concurrency, fixClass, fixLevel, maxWarnings } = settings;
  const targets = format === undefined || options.diff ? undefined : [format].flat().map((each) => parseTarget(each as string));
  const defaults = { ...(targets && { format: targets }), baseline, cache, cacheLocation, cacheStrategy, concurrency, maxWarnings, ...(fixes && { fixClass, fixLevel }) };
  const given = Object.entries(defaults).filter(([name, value]) => value !== undefined && options[name as keyof LintOptions] === undefined);
  return { ...options, ...(Object.fromEntries(given) as Partial<LintOptions>) };
}
