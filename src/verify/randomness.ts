/**
 * The operators that draw random numbers, and what stands for them in a throw-away copy. Chosen by operator, never by
 * recognised pattern: what the recogniser believes is under test (verification.md, check 1).
 */
import { bodiesOf, operator, opsetOf, replaceOperators } from './copy.js';
import type { BodyCopy, CopyAttribute, ModelCopy, Operator } from './copy.js';
import { encodeTensor } from './encode.js';
import { noiseInPlaceOf } from './noise.js';
import type { NodeRecord } from '../formats/onnx/wire/records.js';

const RANDOM_OPERATORS = new Set(['RandomUniform', 'RandomUniformLike', 'RandomNormal', 'RandomNormalLike', 'Bernoulli', 'Multinomial']);
/** Operators of ONNX Runtime's own that are a Dropout with additions around it; they have no CPU kernel. */
const FUSED_DROPOUTS = new Set(['BiasDropout', 'BitmaskDropout', 'BitmaskBiasDropout']);
/** onnxruntime has no kernel of a random operator from this opset on. */
export const NO_RANDOM_KERNEL_FROM = 22;
/** From this opset on a Dropout's training_mode and ratio are inputs, and onnxruntime honours them. */
export const DROPOUT_INPUTS_FROM = 12;

export function isRandom(candidate: Operator): boolean {
  return candidate.domain === '' && RANDOM_OPERATORS.has(candidate.opType);
}

export function isDropout(candidate: Operator): boolean {
  return (candidate.domain === '' && candidate.opType === 'Dropout') || isFusedDropout(candidate);
}

function isFusedDropout(candidate: Operator): boolean {
  return candidate.domain === 'com.microsoft' && FUSED_DROPOUTS.has(candidate.opType);
}

/** Pairs nodes across an edit: by a name that is unique on both sides, the others by operator and order. */
export function pairNodes(before: readonly NodeRecord[], after: readonly NodeRecord[]): readonly (readonly [NodeRecord | undefined, NodeRecord | undefined])[] {
  const byName = uniqueNames(before);
  const afterByName = uniqueNames(after);
  const partners = new Map<NodeRecord, NodeRecord>();
  for (const [name, node] of byName) {
    const partner = afterByName.get(name);
    if (partner) partners.set(node, partner);
  }
  const taken = new Set(partners.values());
  const left = new Map<string, NodeRecord[]>();
  for (const node of after) {
    if (taken.has(node)) continue;
    const queue = left.get(node.opType) ?? [];
    queue.push(node);
    left.set(node.opType, queue);
  }
  const pairs: [NodeRecord | undefined, NodeRecord | undefined][] = before.map((node) => [node, partners.get(node) ?? left.get(node.opType)?.shift()]);
  for (const queue of left.values()) for (const node of queue) pairs.push([undefined, node]);
  return pairs;
}

function uniqueNames(nodes: readonly NodeRecord[]): Map<string, NodeRecord> {
  const names = new Map<string, NodeRecord>();
  const repeated = new Set<string>();
  for (const node of nodes) {
    if (node.name === '') continue;
    if (names.has(node.name)) repeated.add(node.name);
    names.set(node.name, node);
  }
  for (const name of repeated) names.delete(name);
  return names;
}

/** The same number for the same random node on both sides of an edit. */
export function seedsOf(before: ModelCopy, after: ModelCopy): ReadonlyMap<NodeRecord, number> {
  const seeds = new Map<NodeRecord, number>();
  const select = (copy: ModelCopy, accept: (candidate: Operator) => boolean): NodeRecord[] =>
    [...bodiesOf(copy)].flatMap((body) => body.operators.filter(accept).flatMap(({ node }) => node ?? []));
  for (const accept of [isRandom, isDropout]) {
    for (const pair of pairNodes(select(before, accept), select(after, accept))) {
      const number = seeds.size;
      for (const node of pair) if (node) seeds.set(node, number);
    }
  }
  return seeds;
}

/**
 * onnxruntime's generator is a linear congruential one whose first draws are correlated between small seeds; these are
 * spread, and exact in float32, as the `seed` of a random operator is.
 */
const spread = (number: number): number => (5_000_011 + number * 1_000_003) % (1 << 24);

