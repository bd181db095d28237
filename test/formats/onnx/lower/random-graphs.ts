/** Random small graphs: whatever stands beside a dropout, and wherever its rate, its mode and its mask come from. */
import fc from 'fast-check';
import { activation } from '../../../../fixtures/builders/activations.js';
import { dropout } from '../../../../fixtures/builders/dropout-forms.js';
import * as layers from '../../../../fixtures/builders/layers.js';
import { Body, Model } from '../../../../fixtures/builders/onnx.js';
import type { Tensor } from '../../../../fixtures/builders/onnx.js';
import { literal } from '../../../../fixtures/builders/tensors.js';

/** One instruction: an operator, and which of the values so far it reads. */
interface Step {
  readonly op: number;
  readonly a: number;
  readonly b: number;
}

export interface RandomGraph {
  readonly opset: number;
  readonly naming: 'torchscript' | 'plain' | 'dynamo';
  readonly valueInfo: boolean;
  readonly image: boolean;
  readonly steps: readonly Step[];
  readonly outputs: readonly number[];
}

const step = fc.record({ op: fc.nat(23), a: fc.nat(40), b: fc.nat(40) });
export const randomGraph: fc.Arbitrary<RandomGraph> = fc.record({
  opset: fc.constantFrom(7, 10, 12, 13, 17, 18, 22),
  naming: fc.constantFrom('torchscript', 'plain', 'dynamo'),
  valueInfo: fc.boolean(),
  image: fc.boolean(),
  steps: fc.array(step, { minLength: 3, maxLength: 14 }),
  outputs: fc.array(fc.nat(40), { maxLength: 3 }),
});

const same = (a: Tensor, b: Tensor) => a.shape.length === b.shape.length && a.shape.every((dim, i) => dim === b.shape[i]);

/** Dropouts are off, or say nothing, so that a plain run is an inference. */
function drop(g: Body, x: Tensor, { a, b }: Step): Tensor {
  const rate = [0.1, 0.25, 0.5][a % 3]!;
  if (g.opset < 12) return dropout(g, x, { rate, mask: b % 4 === 0 ? 'unused' : 'absent' });
  const form = (['initializer', 'constant', 'input-default', 'absent'] as const)[b % 4]!;
  const mask = (['absent', 'unused', 'absent', 'output', 'absent'] as const)[a % 5]!;
  return dropout(g, x, { rate, form, modeFrom: form === 'input-default' ? 'constant' : form, state: form === 'absent' ? 'unspecified' : (['off', 'unspecified'] as const)[b % 2]!, mask, ...(a % 7 === 0 && { seed: a }) });
}

function emit(g: Body, values: Tensor[], one: Step): Tensor | undefined {
  const x = values[one.a % values.length]!;
  const others = values.filter((value) => same(value, x));
  const other = others[one.b % others.length]!;
  const scope = `s${values.length}`;
  const image = x.shape.length === 4;
  switch (one.op) {
    case 0: return image ? layers.convolution(g, x, 4, { scope, bias: one.b % 2 === 0 }) : layers.linear(g, x, 8, { scope, as: one.b % 2 ? 'gemm' : 'matmul' });
    case 1: return layers.batchNorm(g, x, { scope });
    case 2: return image ? layers.pool(g, x, one.b % 2 ? 'max' : 'average', 3, { scope, stride: 1, pad: 1 }) : layers.layerNorm(g, x, { scope });
    case 3: return activation(g, x, (['relu', 'silu', 'hard-swish', 'tanh', 'leaky-relu', 'sigmoid'] as const)[one.b % 6]!, { scope, composite: true });
    case 4: return layers.binary(g, 'Add', x, other, { scope });
    case 5: return layers.binary(g, 'Mul', x, other, { scope });
    case 6: return image ? layers.flatten(g, layers.globalPool(g, x, 'average', { scope }), { scope }) : g.node('Identity', [x], { scope });
    case 7: return nested(g, x, other, scope, one);
    case 8: return g.node('Identity', [x], { scope });
    case 9: return image && g.opset >= 12 ? dropout(g, x, { rate: 0.25, unit: 'channel', state: 'off', scope }) : drop(g, x, one);
    case 10: return layers.binary(g, 'Mul', x, g.constant(literal(0.5), { as: one.b % 2 ? 'node' : 'initializer' }), { scope });
    case 11: return image ? x : layers.linear(g, x, 8, { scope, onWeight: (weight) => drop(g, weight, one) });
    default: return one.op % 2 ? drop(g, x, one) : activation(g, x, 'relu', { scope });
  }
}

/** An If whose branches read outer values and hold a dropout of their own. */
function nested(g: Body, x: Tensor, other: Tensor, scope: string, { a, b }: Step): Tensor {
  const condition = g.inputs.find(({ name }) => name === 'condition') ?? g.input('condition', [], 'bool');
  const branch = (name: string, first: boolean) => g.model.subgraph(`${scope}_${name}`, (body) => {
    const read = first ? x : other;
    const dropped = body.opset < 12 ? body.node('Dropout', [read]) : body.node('Dropout', [read, body.constant(literal(0.5), { as: 'node' })]);
    const value = a % 2 ? body.node('Tanh', [dropped]) : dropped;
    body.output(b % 3 ? body.node('Add', [value, other], { shape: x.shape }) : value);
  });
  return g.node('If', [condition], { attributes: { then_branch: branch('then', true), else_branch: branch('else', false) }, shape: x.shape, type: 'float32' });
}

export function buildRandom({ opset, naming, valueInfo, image, steps, outputs }: RandomGraph): Uint8Array {
  const model = new Model({ opset, naming, valueInfo, metadata: { kept: 'yes' } });
  const { graph } = model;
  const values = [graph.input('x', image ? [2, 4, 5, 5] : [2, 8])];
  for (const each of steps) {
    const made = emit(graph, values, each);
    if (made && made.name !== '' && !values.includes(made) && (made.shape.length === 4 || made.shape.at(-1) === 8)) values.push(made);
    else if (made && !values.includes(made)) values.push(layers.linear(graph, made, 8, { scope: `w${values.length}` }));
  }
  const last = values.at(-1)!;
  graph.output(last);
  for (const k of outputs) {
    const value = values[k % values.length]!;
    if (!graph.outputs.includes(value) && value !== values[0]) graph.output(value);
  }
  // Nothing is made for nothing: a dead layer would be a leftover of its own.
  const read = new Set(graph.nodes.flatMap(({ inputs }) => inputs));
  for (const value of values.slice(1)) if (!read.has(value.name) && !graph.outputs.includes(value) && !isCaptured(graph, value.name)) graph.output(value);
  return model.encode();
}

const isCaptured = (g: Body, name: string): boolean =>
  g.nodes.some(({ options }) => Object.values(options.attributes ?? {}).some((value) => value instanceof Body && value.nodes.some(({ inputs }) => inputs.includes(name))));
