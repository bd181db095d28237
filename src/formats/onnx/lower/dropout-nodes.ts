/** The nodes that a new dropout consists of, in the form of the graph's opset. */
import type { DropoutSpec } from '../../../graph/edits.js';
import type { Dimension } from '../../../graph/layers.js';
import { BOOL, FLOAT, INT64, isFloat } from '../data-types.js';
import { dropoutOperands, feedOf } from '../lift/dropout-facts.js';
import { scalar } from '../lift/patterns.js';
import type { Body, Tensor } from '../lift/tensors.js';
import type { Place } from '../lift/lift.js';
import type { EditableNode } from '../wire/editable-node.js';
import type { AttributeSpec, TensorSpec } from '../wire/specs.js';
import { axisOfChannels } from './channel-axis.js';
import type { Current } from './current.js';
import { nodesToHoist } from './hoisting.js';
import type { ModelWide } from './model-wide.js';
import { refuse } from './refusal.js';
import { checkTemplate, templateFor, writeTemplate } from './variant-nodes.js';
import type { NodePlace, Rewiring } from './rewiring.js';

type Where = { readonly before: EditableNode };

/** Refuses where operators of ai.onnx cannot be written: a function that imports other domains only. */
export function checkImport({ opsets }: Body): void {
  if (!opsets.has('')) refuse('the function does not import the operators of ai.onnx');
}

/** A Constant node: right in graphs, subgraphs and functions, and in every IR version. */
export function insertConstant(rewiring: Rewiring, stem: string, tensor: TensorSpec, place: Where): string {
  const name = rewiring.freshName(stem);
  rewiring.insert({ opType: 'Constant', name: rewiring.edit.freshNodeName(stem), inputs: [], outputs: [name], attributes: [{ name: 'value', tensor }] }, place);
  return name;
}

/** A dropout of the same graph that a new one takes after. */
export type Sibling = Place | undefined;

/** A value that switches a dropout: the model's one input for it, a constant, or none, which is off. */
export function modeOperand(rewiring: Rewiring, training: boolean | 'input' | undefined, wide: ModelWide, place: Where): string | undefined {
  if (training === 'input') return wide.modeInput(rewiring.body);
  return training ? insertConstant(rewiring, 'training_mode', { dataType: BOOL, dims: [], values: [1] }, place) : undefined;
}

/** What a dropout is switched by: an operand of its own, or the constant that it always is. */
function modeOf({ dropout, body }: Place, rewiring: Rewiring): string | boolean | undefined {
  if (!dropout) return undefined;
  if (dropout.trainingMode !== undefined) return dropout.trainingMode;
  if (dropout.form !== 'operator') return dropout.state === 'live';
  const isHere = !dropout.draw && body === rewiring.body;
  return dropoutOperands(isHere ? rewiring.nodeOf(dropout.main) : (dropout.draw?.node ?? dropout.main)).trainingMode;
}

/** Where an inserted dropout takes its mode from: what is demanded, else what the other dropout has, else `training`. */
export function trainingModeOf(rewiring: Rewiring, other: Sibling, { training, mode }: Pick<DropoutSpec, 'training' | 'mode'>, wide: ModelWide, place: Where): string | undefined {
  const { body } = rewiring;
  if (mode !== undefined || !other?.dropout) return modeOperand(rewiring, mode ?? training, wide, place);
  const own = modeOf(other, rewiring);
  if (typeof own !== 'string') return modeOperand(rewiring, own, wide, place);
  const value = scalar(body, own);
  // One switch for all stays one switch; of constants each dropout has its own where they are nodes.
  const isShared = value === undefined || feedOf(body, own) !== undefined || !body.tensor(own).producer;
  return isShared ? own : insertConstant(rewiring, 'training_mode', { dataType: BOOL, dims: [], values: [value] }, place);
}

/** Where a new dropout takes its rate from: the value that gave it before, or a number. */
export interface Rate {
  readonly operand?: string;
  readonly value: number | undefined;
}

/** `keep`: the rate of the dropout whose place is taken, as the operand that it is where the operator has operands. */
export function rateLike(rate: number | 'keep', like: Sibling, { body }: Rewiring): Rate {
  if (rate !== 'keep') return { value: rate };
  const facts = like?.dropout ?? refuse('an inserted dropout needs a rate');
  const operand = body.opset >= 12 && facts.form === 'operator' && !facts.draw && like?.body === body ? (facts.parameter ?? dropoutOperands(facts.main).ratio) : undefined;
  return { value: facts.rate, ...(operand !== undefined && { operand }) };
}

