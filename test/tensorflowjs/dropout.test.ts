/** What TensorFlow.js does, shown by running it: every claim that a rule about its API makes. */
import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, it } from 'vitest';

beforeAll(() => tf.setBackend('cpu'));

type Layer = tf.layers.Layer;
const config = (value: unknown) => value as never;

/** What a layer makes of ones in training mode, as numbers. */
function inTraining(layer: Layer, shape: readonly number[] = [64, 64]): number[] {
  return tf.tidy(() => [...(layer.apply(tf.ones([...shape]), { training: true }) as tf.Tensor).dataSync()]);
}
const share = (values: readonly number[], value: number) => values.filter((each) => each === value).length / values.length;
const isIdentity = (layer: Layer) => inTraining(layer).every((value) => value === 1);
const distinct = (values: readonly number[]) => [...new Set(values.map((value) => Number(value.toFixed(3))))].sort((a, b) => a - b);

describe('valid-dropout-config: what silently drops nothing', () => {
  it.each<[string, () => Layer]>([
    ['dropout(0.3)', () => tf.layers.dropout(config(0.3))],
    ['dropout({})', () => tf.layers.dropout(config({}))],
    ['dropout({ p: 0.5 })', () => tf.layers.dropout(config({ p: 0.5 }))],
    ['dropout({ probability: 0.5 })', () => tf.layers.dropout(config({ probability: 0.5 }))],
    ['dropout({ dropRate: 0.5 })', () => tf.layers.dropout(config({ dropRate: 0.5 }))],
    ['dropout({ rate: undefined })', () => tf.layers.dropout(config({ rate: undefined }))],
    ['dropout({ rate: NaN })', () => tf.layers.dropout({ rate: Number.NaN })],
  ])('%s is the identity in training', (_, make) => expect(isIdentity(make())).toBe(true));

  it('dropout() throws', () => expect(() => tf.layers.dropout(config(undefined))).toThrow(TypeError));

  it('with a rate it drops, and scales survivors by 1/(1 − p)', () => {
    const values = inTraining(tf.layers.dropout({ rate: 0.5 }));
    expect(distinct(values)).toEqual([0, 2]);
    // 4 096 draws: six standard deviations are 0.047.
    expect(Math.abs(share(values, 0) - 0.5)).toBeLessThan(0.047);
  });
});

describe('valid-dropout-rate: outside (0, 1) dropout is off', () => {
  it.each([0, 1, 1.5, 50, -0.2])('rate %s', (rate) => expect(isIdentity(tf.layers.dropout({ rate }))).toBe(true));
  it('null', () => expect(isIdentity(tf.layers.dropout(config({ rate: null })))).toBe(true));
  it("'0.5' works", () => expect(distinct(inTraining(tf.layers.dropout(config({ rate: '0.5' }))))).toEqual([0, 2]));
  it.each([0, 1, 1.5, -0.2])('gaussianDropout and alphaDropout with rate %s', (rate) => {
    expect(isIdentity(tf.layers.gaussianDropout({ rate }))).toBe(true);
    expect(isIdentity(tf.layers.alphaDropout({ rate }))).toBe(true);
  });
  it('rates inside recurrent layers are clamped: 1.5 drops nothing', () => {
    const layer = tf.layers.simpleRNN({ units: 3, dropout: 1.5, kernelInitializer: 'ones', recurrentInitializer: 'zeros' });
    const run = (training: boolean) => [...(layer.apply(tf.ones([2, 4, 3]), { training } as never) as tf.Tensor).dataSync()];
    expect(run(true)).toEqual(run(false));
  });
  it('core tf.dropout throws', () => {
    expect(() => tf.dropout(tf.ones([2]), 1)).toThrow();
    expect(() => tf.dropout(tf.ones([2]), -0.1)).toThrow();
    expect(() => tf.dropout(tf.ones([2]).toInt(), 0.5)).toThrow();
  });
});

describe('no-fixed-dropout-seed', () => {
  const masks = (seed?: number) => new Set(Array.from({ length: 4 }, () => inTraining(layer(seed)).join()));
  const layers = new Map<number | undefined, Layer>();
  const layer = (seed?: number) => layers.get(seed) ?? (layers.set(seed, tf.layers.dropout({ rate: 0.5, seed })), layers.get(seed)!);
  it('with a seed every batch has the same mask', () => expect(masks(7).size).toBe(1));
  it('without it every batch has its own', () => expect(masks().size).toBe(4));
});

