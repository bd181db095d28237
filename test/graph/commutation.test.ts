import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Model } from '../../fixtures/builders/onnx.js';
import { literal } from '../../fixtures/builders/tensors.js';
import { functionOf } from '../../src/graph/activations.js';
import { changesWeights, classify, commutes, weakest } from '../../src/graph/commutation.js';
import { FIX_CLASSES, configure, foldBias, insert, move, remove, replace } from '../../src/graph/edits.js';
import type { FixClass } from '../../src/graph/edits.js';
import type { ActivationFunction, ActivationLayer, DropoutLayer, Layer, ReshapeLayer } from '../../src/graph/layers.js';
import { dropoutOf, fromBytes, graphOf, nth } from './building.js';

const { fround } = Math;
const bernoulli = dropoutOf('linear(8) → dropout(0.5) → relu');
const channel = dropoutOf('conv2d(8) → spatial-dropout(0.5) → conv2d(8)');
const as = (law: DropoutLayer['law'], unit: DropoutLayer['unit'] = 'element'): DropoutLayer => ({ ...bernoulli, law, unit });
const activation = (name: ActivationFunction): ActivationLayer => ({ ...(bernoulli.outputs[0]!.consumers[0] as ActivationLayer), function: name });

/** Inverted dropout of a mask, as onnxruntime computes it in float32: fround(x / fround(1 − p)). */
const drop = (x: number, kept: boolean, rate: number) => (kept ? fround(x / fround(1 - fround(rate))) : 0 * x);
const float32 = fc.float({ min: -100, max: 100, noNaN: true });
const rates = fc.constantFrom(0.1, 0.2, 0.25, 0.5, 0.75, 0.9);

describe('the mathematics: elementwise functions', () => {
  const names: ActivationFunction[] = ['relu', 'leaky-relu', 'prelu', 'abs', 'negate', 'scale', 'linear', 'relu6', 'thresholded-relu', 'hard-swish', 'gelu', 'silu', 'mish', 'elu', 'selu', 'celu', 'tanh', 'softsign', 'erf', 'sin', 'sigmoid', 'hard-sigmoid', 'softplus', 'exp', 'log-sigmoid'];

  it.each(names)('%s: the class is exact exactly when f(Dx) = D f(x) under every mask', (name) => {
    const f = functionOf(name)!;
    const holds = fc.check(fc.property(float32, fc.boolean(), rates, (x, kept, rate) => {
      const [before, after] = [f(drop(x, kept, rate)), drop(fround(f(x)), kept, rate)];
      return Math.abs(before - after) <= 1e-6 * (1 + Math.abs(after));
    }), { numRuns: 2000, seed: 1 });
    expect(!holds.failed).toBe(commutes(bernoulli, activation(name)) === 'exact');
  });

  it('ReLU is bit-exact in float32 for every rate', () => {
    fc.assert(fc.property(float32, fc.boolean(), fc.double({ min: 0, max: 0.99, noNaN: true }), (x, kept, rate) => Math.max(drop(x, kept, rate), 0) === drop(Math.max(x, 0), kept, rate)), { numRuns: 5000 });
    // A dropped negative is −0, which onnxruntime's comparison and ours count as 0.
    expect(drop(-3, false, 0.5)).toBe(-0);
  });

  it('a dropped infinity is NaN on one side only', () => {
    expect(Math.max(drop(-Infinity, false, 0.5), 0)).toBeNaN();
    expect(drop(Math.max(-Infinity, 0), false, 0.5)).toBe(0);
  });

  it('LeakyReLU is bit-exact when the scale is a power of two, else within an ulp or two', () => {
    const leaky = (x: number) => (x < 0 ? fround(x * fround(0.01)) : x);
    const normal = fc.float({ min: fround(0.001), max: 100, noNaN: true }).chain((x) => fc.constantFrom(x, -x));
    fc.assert(fc.property(normal, fc.constantFrom(0.5, 0.75), (x, rate) => leaky(drop(x, true, rate)) === drop(leaky(x), true, rate)), { numRuns: 3000 });
    let different = false;
    fc.assert(fc.property(normal, (x) => {
      const [a, b] = [leaky(drop(x, true, 0.3)), drop(leaky(x), true, 0.3)];
      different ||= a !== b;
      return Math.abs(a - b) <= 2 * 2 ** -23 * Math.abs(a);
    }), { numRuns: 3000 });
    expect(different).toBe(true);
  });

  it('f(0) ≠ 0: a dropped unit is not silent', () => {
    for (const name of ['sigmoid', 'hard-sigmoid', 'softplus', 'exp'] as const) expect(functionOf(name)!(drop(3, false, 0.5))).not.toBe(0);
  });

  it('Gaussian noise may turn a sign: only what is linear commutes with it', () => {
    expect((['relu', 'abs', 'leaky-relu', 'scale', 'linear'] as const).map((name) => commutes(as('gaussian'), activation(name)))).toEqual(['inference-exact', 'inference-exact', 'inference-exact', 'exact', 'exact']);
    expect(Math.max(-0.5 * -2, 0)).not.toBe(-0.5 * Math.max(-2, 0));
  });

  it('AlphaDropout shifts what it drops: not even a scale commutes with it', () => {
    const [a, b, saturation] = [0.9, 0.2, -1.7581];
    const alpha = (x: number, kept: boolean) => a * (kept ? x : saturation) + b;
    expect(alpha(3 * 2, false)).not.toBeCloseTo(3 * alpha(2, false), 6);
    expect((['scale', 'relu', 'linear'] as const).map((name) => commutes(as('alpha'), activation(name)))).toEqual(['inference-exact', 'inference-exact', 'exact']);
  });

  it('Softmax mixes its elements', () => {
    for (const name of ['softmax', 'log-softmax', 'hardmax'] as const) expect(commutes(bernoulli, activation(name))).toBe('inference-exact');
  });
});

