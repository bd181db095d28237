import * as tf from '@tensorflow/tfjs';
import { describe, expect, it } from 'vitest';
import { ConcreteDropout, gaussianDivergence, sparseDivergence, VariationalDropout } from '../../src/tfjs/index.js';
import { clipForDescent } from '../../src/tfjs/divergence.js';
import { NORMAL_QUANTILE } from '../../src/verify/bounds.js';
import { finiteDifference, outputOf, seedTensorFlow } from './training.js';

seedTensorFlow();

const valueAt = (f: (x: tf.Tensor) => tf.Tensor) => (x: number): number => tf.tidy(() => tf.sum(f(tf.scalar(x))).dataSync()[0] as number);
const gradientAt = (f: (x: tf.Tensor) => tf.Tensor) => (x: number): number => tf.tidy(() => tf.grad((t) => tf.sum(f(t)))(tf.scalar(x)).dataSync()[0] as number);

describe('divergences', () => {
  it.each([
    ['sparse', sparseDivergence, [-6, -3, -1, 0, 0.5, 3, 6]],
    ['Gaussian', gaussianDivergence, [-6, -3, -1, -0.1]],
  ] as const)('%s: its gradient is that of a finite difference', (_, divergence, places) => {
    for (const x of places) {
      const expected = finiteDifference(valueAt(divergence), x);
      // float32: the difference of two values carries their rounding error over the step; the third derivative is below 1.
      expect(Math.abs(gradientAt(divergence)(x) - expected)).toBeLessThan(5e-4);
    }
  });

  it('sparse: the formula of the paper, ∞ at α = 0 and 0 at α = ∞', () => {
    const formula = (x: number): number => -(0.63576 / (1 + Math.exp(-(1.8732 + 1.48695 * x))) - 0.5 * Math.log1p(Math.exp(-x)) - 0.63576);
    for (const x of [-8, -2, 0, 2, 8]) expect(valueAt(sparseDivergence)(x)).toBeCloseTo(formula(x), 5);
    expect(valueAt(sparseDivergence)(30)).toBeCloseTo(0, 5);
    expect(Number.isFinite(valueAt(sparseDivergence)(-80))).toBe(true);
  });

  it('sparse: agrees with the integral that it approximates, up to its constant', () => {
    // −KL = ½ log α − E log|ε| + C for ε ~ N(1, α) (Molchanov et al. 2017, equation 13), by the trapezoidal rule; C is taken from α = 1.
    const exact = (logAlpha: number): number => {
      const deviation = Math.exp(logAlpha / 2);
      const [steps, width] = [200_000, 16];
      let mean = 0;
      for (let i = 0; i < steps; i++) {
        const z = ((i + 0.5) / steps - 0.5) * width;
        mean += (Math.exp((-z * z) / 2) / Math.sqrt(2 * Math.PI)) * Math.log(Math.abs(1 + deviation * z)) * (width / steps);
      }
      return -0.5 * logAlpha + mean;
    };
    for (const x of [-4, -2, 1, 3]) {
      expect(Math.abs(valueAt(sparseDivergence)(x) - valueAt(sparseDivergence)(0) - (exact(x) - exact(0)))).toBeLessThan(0.02);
    }
    for (const x of [-4, -2, -0.5]) {
      expect(Math.abs(valueAt(gaussianDivergence)(x) - valueAt(gaussianDivergence)(0) - (exact(x) - exact(0)))).toBeLessThan(0.05);
    }
  });

  it('what leaves its bounds comes back', () => {
    const slope = (x: number, sign: number): number => gradientAt((t) => tf.mul(sign, clipForDescent(t, -1, 1)))(x);
    // Descent moves against the gradient: above the bounds a positive gradient leads back.
    expect([slope(0, 1), slope(0, -1), slope(2, 1), slope(2, -1), slope(-2, 1), slope(-2, -1)].map((each) => each + 0)).toEqual([1, -1, 1, 0, 0, -1]);
    expect(valueAt((t) => clipForDescent(t, -1, 1))(5)).toBe(1);
  });
});

/** y = 2x₀ − 1.5x₁ + noise; four more features say nothing. */
function regression(count: number): { x: tf.Tensor2D; y: tf.Tensor2D } {
  const x = tf.randomNormal([count, 6]) as tf.Tensor2D;
  const y = tf.add(tf.matMul(x, tf.tensor2d([[2], [-1.5], [0], [0], [0], [0]])), tf.randomNormal([count, 1])) as tf.Tensor2D;
  return { x, y };
}

