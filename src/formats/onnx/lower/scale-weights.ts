/** Multiplies the weights of a layer by a number where they stand: the same name, type and shape, other values. */
import { DOUBLE, FLOAT, FLOAT16 } from '../data-types.js';
import { feedOf } from '../lift/dropout-facts.js';
import { scalar } from '../lift/patterns.js';
import type { Body } from '../lift/tensors.js';
import type { EditableNode } from '../wire/editable-node.js';
import { encodeElements } from '../wire/element-types.js';
import type { GraphRecord, TensorRecord } from '../wire/records.js';
import { elementCount, readTensor } from '../wire/tensors.js';
import type { Current } from './current.js';
import { refuse } from './refusal.js';
import type { Rewiring } from './rewiring.js';

/** Elements that are read at once: 256 MiB of float32. */
const LIMIT = 1 << 26;
/** Weights in a file of their own become part of the model where they are no more than that. */
const INLINE_LIMIT = 1 << 16;
const STEP_LIMIT = 16;
const TYPES = new Set([FLOAT, DOUBLE, FLOAT16]);
/** What a factor passes on the way from the file to the layer; a Dropout there is DropConnect. */
const LINEAR = new Set(['Identity', 'Transpose', 'Reshape', 'Squeeze', 'Unsqueeze', 'Flatten', 'Dropout']);
const WEIGHTED = new Set(['Gemm', 'MatMul', 'Conv', 'ConvTranspose', 'LSTM', 'GRU', 'RNN']);

/** A tensor of the file, and the multiplications by one number on the way from it to the layer. */
interface Source {
  readonly tensor: TensorRecord;
  /** The Constant node that holds it; absent for an initializer. */
  readonly node?: EditableNode;
  readonly factors: readonly { readonly node: EditableNode; readonly value: number; readonly input: string }[];
}

/** Whether one operand reads the value, and nothing else sees it. */
function isReadOnce(rewiring: Rewiring, name: string): boolean {
  const uses = [...rewiring.readersOf(name)].flatMap(({ inputs }) => inputs.filter((input) => input === name));
  return uses.length === 1 && !rewiring.isOutput(name) && !rewiring.isCaptured(name);
}

function sourceOf(rewiring: Rewiring, operand: string): Source {
  const { body } = rewiring;
  const factors: { readonly node: EditableNode; readonly value: number; readonly input: string }[] = [];
  let name = operand;
  for (let steps = 0; steps < STEP_LIMIT; steps += 1) {
    if (!isReadOnce(rewiring, name)) refuse('its weights are read elsewhere, too');
    const node = rewiring.producerOf(name);
    if (!node) return { tensor: initializerOf(body, name), factors };
    if (!node.record || node.domain !== '') refuse('its weights are computed');
    if (node.opType === 'Constant') return { tensor: node.record.attributes.find((each) => each.name === 'value')?.tensor ?? refuse('its weights are computed'), node, factors };
    const [index, value] = factorOf(body, node);
    if (value !== undefined) factors.push({ node, value, input: node.inputs[index] });
    else if (!LINEAR.has(node.opType)) refuse(node.opType.startsWith('Dequantize') ? 'its weights are quantised' : 'its weights are computed');
    name = node.inputs[index];
  }
  return refuse('its weights are computed');
}

/** Of a multiplication by one number: which operand is multiplied, and by what. */
function factorOf(body: Body, { opType, record }: EditableNode): readonly [index: number, value: number | undefined] {
  if (opType !== 'Mul') return [0, undefined];
  const [a, b] = record!.inputs.map((name) => scalar(body, name));
  return b !== undefined ? [0, b] : [1, a];
}

function initializerOf(body: Body, name: string): TensorRecord {
  const tensor = body.record.kind === 'graph' ? (body.record as GraphRecord).initializers.get(name) : undefined;
  if (!tensor) refuse(body.tensor(name).outer ? 'its weights stand outside of the graph that it is in' : 'its weights are no tensor of the file');
  if (feedOf(body, name) !== undefined) refuse('its weights are an input of the model: a caller may bring others');
  return tensor;
}

/** By what each tensor is multiplied so far: several edits may scale one. */
const scaled = new WeakMap<Rewiring, Map<TensorRecord, number>>();

function scaleSource(rewiring: Rewiring, { tensor, node }: Source, factor: number): void {
  const { model } = rewiring.body;
  const { dataType, dims, name } = tensor;
  if (!TYPES.has(dataType)) refuse('its weights are not float32, float64 or float16');
  if (tensor.external && (elementCount(tensor) ?? Infinity) > INLINE_LIMIT) refuse('its weights stand in a file of their own, which is not written');
  const known = scaled.get(rewiring) ?? new Map<TensorRecord, number>();
  scaled.set(rewiring, known);
  const total = (known.get(tensor) ?? 1) * factor;
  const values = readTensor(model, tensor, LIMIT) ?? refuse('its weights cannot be read, or are too many');
  for (let i = 0; i < values.length; i += 1) values[i]! *= total;
  known.set(tensor, total);
  const spec = { dataType, dims, raw: encodeElements(dataType, values) };
  if (node) rewiring.setAttribute(node, { name: 'value', tensor: spec });
  else rewiring.setInitializer({ ...spec, name });
}

/** The operand of the weights, and that of the bias where there is one. */
function operandsOf({ rewiring, place: { nodes: [main, add] }, nodes: [node, sum] }: Current): { readonly weight: string; readonly bias: string | undefined } {
  if (main.domain !== '' || !WEIGHTED.has(main.opType)) refuse(`the weights of ${main.opType} are quantised, or not known`);
  const isConstant = (index: number) => rewiring.body.tensor(main.inputs[index] ?? '').constant !== undefined;
  const index = (main.opType === 'MatMul' || main.opType === 'Gemm') && isConstant(0) && !isConstant(1) ? 0 : 1;
  if (add) return { weight: node.inputs[index], bias: sum.inputs.find((name) => name !== node.outputs[0]) };
  return { weight: node.inputs[index], bias: main.opType === 'MatMul' ? undefined : node.inputs[2] || undefined };
}

/** Multiplies the weights; `bias`: its bias, too, so that the layer's result is multiplied. */
export function scaleWeights(layer: Current, factor: number, { bias: withBias }: { readonly bias: boolean }): void {
  const { weight, bias } = operandsOf(layer);
  const sources = [weight, ...(withBias && bias ? [bias] : [])].map((name) => sourceOf(layer.rewiring, name));
  for (const source of sources) scaleSource(layer.rewiring, source, factor);
}

/** Takes a multiplication by `factor` out of the way of the weights, and gives it to them. */
export function foldWeightFactor(layer: Current, isFactor: (value: number) => boolean): void {
  const { rewiring } = layer;
  const source = sourceOf(rewiring, operandsOf(layer).weight);
  const found = source.factors.find(({ value }) => isFactor(value)) ?? refuse('its weights are not multiplied by 1 − p');
  scaleSource(rewiring, source, found.value);
  const [output] = found.node.outputs;
  const side = found.node.inputs.filter((name) => name !== found.input);
  rewiring.redirect(rewiring.readersOf(output), output, found.input);
  rewiring.remove(found.node);
  rewiring.sweep(side);
}
