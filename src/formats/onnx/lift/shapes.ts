/** Forward inference of element types, ranks and extents, as far as the rules need them. What is not known stays undefined. */
import type { Dimension } from '../../../graph/layers.js';
import { FUNCTION_DOMAIN } from '../../../variants/templates.js';
import { BOOL, FLOAT, INT64 } from '../data-types.js';
import type { NodeRecord } from '../wire/records.js';
import { fillOf } from './constants.js';
import { RANK_LIMIT, broadcast, ints, normalise, numbers, unknown } from './shape-operands.js';
import type { Operands, Rule, Shape } from './shape-operands.js';
import { intsOf } from './shape-values.js';
import { intAttribute, intsAttribute, stringAttribute, takesFromCall } from './tensors.js';
import type { Body } from './tensors.js';
import { convolution, globalPooling, pooling, quantizedConvolution, transposedConvolution } from './window-shapes.js';

const gemm: Rule = (x) => {
  const [a, b] = [x.shape(0), x.shape(1)];
  return [a?.[intAttribute(x.node, 'transA') ? 1 : 0], b?.[intAttribute(x.node, 'transB') ? 0 : 1]];
};

const matmul: Rule = (x) => {
  const [a, b] = [x.shape(0), x.shape(1)];
  if (!a || !b || a.length === 0 || b.length === 0) return undefined;
  if (a.length === 1 && b.length === 1) return [];
  const batch = broadcast(a.slice(0, -2), b.slice(0, -2)) ?? [];
  return [...batch, ...(a.length > 1 ? [a[a.length - 2]] : []), ...(b.length > 1 ? [b[b.length - 1]] : [])];
};

const reshape: Rule = (x) => {
  const target = ints(x, 1, 'shape');
  const data = x.shape(0);
  if (!target) {
    const rank = x.shape(1)?.[0];
    return isRank(rank) ? unknown(rank) : undefined;
  }
  const copied = target.map((dim, i) => (dim === 0 && !intAttribute(x.node, 'allowzero') ? data?.[i] : dim));
  const free = copied.indexOf(-1);
  if (free === -1) return copied;
  const remaining = data && quotient(data, copied.filter((_, i) => i !== free));
  return copied.map((dim, i) => (i === free ? remaining : dim));
};

/** The one extent that is left of a tensor's elements when `taken` are taken; symbols cancel against themselves. */
function quotient(data: Shape, taken: Shape): Dimension {
  const left = [...data];
  let divisor = 1;
  for (const dim of taken) {
    if (typeof dim === 'number') divisor *= dim;
    else if (dim === undefined || !left.includes(dim)) return undefined;
    else left.splice(left.indexOf(dim), 1);
  }
  if (left.includes(undefined)) return undefined;
  const symbols = left.filter((dim) => typeof dim === 'string');
  const count = left.reduce<number>((product, dim) => (typeof dim === 'number' ? product * dim : product), 1) / divisor;
  if (symbols.length === 0) return Number.isInteger(count) ? count : undefined;
  return symbols.length === 1 && count === 1 ? symbols[0] : undefined;
}

const isRank = (dim: Dimension): dim is number => typeof dim === 'number' && Number.isInteger(dim) && dim >= 0 && dim < RANK_LIMIT;

/** Of a shape that is computed at run time the number of its elements may be known. */
const rankOnly = (dim: Dimension): Shape | undefined => (isRank(dim) ? unknown(dim) : undefined);

const flatten: Rule = (x) => {
  const data = x.shape(0);
  const axis = normalise(intAttribute(x.node, 'axis') ?? 1, data?.length ?? 0);
  const product = (part: Shape | undefined) => (part?.length === 1 ? part[0] : numbers(part)?.reduce((a, b) => a * b, 1));
  return data ? [product(data.slice(0, axis)), product(data.slice(axis))] : unknown(2);
};

const transpose: Rule = (x) => {
  const data = x.shape(0);
  const perm = intsAttribute(x.node, 'perm') ?? data?.map((_, i) => data.length - 1 - i);
  return perm?.map((axis) => data?.[axis]);
};

const squeeze: Rule = (x) => {
  const data = x.shape(0);
  const axes = numbers(ints(x, 1, 'axes'));
  if (!data) return undefined;
  if (!axes) return x.node.inputs.length < 2 && data.every((dim) => typeof dim === 'number') ? data.filter((dim) => dim !== 1) : undefined;
  const gone = new Set(axes.map((axis) => normalise(axis, data.length)));
  return data.filter((_, i) => !gone.has(i));
};

