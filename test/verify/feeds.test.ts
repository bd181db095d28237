import { describe, expect, it } from 'vitest';
import { Model } from '../../fixtures/builders/onnx.js';
import { literal } from '../../fixtures/builders/tensors.js';
import { readOnnxBytes } from '../../src/formats/onnx/document.js';
import { copyOf } from '../../src/verify/copy.js';
import { candidateBindings, createFeed, plannedFeeds } from '../../src/verify/feeds.js';
import type { FeedInput } from '../../src/verify/feeds.js';
import { prove } from '../../src/verify/index.js';
import { Pool } from '../../src/verify/pool.js';
import { feedInputs } from '../../src/verify/ranges.js';
import { toOnnx } from '../support/chain.js';

const inputs = (build: (model: Model) => void, opset = 17): readonly FeedInput[] => {
  const model = new Model({ opset });
  build(model);
  return feedInputs(copyOf(readOnnxBytes(model.encode()).record));
};

describe('what integers may be', () => {
  it('rows of a table, through what moves them', () => {
    const [tokens] = inputs(({ graph }) => {
      const x = graph.input('tokens', ['batch', 6], 'int64');
      const table = graph.initializer('table', literal(new Float32Array(60), 'float32', [20, 3]));
      graph.output(graph.node('Gather', [table, graph.node('Cast', [graph.node('Flatten', [x])], { attributes: { to: 6 }, type: 'int32' })]), 'output');
    });
    expect(tokens).toMatchObject({ type: 'int64', shape: ['batch', 6], range: { low: 0, high: 19 } });
  });

  it('the smaller of two tables', () => {
    const [tokens] = inputs(({ graph }) => {
      const x = graph.input('tokens', [2, 6], 'int64');
      const [large, small] = [20, 7].map((rows) => graph.initializer(`table${rows}`, literal(new Float32Array(rows * 3), 'float32', [rows, 3])));
      graph.output(graph.node('Add', [graph.node('Gather', [large!, x]), graph.node('Gather', [small!, x])]), 'output');
    });
    expect(tokens!.range).toEqual({ low: 0, high: 6 });
  });

  it('flags where nothing is known, half for a dropout rate, nothing for what has a default', () => {
    const found = inputs(({ graph }) => {
      const [x, mask, rate] = [graph.input('x', [2, 4]), graph.input('mask', [2, 4], 'int64'), graph.input('rate', [])];
      const unused = graph.input('defaulted', [4]);
      graph.initializers.set(unused.name, literal([1, 2, 3, 4]));
      graph.output(graph.node('Mul', [graph.node('Dropout', [graph.node('Add', [x, unused]), rate]), graph.node('Cast', [mask], { attributes: { to: 1 }, type: 'float32' })]), 'output');
    });
    expect(found.map(({ name, range, value }) => ({ name, range, value }))).toEqual([
      { name: 'x', range: undefined, value: undefined }, { name: 'mask', range: undefined, value: undefined }, { name: 'rate', range: undefined, value: 0.5 },
    ]);
    const feed = createFeed(found, { kind: 'normal', seed: 3, binding: 0 }, new Map());
    expect(new Set(feed.mask!.data as BigInt64Array)).toEqual(new Set([0n, 1n]));
    expect([...(feed.rate!.data as Float32Array)]).toEqual([0.5]);
  });
});

