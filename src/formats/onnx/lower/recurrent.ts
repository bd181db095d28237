/**
 * Recurrent dropout around the operators LSTM, GRU and RNN (Gal & Ghahramani 2016): one mask for the whole sequence, on
 * what they read for each example and feature, and on the columns of their recurrence weights for each unit of the state.
 */
import type { Dimension } from '../../../graph/layers.js';
import { INT64, isFloat } from '../data-types.js';
import type { Place } from '../lift/lift.js';
import { STATE } from '../../../variants/recurrent.js';
import { RECURRENCE, isRecurrentOperator, timeAxisOf } from '../lift/recurrent-dropouts.js';
import { intAttribute } from '../lift/tensors.js';
import type { Body, Tensor } from '../lift/tensors.js';
import type { EditableNode } from '../wire/editable-node.js';
import type { Current, CurrentDropout } from './current.js';
import { checkImport, insertConstant, insertOperator, insertProduct, isFixed, operandsOf, trainingModeOf } from './dropout-nodes.js';
import type { Insertion } from './dropout-nodes.js';
import { nodesToHoist } from './hoisting.js';
import type { ModelWide } from './model-wide.js';
import { checkShareable, shareMask } from './per-channel.js';
import { refuse } from './refusal.js';
import { checkTemplate, sequenceTemplate, writeTemplate } from './variant-nodes.js';
import type { Rewiring } from './rewiring.js';

type Where = { readonly before: EditableNode };

/** Masks broadcast from the last axis on. */
const FIRST_BROADCAST = 7;
const FIRST_CONSTANT_OF_SHAPE = 9;
const FIRST_SLICE_INPUTS = 10;

/** What an inserted dropout drops, and the dropouts of the same body. */
export interface RecurrentInsertion extends Insertion {
  readonly unit: 'time' | 'state';
  readonly others: readonly Place[];
}

/** The shape of a mask for all steps, with what can be said of it in the file. */
function maskOverSteps(body: Body, { shape, dataType }: Tensor, axis: number): { readonly maskShape: readonly Dimension[]; readonly dataType: number } {
  if (body.opset < FIRST_BROADCAST) refuse(`a mask over time needs opset ${FIRST_BROADCAST}, from which on products broadcast`);
  if (dataType === undefined) refuse('the element type of what it drops is not known');
  // What a recurrent operator reads has three axes.
  const maskShape = [0, 1, 2].map((i) => (i === axis ? 1 : shape?.[i]));
  if (body.opset < FIRST_CONSTANT_OF_SHAPE && !isFixed(maskShape)) refuse(`the batch size is not fixed and ConstantOfShape needs opset ${FIRST_CONSTANT_OF_SHAPE}`);
  return { maskShape, dataType };
}

/** Ones that many would only make the file larger. */
const WRITTEN_LIMIT = 1 << 16;

/** Ones of a shape that is known: written down, or filled in at run time where they are many. */
export function insertFixedOnes(rewiring: Rewiring, stem: string, dims: readonly number[], dataType: number, place: Where): string {
  const count = dims.reduce((a, b) => a * b, 1);
  if (count <= WRITTEN_LIMIT || rewiring.body.opset < FIRST_CONSTANT_OF_SHAPE) return insertConstant(rewiring, stem, { dataType, dims, values: new Array<number>(count).fill(1) }, place);
  const shape = insertConstant(rewiring, `${stem}_shape`, { dataType: INT64, dims: [dims.length], values: [...dims] }, place);
  const output = rewiring.freshName(stem);
  rewiring.insert({ opType: 'ConstantOfShape', inputs: [shape], outputs: [output], attributes: [{ name: 'value', tensor: { dataType, dims: [1], values: [1] } }] }, place);
  return output;
}

