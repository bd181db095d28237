/** Moving a dropout to another place of its graph. */
import type { Dimension } from '../../../graph/layers.js';
import { isFloat } from '../data-types.js';
import { channelAxisOf } from '../lift/channel-axis.js';
import type { Body } from '../lift/tensors.js';
import { isSide, sideInputsOf } from './current.js';
import type { Current, CurrentDropout } from './current.js';
import { nodesToHoist } from './hoisting.js';
import { refuse } from './refusal.js';
import type { NodePlace } from './rewiring.js';

/** `goal` gives the target as it stands at the time: taking the dropout out may rename its values. */
export function moveDropout(dropout: CurrentDropout, where: 'after' | 'before', goal: () => Current): void {
  const { rewiring, nodes, main } = dropout;
  const target = goal();
  if (rewiring !== target.rewiring) refuse('the two layers stand in different graphs');
  if (where === 'before' && target.input === '') refuse('the layer reads nothing that could be dropped');
  const there = where === 'after' ? target.place.output : target.place.input;
  if (isFloat(target.place.body.tensor(there).dataType) === false) refuse('there are no floating-point numbers to drop');
  checkFit(dropout, there);
  const keepsShape = sameShape(shapeOf(dropout.place.body, dropout.place.input), shapeOf(dropout.place.body, there));
  if (dropout.dropout.mask) refuse(keepsShape ? 'its mask is read, and would be the mask of something else there' : 'its mask is read and would have another shape');
  const place = { anchor: where === 'after' ? target.nodes.at(-1)! : target.nodes[0], where };
  const forbidden = new Set(where === 'after' ? nodes : [...nodes, ...target.nodes]);
  const late = nodesToHoist(rewiring, sideInputsOf(dropout), place, forbidden, new Set(where === 'after' ? [target.output, dropout.output] : [dropout.output]));
  if (!keepsShape) forgetInside(dropout);

  rewiring.join(dropout.input, dropout.output, new Set(nodes), dropout.reader);
  const inner = goal();
  const [from, to] = where === 'after' ? [rewiring.splitAfter(inner.maker, inner.output), inner.output] : [inner.input, rewiring.splitBefore(inner.nodes, inner.input)];
  for (const node of nodes) node.inputs.forEach((name, index) => { if (name === dropout.input && !isSide(node, index, main, dropout.dropout.form)) rewiring.setInput(node, index, from); });
  rewiring.setOutput(dropout.maker, indexOfOutput(dropout), to);
  let at: NodePlace = where === 'after' ? { after: place.anchor } : { before: place.anchor };
  for (const node of [...late, ...nodes]) {
    rewiring.moveTo(node, at);
    at = { after: node };
  }
}

const indexOfOutput = ({ place, maker, nodes }: CurrentDropout): number => place.nodes[nodes.indexOf(maker)].outputs.indexOf(place.output);

const shapeOf = (body: Body, name: string): readonly Dimension[] | undefined => body.tensor(name).shape;

const sameShape = (a: readonly Dimension[] | undefined, b: readonly Dimension[] | undefined): boolean =>
  a !== undefined && b !== undefined && a.length === b.length && a.every((dim, i) => dim !== undefined && dim === b[i]);

/** What the file says of the values inside the dropout, a mask that nothing reads among them. */
function forgetInside({ rewiring, nodes, output }: CurrentDropout): void {
  for (const name of nodes.flatMap((node) => node.outputs)) if (name !== '' && name !== output) rewiring.forget(name);
}

/** A mask with a shape (and a type) of its own fits only where the data has the same layout. */
function checkFit({ dropout, place }: CurrentDropout, there: string): void {
  const { body } = place;
  const [here, goal] = [body.tensor(place.input), body.tensor(there)];
  if (dropout.form === 'decomposed' && here.dataType !== undefined && goal.dataType !== undefined && here.dataType !== goal.dataType) refuse('its mask has an element type of its own, which is another one at the new place');
  if (dropout.followsData) return;
  if (!here.shape || !goal.shape) refuse('its mask has a shape of its own, and the shape at the new place is not known');
  const [before, after] = [here.shape, goal.shape];
  if (dropout.unit === 'channel' && channelAxisOf(body, place.input) !== channelAxisOf(body, there)) refuse('its mask is per channel, and the channels are another axis at the new place');
  // A mask of [N, C, 1, …] or [N, 1, …] is stretched over whatever the other extents are.
  const own = dropout.unit === 'sample' ? 1 : dropout.unit === 'channel' && dropout.channelAxis === 1 ? 2 : before.length;
  if (before.length !== after.length || !sameShape(before.slice(0, own), after.slice(0, own))) refuse('its mask has a shape of its own, which does not fit the new place');
}
