import { describe, expect, it } from 'vitest';
import { ACTIVATIONS, activation } from '../../../../fixtures/builders/activations.js';
import * as layers from '../../../../fixtures/builders/layers.js';
import { float } from '../../../../fixtures/builders/onnx.js';
import type { Body, Tensor } from '../../../../fixtures/builders/onnx.js';
import { literal } from '../../../../fixtures/builders/tensors.js';
import { toOnnx } from '../../../../fixtures/chain/onnx.js';
import { build, graphOf, kinds, lastLayer, printed } from './lifting.js';

const image = { shape: [2, 4, 8, 8] };
const sequence = { shape: [2, 6, 8] };
const constant = (g: Body, values: number | number[], shape?: number[]): Tensor => g.constant(literal(values, 'float32', shape));
const weight = (g: Body, ...shape: number[]): Tensor => g.parameter('MatMul', 'w', 'weight', shape, 4);
const node = (operator: string, attributes: Record<string, never> | Record<string, ReturnType<typeof float> | number | string | readonly number[]> = {}) => (g: Body, x: Tensor) => g.node(operator, [x], { attributes });

/** Every row of architecture.md's table of layers: what one operator is. */
const operators: readonly (readonly [label: string, expected: readonly string[], make: (g: Body, x: Tensor) => Tensor, setting?: Parameters<typeof build>[1]])[] = [
  ['Gemm', ['linear 16'], (g, x) => layers.linear(g, x, 16)],
  ['Gemm with the weight first', ['linear 5'], (g, x) => g.node('Gemm', [weight(g, 5, 2), x], { shape: [5, 8] })],
  ['Gemm without a bias', ['linear 16'], (g, x) => g.node('Gemm', [x, weight(g, 8, 16)], { shape: [2, 16] })],
  ['Gemm and an Add of its bias', ['linear 16'], (g, x) => g.node('Add', [g.node('Gemm', [x, weight(g, 8, 16)], { shape: [2, 16] }), weight(g, 16)])],
  ['Gemm of two live tensors', ['matmul'], (g, x) => g.node('Gemm', [x, x], { shape: [2, 2], attributes: { transB: 1 } })],
  ['MatMul', ['linear 3'], (g, x) => layers.linear(g, x, 3, { as: 'matmul', bias: false }), sequence],
  ['MatMul and Add, bias behind', ['linear 3'], (g, x) => layers.linear(g, x, 3, { as: 'matmul' }), sequence],
  ['MatMul and Add, bias in front', ['linear 3'], (g, x) => g.node('Add', [weight(g, 3), g.node('MatMul', [x, weight(g, 8, 3)], { shape: [2, 3] })])],
  ['MatMul and a bias with axes of 1', ['linear 3'], (g, x) => g.node('Add', [g.node('MatMul', [x, weight(g, 8, 3)], { shape: [2, 3] }), weight(g, 1, 3)])],
  ['MatMul by a vector', ['linear 1'], (g, x) => g.node('MatMul', [x, weight(g, 8)], { shape: [2] })],
  ['MatMul of two live tensors', ['reshape Transpose', 'matmul'], (g, x) => g.node('MatMul', [x, layers.transpose(g, x, [1, 0])], { shape: [2, 2] })],
  ['MatMul by Transpose(weight)', ['linear 3'], (g, x) => g.node('MatMul', [x, g.node('Transpose', [weight(g, 3, 8)], { shape: [8, 3] })], { shape: [2, 3] })],
  ['Conv', ['convolution 2d 6'], (g, x) => layers.convolution(g, x, 6), image],
  ['Conv over a sequence', ['convolution 1d 6'], (g, x) => layers.convolution(g, x, 6), sequence],
  ['Conv, depthwise', ['depthwise convolution 2d 4'], (g, x) => layers.convolution(g, x, 4, { groups: 4 }), image],
  ['Conv in two groups is not depthwise', ['convolution 2d 4'], (g, x) => layers.convolution(g, x, 4, { groups: 2 }), image],
  ['Conv and an Add of its bias', ['convolution 2d 6'], (g, x) => g.node('Add', [layers.convolution(g, x, 6, { bias: false }), weight(g, 6, 1, 1)]), image],
  ['ConvTranspose', ['transposed convolution 2d 6'], (g, x) => layers.transposedConvolution(g, x, 6), image],
  ['ConvInteger', ['convolution 2d 6'], (g, x) => g.node('ConvInteger', [x, g.constant(literal(new Uint8Array(96), 'uint8', [6, 4, 2, 2]))], { shape: [2, 6, 7, 7], type: 'int32' }), { ...image, type: 'uint8' }],
  ['BatchNormalization', ['batch-norm'], (g, x) => layers.batchNorm(g, x), image],
  ['BatchNormalization in training, opset 14', ['batch-norm training'], (g, x) => layers.batchNorm(g, x, { training: true }), { ...image, opset: 15 }],
  ['BatchNormalization in training, five outputs', ['batch-norm training'], (g, x) => layers.batchNorm(g, x, { training: true }), { ...image, opset: 9 }],
  ['BatchNormalization in training, is_test 0', ['batch-norm training'], (g, x) => layers.batchNorm(g, x, { training: true }), { ...image, opset: 6 }],
  ['LayerNormalization', ['layer-norm'], (g, x) => layers.layerNorm(g, x), { ...sequence, opset: 17 }],
  ['LayerNormalization in eight operators', ['layer-norm'], (g, x) => layers.layerNorm(g, x), sequence],
  ['RMSNorm', ['rms-norm'], (g, x) => layers.rmsNorm(g, x), sequence],
  ['InstanceNormalization', ['instance-norm'], (g, x) => layers.instanceNorm(g, x), image],
  ['GroupNormalization', ['group-norm'], (g, x) => layers.groupNorm(g, x, 2), { ...image, opset: 21 }],
  ['LRN', ['lrn-norm'], node('LRN', { size: 5 }), image],
  ['LpNormalization', ['lp-norm'], node('LpNormalization')],
  ['MaxPool', ['max-pooling'], (g, x) => layers.pool(g, x, 'max', 2), image],
  ['AveragePool', ['average-pooling'], (g, x) => layers.pool(g, x, 'average', 2), image],
  ['LpPool', ['lp-pooling'], node('LpPool', { kernel_shape: [2, 2] }), image],
  ['GlobalAveragePool', ['global average-pooling'], (g, x) => layers.globalPool(g, x, 'average'), image],
  ['GlobalMaxPool', ['global max-pooling'], (g, x) => layers.globalPool(g, x, 'max'), image],
  ['ReduceMean over space', ['global average-pooling'], (g, x) => layers.reduceMean(g, x, [2, 3], { keep: false }), image],
  ['ReduceMean over space, axes as an input', ['global average-pooling'], (g, x) => layers.reduceMean(g, x, [-1, -2]), { ...image, opset: 18 }],
  ['ReduceMean over space, channels last', ['global average-pooling'], (g, x) => layers.reduceMean(g, x, [1, 2], { keep: false }), image],
  ['ReduceMean over the channels is unknown', ['opaque ReduceMean'], (g, x) => layers.reduceMean(g, x, [1]), image],
  ['Flatten', ['flatten'], (g, x) => layers.flatten(g, x), image],
  ['Reshape to vectors', ['flatten'], (g, x) => layers.reshape(g, x, [0, -1], { shape: [2, 256] }), image],
  ['Reshape between feature maps', ['reshape'], (g, x) => layers.reshape(g, x, [0, 2, 2, -1], { shape: [2, 2, 2, 64] }), image],
  ['Transpose', ['reshape Transpose'], (g, x) => layers.transpose(g, x, [1, 0])],
  ['Identity', ['reshape'], node('Identity')],
  ['Cast between floats', ['reshape'], (g, x) => g.node('Cast', [x], { type: 'float64', attributes: { to: 11 } })],
  ['Cast to integers', ['opaque Cast'], (g, x) => g.node('Cast', [x], { type: 'int64', attributes: { to: 7 } })],
  ['Gather in a table', ['embedding 50×16'], (g, x) => layers.embedding(g, x, 50, 16), { shape: [2, 6], type: 'int64' }],
  ['Gather in a table of rank 3', ['opaque Gather'], (g, x) => g.node('Gather', [weight(g, 5, 2, 3), x], { shape: [2, 6, 2, 3], type: 'float32' }), { shape: [2, 6], type: 'int64' }],
  ['Gather of one step', ['reshape Gather'], (g, x) => g.node('Gather', [x, g.constant(literal(0, 'int64'))], { shape: [2, 8], attributes: { axis: 1 } }), sequence],
  ['Add of two live tensors', ['relu', 'add'], (g, x) => g.node('Add', [x, g.node('Relu', [x])])],
  ['Sum', ['relu', 'add'], (g, x) => g.node('Sum', [x, g.node('Relu', [x]), x])],
  ['Mul of two live tensors', ['relu', 'multiply'], (g, x) => g.node('Mul', [x, g.node('Relu', [x])])],
  ['Concat', ['concat'], (g, x) => g.node('Concat', [x, x], { shape: [2, 16], attributes: { axis: 1 } })],
  ['Add of a constant', ['activation Add'], (g, x) => g.node('Add', [x, constant(g, [1, 2, 3, 4, 5, 6, 7, 8])])],
  ['Mul by a number', ['scale'], (g, x) => g.node('Mul', [x, constant(g, 3)])],
  ['Div by a number', ['scale'], (g, x) => g.node('Div', [x, constant(g, 3)])],
  ['a number divided', ['activation Div'], (g, x) => g.node('Div', [constant(g, 3), x])],
  ['Mul by one number for each feature', ['scale'], (g, x) => g.node('Mul', [constant(g, [1, 2, 3, 4, 5, 6, 7, 8]), x])],
  ['Mul by a constant that enlarges the shape', ['activation Mul'], (g, x) => g.node('Mul', [x, constant(g, [1, 2, 3], [1, 3])], { shape: [2, 3] }), { shape: [2, 1] }],
  ['Mul by a constant of higher rank', ['activation Mul'], (g, x) => g.node('Mul', [x, constant(g, [1, 2, 3], [3, 1, 1])], { shape: [3, 2, 8] })],
  ['Max with 0', ['relu'], (g, x) => g.node('Max', [x, constant(g, 0)])],
  ['Max with 1', ['activation Max'], (g, x) => g.node('Max', [x, constant(g, 1)])],
  ['Where', ['opaque Where'], (g, x) => g.node('Where', [g.constant(literal([1], 'bool')), x, x])],
  ['an operator of another domain', ['opaque Relu'], (g, x) => { g.model.use('com.example'); return g.node('Relu', [x], { domain: 'com.example' }); }],
  ['com.microsoft FastGelu', ['gelu'], (g, x) => { g.model.use('com.microsoft'); return g.node('FastGelu', [x], { domain: 'com.microsoft' }); }],
];

