import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { drawnMask, EXAMPLES, maskedWeight, perceptron } from '../../fixtures/builders/examples.js';
import { binary, convolution, linear } from '../../fixtures/builders/layers.js';
import { Model } from '../../fixtures/builders/onnx.js';
import type { Tensor } from '../../fixtures/builders/onnx.js';
import { literal } from '../../fixtures/builders/tensors.js';
import type { Literal } from '../../fixtures/builders/tensors.js';
import rule from '../../rules/no-frozen-dropout-mask.js';
import { cases } from '../support/cases.js';
import { findings, graphOf, lint, messages } from '../support/one-rule.js';

/** relu → × constant (or ÷) → linear */
const multiplied = (factor: Literal, operator: 'Mul' | 'Div' | 'Add' = 'Mul') =>
  graphOf(perceptron((g, x) => binary(g, operator, x, g.constant(factor, { scope: 'mask', hint: 'value' }), { scope: 'mask' })));
const values = (numbers: readonly number[], shape: readonly number[] = [numbers.length]) => literal(Float32Array.from(numbers), 'float32', shape);
const repeat = (pattern: readonly number[], count = 64) => values(Array.from({ length: count }, (_, i) => pattern[i % pattern.length]!));

describe('reports a mask that was drawn once', () => {
  it.each([0.1, 0.2, 0.5, 0.8])('of rate %d over activations, whatever the draw', (rate) => {
    for (let seed = 1; seed <= 20; seed += 1) expect(findings(rule, multiplied(drawnMask([64], rate, seed))), `seed ${seed}`).toEqual(['/mask/Mul warn']);
  });

  it('over a weight, before or behind a transposition', () => {
    expect(findings(rule, graphOf(maskedWeight(drawnMask([64, 10], 0.5))))).toEqual(['/fc2/MatMul warn']);
    const model = new Model({ opset: 17 });
    const g = model.graph;
    const masked = (weight: Tensor) => g.node('Transpose', [binary(g, 'Mul', weight, g.constant(drawnMask([10, 16], 0.3), { hint: 'mask' }))], { shape: [16, 10], attributes: { perm: [1, 0] } });
    const weight = masked(g.parameter('MatMul', 'fc', 'weight', [10, 16], 16));
    g.output(g.node('MatMul', [g.input('input', [2, 16]), weight], { scope: 'fc', shape: [2, 10] }), 'output');
    expect(findings(rule, graphOf(model))).toEqual(['/fc/MatMul warn']);
  });

  it('over the weight of a convolution', () => {
    const model = new Model({ opset: 17 });
    const g = model.graph;
    const x = convolution(g, g.input('input', [2, 3, 8, 8]), 4, { scope: 'conv' });
    const weight = binary(g, 'Mul', g.parameter('Conv', 'masked', 'weight', [8, 4, 3, 3], 36), g.constant(drawnMask([8, 4, 3, 3], 0.2), { hint: 'mask' }));
    g.output(g.node('Conv', [x, weight], { scope: 'masked', shape: [2, 8, 6, 6], attributes: { kernel_shape: [3, 3] } }), 'output');
    expect(findings(rule, graphOf(model))).toEqual(['/masked/Conv warn']);
  });

  it('once, and with no fix', () => {
    const [finding, ...more] = lint(rule, graphOf(EXAMPLES['frozen-mask']!()));
    expect(more).toEqual([]);
    expect(finding).toMatchObject({ fixClass: undefined, problem: { hint: expect.stringContaining('no fix') as string } });
  });
});

