/** In the body of a Loop or Scan: a fresh mask at every step becomes one that is drawn outside, for the whole sequence (Gal & Ghahramani 2016). */
import type { DropoutSpec } from '../../../graph/edits.js';
import { BOOL, FLOAT } from '../data-types.js';
import { dropoutOperands } from '../lift/dropout-facts.js';
import { carriedBy, holderOf, isLoop } from '../lift/recurrent-dropouts.js';
import type { Carried, Draw } from '../lift/recurrent-dropouts.js';
import { floatAttribute, intAttribute, isStandard, takesFromCall } from '../lift/tensors.js';
import type { Body, Tensor } from '../lift/tensors.js';
import { producerOf, scalar, soleReader } from '../lift/patterns.js';
import type { GraphRecord, NodeRecord } from '../wire/records.js';
import type { AttributeSpec } from '../wire/specs.js';
import { sideInputsOf } from './current.js';
import type { Current, CurrentDropout } from './current.js';
import { insertOnesLike } from './masks.js';
import type { ModelWide } from './model-wide.js';
import { refuse } from './refusal.js';
import type { NodePlace, Rewiring } from './rewiring.js';

/** Below it a Scan has other operands, and ConstantOfShape is not there. */
const FIRST_OPSET = 9;
const FIRST_OPERANDS = 12;
const STEP_LIMIT = 16;

/** Elementwise functions of one tensor: what they give has the shape of what they read. */
const ELEMENTWISE = new Set('Identity Relu LeakyRelu Elu Selu Celu Gelu Sigmoid HardSigmoid HardSwish Tanh Softplus Softsign Mish Erf Clip ThresholdedRelu Abs Neg Sqrt Exp Dropout'.split(' '));

const isElementwise = (node: NodeRecord | undefined): node is NodeRecord => node !== undefined && isStandard(node) && ELEMENTWISE.has(node.opType);

/** The names of what elementwise functions make of a value, or make it of, nearest first. */
function alongFunctions(start: string, functionAt: (name: string) => NodeRecord | undefined, end: 'inputs' | 'outputs'): readonly string[] {
  const names = [start];
  for (let node = functionAt(start); names.length < STEP_LIMIT && isElementwise(node); node = functionAt(names.at(-1)!)) names.push(node[end][0]);
  return names;
}

/** Which of the values that the loop carries on the dropout acts on: as a step reads it, or as it leaves it. */
function carriedAt({ body, input, output }: Current['place'], holder: NodeRecord): Carried | undefined {
  const carried = carriedBy(holder, body.record as GraphRecord);
  const read = alongFunctions(input, (name) => producerOf(body, name), 'inputs').flatMap((name) => carried.filter((each) => each.input === name));
  const left = alongFunctions(output, (name) => soleReader(body, name), 'outputs').flatMap((name) => carried.filter((each) => each.output === name));
  return [...read, ...left][0];
}

const sameShape = (a: Tensor, b: Tensor): boolean | undefined => (a.shape && b.shape ? a.shape.length === b.shape.length && a.shape.every((dim, i) => dim !== undefined && dim === b.shape![i]) : undefined);

/** The value that the loop begins with, if it has the shape of what is dropped; a Scan keeps the shape of what it carries. */
function initialState(current: Current, holder: NodeRecord, outer: Body): { readonly tensor: Tensor; readonly index: number } {
  const { index } = carriedAt(current.place, holder) ?? refuse('it does not act on a value that the loop carries on');
  const initial = outer.tensor(holder.inputs[index] ?? refuse('the loop begins without a value for the state'));
  const same = sameShape(current.place.body.tensor(current.place.input), initial);
  if (same === undefined && holder.opType === 'Loop') refuse('the shape of what it drops, or of the value that the loop begins with, is not known');
  if (same === false) refuse('the value that the loop begins with has another shape than what is dropped');
  return { tensor: initial, index };
}

/** Where the operand of the dropout comes from outside of the loop: a value that stands there, or a number. */
function operandOutside(body: Body, name: string | undefined): string | number | undefined {
  if (!name) return undefined;
  if (body.tensor(name).outer) return name;
  return scalar(body, name) ?? refuse('its rate or its training mode is computed inside the loop');
}

interface Settings {
  readonly ratio: string | number | undefined;
  readonly mode: string | number | undefined;
  readonly attributes: readonly AttributeSpec[];
}