describe('VariationalDropout', () => {
  it.each(['gaussian', 'sparse'] as const)('%s: multiplies by noise of mean 1 and variance α', (form) => {
    const n = 100_000;
    const layer = new VariationalDropout({ rate: 0.2, divergenceWeight: 0, form });
    const noise = outputOf(layer, tf.ones([n / 10, 10]), true);
    const mean = noise.reduce((sum, value) => sum + value, 0) / n;
    const variance = noise.reduce((sum, value) => sum + (value - mean) ** 2, 0) / n;
    const alpha = 0.2 / 0.8;
    expect(Math.abs(mean - 1)).toBeLessThan(NORMAL_QUANTILE * Math.sqrt(alpha / n));
    // The sample variance of a normal law has the variance 2α²/n.
    expect(Math.abs(variance / alpha - 1)).toBeLessThan(NORMAL_QUANTILE * Math.sqrt(2 / n) + NORMAL_QUANTILE ** 2 / n);
  });

  it.each([
    ['channel', [1, 1, 3], 3],
    ['layer', [1], 3],
    ['element', [2, 2, 3], 12],
  ] as const)('an alpha per %s: weight, noise and divergence have its shape', (alphaPer, shape, variables) => {
    const layer = new VariationalDropout({ rate: 0.5, divergenceWeight: 1, form: 'sparse', alphaPer });
    const y = layer.apply(tf.ones([5, 2, 2, 3]), { training: true }) as tf.Tensor4D;
    expect(layer.weights.map((weight) => weight.shape)).toEqual([shape]);
    expect(layer.divergence().dataSync()[0]).toBeCloseTo(variables * valueAt(sparseDivergence)(0), 5);
    expect(new Set(y.dataSync()).size).toBe(5 * (alphaPer === 'element' ? 12 : 3));
  });

  it('its divergence is part of the loss that fit minimises, also inside nested models', async () => {
    const { x, y } = regression(20);
    const layer = new VariationalDropout({ rate: 1e-6, divergenceWeight: 0.1, inputShape: [6] });
    const model = tf.sequential({ layers: [tf.sequential({ layers: [layer] }), tf.layers.dense({ units: 1 })] });
    model.compile({ optimizer: tf.train.sgd(0), loss: 'meanSquaredError' });
    const data = (model.evaluate(x, y) as tf.Scalar).dataSync()[0] as number;
    const divergence = layer.divergence().dataSync()[0] as number;
    const { history } = await model.fit(x, y, { epochs: 1, batchSize: 20, verbose: 0, yieldEvery: 'never' });
    // log α is clipped at −8: the noise that is left has the standard deviation e⁻⁴ of each product.
    expect(Math.abs((history.loss?.[0] as number) - data - 0.1 * divergence)).toBeLessThan(0.2);
    expect(0.1 * divergence).toBeGreaterThan(1.5);
  });

  it('sparse: learns which inputs say nothing, and prunes them', async () => {
    const { x, y } = regression(200);
    const layer = new VariationalDropout({ rate: 0.3, divergenceWeight: 0.5, form: 'sparse', inputShape: [6] });
    const dense = tf.layers.dense({ units: 1 });
    const model = tf.sequential({ layers: [layer, dense] });
    const optimizer = tf.train.adam(0.1);
    model.compile({ optimizer, loss: 'meanSquaredError' });
    for (const rate of [0.1, 0.05, 0.02]) {
      Object.assign(optimizer, { learningRate: rate });
      await model.fit(x, y, { epochs: 250, batchSize: 200, verbose: 0, yieldEvery: 'never' });
    }
    const logAlpha = layer.logAlpha().dataSync();
    for (const noisy of logAlpha.slice(2)) expect(noisy).toBeGreaterThanOrEqual(3);
    for (const useful of logAlpha.slice(0, 2)) expect(useful).toBeLessThan(0);
    expect([...layer.pruningMask().dataSync()]).toEqual([1, 1, 0, 0, 0, 0]);
    expect([...outputOf(layer, tf.ones([1, 6]), false)]).toEqual([1, 1, 0, 0, 0, 0]);
  });

  it('Gaussian: α stays within (0, 1], and is small where it would hurt', async () => {
    const { x, y } = regression(200);
    const layer = new VariationalDropout({ rate: 0.3, divergenceWeight: 0.5, inputShape: [6] });
    const model = tf.sequential({ layers: [layer, tf.layers.dense({ units: 1 })] });
    model.compile({ optimizer: tf.train.adam(0.1), loss: 'meanSquaredError' });
    await model.fit(x, y, { epochs: 300, batchSize: 200, verbose: 0, yieldEvery: 'never' });
    const logAlpha = layer.logAlpha().dataSync();
    for (const useful of logAlpha.slice(0, 2)) expect(useful).toBeLessThan(-1);
    for (const noisy of logAlpha.slice(2)) expect(noisy).toBe(0);
  });
});

