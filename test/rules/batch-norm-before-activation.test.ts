import { expect, it } from 'vitest';
import rule from '../../rules/batch-norm-before-activation.js';
import { cases } from '../support/cases.js';
import { graphOf, messages } from '../support/one-rule.js';

const found = { level: 'info', preset: 'strict', fixed: false } as const;
const bad = 'conv2d → relu → batch-norm → max-pool → dropout(0.3) → flatten → linear(10)';

cases(rule, [
  { chain: bad, flags: ['batch-norm'], ...found },
  { chain: 'conv2d → gelu → batch-norm → max-pool → dropout(0.3) → conv2d → flatten → linear(10)', flags: ['batch-norm'], ...found },
  { chain: 'conv2d → relu → batch-norm → max-pool → spatial-dropout(0.3) → conv2d → flatten → linear(10)', flags: ['batch-norm'], ...found, formats: ['onnx'], onnx: { opset: 17 } },
  { chain: 'conv2d → relu → batch-norm → max-pool → dropout(0.3) → conv2d → relu → batch-norm → max-pool → dropout(0.3) → flatten → linear(10)', flags: ['batch-norm', 'batch-norm#2'], ...found },
  { chain: 'linear → relu → reshape(4,4) → batch-norm → max-pool → dropout(0.3) → flatten → linear', flags: ['batch-norm'], ...found, formats: ['onnx'], onnx: { opset: 13 } },

  { chain: bad, flags: [], because: 'off in recommended' },
  { chain: 'conv2d → batch-norm → relu → max-pool → dropout(0.3) → flatten → linear(10)', flags: [], preset: 'strict' },
  { chain: 'conv2d → relu → batch-norm → max-pool → flatten → linear(10)', flags: [], preset: 'strict', because: 'a block without dropout' },
  { chain: 'linear → relu → batch-norm → dropout(0.3) → linear', flags: [], preset: 'strict', because: 'the IC layer' },
  { chain: 'conv2d → relu → batch-norm → flatten → dropout(0.3) → linear', flags: [], preset: 'strict', because: 'the IC layer, with a flatten' },
  { chain: 'conv2d(8) → residual{ batch-norm → relu → conv2d(8) → batch-norm → relu → dropout(0.3) → conv2d(8) } → flatten → linear', flags: [], preset: 'strict', because: 'pre-activation' },
  { chain: 'conv2d → relu → layer-norm → max-pool → dropout(0.3) → flatten → linear(10)', flags: [], preset: 'strict', formats: ['onnx'], onnx: { opset: 17 }, because: 'no running statistics' },
  { chain: 'linear → relu → batch-norm → linear → relu → dropout(0.3) → linear', flags: [], preset: 'strict', because: 'the dropout is in another block' },
  { chain: 'conv2d(8) → residual{ conv2d(8) } → relu → batch-norm → max-pool → dropout(0.3) → flatten → linear', flags: [], preset: 'strict', because: 'the activation is not that of a layer with weights' },
]);

it('names both layers', () => {
  expect(messages(rule, graphOf(bad), { preset: 'strict' })).toMatchInlineSnapshot(`
    [
      "BatchNorm '/net/net.2/BatchNormalization' comes after the activation '/net/net.1/Relu', in a block with dropout: what is dropped is no longer what the activation gave. The usual order is weights → BatchNorm → activation → dropout.",
    ]
  `);
});
