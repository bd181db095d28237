/** Dropout in every form that a graph can spell it: the operators of all opsets, and random operators that add up to one. */
import type { Dimension, DropoutState, DropoutUnit } from '../../../graph/layers.js';
import { fillOf } from './constants.js';
import type { NodeRecord } from '../wire/records.js';
import { inOrder, isClosed, otherOperand, producerOf, scalar, soleReader } from './patterns.js';
import type { Pattern } from './patterns.js';
import { floatAttribute, intAttribute, isStandard, takesFromCall } from './tensors.js';
import type { Body } from './tensors.js';

export interface DropoutFacts {
  readonly form: 'operator' | 'decomposed';
  readonly rate: number | undefined;
  readonly rateName: string | undefined;
  readonly rateIsConstant: boolean;
  readonly state: DropoutState;
  readonly unit: DropoutUnit;
  readonly channelAxis: 1 | -1;
  readonly inverted: boolean;
  readonly seed: number | undefined;
  /** Name of the mask output, when something reads it. */
  readonly mask: string | undefined;
  /** Its mask takes the shape of whatever it drops. */
  readonly followsData: boolean;
  /** The Dropout operator, or the node that applies the mask. */
  readonly main: NodeRecord;
  /** A bias and a residual that a fused operator adds. */
  readonly fused: { readonly bias: string | undefined; readonly residual: string | undefined } | undefined;
}

const MICROSOFT = 'com.microsoft';
const FUSED = new Set(['BiasDropout', 'BitmaskBiasDropout']);

export const isDropoutOperator = (node: NodeRecord): boolean =>
  (node.opType === 'Dropout' && isStandard(node)) || (node.domain === MICROSOFT && (FUSED.has(node.opType) || node.opType === 'BitmaskDropout'));

/** Names of the operands that give rate and mode. */
export function dropoutOperands(node: { readonly opType: string; readonly inputs: readonly string[] }): { readonly ratio: string | undefined; readonly trainingMode: string | undefined } {
  const at = FUSED.has(node.opType) ? 3 : 1;
  return { ratio: node.inputs[at] || undefined, trainingMode: node.inputs[at + 1] || undefined };
}

const STEP_LIMIT = 64;

/**
 * Whether the run time gives a value: it is an input of the model, with a default or without, perhaps through Identity
 * or Cast, perhaps seen from a nested graph. Below IR version 4 every initializer is listed as an input and none is fed.
 */
export function feedOf(body: Body, name: string): 'input' | 'default' | undefined {
  let at: Body | undefined = body;
  let value = name;
  for (let steps = 0; at && steps < STEP_LIMIT; steps += 1) {
    const tensor = at.tensors.get(value);
    const producer = tensor?.producer;
    if (producer && (producer.opType === 'Identity' || producer.opType === 'Cast') && isStandard(producer)) value = producer.inputs[0];
    else if (producer) return undefined;
    else if (tensor?.isInput) return at.parent || at.record.kind === 'function' ? undefined : !tensor.constant ? 'input' : at.model.irVersion >= 4 ? 'default' : undefined;
    else if (tensor && !tensor.outer) return undefined;
    else at = at.parent;
  }
  return undefined;
}

/** float32 stores 0.2 as 0.20000000298: the shortest decimal that it stands for is what was meant. */
function asWritten(rate: number | undefined): number | undefined {
  if (rate === undefined || !Number.isFinite(rate)) return rate;
  const short = Number(rate.toPrecision(7));
  return Math.abs(short - rate) < 1e-7 ? short : rate;
}

function rateOf(body: Body, node: NodeRecord): Pick<DropoutFacts, 'rate' | 'rateName' | 'rateIsConstant'> {
  const { ratio } = dropoutOperands(node);
  if (isStandard(node) && body.opset < 12) {
    const reference = node.attributes.find((each) => each.name === 'ratio')?.refersTo;
    return { rate: reference ? undefined : (asWritten(floatAttribute(node, 'ratio')) ?? 0.5), rateName: undefined, rateIsConstant: !reference };
  }
  if (!ratio) return { rate: 0.5, rateName: undefined, rateIsConstant: true };
  const tensor = body.tensor(ratio);
  return { rate: asWritten(scalar(body, ratio)), rateName: ratio, rateIsConstant: tensor.constant !== undefined && feedOf(body, ratio) === undefined };
}

