/** Configurations are checked whole before anything runs: an unknown key or rule is an error that names the nearest one. */
import { FIX_CLASSES } from '../../graph/edits.js';
import { LEVELS, type Level } from '../../rule.js';
import { MODES, ruleNamed } from '../configuration.js';
import { ConfigurationError, suggestion } from '../configuration-error.js';
import { resolveOptions } from '../options.js';
import { PRESETS } from '../presets.js';
import type { DroplintConfig } from './types.js';

type Check = (value: unknown, at: string) => void;

/** Throws `ConfigurationError` that says where in `file` the fault is. */
export function validateConfig(value: unknown, file: string): DroplintConfig {
  try {
    config(value, '');
  } catch (error) {
    if (error instanceof ConfigurationError) throw new ConfigurationError(`${file}: ${error.message}`);
    throw error;
  }
  return value as DroplintConfig;
}

function fail(at: string, what: string): never {
  throw new ConfigurationError(`${at || 'a configuration'} must be ${what}.`);
}

const string: Check = (value, at) => void (typeof value === 'string' && value !== '' ? undefined : fail(at, 'a text'));
const boolean: Check = (value, at) => void (typeof value === 'boolean' ? undefined : fail(at, 'true or false'));
const count: Check = (value, at) => void (Number.isInteger(value) && (value as number) >= 0 ? undefined : fail(at, 'a number from 0 up'));

function oneOf(choices: readonly unknown[]): Check {
  return (value, at) => {
    if (choices.includes(value)) return;
    const hint = typeof value === 'string' ? suggestion(value, choices.filter((each) => typeof each === 'string')) : '';
    throw new ConfigurationError(`${at} is ${JSON.stringify(value)}, not one of ${choices.join(', ')}.${hint}`);
  };
}

const either = (...checks: readonly Check[]): Check => (value, at) => {
  const failures = checks.map((check) => attempt(() => check(value, at)));
  if (failures.every((failure) => failure !== undefined)) throw failures.at(-1);
};

function attempt(run: () => void): unknown {
  try {
    run();
    return undefined;
  } catch (error) {
    return error;
  }
}

const listOf = (check: Check): Check => (value, at) => (Array.isArray(value) ? value : [value]).forEach((each, index) => check(each, Array.isArray(value) ? `${at}[${index}]` : at));
const globs = listOf(string);

function object(keys: Readonly<Record<string, Check>>): Check {
  return (value, at) => {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) fail(at, 'an object');
    for (const [key, each] of Object.entries(value as object)) {
      const check = Object.hasOwn(keys, key) ? keys[key] : undefined;
      if (!check) throw new ConfigurationError(`"${key}" is not a key of ${at || 'a configuration'}.${suggestion(key, Object.keys(keys))}`);
      if (each !== undefined) check(each, at ? `${at}.${key}` : key);
    }
  };
}

const rules: Check = (value, at) => {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) fail(at, 'an object');
  for (const [id, setting] of Object.entries(value as object)) {
    const rule = ruleNamed(id);
    const [level, options = {}, ...rest] = (Array.isArray(setting) ? setting : [setting]) as unknown[];
    oneOf(LEVELS)(level, `${at}["${id}"]`);
    if (rest.length > 0 || typeof options !== 'object' || options === null) fail(`${at}["${id}"]`, 'a level, or [level, options]');
    resolveOptions(rule, options as Readonly<Record<string, unknown>>);
  }
};

const extended: Check = (value, at) => (typeof value === 'string' ? string(value, at) : config(value, at));

const override: Check = (value, at) => {
  object({ files: globs, ignores: globs, nodes: globs, extends: oneOf(PRESETS), mode: oneOf(MODES), rules })(value, at);
  const { files, nodes, extends: preset, mode, rules: settings = {} } = value as { files?: unknown; nodes?: unknown; extends?: unknown; mode?: unknown; rules?: Readonly<Record<string, unknown>> };
  if (files === undefined && nodes === undefined) throw new ConfigurationError(`${at} needs files or nodes: without them it holds everywhere, and belongs beside overrides.`);
  if (nodes === undefined) return;
  if (preset !== undefined || mode !== undefined) throw new ConfigurationError(`${at} has nodes, so it takes rules alone: a preset and a mode are those of a whole graph.`);
  const withOptions = Object.entries(settings).find(([, setting]) => Array.isArray(setting) && setting.length > 1);
  if (withOptions) throw new ConfigurationError(`${at} has nodes, so "${withOptions[0]}" takes a level alone: options are those of a whole graph.`);
};

const config = object({
  $schema: string,
  extends: listOf(extended),
  files: globs,
  ignores: globs,
  mode: oneOf(MODES),
  rules,
  overrides: (value, at) => (Array.isArray(value) ? value.forEach((each, index) => override(each, `${at}[${index}]`)) : fail(at, 'a list')),
  settings: object({
    baseline: string,
    cache: boolean,
    cacheLocation: string,
    cacheStrategy: oneOf(['content', 'metadata']),
    concurrency: either(oneOf(['auto']), count),
    fixClass: oneOf(FIX_CLASSES.filter((each) => each !== 'suggestion')),
    fixLevel: oneOf(LEVELS.filter((each): each is Exclude<Level, 'off'> => each !== 'off')),
    format: globs,
    maxWarnings: count,
  }),
});
