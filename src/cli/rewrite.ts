/** `droplint rewrite`: another kind of dropout for a model, proven before it is written. */
import path from 'node:path';
import { Command, InvalidArgumentError, Option } from 'commander';
import type { Document } from '../formats/document.js';
import { readDocument, writeDocument } from '../formats/registry.js';
import type { DropoutLayer, Layer } from '../graph/layers.js';
import { describeLayer } from '../graph/print.js';
import { ConfigurationError } from '../lint/configuration-error.js';
import type { Rewritten } from '../lint/rewrite.js';
import { checkText } from '../report/proof-text.js';
import { count } from '../report/wording.js';
import type { Proof } from '../verify/proof.js';
import { SCHEDULE_KINDS } from '../variants/schedules.js';
import { FORMS, VARIANTS } from '../variants/variants.js';
import { colors } from './colors.js';
import { examplesText } from './examples.js';
import { paintPatch } from './patch.js';
import { proverFor } from './prover.js';
import { checkFlags, checkFormat, scheduleOf, type RewriteFlags } from './rewrite-flags.js';
import { parseNumber } from './schedule-flags.js';

export function rewriteCommand(args: readonly string[], exit: (code: number) => void): Command {
  return new Command('rewrite')
    .description('rewrite the dropout of a model to another kind')
    .argument('<file>', 'an ONNX model, model code, or a model.json')
    .addOption(new Option('--to <variant>', `to what:\n${VARIANTS.join(', ')}`).choices(VARIANTS).makeOptionMandatory())
    .option('--where <glob>', 'a glob of layer names, or a rule: where it finds\nsomething; default: all')
    .option('-o, --output <file>', 'write to another file')
    .option('--rate <p>', 'in [0, 1); default: as before, 0.5 for new ones', parseRate)
    .option('--training-mode <mode>', 'ONNX: input (one switch for all, off by default),\ntrue or false; default: as before, else input', parseMode)
    .addOption(new Option('--form <form>', 'variational: gaussian (default), concrete').choices(FORMS))
    .option('--examples <number>', 'variational, code: how many training examples', parseNumber)
    .option('--as-function', 'ONNX: one node for each, the call of a function')
    .addOption(new Option('--schedule <kind>', `scheduled: ${SCHEDULE_KINDS.slice(0, 3).join(', ')},\n${SCHEDULE_KINDS.slice(3).join(', ')}`).choices(SCHEDULE_KINDS))
    .option('--epochs <number>', 'scheduled: length of the training', parseNumber)
    .option('--gamma <number>', 'scheduled, curriculum: how fast, per epoch', parseNumber)
    .option('--cutoff <epochs>', 'scheduled, early and late: length of the first phase', parseNumber)
    .option('--diff', 'show what would change, and write nothing')
    .option('--no-verify', 'write without proof')
    .addOption(new Option('-f, --format <format>', 'report as: text (default), json').choices(['text', 'json']).default('text'))
    .addHelpText('after', `\n${examplesText('rewrite')}\nExit codes: 0 done, or nothing to do; 1 something was refused or could not be\nverified; 2 a proof failed, or a file that cannot be read.`)
    .action(async (file: string, flags: RewriteFlags) => exit(await rewrite(file, flags, args)));
}

async function rewrite(file: string, flags: RewriteFlags, args: readonly string[]): Promise<number> {
  checkFlags(flags);
  const schedule = scheduleOf(flags);
  const document = await readDocument(file);
  if (document.models.length === 0) throw new ConfigurationError(`${file} holds no model.`);
  checkFormat(document, flags);
  const { rewriteDocument } = await import('../lint/rewrite.js');
  if (flags.output) (await import('../lint/run.js')).checkOutput(document, flags.output);
  const prover = flags.verify ? await proverFor({ executes: document.format === 'onnx', isPreview: flags.diff ?? false, args }) : undefined;
  try {
    const result = await rewriteDocument(document, {
      to: flags.to,
      ...(flags.where !== undefined && { where: flags.where }),
      ...(flags.rate !== undefined && { rate: flags.rate }),
      ...(flags.trainingMode !== undefined && { training: flags.trainingMode }),
      ...(flags.form && { form: flags.form }),
      ...(flags.asFunction && { asFunction: true }),
      ...(flags.examples !== undefined && { examples: flags.examples }),
      ...(schedule && { schedule }),
      ...(prover && { prove: prover.prove }),
    });
    if (result.selection.meaning === 'glob' && result.selection.matched === 0) throw new ConfigurationError(`--where ${flags.where}: no rule of that name, and no layer of ${file} that it matches (\`droplint print ${file}\` lists them).`);
    return await conclude(document, result, flags);
  } finally {
    await prover?.close();
  }
}

