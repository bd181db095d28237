/** Dropout that exporters spell out in random operators: a draw, a threshold, a scale, a product. */
import { alphaBehind } from './alpha-dropouts.js';
import { channelAxisOf } from './channel-axis.js';
import { fillOf } from './constants.js';
import type { NodeRecord } from '../wire/records.js';
import { asWritten } from './dropout-facts.js';
import type { DropoutFacts } from './dropout-facts.js';
import { enlarges, unitOf } from './mask-units.js';
import { inOrder, isClosed, otherOperand, producerOf, scalar, soleReader } from './patterns.js';
import type { Pattern } from './patterns.js';
import type { Unit } from './recurrent-dropouts.js';
import { floatAttribute, isStandard, takesFromCall } from './tensors.js';
import type { Body } from './tensors.js';

interface Random {
  /** Probability of keeping; `undefined` when it comes from the run time. */
  readonly keep: number | undefined;
  /** The value that gives it, or that gives the rate. */
  readonly keepName: string | undefined;
  readonly rateName: string | undefined;
  /** The 0/1 mask, as numbers or as booleans. */
  readonly mask: string;
  readonly nodes: readonly NodeRecord[];
}

const THRESHOLDS: Readonly<Record<string, 'below' | 'above'>> = { Less: 'below', LessOrEqual: 'below', Greater: 'above', GreaterOrEqual: 'above' };

/** One number; what a function is called with may be one. */
function isScalar(body: Body, name: string): boolean {
  const { shape, isInput } = body.tensor(name);
  return shape ? shape.every((dim) => dim === 1) : isInput && body.record.kind === 'function';
}

/** u < keep, u ≥ p, ¬(u < p), ⌊keep + u⌋, or Bernoulli(keep). */
function drawOf(body: Body, random: NodeRecord): Random | undefined {
  const [u] = random.outputs;
  if (random.opType === 'Bernoulli') {
    const tensor = body.tensor(random.inputs[0]);
    const values = tensor.constant?.values(65_536);
    const fill = tensor.producer?.opType === 'ConstantOfShape' ? fillOf(tensor.producer, body.model).value : undefined;
    const keep = fill ?? (values && values.length > 0 && Array.from(values).every((value) => value === values[0]) ? values[0] : undefined);
    return keep === undefined ? undefined : { keep, keepName: undefined, rateName: undefined, mask: u, nodes: [random] };
  }
  const [low, high] = [floatAttribute(random, 'low') ?? 0, floatAttribute(random, 'high') ?? 1];
  const reader = soleReader(body, u);
  const threshold = reader && otherOperand(reader, u);
  if (!reader || !threshold || !isStandard(reader) || takesFromCall(random) || low !== 0 || high !== 1) return undefined;
  const value = scalar(body, threshold);
  // A threshold of its own for each element is no rate.
  if (value === undefined && !isScalar(body, threshold)) return undefined;
  const side = THRESHOLDS[reader.opType];
  if (side) {
    const below = (side === 'below') === (reader.inputs[0] === u);
    const keep = value === undefined ? undefined : below ? value : 1 - value;
    const not = soleReader(body, reader.outputs[0]);
    if (not?.opType === 'Not') return { keep: keep === undefined ? undefined : 1 - keep, keepName: below ? undefined : threshold, rateName: below ? threshold : undefined, mask: not.outputs[0], nodes: [random, reader, not] };
    return { keep, keepName: below ? threshold : undefined, rateName: below ? undefined : threshold, mask: reader.outputs[0], nodes: [random, reader] };
  }
  const floor = reader.opType === 'Add' ? soleReader(body, reader.outputs[0]) : undefined;
  return floor?.opType === 'Floor' ? { keep: value, keepName: threshold, rateName: undefined, mask: floor.outputs[0], nodes: [random, reader, floor] } : undefined;
}

/** 1 − rate, computed in the graph. */
function isComplement(body: Body, name: string, rate: string | undefined): boolean {
  const node = producerOf(body, name);
  return rate !== undefined && node?.opType === 'Sub' && node.inputs[1] === rate && scalar(body, node.inputs[0]) === 1;
}

/** A multiplication by 1/keep (or division by keep) of `name`; anything else is no scale. */
function scaleOf(body: Body, node: NodeRecord | undefined, name: string, draw: Random): boolean {
  const operand = node && otherOperand(node, name);
  if (!node || !operand || !isStandard(node)) return false;
  const value = scalar(body, operand);
  if (node.opType === 'Div' && node.inputs[0] === name) return operand === draw.keepName || isComplement(body, operand, draw.rateName) || (value !== undefined && draw.keep !== undefined && Math.abs(value - draw.keep) < 1e-3);
  return node.opType === 'Mul' && value !== undefined && draw.keep !== undefined && Math.abs(value * draw.keep - 1) < 1e-3;
}

