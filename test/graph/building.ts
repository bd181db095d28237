/** Graphs for tests of what looks at them: chains of the chain language, lifted. */
import { toOnnx } from '../../fixtures/chain/onnx.js';
import type { OnnxOptions } from '../../fixtures/chain/onnx.js';
import { readOnnxBytes } from '../../src/formats/onnx/document.js';
import type { Graph } from '../../src/graph/graph.js';
import type { ActivationLayer, DropoutLayer, Layer, LayerKind, LayerOf } from '../../src/graph/layers.js';

export const fromBytes = (bytes: Uint8Array): Graph => readOnnxBytes(bytes).models[0]!.variants[0]![0]!;

export const graphOf = (chain: string, options?: OnnxOptions): Graph => fromBytes(toOnnx(chain, options));

/** The n-th layer of a kind, from 0; negative from the end. */
export function nth<K extends LayerKind>(graph: Graph, kind: K, n = 0): LayerOf<K> {
  const layer = graph.layersOf(kind).at(n);
  if (!layer) throw new Error(`no ${kind} ${n}`);
  return layer;
}

export const dropoutOf = (chain: string, n = 0, options?: OnnxOptions): DropoutLayer => nth(graphOf(chain, options), 'dropout', n);

export const activationOf = (chain: string, n = 0): ActivationLayer => nth(graphOf(chain), 'activation', n);

/** What a layer is, in a word. */
export function label(layer: Layer | undefined): string | undefined {
  if (!layer) return undefined;
  return layer.kind === 'activation' ? layer.function : layer.kind === 'merge' || layer.kind === 'normalization' || layer.kind === 'pooling' ? layer.of : layer.kind;
}
