/** The table of TensorFlow.js layers: kind, shape of the result, number of trainable parameters. */
import type { Dimension, MergeLayer, Shape } from '../../../graph/layers.js';
import { activationNamed, canonicalLayer } from '../catalogue.js';
import { factOf } from '../interpret/machine.js';
import type { LayerInstance, Value } from '../interpret/values.js';
import { Settings, fold } from './arguments.js';
import { convolution, pooling } from './convolutions.js';
import { dropoutSpec } from './dropouts.js';
import { cellRnn, convolutionalRnn, recurrent } from './recurrent.js';
import { dropConnect, runtimeDropout } from './runtime.js';
import { broadcast, concatenated, product, plus, reshaped } from './shapes.js';
import { activation, opaque, reshape } from './specs.js';
import type { Operands, Spec } from './specs.js';

/** The layers that one layer object is, each reading what the one before it makes. */
export function specsOf(instance: LayerInstance, operands: Operands): readonly Spec[] {
  const settings = new Settings(instance.configuration);
  return instance.custom ? [opaque(undefined)] : ofType(canonicalLayer(instance.type), settings, operands);
}

function ofType(type: string, settings: Settings, operands: Operands): readonly Spec[] {
  const { shapes: [shape] } = operands;
  switch (type) {
    case 'dense': return dense(settings, shape);
    case 'DropConnectDense': return [dropConnect(settings, widthOf(settings, shape)), ...dense(settings, shape)];
    case 'conv1d': case 'conv2d': case 'conv3d': case 'conv2dTranspose': case 'conv3dTranspose': case 'separableConv2d': case 'depthwiseConv2d':
      return [...convolution(type, settings, operands), ...activationOf(settings)].map(withShapeOfFirst);
    case 'lstm': case 'gru': case 'simpleRNN': return recurrent(type, settings, shape);
    case 'convLstm2d': return convolutionalRnn(settings, shape);
    case 'rnn': return cellRnn(settings, shape);
    case 'bidirectional': return bidirectional(settings, operands);
    case 'timeDistributed': return timeDistributed(settings, operands);
    case 'embedding': return [embedding(settings, shape)];
    case 'activation': return [namedActivation(settings.value('activation'), settings.open, shape, 'self') ?? activation('linear', shape, 'self')];
    case 'reLU': return [activation(settings.has('maxValue') === false || fold(settings.value('maxValue')) === null ? 'relu' : settings.number('maxValue') === 6 ? 'relu6' : 'clip', shape, 'self')];
    case 'leakyReLU': return [activation('leaky-relu', shape, 'self')];
    case 'prelu': return [activation('prelu', shape, 'self', settings.has('sharedAxes') === false ? shape && product(shape.slice(1)) : undefined)];
    case 'elu': return [activation('elu', shape, 'self')];
    case 'softmax': return [activation('softmax', shape, 'self')];
    case 'thresholdedReLU': return [activation('thresholded-relu', shape, 'self')];
    case 'dropout': case 'spatialDropout1d': case 'spatialDropout2d': case 'spatialDropout3d': case 'gaussianDropout': case 'alphaDropout': return [dropoutSpec(type, settings, operands)];
    case 'AlphaDropout': case 'ConcreteDropout': case 'SpatialDropout2D': case 'SpatialDropout3D': case 'VariationalDropout': return [runtimeDropout(type, settings, operands)];
    case 'batchNormalization': case 'layerNormalization': return [normalization(type, settings, shape)];
    case 'maxPooling1d': case 'maxPooling2d': case 'maxPooling3d': case 'averagePooling1d': case 'averagePooling2d': case 'averagePooling3d':
    case 'globalMaxPooling1d': case 'globalMaxPooling2d': case 'globalAveragePooling1d': case 'globalAveragePooling2d': return [pooling(type, settings, operands)];
    case 'flatten': return [reshape('row-major', true, shape && [shape[0], product(shape.slice(1))])];
    case 'reshape': {
      const target = settings.shape('targetShape');
      return [reshape('row-major', target?.length === 1, reshaped(shape, target))];
    }
    case 'permute': {
      const dims = settings.shape('dims');
      return [reshape('permuting', false, shape && dims && [shape[0], ...dims.map((axis) => (axis === undefined ? undefined : shape[axis]))])];
    }
    case 'cropping2D': return [reshape('permuting', false, shape && shape.map((each, axis) => (axis === 0 || axis === shape.length - 1 ? each : undefined)))];
    case 'add': case 'average': case 'concatenate': case 'maximum': case 'minimum': case 'multiply': case 'dot': return [merge(type, settings, operands)];
    case 'repeatVector': return [opaque(shape?.length === 2 ? [shape[0], settings.number('n'), shape[1]] : undefined, 'call', 0)];
    case 'upSampling2d': case 'zeroPadding2d': return [opaque(shape && shape.map((each, axis) => (axis === 0 || axis === (operands.channelAxis === -1 ? shape.length - 1 : 1) ? each : undefined)), 'call', 0)];
    case 'gaussianNoise': return [opaque(shape, 'random', 0)];
    case 'masking': case 'rescaling': return [opaque(shape, 'call', 0)];
    default: return [opaque(undefined)];
  }
}

const withShapeOfFirst = (spec: Spec, _: number, [first]: readonly Spec[]): Spec => ({ ...spec, shape: first.shape });

