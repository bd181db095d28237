import * as tf from '@tensorflow/tfjs';
import { describe, expect, it } from 'vitest';
import { AlphaDropout, alphaDropoutAffine, DropConnectDense, SELU_SATURATION, SpatialDropout2D, SpatialDropout3D } from '../../src/tfjs/index.js';
import { isCredibleCount, NORMAL_QUANTILE } from '../../src/verify/bounds.js';
import { outputOf, seedTensorFlow } from './training.js';

seedTensorFlow();

const count = (values: Float32Array, of: number): number => values.filter((value) => value === of).length;

describe('spatial dropout', () => {
  it.each([
    ['SpatialDropout2D', new SpatialDropout2D({ rate: 0.3 }), [8, 3, 5, 64], 3],
    ['SpatialDropout2D, channels first', new SpatialDropout2D({ rate: 0.3, dataFormat: 'channelsFirst' }), [8, 64, 3, 5], 1],
    ['SpatialDropout3D', new SpatialDropout3D({ rate: 0.3 }), [8, 2, 3, 2, 64], 4],
    ['SpatialDropout3D, channels first', new SpatialDropout3D({ rate: 0.3, dataFormat: 'channelsFirst' }), [8, 64, 2, 3, 2], 1],
  ])('%s drops whole channels of an example', (_, layer, shape, channels) => {
    const space = shape.map((_, axis) => axis).filter((axis) => axis !== 0 && axis !== channels);
    const y = layer.apply(tf.ones(shape), { training: true }) as tf.Tensor;
    const [lowest, highest] = [tf.min(y, space).dataSync() as Float32Array, tf.max(y, space).dataSync() as Float32Array];
    expect(lowest).toEqual(highest);
    expect(new Set(lowest)).toEqual(new Set([0, Math.fround(1 / Math.fround(0.7))]));
    expect(isCredibleCount(count(lowest, 0), 8 * 64, 0.3)).toBe(true);
  });

  it('lets a Keras model with SpatialDropout2D be loaded', async () => {
    const layers = [
      { class_name: 'Conv2D', config: { name: 'conv', trainable: true, batch_input_shape: [null, 4, 4, 1], dtype: 'float32', filters: 2, kernel_size: [3, 3], strides: [1, 1], padding: 'same', data_format: 'channels_last', activation: 'relu', use_bias: false } },
      { class_name: 'SpatialDropout2D', config: { name: 'drop', trainable: true, dtype: 'float32', rate: 0.25, noise_shape: null, seed: null } },
    ];
    const model = await tf.models.modelFromJSON({ class_name: 'Sequential', config: { name: 'keras', layers } } as never);
    expect(model.layers[1]).toBeInstanceOf(SpatialDropout2D);
    expect(model.layers[1]?.getConfig()).toMatchObject({ name: 'drop', rate: 0.25, dataFormat: 'channelsLast' });
  });
});