function stateOf(body: Body, node: NodeRecord): DropoutState {
  if (isStandard(node) && body.opset < 7) return takesFromCall(node, 'is_test') ? 'unspecified' : intAttribute(node, 'is_test') ? 'off' : 'live';
  if (isStandard(node) && body.opset < 12) return 'unspecified';
  const { trainingMode } = dropoutOperands(node);
  if (!trainingMode) return 'unspecified';
  const feed = feedOf(body, trainingMode);
  const value = scalar(body, trainingMode);
  if (value !== undefined) return value !== 0 ? 'live' : feed === 'default' ? 'unspecified' : 'off';
  return feed === 'input' ? 'live' : 'unspecified';
}

/** What one draw silences together, from the mask's shape held against the shape of what it multiplies. */
/** The result of a product by the mask has another shape than the data: no dropout does that. */
const enlarges = (mask: readonly Dimension[] | undefined, data: readonly Dimension[] | undefined): boolean =>
  mask !== undefined && data !== undefined && (mask.length > data.length || mask.some((dim, i) => dim !== 1 && dim !== undefined && data[i + data.length - mask.length] === 1));

export function unitOf(mask: readonly Dimension[] | undefined, data: readonly Dimension[] | undefined): { readonly unit: DropoutUnit; readonly channelAxis: 1 | -1 } {
  const is = (unit: DropoutUnit, channelAxis: 1 | -1 = 1) => ({ unit, channelAxis });
  if (!mask || !data || mask.length > data.length) return is('unknown');
  const full = [...new Array<Dimension>(data.length - mask.length).fill(1), ...mask];
  const shared = full.map((dim, i) => dim === 1 && data[i] !== 1);
  if (!shared.includes(true)) return is(full.every((dim, i) => dim !== undefined && dim === data[i]) ? 'element' : 'unknown');
  const own = full.flatMap((dim, i) => (dim !== 1 ? [i] : []));
  const last = data.length - 1;
  // One draw for a batch of one is a draw for its example.
  if ((own.length === 1 && own[0] === 0) || (own.length === 0 && data[0] === 1)) return is('sample');
  if (data.length === 3 && own.length === 2 && own[0] === 0 && own[1] === 2) return is('time');
  if (data.length >= 3 && own.every((axis) => axis <= 1) && own.includes(1)) return is('channel');
  if (data.length >= 4 && own.every((axis) => axis === 0 || axis === last) && own.includes(last)) return is('channel', -1);
  return is('unknown');
}

/** Before opset 7 an attribute said from which axis on the second operand stands. */
function alignedMask(body: Body, multiply: NodeRecord, mask: string, data: string): readonly Dimension[] | undefined {
  const [own, whole] = [body.tensor(mask).shape, body.tensor(data).shape];
  const axis = body.opset < 7 ? intAttribute(multiply, 'axis') : undefined;
  if (axis === undefined || !own || !whole || axis < 0 || axis > whole.length) return own;
  return [...new Array<Dimension>(axis).fill(1), ...own, ...new Array<Dimension>(Math.max(0, whole.length - axis - own.length)).fill(1)];
}

function isOnes(body: Body, name: string): boolean {
  const tensor = body.tensor(name);
  if (tensor.producer?.opType === 'ConstantOfShape') return fillOf(tensor.producer, body.model).value === 1;
  const values = tensor.constant?.values(65_536);
  return values !== undefined && values.length > 0 && Array.from(values).every((value) => value === 1);
}

function ofOperator(body: Body, node: NodeRecord): Pattern<DropoutFacts> {
  const [data] = node.inputs;
  const [output, mask] = node.outputs;
  const maskTensor = mask ? body.tensor(mask) : undefined;
  const facts = {
    form: 'operator' as const,
    followsData: true,
    ...rateOf(body, node),
    state: stateOf(body, node),
    inverted: true,
    seed: intAttribute(node, 'seed'),
    mask: maskTensor && (maskTensor.readers.length > 0 || maskTensor.isOutput || maskTensor.captured) ? mask : undefined,
    main: node,
    fused: FUSED.has(node.opType) && node.domain === MICROSOFT ? { bias: node.inputs[1] || undefined, residual: node.inputs[2] || undefined } : undefined,
  };
  const constant = body.tensor(data).constant !== undefined;
  const multiply = constant || producerOf(body, data)?.opType === 'ConstantOfShape' ? soleReader(body, output) : undefined;
  const live = multiply?.opType === 'Mul' && isStandard(multiply) ? otherOperand(multiply, output) : undefined;
  const maskShape = multiply && live ? alignedMask(body, multiply, data, live) : undefined;
  if (multiply && live && !body.tensor(live).constant && isOnes(body, data) && !enlarges(maskShape, body.tensor(live).shape)) {
    return { nodes: inOrder(body, [node, multiply]), input: live, output: multiply.outputs[0], facts: { ...facts, followsData: false, ...unitOf(maskShape, body.tensor(live).shape) } };
  }
  return { nodes: [node], input: data, output, facts: { unit: constant ? 'weight' : 'element', channelAxis: 1, ...facts } };
}