const unsqueeze: Rule = (x) => {
  const data = x.shape(0);
  const axes = numbers(ints(x, 1, 'axes'));
  if (!data || !axes) return undefined;
  const rank = data.length + axes.length;
  const added = new Set(axes.map((axis) => normalise(axis, rank)));
  let taken = 0;
  return Array.from({ length: rank }, (_, i) => (added.has(i) ? 1 : data[taken++]));
};

const concat: Rule = (x) => {
  const shapes = x.node.inputs.map((_, k) => x.shape(k));
  const known = shapes.find((shape) => shape !== undefined);
  if (!known) return undefined;
  const axis = normalise(intAttribute(x.node, 'axis') ?? 1, known.length);
  return known.map((dim, i) => {
    if (i !== axis) return dim ?? shapes.find((shape) => shape?.[i] !== undefined)?.[i];
    const parts = shapes.map((shape) => shape?.[i]);
    return numbers(parts)?.reduce((a, b) => a + b, 0);
  });
};

const gather: Rule = (x) => {
  const [data, indices] = [x.shape(0), x.shape(1)];
  if (!data || !indices) return undefined;
  const axis = normalise(intAttribute(x.node, 'axis') ?? 0, data.length);
  return [...data.slice(0, axis), ...indices, ...data.slice(axis + 1)];
};

const reduce: Rule = (x) => {
  const data = x.shape(0);
  if (!data) return undefined;
  const given = numbers(ints(x, 1, 'axes'));
  const axes = given?.length === 0 ? undefined : given;
  const keep = (intAttribute(x.node, 'keepdims') ?? 1) !== 0;
  if (!axes) {
    if (x.in(1) && !given) return keep ? unknown(data.length) : undefined;
    if (intAttribute(x.node, 'noop_with_empty_axes')) return data;
    return keep ? data.map(() => 1) : [];
  }
  const gone = new Set(axes.map((axis) => normalise(axis, data.length)));
  return keep ? data.map((dim, i) => (gone.has(i) ? 1 : dim)) : data.filter((_, i) => !gone.has(i));
};

/** An end that exporters write for the end of the axis. */
const WHOLE = 2 ** 31 - 1;

const slice: Rule = (x) => {
  const data = x.shape(0);
  if (!data) return undefined;
  const [starts, ends, axes, steps] = [ints(x, 1, 'starts'), ints(x, 2, 'ends'), ints(x, 3, 'axes'), x.in(4)?.ints];
  const result = [...data];
  const positions = axes || x.in(3) ? numbers(axes) : starts?.map((_, i) => i);
  if (!positions) return unknown(data.length);
  positions.forEach((position, k) => {
    const axis = normalise(position, data.length);
    const [extent, start, end, step] = [data[axis], starts?.[k], ends?.[k], x.in(4) ? steps?.[k] : 1];
    // x[:] of an extent that is not known.
    if (start === 0 && typeof end === 'number' && end >= WHOLE && step === 1) return;
    if (typeof extent !== 'number' || typeof start !== 'number' || typeof end !== 'number' || step !== 1) {
      result[axis] = undefined;
      return;
    }
    const clamp = (index: number) => Math.min(Math.max(index < 0 ? index + extent : index, 0), extent);
    result[axis] = Math.max(0, clamp(end) - clamp(start));
  });
  return result;
};

const recurrent: Rule = (x) => {
  const [data, weight] = [x.shape(0), x.shape(2)];
  const hidden = intAttribute(x.node, 'hidden_size') ?? weight?.[2];
  const directions = weight?.[0] ?? (stringAttribute(x.node, 'direction') === 'bidirectional' ? 2 : 1);
  return intAttribute(x.node, 'layout') ? [data?.[0], data?.[1], directions, hidden] : [data?.[0], directions, data?.[1], hidden];
};

const expand: Rule = (x) => broadcast(x.shape(0), x.in(1)?.ints);

const pad: Rule = (x) => {
  const data = x.shape(0);
  const pads = ints(x, 1, 'pads');
  return data?.map((dim, i) => {
    const [before, after] = [pads?.[i], pads?.[i + data.length]];
    if (typeof before !== 'number' || typeof after !== 'number' || x.in(3)) return undefined;
    return before + after === 0 ? dim : typeof dim === 'number' ? dim + before + after : undefined;
  });
};

