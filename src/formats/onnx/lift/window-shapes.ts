/** Shapes of what slides a window over space: convolutions and pooling. */
import type { Dimension } from '../../../graph/layers.js';
import { numbers, unknown } from './shape-operands.js';
import type { Operands, Rule } from './shape-operands.js';
import { intAttribute, intsAttribute, stringAttribute } from './tensors.js';

/** Spatial extents of a convolution or pooling window. */
function windowed(x: Operands, spatial: readonly Dimension[], kernel: readonly Dimension[] | undefined): Dimension[] {
  const [strides, dilations, pads] = ['strides', 'dilations', 'pads'].map((name) => intsAttribute(x.node, name));
  const auto = stringAttribute(x.node, 'auto_pad') ?? 'NOTSET';
  return spatial.map((extent, i) => {
    const size = kernel?.[i];
    if (typeof extent !== 'number' || typeof size !== 'number') return undefined;
    const stride = strides?.[i] ?? 1;
    if (auto.startsWith('SAME')) return Math.ceil(extent / stride);
    const padding = auto === 'VALID' ? 0 : (pads?.[i] ?? 0) + (pads?.[i + spatial.length] ?? 0);
    const steps = (extent + padding - (dilations?.[i] ?? 1) * (size - 1) - 1) / stride;
    return (intAttribute(x.node, 'ceil_mode') ? Math.ceil(steps) : Math.floor(steps)) + 1;
  });
}

export const convolution: Rule = (x) => {
  const [data, weight] = [x.shape(0), x.shape(1)];
  if (!data && !weight) return undefined;
  const rank = data?.length ?? weight!.length;
  const kernel = intsAttribute(x.node, 'kernel_shape') ?? weight?.slice(2);
  return [data?.[0], weight?.[0], ...windowed(x, data?.slice(2) ?? unknown(rank - 2), kernel)];
};

export const transposedConvolution: Rule = (x) => {
  const [data, weight] = [x.shape(0), x.shape(1)];
  if (!data && !weight) return undefined;
  const rank = data?.length ?? weight!.length;
  const filters = typeof weight?.[1] === 'number' ? weight[1] * (intAttribute(x.node, 'group') ?? 1) : undefined;
  const given = intsAttribute(x.node, 'output_shape');
  const kernel = intsAttribute(x.node, 'kernel_shape') ?? numbers(weight?.slice(2));
  const [strides, dilations, pads, extra] = ['strides', 'dilations', 'pads', 'output_padding'].map((name) => intsAttribute(x.node, name));
  const spatial = (data?.slice(2) ?? unknown(rank - 2)).map((extent, i, all) => {
    if (given) return given[i];
    if (typeof extent !== 'number' || !kernel || (stringAttribute(x.node, 'auto_pad') ?? 'NOTSET') !== 'NOTSET') return undefined;
    return (strides?.[i] ?? 1) * (extent - 1) + (extra?.[i] ?? 0) + ((kernel[i] - 1) * (dilations?.[i] ?? 1) + 1) - (pads?.[i] ?? 0) - (pads?.[i + all.length] ?? 0);
  });
  return [data?.[0], filters, ...spatial];
};

export const pooling: Rule = (x) => {
  const data = x.shape(0);
  return data && [data[0], data[1], ...windowed(x, data.slice(2), intsAttribute(x.node, 'kernel_shape'))];
};

export const globalPooling: Rule = (x) => x.shape(0)?.map((extent, i) => (i < 2 ? extent : 1));

export const quantizedConvolution: Rule = (x) => {
  const [data, weight] = [x.shape(0), x.shape(3)];
  return data && [data[0], weight?.[0], ...windowed(x, data.slice(2), weight?.slice(2))];
};