interface Draw {
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
function drawOf(body: Body, random: NodeRecord): Draw | undefined {
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
function scaleOf(body: Body, node: NodeRecord | undefined, name: string, draw: Draw): boolean {
  const operand = node && otherOperand(node, name);
  if (!node || !operand || !isStandard(node)) return false;
  const value = scalar(body, operand);
  if (node.opType === 'Div' && node.inputs[0] === name) return operand === draw.keepName || isComplement(body, operand, draw.rateName) || (value !== undefined && draw.keep !== undefined && Math.abs(value - draw.keep) < 1e-3);
  return node.opType === 'Mul' && value !== undefined && draw.keep !== undefined && Math.abs(value * draw.keep - 1) < 1e-3;
}

/** random → threshold → Cast → (scale) → Mul(x) → (scale) */
function ofRandom(body: Body, random: NodeRecord): Pattern<DropoutFacts> | undefined {
  let draw = drawOf(body, random);
  if (!draw) return undefined;
  const nodes = new Set(draw.nodes);
  let mask = draw.mask;
  let inverted = false;
  const maskShape = body.tensor(random.outputs[0]).shape;
  for (let reader = soleReader(body, mask); reader && !nodes.has(reader); reader = soleReader(body, mask)) {
    if (reader.opType === 'Cast' && isStandard(reader)) nodes.add(reader);
    else if (!inverted && scaleOf(body, reader, mask, draw)) {
      inverted = true;
      nodes.add(reader);
    } else break;
    [mask] = reader.outputs;
  }
  const apply = soleReader(body, mask);
  const applied = apply && appliedTo(body, apply, mask);
  if (!apply || !applied) return undefined;
  let { data } = applied;
  // The mask says what to drop.
  if (applied.drops) draw = { keep: draw.keep === undefined ? undefined : 1 - draw.keep, keepName: draw.rateName, rateName: draw.keepName, mask, nodes: draw.nodes };
  nodes.add(apply);
  let [output] = apply.outputs;
  const likeData = random.opType === 'RandomUniformLike' && random.inputs[0] === data;
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
  if (!isClosed(body, nodes, output)) return undefined;
  const tensor = body.tensor(data);
  if (enlarges(maskShape, tensor.shape)) return undefined;
  const { unit, channelAxis } = tensor.constant ? { unit: 'weight' as const, channelAxis: 1 as const } : likeData ? { unit: 'element' as const, channelAxis: 1 as const } : unitOf(maskShape, tensor.shape);
  const seed = floatAttribute(random, 'seed');
  return {
    nodes: inOrder(body, nodes),
    input: data,
    output,
    facts: {
      form: 'decomposed', followsData: likeData, rate: draw.keep === undefined ? undefined : asWritten(1 - draw.keep), rateName: undefined, rateIsConstant: draw.keep !== undefined,
      state: 'live', unit, channelAxis, inverted, seed, mask: undefined, main: apply, fused: undefined,
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

const RANDOM = new Set(['RandomUniform', 'RandomUniformLike', 'Bernoulli']);
export const isRandomOperator = (node: NodeRecord): boolean => isStandard(node) && (RANDOM.has(node.opType) || ['RandomNormal', 'RandomNormalLike', 'Multinomial'].includes(node.opType));

/** Every dropout of a body, in its order. */
export function findDropouts(body: Body): readonly Pattern<DropoutFacts>[] {
  const found: Pattern<DropoutFacts>[] = [];
  for (const node of body.order.nodes) {
    if (isDropoutOperator(node) && node.inputs[0] && node.outputs[0]) found.push(ofOperator(body, node));
    else if (isStandard(node) && RANDOM.has(node.opType)) {
      const pattern = ofRandom(body, node);
      if (pattern) found.push(pattern);
    }
  }
  return found;
}