/** What an inserted dropout drops, and the dropout that it takes after. */
export interface Insertion {
  readonly rate: Rate;
  readonly unit: DropoutSpec['unit'];
  readonly law?: DropoutSpec['law'];
  readonly asFunction?: boolean;
  readonly training: boolean | 'input';
  readonly mode?: DropoutSpec['mode'];
  readonly sibling: Sibling;
}

/** The dropout that an inserted one copies its mode from. */
export const siblingAmong = (others: readonly Place[], rewiring: Rewiring): Sibling => others.find((each) => each.dropout?.form === 'operator' && !each.dropout.draw && each.nodes.every((node) => rewiring.nodeOf(node).isPresent));

/** Puts a dropout in front of the layer, or behind it. */
export function insertDropout(goal: Current, where: 'after' | 'before', insertion: Insertion & { readonly unit: 'element' | 'channel' }, wide: ModelWide): void {
  const { rewiring, place } = goal;
  const { body } = place;
  const value = body.tensor(where === 'after' ? place.output : place.input);
  if (where === 'before' && goal.input === '') refuse('the layer reads nothing that could be dropped');
  if (isFloat(value.dataType) === false) refuse('there are no floating-point numbers to drop');
  checkImport(body);
  const template = templateFor(insertion, value.shape?.length);
  if (template) checkTemplate(template, body, value);
  const { maskShape } = insertion.unit === 'channel' && !template ? channelMask(body, value) : { maskShape: undefined };
  const { sibling: other } = insertion;
  const anchor = where === 'after' ? goal.nodes.at(-1)! : goal.nodes[0];
  const late = nodesToHoist(rewiring, operandsOf(insertion, rewiring), { anchor, where }, new Set(goal.nodes), new Set([goal.output]));

  const [input, output] = where === 'after' ? [rewiring.splitAfter(goal.maker, goal.output), goal.output] : [goal.input, rewiring.splitBefore(goal.nodes, goal.input)];
  // Everything is put in front of an end mark, which goes again.
  const end = rewiring.insert({ opType: 'Identity', name: '', inputs: [input], outputs: [] }, where === 'after' ? { after: anchor } : { before: anchor });
  for (const node of late) rewiring.moveTo(node, { before: end });
  if (template) {
    const trainingMode = trainingModeOf(rewiring, other, insertion, wide, { before: end });
    writeTemplate(rewiring, wide, template, { input, output, data: value, spec: insertion, rate: insertion.rate, trainingMode, label: rewiring.edit.freshNodeName(template.name) }, { before: end });
  } else if (maskShape) {
    const kept = rewiring.freshName(`${output}_mask`);
    const ones = insertOnes(rewiring, input, value.name, maskShape, value.dataType!, { before: end });
    insertOperator(rewiring, [ones, kept], insertion, wide, { before: end });
    insertProduct(rewiring, input, kept, output, { before: end });
  } else insertOperator(rewiring, [input, output], insertion, wide, { before: end });
  rewiring.remove(end);
}

/** The values that a new dropout takes over from the other: they must stand before it. */
export function operandsOf({ rate, mode, sibling }: Insertion, rewiring: Rewiring): readonly string[] {
  if (rewiring.body.opset < 12) return [];
  const own = mode === undefined && sibling ? modeOf(sibling, rewiring) : undefined;
  return [...(typeof own === 'string' ? [own] : []), ...(rate.operand !== undefined ? [rate.operand] : [])];
}

export function insertOperator(rewiring: Rewiring, [input, output]: readonly [string, string], insertion: Insertion, wide: ModelWide, place: Where): void {
  const { rate, training, sibling } = insertion;
  const isOn = sibling?.dropout ? sibling.dropout.state === 'live' : training === true;
  const { opset } = rewiring.body;
  const ratio = opset >= 12 ? ratioOperand(rewiring, rate, place) : undefined;
  const trainingMode = opset >= 12 ? trainingModeOf(rewiring, sibling, insertion, wide, place) : undefined;
  writeOperator(rewiring, [input, output], { rate, ratio, trainingMode, isOn }, place);
}

const unknownRate = (): never => refuse('its rate comes from the run time');

const ratioOperand = (rewiring: Rewiring, { operand, value }: Rate, place: Where): string => operand ?? insertConstant(rewiring, 'ratio', { dataType: FLOAT, dims: [], values: [value ?? unknownRate()] }, place);

