import { afterAll, expect, it } from 'vitest';
import rule from '../../rules/dropout-after-dense.js';
import { loop } from '../../fixtures/builders/unrolled.js';
import { closeVerifier } from '../../src/verify/index.js';
import { atEveryForm, cases } from '../support/cases.js';
import { dropoutsIn, findings, fixed, graphOf, messages, print } from '../support/one-rule.js';

afterAll(closeVerifier);

const found = { level: 'warn', class: 'inference-exact', preset: 'strict' } as const;
const head = 'dropout(0.5) → linear(10)';

cases(rule, [
  ...atEveryForm({ chain: `linear(256) → relu → linear(32) → relu → ${head}`, flags: ['linear'], ...found, fixed: `linear(256) → relu → dropout(0.5) → linear(32) → relu → ${head}` }).filter(({ onnx }) => !/input|state/.test(JSON.stringify(onnx))),
  { chain: `linear(256) → relu → linear(32) → relu → ${head}`, flags: ['linear'], ...found, fixed: `linear(256) → relu → dropout(0.5) → linear(32) → relu → ${head}`, onnx: { opset: 17 } },
  { chain: 'linear(64) → relu → linear(64) → gelu → linear(10)', flags: ['linear', 'linear#2'].slice(1), ...found, because: 'the first holds less than a fifth', onnx: { opset: 17 } },
  { chain: 'conv2d(4) → relu → flatten → linear(32) → relu → linear(10)', flags: ['linear'], ...found, onnx: { opset: 13 }, fixed: 'conv2d(4) → relu → flatten → linear(32) → relu → dropout(0.5) → linear(10)' },
  { chain: 'linear(256) → layer-norm → relu → linear(10)', flags: ['linear'], ...found, onnx: { opset: 17 }, formats: ['onnx'], because: 'LayerNorm does not do what dropout does' },
  { chain: 'linear(256) → relu → layer-norm → linear(10)', flags: ['linear'], ...found, onnx: { opset: 17 } },
  { chain: 'linear(256) → relu → linear(10)', flags: ['linear'], ...found, options: { rate: 0.2 }, onnx: { opset: 17 }, fixed: 'linear(256) → relu → dropout(0.2) → linear(10)', message: /Dropout\(0\.2\)/ },

  { chain: 'linear(256) → relu → linear(10)', flags: [], because: 'off in recommended' },
  { chain: 'linear(256) → relu → linear(10)', flags: [], preset: 'strict', mode: 'inference', because: 'an inference export has lost its dropout', formats: ['onnx'] },
  { chain: 'linear(256) → relu → linear(10)', flags: [], preset: 'strict', mode: 'auto', because: 'nothing says that it is trained', formats: ['onnx'] },
  { chain: 'linear(256) → relu → dropout(0.5) → linear(10)', flags: [], preset: 'strict' },
  { chain: 'linear(256) → dropout(0.5) → relu → linear(10)', flags: [], preset: 'strict', because: 'dropout-after-activation' },
  { chain: 'linear(256) → relu → flatten → dropout(0.5) → linear(10)', flags: [], preset: 'strict' },
  { chain: 'linear(256) → batch-norm → relu → linear(10)', flags: [], preset: 'strict' },
  { chain: 'linear(256) → relu → batch-norm → linear(10)', flags: [], preset: 'strict' },
  { chain: 'linear(256) → linear(10)', flags: [], preset: 'strict', because: 'no activation' },
  { chain: 'linear(256) → softmax', flags: [], preset: 'strict', because: 'the classifier itself' },
  { chain: 'linear(256) → relu', flags: [], preset: 'strict', because: 'a truncated backbone' },
  { chain: 'conv2d(64) → relu → conv2d(64) → relu → global-avg-pool → flatten → linear(8) → relu → linear(4)', flags: [], preset: 'strict', because: 'too light' },
  { chain: 'embedding → linear(64) → relu → lstm(4,last=true) → linear(2)', flags: [], preset: 'strict', because: 'before a recurrent layer' },
  { chain: 'self-attention(2) → residual{ linear(64) → gelu → linear(16) } → mean-time → linear(4)', flags: [], preset: 'strict', because: 'a transformer', formats: ['onnx'], onnx: { opset: 17 } },
]);

it('copies the training mode of the dropouts that are there', async () => {
  for (const [options, state] of [[{ form: 'input' }, 'live'], [{ state: 'off' }, 'off'], [{ opset: 10 }, 'unspecified']] as const) {
    const document = graphOf(`linear(256) → relu → linear(32) → relu → ${head}`, options);
    expect(dropoutsIn(await fixed(rule, document, { preset: 'strict' })).map((dropout) => dropout.state), JSON.stringify(options)).toEqual([state, state]);
  }
});

it('is on where there is none to copy', async () => {
  const after = await fixed(rule, graphOf('linear(256) → relu → linear(10)'), { preset: 'strict' });
  expect(print(after)).toContain('dropout 0.5 (live)');
});

it('leaves the bodies of loops alone', () => {
  expect(findings(rule, graphOf(loop()), { preset: 'strict' })).toEqual([]);
});

it('says what the layer holds', () => {
  expect(messages(rule, graphOf('linear(256) → relu → linear(10)'), { preset: 'strict' })).toMatchInlineSnapshot(`
    [
      "The fully connected layer '/net/net.0/Gemm' holds 63 % of the model's parameters and nothing is dropped behind its activation. Put Dropout(0.5) behind '/net/net.1/Relu'.",
    ]
  `);
});
