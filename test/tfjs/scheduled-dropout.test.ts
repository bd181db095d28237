import * as tf from '@tensorflow/tfjs';
import { describe, expect, it } from 'vitest';
import { AlphaDropout, DropConnectDense, scheduledDropout, SpatialDropout2D, VariationalDropout } from '../../src/tfjs/index.js';
import { SCHEDULE_KINDS, schedules, type Schedule } from '../../src/variants/schedules.js';
import { isCredibleCount } from '../../src/verify/bounds.js';
import { seedTensorFlow } from './training.js';

seedTensorFlow();

const UNITS = 4000;

/** Trains with nothing to learn, and measures inside `fit` what part of the units each epoch dropped. */
async function droppedPerEpoch(epochs: number, schedule: Schedule): Promise<number[]> {
  const model = tf.sequential();
  model.add(tf.layers.dense({ units: UNITS, inputShape: [1], useBias: false, kernelInitializer: 'ones' }));
  model.add(tf.layers.dropout({ rate: 0.9 }));
  const dropped = (_: tf.Tensor, prediction: tf.Tensor): tf.Tensor => tf.mean(tf.cast(tf.equal(prediction, 0), 'float32'));
  model.compile({ optimizer: tf.train.sgd(0), loss: 'meanSquaredError', metrics: [dropped] });
  const { history } = await model.fit(tf.ones([1, 1]), tf.ones([1, UNITS]), { epochs, verbose: 0, yieldEvery: 'never', callbacks: [scheduledDropout(model, schedule)] });
  return history.dropped as number[];
}

describe('the schedule is followed', () => {
  it.each(SCHEDULE_KINDS)('%s', async (kind) => {
    const epochs = 12;
    const schedule = schedules[kind]({ rate: 0.6, epochs });
    const measured = await droppedPerEpoch(epochs, schedule);
    expect(measured).toHaveLength(epochs);
    for (const [epoch, fraction] of measured.entries()) {
      expect({ epoch, credible: isCredibleCount(Math.round(fraction * UNITS), UNITS, schedule(epoch)) }).toEqual({ epoch, credible: true });
    }
  });

  it('from the epoch at which training resumes', async () => {
    const rates: number[] = [];
    const model = tf.sequential({ layers: [tf.layers.dense({ units: 2, inputShape: [2] }), tf.layers.dropout({ rate: 0.5 })] });
    model.compile({ optimizer: 'sgd', loss: 'meanSquaredError' });
    const seen = new tf.CustomCallback({ onEpochEnd: async () => void rates.push(model.layers[1]?.getConfig().rate as number) });
    await model.fit(tf.ones([2, 2]), tf.ones([2, 2]), { epochs: 5, initialEpoch: 3, verbose: 0, yieldEvery: 'never', callbacks: [scheduledDropout(model, (epoch) => epoch / 10), seen] });
    expect(rates).toEqual([0.3, 0.4]);
  });
});

describe('behind other callbacks', () => {
  it.each<[string, (other: () => void) => tf.CustomCallback | tf.CustomCallbackArgs]>([
    ['an object of functions', (other) => ({ onEpochEnd: other })],
    ['a callback', (other) => new tf.CustomCallback({ onEpochEnd: async () => other() })],
  ])('%s', async (_, make) => {
    const rates: unknown[] = [];
    const model = tf.sequential({ layers: [tf.layers.dense({ units: 2, inputShape: [2] }), tf.layers.dropout({ rate: 0.5 })] });
    model.compile({ optimizer: 'sgd', loss: 'meanSquaredError' });
    const other = make(() => void rates.push(model.layers[1]?.getConfig().rate));
    await model.fit(tf.ones([2, 2]), tf.ones([2, 2]), { epochs: 3, verbose: 0, callbacks: [other, scheduledDropout(model, (epoch) => epoch / 10)] });
    expect(rates).toEqual([0, 0.1, 0.2]);
  });
});

describe('which layers follow', () => {
  async function begin(model: tf.LayersModel, rate: number, where?: (layer: tf.layers.Layer) => boolean): Promise<void> {
    await scheduledDropout(model, () => rate, where && { where }).onEpochBegin(0);
  }
  const rateOf = (layer: tf.layers.Layer | undefined): unknown => layer?.getConfig().rate;

  it('every kind of dropout with a given rate, in nested models and wrappers too', async () => {
    const input = tf.input({ shape: [4, 4, 2] });
    const inner = tf.sequential({ layers: [new SpatialDropout2D({ rate: 0.1, inputShape: [4, 4, 2] }), tf.layers.flatten(), tf.layers.gaussianDropout({ rate: 0.1 })] });
    const branch = inner.apply(input) as tf.SymbolicTensor;
    const spread = tf.layers.reshape({ targetShape: [4, 8] }).apply(branch) as tf.SymbolicTensor;
    const wrapped = tf.layers.dropout({ rate: 0.1 });
    const timed = tf.layers.timeDistributed({ layer: wrapped }).apply(spread) as tf.SymbolicTensor;
    const lstm = tf.layers.lstm({ units: 2, dropout: 0.1, recurrentDropout: 0, returnSequences: true });
    const gru = tf.layers.gru({ units: 3, recurrentDropout: 0.2 });
    const both = tf.layers.bidirectional({ layer: gru as never, mergeMode: 'concat' }).apply(lstm.apply(timed)) as tf.SymbolicTensor;
    const learned = new VariationalDropout({ rate: 0.1, divergenceWeight: 1 });
    const last = [new AlphaDropout({ rate: 0.1 }), new DropConnectDense({ units: 3, rate: 0.1 }), tf.layers.alphaDropout({ rate: 0.1 }), learned];
    const output = last.reduce((value, layer) => layer.apply(value) as tf.SymbolicTensor, both);
    const model = tf.model({ inputs: input, outputs: output });

    await begin(model, 0.25);
    expect([inner.layers[0], inner.layers[2], wrapped, ...last.slice(0, 3)].map(rateOf)).toEqual(Array(6).fill(0.25));
    expect(lstm.getConfig()).toMatchObject({ dropout: 0.25, recurrentDropout: 0 });
    const bidirectional = model.layers.find((layer) => layer.getClassName() === 'Bidirectional') as unknown as Record<string, tf.layers.Layer>;
    for (const direction of ['forwardLayer', 'backwardLayer']) expect(bidirectional[direction]?.getConfig()).toMatchObject({ dropout: 0, recurrentDropout: 0.25 });
    expect(learned.getConfig().rate).toBe(0.1);
    // The moved rates are rates that the layers accept.
    const y = model.apply(tf.ones([2, 4, 4, 2]), { training: true }) as tf.Tensor;
    expect(y.shape).toEqual([2, 3]);
  });

  it('those that `where` chooses', async () => {
    const layers = ['early', 'late'].map((name) => tf.layers.dropout({ rate: 0.5, name, inputShape: [2] }));
    await begin(tf.sequential({ layers }), 0.1, ({ name }) => name === 'late');
    expect(layers.map(rateOf)).toEqual([0.5, 0.1]);
  });

  it('none: an error; a rate that is none: an error at its epoch', async () => {
    const plain = tf.sequential({ layers: [tf.layers.dense({ units: 1, inputShape: [1] })] });
    expect(() => scheduledDropout(plain, () => 0.5)).toThrow('has no dropout layer whose rate could follow the schedule');
    const model = tf.sequential({ layers: [tf.layers.dropout({ rate: 0.5, inputShape: [2] })] });
    await expect(begin(model, 1)).rejects.toThrow('The schedule at epoch 0: the rate must be a number in [0, 1), not 1.');
  });
});
