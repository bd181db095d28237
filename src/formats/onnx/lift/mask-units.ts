/** What a mask silences together: its shape held against the shape of what it multiplies. */
import type { Dimension } from '../../../graph/layers.js';
import type { NodeRecord } from '../wire/records.js';
import { layoutOf } from './channel-axis.js';
import { fillOf } from './constants.js';
import { unitBefore } from './recurrent-dropouts.js';
import type { Unit } from './recurrent-dropouts.js';
import { intAttribute } from './tensors.js';
import type { Body } from './tensors.js';

/** The result of a product by the mask has another shape than the data: no dropout does that. */
export const enlarges = (mask: readonly Dimension[] | undefined, data: readonly Dimension[] | undefined): boolean =>
  mask !== undefined && data !== undefined && (mask.length > data.length || mask.some((dim, i) => dim !== 1 && dim !== undefined && data[i + data.length - mask.length] === 1));

const is = (unit: Unit['unit'], channelAxis: Unit['channelAxis'] = 1): Unit => ({ unit, channelAxis });

/** What one draw of a mask of this shape, which multiplies the data, silences together. */
export function unitOf(body: Body, data: string, mask: readonly Dimension[] | undefined, output: string): Unit {
  const { shape } = body.tensor(data);
  return unitBefore(body, output, mask, shape, unitWithin(layoutOf(body, data), unitByShape(mask, shape), keptAxes(mask, shape), shape));
}

/** The axes along which a mask has draws of their own. */
const keptAxes = (mask: readonly Dimension[] = [], data: readonly Dimension[] = []): readonly number[] =>
  mask.flatMap((dim, i) => (dim !== 1 ? [i + data.length - mask.length] : []));

/** Where operators nearby say which axis the channels are, the mask alone does not. */
function unitWithin(layout: ReturnType<typeof layoutOf>, byShape: Unit, own: readonly number[], shape: readonly Dimension[] | undefined): Unit {
  if (!layout || !shape || byShape.unit === 'element') return byShape;
  if (layout === 'ambiguous') return byShape.unit === 'channel' ? is('unknown') : byShape;
  const { batch, channel } = layout;
  if (batch !== 0) return is('unknown');
  if (byShape.unit === 'sample') return byShape;
  const isChannel = own.includes(channel) && own.every((axis) => axis === batch || axis === channel);
  return isChannel && channel === 1 ? is('channel') : isChannel && channel === shape.length - 1 ? is('channel', -1) : is('unknown');
}

function unitByShape(mask: readonly Dimension[] | undefined, data: readonly Dimension[] | undefined): Unit {
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
export function alignedMask(body: Body, multiply: NodeRecord, mask: string, data: string): readonly Dimension[] | undefined {
  const [own, whole] = [body.tensor(mask).shape, body.tensor(data).shape];
  const axis = body.opset < 7 ? intAttribute(multiply, 'axis') : undefined;
  if (axis === undefined || !own || !whole || axis < 0 || axis > whole.length) return own;
  return [...new Array<Dimension>(axis).fill(1), ...own, ...new Array<Dimension>(Math.max(0, whole.length - axis - own.length)).fill(1)];
}

/** What a Dropout draws a mask from. */
export function isOnes(body: Body, name: string): boolean {
  const tensor = body.tensor(name);
  if (tensor.producer?.opType === 'ConstantOfShape') return fillOf(tensor.producer, body.model).value === 1;
  const values = tensor.constant?.values(65_536);
  return values !== undefined && values.length > 0 && Array.from(values).every((value) => value === 1);
}