describe('operators', () => {
  it.each(operators.map(([label, expected, make, setting = {}]) => [label, expected, make, setting] as const))('%s', (_, expected, make, setting) => {
    expect(kinds(build(make, setting))).toEqual(expected);
  });

  it('a training loss is evidence of training', () => {
    const bytes = build((g, x) => g.node('SoftmaxCrossEntropyLoss', [x, g.input('labels', [2], 'int64')], { shape: [] }));
    expect(graphOf(bytes).trainingEvidence).toEqual(['SoftmaxCrossEntropyLoss SoftmaxCrossEntropyLoss']);
  });

  it('a weight that is multiplied out keeps its factors', () => {
    const bytes = build((g, x) => g.node('MatMul', [x, g.node('Transpose', [g.node('Mul', [weight(g, 3, 8), weight(g, 3, 8)])], { shape: [8, 3] })], { shape: [2, 3] }));
    const layer = lastLayer(bytes);
    expect(layer.kind === 'linear' && layer.weightFactors?.map((factor) => factor.shape)).toEqual([[3, 8], [3, 8]]);
  });

  it('a positional embedding behind a linear layer is no bias', () => {
    const bytes = build((g, x) => g.node('Add', [layers.linear(g, x, 4, { bias: false }), weight(g, 1, 6, 4)]), sequence);
    expect(kinds(bytes)).toEqual(['linear 4', 'activation Add']);
  });

  it('a number that is added is no bias', () => {
    const bytes = build((g, x) => g.node('Relu', [g.node('Add', [layers.linear(g, x, 4, { bias: false }), constant(g, 3)])]), sequence);
    expect(kinds(bytes)).toEqual(['linear 4', 'activation Add', 'relu']);
  });

  it('counts the parameters of a bias beside the weight', () => {
    expect(graphOf(toOnnx('linear(32) → relu → linear(10)')).parameters).toBe(16 * 32 + 32 + 32 * 10 + 10);
    expect(graphOf(toOnnx('embedding(50,16) → lstm(16) → linear(4)')).parameters).toBe(50 * 16 + 4 * 16 * (16 + 16 + 2) + 16 * 4 + 4);
  });
});

