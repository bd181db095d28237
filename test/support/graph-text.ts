/** A graph on one line: `model: dense → dropout 0.5 → relu`; with merges, `3:add(0,2)` names what each layer reads. */
import type { Document, TextDocument } from '../../src/formats/document.js';
import type { Edit } from '../../src/graph/edits.js';
import type { Graph } from '../../src/graph/graph.js';
import type { Layer } from '../../src/graph/layers.js';

function word(layer: Layer): string {
  switch (layer.kind) {
    case 'dropout': return `${layer.unit === 'element' ? '' : `${layer.unit}-`}${layer.law === 'bernoulli' ? '' : `${layer.law}-`}dropout ${layer.rate ?? '?'}${layer.form === 'recurrent' ? ' inside' : ''}`;
    case 'activation': return layer.function;
    case 'opaque': return `<${layer.type}>`;
    default: return layer.type;
  }
}

export function graphText(graph: Graph): string {
  const { layers } = graph;
  const isChain = layers.every((layer, index) => (index === 0 ? layer.inputs.length <= 1 : layer.inputs.length === 1 && layer.inputs[0] === layers[index - 1]!.outputs[0]));
  if (isChain) return `${graph.role}: ${layers.map(word).join(' → ')}`;
  const numbers = new Map(layers.map((layer, index) => [layer, index]));
  const reads = (layer: Layer) => layer.inputs.map((value) => (value.producer ? numbers.get(value.producer) : value.name)).join(',');
  return `${graph.role}: ${layers.map((layer, index) => `${index}:${word(layer)}(${reads(layer)})`).join(' ')}`;
}

/** Every graph of a document, models and variants in order. */
export const graphTexts = (document: Document): string[] => document.models.flatMap(({ variants }) => variants.flat().map(graphText));

/** The n-th layer (from 1) of a kind, type or activation function, by place in the document. */
export function pick(document: Document, name: string, n = 1): Layer {
  const found = new Map<string, Layer>();
  for (const graph of document.models.flatMap(({ variants }) => variants.flat())) {
    for (const layer of graph.layers) {
      if (layer.kind === name || layer.type === name || (layer.kind === 'activation' && layer.function === name)) found.set(layer.key, layer);
    }
  }
  const layer = [...found.values()].sort((a, b) => a.origin.order - b.origin.order)[n - 1];
  if (!layer) throw new Error(`no ${name} #${n} in ${document.file}`);
  return layer;
}

/** The text after one fix, or `refused: …`. */
export function afterEdits(document: TextDocument, edits: readonly Edit[]): string {
  const { splices, refusals: [refusal] } = document.lower([edits]);
  return refusal === undefined ? (document.withSplices(splices) as TextDocument).text : `refused: ${refusal}`;
}