describe('the mathematics: movement, pooling and weights', () => {
  const mask = (count: number) => fc.array(fc.boolean(), { minLength: count, maxLength: count });
  const values = (count: number) => fc.array(float32, { minLength: count, maxLength: count });
  const masked = (x: readonly number[], m: readonly boolean[]) => x.map((value, i) => drop(value, m[i]!, 0.5));
  const reshaping = (more: Partial<ReshapeLayer> = {}): ReshapeLayer => ({ ...nth(graphOf('conv2d(8) → flatten'), 'reshape'), ...more });

  it('Reshape, Flatten, Squeeze, Unsqueeze, Identity: exact, with the same mask in row-major order', () => {
    expect(commutes(bernoulli, reshaping())).toBe('exact');
    expect(commutes(channel, reshaping())).toBe('inference-exact');
  });

  it('Transpose: in distribution, with a permuted mask', () => {
    const transpose = <T>(x: readonly T[]): T[] => Array.from({ length: 6 }, (_, i) => x[(i % 2) * 3 + Math.floor(i / 2)]!);
    fc.assert(fc.property(values(6), mask(6), (x, m) => { expect(transpose(masked(x, m))).toEqual(masked(transpose(x), transpose(m))); }));
    expect(commutes(bernoulli, reshaping({ order: 'permuting' }))).toBe('exact-in-distribution');
  });

  it('what repeats an element (a reflecting Pad, Gather of one index twice, Tile): not', () => {
    const repeat = (x: readonly number[]) => [...x, x[0]!];
    // Behind the repetition the two copies have masks of their own.
    expect(masked(repeat([1, 2]), [true, true, false])).not.toEqual(repeat(masked([1, 2], [true, true])));
    expect(commutes(bernoulli, reshaping({ order: 'permuting', repeats: true }))).toBe('inference-exact');
  });

  it.each<readonly [string, (g: Model['graph'], x: ReturnType<Model['graph']['input']>) => ReturnType<Model['graph']['input']>, FixClass]>([
    ['Pad with zeros', (g, x) => g.node('Pad', [x, g.constant(literal([0, 1, 0, 1], 'int64'))], { shape: [2, 10] }), 'exact-in-distribution'],
    ['Pad by reflection', (g, x) => g.node('Pad', [x, g.constant(literal([0, 1, 0, 1], 'int64'))], { shape: [2, 10], attributes: { mode: 'reflect' } }), 'inference-exact'],
    ['Pad with ones', (g, x) => g.node('Pad', [x, g.constant(literal([0, 1, 0, 1], 'int64')), g.constant(literal(1))], { shape: [2, 10] }), 'inference-exact'],
    ['Gather of some', (g, x) => g.node('Gather', [x, g.constant(literal([0, 3], 'int64'))], { shape: [2, 2], attributes: { axis: 1 } }), 'exact-in-distribution'],
    ['Gather of one twice', (g, x) => g.node('Gather', [x, g.constant(literal([3, 3], 'int64'))], { shape: [2, 2], attributes: { axis: 1 } }), 'inference-exact'],
    ['Slice', (g, x) => g.node('Slice', [x, g.constant(literal([0], 'int64')), g.constant(literal([4], 'int64')), g.constant(literal([1], 'int64'))], { shape: [2, 4] }), 'exact-in-distribution'],
    ['Split: one part of several', (g, x) => { const [a, b] = g.nodeWithOutputs('Split', [x], { outputs: 2, shape: [2, 4], attributes: { axis: 1 } }); g.output(b!); return a!; }, 'inference-exact'],
    ['Cast to another float', (g, x) => g.node('Cast', [x], { type: 'float64', attributes: { to: 11 } }), 'inference-exact'],
    ['Cast to the same type', (g, x) => g.node('Cast', [x], { attributes: { to: 1 } }), 'exact'],
    ['Identity', (g, x) => g.node('Identity', [x]), 'exact'],
    ['Mul by a scale of its shape', (g, x) => g.node('Mul', [x, g.constant(literal([1, 2, 3, 4, 5, 6, 7, 8]))]), 'exact'],
    ['Add of a constant', (g, x) => g.node('Add', [x, g.constant(literal(1))]), 'inference-exact'],
  ])('%s', (_, make, expected) => {
    const model = new Model({ opset: 13 });
    const y = make(model.graph, model.graph.node('Dropout', [model.graph.input('x', [2, 8])]));
    model.graph.output(model.graph.node('Relu', [y]), 'y');
    const graph = fromBytes(model.encode());
    const [dropout, target] = [nth(graph, 'dropout'), graph.layers[1]!];
    expect(classify([move(dropout).after(target)])).toBe(expected);
  });

  it('MaxPool: no elementwise mask commutes, not even for x ≥ 0; a mask per channel does, as with every pooling', () => {
    const pool = (x: readonly number[]) => [Math.max(x[0]!, x[1]!)];
    // Whatever mask stands behind the pooling, it gives 0 or 2·max; the mask before it gives 2 · the smaller one.
    expect(pool(masked([1, 3], [true, false]))).toEqual([2]);
    fc.assert(fc.property(values(2), fc.boolean(), (x, kept) => { expect(pool(masked(x, [kept, kept])).map((value) => value + 0)).toEqual(masked(pool(x), [kept]).map((value) => value + 0)); }));
    const pools = graphOf('conv2d(8) → max-pool(2) → avg-pool(2) → global-avg-pool').layersOf('pooling');
    expect(pools.map((layer) => [commutes(bernoulli, layer), commutes(channel, layer)])).toEqual(pools.map(() => ['inference-exact', 'exact']));
    expect(commutes(as('gaussian', 'channel'), pools[0]!)).toBe('inference-exact');
    expect(commutes(channel, { ...pools[0]!, of: 'lp' })).toBe('inference-exact');
  });

  it('AveragePool under a mask per channel commutes up to rounding', () => {
    const average = (x: readonly number[]) => [(x[0]! + x[1]! + x[2]!) / 3];
    fc.assert(fc.property(values(3), fc.boolean(), (x, kept) => { expect(average(masked(x, [kept, kept, kept]))[0]! + 0).toBeCloseTo(masked(average(x), [kept])[0]! + 0, 3); }));
  });

  it('convolution, linear, normalization, embedding, recurrent: inference only; merges and unknown layers: not even that', () => {
    const graph = graphOf('embedding(50,16) → lstm(8) → linear(8) → layer-norm → residual{ linear(8) }');
    expect(graph.layers.filter((layer) => layer.kind !== 'reshape').map((layer) => [layer.kind, commutes(bernoulli, layer)])).toEqual([
      ['embedding', 'inference-exact'], ['recurrent', 'inference-exact'], ['linear', 'inference-exact'], ['normalization', 'inference-exact'], ['linear', 'inference-exact'], ['merge', undefined],
    ]);
    expect(commutes(bernoulli, nth(graphOf('conv2d(8)'), 'convolution'))).toBe('inference-exact');
    expect(commutes(bernoulli, { ...bernoulli, kind: 'opaque' } as unknown as Layer)).toBeUndefined();
  });

  it('two dropouts in a row: D_p ∘ D_q keeps (1 − p)(1 − q), and scales by its inverse', () => {
    const [p, q, n] = [0.2, 0.5, 200_000];
    let state = 7;
    const random = () => ((state = (state * 48271) % 2147483647), state / 2147483647);
    let kept = 0;
    let scale = 0;
    for (let i = 0; i < n; i += 1) {
      const y = drop(drop(1, random() >= p, p), random() >= q, q);
      if (y !== 0) [kept, scale] = [kept + 1, y];
    }
    const rate = 1 - (1 - p) * (1 - q);
    // Six standard deviations of the binomial law: an error probability of 2e-9.
    expect(Math.abs(kept / n - (1 - rate))).toBeLessThan(6 * Math.sqrt((rate * (1 - rate)) / n));
    expect(scale).toBeCloseTo(1 / (1 - rate), 6);
  });

  it('non-inverted dropout: W′ = (1 − p)W with inverted dropout is the same training when lr′ = (1 − p)²·lr', () => {
    const [rate, lr] = [0.4, 0.1];
    const keep = 1 - rate;
    let w = 0.7;
    let inverted = keep * w;
    for (const [x, kept, target] of [[1.5, 1, 0.3], [-0.7, 0, 1], [0.9, 1, -0.5], [2, 1, 0.1]] as const) {
      // Squared error of y = w·(m·x), and of y = w′·(m·x/keep).
      const error = w * kept * x - target;
      expect(inverted * ((kept * x) / keep) - target).toBeCloseTo(error, 12);
      w -= lr * error * kept * x;
      inverted -= keep ** 2 * lr * (error * ((kept * x) / keep));
      expect(inverted).toBeCloseTo(keep * w, 12);
      expect(inverted * x).toBeCloseTo(keep * w * x, 12);
    }
  });

  it('bias before BatchNorm: BN(Wx + b) = BN(Wx) once the running mean is lowered by b, in training as well', () => {
    const normalize = (x: number[], mean: number, variance: number) => x.map((value) => (value - mean) / Math.sqrt(variance + 1e-5));
    const statistics = (x: number[]) => { const mean = x.reduce((a, c) => a + c) / x.length; return [mean, x.reduce((a, c) => a + (c - mean) ** 2, 0) / x.length] as const; };
    const [x, b] = [[0.3, -1.2, 2.5, 0.1], 0.8];
    const shifted = x.map((value) => value + b);
    normalize(shifted, 0.5, 2).forEach((value, i) => expect(value).toBeCloseTo(normalize(x, 0.5 - b, 2)[i]!, 12));
    normalize(shifted, ...statistics(shifted)).forEach((value, i) => expect(value).toBeCloseTo(normalize(x, ...statistics(x))[i]!, 12));
  });
});

