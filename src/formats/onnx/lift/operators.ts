/** Operators → layers: what kind of layer one node (with the bias that follows it) is. */
import type { ActivationFunction, Constant, Dimension, Layer, MergeLayer, NormalizationLayer, PoolingLayer } from '../../../graph/layers.js';
import type { NodeRecord } from '../wire/records.js';
import { isFloat } from '../data-types.js';
import { isFloating } from './constants.js';
import type { OnnxConstant } from './constants.js';
import { scalar } from './patterns.js';
import { floatAttribute, intAttribute, intsAttribute, stringAttribute, takesFromCall } from './tensors.js';
import type { Body, Tensor } from './tensors.js';

type OmitEach<L, K extends PropertyKey> = L extends unknown ? Omit<L, K> : never;
/** A layer without its place in a graph. */
export type LayerFacts = OmitEach<Layer, 'key' | 'type' | 'inputs' | 'outputs' | 'origin' | 'graph' | 'configuration'>;

export interface Operands {
  readonly body: Body;
  readonly node: NodeRecord;
  /** Operands that carry data. */
  readonly live: readonly Tensor[];
  /** The bias that an Add behind the node gives it. */
  readonly bias: OnnxConstant | undefined;
  constant(k: number): OnnxConstant | undefined;
  /** The weight operand comes from a dropout over a weight (DropConnect). */
  isDroppedWeight(k: number): boolean;
}

const count = (constant: Constant | undefined): number | undefined => (constant ? constant.count : 0);
const sum = (...counts: readonly (number | undefined)[]): number | undefined => counts.reduce((a, b) => (a === undefined || b === undefined ? undefined : a + b), 0);
const opaque = (role?: 'random' | 'loss' | 'control-flow' | 'call', parameters: number | undefined = 0): LayerFacts => ({ kind: 'opaque', parameters, role });
const activation = (name: ActivationFunction, parameters: number | undefined = 0): LayerFacts => ({ kind: 'activation', function: name, parameters });

/** All constants of an operator that nothing here knows. */
export const constantParameters = (x: Operands): number | undefined =>
  sum(...x.node.inputs.map((_, k) => { const constant = x.constant(k); return constant && isFloating(constant) ? constant.count : 0; }));

function linear(x: Operands, weightAt: number, unitsAxis: 'first' | 'last', bias: OnnxConstant | undefined): LayerFacts {
  const weight = x.constant(weightAt);
  const shape = weight?.shape ?? x.body.tensor(x.node.inputs[weightAt]).shape;
  // A vector as a weight gives one number.
  const units = takesFromCall(x.node) ? undefined : shape?.length === 1 ? 1 : shape?.at(unitsAxis === 'first' ? 0 : -1);
  const parameters = sum(weight ? weight.count : sizeOf(x.body.tensor(x.node.inputs[weightAt])), count(bias));
  return { kind: 'linear', units: typeof units === 'number' ? units : undefined, weight, ...(takesFromCall(x.node) ? {} : { unitsAxis }), weightFactors: weight?.factors, bias, hasBias: bias !== undefined, parameters };
}

function sizeOf(tensor: Tensor): number | undefined {
  return tensor.shape?.reduce<number | undefined>((total, dim) => (total === undefined || typeof dim !== 'number' ? undefined : total * dim), 1);
}

const isWeight = (x: Operands, k: number) => x.constant(k) !== undefined || x.isDroppedWeight(k);

function gemm(x: Operands): LayerFacts {
  if (isWeight(x, 1) && x.live.length === 1) return linear(x, 1, intAttribute(x.node, 'transB') ? 'first' : 'last', x.constant(2) ?? x.bias);
  if (isWeight(x, 0) && x.live.length === 1) return linear(x, 0, intAttribute(x.node, 'transA') ? 'last' : 'first', x.constant(2) ?? x.bias);
  return merge('matmul');
}

function matmul(x: Operands): LayerFacts {
  const second = x.node.opType === 'QLinearMatMul' ? 3 : 1;
  if (isWeight(x, second) && !isWeight(x, 0)) return linear(x, second, 'last', x.bias);
  if (isWeight(x, 0)) return linear(x, 0, 'first', x.bias);
  return merge('matmul');
}

