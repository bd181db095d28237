import { describe, expect, it } from 'vitest';
import { convolution, linear, transposedConvolution } from '../../fixtures/builders/layers.js';
import { Model } from '../../fixtures/builders/onnx.js';
import type { Body, Tensor } from '../../fixtures/builders/onnx.js';
import { literal } from '../../fixtures/builders/tensors.js';
import { readOnnxBytes } from '../../src/formats/onnx/document.js';
import type { ConvolutionLayer, LinearLayer } from '../../src/graph/layers.js';
import { varianceShift } from '../../src/graph/predicates.js';
import { alignments, varianceShiftThrough } from '../../src/graph/weight-alignment.js';
import { Random } from '../../src/verify/feeds.js';

/** The variance of Σ wᵢ·aᵢ·xᵢ/k over many draws of inputs and masks; a keep probability of 1 is inference. */
function sampledVariance(weights: readonly number[], { mean, variance }: { readonly mean: number; readonly variance: number }, correlation: number, keep: number, random: Random): number {
  const draws = 200_000;
  let [sum, squares] = [0, 0];
  for (let draw = 0; draw < draws; draw += 1) {
    const common = random.normal() * Math.sqrt(correlation);
    let x = 0;
    for (const w of weights) if (random.uniform() < keep) x += (w * (mean + Math.sqrt(variance) * (common + random.normal() * Math.sqrt(1 - correlation)))) / keep;
    sum += x;
    squares += x * x;
  }
  return squares / draws - (sum / draws) ** 2;
}

const alignmentOf = (weights: readonly number[]) => weights.reduce((a, b) => a + b, 0) ** 2 / weights.reduce((a, b) => a + b * b, 0);

describe('the predicted shift through weights is that of samples', () => {
  it.each([
    ['equal weights', [1, 1, 1, 1, 1, 1], { mean: 0, variance: 1 }, 0.1, 0.5],
    ['weights that cancel out', [1, -1, 0.5, -0.5, 2, -2], { mean: 0.4, variance: 0.34 }, 0.3, 0.5],
    ['mixed weights behind ReLU', [0.9, -0.3, 0.4, 0.7, -0.1, 0.2], { mean: 0.4, variance: 0.34 }, 0.1, 0.3],
    ['independent inputs', [0.9, -0.3, 0.4, 0.7, -0.1, 0.2], { mean: 1, variance: 0.5 }, 0, 0.2],
    ['inputs that are nearly one', [1, 2, 3, 4], { mean: 0.2, variance: 2 }, 0.9, 0.4],
  ] as const)('%s', (_, weights, moments, correlation, rate) => {
    const random = new Random(11);
    const sampled = sampledVariance(weights, moments, correlation, 1, random) / sampledVariance(weights, moments, correlation, 1 - rate, random);
    const predicted = varianceShiftThrough(rate, moments, alignmentOf(weights), correlation);
    expect(Math.abs(sampled / predicted - 1)).toBeLessThan(0.02);
  });

  it('independent inputs: the ratio without a layer between, whatever the weights; aligned weights shift less', () => {
    const moments = { mean: 0.4, variance: 0.34 };
    for (const alignment of [0, 1, 30]) expect(varianceShiftThrough(0.5, moments, alignment, 0)).toBeCloseTo(varianceShift(0.5, moments), 12);
    const shifts = [0, 1, 10, 100].map((alignment) => varianceShiftThrough(0.5, moments, alignment, 0.1));
    expect([...shifts].sort((a, b) => a - b)).toEqual(shifts);
  });
});

describe('d·cos²θ of a layer', () => {
  const layerOf = (make: (g: Body) => Tensor): LinearLayer | ConvolutionLayer => {
    const g = new Model({ opset: 17 }).graph;
    const bytes = g.output(make(g), 'output').model.encode();
    const [graph] = readOnnxBytes(bytes).models[0]!.variants[0]!;
    return graph!.layers.find((layer): layer is LinearLayer | ConvolutionLayer => layer.kind === 'linear' || layer.kind === 'convolution')!;
  };
  const known = literal([1, 1, 1, 1, -1, 2], 'float32', [2, 3]);

  it('is (Σw)²/Σw² of each output channel, whichever way the weight lies', () => {
    const rows = [3, 4 / 6];
    const gemm = layerOf((g) => g.node('Gemm', [g.input('x', [2, 3]), g.initializer('w', known)], { shape: [2, 2], attributes: { transB: 1 } }));
    const matmul = layerOf((g) => g.node('MatMul', [g.input('x', [2, 3]), g.initializer('w', literal([1, 1, 1, -1, 1, 2], 'float32', [3, 2]))], { shape: [2, 2] }));
    const convolved = layerOf((g) => g.node('Conv', [g.input('x', [2, 1, 5]), g.initializer('w', { ...known, shape: [2, 1, 3] })], { shape: [2, 2, 3] }));
    for (const layer of [gemm, matmul, convolved]) for (const [i, value] of rows.entries()) expect(alignments(layer)![i]).toBeCloseTo(value, 12);
  });

  it('is between 0 and d', () => {
    for (const layer of [layerOf((g) => linear(g, g.input('x', [2, 16]), 8, { scope: 'fc' })), layerOf((g) => convolution(g, g.input('x', [2, 3, 8, 8]), 4, { scope: 'conv' }))]) {
      for (const value of alignments(layer)!) expect(value >= 0 && value <= 27).toBe(true);
    }
  });

  it('is not known of transposed convolutions, nor of weights that are computed', () => {
    expect(alignments(layerOf((g) => transposedConvolution(g, g.input('x', [2, 3, 4, 4]), 4, { scope: 'up' })))).toBeUndefined();
    expect(alignments(layerOf((g) => linear(g, g.input('x', [2, 4]), 4, { scope: 'fc', as: 'matmul', onWeight: (weight) => g.node('Transpose', [weight], { shape: [4, 4] }) })))).toBeUndefined();
  });
});
