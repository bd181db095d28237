/**
 * Recurrent dropout (Gal & Ghahramani 2016): one mask for the whole sequence, on what LSTM, GRU and RNN read, on the
 * columns of their recurrence weights, and on values in the body of a Loop or Scan, by a mask that is drawn outside.
 */
import type { Dimension, DropoutUnit, Shape } from '../../../graph/layers.js';
import { subgraphsOf } from '../wire/bodies.js';
import type { GraphRecord, NodeRecord } from '../wire/records.js';
import { otherOperand, soleReader } from './patterns.js';
import { intAttribute, intsAttribute, isStandard, takesFromCall } from './tensors.js';
import type { Body } from './tensors.js';

const OPERATORS = new Set(['LSTM', 'GRU', 'RNN']);
const LOOPS = new Set(['Loop', 'Scan']);
/** Place of the recurrence weights R among the operands. */
export const RECURRENCE = 2;
const STEP_LIMIT = 16;
/** What may stand in between: another dropout, as an operator or as a product with its mask. */
const ELEMENTWISE = new Set(['Identity', 'Dropout', 'Mul']);

export const isRecurrentOperator = (node: NodeRecord): boolean => isStandard(node) && OPERATORS.has(node.opType);

/** A mask of the data's shape reads the data for its shape alone. */
function soleDataReader(body: Body, name: string): NodeRecord | undefined {
  const { readers, isOutput, captured } = body.tensor(name);
  const [first, ...others] = new Set(readers.filter(({ opType }) => opType !== 'Shape'));
  return isOutput || captured || others.length > 0 ? undefined : first;
}

/** The axis of the steps in a value that a recurrent operator alone reads as its sequence: as it stands, transposed, or dropped. */
export function timeAxisOf(body: Body, name: string): number | undefined {
  const permutations: (readonly number[])[] = [];
  let value = name;
  for (let steps = 0; steps < STEP_LIMIT; steps += 1) {
    const reader = soleDataReader(body, value);
    if (!reader || !isStandard(reader) || takesFromCall(reader)) return undefined;
    if (OPERATORS.has(reader.opType)) return reader.inputs[0] === value ? axisBehind(permutations, intAttribute(reader, 'layout') === 1 ? 1 : 0) : undefined;
    if (reader.opType === 'Transpose') permutations.push(intsAttribute(reader, 'perm') ?? [2, 1, 0]);
    else if (!ELEMENTWISE.has(reader.opType)) return undefined;
    [value] = reader.outputs;
  }
  return undefined;
}

const axisBehind = (permutations: readonly (readonly number[])[], axis: number): number | undefined => permutations.reduceRight<number | undefined>((at, perm) => (at === undefined ? undefined : perm[at]), axis);

/** A mask that is stretched over the steps and over nothing else. */
function isStretchedOver(axis: number, mask: Shape | undefined, data: Shape | undefined): boolean {
  return mask?.length === 3 && mask[axis] === 1 && mask.every((dim, i) => i === axis || dim !== 1 || data?.[i] === 1);
}

/** What one draw silences together, and along which axes. */
export interface Unit {
  readonly unit: DropoutUnit;
  readonly channelAxis: 1 | -1;
  readonly timeAxis?: number;
}

/** In front of a recurrent operator the axis of the steps is known: of what `otherwise` says of the mask alone no axis of time is left. */
export function unitBefore(body: Body, output: string, mask: Shape | undefined, data: Shape | undefined, otherwise: Unit): Unit {
  const timeAxis = timeAxisOf(body, output);
  if (timeAxis === undefined) return otherwise;
  if (isStretchedOver(timeAxis, mask, data)) return { unit: 'time', channelAxis: 1, timeAxis };
  return otherwise.unit === 'time' || otherwise.unit === 'channel' ? { unit: 'unknown', channelAxis: 1 } : otherwise;
}

/** The recurrence weights R [directions, gates · units, units] that `multiply` drops the columns of: one draw for each unit of the state. */
export function droppedRecurrence(body: Body, multiply: NodeRecord, mask: string): string | undefined {
  const weights = otherOperand(multiply, mask);
  const [product] = multiply.outputs;
  const reader = soleReader(body, product);
  if (!weights || !reader || !isRecurrentOperator(reader) || reader.inputs[RECURRENCE] !== product || reader.inputs.indexOf(product) !== RECURRENCE) return undefined;
  return isMaskOfColumns(body.tensor(mask).shape, body.tensor(weights).shape) ? weights : undefined;
}

