/** LayerNorm and RMSNorm that exporters spell out: (x − mean) / √(mean((x − mean)²) + ε), then scale and shift. */
import type { NodeRecord } from '../wire/records.js';
import { inOrder, isClosed, otherOperand, producerOf, scalar, soleReader } from './patterns.js';
import type { Pattern } from './patterns.js';
import { intsAttribute } from './tensors.js';
import type { Body } from './tensors.js';

export type NormalizationName = 'layer' | 'rms';

/** Axes of a mean, from the last: -1, -2 …; `undefined` where they are not known or the mean is taken over the batch. */
function axesOf(body: Body, mean: NodeRecord): string | undefined {
  const rank = body.tensor(mean.inputs[0]).shape?.length;
  const axes = intsAttribute(mean, 'axes') ?? (mean.inputs[1] ? body.tensor(mean.inputs[1]).ints : undefined);
  if (!axes || axes.length === 0) return undefined;
  const fromEnd = axes.map((axis) => (typeof axis !== 'number' ? NaN : axis < 0 ? axis : rank === undefined ? NaN : axis - rank));
  const overBatch = fromEnd.some((axis) => Number.isNaN(axis) || (rank === undefined ? axis !== -1 : axis === -rank));
  return overBatch ? undefined : [...fromEnd].sort().join();
}

const ROOTS = new Set(['Sqrt', 'Pow']);

/** `name` is √(mean(c²) + ε): gives c and the nodes on the way. */
function rootMeanSquare(body: Body, name: string): { readonly of: string; readonly nodes: NodeRecord[]; readonly axes: string } | undefined {
  const root = producerOf(body, name);
  if (!root || !ROOTS.has(root.opType) || (root.opType === 'Pow' && scalar(body, root.inputs[1]) !== 0.5)) return undefined;
  const add = producerOf(body, root.inputs[0]);
  if (add?.opType !== 'Add') return undefined;
  const variance = add.inputs.find((input) => scalar(body, input) === undefined);
  const mean = producerOf(body, variance);
  const axes = mean?.opType === 'ReduceMean' ? axesOf(body, mean) : undefined;
  if (!mean || axes === undefined) return undefined;
  const square = producerOf(body, mean.inputs[0]);
  if (!square) return undefined;
  const isSquare = (square.opType === 'Pow' && scalar(body, square.inputs[1]) === 2) || (square.opType === 'Mul' && square.inputs[0] === square.inputs[1]);
  return isSquare ? { of: square.inputs[0], nodes: [root, add, mean, square], axes } : undefined;
}

/** `name` is x − mean(x): gives x. */
function centred(body: Body, name: string): { readonly of: string; readonly nodes: NodeRecord[]; readonly axes: string | undefined } | undefined {
  const sub = producerOf(body, name);
  if (sub?.opType !== 'Sub') return undefined;
  const mean = producerOf(body, sub.inputs[1]);
  return mean?.opType === 'ReduceMean' && mean.inputs[0] === sub.inputs[0] ? { of: sub.inputs[0], nodes: [sub, mean], axes: axesOf(body, mean) } : undefined;
}

/** The node is numerator ÷ root, or numerator × 1/root. */
function quotient(body: Body, node: NodeRecord): { readonly numerator: string; readonly root: string; readonly nodes: NodeRecord[] } | undefined {
  if (node.opType === 'Div') return { numerator: node.inputs[0], root: node.inputs[1], nodes: [node] };
  if (node.opType !== 'Mul') return undefined;
  for (const input of node.inputs) {
    const inverse = producerOf(body, input);
    const numerator = otherOperand(node, input);
    if (inverse?.opType === 'Reciprocal' && numerator) return { numerator, root: inverse.inputs[0], nodes: [node, inverse] };
    if (inverse?.opType === 'Div' && scalar(body, inverse.inputs[0]) === 1 && numerator) return { numerator, root: inverse.inputs[1], nodes: [node, inverse] };
  }
  return undefined;
}

function recognise(body: Body, node: NodeRecord, claimed: ReadonlySet<NodeRecord>): Pattern<NormalizationName> | undefined {
  const ratio = quotient(body, node);
  const root = ratio && rootMeanSquare(body, ratio.root);
  if (!ratio || !root) return undefined;
  const numerator = centred(body, ratio.numerator);
  const inner = centred(body, root.of);
  const isLayer = numerator !== undefined && inner !== undefined && numerator.of === inner.of && numerator.axes === root.axes;
  if (!isLayer && (ratio.numerator !== root.of || inner)) return undefined;
  const nodes = new Set([...ratio.nodes, ...root.nodes, ...(isLayer ? [...numerator.nodes, ...inner.nodes] : [])]);
  let [output] = node.outputs;
  for (const opType of ['Mul', 'Add']) {
    const affine = soleReader(body, output);
    const operand = affine?.opType === opType ? otherOperand(affine, output) : undefined;
    if (!affine || !operand || claimed.has(affine) || !body.tensor(operand).constant || scalar(body, operand) !== undefined) break;
    nodes.add(affine);
    [output] = affine.outputs;
  }
  if (!isClosed(body, nodes, output)) return undefined;
  return { nodes: inOrder(body, nodes), input: isLayer ? numerator.of : root.of, output, facts: isLayer ? 'layer' : 'rms' };
}

export function findNormalizations(body: Body, claimed: ReadonlySet<NodeRecord>): readonly Pattern<NormalizationName>[] {
  const found: Pattern<NormalizationName>[] = [];
  for (const node of body.order.nodes) {
    if (node.domain !== '' || (node.opType !== 'Div' && node.opType !== 'Mul') || claimed.has(node)) continue;
    const pattern = recognise(body, node, claimed);
    if (pattern && !pattern.nodes.some((each) => claimed.has(each))) found.push(pattern);
  }
  return found;
}
