/** On which axis a mask per channel is written. */
import { layoutOf } from '../lift/channel-axis.js';
import type { Body, Tensor } from '../lift/tensors.js';
import { refuse } from './refusal.js';

/** As a mask that is there has it, or as the operators around have it; ONNX's own where nothing says it. Refuses what no mask is written for. */
export function axisOfChannels(body: Body, { name, shape = [] }: Tensor, known?: 1 | -1): number {
  const last = shape.length - 1;
  if (known !== undefined) return known === 1 ? 1 : last;
  const layout = layoutOf(body, name);
  if (layout === 'ambiguous') refuse('what stands before it and what comes behind it have the channels of what it drops on different axes');
  const { batch, channel } = layout ?? { batch: 0, channel: 1 };
  if (batch !== 0 || (channel !== 1 && channel !== last)) refuse(`the examples of what it drops are axis ${batch} and the channels axis ${channel}, and a mask per channel is written where examples are the first axis and channels the second or the last`);
  return channel;
}
