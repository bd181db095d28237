/** Random models, random edits of the kinds that rules propose, and the claim that src/graph makes of each: is it true? */
import { Random } from '../../fixtures/builders/random.js';
import { readOnnxBytes } from '../../src/formats/onnx/document.js';
import type { OnnxDocument } from '../../src/formats/onnx/document.js';
import { classify as classifyEdits } from '../../src/graph/commutation.js';
import { configure, insert, move, remove, replace } from '../../src/graph/edits.js';
import type { Edit, FixClass } from '../../src/graph/edits.js';
import type { DropoutLayer, Layer } from '../../src/graph/layers.js';
import { prove } from '../../src/verify/index.js';
import type { Pool } from '../../src/verify/pool.js';
import { branching } from './mutations/sources.js';
import { toOnnx } from '../support/chain.js';
import type { OnnxOptions } from '../support/chain.js';

export interface Trial {
  readonly chain: string;
  readonly options: OnnxOptions;
  readonly edits: string;
  readonly claim: FixClass;
  /** `undefined` when the claim is proven. */
  readonly counterexample: string | undefined;
}

export type Classify = (edits: readonly Edit[]) => FixClass;

/** One trial for each seed; `undefined` where there is no dropout, the edit is refused, or nothing is claimed. */
export async function tryEdit(seed: number, pool: Pool, classify: Classify = classifyEdits): Promise<Trial | undefined> {
  const random = new Random(seed);
  const { chain, options, bytes } = randomModel(random);
  const before = readOnnxBytes(bytes);
  const edits = randomEdits(before, random);
  if (!edits) return undefined;
  const claim = classify(edits);
  if (claim === 'suggestion') return undefined;
  const { splices, refusals } = before.lower([edits]);
  if (refusals[0] !== undefined) return undefined;
  const after = before.withSplices(splices);
  const proof = await prove(before, after, claim, { pool });
  const counterexample = proof.verdict === 'proven' ? undefined : `${proof.verdict}: ${proof.reason}`;
  return { chain, options, edits: edits.map(describe).join(', '), claim, counterexample };
}

export const ACTIVATIONS = ['relu', 'leaky-relu', 'prelu', 'relu6', 'clip', 'elu', 'selu', 'gelu', 'silu', 'hard-swish', 'tanh', 'sigmoid', 'softplus', 'softsign'] as const;

const pick = <T>(random: Random, list: readonly T[]): T => list[Math.floor(random.next() * list.length)] as T;
const rate = (random: Random): string => pick(random, ['0.1', '0.25', '0.3', '0.5', '0.75', '0']);

interface RandomModel {
  readonly chain: string;
  readonly options: OnnxOptions;
  readonly bytes: Uint8Array;
}

/** One in eight has its dropouts in the branches of an If. */
function randomModel(random: Random): RandomModel {
  if (random.next() < 0.125) {
    const functions = ['Relu', 'Tanh', 'Sigmoid', 'LeakyRelu', 'Elu'] as const;
    const [opset, activations] = [pick(random, [11, 13, 16]), [pick(random, functions), pick(random, functions)] as const];
    return { chain: `if(${activations.join(' | ')})`, options: { opset }, bytes: branching(opset, activations, Number(rate(random))) };
  }
  return randomChain(random);
}

function randomChain(random: Random): RandomModel {
  const convolutional = random.next() < 0.5;
  const steps = Array.from({ length: 3 + Math.floor(random.next() * 6) }, () => (convolutional ? convolutionalStep(random) : denseStep(random)));
  const head = convolutional ? 'input(3,8,8) → conv2d(4)' : 'input(6) → linear(6)';
  const tail = convolutional ? 'global-avg-pool → flatten → linear(3)' : 'linear(3)';
  const opset = pick(random, [9, 11, 13, 15, 17, 18]);
  const options: OnnxOptions = {
    opset,
    ...(opset >= 12 && { form: pick(random, ['initializer', 'constant', 'input-default'] as const), state: pick(random, ['live', 'unspecified'] as const) }),
    ...(random.next() < 0.3 && { batch: 'symbolic' as const }),
    ...(random.next() < 0.3 && { naming: 'dynamo' as const }),
    ...(random.next() < 0.3 && { valueInfo: true }),
    ...(random.next() < 0.3 && { spatial: 'operator' as const }),
  };
  const chain = [head, ...steps, tail].join(' → ');
  return { chain, options, bytes: toOnnx(chain, options) };
}

