/** The axes of the examples and channels in a value, as the operators around it have them: Transposes put them elsewhere than 0 and 1. */
import type { Dimension } from '../../../graph/layers.js';
import { FUNCTION_DOMAIN } from '../../../variants/templates.js';
import type { NodeRecord } from '../wire/records.js';
import { producerOf } from './patterns.js';
import { intsAttribute, isStandard, takesFromCall } from './tensors.js';
import type { Body } from './tensors.js';

export interface Layout {
  readonly batch: number;
  readonly channel: number;
}

/** Examples are axis 0 and channels axis 1 of what they read and make. */
const CHANNELS_SECOND = new Set([
  'Conv', 'ConvInteger', 'QLinearConv', 'ConvTranspose', 'FusedConv', 'BatchNormalization', 'InstanceNormalization', 'GroupNormalization', 'LRN',
  'MaxPool', 'AveragePool', 'LpPool', 'GlobalMaxPool', 'GlobalAveragePool', 'GlobalLpPool',
]);
/** Every axis of their result is the same one of what they read. */
const KEEP_AXES = new Set([
  'Identity', 'Dropout', 'BiasDropout', 'BitmaskDropout', 'Cast', 'CastLike', 'QuantizeLinear', 'DequantizeLinear', 'Pad', 'Slice', 'Split', 'Resize', 'Upsample', 'Concat', 'Where',
  'Relu', 'LeakyRelu', 'PRelu', 'ThresholdedRelu', 'Elu', 'Selu', 'Celu', 'Gelu', 'FastGelu', 'QuickGelu', 'BiasGelu', 'Mish', 'Swish', 'HardSwish', 'Tanh', 'Sigmoid', 'HardSigmoid', 'Softplus', 'Softsign', 'Softmax', 'LogSoftmax',
  'Abs', 'Neg', 'Erf', 'Exp', 'Log', 'Sqrt', 'Reciprocal', 'Pow', 'Sin', 'Cos', 'Sign', 'Floor', 'Ceil', 'Round', 'Clip', 'Shrink', 'Add', 'Sum', 'Sub', 'Mul', 'Div', 'Mean', 'Max', 'Min',
  'LayerNormalization', 'SimplifiedLayerNormalization', 'RMSNormalization', 'LpNormalization', 'MeanVarianceNormalization',
]);
const RESHAPES = new Set(['Reshape', 'Flatten', 'Squeeze', 'Unsqueeze']);
/** How many values a search looks at. */
const LIMIT = 64;

const isKnown = ({ domain, opType }: NodeRecord, operators: ReadonlySet<string>): boolean => (domain === '' || domain === 'ai.onnx' || domain === 'com.microsoft') && operators.has(opType);

/** Of each axis of a value: the axis of the value that the search began at. */
type Axes = readonly (number | undefined)[];

interface Step {
  readonly node: NodeRecord;
  readonly from: string;
  readonly to: string;
  readonly way: 'back' | 'ahead';
}

/** Along the way back operands, along the way ahead results. */
function* stepsFrom(body: Body, from: string, way: Step['way']): Generator<Step> {
  const producer = producerOf(body, from);
  if (way === 'ahead') for (const node of body.tensor(from).readers) yield { node, from, to: node.outputs[0] ?? '', way };
  else if (producer) for (const to of producer.inputs.length > 0 ? producer.inputs : ['']) yield { node: producer, from, to, way };
}

function axesBehind(body: Body, { node, from, to, way }: Step, axes: Axes): Axes | undefined {
  const { shape, constant } = body.tensor(to);
  if (constant) return undefined;
  if (isKnown(node, KEEP_AXES) || node.domain === FUNCTION_DOMAIN) return !shape || shape.length === axes.length ? axes : undefined;
  const isData = node.inputs[0] === (way === 'back' ? to : from);
  if (!isStandard(node) || !isData || takesFromCall(node)) return undefined;
  if (node.opType === 'Transpose') {
    const perm = intsAttribute(node, 'perm') ?? axes.map((_, i) => axes.length - 1 - i);
    return axes.map((_, i) => axes[way === 'ahead' ? perm[i] : perm.indexOf(i)]);
  }
  const own = body.tensor(from).shape;
  return RESHAPES.has(node.opType) && shape && own ? shape.map((_, i) => axes[sameAxis(shape, i, own)]) : undefined;
}

/** The axis of `other` that has the extent and the stride of an axis of `shape`, both in the same row-major order; −1 where none has. */
function sameAxis(shape: readonly Dimension[], axis: number, other: readonly Dimension[]): number {
  return other.findIndex((extent, i) => {
    const isSameBehind = isSameSize(shape.slice(axis + 1), other.slice(i + 1));
    // Of the first axes, a batch that a Reshape computes, nothing more needs to be known.
    if (isSameBehind && axis === 0 && i === 0) return true;
    return extent !== undefined && extent === shape[axis] && (isSameBehind || isSameSize(shape.slice(0, axis), other.slice(0, i)));
  });
}

function isSameSize(a: readonly Dimension[], b: readonly Dimension[]): boolean {
  const [one, other] = [a, b].map((dims) => [dims.reduce<number>((product, dim) => (typeof dim === 'number' ? product * dim : product), 1), ...dims.filter((dim) => typeof dim !== 'number').sort()]);
  return !a.includes(undefined) && !b.includes(undefined) && one.join() === other.join();
}

/** As the nearest operator on one side has it. */
function search(body: Body, name: string, rank: number, way: Step['way']): Layout | undefined {
  const open: (readonly [value: string, axes: Axes])[] = [[name, Array.from({ length: rank }, (_, axis) => axis)]];
  const seen = new Set([name]);
  for (const [value, axes] of open) {
    for (const step of stepsFrom(body, value, way)) {
      if (isKnown(step.node, CHANNELS_SECOND)) {
        const isData = way === 'back' ? step.node.outputs[0] === value : step.node.inputs[0] === value;
        const [batch, channel] = axes;
        if (isData && batch !== undefined && channel !== undefined) return { batch, channel };
        continue;
      }
      if (step.to === '' || seen.has(step.to) || seen.size >= LIMIT) continue;
      const next = axesBehind(body, step, axes);
      if (!next) continue;
      seen.add(step.to);
      open.push([step.to, next]);
    }
  }
  return undefined;
}

const known = new WeakMap<Body, Map<string, Layout | 'ambiguous' | undefined>>();

/** `undefined` where nothing around the value says it; `ambiguous` where what comes before says something else than what comes next. */
export function layoutOf(body: Body, name: string): Layout | 'ambiguous' | undefined {
  let layouts = known.get(body);
  if (!layouts) known.set(body, (layouts = new Map()));
  if (!layouts.has(name)) layouts.set(name, findLayout(body, name));
  return layouts.get(name);
}

function findLayout(body: Body, name: string): Layout | 'ambiguous' | undefined {
  const rank = body.tensor(name).shape?.length;
  if (rank === undefined || rank < 3) return undefined;
  const [before, after] = [search(body, name, rank, 'back'), search(body, name, rank, 'ahead')];
  return before && after && (before.batch !== after.batch || before.channel !== after.channel) ? 'ambiguous' : (before ?? after);
}

/** The axis of the channels as the graph of layers counts: the second where nothing is said, or it is neither that nor the last. */
export function channelAxisOf(body: Body, name: string): 1 | -1 {
  const layout = layoutOf(body, name);
  return layout && layout !== 'ambiguous' && layout.channel !== 1 && layout.channel === body.tensor(name).shape!.length - 1 ? -1 : 1;
}