function isMaskOfColumns(mask: Shape | undefined, weights: Shape | undefined): boolean {
  if (!mask || weights?.length !== 3 || mask.length > 3) return false;
  const full: readonly Dimension[] = [...new Array<Dimension>(3 - mask.length).fill(1), ...mask];
  return full[1] === 1 && full.every((dim, i) => i === 1 || (dim !== undefined && dim === weights[i]));
}

const holders = new WeakMap<Body, ReadonlyMap<GraphRecord, NodeRecord>>();

/** The Loop, Scan or If that a body belongs to. */
export function holderOf(body: Body): NodeRecord | undefined {
  const { parent } = body;
  if (!parent) return undefined;
  let known = holders.get(parent);
  if (!known) {
    const all = parent.record.nodes.flatMap((node) => subgraphsOf(node).map((graph) => [graph, node] as const));
    holders.set(parent, (known = new Map(all)));
  }
  return known.get(body.record as GraphRecord);
}

export const isLoop = (node: NodeRecord | undefined): boolean => node !== undefined && isStandard(node) && LOOPS.has(node.opType);

/** A value that the body of a Loop or Scan carries from step to step. */
export interface Carried {
  /** As a step reads it of the step before. */
  readonly input: string;
  /** As it leaves it for the next. */
  readonly output: string;
  /** The operand of the Loop or Scan, and the input of its body, that it is. */
  readonly index: number;
}

export function carriedBy(node: NodeRecord, { inputs, outputs }: GraphRecord): readonly Carried[] {
  // A Loop's body has its number and condition besides, a Scan's body its slices.
  const [first, count] = node.opType === 'Loop' ? [2, inputs.length - 2] : [0, node.opType === 'Scan' ? inputs.length - (intAttribute(node, 'num_scan_inputs') ?? inputs.length) : 0];
  const behind = outputs.slice(first === 2 ? 1 : 0);
  return inputs.slice(first, first + count).flatMap(({ name }, i) => (behind[i] ? [{ input: name, output: behind[i].name, index: first + i }] : []));
}

/** A node of an enclosing body. */
export interface Draw {
  readonly body: Body;
  readonly node: NodeRecord;
}

/** What `multiply`, in a body that repeats, multiplies by a value that is drawn once, outside. */
export function sharedMask(body: Body, multiply: NodeRecord): { readonly data: string; readonly draw: Draw } | undefined {
  if (multiply.opType !== 'Mul' || !isStandard(multiply) || multiply.inputs.length !== 2 || multiply.inputs[0] === multiply.inputs[1]) return undefined;
  for (const name of multiply.inputs) {
    const { outer, constant } = body.tensor(name);
    const draw = outer && !constant ? drawOf(body, name) : undefined;
    if (draw) return { data: otherOperand(multiply, name)!, draw };
  }
  return undefined;
}

/** The node of an enclosing body that makes the value, with a Loop or Scan between. */
function drawOf(body: Body, name: string): Draw | undefined {
  let repeats = false;
  for (let at: Body | undefined = body; at; at = at.parent) {
    const tensor = at === body ? undefined : at.tensors.get(name);
    if (tensor && !tensor.outer) return repeats && tensor.producer ? { body: at, node: tensor.producer } : undefined;
    repeats ||= isLoop(holderOf(at));
  }
  return undefined;
}

/** The value is read in the bodies of Loops and Scans alone, to be multiplied with something there. */
export function isMaskOfLoops(body: Body, name: string): boolean {
  const tensor = body.tensor(name);
  if (!tensor.captured || tensor.isOutput || tensor.readers.length > 0) return false;
  let uses = 0;
  const open = body.record.nodes.flatMap((node) => nestedIn(node, false));
  for (let at = open.pop(); at; at = open.pop()) {
    const { graph, repeats } = at;
    if (graph.outputs.some((output) => output.name === name)) return false;
    for (const node of graph.nodes) {
      open.push(...nestedIn(node, repeats));
      if (!node.inputs.includes(name)) continue;
      if (!repeats || node.opType !== 'Mul' || !isStandard(node) || node.inputs.every((input) => input === name)) return false;
      uses += 1;
    }
  }
  return uses > 0;
}

const nestedIn = (node: NodeRecord, repeats: boolean) => subgraphsOf(node).map((graph) => ({ graph, repeats: repeats || isLoop(node) }));
