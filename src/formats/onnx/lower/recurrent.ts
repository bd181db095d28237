/**
 * Recurrent dropout around the operators LSTM, GRU and RNN (Gal & Ghahramani 2016): one mask for the whole sequence, on
 * what they read for each example and feature, and on the columns of their recurrence weights for each unit of the state.
 */
import { STATE } from '../../../variants/recurrent.js';
import { isFloat } from '../data-types.js';
import type { Place } from '../lift/lift.js';
import { RECURRENCE, isRecurrentOperator, timeAxisOf } from '../lift/recurrent-dropouts.js';
import { intAttribute } from '../lift/tensors.js';
import type { Body, Tensor } from '../lift/tensors.js';
import type { EditableNode } from '../wire/editable-node.js';
import type { Current, CurrentDropout } from './current.js';
import { checkImport, checkTemplate, sequenceTemplate, settingsOf, writeDropout } from './dropout-nodes.js';
import { nodesToHoist } from './hoisting.js';
import { FIRST_BROADCAST, insertColumns, insertOnesOverSteps, isFixed, maskOverSteps } from './masks.js';
import type { ModelWide } from './model-wide.js';
import { checkShareable, shareMask } from './per-channel.js';
import { refuse } from './refusal.js';
import type { Rewiring } from './rewiring.js';
import { operandsOf } from './settings.js';
import type { Insertion } from './settings.js';

type Where = { readonly before: EditableNode };

/** What an inserted dropout drops, and the dropouts of the same body. */
export interface RecurrentInsertion extends Insertion {
  readonly unit: 'time' | 'state';
  readonly others: readonly Place[];
}

/** Puts a dropout in front of what the layer reads (`time`), or onto its recurrence weights (`state`). */
export function insertRecurrentDropout(goal: Current, insertion: RecurrentInsertion, wide: ModelWide): void {
  const { rewiring, place, nodes: [node] } = goal;
  const [record] = place.nodes;
  const { body } = rewiring;
  if (!isRecurrentOperator(record)) refuse('it is no LSTM, GRU or RNN operator');
  checkImport(body);
  const index = insertion.unit === 'time' ? 0 : RECURRENCE;
  const data = body.tensor(record.inputs[index]);
  if (isFloat(data.dataType) === false) refuse('there are no floating-point numbers to drop');
  const axis = intAttribute(record, 'layout') === 1 ? 1 : 0;
  const template = !insertion.asFunction ? undefined : insertion.unit === 'time' ? sequenceTemplate(axis) : STATE;
  if (template) checkTemplate(template, body, data);
  const insertMask = insertion.unit === 'time' ? onesOverSteps(body, data, axis) : onesOverColumns(body, data, place, insertion.others);
  for (const late of nodesToHoist(rewiring, operandsOf(insertion, rewiring), { anchor: node, where: 'before' }, new Set(goal.nodes), new Set([goal.output]))) rewiring.moveTo(late, { before: node });

  const input = node.inputs[index];
  const output = rewiring.freshName(`${input}_dropout`);
  rewiring.edit.copyValueInfo(input, output);
  rewiring.setInput(node, index, output);
  const ones = (at: Where): string => insertMask(rewiring, input, at);
  writeDropout(rewiring, wide, { ...settingsOf(rewiring, insertion, wide), input, output, data, template, ones }, { before: node });
}

/** Puts ones in front of a node; `like` gives the batch. */
type Ones = (rewiring: Rewiring, like: string, place: Where) => string;

function onesOverSteps(body: Body, data: Tensor, axis: number): Ones {
  const mask = maskOverSteps(body, data, axis);
  return (rewiring, like, place) => insertOnesOverSteps(rewiring, like, data.name, mask, axis, place);
}

/** R is [directions, gates · units, units]: a column for each unit of the state before, whatever gate reads it. */
function onesOverColumns(body: Body, { name, shape, dataType }: Tensor, place: Place, others: readonly Place[]): Ones {
  if (body.opset < FIRST_BROADCAST) refuse(`a mask over columns needs opset ${FIRST_BROADCAST}, from which on products broadcast`);
  const dims = [shape?.[0], 1, shape?.[2]];
  if (shape?.length !== 3 || !isFixed(dims) || dataType === undefined) refuse('the shape or the element type of its recurrence weights is not known');
  if (others.some(({ dropout, output }) => dropout?.isAside && output === place.nodes[0].inputs[RECURRENCE])) refuse('its state has a mask already');
  return (rewiring, _, at) => insertColumns(rewiring, name, { dims, dataType }, at);
}

/** The dropout's own mask becomes one for all steps; it must stand right before what a recurrent operator reads. */
export function shareOverSteps(current: CurrentDropout): void {
  const { rewiring, place, dropout } = current;
  const { body } = place;
  if (dropout.unit === 'time') refuse('its mask is the same for all steps already');
  checkShareable(current);
  const axis = timeAxisOf(body, place.output) ?? refuse('it does not stand right before what an LSTM, GRU or RNN reads');
  const data = body.tensor(place.input);
  const mask = maskOverSteps(body, data, axis);
  shareMask(current, mask, (like, stem, dataType, at) => insertOnesOverSteps(rewiring, like, stem, { ...mask, dataType }, axis, at));
}
