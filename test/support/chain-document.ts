/**
 * A document format for tests of what lies above the formats: each line of text is one variant of the model, a chain of
 * layers such as `linear@fc1 → dropout@d1 0.5 → relu → linear@fc2`. It reads, prints and splices like any other.
 */
import type { Lowered, Splice, TextDocument } from '../../src/formats/document.js';
import type { Edit } from '../../src/graph/edits.js';
import { createValue, GraphBuilder } from '../../src/graph/graph.js';
import type { Constant, Layer, Value } from '../../src/graph/layers.js';

const ARROW = ' → ';

export class ChainDocument implements TextDocument {
  readonly file: string;
  readonly format = 'onnx';
  readonly models;

  constructor(
    readonly text: string,
    readonly options: { readonly file?: string; readonly isSource?: boolean; readonly refuse?: (edits: readonly Edit[]) => string | undefined } = {},
  ) {
    this.file = options.file ?? '/models/chain.onnx';
    let start = 0;
    const variants = text.split('\n').map((line) => {
      const graph = readChain(line, start, options.isSource ?? false);
      start += line.length + 1;
      return [graph];
    });
    this.models = [{ name: 'chain', variants }];
  }

  /** A move takes a layer's text out and puts it down elsewhere; edits that overlap earlier ones are refused. */
  lower(fixes: readonly (readonly Edit[])[]): Lowered<string> {
    const splices: Splice<string>[] = [];
    const refusals = fixes.map((edits) => {
      const refusal = this.options.refuse?.(edits);
      if (refusal) return refusal;
      const own = edits.flatMap(splicesOf);
      if (own.some((a) => splices.some((b) => a.start < b.end && b.start < a.end))) return 'it overlaps another fix';
      splices.push(...own);
      return undefined;
    });
    return { splices, refusals };
  }

  withSplices(splices: readonly Splice<string>[]): ChainDocument {
    let text = this.text;
    for (const { start, end, replacement } of [...splices].sort((a, b) => b.start - a.start || b.end - a.end)) {
      text = text.slice(0, start) + replacement + text.slice(end);
    }
    return new ChainDocument(text, this.options);
  }
}

/** The chain without its dropouts: what it computes at inference. */
export const erased = (document: ChainDocument): string =>
  document.text.split('\n').map((line) => line.split(ARROW).filter((token) => !token.startsWith('dropout')).join(ARROW)).join('\n');

function splicesOf(edit: Edit): Splice<string>[] {
  const cut = ({ origin: { range } }: Layer): Splice<string> => ({ start: range!.start - ARROW.length, end: range!.end, replacement: '' });
  const put = (token: string, where: 'after' | 'before', { origin: { range } }: Layer): Splice<string> =>
    where === 'after'
      ? { start: range!.end, end: range!.end, replacement: ARROW + token }
      : { start: range!.start, end: range!.start, replacement: token + ARROW };
  switch (edit.type) {
    case 'move':
      return [cut(edit.layer), put(textOf(edit.layer), edit.where, edit.target)];
    case 'remove':
      return [cut(edit.layer)];
    case 'insert':
      return [put(`dropout@new ${edit.spec.rate}`, edit.where, edit.target)];
    case 'configure': {
      const { start, end } = edit.layer.origin.range!;
      return [{ start, end, replacement: `${textOf(edit.layer).split(' ')[0]} ${String(edit.settings.rate)}` }];
    }
    case 'replace':
    case 'fold-bias':
    case 'fold-scale':
    case 'unfold-scale':
    case 'schedule':
      throw new Error(`chains have no ${edit.type}`);
  }
}

const textOf = (layer: Layer): string => layer.type;

function readChain(line: string, start: number, isSource: boolean): GraphBuilder {
  const graph = new GraphBuilder('graph', 'chain', 'model', undefined, isSource);
  let value: Value = createValue('x', { isGraphInput: true, shape: [2, 8], elementType: 'float32' });
  graph.inputs.push(value);
  let at = start;
  for (const [index, token] of line.split(ARROW).entries()) {
    const output = createValue(`v${index}`, { shape: [2, 8], elementType: 'float32' });
    graph.add(layerOf(token, index, at, graph, value, output));
    at += token.length + ARROW.length;
    value = output;
  }
  value.isGraphOutput = true;
  graph.outputs.push(value);
  return graph;
}

/** `type` keeps the whole token, so that a move can put it down again. */
function layerOf(token: string, index: number, at: number, graph: GraphBuilder, input: Value, output: Value): Layer {
  const [head = '', ...rest] = token.split(' ');
  const [word = '', name = `${word}${index}`] = head.split('@');
  const base = {
    key: name,
    type: token,
    inputs: [input],
    outputs: [output],
    origin: { path: `graph:node[${index}](${name})`, name, order: index, range: { start: at, end: at + token.length } },
    graph,
    parameters: 0,
  };
  const weight: Constant = { shape: [8, 8], count: 64, values: () => undefined };
  switch (word) {
    case 'linear':
      return { ...base, kind: 'linear', units: 8, weight, bias: undefined, hasBias: false, parameters: 64 };
    case 'dropout':
      if (rest.includes('live')) graph.trainingEvidence.push('live Dropout');
      return {
        ...base, kind: 'dropout', rate: Number(rest[0]), state: rest.includes('live') ? 'live' : 'unspecified', unit: 'element', law: 'bernoulli',
        form: 'operator', inverted: true, seed: undefined, mask: undefined, rateName: undefined, rateIsConstant: true,
      };
    case 'relu':
    case 'gelu':
    case 'softmax':
      return { ...base, kind: 'activation', function: word };
    default:
      return { ...base, kind: 'opaque', role: 'unknown' };
  }
}
