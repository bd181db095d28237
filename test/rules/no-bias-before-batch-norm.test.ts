import { afterAll, describe, expect, it } from 'vitest';
import { batchNorm, binary, convolution, linear, reshape, transposedConvolution } from '../../fixtures/builders/layers.js';
import { float, Model } from '../../fixtures/builders/onnx.js';
import type { Body, Tensor } from '../../fixtures/builders/onnx.js';
import rule from '../../rules/no-bias-before-batch-norm.js';
import { closeVerifier } from '../../src/verify/index.js';
import { cases } from '../support/cases.js';
import { codeOf, findings, fix, fixed, graphOf, messages, print } from '../support/one-rule.js';

afterAll(closeVerifier);

const found = { level: 'info' } as const;
const onnx = [{ opset: 12 }, { opset: 17 }] as const;

cases(rule, [
  { chain: 'linear → batch-norm → relu → linear', flags: ['linear'], ...found, class: 'exact', formats: ['onnx'], onnx },
  { chain: 'linear → batch-norm → relu → linear', flags: ['linear'], ...found, class: 'suggestion', fixed: false, formats: ['code', 'topology'] },
  { chain: 'conv2d → batch-norm → relu → conv2d → batch-norm → relu → flatten → linear', flags: ['conv2d', 'conv2d#2'], ...found, preset: 'strict' },
  { chain: 'conv1d → batch-norm → relu → flatten → linear', flags: ['conv1d'], ...found },
  { chain: 'conv2d → conv-transpose(4) → batch-norm → relu → flatten → linear', flags: ['conv-transpose'], ...found, formats: ['onnx'] },
  { chain: 'conv2d → depthwise → batch-norm → relu → flatten → linear', flags: ['depthwise'], ...found },
  { chain: 'conv2d(8,16) → squeeze(3) → batch-norm → flatten → linear', flags: ['conv2d'], formats: ['onnx'], onnx, because: 'a squeeze between' },

  { chain: 'linear(16,bias=false) → batch-norm → relu → linear', flags: [], preset: 'strict' },
  { chain: 'conv2d(8,3,bias=false) → batch-norm → relu → flatten → linear', flags: [], preset: 'strict' },
  { chain: 'linear → relu → batch-norm → linear', flags: [], because: 'an activation between' },
  { chain: 'linear → layer-norm → relu → linear', flags: [], preset: 'strict', because: 'LayerNorm has no mean of its own for each unit' },
  { chain: 'conv2d → instance-norm → relu → flatten → linear', flags: [], formats: ['onnx'] },
  { chain: 'conv2d → concat{ | relu } → batch-norm → flatten → linear', flags: [], because: 'read elsewhere, too' },
  { chain: 'conv2d(8) → residual{ relu } → batch-norm → flatten → linear', flags: [], because: 'a merge between' },
  { chain: 'input(8,16) → linear(8) → batch-norm → flatten → linear', flags: [], formats: ['onnx'], onnx, because: 'BatchNorm along the steps, not along the units' },
  { chain: 'conv2d → flatten → batch-norm → linear', flags: [], formats: ['onnx'], onnx, because: 'its channels are no longer the filters' },
  { chain: 'lstm(8,last=true) → batch-norm → linear', flags: [] },
]);

/** [2, 3, 8, 8] or [4, 16] → `inner` → BatchNorm → output. */
function before(inner: (g: Body, x: Tensor) => Tensor, { opset = 17, training = false, image = false, statistics = false } = {}) {
  const model = new Model({ opset });
  const g = model.graph;
  const x = inner(g, g.input('input', image ? [2, 3, 8, 8] : [4, 16]));
  g.output(batchNorm(g, x, { scope: 'bn', training }), 'output');
  if (statistics) {
    const { outputs } = g.nodes.at(-1)!;
    g.output({ name: outputs[1]!, type: 'float32', shape: [x.shape[1]!] });
  }
  return graphOf(model);
}

const gemm = (beta: number, broadcast: readonly number[] = [8]) => (g: Body, x: Tensor) =>
  g.node('Gemm', [x, g.parameter('Gemm', 'fc', 'weight', [16, 8], 16), g.parameter('Gemm', 'fc', 'bias', broadcast)], { scope: 'fc', shape: [4, 8], attributes: { alpha: float(0.5), beta: float(beta) } });

