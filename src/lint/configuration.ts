/** What a run is asked to do: from the command line, and from a configuration file. */
import { rules as builtInRules } from '../../rules/index.js';
import { LEVELS, type Level, type Preset, type Rule } from '../rule.js';
import { ConfigurationError, suggestion } from './configuration-error.js';
import { resolveOptions, type RuleOptions } from './options.js';
import { presetLevel } from './presets.js';

export const MODES = ['auto', 'training', 'inference'] as const;
export type ConfiguredMode = (typeof MODES)[number];

/** A level alone, or with options. */
export type RuleSetting = Level | readonly [level: Level, options?: RuleOptions];

export interface Configuration {
  readonly preset?: Preset;
  readonly mode?: ConfiguredMode;
  readonly rules?: Readonly<Record<string, RuleSetting>>;
}

/** A rule that runs, with everything it needs to be told. */
export interface EnabledRule {
  readonly rule: Rule;
  readonly level: Exclude<Level, 'off'>;
  /** The user chose the level: it replaces every computed one. */
  readonly levelIsChosen: boolean;
  readonly options: RuleOptions;
  readonly strict: boolean;
}

/** The rules that are on. Throws `ConfigurationError`. */
export function rulesFor(configuration: Configuration, rules: readonly Rule[] = builtInRules): readonly EnabledRule[] {
  const { preset = 'recommended', rules: settings = {} } = configuration;
  for (const id of Object.keys(settings)) ruleNamed(id, rules);
  return rules.flatMap((rule) => {
    const setting = settings[rule.id];
    const chosen = typeof setting === 'string' ? setting : setting?.[0];
    const level = chosen ?? presetLevel(rule, preset);
    const options = resolveOptions(rule, typeof setting === 'object' ? (setting[1] ?? {}) : {});
    return level === 'off' ? [] : [{ rule, level, levelIsChosen: chosen !== undefined, options, strict: preset !== 'recommended' }];
  });
}

/** Throws `ConfigurationError` that names the nearest rule. */
export function ruleNamed(id: string, rules: readonly Rule[] = builtInRules): Rule {
  const rule = rules.find((candidate) => candidate.id === id);
  if (rule) return rule;
  throw new ConfigurationError(`There is no rule "${id}".${suggestion(id, rules.map((candidate) => candidate.id))} \`droplint rules\` lists them all.`);
}

/** Reads `id: level` or `id: [level, {"option": value}]`. Throws `ConfigurationError`. */
export function parseRuleSetting(text: string): readonly [id: string, setting: RuleSetting] {
  const [, id, value] = /^\s*([\w@/-]+)\s*:\s*(.+?)\s*$/s.exec(text) ?? [];
  if (!id || !value) throw new ConfigurationError(`"${text}" is not of the form 'rule-id: level'.`);
  const [, word = value, json = '{}'] = /^\[\s*"?(\w+)"?\s*(?:,\s*(\{.*\}))?\s*\]$/s.exec(value) ?? [];
  const level = LEVELS.find((candidate) => candidate === word.replace(/^"|"$/g, ''));
  if (!level) throw new ConfigurationError(`"${word}" is not a level (${LEVELS.join(', ')}).${suggestion(word, LEVELS)}`);
  if (json === '{}') return [id, level];
  try {
    return [id, [level, JSON.parse(json) as RuleOptions]];
  } catch {
    throw new ConfigurationError(`The options of "${id}" are not JSON: ${json}`);
  }
}