describe('classify', () => {
  const after = (chain: string, target: (graph: ReturnType<typeof graphOf>) => Layer, n = 0) => {
    const graph = graphOf(chain);
    return classify([move(nth(graph, 'dropout', n)).after(target(graph))]);
  };
  const before = (chain: string, target: (graph: ReturnType<typeof graphOf>) => Layer, n = 0) => {
    const graph = graphOf(chain);
    return classify([move(nth(graph, 'dropout', n)).before(target(graph))]);
  };
  const lastActivation = (graph: ReturnType<typeof graphOf>) => nth(graph, 'activation', -1);

  it.each<readonly [string, FixClass]>([
    ['linear(8) → dropout → relu → linear(4)', 'exact'],
    ['linear(8) → dropout → reshape(8) → relu → linear(4)', 'exact'],
    ['linear(8) → dropout → gelu → linear(4)', 'inference-exact'],
    ['linear(8) → dropout → batch-norm → relu → linear(4)', 'inference-exact'],
    ['linear(8) → dropout → transpose(1,0) → relu', 'exact-in-distribution'],
    ['linear(8) → dropout → dropout → relu → linear(4)', 'exact-in-distribution'],
    ['conv2d(8) → spatial-dropout → max-pool → relu → conv2d(4)', 'exact'],
  ])('move after: %s is %s', (chain, expected) => expect(after(chain, lastActivation)).toBe(expected));

  it.each<readonly [string, FixClass]>([
    ['linear(8) → relu → dropout → linear(4)', 'exact'],
    ['linear(8) → tanh → dropout → linear(4)', 'inference-exact'],
    // The dropout's own result is the model's, which a check of one reader cannot see.
    ['linear(8) → relu → dropout', 'inference-exact'],
  ])('move before: %s is %s', (chain, expected) => expect(before(chain, lastActivation)).toBe(expected));

  it('moving back across a value that something else reads silences that, too', () => {
    const graph = graphOf('linear(8) → relu → concat{ dropout → linear(4) | linear(4) }');
    expect(classify([move(nth(graph, 'dropout')).before(nth(graph, 'activation'))])).toBe('inference-exact');
  });

  it('a mask that is read, and a result that is read twice, hold nothing in training', () => {
    const of = (edit: (model: Model, y: ReturnType<Model['graph']['input']>[]) => void) => {
      const model = new Model({ opset: 13 });
      edit(model, model.graph.nodeWithOutputs('Dropout', [model.graph.input('x', [2, 8])], { outputs: 2 }));
      const graph = fromBytes(model.encode());
      return classify([move(nth(graph, 'dropout')).after(nth(graph, 'activation'))]);
    };
    expect(of((model, [y, mask]) => { model.graph.output(model.graph.node('Relu', [y!]), 'y'); mask!.type = 'bool'; model.graph.output(mask!, 'mask'); })).toBe('inference-exact');
    expect(of((model, [y]) => { model.graph.output(model.graph.node('Relu', [y!]), 'y'); model.graph.output(model.graph.node('Neg', [y!]), 'z'); })).toBe('suggestion');
  });

  it('layers that no chain joins, and what is no dropout, are for a person', () => {
    const graph = graphOf('linear(8) → dropout → residual{ linear(8) } → relu');
    expect(classify([move(nth(graph, 'dropout')).after(nth(graph, 'activation'))])).toBe('suggestion');
    expect(classify([move(nth(graph, 'linear')).after(nth(graph, 'activation'))])).toBe('suggestion');
    expect(classify([remove(nth(graph, 'linear'))])).toBe('suggestion');
    expect(classify([replace(nth(graph, 'linear'), { kind: 'dropout', rate: 0.5, unit: 'element' })])).toBe('suggestion');
    expect(after('linear(8) → dropout → residual{ } → relu', lastActivation)).toBe('suggestion');
  });

  it('remove, insert, replace, configure, fold-bias', () => {
    const graph = graphOf('linear(8) → dropout(0) → relu → dropout(0.5) → linear(4)');
    expect(classify([remove(nth(graph, 'dropout', 0))])).toBe('exact');
    expect(classify([remove(nth(graph, 'dropout', 1))])).toBe('inference-exact');
    expect(classify([insert({ kind: 'dropout', rate: 0.5, unit: 'element' }).before(nth(graph, 'linear', 1))])).toBe('inference-exact');
    expect(classify([replace(nth(graph, 'dropout', 1), { kind: 'dropout', rate: 'keep', unit: 'channel' })])).toBe('inference-exact');
    expect(classify([configure(nth(graph, 'dropout', 1), { rate: 0.3 })])).toBe('suggestion');
    expect(classify([configure(nth(graph, 'dropout', 1), { removeSeed: true })])).toBe('inference-exact');
    expect(classify([foldBias(nth(graph, 'linear'), nth(graph, 'activation'))])).toBe('exact');
    expect(changesWeights([foldBias(nth(graph, 'linear'), nth(graph, 'activation'))])).toBe(true);
    expect(changesWeights([remove(nth(graph, 'dropout'))])).toBe(false);
  });

  it('a dropout whose result goes nowhere is removed exactly', () => {
    const model = new Model({ opset: 13 });
    const x = model.graph.input('x', [2, 8]);
    model.graph.node('Dropout', [x]);
    model.graph.output(model.graph.node('Relu', [x]), 'y');
    expect(classify([remove(nth(fromBytes(model.encode()), 'dropout'))])).toBe('exact');
  });

  const merged = (chain: string, rate: number, settings: object = {}) => {
    const graph = graphOf(chain);
    return classify([remove(nth(graph, 'dropout', 0)), configure(nth(graph, 'dropout', 1), { rate, ...settings })]);
  };
  it.each<readonly [string, number, FixClass]>([
    ['linear(8) → dropout(0.2) → dropout(0.5) → linear(4)', 0.6, 'exact-in-distribution'],
    ['linear(8) → dropout(0.2) → reshape(8) → dropout(0.5) → linear(4)', 0.6, 'exact-in-distribution'],
    ['linear(8) → dropout(0.2) → dropout(0.5) → linear(4)', 0.7, 'suggestion'],
    // Not in a row, not of one kind.
    ['linear(8) → dropout(0.2) → relu → dropout(0.5) → linear(4)', 0.6, 'suggestion'],
    ['linear(8) → dropout(0.2) → linear(8) → dropout(0.5)', 0.6, 'suggestion'],
    ['conv2d(8) → spatial-dropout(0.2) → dropout(0.5) → conv2d(4)', 0.6, 'suggestion'],
    ['linear(8) → dropout(0.2,state=off) → dropout(0.5) → linear(4)', 0.6, 'suggestion'],
  ])('merging two of %s to %f is %s', (chain, rate, expected) => expect(merged(chain, rate)).toBe(expected));

  it('a merge that changes something else is none', () => {
    expect(merged('linear(8) → dropout(0.2) → dropout(0.5) → linear(4)', 0.6, { trainingMode: true })).toBe('suggestion');
  });

  it('the weakest of several claims is all that they claim together', () => {
    fc.assert(fc.property(fc.array(fc.constantFrom(...FIX_CLASSES), { minLength: 1 }), (classes) => {
      const result = weakest(classes);
      expect(classes).toContain(result);
      expect(Math.max(...classes.map((each) => FIX_CLASSES.indexOf(each)))).toBe(FIX_CLASSES.indexOf(result));
    }));
    expect(weakest([])).toBe('exact');
  });
});
