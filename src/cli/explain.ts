/** `droplint explain`: a rule's page, for a terminal. */
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { Command } from 'commander';
import type { createColors } from 'picocolors';
import { ruleNamed } from '../lint/configuration.js';
import { colors as terminalColors } from './colors.js';
import { examplesText } from './examples.js';
import { packageRoot } from '../package.js';

type Colors = ReturnType<typeof createColors>;

export function explainCommand(): Command {
  return new Command('explain')
    .description('print what a rule says, and why')
    .argument('<rule>', 'its id')
    .addHelpText('after', `\n${examplesText('explain')}`)
    .action(async (id: string) => {
      const page = path.join(packageRoot(), 'rules', `${ruleNamed(id).id}.md`);
      console.log(renderMarkdown(await readFile(page, 'utf8')).trim());
    });
}

/** Headings, code and emphasis as a terminal can show them; everything else as it is written. */
export function renderMarkdown(text: string, colors: Colors = terminalColors): string {
  let fenced = false;
  return text
    .split(/\r?\n/)
    .flatMap((line) => {
      if (/^\s*```/.test(line)) {
        fenced = !fenced;
        return [];
      }
      if (fenced) return [`    ${colors.dim(line)}`];
      const heading = /^#{1,6}\s+(.*)$/.exec(line)?.[1];
      return [heading === undefined ? inline(line, colors) : colors.bold(colors.underline(heading))];
    })
    .join('\n');
}

function inline(line: string, colors: Colors): string {
  // Code is taken out first: what looks like emphasis inside it is none.
  return line
    .split(/(`[^`]+`)/)
    .map((part) => {
      if (part.startsWith('`')) return colors.cyan(part.slice(1, -1));
      return part
        .replace(/\[([^\]]+)\]\(([^)]+)\)/g, (_, label: string, url: string) => (url.startsWith('http') ? `${label} (${url})` : label))
        .replace(/\*\*([^*]+)\*\*/g, (_, strong: string) => colors.bold(strong));
    })
    .join('');
}
