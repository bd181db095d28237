import { describe, expect, it } from 'vitest';
import { linear } from '../../fixtures/builders/layers.js';
import { Model } from '../../fixtures/builders/onnx.js';
import { architecture } from '../../fixtures/builders/architectures.js';
import { ZOO } from '../../fixtures/zoo/index.js';
import { hasRunningStatistics, classifierHead, isAttentionDropout, isEmbeddingDropout, isNormalization, isOutputActivation, isResidualBranch, isStochasticDepth, isTransformer, isWeighted, isWideResNetPosition, predictedMoments, varianceShift } from '../../src/graph/predicates.js';
import { readOnnxBytes } from '../../src/formats/onnx/document.js';
import { follow, next } from '../../src/graph/traversal.js';
import { activationOf, dropoutOf, fromBytes, graphOf, label, nth } from './building.js';

type Table = readonly (readonly [expected: boolean, chain: string])[];

const attention: Table = [
  [true, 'self-attention(2,dropout=0.1) → linear(4)'],
  [true, 'self-attention(2,dropout=0.1,causal=true,fused=true) → linear(4)'],
  [true, 'input(4,8) → graph-attention(8,dropout=0.6)'],
  [false, 'linear(8) → softmax → dropout → linear(4)'],
  [false, 'linear(8) → relu → dropout → linear(4)'],
  [false, 'self-attention(2) → dropout → linear(4)'],
];
it.each(attention)('isAttentionDropout: %s of %s', (expected, chain) => {
  expect(isAttentionDropout(dropoutOf(chain))).toBe(expected);
});

it('attention dropout behind a reshape, and before one', () => {
  const model = new Model({ opset: 13 });
  const { graph } = model;
  const x = graph.input('x', [2, 4, 4]);
  const dropped = graph.node('Dropout', [graph.node('Identity', [graph.node('Softmax', [x])])]);
  graph.output(graph.node('MatMul', [graph.node('Identity', [dropped]), x]), 'y');
  expect(isAttentionDropout(nth(fromBytes(model.encode()), 'dropout'))).toBe(true);
});

const transformers: Table = [
  [true, 'self-attention(2,dropout=0.1) → linear(4)'],
  [true, 'self-attention(2) → linear(4)'],
  [true, 'self-attention(2,causal=true,fused=true)'],
  [false, 'linear(8) → softmax → linear(4)'],
  [false, 'conv2d(8) → relu → global-avg-pool → flatten → linear(10) → softmax'],
];
it.each(transformers)('isTransformer: %s of %s', (expected, chain) => expect(isTransformer(graphOf(chain))).toBe(expected));

const residual: Table = [
  [true, 'linear(16) → residual{ linear(16) → dropout } → linear(4)'],
  [true, 'linear(16) → residual{ linear(16) → dropout → layer-norm } → linear(4)'],
  [true, 'linear(16) → residual{ linear(16) → dropout → scale(0.5) } → linear(4)'],
  [true, 'conv2d(8) → residual{ conv2d(8) → stochastic-depth(0.2) } → conv2d(4)'],
  [false, 'linear(16) → residual{ linear(16) → dropout → relu } → linear(4)'],
  [false, 'linear(16) → residual{ dropout → linear(16) } → linear(4)'],
  [false, 'linear(16) → dropout → linear(4)'],
  [false, 'linear(16) → concat{ linear(16) → dropout | linear(16) } → linear(4)'],
  // The dropped value itself is the skip.
  [false, 'linear(16) → dropout → residual{ linear(16) } → linear(4)'],
];
it.each(residual)('isResidualBranch: %s of %s', (expected, chain) => expect(isResidualBranch(dropoutOf(chain))).toBe(expected));

const embeddings: Table = [
  [true, 'embedding(50,16) → dropout → linear(4)'],
  [true, 'embedding(50,16) → positions → layer-norm → dropout → linear(4)'],
  [true, 'embedding(50,16) → scale(4) → positions → dropout → linear(4)'],
  [false, 'embedding(50,16) → linear(16) → dropout → linear(4)'],
  [false, 'linear(16) → dropout → linear(4)'],
];
it.each(embeddings)('isEmbeddingDropout: %s of %s', (expected, chain) => expect(isEmbeddingDropout(dropoutOf(chain))).toBe(expected));

it('isEmbeddingDropout: behind the sum of three tables', () => {
  const model = new Model({ opset: 13 });
  const { graph } = model;
  const table = () => graph.parameter('Gather', '', 'weight', [10, 8]);
  const [words, kinds] = [graph.input('words', [2, 4], 'int64'), graph.input('kinds', [2, 4], 'int64')];
  const look = (x: typeof words) => graph.node('Gather', [table(), x], { shape: [2, 4, 8], type: 'float32' });
  graph.output(graph.node('Dropout', [graph.node('Add', [graph.node('Add', [look(words), look(kinds)]), graph.parameter('Add', '', 'weight', [1, 4, 8])])]), 'y');
  expect(isEmbeddingDropout(nth(fromBytes(model.encode()), 'dropout'))).toBe(true);
});