const resize: Rule = (x) => {
  const data = x.shape(0);
  const sizes = x.in(3)?.ints?.length === data?.length ? x.in(3)?.ints : undefined;
  const scales = x.node.opType === 'Upsample' ? (x.node.attributes.find((each) => each.name === 'scales')?.floats ?? x.in(1)?.constant?.values(8)) : (x.in(2)?.constant?.values(8) ?? x.in(1)?.constant?.values(8));
  return data?.map((dim, i) => sizes?.[i] ?? (typeof dim === 'number' && scales && scales.length === data.length ? Math.floor(dim * scales[i]) : i < 2 ? dim : undefined));
};

const depthToSpace: Rule = (x) => {
  const data = x.shape(0);
  const block = intAttribute(x.node, 'blocksize') ?? 1;
  const [down, up] = x.node.opType === 'DepthToSpace' ? [1 / (block * block), block] : [block * block, 1 / block];
  return data?.map((dim, i) => (i === 0 || typeof dim !== 'number' ? dim : i === 1 ? dim * down : dim * up));
};

const first: Rule = (x) => x.shape(0);
/** Before opset 7 the second operand is stretched to the first, from an axis on. */
const elementwise: Rule = (x) =>
  x.body.opset < 7 ? x.shape(0) : x.node.inputs.slice(1).reduce((shape, _, k) => broadcast(shape, x.shape(k + 1)), x.shape(0));
const shapeOfShape: Rule = (x) => [x.shape(0)?.length];

const RULES: Readonly<Record<string, Rule>> = {
  Conv: convolution, ConvInteger: convolution, QLinearConv: quantizedConvolution,
  ConvTranspose: transposedConvolution, MaxPool: pooling, AveragePool: pooling, LpPool: pooling,
  GlobalAveragePool: globalPooling, GlobalMaxPool: globalPooling, GlobalLpPool: globalPooling,
  Gemm: gemm, MatMul: matmul, MatMulInteger: matmul, Reshape: reshape, Flatten: flatten, Transpose: transpose, Squeeze: squeeze, Unsqueeze: unsqueeze, Concat: concat, Gather: gather,
  ReduceMean: reduce, ReduceMax: reduce, ReduceMin: reduce, ReduceSum: reduce, ReduceL2: reduce, ReduceL1: reduce, ReduceProd: reduce, ReduceSumSquare: reduce, ReduceLogSumExp: reduce,
  Slice: slice, LSTM: recurrent, GRU: recurrent, RNN: recurrent, Expand: expand, Pad: pad, Resize: resize, Upsample: resize, DepthToSpace: depthToSpace, SpaceToDepth: depthToSpace,
  ConstantOfShape: (x) => x.in(0)?.ints ?? rankOnly(x.shape(0)?.[0]),
  Shape: shapeOfShape, Where: elementwise, RandomUniformLike: first, RandomNormalLike: first, Bernoulli: first,
  RandomUniform: (x) => intsAttribute(x.node, 'shape'), RandomNormal: (x) => intsAttribute(x.node, 'shape'),
};

const FIRST = 'Relu LeakyRelu PRelu Elu Selu Celu Gelu Sigmoid HardSigmoid HardSwish Swish Tanh Softplus Softsign Mish Erf Clip ThresholdedRelu Shrink Softmax LogSoftmax Hardmax LogSigmoid BatchNormalization InstanceNormalization LayerNormalization GroupNormalization RMSNormalization SimplifiedLayerNormalization LRN LpNormalization MeanVarianceNormalization Dropout BiasDropout BitmaskDropout Identity Cast CastLike Neg Abs Sqrt Exp Log Reciprocal Floor Ceil Round Sign Sin Cos Not QuantizeLinear DequantizeLinear CumSum IsNaN IsInf BiasGelu FastGelu QuickGelu'.split(' ');
const ELEMENTWISE = 'Add Sub Mul Div Pow Mod Max Min Sum Mean And Or Xor Equal Less Greater LessOrEqual GreaterOrEqual'.split(' ');
const TABLE = new Map<string, Rule>([...Object.entries(RULES), ...FIRST.map((op) => [op, first] as const), ...ELEMENTWISE.map((op) => [op, elementwise] as const)]);

