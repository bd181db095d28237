import { afterAll, describe, expect, it } from 'vitest';
import { dropout } from '../../fixtures/builders/dropout-forms.js';
import { Model } from '../../fixtures/builders/onnx.js';
import { literal } from '../../fixtures/builders/tensors.js';
import rule from '../../rules/consistent-training-mode.js';
import { closeVerifier } from '../../src/verify/index.js';
import { cases } from '../support/cases.js';
import type { TextDocument } from '../../src/formats/document.js';
import { placeOf } from '../../src/rule.js';
import { codeOf, dropoutsIn, findings, fix, fixed, graphOf, lint, messages } from '../support/one-rule.js';

afterAll(closeVerifier);

const formats = ['onnx'] as const;
const onnx = [{ opset: 12 }, { opset: 17, form: 'constant' }, { opset: 22 }] as const;
const chain = (...states: string[]) => `linear → relu → ${states.map((state) => `dropout(0.5,state=${state}) → linear`).join(' → relu → ')}`;
const net = 'conv2d(8,3,bias=false) → batch-norm → relu → flatten → dropout(0.5) → linear';

cases(rule, [
  { chain: chain('live', 'off'), flags: ['dropout#2'], level: 'warn', class: 'suggestion', fixed: false, formats, onnx, message: /This dropout is off while/ },
  { chain: chain('off', 'live'), flags: ['dropout'], level: 'warn', fixed: false, formats, onnx },
  { chain: chain('live', 'unspecified'), flags: ['dropout#2'], level: 'warn', fixed: false, formats, onnx, message: /left without a training mode/ },
  { chain: chain('off', 'live', 'unspecified', 'live'), flags: ['dropout', 'dropout#3'], preset: 'strict', fixed: false, formats, onnx },
  { chain: 'self-attention(2,dropout=0.1,state=unspecified) → dropout(0.1) → mean-time → linear', flags: ['self-attention'], level: 'warn', formats, onnx: { opset: 17 }, because: "PyTorch's MultiheadAttention" },
  { chain: 'conv2d → relu → spatial-dropout(0.2) → conv2d → flatten → dropout(0.5,state=off) → linear', flags: ['dropout'], formats, onnx: { opset: 18, spatial: 'decomposed' }, because: 'what is spelled out is always on' },
  { chain: net, flags: ['batch-norm'], level: 'info', fixed: false, formats, onnx: [{ opset: 13 }, { opset: 17 }], message: /uses its running statistics/ },

  { chain: chain('live', 'live'), flags: [], formats, onnx },
  { chain: chain('off', 'off'), flags: [], formats, onnx },
  { chain: chain('off', 'unspecified'), flags: [], formats, onnx, because: 'nothing is on' },
  { chain: chain('unspecified', 'unspecified'), flags: [], formats, onnx: [{ opset: 9 }, { opset: 17 }] },
  { chain: 'linear → relu → dropout(0.5) → linear → relu → dropout(0,state=off) → linear', flags: [], formats, onnx: { opset: 17 }, because: 'a rate of 0 has no mode' },
  { chain: 'linear → relu → dropout(0,state=live) → linear → relu → dropout(0.5,state=off) → linear', flags: [], formats, onnx: { opset: 17 } },
  { chain: net, flags: [], formats, onnx: [{ opset: 13, training: true }, { opset: 17, training: true }] },
  { chain: net, flags: [], formats, onnx: { opset: 17, state: 'off' }, because: 'an inference export' },
  { chain: 'linear → layer-norm → relu → dropout(0.5) → linear', flags: [], formats, onnx: { opset: 17 } },
  { chain: 'linear → relu → dropout(0.5) → linear', flags: [], formats, onnx: [{ opset: 17, form: 'input' }, { opset: 6 }] },
]);

it('judges each graph by itself', () => {
  const model = new Model({ opset: 17 });
  const g = model.graph;
  const x = dropout(g, g.input('input', [2, 8]), { rate: 0.5, scope: 'outer', state: 'live' });
  const branch = (name: string, state: 'live' | 'off') => model.subgraph(name, (body) => body.output(dropout(body, x, { rate: 0.5, scope: name, state })));
  g.output(g.node('If', [g.constant(literal(1, 'bool'))], { shape: [2, 8], type: 'float32', attributes: { then_branch: branch('then', 'live'), else_branch: branch('else', 'off') } }), 'output');
  expect(findings(rule, graphOf(model))).toEqual([]);
});