/** Gives every random operator draws that depend on its seed alone. */
export function fixRandomOperators(copy: ModelCopy, seeds: ReadonlyMap<NodeRecord, number>): void {
  replaceOperators(copy, (candidate, body) => {
    if (!isRandom(candidate) || !candidate.node) return undefined;
    const seed = seeds.get(candidate.node) ?? 0;
    if (opsetOf(copy, body) >= NO_RANDOM_KERNEL_FROM) return noiseInPlaceOf(candidate, seed);
    return [{ ...candidate, attributes: [...candidate.attributes.filter(({ name }) => name !== 'seed'), { name: 'seed', float: spread(seed) }] }];
  });
}

/** Every Dropout in its inference form: neither training_mode nor ratio. */
export function toInferenceForm(copy: ModelCopy): void {
  replaceOperators(copy, (candidate, body) => {
    if (isFusedDropout(candidate)) return unfuse(candidate, body, (input, output) => [operator('Identity', [input], [output])]);
    if (!isDropout(candidate) || opsetOf(copy, body) < DROPOUT_INPUTS_FROM) return undefined;
    return [{ ...candidate, inputs: candidate.inputs.slice(0, 1) }];
  });
}

/** Switches the variants that have a switch of their own on or off. */
export function switchTemplates(copy: ModelCopy, dropouts: readonly { readonly nodes: readonly NodeRecord[]; readonly trainingMode?: string }[], on: boolean): void {
  const switches = new Map<NodeRecord, string>();
  for (const { nodes, trainingMode } of dropouts) if (trainingMode !== undefined) for (const node of nodes) if (node.inputs.includes(trainingMode)) switches.set(node, trainingMode);
  if (switches.size === 0) return;
  replaceOperators(copy, (candidate) => {
    const name = candidate.node && switches.get(candidate.node);
    if (name === undefined) return undefined;
    const value = `__droplint/switch/${candidate.outputs[0]}`;
    return [
      operator('Constant', [], [value], [{ name: 'value', tensor: encodeTensor('', 9, [], Uint8Array.of(on ? 1 : 0)) }]),
      { ...candidate, inputs: candidate.inputs.map((input) => (input === name ? value : input)) },
    ];
  });
}

/** What rate the dropouts of a same-mask copy have: their own, or ½, whose scale 2 is exact in every float type. */
export type MaskRate = 'half' | 'own';

/** Every Dropout live, with a mask that depends on its seed and the element's row-major index alone; those that are `inert` stay so under either rate. */
export function toTrainingForm(copy: ModelCopy, seeds: ReadonlyMap<NodeRecord, number>, rate: MaskRate, inert: ReadonlySet<NodeRecord>): void {
  replaceOperators(copy, (candidate, body) => {
    if (!isDropout(candidate) || !candidate.node || inert.has(candidate.node)) return undefined;
    const seed = seeds.get(candidate.node) ?? 0;
    const modern = opsetOf(copy, body) >= DROPOUT_INPUTS_FROM;
    const live = (input: string, output: string, mask: string, ratio: string): Operator[] =>
      modern ? liveDropout(input, output, mask, rate === 'own' ? ratio : undefined, seed) : maskedHalf(input, output, mask, opsetOf(copy, body), seed);
    if (isFusedDropout(candidate)) {
      const ratio = candidate.inputs[candidate.opType === 'BitmaskDropout' ? 1 : 3] ?? '';
      return unfuse(candidate, body, (input, output) => live(input, output, '', ratio));
    }
    return live(candidate.inputs[0] ?? '', candidate.outputs[0] ?? '', candidate.outputs[1] ?? '', candidate.inputs[1] ?? '');
  });
}

/** Every Dropout live at its own rate, as onnxruntime's kernel draws it. For opset 12 and later. */
export function toRealKernel(copy: ModelCopy): void {
  const training = '__droplint/training';
  // Subgraphs see the graph's values, functions do not.
  const within = new Set<BodyCopy>();
  replaceOperators(copy, (candidate, body) => {
    if (!isDropout(candidate)) return undefined;
    within.add((copy.functions as readonly BodyCopy[]).includes(body) ? body : copy.graph);
    if (!isFusedDropout(candidate)) return [{ ...candidate, inputs: [candidate.inputs[0] ?? '', candidate.inputs[1] ?? '', training] }];
    const ratio = candidate.inputs[candidate.opType === 'BitmaskDropout' ? 1 : 3] ?? '';
    return unfuse(candidate, body, (input, output) => [operator('Dropout', [input, ratio, training], [output])]);
  });
  for (const body of within) body.operators.unshift(operator('Constant', [], [training], [{ name: 'value', tensor: encodeTensor('', 9, [], Uint8Array.of(1)) }]));
}

