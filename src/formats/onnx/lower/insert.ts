/** Inserting a dropout: into a chain of layers, or onto the weight of one. */
import { isFloat } from '../data-types.js';
import type { Body } from '../lift/tensors.js';
import type { Current } from './current.js';
import { checkImport, checkTemplate, settingsOf, templateFor, writeDropout } from './dropout-nodes.js';
import { nodesToHoist } from './hoisting.js';
import { channelMask, insertOnes } from './masks.js';
import type { ModelWide } from './model-wide.js';
import { refuse } from './refusal.js';
import { operandsOf } from './settings.js';
import type { Insertion } from './settings.js';

/** Puts a dropout in front of the layer, or behind it. */
export function insertDropout(goal: Current, where: 'after' | 'before', insertion: Insertion & { readonly unit: 'element' | 'channel' }, wide: ModelWide): void {
  const { rewiring, place } = goal;
  const { body } = place;
  const data = body.tensor(where === 'after' ? place.output : place.input);
  if (where === 'before' && goal.input === '') refuse('the layer reads nothing that could be dropped');
  if (isFloat(data.dataType) === false) refuse('there are no floating-point numbers to drop');
  checkImport(body);
  const template = templateFor(insertion, data.shape?.length);
  if (template) checkTemplate(template, body, data);
  const mask = insertion.unit === 'channel' && !template ? channelMask(body, data) : undefined;
  const anchor = where === 'after' ? goal.nodes.at(-1)! : goal.nodes[0];
  const late = nodesToHoist(rewiring, operandsOf(insertion, rewiring), { anchor, where }, new Set(goal.nodes), new Set([goal.output]));

  const [input, output] = where === 'after' ? [rewiring.splitAfter(goal.maker, goal.output), goal.output] : [goal.input, rewiring.splitBefore(goal.nodes, goal.input)];
  // Everything is put in front of an end mark, which goes again.
  const end = rewiring.insert({ opType: 'Identity', name: '', inputs: [input], outputs: [] }, where === 'after' ? { after: anchor } : { before: anchor });
  for (const node of late) rewiring.moveTo(node, { before: end });
  const ones = mask && ((at: { readonly before: typeof end }) => insertOnes(rewiring, input, data.name, mask, at));
  writeDropout(rewiring, wide, { ...settingsOf(rewiring, insertion, wide), input, output, data, template, ones }, { before: end });
  rewiring.remove(end);
}

/** DropConnect: dropout over the weight of a fully connected layer or a convolution (Wan et al. 2013). */
export function dropWeight(layer: Current, insertion: Insertion, wide: ModelWide): void {
  const { rewiring, place: at, nodes: [node] } = layer;
  const [main] = at.nodes;
  checkImport(rewiring.body);
  const index = weightIndex(rewiring.body, main.inputs, main.opType);
  const data = rewiring.body.tensor(main.inputs[index]);
  if (!data.constant) refuse('its weight is not a constant of the file, or is dropped already');
  if (isFloat(data.dataType) !== true) refuse('its weight holds no floating-point numbers');
  const template = templateFor(insertion, data.shape?.length);
  if (template) checkTemplate(template, rewiring.body, data);
  const place = { before: node };
  for (const late of nodesToHoist(rewiring, operandsOf(insertion, rewiring), { anchor: node, where: 'before' }, new Set(layer.nodes), new Set([layer.output]))) rewiring.moveTo(late, place);
  const input = node.inputs[index];
  const output = rewiring.freshName(`${input}_dropped`);
  const label = rewiring.edit.freshNodeName(main.name ? `${main.name}_DropConnect` : 'DropConnect');
  writeDropout(rewiring, wide, { ...settingsOf(rewiring, insertion, wide), input, output, data, template, label }, place);
  rewiring.setInput(node, index, output);
}

function weightIndex(body: Body, inputs: readonly string[], opType: string): number {
  if (opType === 'Gemm' || opType === 'Conv' || opType === 'ConvTranspose') return 1;
  if (opType !== 'MatMul') return refuse(`the weight of ${opType} is quantised, or no operand of its own`);
  const index = inputs.findIndex((name) => body.tensor(name).constant !== undefined);
  return index === -1 ? refuse('its weight is not a constant of the file, or is dropped already') : index;
}