describe('recurrent layers', () => {
  it.each([[false], [true]])('LSTM, GRU: last step only %s', (last) => {
    expect(printed(toOnnx(`lstm(16) → gru(12,last=${String(last)}) → linear(4)`))).toMatchSnapshot();
  });

  it('LSTM without its first output has one result', () => {
    const bytes = build((g, x) => {
      const [w, r] = [weight(g, 1, 16, 8), weight(g, 1, 16, 4)];
      return g.nodeWithOutputs('LSTM', [x, w, r], { outputs: ['', 'state'], shape: [1, 6, 4], attributes: { hidden_size: 4 } })[1]!;
    }, sequence);
    expect(printed(bytes)).toMatchInlineSnapshot(`
      "model main_graph(x [2, 6, 8])
        %1   = recurrent lstm 4 [1, 6, 4]
        → y = %1"
    `);
  });
});

describe('activations', () => {
  const plain = (name: string) => (name === 'tanh-gelu' ? 'gelu' : name);
  const since: Record<string, number> = { gelu: 9, 'tanh-gelu': 9, celu: 12 };

  it.each([6, 7, 10, 13, 18, 20, 22])('operators and their composites at opset %i', (opset) => {
    const names = ACTIVATIONS.filter((name) => (since[name] ?? 1) <= opset);
    for (const composite of [true, false]) {
      const found = names.map((name) => [name, ...kinds(build((g, x) => activation(g, x, name, { composite, max: 3 }), { opset }))]);
      expect(found).toEqual(names.map((name) => [name, plain(name)]));
    }
  });

  const two = (g: Body, operator: string, a: Tensor, b: Tensor | number) => g.node(operator, [a, typeof b === 'number' ? constant(g, b) : b]);
  const one = (g: Body, operator: string, a: Tensor) => g.node(operator, [a]);
  const flipped = (g: Body, operator: string, a: number, b: Tensor) => g.node(operator, [constant(g, a), b], { shape: b.shape });
  const erf = (g: Body, x: Tensor) => one(g, 'Erf', two(g, 'Mul', x, Math.SQRT1_2));
  const clip = (g: Body, x: Tensor, low: number, high: number) => g.node('Clip', [x, constant(g, low), constant(g, high)]);
  const cubic = (g: Body, x: Tensor, cube: Tensor) => one(g, 'Tanh', two(g, 'Mul', two(g, 'Add', x, two(g, 'Mul', cube, 0.044715)), Math.sqrt(2 / Math.PI)));

  const spellings: readonly (readonly [name: string, how: string, make: (g: Body, x: Tensor) => Tensor])[] = [
    ['gelu', '½·(x·(1 + erf))', (g, x) => flipped(g, 'Mul', 0.5, two(g, 'Mul', x, two(g, 'Add', erf(g, x), 1)))],
    ['gelu', '(½·x)·(1 + erf)', (g, x) => two(g, 'Mul', two(g, 'Mul', x, 0.5), flipped(g, 'Add', 1, erf(g, x)))],
    ['gelu', 'x·(½·(1 + erf))', (g, x) => two(g, 'Mul', x, two(g, 'Mul', two(g, 'Add', erf(g, x), 1), 0.5))],
    ['gelu', '(x·(1 + erf))/2', (g, x) => two(g, 'Div', two(g, 'Mul', two(g, 'Add', erf(g, x), 1), x), 2)],
    ['gelu', 'tanh with Pow', (g, x) => two(g, 'Mul', two(g, 'Mul', x, 0.5), two(g, 'Add', cubic(g, x, two(g, 'Pow', x, 3)), 1))],
    ['gelu', 'tanh with Mul', (g, x) => two(g, 'Mul', two(g, 'Mul', x, 0.5), two(g, 'Add', cubic(g, x, two(g, 'Mul', two(g, 'Mul', x, x), x)), 1))],
    ['gelu', 'sigmoid(1.702x)', (g, x) => two(g, 'Mul', x, one(g, 'Sigmoid', two(g, 'Mul', x, 1.702)))],
    ['silu', 'x·sigmoid(x)', (g, x) => two(g, 'Mul', one(g, 'Sigmoid', x), x)],
    ['silu', 'x/(1 + e⁻ˣ)', (g, x) => two(g, 'Div', x, two(g, 'Add', one(g, 'Exp', one(g, 'Neg', x)), 1))],
    ['hard-swish', 'x·HardSigmoid', (g, x) => two(g, 'Mul', x, g.node('HardSigmoid', [x], { attributes: { alpha: float(1 / 6), beta: float(0.5) } }))],
    ['hard-swish', 'x·clip(x + 3)/6', (g, x) => two(g, 'Div', two(g, 'Mul', x, clip(g, two(g, 'Add', x, 3), 0, 6)), 6)],
    ['hard-swish', 'x·(clip(x + 3)/6)', (g, x) => two(g, 'Mul', x, two(g, 'Div', clip(g, two(g, 'Add', x, 3), 0, 6), 6))],
    ['hard-swish', 'x·clip(x/6 + ½)', (g, x) => two(g, 'Mul', x, clip(g, two(g, 'Add', two(g, 'Mul', x, 1 / 6), 0.5), 0, 1))],
    ['hard-sigmoid', 'clip(x + 3)/6', (g, x) => two(g, 'Div', clip(g, two(g, 'Add', x, 3), 0, 6), 6)],
    ['mish', 'x·tanh(softplus(x))', (g, x) => two(g, 'Mul', x, one(g, 'Tanh', one(g, 'Softplus', x)))],
    ['mish', 'softplus spelled out', (g, x) => two(g, 'Mul', x, one(g, 'Tanh', one(g, 'Log', two(g, 'Add', one(g, 'Exp', x), 1))))],
    ['softplus', 'log(1 + eˣ)', (g, x) => one(g, 'Log', two(g, 'Add', one(g, 'Exp', x), 1))],
    ['log-sigmoid', 'log(sigmoid(x))', (g, x) => one(g, 'Log', one(g, 'Sigmoid', x))],
    ['log-sigmoid', '−softplus(−x)', (g, x) => one(g, 'Neg', one(g, 'Softplus', one(g, 'Neg', x)))],
    ['softsign', 'x/(1 + |x|)', (g, x) => two(g, 'Div', x, two(g, 'Add', one(g, 'Abs', x), 1))],
    ['sigmoid', '1/(1 + e⁻ˣ)', (g, x) => flipped(g, 'Div', 1, two(g, 'Add', one(g, 'Exp', one(g, 'Neg', x)), 1))],
    ['relu6', 'Min(ReLU, 6)', (g, x) => two(g, 'Min', one(g, 'Relu', x), 6)],
    ['relu6', 'Clip of ReLU', (g, x) => clip(g, one(g, 'Relu', x), 0, 6)],
  ];

  it.each(spellings)('%s as %s', (name, _, make) => {
    expect(kinds(build(make))).toEqual([name]);
    // Beside other readers of its operand, and with its constants in Constant nodes.
    expect(kinds(build((g, x) => g.node('Add', [x, make(g, g.node('Relu', [x]))])))).toEqual(['relu', name, 'add']);
  });

  it('float16 and bfloat16 constants are near enough', () => {
    const rounded = (g: Body, x: Tensor) => two(g, 'Mul', x, clip(g, two(g, 'Add', two(g, 'Mul', x, 0.16699), 0.5), 0, 1));
    expect(kinds(build(rounded))).toEqual(['hard-swish']);
  });

  it.each<readonly [string, readonly string[], (g: Body, x: Tensor) => Tensor]>([
    ['a part that is read elsewhere', ['sigmoid', 'multiply', 'add'], (g, x) => {
      const gate = one(g, 'Sigmoid', x);
      return two(g, 'Add', two(g, 'Mul', x, gate), gate);
    }],
    ['GELU without its ½', ['scale', 'erf', 'activation Add', 'multiply'], (g, x) => two(g, 'Mul', x, two(g, 'Add', erf(g, x), 1))],
    ['a gate from elsewhere', ['relu', 'sigmoid', 'multiply'], (g, x) => two(g, 'Mul', x, one(g, 'Sigmoid', one(g, 'Relu', x)))],
    ['Clip(0, 20) of a ReLU', ['relu', 'clip'], (g, x) => clip(g, one(g, 'Relu', x), 0, 20)],
    ['Clip up to a run-time value', ['opaque Clip'], (g, x) => g.node('Clip', [x, constant(g, 0), g.input('high', [])])],
    ['a product with one number for each feature', ['sigmoid', 'scale', 'multiply'], (g, x) => two(g, 'Mul', x, two(g, 'Mul', one(g, 'Sigmoid', x), constant(g, [1, 2, 3, 4, 5, 6, 7, 8])))],
  ])('not composite: %s', (_, expected, make) => {
    expect(kinds(build(make))).toEqual(expected);
  });

  it('Clip(0, ∞) is ReLU', () => {
    expect(kinds(build((g, x) => activation(g, x, 'clip')))).toEqual(['relu']);
    expect(kinds(build((g, x) => activation(g, x, 'clip'), { opset: 6 }))).toEqual(['relu']);
  });

  it('a composite at the end of a linear layer takes no node twice', () => {
    const bytes = build((g, x) => two(g, 'Div', clip(g, two(g, 'Add', layers.linear(g, x, 4, { bias: false }), 3), 0, 6), 6), sequence);
    expect(kinds(bytes)).toEqual(['linear 4', 'hard-sigmoid']);
  });
});