describe('the suggestion', () => {
  it.each([[12, 'initializer'], [17, 'constant'], [22, 'initializer']] as const)('switches the others on (opset %i, %s), and never by --fix alone', async (opset, form) => {
    const document = graphOf(chain('off', 'live', 'unspecified'), { opset, form });
    expect((await fix(rule, document)).fixed).toEqual([]);
    expect(dropoutsIn(await fixed(rule, document, { suggestions: true })).map(({ state }) => state)).toEqual(['live', 'live', 'live']);
  });

  it('is none for BatchNorm', () => {
    expect(findings(rule, graphOf(net))).toEqual(['/net/net.1/BatchNormalization info']);
  });
});

it('names the exporter', () => {
  expect(messages(rule, graphOf(chain('live', 'off')))).toMatchInlineSnapshot(`
    [
      "This dropout is off while '/net/drop0/Dropout' is on: one graph, two modes. PyTorch's TorchScript exporter writes attention dropout in inference form in a training export; set them alike.",
    ]
  `);
  expect(messages(rule, graphOf(chain('live', 'unspecified')))).toMatchInlineSnapshot(`
    [
      "This dropout is left without a training mode (inference by default) while '/net/drop0/Dropout' is on: one graph, two modes. PyTorch's TorchScript exporter writes attention dropout in inference form in a training export; set them alike.",
    ]
  `);
  expect(messages(rule, graphOf(net))).toMatchInlineSnapshot(`
    [
      "This BatchNorm uses its running statistics while '/net/drop0/Dropout' drops: one graph, two modes. PyTorch's current exporter writes BatchNorm without training_mode even in a training export.",
    ]
  `);
});

describe('in code', () => {
  const LAYERS = `import * as tf from '@tensorflow/tfjs';
const first = tf.layers.dropout({ rate: 0.2 });
const dense = tf.layers.dense({ units: 64, activation: 'relu' });
const second = tf.layers.dropout({ rate: 0.5 });
`;
  const said = (code: string) => lint(rule, codeOf(`${LAYERS}${code}\n`), { mode: 'auto' }).map(({ problem, level, fixClass }) => `${placeOf(problem).path} ${problem.messageId} ${level} ${fixClass}`);

  it.each<[string, string, string[]]>([
    ['behind it', 'export const trainStep = (x) => second.apply(dense.apply(first.apply(x, { training: true })));', ['5:33 applied warn suggestion']],
    ['before it', 'export const trainStep = (x) => second.apply(dense.apply(first.apply(x)), { training: true });', ['5:58 applied warn suggestion']],
    ['switched off', 'export const trainStep = (x) => second.apply(dense.apply(first.apply(x, { training: true })), { training: false });', ['5:33 applied warn suggestion']],
    ['in what is differentiated', 'export const run = (x) => tf.variableGrads(() => second.apply(dense.apply(first.apply(x, { training: true }))));', ['5:50 applied warn suggestion']],
  ])('reports a dropout that does not train with another one: %s', (_, code, wanted) => expect(said(code)).toEqual(wanted));

  it.each<[string, string]>([
    ['all train', 'export const trainStep = (x) => second.apply(dense.apply(first.apply(x, { training: true })), { training: true });'],
    ['none trains', 'export const trainStep = (x) => second.apply(dense.apply(first.apply(x)));'],
    ['a flag that is not known', 'export const trainStep = (x, training) => second.apply(dense.apply(first.apply(x, { training: true })), { training });'],
    ['no training step: the call that drops is the mistake', 'export const answer = (x) => second.apply(dense.apply(first.apply(x, { training: true })));'],
    ['two ways', 'export const trainStep = (x) => [first.apply(x, { training: true }), second.apply(dense.apply(x))];'],
    ['a frozen model in front', 'const base = tf.sequential({ layers: [tf.layers.dense({ units: 4, inputShape: [4] }), tf.layers.dropout({ rate: 0.1 })] });\nexport const trainStep = (x) => second.apply(base.apply(x), { training: true });'],
    ['a functional model, which forgets', 'const input = tf.input({ shape: [4] });\nexport const trainable = tf.model({ inputs: input, outputs: second.apply(dense.apply(first.apply(input, { training: true }))) });'],
  ])('is silent: %s', (_, code) => expect(said(code)).toEqual([]));

  it('says so, and the suggestion adds the argument', async () => {
    const document = codeOf(`${LAYERS}export const trainStep = (x) => second.apply(dense.apply(first.apply(x, { training: true })));\n`);
    expect(messages(rule, document)).toMatchInlineSnapshot(`
      [
        "This dropout is applied without training: true while 'dropout' is applied with it, in one training step: it never drops. Apply it with { training: true }, too.",
      ]
    `);
    expect((await fix(rule, document)).fixed).toEqual([]);
    expect(((await fixed(rule, document, { suggestions: true })) as unknown as TextDocument).text).toBe(`${LAYERS}export const trainStep = (x) => second.apply(dense.apply(first.apply(x, { training: true })), { training: true });\n`);
  });
});