function widthOf(settings: Settings, shape: Shape | undefined): number | undefined {
  const width = shape?.at(-1) ?? settings.number('inputDim');
  return typeof width === 'number' ? width : undefined;
}

function dense(settings: Settings, shape: Shape | undefined): readonly Spec[] {
  const units = settings.number('units');
  const width = widthOf(settings, shape);
  const hasBias = settings.flag('useBias', true);
  const result = shape ? [...shape.slice(0, -1), units] : undefined;
  const weights = product([width, units]);
  const parameters = weights === undefined || hasBias === undefined || units === undefined ? undefined : weights + (hasBias ? units : 0);
  return [
    { kind: 'linear', units, weight: undefined, bias: undefined, hasBias, parameters, part: 'self', shape: result },
    ...activationOf(settings).map((spec) => ({ ...spec, shape: result })),
  ];
}

/** The `activation:` inside a layer's settings; none for `linear`. */
export function activationOf(settings: Settings): readonly Spec[] {
  const given = settings.has('activation');
  if (given === false) return [];
  const spec = namedActivation(settings.value('activation'), settings.open, undefined, 'activation');
  return spec ? [spec] : [];
}

/** `undefined` for the identity; an opaque layer for a function that is not known. */
function namedActivation(value: Value | undefined, open: boolean, shape: Shape | undefined, part: 'self' | 'activation'): Spec | undefined {
  if (!value) return open ? opaque(shape, 'unknown', 0, part) : undefined;
  const name = factOf(value);
  if (value.kind === 'known' && (name === null || (name === undefined && !value.assumed))) return undefined;
  if (typeof name !== 'string') return opaque(shape, 'unknown', 0, part);
  const named = activationNamed(name);
  if (named === 'linear' && part === 'activation') return undefined;
  return activation(named ?? 'other', shape, part);
}

function embedding(settings: Settings, shape: Shape | undefined): Spec {
  const [rows, units] = [settings.number('inputDim'), settings.number('outputDim')];
  const length = settings.number('inputLength');
  const result: Shape | undefined = shape ? [...shape, units] : length === undefined ? undefined : [undefined, length, units];
  return { kind: 'embedding', rows, units, parameters: product([rows, units]), part: 'self', shape: result };
}

function normalization(type: string, settings: Settings, shape: Shape | undefined): Spec {
  const axis = settings.value('axis') ? fold(settings.value('axis')) : settings.open ? undefined : -1;
  const axes = (Array.isArray(axis) ? axis : [axis]).map((each) => (typeof each === 'number' ? each : undefined));
  const extents = axes.map((each): Dimension => (each === undefined || !shape ? undefined : shape.at(each < 0 || each < shape.length ? each : -1)));
  const [scale, center] = [settings.flag('scale', true), settings.flag('center', true)];
  const width = product(extents);
  const parameters = width === undefined || scale === undefined || center === undefined ? undefined : width * (Number(scale) + Number(center));
  return { kind: 'normalization', of: type === 'batchNormalization' ? 'batch' : 'layer', training: undefined, parameters, part: 'self', shape };
}

const MERGES: Readonly<Record<string, MergeLayer['of']>> = { add: 'add', average: 'average', concatenate: 'concat', maximum: 'maximum', minimum: 'minimum', multiply: 'multiply', dot: 'matmul' };

function merge(type: string, settings: Settings, { shapes }: Operands): Spec {
  const shape = type === 'concatenate' ? concatenated(shapes, settings.value('axis') ? settings.number('axis') : settings.open ? undefined : -1) : type === 'dot' ? undefined : broadcast(shapes);
  return { kind: 'merge', of: MERGES[type], parameters: 0, part: 'self', shape };
}

/** The layer object in `layer:`. */
const innerLayer = (settings: Settings): LayerInstance | undefined => {
  const value = settings.value('layer');
  return value?.kind === 'layer' ? value.layer : undefined;
};

/** Twice the inner layer, forwards and backwards, joined along the features unless `mergeMode` says otherwise. */
function bidirectional(settings: Settings, operands: Operands): readonly Spec[] {
  const inner = innerLayer(settings);
  if (!inner) return [opaque(undefined)];
  const doubles = settings.has('mergeMode') === false || settings.string('mergeMode') === 'concat';
  return specsOf(inner, operands).map((spec) => {
    const parameters = spec.parameters === undefined ? undefined : 2 * spec.parameters;
    if (spec.kind !== 'recurrent') return { ...spec, parameters };
    const last = spec.shape?.at(-1);
    return { ...spec, parameters, shape: spec.shape && [...spec.shape.slice(0, -1), doubles && typeof last === 'number' ? plus(last, last) : doubles ? undefined : last] };
  });
}

/** The inner layer at every step: the same kinds, with the time axis carried along. */
function timeDistributed(settings: Settings, { shapes: [shape], channelAxis }: Operands): readonly Spec[] {
  const inner = innerLayer(settings);
  if (!inner) return [opaque(undefined)];
  const specs = specsOf(inner, { shapes: [shape && [shape[0], ...shape.slice(2)]], channelAxis });
  return specs.map((spec) => {
    if (spec.aside) return spec;
    const result = { ...spec, shape: spec.shape && [spec.shape[0], shape?.[1], ...spec.shape.slice(1)] };
    return result.kind === 'reshape' ? { ...result, flattens: false } : result;
  });
}