describe('ConcreteDropout', () => {
  it('drops about p, and keeps the mean up to the relaxation', () => {
    const n = 100_000;
    const mask = outputOf(new ConcreteDropout({ rate: 0.3, divergenceWeight: 0 }), tf.ones([n / 10, 10]), true).map((value) => value * 0.7);
    // P(z̃ > ½) = P(logit p + logit u > 0) = p, at every temperature: exactly Bernoulli.
    const dropped = mask.filter((value) => value < 0.5).length;
    expect(Math.abs(dropped / n - 0.3)).toBeLessThan(NORMAL_QUANTILE * Math.sqrt((0.3 * 0.7) / n));
    // At t = 0.1 few masks are far from 0 and 1: |logit z̃| < 3 needs |logit p + logit u| < 0.3.
    const soft = mask.filter((value) => value > 0.05 && value < 0.95).length / n;
    const logistic = (x: number): number => 1 / (1 + Math.exp(-x));
    const [logit, edge] = [Math.log(0.3 / 0.7), 0.1 * Math.log(19)];
    const expected = logistic(edge - logit) - logistic(-edge - logit);
    expect(Math.abs(soft - expected)).toBeLessThan(NORMAL_QUANTILE * Math.sqrt((expected * (1 - expected)) / n));
  });

  it('spatial: one mask for a channel of an example, temperature 2/3', () => {
    const layer = new ConcreteDropout({ rate: 0.3, divergenceWeight: 0, spatial: true });
    expect(layer.temperature).toBe(2 / 3);
    const y = layer.apply(tf.ones([4, 3, 3, 8]), { training: true }) as tf.Tensor4D;
    expect(tf.max(y, [1, 2]).dataSync()).toEqual(tf.min(y, [1, 2]).dataSync());
    expect(new Set(y.dataSync()).size).toBe(32);
  });

  it.each([false, true])('its divergence and gradient are those of the paper (behind a flatten: %s)', (flattened) => {
    const [K, l] = [6, 0.5];
    const layer = new ConcreteDropout({ rate: 0.3, divergenceWeight: 1, lengthScale: l, inputShape: flattened ? [2, 6] : [6] });
    const dense = tf.layers.dense({ units: 4 });
    tf.sequential({ layers: [layer, ...(flattened ? [tf.layers.flatten()] : []), dense] });
    const squares = (dense.getWeights()[0] as tf.Tensor).square().sum().dataSync()[0] as number;
    const formula = (logit: number): number => {
      const p = 1 / (1 + Math.exp(-logit));
      return ((l * l) / (2 * (1 - p))) * squares + K * (p * Math.log(p) + (1 - p) * Math.log(1 - p));
    };
    const [weight] = layer.trainableWeights;
    for (const logit of [-4, -1, 0, 1, 3]) {
      layer.setWeights([tf.tensor1d([logit])]);
      const { value, grads } = tf.variableGrads(() => layer.divergence(), [weight?.read() as tf.Variable]);
      expect(value.dataSync()[0]).toBeCloseTo(formula(logit), 4);
      const gradient = (Object.values(grads)[0] as tf.Tensor).dataSync()[0] as number;
      expect(Math.abs(gradient - finiteDifference(formula, logit, 1e-4))).toBeLessThan(1e-4 * (1 + Math.abs(gradient)));
    }
  });

  it('the learned p moves from either side and settles at the same place', async () => {
    const learned: number[] = [];
    for (const rate of [0.02, 0.6]) {
      const { x, y } = regression(200);
      const layer = new ConcreteDropout({ rate, divergenceWeight: 0.05, inputShape: [6] });
      const model = tf.sequential({ layers: [layer, tf.layers.dense({ units: 1 })] });
      const optimizer = tf.train.adam(0.05);
      model.compile({ optimizer, loss: 'meanSquaredError' });
      await model.fit(x, y, { epochs: 250, batchSize: 200, verbose: 0, yieldEvery: 'never' });
      const trail: number[] = [];
      Object.assign(optimizer, { learningRate: 0.01 });
      await model.fit(x, y, { epochs: 100, batchSize: 200, verbose: 0, yieldEvery: 'never', callbacks: { onEpochEnd: async () => void trail.push(layer.learnedRate()) } });
      learned.push(layer.learnedRate());
      expect(Math.abs(layer.learnedRate() - rate)).toBeGreaterThan(0.01);
      const late = trail.slice(-50);
      expect(Math.max(...late) - Math.min(...late)).toBeLessThan(0.03);
    }
    expect(Math.abs((learned[0] as number) - (learned[1] as number))).toBeLessThan(0.03);
  });
});