describe('decomposed normalization', () => {
  type Spelling = { readonly square?: 'Pow' | 'Mul'; readonly root?: 'Sqrt' | 'Pow'; readonly divide?: 'Div' | 'Reciprocal' | 'one-over'; readonly scale?: boolean; readonly shift?: boolean; readonly axes?: readonly number[]; readonly second?: boolean };
  const scalar = (g: Body, value: number) => constant(g, value);

  function normalize(g: Body, x: Tensor, centre: boolean, { square = 'Pow', root = 'Sqrt', divide = 'Div', scale = true, shift = centre, axes = [-1], second = false }: Spelling): Tensor {
    const mean = (value: Tensor) => g.node('ReduceMean', [value], { shape: value.shape.map((dim, i) => (axes.includes(i) || axes.includes(i - value.shape.length) ? 1 : dim)), attributes: { axes } });
    const minus = () => (centre ? g.node('Sub', [x, mean(x)]) : x);
    const c = minus();
    const d = second ? minus() : c;
    const squared = square === 'Pow' ? g.node('Pow', [d, scalar(g, 2)]) : g.node('Mul', [d, d]);
    const averaged = mean(squared);
    const variance = g.node('Add', [scalar(g, 1e-5), averaged], { shape: averaged.shape });
    const deviation = root === 'Sqrt' ? g.node('Sqrt', [variance]) : g.node('Pow', [variance, scalar(g, 0.5)]);
    let y = divide === 'Div' ? g.node('Div', [c, deviation]) : g.node('Mul', [divide === 'Reciprocal' ? g.node('Reciprocal', [deviation]) : g.node('Div', [scalar(g, 1), deviation], { shape: deviation.shape }), c], { shape: c.shape });
    if (scale) y = g.node('Mul', [y, weight(g, 8)]);
    if (shift) y = g.node('Add', [weight(g, 8), y], { shape: y.shape });
    return y;
  }

  const spellings: Spelling[] = [{}, { square: 'Mul' }, { root: 'Pow' }, { divide: 'Reciprocal' }, { divide: 'one-over' }, { scale: false, shift: false }, { shift: false }, { second: true }];
  it.each(spellings)('%o', (spelling) => {
    expect(kinds(build((g, x) => normalize(g, x, true, spelling), sequence)), 'LayerNorm').toEqual(['layer-norm']);
    expect(kinds(build((g, x) => normalize(g, x, false, spelling), sequence)), 'RMSNorm').toEqual(['rms-norm']);
  });

  it('counts its parameters', () => {
    expect(graphOf(build((g, x) => normalize(g, x, true, {}), sequence)).parameters).toBe(16);
    expect(graphOf(build((g, x) => normalize(g, x, false, { scale: false, shift: false }), sequence)).parameters).toBe(0);
  });

  it('a mean over the batch is no LayerNorm', () => {
    expect(kinds(build((g, x) => normalize(g, x, true, { axes: [0], scale: false, shift: false })))).not.toContain('layer-norm');
  });

  it('a statistic that is read elsewhere keeps it apart', () => {
    const bytes = build((g, x) => {
      const y = normalize(g, x, true, {});
      const statistic = g.nodes.find(({ operator }) => operator === 'Sqrt')!.outputs[0]!;
      return g.node('Add', [y, { name: statistic, shape: [2, 6, 1], type: 'float32' }]);
    }, sequence);
    expect(kinds(bytes)).not.toContain('layer-norm');
  });
});