describe('the fold is exact, by execution', () => {
  it.each([
    ['Gemm', before((g, x) => linear(g, x, 8, { scope: 'fc' }))],
    ['Gemm at opset 11', before((g, x) => linear(g, x, 8, { scope: 'fc' }), { opset: 11 })],
    ['Gemm with alpha and beta', before(gemm(2.5))],
    ['Gemm with beta 0', before(gemm(0))],
    ['Gemm with one bias for all units', before(gemm(1, [1]))],
    ['Gemm with a bias of shape [1, 8]', before(gemm(-1, [1, 8]))],
    ['MatMul and Add', before((g, x) => linear(g, x, 8, { scope: 'fc', as: 'matmul' }))],
    ['MatMul and Add at opset 7', before((g, x) => linear(g, x, 8, { scope: 'fc', as: 'matmul' }), { opset: 7 })],
    ['Conv', before((g, x) => convolution(g, x, 8, { scope: 'conv' }), { image: true })],
    ['Conv at opset 7', before((g, x) => convolution(g, x, 8, { scope: 'conv' }), { image: true, opset: 7 })],
    ['Conv and a separate Add', before((g, x) => binary(g, 'Add', convolution(g, x, 8, { scope: 'conv', bias: false }), g.parameter('Add', 'shift', 'bias', [1, 8, 1, 1]), { scope: 'shift' }), { image: true })],
    ['ConvTranspose', before((g, x) => transposedConvolution(g, x, 8, { scope: 'conv' }), { image: true })],
    ['a Reshape between', before((g, x) => reshape(g, convolution(g, x, 8, { scope: 'conv' }), [0, 8, -1], { scope: 'reshape', shape: [2, 8, 64] }), { image: true })],
    ['BatchNorm in training form', before((g, x) => linear(g, x, 8, { scope: 'fc' }), { training: true })],
    ['BatchNorm in the training form of opset 13', before((g, x) => convolution(g, x, 8, { scope: 'conv' }), { training: true, opset: 13, image: true })],
  ] as const)('%s', async (_, document) => {
    const [finding] = findings(rule, document);
    expect(finding).toMatch(/ info exact$/);
    const outcome = await fix(rule, document);
    expect([...outcome.refusals.values()]).toEqual([]);
    expect(outcome.fixed.map(({ proof }) => [proof?.verdict, proof?.class])).toEqual([['proven', 'exact']]);
    expect(outcome.remaining).toEqual([]);
  });

  it('erasure says nothing of changed weights; both runs agree', async () => {
    const { fixed: [done] } = await fix(rule, graphOf('linear → batch-norm → relu → linear'));
    expect(done!.proof!.checks.map(({ check, verdict }) => [check, verdict])).toEqual([['erasure', 'not-applicable'], ['inference', 'holds'], ['same-mask', 'holds']]);
  });

  it('of several layers, which share nothing', async () => {
    const document = graphOf('conv2d → batch-norm → relu → dropout(0.2) → conv2d → batch-norm → relu → flatten → linear');
    const after = await fixed(rule, document);
    expect(findings(rule, after)).toEqual([]);
    expect(print(after)).toBe(print(document));
    expect(after.record.graph.nodes.filter(({ opType }) => opType === 'Conv').map(({ inputs }) => inputs.length)).toEqual([2, 2]);
  });

  it('of a bias that another layer has as well: that one keeps it', async () => {
    const model = new Model({ opset: 17 });
    const g = model.graph;
    const x = g.input('input', [4, 16]);
    const [weight, bias] = [g.parameter('Gemm', 'fc', 'weight', [16, 8], 16), g.parameter('Gemm', 'fc', 'bias', [8])];
    const dense = (scope: string) => g.node('Gemm', [x, weight, bias], { scope, shape: [4, 8] });
    g.output(batchNorm(g, dense('first'), { scope: 'bn' }), 'a').output(g.node('Relu', [dense('second')], { scope: 'second' }), 'b');
    const document = graphOf(model);
    expect(findings(rule, document)).toEqual(['/first/Gemm info exact']);
    const after = await fixed(rule, document);
    expect(after.record.graph.nodes.filter(({ opType }) => opType === 'Gemm').map(({ inputs }) => inputs.length)).toEqual([2, 3]);
  });
});

describe('is refused, with its reason,', () => {
  it.each([
    ['where Gemm must have its bias', before((g, x) => linear(g, x, 8, { scope: 'fc' }), { opset: 10 }), 'Gemm needs its bias below opset 11'],
    ['where the updated statistics are read', before((g, x) => linear(g, x, 8, { scope: 'fc' }), { training: true, statistics: true }), 'its updated statistics are read'],
    ['where the bias differs between examples', before(gemm(1, [4, 8])), 'the bias has another length than the running mean'],
  ] as const)('%s', async (_, document, reason) => {
    const outcome = await fix(rule, document);
    expect(outcome.fixed).toEqual([]);
    expect([...outcome.failedProofs.values()]).toEqual([]);
    expect([...outcome.refusals.values()]).toEqual([reason]);
    expect(outcome.document).toBe(document);
  });
});

it('in code it is a suggestion, because saved weights would no longer load', async () => {
  const document = codeOf('linear → batch-norm → relu → linear');
  expect(findings(rule, document)).toEqual([expect.stringMatching(/info suggestion$/)]);
  expect((await fix(rule, document)).fixed).toEqual([]);
});

it('says what is done for nothing', () => {
  expect(messages(rule, graphOf('linear → batch-norm → relu → linear'))).toMatchInlineSnapshot(`
    [
      "The bias of '/net/net.0/Gemm' is subtracted again by BatchNorm '/net/net.1/BatchNormalization': it is trained and stored for nothing. BN(Wx + b) = BN(Wx) once the running mean is lowered by b.",
    ]
  `);
});