/** Reports, and writes what may be written. */
async function conclude(before: Document, result: Rewritten, flags: RewriteFlags): Promise<number> {
  const { document: after, done, proof, left } = result;
  const isProven = proof === undefined || proof.verdict === 'proven';
  const isRefused = left.some((each) => each.isRefused);
  const target = flags.output ?? before.file;
  const isCopy = done.length === 0 && !isRefused && path.resolve(target) !== path.resolve(before.file);
  const written = ((done.length > 0 && isProven) || isCopy) && !flags.diff ? target : undefined;
  if (written !== undefined) writeDocument(after, written);
  if (flags.format === 'json') console.log(JSON.stringify(jsonOf(before, result, flags, written), undefined, 2));
  else console.log(await textOf(before, result, flags, written));
  if (proof?.verdict === 'refuted') return 2;
  return !isProven || isRefused ? 1 : 0;
}

/** Why nothing was rewritten. */
function nothingText({ left, selection: { meaning, matched } }: Rewritten, { to, where }: RewriteFlags, file: string): string {
  if (left.length > 0) return `${file}: nothing was rewritten to ${to}`;
  if (meaning === 'all') return `${file}: there is nothing to rewrite to ${to}`;
  if (meaning === 'glob') return `${where} matches ${count(matched, 'layer')} of ${file}, and ${matched === 1 ? 'it' : 'none of them'} can${matched === 1 ? 'not' : ''} be rewritten to ${to}`;
  return matched === 0 ? `${where} finds nothing in ${file}` : `nothing that ${where} finds in ${file} can be rewritten to ${to}`;
}

/** The last line: what became of the file. */
function writtenText({ done, proof }: Rewritten, flags: RewriteFlags, written: string | undefined): string {
  if (written !== undefined) return `${done.length > 0 ? 'written' : 'copied unchanged'} to ${path.relative('', written)}`;
  return `nothing was written${flags.diff ? ' (--diff)' : proof && proof.verdict !== 'proven' ? ' (--no-verify writes without proof)' : ''}`;
}

/** `proven`, and in the same breath what of it was not. */
function verdictText({ verdict, checks }: Proof): string {
  if (verdict !== 'proven') return colors.red(verdict === 'refuted' ? 'the proof failed' : 'could not be verified');
  const unmeasured = checks.find((check) => check.unmeasured !== undefined)?.unmeasured;
  return colors.green(unmeasured === undefined ? 'proven' : `proven (new dropouts not measured: ${unmeasured})`);
}

const changeText = ({ name, before, after }: Change): string =>
  before === undefined ? `+ ${after}   ${name}` : after === undefined ? `- ${before}   ${name}` : `${before} → ${after}   ${name}`;

async function textOf(before: Document, result: Rewritten, flags: RewriteFlags, written: string | undefined): Promise<string> {
  const { document: after, done, left, proof } = result;
  const lines: string[] = [];
  if (flags.diff && done.length > 0) lines.push(paintPatch(await patchOf(before, after), colors), '');
  const changes = changesBetween(before, after);
  const file = path.relative('', before.file);
  if (done.length === 0) lines.push(nothingText(result, flags, file));
  else lines.push(colors.bold(`${file}: ${count(done.length, 'place')} rewritten to ${flags.to}`), ...changes.map((change) => `  ${changeText(change)}`));
  if (left.length > 0) lines.push('', 'left as they are:', ...new Set(left.map(({ at, reason, isRefused }) => `  ${nameOf(at, before)}: ${isRefused ? colors.yellow(reason) : reason}`)));
  const additions = additionsOf(before, after);
  if (additions.length > 0) lines.push('', ...additions);
  lines.push(...foldings(done));
  if (proof) lines.push('', verdictText(proof), ...proof.checks.map((check) => `  ${checkText(check).replaceAll('; ', ';\n    ')}`));
  if (done.length > 0 || written !== undefined || flags.output !== undefined) lines.push('', writtenText(result, flags, written));
  return lines.join('\n');
}

/** Weights that took a factor move as before under plain SGD if their learning rate takes its square (verification.md). */
function foldings(done: Rewritten['done']): readonly string[] {
  const folds = done.flatMap(({ edits }) => edits.filter((edit) => edit.type === 'fold-scale' || edit.type === 'unfold-scale'));
  const places = folds.map(({ type, layer, into }) => {
    const [beside, inside] = type === 'fold-scale' ? ['÷', '×'] : ['×', '÷'];
    const keep = Number((1 - (layer.rate ?? 0)).toPrecision(6));
    return `  ${describeLayer(layer)} ${beside} ${keep}, weights of ${into.origin.name} ${inside} ${keep}`;
  });
  const rates = folds.map(({ type, layer: { rate = 0 } }) => `plain SGD trains these weights as before with their learning rate ${type === 'fold-scale' ? 'times' : 'divided by'} (1 − ${rate})² = ${Number(((1 - rate) ** 2).toPrecision(4))}`);
  return [...places, ...new Set(rates)];
}

