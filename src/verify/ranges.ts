/**
 * What integers an input may take, as far as the graph implies it: rows of a table, lengths of sequences, classes.
 * Follows an input through operators that move values without changing them.
 */
import type { GraphRecord, NodeRecord } from '../formats/onnx/wire/records.js';
import type { Declaration, ModelCopy } from './copy.js';
import type { FeedInput, IntegerRange } from './feeds.js';
import { typeName } from './tensors.js';

const MOVES = new Set(['Identity', 'Cast', 'Reshape', 'Squeeze', 'Unsqueeze', 'Flatten', 'Transpose', 'Expand', 'Tile', 'Slice', 'Split', 'Concat', 'Gather', 'Pad']);
const SHAPE_OPERAND = new Map([['Reshape', 1], ['Expand', 1], ['Tile', 1], ['ConstantOfShape', 0], ['TopK', 1], ['Unsqueeze', 1], ['Squeeze', 1]]);
/** How far an input is followed. */
const STEPS = 2000;

/** The inputs of a copy to feed: those without a default, with their element types, shapes and ranges. */
export function feedInputs({ graph: { body, inputs } }: ModelCopy): readonly FeedInput[] {
  const readers = readersOf(body);
  return inputs
    .filter(({ name }) => !body.initializers.has(name) && !body.sparseInitializers.has(name))
    .map((input) => feedInput(input, body, readers));
}

function feedInput(input: Declaration, graph: GraphRecord, readers: ReadonlyMap<string, readonly NodeRecord[]>): FeedInput {
  const kind = 'type' in input ? input.type : undefined;
  const type = kind === 'tensor' || kind === undefined ? typeName(input.elementType ?? 0) : kind;
  const shape = (input.shape ?? []).map((dimension, axis) => dimension ?? `${input.name}.${axis}`);
  const range = /^u?int/.test(type) ? rangeOf(input.name, graph, readers) : undefined;
  const value = isDropoutRate(input.name, readers) ? 0.5 : undefined;
  return { name: input.name, type, shape, ...(range && { range }), ...(value !== undefined && { value }) };
}

function readersOf(graph: GraphRecord): ReadonlyMap<string, readonly NodeRecord[]> {
  const readers = new Map<string, NodeRecord[]>();
  for (const node of graph.nodes) {
    for (const input of node.inputs) {
      const list = readers.get(input);
      if (list) list.push(node);
      else readers.set(input, [node]);
    }
  }
  return readers;
}

function isDropoutRate(name: string, readers: ReadonlyMap<string, readonly NodeRecord[]>): boolean {
  return (readers.get(name) ?? []).some((node) => node.opType === 'Dropout' && node.inputs[1] === name);
}

/** The narrowest of the ranges that its readers ask for. */
function rangeOf(name: string, graph: GraphRecord, readers: ReadonlyMap<string, readonly NodeRecord[]>): IntegerRange | undefined {
  let found: IntegerRange | undefined;
  const seen = new Set([name]);
  const queue = [name];
  for (let steps = 0; queue.length > 0 && steps < STEPS; steps++) {
    const value = queue.shift()!;
    for (const node of readers.get(value) ?? []) {
      const range = demand(node, value, graph);
      if (range) found = found ? { low: Math.max(found.low, range.low), high: Math.min(found.high, range.high) } : range;
      else if (MOVES.has(node.opType) && node.domain === '') {
        const further = node.outputs.filter((output) => output !== '' && !seen.has(output));
        for (const output of further) seen.add(output);
        queue.push(...further);
      }
    }
  }
  return found && found.high < found.low ? { low: found.low, high: found.low } : found;
}

/** What one reader asks of the values. */
function demand(node: NodeRecord, value: string, graph: GraphRecord): IntegerRange | undefined {
  const at = node.inputs.indexOf(value);
  const rowsOf = (table: string | undefined, axis: number): IntegerRange => {
    const dims = table === undefined ? undefined : graph.initializers.get(table)?.dims;
    const extent = dims?.[axis < 0 ? axis + dims.length : axis];
    return { low: 0, high: extent === undefined ? 1 : Math.max(0, extent - 1) };
  };
  const integer = (name: string, fallback: number): number => node.attributes.find((attribute) => attribute.name === name)?.i ?? fallback;
  switch (node.opType) {
    case 'Gather': case 'GatherElements': return at === 1 ? rowsOf(node.inputs[0], integer('axis', 0)) : undefined;
    case 'GatherND': case 'ScatterND': case 'ScatterElements': return at === 1 ? rowsOf(node.inputs[0], 0) : undefined;
    case 'EmbedLayerNormalization': return at <= 1 ? rowsOf(node.inputs[at === 0 ? 2 : 4], 0) : undefined;
    case 'LSTM': case 'GRU': case 'RNN': return at === 4 ? { low: 1, high: 1 } : undefined;
    case 'SoftmaxCrossEntropyLoss': case 'NegativeLogLikelihoodLoss': return at === 1 ? { low: 0, high: 1 } : undefined;
    case 'OneHot': return at === 1 ? { low: 4, high: 4 } : undefined;
    case 'Loop': return at === 0 ? { low: 2, high: 2 } : undefined;
    case 'Range': return { low: 1, high: 4 };
    default: return SHAPE_OPERAND.get(node.opType) === at ? { low: 1, high: 2 } : undefined;
  }
}
