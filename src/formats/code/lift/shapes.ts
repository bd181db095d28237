/** Shape arithmetic of TensorFlow.js layers. Shapes carry the batch first; `undefined` dimensions are unknown. */
import type { Dimension, Shape } from '../../../graph/layers.js';

export const product = (values: readonly Dimension[]): number | undefined =>
  values.reduce<number | undefined>((result, each) => (result === undefined || typeof each !== 'number' ? undefined : result * each), 1);

export const plus = (...values: readonly (number | undefined)[]): number | undefined =>
  values.reduce<number | undefined>((sum, each) => (sum === undefined || each === undefined ? undefined : sum + each), 0);

/** The extent after a convolution or pooling: ⌈n/s⌉ for `same`, else ⌈(n − (k−1)·d)/s⌉ (TensorFlow.js computes `causal` like `valid`). */
export function windowed(extent: Dimension, kernel: number | undefined, stride: number | undefined, padding: string | undefined, dilation = 1): number | undefined {
  if (typeof extent !== 'number' || stride === undefined || padding === undefined) return undefined;
  if (padding === 'same') return Math.ceil(extent / stride);
  return kernel === undefined ? undefined : Math.ceil((extent - (kernel - 1) * dilation) / stride);
}

/** The extent after a transposed convolution: n·s for `same`, n·s + max(k − s, 0) for `valid`. */
export function unwindowed(extent: Dimension, kernel: number | undefined, stride: number | undefined, padding: string | undefined): number | undefined {
  if (typeof extent !== 'number' || stride === undefined || padding === undefined) return undefined;
  if (padding === 'same') return extent * stride;
  return kernel === undefined ? undefined : extent * stride + Math.max(kernel - stride, 0);
}

/** The parts of a feature map's shape. */
export interface FeatureMap {
  readonly batch: Dimension;
  readonly space: readonly Dimension[];
  readonly channels: Dimension;
}

export function split(shape: Shape | undefined, rank: number, channelAxis: 1 | -1): FeatureMap {
  if (shape?.length !== rank + 2) return { batch: undefined, space: Array.from({ length: rank }, () => undefined), channels: undefined };
  return channelAxis === -1
    ? { batch: shape[0], space: shape.slice(1, -1), channels: shape.at(-1) }
    : { batch: shape[0], space: shape.slice(2), channels: shape[1] };
}

export const join = ({ batch, space, channels }: FeatureMap, channelAxis: 1 | -1): Shape =>
  channelAxis === -1 ? [batch, ...space, channels] : [batch, channels, ...space];

/** A dimension of −1 (or null) in a target shape takes what is left. */
export function reshaped(shape: Shape | undefined, target: readonly Dimension[] | undefined): Shape | undefined {
  if (!target) return undefined;
  const open = target.findIndex((each) => each === undefined || (typeof each === 'number' && each < 0));
  if (open < 0) return [shape?.[0], ...target];
  const all = shape && product(shape.slice(1));
  const rest = product(target.filter((_, index) => index !== open));
  const left = all !== undefined && rest ? all / rest : undefined;
  return [shape?.[0], ...target.map((each, index) => (index === open ? left : each))];
}

/** Elementwise merging with broadcasting of extents of 1; unknown where the operands do not say. */
export function broadcast(shapes: readonly (Shape | undefined)[]): Shape | undefined {
  const [first, ...others] = shapes;
  if (!first || others.some((shape) => shape?.length !== first.length)) return undefined;
  return first.map((dimension, axis) => {
    const all = [dimension, ...others.map((shape) => shape?.[axis])];
    return all.find((each) => each !== undefined && each !== 1) ?? (all.includes(undefined) ? undefined : 1);
  });
}

export function concatenated(shapes: readonly (Shape | undefined)[], axis: number | undefined): Shape | undefined {
  const [first] = shapes;
  if (!first || axis === undefined || shapes.some((shape) => shape?.length !== first.length)) return undefined;
  const at = axis < 0 ? first.length + axis : axis;
  return first.map((dimension, index) => {
    if (index !== at) return dimension;
    return plus(...shapes.map((shape) => (typeof shape?.[index] === 'number' ? (shape[index] as number) : undefined)));
  });
}
