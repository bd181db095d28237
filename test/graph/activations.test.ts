import { describe, expect, it } from 'vitest';
import { erf, functionOf, isHomogeneous, isOutputFunction, isZeroAtZero, momentsOfStandardNormal } from '../../src/graph/activations.js';
import type { ActivationFunction, ActivationLayer } from '../../src/graph/layers.js';

export const FUNCTIONS: readonly ActivationFunction[] = [
  'relu', 'leaky-relu', 'prelu', 'abs', 'negate', 'scale', 'linear',
  'relu6', 'clip', 'thresholded-relu', 'hard-swish', 'gelu', 'silu', 'mish', 'elu', 'selu', 'celu', 'tanh', 'softsign', 'erf', 'shrink', 'sin',
  'sigmoid', 'hard-sigmoid', 'softplus', 'exp', 'softmax', 'log-softmax', 'hardmax', 'log-sigmoid', 'other',
];
const layer = (name: ActivationFunction) => ({ kind: 'activation', function: name }) as ActivationLayer;
const elementwise = FUNCTIONS.flatMap((name) => {
  const f = functionOf(name);
  return f ? [[name, f] as const] : [];
});
const samples = Array.from({ length: 201 }, (_, i) => (i - 100) / 10);

/** verification.md: f(D x) = D f(x) for every mask and every s > 1 iff f(x) = a·max(x, 0) + b·min(x, 0). */
describe.each(elementwise)('%s', (name, f) => {
  const commutes = samples.every((x) => [0, 1.25, 2, 10].every((scale) => Math.abs(f(scale * x) - scale * f(x)) <= 1e-9 * (1 + Math.abs(scale * f(x)))));

  it('is declared homogeneous exactly when it commutes with every mask and scale', () => {
    expect(isHomogeneous(layer(name))).toBe(commutes);
  });

  it('is a·max(x, 0) + b·min(x, 0) exactly when it is homogeneous', () => {
    const [a, b] = [f(1), -f(-1)];
    expect(samples.every((x) => Math.abs(f(x) - (a * Math.max(x, 0) + b * Math.min(x, 0))) < 1e-9)).toBe(commutes);
  });

  it('is declared zero at zero exactly when it is', () => {
    expect(isZeroAtZero(layer(name))).toBe(Math.abs(f(0)) < 1e-12);
  });
});

it('what is not elementwise, or depends on parameters, claims nothing', () => {
  const rest = FUNCTIONS.filter((name) => !functionOf(name));
  expect(rest).toEqual(['clip', 'shrink', 'softmax', 'log-softmax', 'hardmax', 'other']);
  for (const name of rest) expect(isHomogeneous(layer(name))).toBe(false);
  expect(isZeroAtZero(layer('clip'))).toBeUndefined();
  expect(isZeroAtZero(layer('other'))).toBeUndefined();
});

it('models end in Softmax, Sigmoid, Tanh and their like', () => {
  expect(FUNCTIONS.filter((name) => isOutputFunction(layer(name)))).toEqual(['tanh', 'sigmoid', 'hard-sigmoid', 'softplus', 'exp', 'softmax', 'log-softmax', 'hardmax', 'log-sigmoid']);
});

describe('momentsOfStandardNormal', () => {
  it.each<readonly [ActivationFunction, number, number]>([
    ['linear', 0, 1],
    ['negate', 0, 1],
    ['relu', 1 / Math.sqrt(2 * Math.PI), 0.5 - 1 / (2 * Math.PI)],
    ['abs', Math.sqrt(2 / Math.PI), 1 - 2 / Math.PI],
    ['exp', Math.exp(0.5), Math.exp(2) - Math.exp(1)],
    ['sin', 0, (1 - Math.exp(-2)) / 2],
    // A SELU network keeps mean 0 and variance 1 (Klambauer et al. 2017).
    ['selu', 0, 1],
    ['erf', 0, (2 / Math.PI) * Math.asin(2 / 3)],
  ])('%s', (name, mean, variance) => {
    const moments = momentsOfStandardNormal(functionOf(name)!);
    expect(moments.mean).toBeCloseTo(mean, 4);
    expect(moments.variance).toBeCloseTo(variance, 4);
  });
});

it.each([[0, 0], [0.5, 0.5204998778], [1, 0.8427007929], [-2, -0.9953222650], [6, 1]])('erf(%f)', (x, expected) => {
  expect(Math.abs(erf(x) - expected)).toBeLessThan(1.5e-7);
});