describe('noiseShape', () => {
  const noise = (noiseShape: readonly (number | null)[]) => tf.layers.dropout(config({ rate: 0.5, noiseShape }));
  /** Whether all positions of a channel share one draw, in [batch, …space, channels]. */
  function isPerChannel(values: readonly number[], [batch, height, width, channels]: readonly number[], first: boolean): boolean {
    const at = (b: number, h: number, w: number, c: number) => values[first ? ((b * channels! + c) * height! + h) * width! + w : ((b * height! + h) * width! + w) * channels! + c];
    for (let b = 0; b < batch!; b += 1) for (let c = 0; c < channels!; c += 1) for (let h = 0; h < height!; h += 1) for (let w = 0; w < width!; w += 1) if (at(b, h, w, c) !== at(b, 0, 0, c)) return false;
    return true;
  }

  it('[null, 1, 1, null] drops whole channels of each example, whatever the batch', () => {
    const layer = noise([null, 1, 1, null]);
    for (const batch of [2, 5]) {
      const values = inTraining(layer, [batch, 4, 4, 32]);
      expect(isPerChannel(values, [batch, 4, 4, 32], false)).toBe(true);
      expect(distinct(values)).toEqual([0, 2]);
      expect(values.slice(0, 32)).not.toEqual(values.slice(512, 544));
    }
  });
  it('[null, null, 1, 1] does, channels first', () => expect(isPerChannel(inTraining(noise([null, null, 1, 1]), [2, 32, 4, 4]), [2, 4, 4, 32], true)).toBe(true));
  it('[null, 1, null] is spatialDropout1d', () => {
    for (const layer of [noise([null, 1, null]), tf.layers.spatialDropout1d({ rate: 0.5 })]) expect(isPerChannel(inTraining(layer, [2, 6, 1, 32].filter((_, i) => i !== 2)), [2, 6, 1, 32], false)).toBe(true);
  });
  it('[null, 1, 1, C] does, too', () => expect(isPerChannel(inTraining(noise([null, 1, 1, 32]), [2, 4, 4, 32]), [2, 4, 4, 32], false)).toBe(true));
  it('[null, 1, 1, 1] drops whole examples', () => {
    const values = inTraining(noise([null, 1, 1, 1]), [64, 2, 2, 4]);
    for (let b = 0; b < 64; b += 1) expect(new Set(values.slice(b * 16, b * 16 + 16)).size).toBe(1);
  });
  it('survives toJSON', () => {
    const json = JSON.parse(tf.sequential({ layers: [tf.layers.dropout(config({ rate: 0.5, noiseShape: [null, 1, 1, null], inputShape: [4, 4, 2] }))] }).toJSON(null, true) as string) as { config: { layers: { config: { noise_shape: unknown } }[] } };
    expect(json.config.layers[0]!.config.noise_shape).toEqual([null, 1, 1, null]);
  });
  it('valid-spatial-dropout-rank: a fixed batch size fails on the last, smaller batch', async () => {
    const model = tf.sequential({ layers: [tf.layers.dropout(config({ rate: 0.5, noiseShape: [4, 1, 1, 2], inputShape: [3, 3, 2] })), tf.layers.flatten(), tf.layers.dense({ units: 1 })] });
    model.compile({ optimizer: 'sgd', loss: 'meanSquaredError' });
    await expect(model.fit(tf.ones([8, 3, 3, 2]), tf.ones([8, 1]), { batchSize: 4, epochs: 1, verbose: 0 })).resolves.toBeDefined();
    await expect(model.fit(tf.ones([6, 3, 3, 2]), tf.ones([6, 1]), { batchSize: 4, epochs: 1, verbose: 0 })).rejects.toThrow();
  });
  it('valid-spatial-dropout-rank: a noiseShape of the wrong rank broadcasts silently', () => expect(() => inTraining(noise([1, 1, 8]), [2, 3, 3, 8])).not.toThrow());
});

describe('valid-spatial-dropout-rank', () => {
  it.each([[[8]], [[4, 4, 2]]])('spatialDropout1d on an input of shape %j throws', (inputShape) => expect(() => tf.sequential({ layers: [tf.layers.spatialDropout1d({ rate: 0.5, inputShape })] })).toThrow(/expected ndim=3/));
  it('there is no spatialDropout2d or 3d', () => {
    expect('spatialDropout2d' in tf.layers).toBe(false);
    expect('spatialDropout3d' in tf.layers).toBe(false);
  });
});