function convolution(x: Operands, transposed: boolean): LayerFacts {
  const weightAt = x.node.opType === 'QLinearConv' ? 3 : 1;
  const weight = x.constant(weightAt);
  const shape = weight?.shape ?? x.body.tensor(x.node.inputs[weightAt] ?? '').shape;
  const group = intAttribute(x.node, 'group') ?? 1;
  const filters = transposed ? (typeof shape?.[1] === 'number' ? shape[1] * group : undefined) : shape?.[0];
  const inputs = transposed ? shape?.[0] : typeof shape?.[1] === 'number' ? shape[1] * group : undefined;
  const bias = x.constant(x.node.opType === 'QLinearConv' ? 8 : 2) ?? x.bias;
  const rank = shape?.length ?? x.live[0]?.shape?.length;
  return {
    kind: 'convolution', transposed, weight, weightFactors: weight?.factors, bias, hasBias: bias !== undefined,
    spatialRank: rank === undefined ? undefined : rank - 2,
    filters: typeof filters === 'number' ? filters : undefined,
    depthwise: group > 1 && group === inputs,
    parameters: sum(weight ? weight.count : sizeOf(x.body.tensor(x.node.inputs[weightAt] ?? '')), count(bias)),
  };
}

function recurrent(x: Operands, cell: 'lstm' | 'gru' | 'rnn'): LayerFacts {
  return { kind: 'recurrent', cell, units: intAttribute(x.node, 'hidden_size'), returnSequences: undefined, parameters: sum(...[1, 2, 3].map((k) => (x.isDroppedWeight(k) ? sizeOf(x.body.tensor(x.node.inputs[k])) : count(x.constant(k))))) };
}

function batchNorm(x: Operands): LayerFacts {
  const [scale, shift, mean, variance] = [1, 2, 3, 4].map((k) => x.constant(k));
  const { opset } = x.body;
  // Before opset 14 the form with five outputs is the training one; opset 6 and 1 say is_test.
  const training = takesFromCall(x.node, 'training_mode', 'is_test') ? undefined : opset >= 14 ? intAttribute(x.node, 'training_mode') === 1 : opset < 7 ? !intAttribute(x.node, 'is_test') : x.node.outputs.filter((name) => name !== '').length > 1;
  return { kind: 'normalization', of: 'batch', training, scale, shift, mean, variance, parameters: sum(count(scale), count(shift)) };
}

const normalization = (of: NormalizationLayer['of']) => (x: Operands): LayerFacts => ({ kind: 'normalization', of, training: undefined, parameters: constantParameters(x) });
const pooling = (of: PoolingLayer['of'], global: boolean) => (): LayerFacts => ({ kind: 'pooling', of, global, parameters: 0 });
const merge = (of: MergeLayer['of']): LayerFacts => ({ kind: 'merge', of, parameters: 0 });

/** ReduceMean and ReduceMax over every spatial axis of feature maps are global pooling; other reductions are unknown here. */
function reduction(x: Operands, of: PoolingLayer['of']): LayerFacts {
  const data = x.live[0]?.shape;
  const axes = intsAttribute(x.node, 'axes') ?? x.body.tensor(x.node.inputs[1] ?? '').ints;
  if (!data || data.length < 3 || !axes || takesFromCall(x.node)) return opaque();
  const reduced = new Set(axes.map((axis) => (typeof axis === 'number' ? (axis < 0 ? axis + data.length : axis) : -1)));
  const channelsFirst = data.every((_, i) => reduced.has(i) === i >= 2);
  const channelsLast = data.every((_, i) => reduced.has(i) === (i >= 1 && i < data.length - 1));
  return channelsFirst || channelsLast ? { kind: 'pooling', of, global: true, parameters: 0 } : opaque();
}

function reshape(order: 'row-major' | 'permuting', repeats?: (x: Operands) => boolean) {
  return (x: Operands): LayerFacts => {
    const [from, to] = [x.live[0]?.shape?.length, x.body.tensor(x.node.outputs[0]).shape?.length];
    const flattens = x.node.opType === 'Flatten' || (order === 'row-major' && to === 2 && from !== undefined && from > 2);
    return x.live.length === 1 ? { kind: 'reshape', order, flattens, parameters: 0, ...(repeats?.(x) && { repeats: true }) } : opaque();
  };
}