const COMPARISONS = new Set(['And', 'Or', 'Xor', 'Equal', 'Less', 'Greater', 'LessOrEqual', 'GreaterOrEqual', 'Not', 'IsNaN', 'IsInf']);

function typeOf(x: Operands): number | undefined {
  const { opType } = x.node;
  if (opType === 'Cast') return intAttribute(x.node, 'to');
  if (COMPARISONS.has(opType)) return BOOL;
  if (opType === 'Shape' || opType === 'Size' || opType === 'NonZero' || opType === 'ArgMax' || opType === 'ArgMin') return INT64;
  if (opType === 'ConstantOfShape') return fillOf(x.node, x.body.model).dataType;
  if (opType === 'Where') return x.in(1)?.dataType;
  if (opType === 'CastLike') return x.in(1)?.dataType;
  if (opType === 'RandomUniform' || opType === 'RandomNormal') return intAttribute(x.node, 'dtype') ?? FLOAT;
  if (opType === 'RandomUniformLike' || opType === 'RandomNormalLike' || opType === 'Bernoulli') return intAttribute(x.node, 'dtype') ?? x.in(0)?.dataType;
  if (opType === 'QuantizeLinear') return x.in(2)?.dataType;
  if (opType === 'DequantizeLinear') return x.in(1)?.dataType ?? FLOAT;
  return TABLE.has(opType) || x.node.domain === FUNCTION_DOMAIN ? x.in(0)?.dataType : undefined;
}

/** Fills in what is known of a node's results; results whose facts are known already keep them. */
export function inferShapes(body: Body, node: NodeRecord): void {
  // The functions of droplint's own domain are dropouts.
  const rule = node.domain === '' || node.domain === 'com.microsoft' ? TABLE.get(node.opType) : node.domain === FUNCTION_DOMAIN ? first : undefined;
  if (node.domain === '' && node.opType === 'Split') return inferSplit(body, node);
  if (!rule || (takesFromCall(node) && rule !== first && rule !== elementwise)) return;
  const operands: Operands = {
    node,
    body,
    in: (k) => (node.inputs[k] ? body.tensor(node.inputs[k]) : undefined),
    shape: (k) => (node.inputs[k] ? body.tensor(node.inputs[k]).shape : undefined),
  };
  if (RECURRENT.has(node.opType)) inferState(operands);
  const [output, mask] = node.outputs;
  if (mask && node.opType === 'Dropout') {
    const tensor = body.tensor(mask);
    tensor.shape ??= operands.shape(0);
    tensor.dataType ??= body.opset >= 10 ? BOOL : operands.in(0)?.dataType;
  }
  if (!output) return;
  const result = body.tensor(output);
  result.shape ??= rule(operands);
  result.dataType ??= typeOf(operands);
  result.ints ??= intsOf(operands);
}

const RECURRENT = new Set(['LSTM', 'GRU', 'RNN']);

/** The last hidden state, and the last cell state of an LSTM: [directions, batch, units]. */
function inferState(x: Operands): void {
  const all = recurrent(x);
  const byBatch = intAttribute(x.node, 'layout') === 1;
  for (const name of x.node.outputs.slice(1)) {
    if (name === '') continue;
    const state = x.body.tensor(name);
    state.shape ??= all && (byBatch ? [all[0], all[2], all[3]] : [all[1], all[2], all[3]]);
    state.dataType ??= x.in(0)?.dataType;
  }
}

function inferSplit(body: Body, node: NodeRecord): void {
  if (!node.inputs[0] || takesFromCall(node)) return;
  const data = body.tensor(node.inputs[0]);
  const sizes = intsAttribute(node, 'split') ?? (node.inputs[1] ? body.tensor(node.inputs[1]).ints : undefined);
  const axis = data.shape && normalise(intAttribute(node, 'axis') ?? 0, data.shape.length);
  const extent = axis === undefined ? undefined : data.shape![axis];
  const equal = typeof extent === 'number' && extent % node.outputs.length === 0 && !node.inputs[1] ? extent / node.outputs.length : undefined;
  node.outputs.forEach((name, k) => {
    if (name === '') return;
    const output = body.tensor(name);
    output.dataType ??= data.dataType;
    output.shape ??= data.shape?.map((dim, i) => (i === axis ? (sizes?.[k] ?? equal) : dim));
  });
}
