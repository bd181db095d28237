/** `droplint diff`: what differs between two models. Also a diff driver of git, which calls it with seven arguments. */
import { statSync } from 'node:fs';
import { Command, Option } from 'commander';
import type { Document } from '../formats/document.js';
import type { OnnxDocument } from '../formats/onnx/document.js';
import { readDocument } from '../formats/registry.js';
import type { GraphComparison } from '../graph/compare.js';
import { ConfigurationError } from '../lint/configuration-error.js';
import { diffText } from '../report/diff-text.js';
import { colors } from './colors.js';
import { examplesText } from './examples.js';

interface DiffOptions {
  format: 'text' | 'json';
  exitCode?: boolean;
  weights: boolean;
}

export function diffCommand(exit: (code: number) => void): Command {
  return new Command('diff')
    .description('what differs between two models')
    .argument('<files...>', 'before and after; or the seven arguments of a diff driver of git')
    .addOption(new Option('-f, --format <format>', 'report as: text (default), json').choices(['text', 'json']).default('text'))
    .option('--exit-code', 'exit with 1 when something differs')
    .option('--no-weights', 'look at the architecture alone')
    .addHelpText('after', `\n${examplesText('diff')}`)
    .action(async (files: string[], options: DiffOptions) => exit(await diff(files, options)));
}

async function diff(files: readonly string[], options: DiffOptions): Promise<number> {
  const { compareModels } = await import('../graph/compare.js');
  const { before, after, name } = sidesOf(files);
  const [a, b] = [await read(before), await read(after)];
  const graphs = (document: Document | undefined) => document?.models.flatMap(({ variants }) => variants[0] ?? []) ?? [];
  const comparisons = compareModels(graphs(a), graphs(b), options.weights ? { before: (layer) => a?.weightsOf?.(layer) ?? [], after: (layer) => b?.weightsOf?.(layer) ?? [] } : undefined);
  const facts = a && b ? factsOf(a, b) : [];
  const differs = facts.length > 0 || comparisons.some(({ differences }) => differences.length > 0);
  if (options.format === 'json') console.log(JSON.stringify({ before, after, facts, graphs: comparisons }, undefined, 2));
  else console.log(text(name, before, after, comparisons, facts, differs));
  return options.exitCode && differs ? 1 : 0;
}

function text(name: string, before: string, after: string, comparisons: readonly GraphComparison[], facts: readonly string[], differs: boolean): string {
  const head = name === '' ? `${before} → ${after}` : name;
  return differs ? `${colors.bold(head)}\n${diffText(comparisons, facts, colors)}` : `${head}: the same architecture${comparisons.some(({ unreadable }) => unreadable > 0) ? '; weights that cannot be read were not compared' : ' and weights'}`;
}

/** git: path old-file old-hex old-mode new-file new-hex new-mode (and, for a rename, the new path and what is similar). */
function sidesOf(files: readonly string[]): { readonly before: string; readonly after: string; readonly name: string } {
  if (files.length === 2) return { before: files[0]!, after: files[1]!, name: '' };
  if (files.length === 7 || files.length === 9) return { name: files[7] === undefined ? files[0]! : `${files[0]} → ${files[7]}`, before: files[1]!, after: files[4]! };
  throw new ConfigurationError(`diff takes two files, not ${files.length}.`);
}

/** A side that does not exist (git says /dev/null) is empty. */
async function read(file: string): Promise<Document | undefined> {
  return file === '/dev/null' || file === 'nul' || statSync(file, { throwIfNoEntry: false })?.isCharacterDevice() ? undefined : readDocument(file);
}

function factsOf(a: Document, b: Document): readonly string[] {
  if (a.format !== 'onnx' || b.format !== 'onnx') return [];
  const [x, y] = [(a as unknown as OnnxDocument).record, (b as unknown as OnnxDocument).record];
  const domains = [...new Set([...x.opsets.keys(), ...y.opsets.keys()])];
  return [
    ...domains.filter((domain) => x.opsets.get(domain) !== y.opsets.get(domain)).map((domain) => `opset of ${domain || 'ai.onnx'}: ${x.opsets.get(domain) ?? 'none'} → ${y.opsets.get(domain) ?? 'none'}`),
    ...(x.producer !== y.producer ? [`producer: ${x.producer || 'none'} → ${y.producer || 'none'}`] : []),
  ];
}
