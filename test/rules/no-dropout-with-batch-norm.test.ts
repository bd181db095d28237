import { expect, it } from 'vitest';
import rule from '../../rules/no-dropout-with-batch-norm.js';
import { cases } from '../support/cases.js';
import { graphOf, messages } from '../support/one-rule.js';

const found = { level: 'info', preset: 'strict', fixed: false } as const;

cases(rule, [
  { chain: 'linear → batch-norm → relu → dropout(0.3) → linear', flags: ['dropout'], ...found },
  { chain: 'linear → dropout(0.3) → batch-norm → relu → linear', flags: ['dropout'], ...found },
  { chain: 'linear → relu → batch-norm → dropout(0.3) → linear', flags: ['dropout'], ...found },
  { chain: 'conv2d → batch-norm → relu → max-pool → dropout(0.3) → flatten → linear', flags: ['dropout'], ...found },
  { chain: 'conv2d → batch-norm → relu → spatial-dropout(0.3) → conv2d → flatten → linear', flags: ['spatial-dropout'], ...found, formats: ['onnx'], onnx: { opset: 17 } },
  { chain: 'linear → batch-norm → relu → dropout(0.3) → linear → batch-norm → relu → dropout(0.3) → linear', flags: ['dropout', 'dropout#2'], ...found },

  { chain: 'linear → batch-norm → relu → dropout(0.3) → linear', flags: [], because: 'off in recommended' },
  { chain: 'linear → batch-norm → relu → linear → relu → dropout(0.3) → linear', flags: [], preset: 'strict', because: 'in another block' },
  { chain: 'linear → layer-norm → relu → dropout(0.3) → linear', flags: [], preset: 'strict' },
  { chain: 'linear → batch-norm → relu → dropout(0) → linear', flags: [], preset: 'strict' },
  { chain: 'linear → batch-norm → relu → linear', flags: [], preset: 'strict' },
  { chain: 'conv2d(8) → residual{ conv2d(8) → dropout(0.3) } → batch-norm → flatten → linear', flags: [], preset: 'strict', because: 'a merge ends the block' },
  { chain: 'linear → batch-norm → relu → linear(10,connect=0.5)', flags: [], preset: 'strict', formats: ['onnx'], onnx: { opset: 17 }, because: 'DropConnect acts on weights' },
]);

it('names the BatchNorm', () => {
  expect(messages(rule, graphOf('linear → batch-norm → relu → dropout(0.3) → linear'), { preset: 'strict' })).toMatchInlineSnapshot(`
    [
      "Dropout and BatchNorm '/net/net.1/BatchNormalization' in one block: BatchNorm regularises by itself, and each changes the statistics that the other relies on. Try without the dropout.",
    ]
  `);
});
