/** Convolutions and pooling. */
import type { Settings } from './arguments.js';
import { join, product, split, unwindowed, windowed } from './shapes.js';
import type { Operands, Spec } from './specs.js';

const rankOf = (type: string): number => Number(/(\d)d/.exec(type)?.[1] ?? 2);

/** 1-D layers and everything without `dataFormat` are channels last. */
function axisOf(settings: Settings, rank: number): 1 | -1 {
  return rank > 1 && settings.string('dataFormat') === 'channelsFirst' ? 1 : -1;
}

export function convolution(type: string, settings: Settings, { shapes: [shape] }: Operands): readonly Spec[] {
  const rank = rankOf(type);
  const transposed = type.endsWith('Transpose');
  const depthwise = type === 'depthwiseConv2d';
  const channelAxis = axisOf(settings, rank);
  const kernel = settings.numbers('kernelSize', rank);
  const strides = settings.numbers('strides', rank, 1);
  const padding = settings.has('padding') === false ? 'valid' : settings.string('padding');
  const dilation = settings.numbers('dilationRate', rank, 1);
  const multiplier = settings.has('depthMultiplier') === false ? 1 : settings.number('depthMultiplier');
  const given = split(shape, rank, channelAxis);
  const width = typeof given.channels === 'number' ? given.channels : undefined;
  const filters = depthwise ? product([width, multiplier]) : settings.number('filters');
  const hasBias = settings.flag('useBias', true);
  const space = given.space.map((extent, axis) => (transposed
    ? unwindowed(extent, kernel?.[axis], strides?.[axis], padding)
    : windowed(extent, kernel?.[axis], strides?.[axis], padding, dilation?.[axis] ?? 1)));
  const area = kernel && product(kernel);
  const weights = type === 'separableConv2d'
    ? sum(product([area, width, multiplier]), product([width, multiplier, filters]))
    : depthwise ? product([area, width, multiplier]) : product([area, width, filters]);
  return [{
    kind: 'convolution',
    spatialRank: rank,
    filters,
    transposed,
    channelAxis,
    depthwise,
    weight: undefined,
    bias: undefined,
    hasBias,
    parameters: hasBias === undefined ? undefined : sum(weights, hasBias ? filters : 0),
    part: 'self',
    shape: shape ? join({ batch: given.batch, space, channels: filters }, channelAxis) : unknownOfRank(rank),
  }];
}

const sum = (a: number | undefined, b: number | undefined): number | undefined => (a === undefined || b === undefined ? undefined : a + b);

/** A convolution fixes the rank even when nothing else is known. */
const unknownOfRank = (rank: number): undefined[] => Array.from({ length: rank + 2 }, () => undefined);

export function pooling(type: string, settings: Settings, { shapes: [shape] }: Operands): Spec {
  const rank = rankOf(type);
  const global = type.startsWith('global');
  const channelAxis = axisOf(settings, rank);
  const given = split(shape, rank, channelAxis);
  const pool = settings.numbers('poolSize', rank, 2);
  const strides = settings.has('strides') === false ? pool : settings.numbers('strides', rank);
  const padding = settings.has('padding') === false ? 'valid' : settings.string('padding');
  const space = given.space.map((extent, axis) => windowed(extent, pool?.[axis], strides?.[axis], padding));
  return {
    kind: 'pooling',
    of: /max/i.test(type) ? 'max' : 'average',
    global,
    parameters: 0,
    part: 'self',
    channelAxis,
    shape: global ? [given.batch, given.channels] : shape ? join({ ...given, space }, channelAxis) : unknownOfRank(rank),
  };
}
