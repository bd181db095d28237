/** The nodes that a new dropout consists of, in the form of the graph's opset. */
import type { Dimension } from '../../../graph/layers.js';
import { BOOL, FLOAT, INT64, isFloat } from '../data-types.js';
import { dropoutOperands, feedOf } from '../lift/dropouts.js';
import { scalar } from '../lift/patterns.js';
import { intAttribute } from '../lift/tensors.js';
import type { Body, Tensor } from '../lift/tensors.js';
import type { Place } from '../lift/lift.js';
import type { EditableNode } from '../wire/editable-node.js';
import type { AttributeSpec, TensorSpec } from '../wire/specs.js';
import type { Current } from './current.js';
import { nodesToHoist } from './hoisting.js';
import { refuse } from './refusal.js';
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

/** Where an inserted dropout takes its mode from: what the graph's other dropouts have, else `training`. */
function trainingModeOf(rewiring: Rewiring, other: Place | undefined, training: boolean, place: Where): string | undefined {
  const { body } = rewiring;
  if (!other?.dropout) return training ? insertConstant(rewiring, 'training_mode', { dataType: BOOL, dims: [], values: [1] }, place) : undefined;
  const { trainingMode } = dropoutOperands(rewiring.nodeOf(other.dropout.main));
  if (!trainingMode) return undefined;
  const value = scalar(body, trainingMode);
  // One switch for all stays one switch; of constants each dropout has its own where they are nodes.
  const isShared = value === undefined || feedOf(body, trainingMode) !== undefined || !body.tensor(trainingMode).producer;
  return isShared ? trainingMode : insertConstant(rewiring, 'training_mode', { dataType: BOOL, dims: [], values: [value] }, place);
}

/** What an inserted dropout drops, and the dropouts that it takes after. */
export interface Insertion {
  readonly rate: number;
  readonly unit: 'element' | 'channel';
  readonly training: boolean;
  readonly others: readonly Place[];
}

/** Puts a dropout in front of the layer, or behind it. */
export function insertDropout(goal: Current, where: 'after' | 'before', insertion: Insertion): void {
  const { rewiring, place } = goal;
  const { body } = place;
  const value = body.tensor(where === 'after' ? place.output : place.input);
  if (where === 'before' && goal.input === '') refuse('the layer reads nothing that could be dropped');
  if (isFloat(value.dataType) === false) refuse('there are no floating-point numbers to drop');
  checkImport(body);
  const { maskShape } = insertion.unit === 'channel' ? channelMask(body, value) : { maskShape: undefined };
  const other = insertion.others.find((each) => each.dropout?.form === 'operator' && each.nodes.every((node) => rewiring.nodeOf(node).isPresent));
  const anchor = where === 'after' ? goal.nodes.at(-1)! : goal.nodes[0];
  const mode = other?.dropout && body.opset >= 12 ? dropoutOperands(rewiring.nodeOf(other.dropout.main)).trainingMode : undefined;
  const late = mode ? nodesToHoist(rewiring, [mode], { anchor, where }, new Set(goal.nodes), new Set([goal.output])) : [];

  const [input, output] = where === 'after' ? [rewiring.splitAfter(goal.maker, goal.output), goal.output] : [goal.input, rewiring.splitBefore(goal.nodes, goal.input)];
  // Everything is put in front of an end mark, which goes again.
  const end = rewiring.insert({ opType: 'Identity', name: '', inputs: [input], outputs: [] }, where === 'after' ? { after: anchor } : { before: anchor });
  for (const node of late) rewiring.moveTo(node, { before: end });
  if (maskShape) {
    const kept = rewiring.freshName(`${output}_mask`);
    const ones = insertOnes(rewiring, input, value.name, maskShape, value.dataType!, { before: end });
    insertOperator(rewiring, [ones, kept], insertion, other, { before: end });
    insertProduct(rewiring, input, kept, output, { before: end });
  } else insertOperator(rewiring, [input, output], insertion, other, { before: end });
  rewiring.remove(end);
}

function insertOperator(rewiring: Rewiring, [input, output]: readonly [string, string], { rate, training }: Insertion, other: Place | undefined, place: Where): void {
  const { opset } = rewiring.body;
  if (opset >= 12) {
    const ratio = insertConstant(rewiring, 'ratio', { dataType: FLOAT, dims: [], values: [rate] }, place);
    const mode = trainingModeOf(rewiring, other, training, place);
    rewiring.insert({ opType: 'Dropout', inputs: [input, ratio, ...(mode ? [mode] : [])], outputs: [output] }, place);
    return;
  }
  const attributes: AttributeSpec[] = [{ name: 'ratio', f: rate }];
  if (opset < 7) {
    const main = other?.dropout?.main;
    attributes.push({ name: 'is_test', i: main ? (intAttribute(main, 'is_test') ?? 0) : training ? 0 : 1 });
    if (opset < 6) attributes.push({ name: 'consumed_inputs', ints: [0] });
  }
  rewiring.insert({ opType: 'Dropout', inputs: [input], outputs: [output], attributes }, place);
}

/** Data times a mask per channel. Before opset 7 a mask of [N, C] is stretched over the data from axis 0 on. */
export function insertProduct(rewiring: Rewiring, data: string, mask: string, output: string, place: NodePlace): void {
  const attributes = rewiring.body.opset < 7 ? [{ name: 'axis', i: 0 }, { name: 'broadcast', i: 1 }] : [];
  rewiring.insert({ opType: 'Mul', inputs: [data, mask], outputs: [output], attributes }, place);
}

/** The shape [N, C, 1, …] of a mask for each channel. Refuses where it is not known, or cannot be written. */
export function channelMask(body: Body, { shape, dataType }: Tensor): { readonly maskShape: readonly Dimension[]; readonly dataType: number } {
  if (!shape) refuse('the rank of what it drops is not known, so the shape of a mask per channel is not known either');
  if (shape.length < 3) refuse('what it drops has no space: every channel is one number');
  if (dataType === undefined) refuse('the element type of what it drops is not known');
  const maskShape = body.opset < 7 ? shape.slice(0, 2) : shape.map((dim, axis) => (axis < 2 ? dim : 1));
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
  const head = rewiring.body.opset >= 10 ? node('Slice', [full, int64([0], 'start'), int64([2], 'end')], 'batch_channels') : node('Slice', [full], 'batch_channels', [{ name: 'starts', ints: [0] }, { name: 'ends', ints: [2] }]);
  const target = node('Concat', [head, int64(new Array<number>(shape.length - 2).fill(1), 'space')], 'mask_shape', [{ name: 'axis', i: 0 }]);
  return node('ConstantOfShape', [target], 'channels', [{ name: 'value', tensor: { dataType, dims: [1], values: [1] } }]);
}