/** Ones of the data's shape with 1 in place of the steps: constant where the shape is known, else computed from the data's. */
function insertOnesOverSteps(rewiring: Rewiring, data: string, stem: string, { maskShape, dataType }: ReturnType<typeof maskOverSteps>, axis: number, place: Where): string {
  if (isFixed(maskShape)) return insertFixedOnes(rewiring, `${stem}_features`, maskShape, dataType, place);
  const node = (opType: string, inputs: string[], name: string, attributes: Parameters<Rewiring['insert']>[0]['attributes'] = []) => {
    const output = rewiring.freshName(`${stem}_${name}`);
    rewiring.insert({ opType, inputs, outputs: [output], attributes }, place);
    return output;
  };
  const int64 = (value: number, name: string) => insertConstant(rewiring, `${stem}_${name}`, { dataType: INT64, dims: [1], values: [value] }, place);
  const full = node('Shape', [data], 'shape');
  const extents = (start: number, end: number) =>
    rewiring.body.opset >= FIRST_SLICE_INPUTS ? node('Slice', [full, int64(start, 'start'), int64(end, 'end')], 'extents') : node('Slice', [full], 'extents', [{ name: 'starts', ints: [start] }, { name: 'ends', ints: [end] }]);
  const parts = [...(axis > 0 ? [extents(0, axis)] : []), int64(1, 'steps'), ...(axis < 2 ? [extents(axis + 1, 3)] : [])];
  const target = node('Concat', parts, 'mask_shape', [{ name: 'axis', i: 0 }]);
  return node('ConstantOfShape', [target], 'features', [{ name: 'value', tensor: { dataType, dims: [1], values: [1] } }]);
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
  const mask = insertion.unit === 'time' ? maskOverSteps(body, data, axis) : maskOfColumns(body, data, place, insertion.others);
  const { sibling } = insertion;
  for (const late of nodesToHoist(rewiring, operandsOf(insertion, rewiring), { anchor: node, where: 'before' }, new Set(goal.nodes), new Set([goal.output]))) rewiring.moveTo(late, { before: node });

  const input = node.inputs[index];
  const output = rewiring.freshName(`${input}_dropout`);
  const kept = rewiring.freshName(`${output}_mask`);
  rewiring.edit.copyValueInfo(input, output);
  rewiring.setInput(node, index, output);
  if (template) {
    const trainingMode = trainingModeOf(rewiring, sibling, insertion, wide, { before: node });
    writeTemplate(rewiring, wide, template, { input, output, data, spec: insertion, rate: insertion.rate, trainingMode, label: rewiring.edit.freshNodeName(template.name) }, { before: node });
    return;
  }
  const ones = insertion.unit === 'time' ? insertOnesOverSteps(rewiring, input, data.name, mask, axis, { before: node }) : insertColumns(rewiring, data.name, mask, { before: node });
  insertOperator(rewiring, [ones, kept], insertion, wide, { before: node });
  insertProduct(rewiring, input, kept, output, { before: node });
}

/** R is [directions, gates · units, units]: a column for each unit of the state before, whatever gate reads it. */
function maskOfColumns(body: Body, { shape, dataType }: Tensor, place: Place, others: readonly Place[]): ReturnType<typeof maskOverSteps> {
  if (body.opset < FIRST_BROADCAST) refuse(`a mask over columns needs opset ${FIRST_BROADCAST}, from which on products broadcast`);
  const maskShape = [shape?.[0], 1, shape?.[2]];
  if (shape?.length !== 3 || !isFixed(maskShape) || dataType === undefined) refuse('the shape or the element type of its recurrence weights is not known');
  if (others.some(({ dropout, output }) => dropout?.isAside && output === place.nodes[0].inputs[RECURRENCE])) refuse('its state has a mask already');
  return { maskShape, dataType };
}

const insertColumns = (rewiring: Rewiring, stem: string, { maskShape, dataType }: ReturnType<typeof maskOverSteps>, place: Where): string =>
  insertFixedOnes(rewiring, `${stem}_columns`, maskShape as readonly number[], dataType, place);

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