/** Zeros around the data keep every element once; edges and reflections repeat some. */
function padRepeats(x: Operands): boolean {
  const value = floatAttribute(x.node, 'value') ?? (x.node.inputs[2] ? scalar(x.body, x.node.inputs[2]) : 0);
  return takesFromCall(x.node) || (stringAttribute(x.node, 'mode') ?? 'constant') !== 'constant' || value !== 0;
}

function indicesRepeat(x: Operands): boolean {
  const indices = x.constant(1)?.values(4096);
  return !indices || new Set(Array.from(indices)).size < indices.length;
}

function cast(x: Operands): LayerFacts {
  const [from, to] = [x.live[0]?.dataType, x.node.opType === 'CastLike' ? x.body.tensor(x.node.inputs[1] ?? '').dataType : intAttribute(x.node, 'to')];
  return isFloat(from) !== false && isFloat(to) && x.live.length === 1 ? reshape('row-major')(x) : opaque();
}

function gather(x: Operands): LayerFacts {
  const table = x.constant(0);
  if (takesFromCall(x.node)) return opaque(undefined, constantParameters(x));
  if (table?.shape?.length === 2 && (intAttribute(x.node, 'axis') ?? 0) === 0 && x.live.length === 1) {
    return { kind: 'embedding', rows: table.shape[0], units: table.shape[1], parameters: table.count };
  }
  return x.constant(1) && x.live.length === 1 ? reshape('permuting', indicesRepeat)(x) : opaque(undefined, constantParameters(x));
}

function clip(x: Operands): LayerFacts {
  if (takesFromCall(x.node)) return activation('clip');
  const low = floatAttribute(x.node, 'min') ?? scalar(x.body, x.node.inputs[1]);
  const high = floatAttribute(x.node, 'max') ?? scalar(x.body, x.node.inputs[2]);
  const openAbove = !x.node.inputs[2] && floatAttribute(x.node, 'max') === undefined;
  if (low === 0 && (openAbove || (high !== undefined && high >= 3e38))) return activation('relu');
  return activation(low === 0 && high === 6 ? 'relu6' : 'clip');
}

/** The product with a constant of these dims has the shape of the data. */
function fits(constant: readonly Dimension[] | undefined, data: readonly Dimension[] | undefined): boolean {
  return constant !== undefined && data !== undefined && constant.length <= data.length
    && constant.every((dim, i) => dim === 1 || (dim !== undefined && dim === data[i + data.length - constant.length]));
}

/** Arithmetic: a merge of live operands; with one constant a scale (which dropout commutes with) or a shift. */
function arithmetic(of: MergeLayer['of'], scales: boolean) {
  return (x: Operands): LayerFacts => {
    if (x.live.length > 1) return merge(of);
    const [data] = x.live;
    const parameters = constantParameters(x);
    const divides = x.node.opType === 'Div' && x.constant(0) !== undefined;
    const scalarOperand = x.node.inputs.some((name) => scalar(x.body, name) !== undefined);
    const factor = scales ? (x.constant(0) ?? x.constant(1)) : undefined;
    if (of === 'maximum' && x.node.inputs.length === 2 && x.node.inputs.some((name) => scalar(x.body, name) === 0)) return activation('relu');
    // Before opset 7 the second operand is stretched to the first, never the other way.
    const isScale = scales && !divides && (scalarOperand || x.body.opset < 7 || x.node.inputs.every((name) => name === data?.name || fits(x.body.tensor(name).shape, data?.shape)));
    return { kind: 'activation', function: isScale ? 'scale' : 'other', factor, divides: x.node.opType === 'Div', parameters: scalarOperand ? 0 : parameters };
  };
}

