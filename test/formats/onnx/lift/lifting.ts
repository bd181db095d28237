/** Small models for tests of the lift, and what it makes of them. */
import { Model } from '../../../../fixtures/builders/onnx.js';
import type { Body, ModelOptions, Tensor } from '../../../../fixtures/builders/onnx.js';
import type { Dim, ElementType } from '../../../../fixtures/builders/tensors.js';
import { readOnnxBytes } from '../../../../src/formats/onnx/document.js';
import type { Graph } from '../../../../src/graph/graph.js';
import type { DropoutLayer, Layer } from '../../../../src/graph/layers.js';
import { printGraph } from '../../../../src/graph/print.js';

export interface Setting extends Partial<ModelOptions> {
  readonly shape?: readonly Dim[];
  readonly type?: ElementType;
}

/** A model of one input `x` and one output `y`. */
export function build(make: (g: Body, x: Tensor) => Tensor, { shape = [2, 8], type = 'float32', ...options }: Setting = {}): Uint8Array {
  const model = new Model({ opset: 13, naming: 'plain', ...options });
  model.graph.output(make(model.graph, model.graph.input('x', shape, type)), 'y');
  return model.encode();
}

/** The model's graph first, then subgraphs and functions. */
export const graphsOf = (bytes: Uint8Array): readonly Graph[] => readOnnxBytes(bytes).models[0]!.variants[0]!;

export const graphOf = (bytes: Uint8Array): Graph => graphsOf(bytes)[0]!;

/** What each line of the printed graph says of its layer, without values and names. */
export function kinds(bytes: Uint8Array): string[] {
  return printGraph(graphOf(bytes), { names: false, shapes: false, numbers: false }).split('\n').slice(1, -1).map((line) => line.trim().replace(/\((?!.*\()[^()]*\)$/, (end) => (/live|off|unspecified|decomposed/.test(end) ? end : '')));
}

export const printed = (bytes: Uint8Array): string => graphsOf(bytes).map((graph) => printGraph(graph, { names: false })).join('\n');

export function onlyDropout(bytes: Uint8Array): DropoutLayer {
  const dropouts = graphsOf(bytes).flatMap((graph) => graph.layersOf('dropout'));
  if (dropouts.length !== 1) throw new Error(`${dropouts.length} dropouts:\n${printed(bytes)}`);
  return dropouts[0]!;
}

export const lastLayer = (bytes: Uint8Array): Layer => graphOf(bytes).layers.at(-1)!;
