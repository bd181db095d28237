/** `droplint init`: a configuration file to start from. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { Command, Option } from 'commander';
import { CONFIG_FILES } from '../lint/config-file/load.js';
import { ConfigurationError } from '../lint/configuration-error.js';
import { PRESETS } from '../lint/presets.js';
import type { Preset } from '../rule.js';
import { examplesText } from './examples.js';

type Language = 'js' | 'ts' | 'json';

export function initCommand(): Command {
  return new Command('init')
    .description('write a configuration file')
    .addOption(new Option('-p, --preset <preset>', `the rules to start from: ${PRESETS.join(', ').replace(',', ' (default),')}`).choices(PRESETS).default('recommended'))
    .addOption(new Option('--language <language>', 'js, ts or json; by default what the project is written in').choices(['js', 'ts', 'json']))
    .addHelpText('after', `\n${examplesText('init')}`)
    .action(({ preset, language }: { preset: Preset; language?: Language }) => {
      const cwd = process.cwd();
      const existing = CONFIG_FILES.find((name) => existsSync(path.join(cwd, name)));
      if (existing) throw new ConfigurationError(`${existing} is there already.`);
      const { name, text } = configFile(cwd, preset, language ?? (existsSync(path.join(cwd, 'tsconfig.json')) ? 'ts' : 'js'));
      writeFileSync(path.join(cwd, name), text);
      console.log(`Wrote ${name}. \`droplint --print-config <file>\` shows what holds for a file.`);
    });
}

function configFile(cwd: string, preset: Preset, language: Language): { readonly name: string; readonly text: string } {
  if (language === 'json') return { name: 'droplint.config.json', text: `${JSON.stringify({ extends: preset, ignores: [], rules: {}, overrides: [] }, undefined, 2)}\n` };
  const body = [
    `  extends: '${preset}', // or strict, all`.replace("'strict', // or strict, all", "'strict', // or recommended, all").replace("'all', // or strict, all", "'all', // or recommended, strict"),
    '  ignores: [],',
    '  // What the graphs are for: training, inference, or auto (training where the graph says so).',
    "  mode: 'auto',",
    '  rules: {',
    "    // 'no-high-dropout-rate': ['warn', { max: 0.6 }],",
    '  },',
    '  overrides: [',
    "    // { files: 'deploy/**', mode: 'inference' },",
    "    // { nodes: '/encoder/**', rules: { 'dropout-after-activation': 'off' } },",
    '  ],',
  ].join('\n');
  const extension = language === 'ts' ? 'ts' : isModule(cwd) ? 'js' : 'mjs';
  const name = `droplint.config.${extension}`;
  // Without an installation (npx) there is nothing to import at run time.
  if (isInstalled(cwd)) return { name, text: `import { defineConfig } from 'droplint';\n\nexport default defineConfig({\n${body}\n});\n` };
  return { name, text: `${language === 'ts' ? '' : "/** @type {import('droplint').DroplintConfig} */\n"}export default {\n${body}\n};\n` };
}

function isModule(cwd: string): boolean {
  const file = path.join(cwd, 'package.json');
  return existsSync(file) && (JSON.parse(readFileSync(file, 'utf8')) as { type?: string }).type === 'module';
}

function isInstalled(cwd: string): boolean {
  try {
    createRequire(path.join(cwd, 'x.js')).resolve('droplint/package.json');
    return true;
  } catch {
    return false;
  }
}
