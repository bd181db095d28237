/** The ESLint plugin: `import droplint from 'droplint/eslint'`. Flat configuration; ESLint 8.57, 9 and 10. */
import { createRequire } from 'node:module';
import type { ESLint, Linter, Rule as EslintRule } from 'eslint';
import { rules as allRules } from '../../rules/index.js';
import { presetLevel } from '../lint/presets.js';
import type { Preset } from '../rule.js';
import { toEslintRule } from './adapter.js';

export type { DroplintSettings } from './settings.js';

/** Rules that can speak of source code. */
const codeRules = allRules.filter((rule) => rule.formats.includes('code'));

const { version } = createRequire(import.meta.url)('droplint/package.json') as { version: string };

/** The names of the configurations. */
export type ConfigName = Preset;

export interface DroplintPlugin extends ESLint.Plugin {
  readonly meta: { readonly name: 'droplint'; readonly version: string };
  readonly rules: Record<string, EslintRule.RuleModule>;
  readonly configs: Record<ConfigName, Linter.Config>;
}

const configs = {} as Record<ConfigName, Linter.Config>;

const plugin: DroplintPlugin = {
  meta: { name: 'droplint', version },
  rules: Object.fromEntries(codeRules.map((rule) => [rule.id, toEslintRule(rule)])),
  configs,
};

for (const preset of ['recommended', 'strict', 'all'] as const) {
  const levels = codeRules.map((rule) => [`droplint/${rule.id}`, presetLevel(rule, preset)] as const).filter(([, level]) => level !== 'off');
  configs[preset] = {
    name: `droplint/${preset}`,
    plugins: { droplint: plugin },
    rules: Object.fromEntries(levels.map(([name, level]) => [name, level === 'error' ? 'error' : 'warn'])),
    ...(preset !== 'recommended' && { settings: { droplint: { info: true, strict: true } } }),
  };
}

export default plugin;
export { plugin as 'module.exports' };
