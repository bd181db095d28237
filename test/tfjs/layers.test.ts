import * as tf from '@tensorflow/tfjs';
import { describe, expect, it } from 'vitest';
import { AlphaDropout, ConcreteDropout, DropConnectDense, SpatialDropout2D, SpatialDropout3D, VariationalDropout } from '../../src/tfjs/index.js';
import { halves, outputOf, reloaded, seedTensorFlow } from './training.js';

seedTensorFlow();

/** Each layer between two others, with every argument away from its default. */
const cases: Record<string, { shape: number[]; layer: () => tf.layers.Layer }> = {
  AlphaDropout: { shape: [6], layer: () => new AlphaDropout({ rate: 0.2, noiseShape: [null, 1] }) },
  ConcreteDropout: { shape: [6], layer: () => new ConcreteDropout({ rate: 0.2, divergenceWeight: 0.01, temperature: 0.2, lengthScale: 0.1 }) },
  'ConcreteDropout, spatial': { shape: [2, 2, 3], layer: () => new ConcreteDropout({ divergenceWeight: 0.01, spatial: true }) },
  DropConnectDense: { shape: [6], layer: () => new DropConnectDense({ units: 5, rate: 0.2, activation: 'tanh', maskPer: 'example', kernelRegularizer: 'l1l2' }) },
  'DropConnectDense without bias over a sequence': { shape: [3, 2], layer: () => new DropConnectDense({ units: 5, rate: 0.2, useBias: false }) },
  SpatialDropout2D: { shape: [2, 2, 3], layer: () => new SpatialDropout2D({ rate: 0.2, dataFormat: 'channelsFirst' }) },
  SpatialDropout3D: { shape: [2, 2, 2, 3], layer: () => new SpatialDropout3D({ rate: 0.2 }) },
  'VariationalDropout, Gaussian': { shape: [6], layer: () => new VariationalDropout({ rate: 0.2, divergenceWeight: 0.01, alphaPer: 'layer' }) },
  'VariationalDropout, sparse': { shape: [2, 2, 3], layer: () => new VariationalDropout({ rate: 0.9, divergenceWeight: 0.01, form: 'sparse', alphaPer: 'element' }) },
};

function modelWith({ shape, layer }: { shape: number[]; layer: () => tf.layers.Layer }): tf.Sequential {
  const units = shape.reduce((product, extent) => product * extent, 1);
  const layers = [tf.layers.dense({ units, inputShape: [2], activation: 'relu' }), tf.layers.reshape({ targetShape: shape }), layer()];
  const flat = shape.length > 1 ? [tf.layers.flatten()] : [];
  const model = tf.sequential({ layers: [...layers, ...flat, tf.layers.dense({ units: 2, activation: 'softmax' })] });
  // A loss by name, without which TensorFlow.js does not save the training configuration.
  model.compile({ optimizer: tf.train.adam(0.02), loss: 'categoricalCrossentropy' });
  return model;
}

describe.each(Object.entries(cases))('%s', (_, definition) => {
  it('trains, without leaving tensors behind', async () => {
    const { x, y } = halves();
    const model = modelWith(definition);
    await model.fit(x, y, { epochs: 1, verbose: 0, yieldEvery: 'never' });
    const tensors = tf.memory().numTensors;
    await model.fit(x, y, { epochs: 25, verbose: 0, yieldEvery: 'never' });
    expect(tf.memory().numTensors).toBe(tensors);
    expect((model.evaluate(x, y) as tf.Scalar).dataSync()[0]).toBeLessThan(0.45);
  });

  it('is saved and loaded with its arguments and weights', async () => {
    const { x, y } = halves();
    const model = modelWith(definition);
    await model.fit(x, y, { epochs: 2, verbose: 0, yieldEvery: 'never' });
    const loaded = await reloaded(model);
    expect(loaded.layers[2]?.getConfig()).toEqual(model.layers[2]?.getConfig());
    expect((loaded.predict(x) as tf.Tensor).dataSync()).toEqual((model.predict(x) as tf.Tensor).dataSync());
  });

  it('adds no noise at inference, and fresh noise at each call in training', () => {
    const layer = definition.layer();
    const x = tf.ones([2, ...definition.shape]);
    const [inference, again] = [outputOf(layer, x, false), outputOf(layer, x, false)];
    expect(again).toEqual(inference);
    expect(outputOf(layer, x, true)).not.toEqual(outputOf(layer, x, true));
  });
});

it('survives as part of a training configuration', async () => {
  const { x, y } = halves();
  const model = modelWith(cases['VariationalDropout, Gaussian'] as (typeof cases)[string]);
  await model.fit(x, y, { epochs: 1, verbose: 0, yieldEvery: 'never' });
  let trainingConfig: object | undefined;
  await model.save(tf.io.withSaveHandler(async (artifacts) => {
    trainingConfig = artifacts.trainingConfig;
    return { modelArtifactsInfo: { dateSaved: new Date(0), modelTopologyType: 'JSON' } };
  }), { includeOptimizer: true });
  expect(trainingConfig).toMatchObject({ loss: 'categorical_crossentropy' });
});

describe('arguments that make no sense are refused, where TensorFlow.js would silently drop nothing', () => {
  it.each([
    ['a rate of 1', () => new SpatialDropout2D({ rate: 1 }), 'SpatialDropout2D: the rate must be a number in [0, 1), not 1.'],
    ['a percentage', () => new AlphaDropout({ rate: 50 }), 'not 50'],
    ['a negative rate', () => new SpatialDropout3D({ rate: -0.1 }), 'not -0.1'],
    ['no rate', () => new DropConnectDense({ units: 2 } as never), 'DropConnectDense: the rate must be a number in [0, 1), not undefined.'],
    ['NaN', () => new DropConnectDense({ units: 2, rate: NaN }), 'not NaN'],
    ['rate 0 to start from', () => new VariationalDropout({ rate: 0, divergenceWeight: 1 }), 'starts from a rate in (0, 0.5]'],
    ['alpha above 1 in the Gaussian form', () => new VariationalDropout({ rate: 0.6, divergenceWeight: 1 }), 'the gaussian form starts from a rate in (0, 0.5], not 0.6'],
    ['no weight', () => new VariationalDropout({ rate: 0.5 } as never), 'divergenceWeight must be a number from 0 up, not undefined'],
    ['a temperature of 0', () => new ConcreteDropout({ divergenceWeight: 1, temperature: 0 }), 'temperature must be positive, not 0'],
    ['a rate set later', () => (new SpatialDropout2D({ rate: 0.5 }).rate = 1.5), 'not 1.5'],
  ])('%s', (_, make, message) => {
    expect(make).toThrow(RangeError);
    expect(make).toThrow(message);
  });

  it.each([
    ['the rank of spatial dropout', () => new SpatialDropout2D({ rate: 0.5 }).apply(tf.ones([2, 3])), 'expected ndim=4'],
    ['unknown extents', () => new VariationalDropout({ rate: 0.5, divergenceWeight: 1, alphaPer: 'element' }).apply(tf.input({ shape: [null, 3] })), 'must be known'],
    ['no log alpha yet', () => new VariationalDropout({ rate: 0.5, divergenceWeight: 1 }).logAlpha(), 'has not been built'],
    ['no learned rate yet', () => new ConcreteDropout({ divergenceWeight: 1 }).learnedRate(), 'has not been built'],
  ])('%s', (_, use, message) => expect(use).toThrow(message));
});