describe('feeds', () => {
  const input: FeedInput = { name: 'x', type: 'float32', shape: ['batch', 500] };
  const values = (kind: 'normal' | 'large' | 'zeros' | 'tiny', seed = 1) => createFeed([input], { kind, seed, binding: 0 }, new Map([['batch', 4]])).x!;

  it('are the same for the same seed, and others for another', () => {
    expect(values('normal')).toEqual(values('normal'));
    expect(values('normal', 2)).not.toEqual(values('normal'));
    expect(values('normal').dims).toEqual([4, 500]);
  });

  it('are of their kind', () => {
    const [normal, large, tiny] = (['normal', 'large', 'tiny'] as const).map((kind) => values(kind).data as Float32Array);
    const mean = normal!.reduce((sum, value) => sum + value, 0) / normal!.length;
    const variance = normal!.reduce((sum, value) => sum + (value - mean) ** 2, 0) / normal!.length;
    // Six standard deviations of the estimates.
    expect(Math.abs(mean)).toBeLessThan(6 / Math.sqrt(2000));
    expect(Math.abs(variance - 1)).toBeLessThan(6 * Math.sqrt(2 / 2000));
    expect(Math.max(...large!)).toBeGreaterThan(256);
    expect(Math.min(...tiny!.map(Math.abs))).toBeGreaterThan(1.2e-38);
    expect(values('zeros').data).toEqual(new Float32Array(2000));
  });

  it('are of two sizes where sizes are free, and as many as asked for', () => {
    expect(new Set(plannedFeeds([input]).map(({ binding }) => binding))).toEqual(new Set([0, 1]));
    expect(new Set(plannedFeeds([{ ...input, shape: [2, 3] }]).map(({ binding }) => binding))).toEqual(new Set([0]));
    expect(plannedFeeds([input], 20)).toHaveLength(20);
    expect(plannedFeeds([input], 2).map(({ binding }) => binding)).toEqual([0, 1]);
    expect(new Set(plannedFeeds([input], 20).map(({ seed }) => seed)).size).toBe(20);
  });

  it('bind a symbol alike everywhere', () => {
    for (const binding of candidateBindings([input, { ...input, name: 'y', shape: [3, 'batch', 'seq'] }])) expect([...binding.keys()]).toEqual(['batch', 'seq']);
  });
});

describe('models that want their inputs so and not otherwise', () => {
  const pool = new Pool();
  it.each([
    ['an image of at least 32', 'input(3,32,32) → conv2d(4,3,stride=2) → max-pool(2) → max-pool(2) → flatten → linear(3)'],
    ['tokens', 'tokens(6) → embedding(11,8) → lstm(8,last=true) → linear(3)'],
    ['sequences', 'input(5,6) → self-attention(2) → mean-time → linear(3)'],
  ])('%s, with a symbolic batch', async (_, chain) => {
    const model = readOnnxBytes(toOnnx(chain, { opset: 13, batch: 'symbolic' }));
    const proof = await prove(model, model, 'inference-exact', { pool, scope: 'whole' });
    expect(proof.reason).toBeUndefined();
    expect(new Set(proof.checks[1]!.feeds!.map(({ shapes }) => Object.values(shapes)[0]![0]))).toEqual(new Set([2, 3]));
  });

  it.each(['float16', 'float64', 'bool', 'int32', 'uint8', 'int8'] as const)('%s', async (type) => {
    const model = new Model({ opset: 13 });
    const x = model.graph.input('input', ['n', 4], type);
    model.graph.output(model.graph.node(type === 'bool' ? 'Not' : 'Abs', [x]), 'output');
    if (type === 'uint8' || type === 'int8' || type === 'int32') model.graph.output(model.graph.node('Cast', [x], { attributes: { to: 1 }, type: 'float32' }));
    const document = readOnnxBytes(model.encode());
    const proof = await prove(document, document, 'exact', { pool });
    expect(proof.reason).toBeUndefined();
  });

  it('half precision through a network', async () => {
    const build = (swapped: boolean) => {
      const model = new Model({ opset: 13 });
      const x = model.graph.input('input', [4, 8], 'float16');
      const w = model.graph.initializer('w', literal(Array.from({ length: 64 }, (_, i) => 0x3000 + 37 * i), 'float16', [8, 8]));
      const drop = (value: typeof x) => model.graph.node('Dropout', [value, model.graph.constant(literal(0.25)), model.graph.constant(literal(1, 'bool'))]);
      const y = model.graph.node('MatMul', [x, w]);
      model.graph.output(swapped ? drop(model.graph.node('Relu', [y])) : model.graph.node('Relu', [drop(y)]), 'output');
      return readOnnxBytes(model.encode());
    };
    const proof = await prove(build(false), build(true), 'exact', { pool });
    expect(proof.reason).toBeUndefined();
    pool.close();
  });
});