const stochasticDepth: Table = [
  [true, 'conv2d(8) → residual{ conv2d(8) → stochastic-depth(0.2) }'],
  [false, 'conv2d(8) → residual{ conv2d(8) → dropout(0.2) }'],
  [false, 'conv2d(8) → spatial-dropout(0.2) → conv2d(8)'],
];
it.each(stochasticDepth)('isStochasticDepth: %s of %s', (expected, chain) => expect(isStochasticDepth(dropoutOf(chain))).toBe(expected));

const wide: Table = [
  [true, 'conv2d(8) → residual{ batch-norm → relu → conv2d(8) → batch-norm → relu → dropout → conv2d(8) } → batch-norm'],
  [true, 'conv2d(8) → residual{ batch-norm → conv2d(8) → batch-norm → dropout → relu → conv2d(8) } → batch-norm'],
  [false, 'conv2d(8) → residual{ conv2d(8) → batch-norm → relu → dropout → conv2d(8) → batch-norm } → relu'],
  [false, 'conv2d(8) → residual{ conv2d(8) → relu → dropout → batch-norm → conv2d(8) } → relu'],
  [false, 'conv2d(8) → relu → dropout → conv2d(8) → relu → conv2d(4)'],
  [false, 'linear(8) → residual{ linear(8) → dropout → linear(8) }'],
];
it.each(wide)('isWideResNetPosition: %s of %s', (expected, chain) => expect(isWideResNetPosition(dropoutOf(chain))).toBe(expected));

const outputs: Table = [
  [true, 'linear(10) → softmax'], [true, 'linear(1) → sigmoid'], [true, 'linear(4) → tanh'], [true, 'conv2d(3) → sigmoid'], [true, 'linear(10) → softmax → reshape(2,5)'],
  [false, 'linear(10) → relu'], [false, 'linear(10) → gelu'], [false, 'linear(10) → tanh → linear(4)'], [false, 'linear(8) → sigmoid → dropout → linear(4)'],
  [false, 'conv2d(8) → multiply{ global-avg-pool → conv2d(8,1) → sigmoid } → conv2d(4)'],
];
it.each(outputs)('isOutputActivation: %s of %s', (expected, chain) => expect(isOutputActivation(activationOf(chain))).toBe(expected));

it('an activation at the end of a branch may be an output activation: nobody knows', () => {
  const model = new Model({ opset: 13 });
  const { graph } = model;
  const x = graph.input('x', [2, 8]);
  const branch = (name: string) => model.subgraph(name, (body) => body.output(body.node('Tanh', [linear(body, x, 8, { scope: name })])));
  graph.output(linear(graph, graph.node('If', [graph.input('c', [], 'bool')], { attributes: { then_branch: branch('a'), else_branch: branch('b') } , shape: [2, 8], type: 'float32' }), 4), 'y');
  const [, branchGraph] = readOnnxBytes(model.encode()).models[0]!.variants[0]!;
  expect(isOutputActivation(nth(branchGraph!, 'activation'))).toBe(true);
});

it.each([
  ['linear(4)', true, false], ['conv2d(4)', true, false], ['lstm(4)', true, false], ['batch-norm', false, true], ['layer-norm', false, false], ['relu', false, false], ['max-pool', false, false],
] as const)('isWeighted, hasRunningStatistics of %s', (word, weighted, statistics) => {
  const layer = graphOf(`${word === 'linear(4)' ? 'linear(8)' : word === 'lstm(4)' ? 'lstm(8)' : 'conv2d(8)'} → ${word}`).layers.find((each) => each.type !== 'Transpose' && each.type !== 'Squeeze' && each !== undefined && each.origin.path.includes('net.1'))!;
  expect([isWeighted(layer), hasRunningStatistics(layer), isNormalization(layer)]).toEqual([weighted, statistics, word.endsWith('norm')]);
});