const dropoutStep = (random: Random): string => `dropout(${rate(random)})`;

function denseStep(random: Random): string {
  const draw = random.next();
  if (draw < 0.35) return dropoutStep(random);
  if (draw < 0.6) return pick(random, ACTIVATIONS);
  if (draw < 0.7) return 'linear(6)';
  if (draw < 0.78) return pick(random, ['batch-norm', 'layer-norm']);
  if (draw < 0.84) return 'reshape(6)';
  if (draw < 0.9) return 'scale(0.5)';
  return `residual{ linear(6) → ${dropoutStep(random)} → ${pick(random, ACTIVATIONS)} }`;
}

function convolutionalStep(random: Random): string {
  const draw = random.next();
  if (draw < 0.3) return dropoutStep(random);
  if (draw < 0.4) return `spatial-dropout(${rate(random)})`;
  if (draw < 0.6) return pick(random, ACTIVATIONS.filter((each) => each !== 'prelu'));
  if (draw < 0.7) return 'conv2d(4)';
  if (draw < 0.8) return pick(random, ['batch-norm', 'instance-norm']);
  if (draw < 0.87) return pick(random, ['max-pool(2,stride=1)', 'avg-pool(2,stride=1)']);
  if (draw < 0.92) return 'transpose';
  return `residual{ conv2d(4) → ${dropoutStep(random)} → ${pick(random, ['relu', 'tanh'])} }`;
}

/** The next layers of a chain, each the only reader of the one before. */
function following(layer: Layer): Layer[] {
  const layers: Layer[] = [];
  for (let at: Layer | undefined = layer; at && layers.length < 4; ) {
    const [output]: Layer['outputs'] = at.outputs;
    at = output?.consumers.length === 1 && !output.isGraphOutput && at.outputs.length === 1 ? output.consumers[0] : undefined;
    if (at && at.kind !== 'merge') layers.push(at);
    else break;
  }
  return layers;
}

function preceding(layer: Layer): Layer[] {
  const layers: Layer[] = [];
  for (let at = layer.inputs[0]?.producer; at && layers.length < 3 && at.kind !== 'merge'; at = at.inputs[0]?.producer) layers.push(at);
  return layers;
}

function randomEdits(document: OnnxDocument, random: Random): readonly Edit[] | undefined {
  const graph = pick(random, document.models[0]!.variants[0]!.filter((each) => each.layersOf('dropout').length > 0));
  if (graph === undefined) return undefined;
  const dropouts = graph.layersOf('dropout');
  const dropout = pick(random, dropouts);
  const [behind, ahead] = [following(dropout), preceding(dropout)];
  const choices: (() => readonly Edit[])[] = [
    () => [remove(dropout)],
    () => [replace(dropout, { kind: 'dropout', rate: 0.25, unit: 'channel' })],
    () => [insert({ kind: 'dropout', rate: 0.4, unit: 'element' }).after(pick(random, graph.layers))],
    ...(behind.length > 0 ? [() => [move(dropout).after(pick(random, behind))], () => [move(dropout).after(behind[0]!)]] : []),
    ...(ahead.length > 0 ? [() => [move(dropout).before(pick(random, ahead))], () => [move(dropout).before(ahead[0]!)]] : []),
    ...(behind[0]?.kind === 'dropout' ? [() => merged(dropout, behind[0] as DropoutLayer)] : []),
  ];
  return pick(random, choices)();
}

function merged(first: DropoutLayer, second: DropoutLayer): readonly Edit[] {
  return [remove(first), configure(second, { rate: 1 - (1 - (first.rate ?? 0)) * (1 - (second.rate ?? 0)) })];
}

function describe(edit: Edit): string {
  switch (edit.type) {
    case 'move': return `move ${edit.layer.origin.name} ${edit.where} ${edit.target.origin.name}`;
    case 'insert': return `insert ${edit.where} ${edit.target.origin.name}`;
    case 'schedule': return `schedule ${edit.layers.map((layer) => layer.origin.name).join(', ')}`;
    default: return `${edit.type} ${edit.layer.origin.name}`;
  }
}
