import { describe, expect, it } from 'vitest';
import { toOnnx } from '../../fixtures/chain/onnx.js';
import rule from '../../rules/prefer-alpha-dropout.js';
import type { OnnxOptions } from '../../fixtures/chain/onnx.js';
import { atEveryForm, cases } from '../support/cases.js';
import type { Case } from '../support/cases.js';
import { codeOf, graphOf, messages } from '../support/one-rule.js';
import { runModel } from '../support/runtime.js';

cases(rule, [
  ...atEveryForm({ chain: 'linear → selu → dropout(0.1) → linear', flags: ['dropout'], level: 'warn' }).map((row): Case => {
    const { opset, form, state, modeFrom } = row.onnx as OnnxOptions;
    if (opset! < 12) return { ...row, fixed: false, refused: /AlphaDropout needs opset 12/ };
    // The chain's own AlphaDropout is always on.
    const isLive = form !== 'input' && form !== 'input-default' && state === undefined && modeFrom === undefined;
    return { ...row, class: 'inference-exact', ...(isLive && { fixed: 'linear → selu → alpha-dropout(0.1) → linear' }) };
  }),
  { chain: 'linear → selu → dropout(0.1) → linear → selu → dropout(0.1) → linear', flags: ['dropout', 'dropout#2'], level: 'warn', preset: 'strict', formats: ['onnx'], onnx: { opset: 17 }, fixed: 'linear → selu → alpha-dropout(0.1) → linear → selu → alpha-dropout(0.1) → linear' },
  { chain: 'linear → selu → dropout(0.1) → linear', flags: ['dropout'], level: 'warn', formats: ['code', 'topology'], fixed: false },
  { chain: 'conv2d → selu → dropout(0.05) → flatten → linear', flags: ['dropout'] },
  { chain: 'conv2d → selu → flatten → dropout(0.05) → linear', flags: ['dropout'], because: 'with a flatten between' },
  { chain: 'conv2d → selu → spatial-dropout(0.1) → conv2d → flatten → linear', flags: ['spatial-dropout'], formats: ['onnx'], onnx: { opset: 17 } },
  { chain: 'linear → selu → alpha-dropout(0.1) → linear', flags: [], preset: 'strict', formats: ['onnx'], onnx: [{ opset: 13 }, { opset: 18 }] },
  { chain: 'linear → selu → linear', flags: [], preset: 'strict' },
  { chain: 'linear → elu → dropout(0.1) → linear', flags: [], preset: 'strict' },
  { chain: 'linear → relu → dropout(0.1) → linear', flags: [], preset: 'strict' },
  { chain: 'linear → dropout(0.1) → selu → linear', flags: [], because: 'dropout-after-activation comes first' },
  { chain: 'conv2d → selu → max-pool → dropout(0.1) → flatten → linear', flags: [], because: 'the maximum of several has another law' },
  { chain: 'linear → selu → dropout(0) → linear', flags: [] },
]);

describe('what is said', () => {
  it('of a graph', () => {
    expect(messages(rule, graphOf('linear → selu → dropout(0.1) → linear'))).toMatchInlineSnapshot(`
      [
        "Plain dropout behind SELU '/net/net.1/Selu': dropped units become 0 instead of SELU's lower limit −1.758, and the variance 1.11 of training leaves the fixed point 1 that SELU normalises to. Use AlphaDropout.",
      ]
    `);
  });

  it('of TensorFlow.js, whose alphaDropout is wrong itself', () => {
    expect(messages(rule, codeOf('linear → selu → dropout(0.1) → linear'))).toMatchInlineSnapshot(`
      [
        "Plain dropout behind SELU 'activation' breaks its normalisation; AlphaDropout would keep it, but TensorFlow.js's alphaDropout is wrong itself (a sign error shifts the mean). Use ReLU with dropout, or SELU without.",
      ]
    `);
  });
});

/** Of what comes out in training mode; the first elements of a draw are no evidence. */
async function variance(chain: string): Promise<number> {
  const { output } = await runModel(toOnnx(`input(16384) → ${chain}`, { opset: 17, state: 'live' }), 'disabled');
  const values = Array.from(output!.data as Float32Array).slice(256);
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  return values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length;
}

it('plain dropout multiplies the second moment by 1/(1 − p) (onnxruntime)', async () => {
  const [before, after] = [await variance('scale(1.7320508) → identity'), await variance('scale(1.7320508) → dropout(0.5)')];
  expect(before).toBeCloseTo(1, 1);
  expect(Math.abs(after - 2)).toBeLessThan(0.1);
});