function settingsOf({ dropout, main, place: { body } }: CurrentDropout, rate: number | 'keep'): Settings {
  if (dropout.form === 'decomposed') {
    if (body.opset < FIRST_OPERANDS) refuse(`it is spelled out in random operators, and a Dropout has no training mode below opset ${FIRST_OPERANDS}`);
    if (!dropout.inverted) refuse('its survivors are not scaled');
    return { ratio: rate === 'keep' ? (dropout.rate ?? refuse('its rate is computed inside the loop')) : rate, mode: 1, attributes: [] };
  }
  const record = dropout.main;
  if (!isStandard(record)) refuse(`${record.opType} is no operator of ai.onnx`);
  if (takesFromCall(record)) refuse("it takes settings from the function's call");
  const seed = intAttribute(record, 'seed');
  const attributes: AttributeSpec[] = seed === undefined ? [] : [{ name: 'seed', i: seed }];
  if (body.opset < FIRST_OPERANDS) return { ratio: undefined, mode: undefined, attributes: [...attributes, { name: 'ratio', f: rate === 'keep' ? (floatAttribute(record, 'ratio') ?? 0.5) : rate }] };
  const { ratio, trainingMode } = dropoutOperands(main);
  return { ratio: rate === 'keep' ? operandOutside(body, ratio) : rate, mode: operandOutside(body, trainingMode), attributes };
}

/** `outer` is the body that the loop stands in. */
export function hoistMask(current: CurrentDropout, outer: Rewiring, { rate, mode }: { readonly rate: DropoutSpec['rate']; readonly mode: DropoutSpec['mode'] }, wide: ModelWide): void {
  const { rewiring, nodes, input, output, maker, dropout, main } = current;
  const { body } = current.place;
  const holder = holderOf(body);
  if (!holder || !isLoop(holder)) refuse('it does not stand in the body of a Loop or Scan');
  if (dropout.mask) refuse('its mask is read, and would be drawn outside the loop');
  if (dropout.unit !== 'element' || dropout.law !== 'bernoulli' || dropout.template) refuse('it is not elementwise');
  if (body.opset < FIRST_OPSET) refuse(`the mask takes the shape of the state, and ConstantOfShape needs opset ${FIRST_OPSET}`);
  if (!outer.body.order.isFileOrder) refuse("the graph's nodes are not in topological order, which the specification demands");
  if (mode !== undefined && body.opset < FIRST_OPERANDS) refuse(`Dropout of opset ${body.opset} has no training mode`);
  const initial = initialState(current, holder, outer.body);
  const settings = settingsOf(current, rate);
  const loop = outer.nodeOf(holder);
  if (!loop.isPresent) refuse('another fix of the same pass has taken the loop out');

  const place = { before: loop };
  const ones = insertOnesLike(outer, loop.inputs[initial.index], initial.tensor, place);
  const operand = (value: string | number | undefined, stem: string, dataType: number) => (typeof value === 'number' ? outer.insertConstant(stem, { dataType, dims: [], values: [value] }, place) : (value ?? ''));
  const switchedBy = mode === undefined ? settings.mode : mode === 'input' ? wide.modeInput(outer.body) : Number(mode);
  const operands = [operand(settings.ratio, 'ratio', FLOAT), operand(switchedBy, 'training_mode', BOOL)];
  while (operands.at(-1) === '') operands.pop();
  const mask = outer.freshName(`${output}_mask`);
  outer.insert({ opType: 'Dropout', name: outer.edit.freshNodeName(main.name || 'Dropout'), inputs: [ones, ...operands], outputs: [mask], attributes: settings.attributes }, place);

  const side = sideInputsOf(current);
  rewiring.setOutput(maker, maker.outputs.indexOf(output), rewiring.freshName(`${output}_replaced`));
  rewiring.insert({ opType: 'Mul', inputs: [input, mask], outputs: [output] }, { before: maker } satisfies NodePlace);
  for (const node of nodes) rewiring.remove(node);
  rewiring.sweep(side);
}

/** The Dropout outside that draws the mask of a dropout in a loop: what its settings belong to. */
export function drawingOf({ place, ...current }: Current, draw: Draw, outer: Rewiring): CurrentDropout {
  const main = outer.nodeOf(draw.node);
  if (!main.isPresent) refuse('another fix of the same pass has taken it out');
  const [input, output] = [draw.node.inputs[0], draw.node.outputs[0]];
  return { ...current, place: { ...place, body: draw.body, nodes: [draw.node], input, output }, rewiring: outer, nodes: [main], input: main.inputs[0], output: main.outputs[0], reader: main, maker: main, dropout: { ...place.dropout!, main: draw.node }, main };
}

/** Takes the product with a mask from outside out; `isLast`: nothing else is multiplied by the mask. */
export function removeSharedMask(current: Current, draw: Draw, outer: Rewiring, isLast: boolean): void {
  current.rewiring.takeOut(current);
  if (!isLast) return;
  const drawing = outer.nodeOf(draw.node);
  outer.remove(drawing);
  outer.sweep(drawing.inputs);
}