/** random → threshold → Cast → (scale) → Mul(x) → (scale) */
export function ofRandom(body: Body, random: NodeRecord): Pattern<DropoutFacts> | undefined {
  let draw = drawOf(body, random);
  if (!draw) return undefined;
  const nodes = new Set(draw.nodes);
  let mask = draw.mask;
  let inverted = false;
  for (let reader = soleReader(body, mask); reader && !nodes.has(reader); reader = soleReader(body, mask)) {
    if (reader.opType === 'Cast' && isStandard(reader)) nodes.add(reader);
    else if (!inverted && scaleOf(body, reader, mask, draw)) {
      inverted = true;
      nodes.add(reader);
    } else break;
    [mask] = reader.outputs;
  }
  const alpha = draw.keep === undefined || inverted ? undefined : alphaBehind(body, mask, draw.keep);
  if (alpha) return spelledOutDropout(body, random, draw, { ...alpha, nodes: new Set([...nodes, ...alpha.nodes]), law: 'alpha', inverted: true });
  const apply = soleReader(body, mask);
  const applied = apply && appliedTo(body, apply, mask);
  if (!apply || !applied) return undefined;
  let { data } = applied;
  // The mask says what to drop.
  if (applied.drops) draw = { keep: draw.keep === undefined ? undefined : 1 - draw.keep, keepName: draw.rateName, rateName: draw.keepName, mask, nodes: draw.nodes };
  nodes.add(apply);
  let [output] = apply.outputs;
  const after = soleReader(body, output);
  if (!inverted && after && scaleOf(body, after, output, draw)) {
    inverted = true;
    nodes.add(after);
    [output] = after.outputs;
  }
  // TensorFlow scales what it drops, not the mask.
  const before = producerOf(body, data);
  const scaled = !inverted && before && body.tensor(data).readers.every((reader) => nodes.has(reader)) ? otherLive(body, before) : undefined;
  if (before && scaled && scaleOf(body, before, scaled, draw)) {
    inverted = true;
    nodes.add(before);
    data = scaled;
  }
  return spelledOutDropout(body, random, draw, { nodes, input: data, output, apply, law: 'bernoulli', inverted });
}

interface SpelledOut {
  readonly nodes: ReadonlySet<NodeRecord>;
  readonly input: string;
  readonly output: string;
  readonly apply: NodeRecord;
  readonly law: 'bernoulli' | 'alpha';
  readonly inverted: boolean;
}

function spelledOutDropout(body: Body, random: NodeRecord, draw: Random, { nodes, input: data, output, apply, law, inverted }: SpelledOut): Pattern<DropoutFacts> | undefined {
  if (!isClosed(body, nodes, output)) return undefined;
  const tensor = body.tensor(data);
  const maskShape = body.tensor(random.outputs[0]).shape;
  const likeData = random.opType === 'RandomUniformLike' && random.inputs[0] === data;
  if (enlarges(maskShape, tensor.shape)) return undefined;
  const own: Unit = tensor.constant ? { unit: 'weight', channelAxis: 1 } : likeData ? { unit: 'element', channelAxis: channelAxisOf(body, data) } : unitOf(body, data, maskShape, output);
  const seed = floatAttribute(random, 'seed');
  return {
    nodes: inOrder(body, nodes),
    input: data,
    output,
    facts: {
      form: 'decomposed', law, followsData: likeData, rate: draw.keep === undefined ? undefined : asWritten(1 - draw.keep), rateName: undefined, rateIsConstant: draw.keep !== undefined,
      state: 'live', ...own, inverted, seed, mask: undefined, main: apply, fused: undefined,
    },
  };
}

/** The live operand of a product by a constant. */
const otherLive = (body: Body, { inputs }: NodeRecord): string | undefined => inputs.find((name) => name !== '' && !body.tensor(name).constant);

/** Mul(x, mask), Where(mask, x, 0) or, with a mask of what to drop, Where(mask, 0, x): the name of x. */
function appliedTo(body: Body, node: NodeRecord, mask: string): { readonly data: string; readonly drops: boolean } | undefined {
  if (!isStandard(node)) return undefined;
  if (node.opType === 'Mul') {
    const data = otherOperand(node, mask);
    return data && data !== mask ? { data, drops: false } : undefined;
  }
  if (node.opType !== 'Where' || node.inputs[0] !== mask) return undefined;
  const [, chosen, other] = node.inputs;
  if (isZero(body, other)) return { data: chosen, drops: false };
  return isZero(body, chosen) ? { data: other, drops: true } : undefined;
}

/** 0, or a tensor of zeros that is computed from a shape. */
function isZero(body: Body, name: string): boolean {
  const producer = producerOf(body, name);
  return scalar(body, name) === 0 || (producer?.opType === 'ConstantOfShape' && fillOf(producer, body.model).value === 0);
}

export const RANDOM = new Set(['RandomUniform', 'RandomUniformLike', 'Bernoulli']);
export const isRandomOperator = (node: NodeRecord): boolean => isStandard(node) && (RANDOM.has(node.opType) || ['RandomNormal', 'RandomNormalLike', 'Multinomial'].includes(node.opType));