/** Of code the text, of a graph what is printed of it. */
async function patchOf(before: Document, after: Document): Promise<string> {
  const { graphPatch, textPatch } = await import('../lint/batch/graph-patch.js');
  return 'text' in before && 'text' in after ? textPatch(String(before.text), String(after.text), before.file, 'rewritten') : graphPatch(before, after, before.file, 'rewritten');
}

interface Change {
  readonly name: string;
  readonly before?: string;
  readonly after?: string;
  readonly rate?: number;
}

/** The dropouts that went, came or changed. In code, where a layer is where it stands, by their order. */
function changesBetween(before: Document, after: Document): readonly Change[] {
  const [old, now] = [dropoutsOf(before), dropoutsOf(after)];
  const pairs = before.format === 'onnx' ? pairedByKey(old, now) : pairedInOrder(old, now);
  return pairs.flatMap(([from, to]): Change[] => {
    const isRemade = from && to && describeLayer(from) === describeLayer(to) && from.type !== to.type && before.format === 'code';
    const [was, is] = [from, to].map((layer) => layer && `${describeLayer(layer)}${isRemade ? `, ${layer.type}` : ''}`);
    if (was === is) return [];
    return [{ name: nameOf(from ?? to!, before), ...(was !== undefined && { before: was }), ...(is !== undefined && { after: is }), ...(from?.rate !== undefined && { rate: from.rate }) }];
  });
}

type Pair = readonly [from: DropoutLayer | undefined, to: DropoutLayer | undefined];

function pairedByKey(old: readonly DropoutLayer[], now: readonly DropoutLayer[]): readonly Pair[] {
  const [known, found] = [old, now].map((layers) => new Map(layers.map((layer) => [layer.key, layer])));
  return [...old.map((layer): Pair => [layer, found!.get(layer.key)]), ...now.filter(({ key }) => !known!.has(key)).map((layer): Pair => [undefined, layer])];
}

function pairedInOrder(old: readonly DropoutLayer[], now: readonly DropoutLayer[]): readonly Pair[] {
  if (old.length === now.length) return old.map((layer, index) => [layer, now[index]]);
  const left = [...now];
  const gone = old.filter((layer) => {
    const same = left.findIndex((other) => describeLayer(other) === describeLayer(layer));
    if (same >= 0) left.splice(same, 1);
    return same < 0;
  });
  return [...gone.map((layer): Pair => [layer, undefined]), ...left.map((layer): Pair => [undefined, layer])];
}

/** Layers of code have no names of their own. */
const nameOf = ({ origin }: Layer, { format }: Document): string => (format === 'code' ? `${origin.name} ${origin.path}` : origin.name);

const dropoutsOf = ({ models }: Document): readonly DropoutLayer[] => models.flatMap(({ variants }) => (variants[0] ?? []).flatMap((graph) => graph.layersOf('dropout')));

/** What the model has beyond its layers: inputs, and metadata for a trainer. */
function additionsOf(before: Document, after: Document): readonly string[] {
  if (before.format !== 'onnx') return [];
  const [x, y] = [before, after].map((document) => (document as unknown as { record: OnnxFacts }).record);
  const known = new Set(x!.graph.inputs.map(({ name }) => name));
  return [
    ...y!.graph.inputs.filter(({ name }) => !known.has(name)).map(({ name }) => `new graph input: ${name}`),
    ...[...y!.metadata].filter(([key, value]) => key.startsWith('droplint.') && x!.metadata.get(key) !== value).map(([key, value]) => `metadata: ${key} = ${value}`),
  ];
}

interface OnnxFacts {
  readonly graph: { readonly inputs: readonly { readonly name: string }[] };
  readonly metadata: ReadonlyMap<string, string>;
}

function jsonOf(before: Document, { document: after, done, left, proof }: Rewritten, flags: RewriteFlags, written: string | undefined) {
  return {
    file: before.file,
    to: flags.to,
    written: written ?? null,
    places: done.length,
    changes: changesBetween(before, after),
    left: left.map(({ at, reason, isRefused }) => ({ name: at.origin.name, graphPath: at.origin.path, reason, refused: isRefused })),
    ...(proof && { proof }),
  };
}

function parseRate(text: string): number {
  const rate = parseNumber(text);
  if (!(rate >= 0 && rate < 1)) throw new InvalidArgumentError('It must be a number in [0, 1).');
  return rate;
}

function parseMode(text: string): boolean | 'input' {
  if (text === 'input') return text;
  if (text !== 'true' && text !== 'false') throw new InvalidArgumentError('It must be input, true or false.');
  return text === 'true';
}