/** A Dropout in the form of the opset; below 7 an attribute says whether it is on. */
export function writeOperator(rewiring: Rewiring, [input, output]: readonly [string, string], { rate, ratio, trainingMode, isOn, name }: { readonly rate: Rate; readonly ratio?: string | undefined; readonly trainingMode: string | undefined; readonly isOn: boolean; readonly name?: string }, place: Where): void {
  const { opset } = rewiring.body;
  const named = name === undefined ? {} : { name };
  if (opset >= 12) {
    rewiring.insert({ opType: 'Dropout', ...named, inputs: [input, ratio ?? ratioOperand(rewiring, rate, place), ...(trainingMode ? [trainingMode] : [])], outputs: [output] }, place);
    return;
  }
  const attributes: AttributeSpec[] = [{ name: 'ratio', f: rate.value ?? unknownRate() }];
  if (opset < 7) attributes.push({ name: 'is_test', i: isOn ? 0 : 1 });
  if (opset < 6) attributes.push({ name: 'consumed_inputs', ints: [0] });
  rewiring.insert({ opType: 'Dropout', ...named, inputs: [input], outputs: [output], attributes }, place);
}

/** Data times a mask per channel. Before opset 7 a mask of [N, C] is stretched over the data from axis 0 on. */
export function insertProduct(rewiring: Rewiring, data: string, mask: string, output: string, place: NodePlace): void {
  const attributes = rewiring.body.opset < 7 ? [{ name: 'axis', i: 0 }, { name: 'broadcast', i: 1 }] : [];
  rewiring.insert({ opType: 'Mul', inputs: [data, mask], outputs: [output], attributes }, place);
}

/** The shape [N, C, 1, …] of a mask for each channel, or [N, 1, …, C]. Refuses where it is not known, or cannot be written. */
export function channelMask(body: Body, data: Tensor, known?: 1 | -1): { readonly maskShape: readonly Dimension[]; readonly dataType: number } {
  const { shape, dataType } = data;
  if (!shape) refuse('the rank of what it drops is not known, so the shape of a mask per channel is not known either');
  if (shape.length < 3) refuse('what it drops has no space: every channel is one number');
  if (dataType === undefined) refuse('the element type of what it drops is not known');
  const channel = axisOfChannels(body, data, known);
  if (body.opset < 7 && channel !== 1) refuse('its channels are the last axis, and a mask of them needs opset 7, from which on products broadcast');
  const maskShape = body.opset < 7 ? shape.slice(0, 2) : shape.map((dim, axis) => (axis === 0 || axis === channel ? dim : 1));
  if (body.opset < 9 && !isFixed(maskShape)) refuse('the batch size is not fixed and ConstantOfShape needs opset 9');
  return { maskShape, dataType };
}

export const isFixed = (shape: readonly Dimension[]): shape is readonly number[] => shape.every((dim) => typeof dim === 'number');

/**
 * The name of a tensor of ones: constant where the shape is known, else computed from the shape of `data`
 * (onnxruntime keeps the Dropout over it only when its elimination is disabled). `stem` is for names.
 */
export function insertOnes(rewiring: Rewiring, data: string, stem: string, shape: readonly Dimension[], dataType: number, place: Where): string {
  if (isFixed(shape)) return insertConstant(rewiring, `${stem}_channels`, { dataType, dims: shape, values: new Array<number>(shape.reduce((a, b) => a * b, 1)).fill(1) }, place);
  const node = (opType: string, inputs: string[], name: string, attributes: AttributeSpec[] = []) => {
    const output = rewiring.freshName(`${stem}_${name}`);
    rewiring.insert({ opType, inputs, outputs: [output], attributes }, place);
    return output;
  };
  const int64 = (values: number[], name: string) => insertConstant(rewiring, `${stem}_${name}`, { dataType: INT64, dims: [values.length], values }, place);
  const full = node('Shape', [data], 'shape');
  const ones = (target: string) => node('ConstantOfShape', [target], 'channels', [{ name: 'value', tensor: { dataType, dims: [1], values: [1] } }]);
  const last = shape.length - 1;
  if (shape[1] === 1 && shape[last] !== 1) {
    const extents = node('Concat', [full, int64([1], 'space')], 'extents', [{ name: 'axis', i: 0 }]);
    return ones(node('Gather', [extents, int64(shape.map((_, axis) => (axis === 0 || axis === last ? axis : shape.length)), 'axes')], 'mask_shape'));
  }
  const head = rewiring.body.opset >= 10 ? node('Slice', [full, int64([0], 'start'), int64([2], 'end')], 'batch_channels') : node('Slice', [full], 'batch_channels', [{ name: 'starts', ints: [0] }, { name: 'ends', ints: [2] }]);
  return ones(node('Concat', [head, int64(new Array<number>(shape.length - 2).fill(1), 'space')], 'mask_shape', [{ name: 'axis', i: 0 }]));
}
