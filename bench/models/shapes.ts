/** Graphs of different shapes and any number of nodes: what is not linear in lifting or in a rule shows on one of them. */
import { activation } from '../../fixtures/builders/activations.js';
import { dropout } from '../../fixtures/builders/dropout-forms.js';
import { binary, linear } from '../../fixtures/builders/layers.js';
import { Model, type Body, type Tensor } from '../../fixtures/builders/onnx.js';
import { linearChain } from './chain.js';

const WIDTH = 4;

/** Layers by name; each has a scope of its own, which keeps the naming of a large graph linear. */
class Builder {
  readonly model = new Model({ opset: 17, naming: 'torchscript' });
  readonly x = this.graph.input('input', ['batch', WIDTH]);
  #layers = 0;

  get graph(): Body {
    return this.model.graph;
  }

  get #scope(): { readonly scope: string } {
    return { scope: `layer.${(this.#layers += 1)}` };
  }

  linear = (x: Tensor): Tensor => linear(this.graph, x, WIDTH, this.#scope);
  relu = (x: Tensor): Tensor => activation(this.graph, x, 'relu', this.#scope);
  gelu = (x: Tensor): Tensor => activation(this.graph, x, 'gelu', { ...this.#scope, composite: true });
  drop = (x: Tensor): Tensor => dropout(this.graph, x, { ...this.#scope, rate: 0.1, state: 'live' });
  add = (a: Tensor, b: Tensor): Tensor => binary(this.graph, 'Add', a, b, this.#scope);
  sum = (terms: readonly Tensor[]): Tensor => this.graph.node('Sum', terms, this.#scope);

  concat(a: Tensor, b: Tensor): Tensor {
    const channels = Number(a.shape[1]) + Number(b.shape[1]);
    return this.graph.node('Concat', [a, b], { ...this.#scope, attributes: { axis: 1 }, shape: ['batch', channels] });
  }
}

function model(build: (builder: Builder) => readonly Tensor[]): Uint8Array {
  const builder = new Builder();
  builder.graph.outputs.push(...build(builder));
  return builder.model.encode();
}

function repeat(times: number, start: Tensor, step: (x: Tensor) => Tensor): Tensor {
  let x = start;
  for (let i = 0; i < Math.floor(times); i += 1) x = step(x);
  return x;
}

/** Each gives about as many nodes as asked for. */
export const SHAPES: Readonly<Record<string, (nodes: number) => Uint8Array>> = {
  /** Gemm → Relu → Dropout, one after the other. */
  chain: linearChain,
  /** Blocks with a skip connection around each. */
  residual: (nodes) => model((b) => [repeat(nodes / 4, b.x, (x) => b.add(x, b.drop(b.relu(b.linear(x)))))]),
  /** GELU spelled out in five nodes, between layers. */
  composites: (nodes) => model((b) => [repeat(nodes / 7, b.x, (x) => b.drop(b.gelu(b.linear(x))))]),
  /** One value that all branches read, and a Sum that reads all branches. */
  'fan-out': (nodes) => model((b) => [b.sum(Array.from({ length: nodes / 2 }, () => b.relu(b.drop(b.x))))]),
  /** Every step joins one more dropped value to all that came before, as the blocks of a DenseNet do. */
  concatenations: (nodes) => model((b) => [repeat(nodes / 2, b.x, (x) => b.concat(x, b.drop(b.x)))]),
  /** One layer with weights, and behind it only what has none. */
  tail: (nodes) => model((b) => [repeat(nodes / 2, b.linear(b.x), (x) => b.relu(b.drop(x)))]),
  /** A long trunk with many classifiers on its end. */
  heads: (nodes) => model((b) => {
    const trunk = repeat(nodes / 3, b.x, (x) => b.relu(b.drop(x)));
    return Array.from({ length: nodes / 3 }, () => b.linear(trunk));
  }),
};
