/** Elementwise dropout to spatial dropout: one draw for each channel, broadcast over space (Tompson et al. 2015, §3.2). */
import type { EditableNode } from '../wire/editable-node.js';
import type { CurrentDropout } from './current.js';
import { checkImport } from './dropout-nodes.js';
import { channelMask, insertOnes, insertProduct, isFixed } from './masks.js';
import type { Mask } from './masks.js';
import { refuse } from './refusal.js';

export function makePerChannel(current: CurrentDropout): void {
  const { rewiring, place: { body, input } } = current;
  checkShareable(current);
  const mask = channelMask(body, body.tensor(input));
  shareMask(current, mask, (like, stem, dataType, place) => insertOnes(rewiring, like, stem, { ...mask, dataType }, place));
}

/** Puts ones of the mask's shape in front of a node; `like` gives the batch, `stem` the names. */
type Ones = (like: string, stem: string, dataType: number, place: { readonly before: EditableNode }) => string;

/** Refuses what has no mask of its own for each element, or one that something else reads. */
export function checkShareable({ rewiring, dropout }: CurrentDropout): void {
  if (dropout.mask) refuse('its mask is read and would have another shape');
  if (dropout.unit !== 'element' || dropout.template) refuse('it is not elementwise');
  checkImport(rewiring.body);
}

/** Elementwise dropout to one with a mask of this shape, which is broadcast over the data. */
export function shareMask(current: CurrentDropout, { maskShape, dataType }: Mask, insertMask: Ones): void {
  const { rewiring, nodes, place: { body }, dropout, main, input, output } = current;
  if (dropout.form === 'operator') {
    const ones = insertMask(input, input, dataType, { before: main });
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
    rewiring.setInput(random, 0, insertMask(like, like, body.tensor(random.record!.inputs[0]).dataType ?? dataType, { before: random }));
    rewiring.sweep([like]);
  }
  for (const node of nodes) for (const name of node.outputs) if (name !== output) rewiring.forget(name);
}
