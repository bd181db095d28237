/** `droplint rules`: what is looked for. */
import { Command } from 'commander';
import { rules } from '../../rules/index.js';
import type { Rule } from '../rule.js';
import { colors } from './colors.js';
import { examplesText } from './examples.js';

export function rulesCommand(): Command {
  return new Command('rules')
    .description('list the rules, their levels and fixes')
    .option('--json', 'as JSON')
    .addHelpText('after', `\n${examplesText('rules')}`)
    .action(({ json }: { json?: boolean }) => {
      console.log(json ? JSON.stringify(rules.map(entryOf), undefined, 2) : table(rules));
    });
}

const entryOf = ({ id, statement, levels, fix, formats, options, sources }: Rule) => ({
  id,
  statement,
  presets: levels,
  fix,
  formats,
  options: options?.properties ?? {},
  sources,
});

/** Padded before it is coloured: escape sequences have no width. */
function table(listed: readonly Rule[]): string {
  const rows = [
    ['rule', 'recommended', 'strict', 'fix'],
    ...listed.map(({ id, levels, fix }) => [id, levels.recommended, levels.strict, fix]),
  ];
  const widths = [0, 1, 2, 3].map((column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows
    .map((row, index) => {
      const [id = '', ...others] = row.map((cell, column) => cell.padEnd(widths[column] ?? 0));
      if (index === 0) return colors.dim([id, ...others].join('  ').trimEnd());
      return `${[colors.bold(id), ...others].join('  ').trimEnd()}\n  ${colors.dim(listed[index - 1]?.statement ?? '')}`;
    })
    .join('\n');
}
