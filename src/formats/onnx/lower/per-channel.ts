/** Elementwise dropout to spatial dropout: one draw for each channel, broadcast over space (Tompson et al. 2015, §3.2). */
import type { CurrentDropout } from './current.js';
import { channelMask, checkImport, insertOnes, insertProduct, isFixed } from './dropout-nodes.js';
import { refuse } from './refusal.js';

export function makePerChannel(current: CurrentDropout): void {
  const { rewiring, nodes, place, dropout, main, input, output } = current;
  const { body } = place;
  if (dropout.mask) refuse('its mask is read and would have another shape');
  if (dropout.unit !== 'element') refuse('it is not elementwise');
  checkImport(body);
  const { maskShape, dataType } = channelMask(body, body.tensor(place.input));
  if (dropout.form === 'operator') {
    const ones = insertOnes(rewiring, input, input, maskShape, dataType, { before: main });
    const mask = rewiring.freshName(`${output}_mask`);
    for (const name of main.outputs.slice(1)) rewiring.forget(name);
    rewiring.setInput(main, 0, ones);
    rewiring.setOutput(main, 0, mask);
    insertProduct(rewiring, input, mask, output, { after: main });
    return;
  }
  const random = nodes.find((node) => node.opType === 'RandomUniformLike' || node.opType === 'RandomUniform');
  if (!random || (random.opType === 'RandomUniform' && !isFixed(maskShape))) refuse('its random source has a fixed shape');
  const [like] = random.inputs;
  if (!isFixed(maskShape) && !dropout.followsData) refuse('its random source takes its shape from elsewhere, and the batch size is not fixed');
  if (random.opType === 'RandomUniform') rewiring.setAttribute(random, { name: 'shape', ints: maskShape as readonly number[] });
  else {
    rewiring.setInput(random, 0, insertOnes(rewiring, like, like, maskShape, body.tensor(random.record!.inputs[0]).dataType ?? dataType, { before: random }));
    rewiring.sweep([like]);
  }
  for (const node of nodes) for (const name of node.outputs) if (name !== output) rewiring.forget(name);
}
