import { expect, it } from 'vitest';
import { toOnnx } from '../../fixtures/chain/onnx.js';
import rule from '../../rules/dropout-before-pooling.js';
import { atEveryForm, cases } from '../support/cases.js';
import { graphOf, messages } from '../support/one-rule.js';
import { runModel } from '../support/runtime.js';

const head = 'flatten → linear(10)';
const found = { level: 'info', class: 'inference-exact', preset: 'strict' } as const;

cases(rule, [
  ...atEveryForm({ chain: `conv2d → relu → dropout(0.2) → max-pool → ${head}`, flags: ['dropout'], ...found, fixed: `conv2d → relu → max-pool → dropout(0.2) → ${head}` }),
  { chain: `conv2d → relu → dropout(0.2) → max-pool → ${head}`, flags: ['dropout'], ...found, fixed: `conv2d → relu → max-pool → dropout(0.2) → ${head}` },
  { chain: `conv2d → dropout(0.2) → relu → max-pool → ${head}`, flags: ['dropout'], ...found, fixed: `conv2d → relu → max-pool → dropout(0.2) → ${head}`, because: 'a ReLU between keeps what is dropped' },
  { chain: `conv2d → relu → dropout(0.2) → max-pool(3,stride=2) → conv2d → ${head}`, flags: ['dropout'], ...found, fixed: `conv2d → relu → max-pool(3,stride=2) → dropout(0.2) → conv2d → ${head}` },
  { chain: `conv1d → relu → dropout(0.2) → max-pool → ${head}`, flags: ['dropout'], ...found, fixed: `conv1d → relu → max-pool → dropout(0.2) → ${head}` },
  { chain: 'conv2d → relu → dropout(0.2) → global-max-pool → flatten → linear(10)', flags: ['dropout'], ...found, fixed: 'conv2d → relu → global-max-pool → dropout(0.2) → flatten → linear(10)' },
  { chain: `conv2d → relu → dropout(0.2) → max-pool → ${head}`, flags: [], because: 'off in recommended' },
  { chain: `conv2d → relu → dropout(0.2) → avg-pool → ${head}`, flags: [], preset: 'strict', because: 'the mean is kept' },
  { chain: `conv2d → relu → max-pool → dropout(0.2) → ${head}`, flags: [], preset: 'strict' },
  { chain: `conv2d → relu → spatial-dropout(0.2) → max-pool → ${head}`, flags: [], preset: 'strict', because: 'a mask per channel commutes' },
  { chain: `conv2d → dropout(0.2) → gelu → max-pool → ${head}`, flags: [], preset: 'strict', because: 'dropout-after-activation' },
  { chain: `conv2d → relu → dropout(0.2) → conv2d → max-pool → ${head}`, flags: [], preset: 'strict' },
  { chain: `conv2d → relu → dropout(0) → max-pool → ${head}`, flags: [], preset: 'strict' },
]);

it('says what happens in a window', () => {
  expect(messages(rule, graphOf(`conv2d → relu → dropout(0.2) → max-pool → ${head}`), { preset: 'strict' })).toMatchInlineSnapshot(`
    [
      "Dropout right before max pooling '/net/net.2/MaxPool': the maximum of a window takes the place of what was dropped, so far fewer than 20 % are silenced. Move the dropout behind the pooling.",
    ]
  `);
});

/** The share of zeros, training mode, all inputs positive; the first elements of a draw are no evidence. */
async function zeros(chain: string): Promise<number> {
  const { output } = await runModel(toOnnx(`input(4,64,64) → sigmoid → ${chain}`, { opset: 17, state: 'live' }), 'disabled');
  const values = (output!.data as Float32Array).subarray(256);
  return values.filter((value) => value === 0).length / values.length;
}

it('a window of 2×2 is silenced with the probability p⁴ before the pooling, and p behind it (onnxruntime)', async () => {
  expect(await zeros('dropout(0.5) → max-pool')).toBeCloseTo(0.5 ** 4, 1);
  expect(await zeros('dropout(0.5) → max-pool')).toBeLessThan(0.1);
  expect(Math.abs((await zeros('max-pool → dropout(0.5)')) - 0.5)).toBeLessThan(0.05);
});