describe('is not fooled', () => {
  it.each([
    ['a one-hot row', repeat([1, 0, 0, 0])],
    ['an attention mask of 0 and 1', repeat([1, 1, 1, 0])],
    ['a pruning mask', repeat([0, 1])],
    ['quantisation scales', repeat([0.0123])],
    ['per-channel scales', values(Array.from({ length: 64 }, (_, i) => 0.5 + i / 64))],
    ['scales, some of them 0', values(Array.from({ length: 64 }, (_, i) => (i % 2 === 0 ? 0 : 1 + i / 64)))],
    ['a scale of 2 without zeros', repeat([2])],
    ['zeros alone', repeat([0])],
    ['a single number', values([2], [])],
    ['values of both signs', repeat([0, 2, -2])],
    ['zeros and a negative', repeat([0, -2])],
    ['a causal mask of 0 and a large number', values(Array.from({ length: 64 }, (_, i) => (i < 32 ? 0 : 10_000)))],
    ['too few zeros for its scale', values(Array.from({ length: 64 }, (_, i) => (i === 0 ? 0 : 2)))],
    ['too many zeros for its scale', values(Array.from({ length: 64 }, (_, i) => (i < 8 ? 1.25 : 0)))],
    ['a selection of few units that is doubled', values(Array.from({ length: 64 }, (_, i) => (i < 60 ? 0 : 2)))],
  ])('by %s', (_, factor) => {
    expect(findings(rule, multiplied(factor))).toEqual([]);
  });

  it('by few elements, which are no evidence', () => {
    const model = new Model({ opset: 17 });
    const g = model.graph;
    g.output(linear(g, binary(g, 'Mul', g.input('input', [2, 7]), g.constant(values([0, 2, 0, 2, 2, 0, 2]))), 3, { scope: 'fc' }), 'output');
    expect(findings(rule, graphOf(model))).toEqual([]);
  });

  it('by more elements than are read', () => {
    const model = new Model({ opset: 17 });
    const g = model.graph;
    g.output(g.node('ReduceMax', [binary(g, 'Mul', g.input('input', [2, 65_537]), g.constant(drawnMask([65_537], 0.5)))], { shape: [1, 1] }), 'output');
    expect(findings(rule, graphOf(model))).toEqual([]);
  });

  it('by a division, or an addition', () => {
    expect(findings(rule, multiplied(drawnMask([64], 0.5), 'Add'))).toEqual([]);
    expect(findings(rule, multiplied(repeat([1, 2]), 'Div'))).toEqual([]);
  });

  it('by weights that are binary themselves', () => {
    const model = new Model({ opset: 17 });
    const g = model.graph;
    g.output(g.node('MatMul', [g.input('input', [2, 16]), g.initializer('w', drawnMask([16, 10], 0.5))], { scope: 'fc', shape: [2, 10] }), 'output');
    expect(findings(rule, graphOf(model))).toEqual([]);
  });

  it('by random scales, whatever they are', () => {
    fc.assert(fc.property(fc.array(fc.double({ min: -4, max: 4, noNaN: true }), { minLength: 64, maxLength: 64 }), (numbers) => {
      const distinct = new Set(numbers.filter((value) => value !== 0).map(Math.fround));
      fc.pre(distinct.size > 1);
      expect(findings(rule, multiplied(values(numbers)))).toEqual([]);
    }), { numRuns: 30 });
  });
});

cases(rule, [
  { chain: 'linear → relu → dropout(0.5) → linear', flags: [], preset: 'strict', formats: ['onnx'] },
  { chain: 'linear → relu → linear(10,connect=0.5)', flags: [], formats: ['onnx'], onnx: { opset: 17 }, because: 'the mask is drawn in the graph' },
  { chain: 'conv2d → relu → spatial-dropout(0.5) → conv2d → flatten → linear', flags: [], formats: ['onnx'], onnx: [{ opset: 17 }, { opset: 18, spatial: 'decomposed' }] },
  { chain: 'linear → relu → scale → linear → relu → scale(2) → linear', flags: [], formats: ['onnx'], because: 'LayerScale' },
  { chain: 'self-attention(2,causal=true) → mean-time → linear', flags: [], formats: ['onnx'] },
]);

it('says what was silenced', () => {
  expect(messages(rule, graphOf(EXAMPLES['frozen-mask']!()))).toMatchInlineSnapshot(`
    [
      "A constant of zeros and 2.00: a dropout mask of rate 0.50 that the exporter drew once, so that the same units are silenced for ever. Export with the mask drawn in the graph (a Dropout over the weight; torch.onnx.export with dynamo=False keeps it), or in evaluation mode.",
    ]
  `);
  expect(messages(rule, graphOf(EXAMPLES['frozen-weight-mask']!()))).toMatchInlineSnapshot(`
    [
      "A constant of zeros and 2.00: a dropout mask of rate 0.50 that the exporter drew once, so that the same weights are silenced for ever. Export with the mask drawn in the graph (a Dropout over the weight; torch.onnx.export with dynamo=False keeps it), or in evaluation mode.",
    ]
  `);
});
