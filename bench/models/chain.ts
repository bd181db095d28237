/** Long graphs of few kinds of nodes. */
import { linear } from '../../fixtures/builders/layers.js';
import { Model, type Body, type Tensor } from '../../fixtures/builders/onnx.js';
import { literal } from '../../fixtures/builders/tensors.js';

/** onnx 1.12, which Debian has, knows no later one. */
const OPSET = 17;

const WIDTH = 8;

/** `begin` makes what all steps share. */
function chain(naming: 'torchscript' | 'plain', steps: number, begin: (g: Body) => (x: Tensor, step: number) => Tensor): Uint8Array {
  const model = new Model({ opset: OPSET, naming });
  const next = begin(model.graph);
  let x = model.graph.input('input', ['batch', WIDTH]);
  for (let step = 0; step < steps; step += 1) x = next(x, step);
  model.graph.output(x);
  return model.encode();
}

/**
 * Gemm → Relu → Dropout, over and over: as many nodes as asked for, rounded down to whole steps. Every Gemm has weights
 * of its own, the dropouts share their ratio and mode, and one in a hundred stands before its Relu.
 */
export function linearChain(nodes: number): Uint8Array {
  return chain('torchscript', Math.floor(nodes / 3), (g) => {
    const operands = [g.constant(literal(0.1), { scope: 'ratio' }), g.constant(literal(1, 'bool'), { scope: 'training_mode' })];
    return (x, step) => {
      const scope = `blocks.${step}`;
      const hidden = linear(g, x, WIDTH, { scope });
      const relu = (value: Tensor): Tensor => g.node('Relu', [value], { scope });
      const drop = (value: Tensor): Tensor => g.node('Dropout', [value, ...operands], { scope });
      return step % 100 === 99 ? relu(drop(hidden)) : drop(relu(hidden));
    };
  });
}

/** Add, Relu and Dropout with shared operands and short names: some 30 bytes for each node. */
export function bareChain(nodes: number): Uint8Array {
  return chain('plain', nodes, (g) => {
    const bias = g.constant(literal(new Float32Array(WIDTH)), { hint: 'bias' });
    const ratio = g.constant(literal(0.1), { hint: 'ratio' });
    const steps = [(x: Tensor) => g.node('Add', [x, bias]), (x: Tensor) => g.node('Relu', [x]), (x: Tensor) => g.node('Dropout', [x, ratio])];
    return (x, step) => steps[step % steps.length]!(x);
  });
}