describe('no-alpha-dropout: the mean shifts', () => {
  const ofZeros = (rate: number) => tf.tidy(() => [...(tf.layers.alphaDropout({ rate }).apply(tf.zeros([300, 300]), { training: true }) as tf.Tensor).dataSync()]);
  it('of zeros it makes 0.779 and 2.338, where Keras makes 0.779 and −0.779', () => {
    const [kept, dropped, ...rest] = distinct(ofZeros(0.5));
    expect(rest).toEqual([]);
    expect(kept).toBeCloseTo(0.779, 3);
    expect(dropped).toBeCloseTo(2.338, 3);
  });
  it('at rate 0.2 the mean of zeros is 0.62', () => {
    const values = ofZeros(0.2);
    expect(values.reduce((sum, value) => sum + value, 0) / values.length).toBeCloseTo(0.62, 1);
  });
  it('getConfig forgets the noiseShape', () => expect(tf.layers.alphaDropout({ rate: 0.2, noiseShape: [1, 2] }).getConfig()).not.toHaveProperty('noiseShape'));
});

describe('no-frozen-recurrent-mask', () => {
  const cell = () => tf.layers.rnn({ cell: tf.layers.lstmCell({ units: 32, dropout: 0.5, kernelInitializer: 'ones', recurrentInitializer: 'zeros' }) as never });
  const plain = () => tf.layers.lstm({ units: 32, dropout: 0.5, kernelInitializer: 'ones', recurrentInitializer: 'zeros' });
  const run = (layer: Layer, batch: number) => [...(layer.apply(tf.range(0, 32).div(1000).tile([batch * 2]).reshape([batch, 2, 32]), { training: true } as never) as tf.Tensor).dataSync()].join();

  it('a cell in rnn() keeps its mask for ever', () => {
    const layer = cell();
    expect(run(layer, 2)).toBe(run(layer, 2));
  });
  it('and fails when the batch size changes', () => {
    const layer = cell();
    run(layer, 2);
    expect(() => run(layer, 3)).toThrow();
  });
  it('lstm() draws anew', () => {
    const layer = plain();
    expect(run(layer, 2)).not.toBe(run(layer, 2));
    expect(() => run(layer, 3)).not.toThrow();
  });
});

describe('no-layers-push', () => {
  it('adds nothing: the model is empty', () => {
    const model = tf.sequential();
    model.layers.push(tf.layers.dense({ units: 1, inputShape: [1] }));
    expect(() => model.compile({ optimizer: 'sgd', loss: 'meanSquaredError' })).toThrow(/model is empty/);
  });
  it('adds nothing to a model that has layers', () => {
    const model = tf.sequential({ layers: [tf.layers.dense({ units: 2, inputShape: [1] })] });
    model.layers.push(tf.layers.dense({ units: 5 }));
    expect((model.predict(tf.ones([1, 1])) as tf.Tensor).shape).toEqual([1, 2]);
  });
  it('add returns undefined', () => expect(tf.sequential().add(tf.layers.dense({ units: 1, inputShape: [1] }))).toBeUndefined());
  it('one layer object can be added twice', () => {
    const drop = tf.layers.dropout({ rate: 0.5 });
    expect(() => tf.sequential({ layers: [tf.layers.dense({ units: 2, inputShape: [1] }), drop, tf.layers.dense({ units: 2 }), drop] })).not.toThrow();
  });
});

