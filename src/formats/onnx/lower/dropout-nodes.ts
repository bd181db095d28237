/** The nodes that a dropout consists of, in the form of the graph's opset. */
import { BOOL, FLOAT, INT64 } from '../data-types.js';
import { dropoutOperands } from '../lift/dropouts.js';
import { scalar } from '../lift/patterns.js';
import { intAttribute } from '../lift/tensors.js';
import type { Place } from '../lift/lift.js';
import type { EditableNode } from '../wire/editable-node.js';
import type { AttributeSpec, TensorSpec } from '../wire/specs.js';
import { refuse } from './refusal.js';
import type { Rewiring } from './rewiring.js';

type Where = { readonly before: EditableNode };

/** A Constant node: right in graphs, subgraphs and functions, and in every IR version. */
export function insertConstant(rewiring: Rewiring, stem: string, tensor: TensorSpec, place: Where): string {
  const name = rewiring.edit.freshName(stem);
  rewiring.insert({ opType: 'Constant', name: rewiring.edit.freshNodeName(stem), inputs: [], outputs: [name], attributes: [{ name: 'value', tensor }] }, place);
  return name;
}

/** Where an inserted dropout takes its mode from: what the graph's other dropouts have, else `training`. */
function trainingModeOf(rewiring: Rewiring, others: readonly Place[], training: boolean, place: Where): string | undefined {
  const { body } = rewiring;
  const other = others.find((each) => each.dropout?.form === 'operator');
  if (!other?.dropout) return training ? insertConstant(rewiring, 'training_mode', { dataType: BOOL, dims: [], values: [1] }, place) : undefined;
  const { trainingMode } = dropoutOperands(other.dropout.main);
  if (!trainingMode) return undefined;
  const tensor = body.tensor(trainingMode);
  if (!tensor.producer) return trainingMode;
  const value = scalar(body, trainingMode);
  if (value !== undefined) return insertConstant(rewiring, 'training_mode', { dataType: BOOL, dims: [], values: [value] }, place);
  return trainingMode;
}

/** A Dropout in front of `anchor`: `input` → `output`. */
export function insertDropout(rewiring: Rewiring, names: { readonly input: string; readonly output: string }, rate: number, training: boolean, others: readonly Place[], place: Where): EditableNode {
  const { opset } = rewiring.body;
  const { input, output } = names;
  const name = rewiring.edit.freshNodeName('Dropout');
  if (opset >= 12) {
    const ratio = insertConstant(rewiring, 'ratio', { dataType: FLOAT, dims: [], values: [rate] }, place);
    const mode = trainingModeOf(rewiring, others, training, place);
    const node = rewiring.insert({ opType: 'Dropout', name, inputs: [input, ratio, ...(mode ? [mode] : [])], outputs: [output] }, place);
    if (mode) rewiring.hoist([mode], node);
    return node;
  }
  const attributes: AttributeSpec[] = [{ name: 'ratio', f: rate }];
  if (opset < 7) {
    const other = others.find((each) => each.dropout?.form === 'operator')?.dropout?.main;
    attributes.push({ name: 'is_test', i: other ? (intAttribute(other, 'is_test') ?? 0) : training ? 0 : 1 });
    if (opset < 6) attributes.push({ name: 'consumed_inputs', ints: [0] });
  }
  return rewiring.insert({ opType: 'Dropout', name, inputs: [input], outputs: [output], attributes }, place);
}

/**
 * The name of a tensor of ones of shape [N, C, 1, …] for the data `name`: constant where N and C are known, else
 * computed from the shape of the data (onnxruntime keeps the Dropout over it only when its elimination is disabled).
 */
export function insertChannelOnes(rewiring: Rewiring, name: string, place: Where): string {
  const { body } = rewiring;
  const { shape, dataType } = body.tensor(name);
  if (!shape || shape.length < 3) refuse('the rank of what it drops is not known, so the shape of a mask per channel is not known either');
  if (dataType === undefined) refuse('the element type of what it drops is not known');
  const [batch, channels] = shape;
  const space = shape.length - 2;
  if (typeof batch === 'number' && typeof channels === 'number') {
    const dims = [batch, channels, ...new Array<number>(space).fill(1)];
    return insertConstant(rewiring, `${name}_channels`, { dataType, dims, values: new Array<number>(batch * channels).fill(1) }, place);
  }
  if (body.opset < 9) refuse('the batch size is not fixed and ConstantOfShape needs opset 9');
  const fresh = (stem: string) => rewiring.edit.freshName(`${name}_${stem}`);
  const node = (opType: string, inputs: string[], stem: string, attributes: AttributeSpec[] = []) => {
    const output = fresh(stem);
    rewiring.insert({ opType, name: rewiring.edit.freshNodeName(opType), inputs, outputs: [output], attributes }, place);
    return output;
  };
  const int64 = (values: number[], stem: string) => insertConstant(rewiring, `${name}_${stem}`, { dataType: INT64, dims: [values.length], values }, place);
  const full = node('Shape', [name], 'shape');
  const head = body.opset >= 10 ? node('Slice', [full, int64([0], 'start'), int64([2], 'end')], 'batch_channels') : node('Slice', [full], 'batch_channels', [{ name: 'starts', ints: [0] }, { name: 'ends', ints: [2] }]);
  const target = node('Concat', [head, int64(new Array<number>(space).fill(1), 'space')], 'mask_shape', [{ name: 'axis', i: 0 }]);
  return node('ConstantOfShape', [target], 'channels', [{ name: 'value', tensor: { dataType, dims: [1], values: [1] } }]);
}
