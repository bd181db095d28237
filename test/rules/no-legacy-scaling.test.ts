import { describe, expect, it } from 'vitest';
import { dropout } from '../../fixtures/builders/dropout-forms.js';
import { EXAMPLES, notInverted, perceptron } from '../../fixtures/builders/examples.js';
import { binary, linear } from '../../fixtures/builders/layers.js';
import type { Body, Tensor } from '../../fixtures/builders/onnx.js';
import { Model } from '../../fixtures/builders/onnx.js';
import { literal } from '../../fixtures/builders/tensors.js';
import rule from '../../rules/no-legacy-scaling.js';
import { cases } from '../support/cases.js';
import { findings, fix, fixed, graphOf, messages, print } from '../support/one-rule.js';

const formats = ['onnx'] as const;
const onnx = [{ opset: 7 }, { opset: 17 }] as const;

cases(rule, [
  { chain: 'linear → relu → dropout(0.2) → scale(0.8) → linear', flags: ['dropout'], level: 'info', class: 'inference-exact', formats, onnx },
  { chain: 'linear → relu → scale(0.8) → dropout(0.2) → linear', flags: ['dropout'], formats, onnx },
  { chain: 'conv2d → relu → dropout(0.25) → flatten → scale(0.75) → linear', flags: ['dropout'], formats, onnx },
  { chain: 'linear → relu → dropout(0.5,state=off) → scale(0.5) → linear', flags: ['dropout'], preset: 'strict', formats, onnx: { opset: 17 } },

  { chain: 'linear → relu → dropout(0.2) → scale(0.2) → linear', flags: [], formats, onnx, because: 'p is not 1 − p' },
  { chain: 'linear → relu → dropout(0.2) → scale(0.79) → linear', flags: [], formats, onnx },
  { chain: 'linear → relu → dropout(0.2) → scale(1.25) → linear', flags: [], formats, onnx },
  { chain: 'linear → relu → dropout(0.2) → relu → scale(0.8) → linear', flags: [], formats, onnx, because: 'not beside it' },
  { chain: 'linear → relu → dropout(0) → scale(1) → linear', flags: [], formats, onnx },
  { chain: 'linear → relu → dropout(0.2) → scale → linear', flags: [], formats, onnx, because: 'LayerScale' },
  { chain: 'linear → relu → dropout(0.5) → linear → scale(0.5) → linear', flags: [], formats, onnx },
  { chain: 'conv2d → relu → stochastic-depth(0.2) → scale(0.8) → flatten → linear', flags: [], formats, onnx: [{ opset: 17 }, { opset: 18, spatial: 'decomposed' }], because: 'stochastic depth' },
  { chain: 'conv2d(8) → residual{ conv2d(8) → stochastic-depth(0.2) } → flatten → linear', flags: [], formats, onnx: { opset: 18, spatial: 'decomposed' } },
  { chain: 'linear(16) → residual{ linear(16) → silu → dropout(0.5) → linear(16) → dropout(0.5) → scale(0.5) } → layer-norm → linear', flags: [], formats, onnx: { opset: 17 }, because: "Conformer's half step" },
  { chain: 'self-attention(4,dropout=0.5) → mean-time → linear', flags: [], formats, onnx: { opset: 17 }, because: 'scores over √4 = 2' },
  { chain: 'linear → relu → dropout(0.5) → linear', flags: [], preset: 'strict', formats },
]);

describe('a mask without its scale', () => {
  it.each([0.2, 0.5])('is reported at rate %d', (rate) => {
    expect(findings(rule, graphOf(perceptron(notInverted(rate))))).toEqual(['/drop/Mul info inference-exact']);
  });

  it.each(['decomposed', 'bernoulli'] as const)('is none where %s dropout scales by itself', (form) => {
    expect(findings(rule, graphOf(perceptron((g, x) => dropout(g, x, { rate: 0.3, scope: 'drop', form }), { opset: 18 })))).toEqual([]);
  });

  it('is stochastic depth where it is one number for each example', () => {
    const perExample = (g: Body, x: Tensor) => {
      const random = g.node('RandomUniform', [], { scope: 'drop', shape: [2, 1], type: 'float32', attributes: { shape: [2, 1] } });
      const kept = g.node('Less', [random, g.constant(literal(0.8))], { scope: 'drop', type: 'bool' });
      return binary(g, 'Mul', x, g.node('Cast', [kept], { scope: 'drop', type: 'float32', attributes: { to: 1 } }), { scope: 'drop' });
    };
    expect(findings(rule, graphOf(perceptron(perExample)))).toEqual([]);
  });
});

describe('the weights of the next layer', () => {
  const scaled = (factor: number, rate: number) => {
    const model = new Model({ opset: 17 });
    const g = model.graph;
    const hidden = dropout(g, linear(g, g.input('input', [2, 16]), 8, { scope: 'fc1' }), { rate, scope: 'drop', state: 'live' });
    const onWeight = (weight: Tensor) => binary(g, 'Mul', weight, g.constant(literal(Math.fround(factor))), { scope: 'fc2' });
    g.output(linear(g, hidden, 3, { scope: 'fc2', as: 'matmul', onWeight }), 'output');
    return graphOf(model);
  };

  it('are reported when they are scaled by 1 − p', () => {
    expect(findings(rule, scaled(0.7, 0.3))).toEqual(['/drop/Dropout info inference-exact']);
  });

  it.each([[0.3, 0.3], [1 / Math.sqrt(2), 0.3], [2, 0.5], [1, 0.5]])('are left alone when they are scaled by %d behind a dropout of %d', (factor, rate) => {
    expect(findings(rule, scaled(factor, rate))).toEqual([]);
  });
});

