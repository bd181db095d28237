import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BIT_EXACT, compareOutputs } from '../../src/verify/compare.js';
import { fromFloat16, toFloat16, ulpDistance } from '../../src/verify/tensors.js';
import type { TensorValue } from '../../src/verify/tensors.js';

const float = (...values: number[]): TensorValue => ({ type: 'float32', dims: [values.length], data: Float32Array.from(values) });
const next = (value: number, ulps: number): number => {
  const bits = new Int32Array(Float32Array.of(value).buffer);
  bits[0]! += ulps;
  return new Float32Array(bits.buffer)[0]!;
};

describe('equality', () => {
  it.each([
    ['the same', float(1, 2), float(1, 2)],
    ['−0 and +0', float(-0, 0), float(0, -0)],
    ['NaN at the same place', float(Number.NaN, 1), float(Number.NaN, 1)],
    ['infinities', float(Infinity, -Infinity), float(Infinity, -Infinity)],
    ['nothing', float(), float()],
  ])('%s', (_, a, b) => expect(compareOutputs('y', a, b, BIT_EXACT)).toEqual({ largest: undefined, within: true }));

  it.each([
    ['NaN at another place', float(Number.NaN, 1), float(1, Number.NaN), [0], Infinity],
    ['infinity and a number', float(1, Infinity), float(1, 3e38), [1], Infinity],
    ['signs of infinity', float(Infinity), float(-Infinity), [0], Infinity],
    ['one ulp', float(5, 1), float(5, next(1, 1)), [1], 1],
    ['across zero', float(next(0, 1)), float(-next(0, 1)), [0], 2],
  ])('%s is a difference', (_, a, b, index, ulp) => {
    const { largest, within } = compareOutputs('y', a, b, BIT_EXACT);
    expect(within).toBe(false);
    expect(largest).toMatchObject({ output: 'y', index, ulp });
  });

  it('shapes and types count', () => {
    const flat = float(1, 2, 3, 4);
    expect(compareOutputs('y', flat, { ...flat, dims: [2, 2] }, BIT_EXACT).largest).toMatchObject({ before: 'float32[4]', after: 'float32[2, 2]', ulp: Infinity });
    expect(compareOutputs('y', flat, { ...flat, type: 'float64' }, BIT_EXACT).within).toBe(false);
  });

  it('integers, booleans and strings are equal or not', () => {
    const ints = (...values: bigint[]): TensorValue => ({ type: 'int64', dims: [values.length], data: BigInt64Array.from(values) });
    const strings = (...values: string[]): TensorValue => ({ type: 'string', dims: [values.length], data: values });
    const loose = { ulp: 1e9, relative: 1 };
    expect(compareOutputs('y', ints(1n, 2n ** 60n), ints(1n, 2n ** 60n), loose).within).toBe(true);
    expect(compareOutputs('y', ints(1n, 2n ** 60n), ints(1n, 2n ** 60n + 1n), loose)).toMatchObject({ within: false, largest: { index: [1] } });
    expect(compareOutputs('y', strings('a', 'b'), strings('a', 'c'), loose)).toMatchObject({ within: false, largest: { before: 'b', after: 'c' } });
  });

  it('says where, outermost index first', () => {
    const tensor = (at: number): TensorValue => ({ type: 'float32', dims: [2, 3, 4], data: Float32Array.from({ length: 24 }, (_, i) => (i === at ? 7 : 1)) });
    expect(compareOutputs('y', tensor(17), tensor(99), BIT_EXACT).largest).toMatchObject({ index: [1, 1, 1], before: 7, after: 1 });
  });
});

describe('tolerance', () => {
  it('is in ulps, or relative to the largest magnitude', () => {
    expect(compareOutputs('y', float(1), float(next(1, 4)), { ulp: 4, relative: 0 })).toMatchObject({ within: true, largest: { ulp: 4 } });
    expect(compareOutputs('y', float(1), float(next(1, 5)), { ulp: 4, relative: 0 }).within).toBe(false);
    // A sum that cancelled: 100 % off on its own, nothing beside the rest.
    expect(compareOutputs('y', float(1000, 1e-5), float(1000, 2e-5), { ulp: 0, relative: 1e-6 }).within).toBe(true);
    expect(compareOutputs('y', float(1, 1e-5), float(1, 2e-5), { ulp: 0, relative: 1e-6 }).within).toBe(false);
  });

  it('reports a difference beyond it before a larger one within', () => {
    const { largest } = compareOutputs('y', float(1000, 1), float(1000.01, 1.009), { ulp: 200, relative: 0 });
    expect(largest).toMatchObject({ index: [1] });
  });
});

describe('float16', () => {
  it('numbers survive the way there and back', () => {
    fc.assert(fc.property(fc.integer({ min: 0, max: 0xffff }), (bits) => {
      const value = fromFloat16(bits);
      if (Number.isNaN(value)) expect(Number.isNaN(fromFloat16(toFloat16(value)))).toBe(true);
      else expect(toFloat16(value)).toBe(bits);
    }), { numRuns: 3000 });
  });

  it('is rounded to the nearest, ties to even', () => {
    const spacing = 2 ** -10;
    expect(fromFloat16(toFloat16(1 + spacing / 2))).toBe(1);
    expect(fromFloat16(toFloat16(1 + 1.5 * spacing))).toBe(1 + 2 * spacing);
    expect(toFloat16(65520)).toBe(0x7c00);
    expect(fromFloat16(toFloat16(65519))).toBe(65504);
    expect(ulpDistance('float16', 1, 1 + 3 * spacing)).toBe(3);
  });
});

it('distances are symmetric, additive and exact', () => {
  fc.assert(fc.property(fc.float({ noNaN: true, noDefaultInfinity: true }), fc.integer({ min: 1, max: 1000 }), (value, ulps) => {
    const other = next(value === 0 ? 0 : value, ulps);
    fc.pre(Number.isFinite(other));
    expect(ulpDistance('float32', value, other)).toBe(ulps);
    expect(ulpDistance('float32', other, value)).toBe(ulps);
    expect(ulpDistance('float64', value, value)).toBe(0);
  }));
});