describe('DropConnectDense', () => {
  const [inputs, units, rate] = [40, 30, 0.4];
  const build = (maskPer?: 'batch' | 'example'): DropConnectDense => new DropConnectDense({ units, rate, kernelInitializer: 'ones', biasInitializer: 'ones', ...(maskPer && { maskPer }) });

  it('drops weights, scales the others by 1/(1 − p), and leaves the bias alone', () => {
    // The identity shows the weights.
    const seen = outputOf(build(), tf.eye(inputs), true).map((value) => value - 1);
    const kept = Math.fround(1 / Math.fround(1 - rate));
    for (const value of seen) expect(Math.min(Math.abs(value), Math.abs(value - kept))).toBeLessThan(1e-6);
    expect(isCredibleCount(seen.filter((value) => value < 0.5).length, inputs * units, rate)).toBe(true);
  });

  it.each([['batch', 1], ['example', 5]] as const)('has one mask per %s', (maskPer, masks) => {
    const rows = (build(maskPer).apply(tf.ones([5, inputs]), { training: true }) as tf.Tensor2D).arraySync();
    expect(new Set(rows.map((row) => row.join())).size).toBe(masks);
  });

  it.each([undefined, 'example'] as const)('takes sequences too (%s)', (maskPer) => {
    const y = build(maskPer).apply(tf.ones([2, 7, inputs]), { training: true }) as tf.Tensor3D;
    expect(y.shape).toEqual([2, 7, units]);
    // All steps of an example see the same weights.
    const [first] = y.arraySync();
    expect(new Set(first?.map((step) => step.join())).size).toBe(1);
  });

  it('is a dense layer at inference, with the same weights, regularizers and activation', () => {
    const x = tf.randomNormal([4, inputs]);
    const dense = tf.layers.dense({ units, activation: 'sigmoid', kernelRegularizer: 'l1l2' });
    const dropConnect = new DropConnectDense({ units, rate, activation: 'sigmoid', kernelRegularizer: 'l1l2', inputDim: inputs });
    expect(dropConnect.batchInputShape).toEqual([null, inputs]);
    for (const layer of [dense, dropConnect]) layer.apply(x);
    dropConnect.setWeights(dense.getWeights());
    expect(dropConnect.weights.map(({ originalName }) => originalName.split('/').pop())).toEqual(['kernel', 'bias']);
    expect(outputOf(dropConnect, x, false)).toEqual(outputOf(dense, x, false));
    expect(dropConnect.calculateLosses()[0]?.dataSync()).toEqual(dense.calculateLosses()[0]?.dataSync());
    dropConnect.trainable = false;
    expect(dropConnect.trainableWeights).toEqual([]);
  });

  it('has the mean of its law', () => {
    const layer = build();
    const draws = 400;
    const x = tf.ones([1, inputs]);
    let sum = 0;
    for (let draw = 0; draw < draws; draw++) sum += outputOf(layer, x, true).reduce((total, value) => total + value - 1, 0) / inputs;
    // Each of draws·inputs·units weights is 1/(1 − p) or 0: mean 1, variance p/(1 − p).
    const n = draws * inputs * units;
    expect(Math.abs(sum / (draws * units) - 1)).toBeLessThan(NORMAL_QUANTILE * Math.sqrt(rate / (1 - rate) / n));
  });
});

describe('AlphaDropout', () => {
  const n = 200_000;
  /** E y⁴ − 1 of y = a(x·m + α′(1 − m)) + b for standard normal x: the variance of y², for the error of the sample variance. */
  function varianceOfSquare(rate: number): number {
    const { a, b } = alphaDropoutAffine(rate);
    const fourth = (mean: number, deviation: number): number => mean ** 4 + 6 * mean ** 2 * deviation ** 2 + 3 * deviation ** 4;
    return (1 - rate) * fourth(b, a) + rate * fourth(a * SELU_SATURATION + b, 0) - 1;
  }

  function moments(values: Float32Array): { mean: number; variance: number } {
    const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
    return { mean, variance: values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length };
  }

  it.each([0.05, 0.2, 0.5])('keeps mean 0 and variance 1 at rate %f', (rate) => {
    const { mean, variance } = moments(outputOf(new AlphaDropout({ rate }), tf.randomNormal([n]), true));
    expect(Math.abs(mean)).toBeLessThan(NORMAL_QUANTILE / Math.sqrt(n));
    expect(Math.abs(variance - 1)).toBeLessThan(NORMAL_QUANTILE * Math.sqrt(varianceOfSquare(rate) / n) + NORMAL_QUANTILE ** 2 / n);
  });

  it('gives the two values of its definition on zeros, where TensorFlow.js gives another', () => {
    const values = (layer: tf.layers.Layer): number[] => [...new Set([...outputOf(layer, tf.zeros([1000]), true)].map((value) => Number(value.toFixed(3))))].sort();
    expect(values(new AlphaDropout({ rate: 0.5 }))).toEqual([-0.779, 0.779]);
    expect(values(tf.layers.alphaDropout({ rate: 0.5 }))).toEqual([0.779, 2.338]);
  });

  it('shares its mask where the noise shape says so, drops nothing at rate 0, and takes over saved models', async () => {
    const columns = (new AlphaDropout({ rate: 0.5, noiseShape: [null, 1] }).apply(tf.zeros([50, 4]), { training: true }) as tf.Tensor2D).arraySync();
    for (const row of columns) expect(new Set(row).size).toBe(1);
    expect(outputOf(new AlphaDropout({ rate: 0 }), tf.ones([3]), true)).toEqual(Float32Array.of(1, 1, 1));
    const saved = tf.sequential({ layers: [tf.layers.alphaDropout({ rate: 0.2, inputShape: [3] })] }).toJSON(undefined, false) as object;
    const model = await tf.models.modelFromJSON(saved as never);
    expect(model.layers[0]).toBeInstanceOf(AlphaDropout);
  });
});