describe('the factor goes into the weights', () => {
  it.each([
    ['linear → relu → dropout(0.2) → scale(0.8) → linear', 'linear → relu → dropout(0.2) → linear'],
    ['linear → relu → scale(0.8) → dropout(0.2) → linear', 'linear → relu → dropout(0.2) → linear'],
    ['conv2d → relu → dropout(0.25) → flatten → scale(0.75) → linear', 'conv2d → relu → dropout(0.25) → flatten → linear'],
    ['conv2d → dropout(0.25) → scale(0.75) → relu → max-pool → conv2d → flatten → linear', 'conv2d → dropout(0.25) → relu → max-pool → conv2d → flatten → linear'],
    ['linear → relu → dropout(0.5) → scale(0.5) → tanh → linear', 'linear → relu → dropout(0.5) → tanh → linear'],
    ['linear → dropout(0.5) → scale(0.5) → linear → dropout(0.2) → scale(0.8) → linear', 'linear → dropout(0.5) → linear → dropout(0.2) → linear'],
  ])('%s', async (before, after) => {
    const kinds = (document: Parameters<typeof print>[0]) => print(document).split('\n').slice(1, -1).map((line) => line.replace(/\(.*/, ''));
    for (const options of [{ opset: 7 }, { opset: 13, state: 'off' }, { opset: 22 }] as const) {
      const document = await fixed(rule, graphOf(before, options));
      expect(kinds(document)).toEqual(kinds(graphOf(after, options)));
      expect(findings(rule, document)).toEqual([]);
    }
  });

  it('a bare mask gets its scale', async () => {
    const document = await fixed(rule, graphOf(perceptron(notInverted(0.2))));
    expect(print(document)).toContain('dropout 0.2 (live, decomposed)\n');
  });

  it('where the weights cannot take it, the reason is said', async () => {
    const shared = new Model({ opset: 17 });
    const g = shared.graph;
    const scaled = binary(g, 'Mul', dropout(g, linear(g, g.input('input', [2, 8]), 8, { scope: 'fc1' }), { rate: 0.5, scope: 'drop', state: 'live' }), g.constant(literal(0.5)), { scope: 'scale' });
    const weight = g.initializer('tied', literal(new Float32Array(64).fill(0.1), 'float32', [8, 8]));
    const tied = (x: Tensor) => g.node('MatMul', [x, weight], { shape: [2, 8] });
    g.output(tied(g.node('Relu', [tied(scaled)], { shape: [2, 8] })), 'output');
    const { refusals } = await fix(rule, graphOf(shared));
    expect([...refusals.values()]).toEqual(['its weights are read elsewhere, too']);
  });

  it('without weights at either end there is none', () => {
    const both = (g: Body, x: Tensor) => binary(g, 'Mul', notInverted(0.5)(g, x), g.constant(literal(0.5)), { scope: 'scale' });
    expect(findings(rule, graphOf(perceptron(both)))).toEqual(['/drop/Mul info']);
  });
});

it('is not fooled by label smoothing', () => {
  const model = new Model({ opset: 17 });
  const g = model.graph;
  const labels = binary(g, 'Mul', g.input('labels', [2, 3]), g.constant(literal(Math.fround(0.9))), { scope: 'smooth' });
  const hidden = dropout(g, linear(g, g.input('input', [2, 16]), 8, { scope: 'fc1' }), { rate: 0.1, scope: 'drop', state: 'live' });
  const log = g.node('LogSoftmax', [linear(g, hidden, 3, { scope: 'fc2' })]);
  g.output(binary(g, 'Mul', log, binary(g, 'Add', labels, g.constant(literal(Math.fround(0.1 / 3)))), { scope: 'loss' }), 'output');
  expect(findings(rule, graphOf(model))).toEqual([]);
});

it('gives the numbers', () => {
  expect(messages(rule, graphOf(EXAMPLES['not-inverted']!()))).toMatchInlineSnapshot(`
    [
      "Non-inverted dropout: survivors keep their value in training, so at inference the result must be multiplied by 0.500. Use inverted dropout (scale by 2.00 in training); with W′ = (1 − p)·W plain SGD stays the same with learning rate lr′ = (1 − p)²·lr.",
    ]
  `);
  expect(messages(rule, graphOf('linear → relu → dropout(0.2) → scale(0.8) → linear'))).toMatchInlineSnapshot(`
    [
      "A multiplication by 0.800 = 1 − p stands beside this dropout ('/net/net.2/Mul'): the scaling of non-inverted dropout on top of one that scales by itself. Remove it, or fold it into the weights (W′ = (1 − p)·W; plain SGD stays the same with learning rate lr′ = (1 − p)²·lr).",
    ]
  `);
});
