import { afterAll, describe, expect, it } from 'vitest';
import { readOnnxBytes } from '../../src/formats/onnx/document.js';
import { credibleDeviation, divergence, isCredibleCount } from '../../src/verify/bounds.js';
import { prove } from '../../src/verify/index.js';
import { Pool } from '../../src/verify/pool.js';
import { measureDropout } from '../../src/verify/statistics.js';
import { toOnnx } from '../support/chain.js';
import type { OnnxOptions } from '../support/chain.js';

const pool = new Pool();
afterAll(() => pool.close());

async function measured(chain: string, options: OnnxOptions = {}) {
  const model = readOnnxBytes(toOnnx(chain, options));
  const [dropout] = model.dropouts();
  return measureDropout(model, dropout!, pool);
}

describe('bounds', () => {
  it('follow the law of the binomial', () => {
    expect(divergence(0.5, 0.5)).toBe(0);
    expect(isCredibleCount(10_000, 20_000, 0.5)).toBe(true);
    expect(isCredibleCount(10_400, 20_000, 0.5)).toBe(true);
    expect(isCredibleCount(10_500, 20_000, 0.5)).toBe(false);
    expect(isCredibleCount(0, 10, 0.5)).toBe(true);
    expect(isCredibleCount(0, 40, 0.5)).toBe(false);
    // Hoeffding: sqrt(ln(2/δ) / 2n) bounds it from above.
    expect(credibleDeviation(20_000, 0.5)).toBeLessThanOrEqual(Math.sqrt(Math.log(2e9) / 40_000));
  });
});

describe('onnxruntime drops as the file says', () => {
  const operators: [string, OnnxOptions][] = [
    ['opset 7', { opset: 7 }], ['opset 10', { opset: 10 }], ['opset 12', { opset: 12 }], ['opset 13', { opset: 13 }], ['opset 22', { opset: 22 }],
    ['Constant', { opset: 17, form: 'constant' }], ['graph input', { opset: 17, form: 'input' }], ['default input', { opset: 17, form: 'input-default' }], ['symbolic batch', { opset: 17, batch: 'symbolic' }],
  ];
  it.each(operators)('an element, %s', async (_, options) => {
    for (const rate of [0.1, 0.5, 0.9]) {
      const result = await measured(`input(20) → linear(30) → dropout(${rate}) → linear(4)`, options);
      expect(result.detail).toMatch(/^drops 0\.\d+ of \d{5} units .*mean kept$/);
      expect(result.verdict).toBe('holds');
    }
  });

  const shaped: [unit: string, chain: string, options: OnnxOptions][] = [
    ['a channel (decomposed)', 'input(3, 6, 6) → conv2d(16) → spatial-dropout(0.25) → conv2d(4)', { opset: 17 }],
    ['a channel (operator)', 'input(3, 6, 6) → conv2d(16) → spatial-dropout(0.25) → conv2d(4)', { opset: 17, spatial: 'operator' }],
    ['a channel, dynamic', 'input(3, 6, 6) → conv2d(16) → spatial-dropout(0.25) → conv2d(4)', { opset: 17, batch: 'symbolic' }],
    ['an example', 'input(8) → linear(8) → residual{ linear(8) → stochastic-depth(0.3) } → linear(4)', { opset: 17, batch: 'symbolic' }],
    ['a feature for all time steps', 'input(6,8) → linear(8) → time-dropout(0.25) → linear(4)', { opset: 17, batch: 'symbolic' }],
    ['a weight', 'input(40) → linear(60, connect=0.4) → relu → linear(4)', { opset: 17 }],
  ];
  it.each(shaped)('%s', async (_, chain, options) => {
    const result = await measured(chain, options);
    expect(result.detail).toMatch(/^drops/);
    expect(result.verdict).toBe('holds');
  });
});

describe('laws', () => {
  const proofOf = (before: string, after: string, options: OnnxOptions = {}) =>
    prove(readOnnxBytes(toOnnx(before, options)), readOnnxBytes(toOnnx(after, options)), 'exact-in-distribution', { pool });
  const dense = (middle: string) => `input(8) → linear(6) → ${middle} → linear(4)`;

  it.each([
    ['two in a row are one', dense('dropout(0.5) → dropout(0.2)'), dense('dropout(0.6)')],
    ['a swap with ReLU', dense('dropout(0.5) → relu'), dense('relu → dropout(0.5)')],
    ['a transpose', 'input(4, 6) → dropout(0.5) → transpose → linear(3)', 'input(4, 6) → transpose → dropout(0.5) → linear(3)'],
  ])('%s', async (_, before, after) => {
    const proof = await proofOf(before, after);
    expect(proof.reason).toBeUndefined();
    expect(proof.checks.map(({ check, verdict }) => `${check} ${verdict}`)).toEqual(['erasure holds', 'inference holds', 'statistics holds']);
  });

  it.each([
    ['two in a row with another rate', dense('dropout(0.5) → dropout(0.2)'), dense('dropout(0.7)')],
    ['a swap with GELU', dense('dropout(0.5) → gelu'), dense('gelu → dropout(0.5)')],
    ['one that is gone', dense('dropout(0.5) → relu'), dense('relu')],
    ['two branches that shared a mask', 'input(8) → dropout(0.5) → add{ linear(4) | linear(4) }', 'input(8) → add{ dropout(0.5) → linear(4) | dropout(0.5) → linear(4) }'],
    ['channels instead of elements', 'input(3, 6, 6) → conv2d(4) → dropout(0.5) → conv2d(4)', 'input(3, 6, 6) → conv2d(4) → spatial-dropout(0.5) → conv2d(4)'],
  ])('%s: not the same', async (_, before, after) => {
    const proof = await proofOf(before, after);
    expect(proof.verdict).toBe('refuted');
    expect(proof.checks.at(-1)).toMatchObject({ check: 'statistics', verdict: 'fails' });
  });
});