const LOSSES = new Set(['SoftmaxCrossEntropyLoss', 'NegativeLogLikelihoodLoss', 'SoftmaxCrossEntropy', 'SparseSoftmaxCrossEntropy', 'SoftmaxCrossEntropyLossInternal']);
const STANDARD: Readonly<Record<string, (x: Operands) => LayerFacts>> = {
  Gemm: gemm, MatMul: matmul, MatMulInteger: matmul, QLinearMatMul: matmul,
  Conv: (x) => convolution(x, false), ConvInteger: (x) => convolution(x, false), QLinearConv: (x) => convolution(x, false), ConvTranspose: (x) => convolution(x, true),
  LSTM: (x) => recurrent(x, 'lstm'), GRU: (x) => recurrent(x, 'gru'), RNN: (x) => recurrent(x, 'rnn'), Gather: gather,
  BatchNormalization: batchNorm, LayerNormalization: normalization('layer'), InstanceNormalization: normalization('instance'), GroupNormalization: normalization('group'),
  RMSNormalization: normalization('rms'), SimplifiedLayerNormalization: normalization('rms'), LRN: normalization('lrn'), LpNormalization: normalization('lp'), MeanVarianceNormalization: normalization('mean-variance'),
  MaxPool: pooling('max', false), AveragePool: pooling('average', false), LpPool: pooling('lp', false), GlobalAveragePool: pooling('average', true), GlobalMaxPool: pooling('max', true), GlobalLpPool: pooling('lp', true),
  // Resampling acts on each channel by itself, as pooling does.
  Resize: pooling('average', false), Upsample: pooling('average', false),
  ReduceMean: (x) => reduction(x, 'average'), ReduceMax: (x) => reduction(x, 'max'),
  Flatten: reshape('row-major'), Reshape: reshape('row-major'), Squeeze: reshape('row-major'), Unsqueeze: reshape('row-major'), Identity: reshape('row-major'), Cast: cast, CastLike: cast,
  Transpose: reshape('permuting'), Slice: reshape('permuting'), Split: reshape('permuting'), DepthToSpace: reshape('permuting'), SpaceToDepth: reshape('permuting'), Pad: reshape('permuting', padRepeats),
  Relu: () => activation('relu'), LeakyRelu: () => activation('leaky-relu'), PRelu: (x) => activation('prelu', constantParameters(x)), Abs: () => activation('abs'), Neg: () => activation('negate'),
  ThresholdedRelu: () => activation('thresholded-relu'), HardSwish: () => activation('hard-swish'), Gelu: () => activation('gelu'), Mish: () => activation('mish'), Swish: () => activation('silu'),
  Elu: () => activation('elu'), Selu: () => activation('selu'), Celu: () => activation('celu'), Tanh: () => activation('tanh'), Softsign: () => activation('softsign'), Erf: () => activation('erf'), Shrink: () => activation('shrink'),
  Sin: () => activation('sin'), Sigmoid: () => activation('sigmoid'), HardSigmoid: () => activation('hard-sigmoid'), Softplus: () => activation('softplus'), Exp: () => activation('exp'),
  Softmax: () => activation('softmax'), LogSoftmax: () => activation('log-softmax'), Hardmax: () => activation('hardmax'), Clip: clip,
  Add: arithmetic('add', false), Sum: arithmetic('add', false), Sub: arithmetic('subtract', false), Mul: arithmetic('multiply', true), Div: arithmetic('divide', true), Mean: arithmetic('average', false),
  Max: arithmetic('maximum', false), Min: arithmetic('minimum', false), Concat: () => merge('concat'),
  Sqrt: () => activation('other'), Log: () => activation('other'), Reciprocal: () => activation('other'), Pow: () => activation('other'), Cos: () => activation('other'), Sign: () => activation('other'), Floor: () => activation('other'), Ceil: () => activation('other'), Round: () => activation('other'),
  If: () => opaque('control-flow'), Loop: () => opaque('control-flow'), Scan: () => opaque('control-flow'),
};
const MICROSOFT: Readonly<Record<string, (x: Operands) => LayerFacts>> = {
  Gelu: () => activation('gelu'), FastGelu: () => activation('gelu'), QuickGelu: () => activation('gelu'), BiasGelu: () => activation('gelu'),
  FusedConv: () => opaque(), LayerNormalization: normalization('layer'), SimplifiedLayerNormalization: normalization('rms'),
};

/** What one node is. Operators that the table does not have are opaque, and so is anything with operands that do not fit. */
export function factsOf(x: Operands, isCall: boolean): LayerFacts {
  if (isCall) return opaque('call', constantParameters(x));
  if (LOSSES.has(x.node.opType)) return opaque('loss');
  const table = x.node.domain === '' ? STANDARD : x.node.domain === 'com.microsoft' ? MICROSOFT : undefined;
  const facts = table?.[x.node.opType]?.(x) ?? opaque(undefined, constantParameters(x));
  const unary = facts.kind === 'activation' || facts.kind === 'normalization' || facts.kind === 'pooling' || facts.kind === 'reshape';
  return unary && x.live.length !== 1 ? (facts.kind === 'activation' && x.node.opType === 'Pow' ? merge('other') : opaque(undefined, constantParameters(x))) : facts;
}