describe('training and inference', () => {
  const model = () => tf.sequential({ layers: [tf.layers.dropout({ rate: 0.5, inputShape: [256] })] });
  const values = (result: unknown) => [...(result as tf.Tensor).dataSync()];
  it('predict does not drop, and ignores `training`', () => {
    expect(values(model().predict(tf.ones([1, 256]))).every((value) => value === 1)).toBe(true);
    expect(values(model().predict(tf.ones([1, 256]), { training: true } as never)).every((value) => value === 1)).toBe(true);
  });
  it('apply with `training: true` is Monte-Carlo dropout', () => expect(distinct(values(model().apply(tf.ones([1, 256]), { training: true })))).toEqual([0, 2]));
  it('`training: true` on a symbolic tensor is not remembered', () => {
    const input = tf.input({ shape: [256] });
    const out = tf.layers.dropout({ rate: 0.5 }).apply(input, { training: true }) as tf.SymbolicTensor;
    expect(values(tf.model({ inputs: input, outputs: out }).predict(tf.ones([1, 256]))).every((value) => value === 1)).toBe(true);
  });
  it('nor is that of a model in a functional model, nor `training: false` in training', () => {
    const input = tf.input({ shape: [256] });
    const nested = tf.model({ inputs: input, outputs: model().apply(input, { training: true }) as tf.SymbolicTensor });
    expect(values(nested.predict(tf.ones([1, 256]))).every((value) => value === 1)).toBe(true);
    const off = tf.layers.dropout({ rate: 0.5 }).apply(input, { training: false }) as tf.SymbolicTensor;
    expect(distinct(values(tf.model({ inputs: input, outputs: off }).apply(tf.ones([1, 256]), { training: true })))).toEqual([0, 2]);
  });
  it('a layer that is applied without `training: true` does not drop', () => expect(values(tf.layers.dropout({ rate: 0.5 }).apply(tf.ones([1, 256]))).every((value) => value === 1)).toBe(true));
  it('a frozen nested model still drops in training', () => {
    const outer = tf.sequential();
    const inner = model();
    inner.trainable = false;
    outer.add(inner as unknown as Layer);
    expect(distinct(values(outer.apply(tf.ones([1, 256]), { training: true })))).toEqual([0, 2]);
  });
  it('dropout has no weights: saved weights do not move when it does', () => {
    const build = (...layers: Layer[]) => tf.sequential({ layers: [tf.layers.dense({ units: 3, inputShape: [2] }), ...layers, tf.layers.dense({ units: 1 })] });
    expect(build(tf.layers.dropout({ rate: 0.5 }), tf.layers.reLU()).getWeights().map(({ shape }) => shape)).toEqual(build(tf.layers.reLU(), tf.layers.dropout({ rate: 0.5 })).getWeights().map(({ shape }) => shape));
  });
});

describe('activation strings', () => {
  const construct = (activation: string) => tf.layers.dense({ units: 1, inputShape: [1], activation: config(activation) });
  it.each(['elu', 'hardSigmoid', 'linear', 'relu', 'relu6', 'selu', 'sigmoid', 'softmax', 'softplus', 'softsign', 'tanh', 'swish', 'mish', 'gelu', 'gelu_new', 'logSoftmax', 'LeakyReLU', 'ReLU'])('%s constructs', (name) => expect(() => construct(name)).not.toThrow());
  it.each(['leakyReLU', 'silu', 'hard_sigmoid'])('%s throws', (name) => expect(() => construct(name)).toThrow());
});

describe('dropout and BatchNorm', () => {
  /** Variance at inference of what BatchNorm makes, after its running statistics have settled in training. */
  async function varianceAtInference(...layers: Layer[]): Promise<number> {
    const model = tf.sequential({ layers: [tf.layers.activation({ activation: 'relu', inputShape: [16] }), ...layers] });
    model.compile({ optimizer: tf.train.sgd(0), loss: 'meanSquaredError' });
    const x = tf.randomNormal([512, 16], 0, 1, 'float32', 1);
    await model.fit(x, tf.zeros([512, 16]), { epochs: 30, batchSize: 128, verbose: 0 });
    return tf.moments(model.predict(x) as tf.Tensor).variance.dataSync()[0]!;
  }
  it('dropout in front of it: the variance at inference is 0.4 instead of 1 (Li et al. 2019)', async () => {
    expect(await varianceAtInference(tf.layers.dropout({ rate: 0.5 }), tf.layers.batchNormalization({ momentum: 0.8 }))).toBeCloseTo(0.405, 1);
  });
  it('dropout behind it: 1', async () => {
    expect(await varianceAtInference(tf.layers.batchNormalization({ momentum: 0.8 }), tf.layers.dropout({ rate: 0.5 }))).toBeCloseTo(1, 1);
  });
});

describe('positive homogeneity: relu(m·x) = m·relu(x) for m ≥ 0', () => {
  const x = () => tf.randomNormal([64], 0, 1, 'float32', 3);
  const commutes = (layer: Layer, m: number) => tf.tidy(() => {
    const [before, after] = [layer.apply(x().mul(m)) as tf.Tensor, (layer.apply(x()) as tf.Tensor).mul(m)];
    return before.sub(after).abs().max().dataSync()[0]! < 1e-6;
  });
  it.each<[string, () => Layer]>([['reLU', () => tf.layers.reLU()], ['leakyReLU', () => tf.layers.leakyReLU({ alpha: 0.2 })]])('%s commutes with dropout', (_, make) => expect([0, 2, 1.25].every((m) => commutes(make(), m))).toBe(true));
  it.each(['sigmoid', 'tanh', 'softplus', 'elu', 'selu', 'gelu', 'swish'])('%s does not', (name) => expect(commutes(tf.layers.activation({ activation: config(name) }), 2)).toBe(false));
});