/** The k-th of many seeds far apart: a Weyl sequence of the integers below 2³¹ (2²⁴ where the seed is a float). */
export function reseed(copy: ModelCopy, k: number): ModelCopy {
  replaceOperators(copy, (candidate) => {
    if (!isRandom(candidate) && !isDropout(candidate)) return undefined;
    const whole = Math.floor((((k + 1) * 0.6180339887498949) % 1) * 2 ** 31);
    const seed = isRandom(candidate) ? { name: 'seed', float: whole >>> 7 } : { name: 'seed', int: whole };
    return [{ ...candidate, attributes: [...candidate.attributes.filter(({ name }) => name !== 'seed'), seed] }];
  });
  return copy;
}

/** onnxruntime's own kernel. `ratio` undefined: one half; '': the operator's default, also one half. */
function liveDropout(input: string, output: string, mask: string, ratio: string | undefined, seed: number): Operator[] {
  const training = `__droplint/${seed}/training`;
  return [
    operator('Constant', [], [training], [{ name: 'value', tensor: encodeTensor('', 9, [], Uint8Array.of(1)) }]),
    operator('Dropout', [input, ratio ?? '', training], mask ? [output, mask] : [output], [{ name: 'seed', int: spread(seed) }]),
  ];
}

/** Before opset 12 onnxruntime's Dropout is the identity. 2·⌊u⌋·x with u uniform in [½, 1½) is a dropout of rate ½ in every float type. */
function maskedHalf(input: string, output: string, mask: string, opset: number, seed: number): Operator[] {
  const name = (part: string): string => `__droplint/${seed}/${part}`;
  const law: CopyAttribute[] = [{ name: 'low', float: 0.5 }, { name: 'high', float: 1.5 }, { name: 'seed', float: spread(seed) }];
  const operators = [
    operator('RandomUniformLike', [input], [name('noise')], law),
    operator('Floor', [name('noise')], [name('mask')]),
    operator('Mul', [input, name('mask')], [name('kept')]),
    operator('Add', [name('kept'), name('kept')], [output]),
  ];
  if (mask) operators.push(opset >= 10 ? operator('Cast', [name('mask')], [mask], [{ name: 'to', int: 9 }]) : operator('Identity', [name('mask')], [mask]));
  return operators;
}

/** BiasDropout and its kin as Add, dropout, Add. Left as it is when its mask is read: then it cannot be executed. */
function unfuse(candidate: Operator, body: BodyCopy, dropout: (input: string, output: string) => Operator[]): Operator[] | undefined {
  const [data = '', bias = '', residual = ''] = candidate.inputs;
  const [output = '', mask = ''] = candidate.outputs;
  if (mask && isRead(mask, body)) return undefined;
  if (candidate.opType === 'BitmaskDropout') return dropout(data, output);
  const name = (part: string): string => `__droplint/${output}/${part}`;
  const dropped = residual ? name('dropped') : output;
  const operators = bias ? [operator('Add', [data, bias], [name('biased')]), ...dropout(name('biased'), dropped)] : dropout(data, dropped);
  return residual ? [...operators, operator('Add', [dropped, residual], [output])] : operators;
}

/** Whether anything in the body, its subgraphs or its outputs reads a value. */
function isRead(value: string, body: BodyCopy): boolean {
  const outputs = 'outputs' in body.body ? (body.body.outputs as readonly (string | { name: string })[]) : [];
  if (outputs.some((output) => (typeof output === 'string' ? output : output.name) === value)) return true;
  const stack: BodyCopy[] = [body];
  for (let current = stack.pop(); current; current = stack.pop()) {
    for (const { inputs, attributes } of current.operators) {
      if (inputs.includes(value)) return true;
      for (const attribute of attributes) if ('graphs' in attribute) stack.push(...attribute.graphs);
    }
  }
  return false;
}

/** Whether a copy draws at all. */
export function drawsRandomly(copy: ModelCopy): boolean {
  return [...bodiesOf(copy)].some((body) => body.operators.some((candidate) => isRandom(candidate) || isDropout(candidate)));
}