describe('classifierHead', () => {
  const describeHead = (chain: string) => {
    const graph = graphOf(chain);
    const head = classifierHead(graph.outputs[0]!.producer!);
    return head && { classifier: head.classifier.units, hidden: head.hidden.map((layer) => layer.units), dropouts: head.dropouts.length, normalizations: head.normalizations.length };
  };
  it.each<readonly [string, ReturnType<typeof describeHead>]>([
    ['linear(32) → relu → linear(10)', { classifier: 10, hidden: [32], dropouts: 0, normalizations: 0 }],
    ['linear(32) → relu → dropout → linear(10) → softmax', { classifier: 10, hidden: [32], dropouts: 1, normalizations: 0 }],
    ['conv2d(8) → relu → max-pool → flatten → dropout → linear(64) → relu → dropout → linear(32) → batch-norm → relu → linear(10) → softmax', { classifier: 10, hidden: [32, 64], dropouts: 2, normalizations: 1 }],
    // Right before the flatten or the pooling counts as in the head; further away does not.
    ['conv2d(8) → dropout → flatten → linear(10)', { classifier: 10, hidden: [], dropouts: 1, normalizations: 0 }],
    ['conv2d(8) → dropout → global-avg-pool → flatten → linear(10)', { classifier: 10, hidden: [], dropouts: 1, normalizations: 0 }],
    ['conv2d(8) → dropout → conv2d(8) → global-avg-pool → flatten → linear(10)', { classifier: 10, hidden: [], dropouts: 0, normalizations: 0 }],
    ['linear(16) → dropout → relu → linear(1) → sigmoid → reshape(1,1)', { classifier: 1, hidden: [16], dropouts: 1, normalizations: 0 }],
    ['linear(10) → dropout → softmax', { classifier: 10, hidden: [], dropouts: 1, normalizations: 0 }],
    ['linear(16) → residual{ linear(16) → dropout } → linear(10)', { classifier: 10, hidden: [], dropouts: 0, normalizations: 0 }],
    ['lstm(8,last=true) → linear(10)', { classifier: 10, hidden: [], dropouts: 0, normalizations: 0 }],
    ['conv2d(10) → global-avg-pool → flatten → softmax', undefined],
    ['conv2d(10) → relu', undefined],
    ['linear(8) → residual{ linear(8) }', undefined],
  ])('%s', (chain, expected) => expect(describeHead(chain)).toEqual(expected));
});

describe('variance shift (Li et al. 2019)', () => {
  it('a zero mean gives the keep probability', () => {
    for (const rate of [0.1, 0.25, 0.5, 0.9]) expect(varianceShift(rate, { mean: 0, variance: 1 })).toBeCloseTo(1 - rate, 12);
  });

  it('ReLU of a standard normal at p = 0.5 gives 0.405, a deviation of 0.64', () => {
    const dropout = dropoutOf('linear(8) → relu → dropout(0.5) → batch-norm');
    const shift = varianceShift(0.5, predictedMoments(dropout, []));
    expect(shift).toBeCloseTo(0.4053, 3);
    expect(Math.sqrt(shift)).toBeCloseTo(0.637, 3);
  });

  it('agrees with a simulation', () => {
    let state = 1;
    const random = () => ((state = (state * 48271) % 2147483647), state / 2147483647);
    const normal = () => Math.sqrt(-2 * Math.log(random())) * Math.cos(2 * Math.PI * random());
    const [sums, n] = [[0, 0, 0, 0], 400_000];
    for (let i = 0; i < n; i += 1) {
      const x = Math.max(normal() + 0.3, 0);
      const y = random() < 0.3 ? 0 : x / 0.7;
      [x, x * x, y, y * y].forEach((value, k) => (sums[k] += value / n));
    }
    const [x, xx, y, yy] = sums as [number, number, number, number];
    expect((xx - x * x) / (yy - y * y)).toBeCloseTo(varianceShift(0.3, { mean: x, variance: xx - x * x }), 2);
  });

  it.each([
    ['linear(8) → relu → dropout(0.5) → batch-norm', 0.3989, 0.3408],
    ['linear(8) → relu → reshape(8) → dropout(0.5) → batch-norm', 0.3989, 0.3408],
    ['linear(8) → dropout(0.5) → relu → batch-norm', 0.3989, 0.3408],
    ['linear(8) → dropout(0.5) → batch-norm', 0, 1],
    ['linear(8) → softmax → dropout(0.5) → batch-norm', 0, 1],
    ['linear(8) → tanh → dropout(0.5) → batch-norm', 0, 0.3943],
  ])('predictedMoments: %s', (chain, mean, variance) => {
    const dropout = dropoutOf(chain);
    const moments = predictedMoments(dropout, follow(dropout, next, (layer) => layer.kind !== 'normalization').passed);
    expect(moments.mean).toBeCloseTo(mean, 3);
    expect(moments.variance).toBeCloseTo(variance, 3);
  });
});

describe('the zoo', () => {
  it.each(ZOO.map(({ name }) => [name]))('%s: what its dropouts are', (name) => {
    const graph = fromBytes(architecture(name));
    const rows = graph.layersOf('dropout').map((dropout) => {
      const roles = { isAttentionDropout, isEmbeddingDropout, isResidualBranch, isStochasticDepth, isWideResNetPosition };
      return Object.entries(roles).filter(([, holds]) => holds(dropout)).map(([role]) => role).join('+') || `${label(dropout.inputs[0]?.producer) ?? 'input'} → ${label(next(dropout)) ?? 'several'}`;
    });
    const counts = Object.fromEntries(rows.map((row) => [row, rows.filter((each) => each === row).length]));
    expect({ transformer: isTransformer(graph), ...counts }).toMatchSnapshot();
  });
});
