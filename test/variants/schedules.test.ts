import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import * as api from '../../src/index.js';
import { annealed, constant, curriculum, early, late, linear, ratesOf, SCHEDULE_KINDS, schedules } from '../../src/variants/schedules.js';

const rounded = (rates: readonly number[]): number[] => rates.map((rate) => Number(rate.toFixed(4)));

describe('the rates of ten epochs at 0.5', () => {
  const options = { rate: 0.5, epochs: 10 };
  it.each([
    ['constant', constant(options), Array(10).fill(0.5)],
    ['linear', linear(options), [0, 0.0556, 0.1111, 0.1667, 0.2222, 0.2778, 0.3333, 0.3889, 0.4444, 0.5]],
    // (1 − e^(−t))/2, since γ = 10/10.
    ['curriculum', curriculum(options), [0, 0.3161, 0.4323, 0.4751, 0.4908, 0.4966, 0.4988, 0.4995, 0.4998, 0.4999]],
    ['curriculum, γ given', curriculum({ ...options, gamma: Math.LN2 }), [0, 0.25, 0.375, 0.4375, 0.4688, 0.4844, 0.4922, 0.4961, 0.498, 0.499]],
    ['annealed', annealed(options), [0.5, 0.45, 0.4, 0.35, 0.3, 0.25, 0.2, 0.15, 0.1, 0.05]],
    ['early', early({ ...options, cutoff: 4 }), [0.5, 0.375, 0.25, 0.125, 0, 0, 0, 0, 0, 0]],
    ['late', late({ ...options, cutoff: 4 }), [0, 0, 0, 0, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5]],
  ] as const)('%s', (_, schedule, rates) => expect(rounded(ratesOf(schedule, 10))).toEqual(rates));

  it('early and late: the cutoff is a sixth of training', () => {
    expect(ratesOf(late({ rate: 0.1, epochs: 300 }), 300).findIndex((rate) => rate > 0)).toBe(50);
    expect(ratesOf(early({ rate: 0.1, epochs: 300 }), 300).findIndex((rate) => rate === 0)).toBe(50);
  });
});

describe('properties', () => {
  const kind = fc.constantFrom(...SCHEDULE_KINDS);
  const rate = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
  const epochs = fc.integer({ min: 1, max: 500 });

  it('every rate is in [0, p], and moves in one direction', () => {
    fc.assert(fc.property(kind, rate, epochs, (name, p, length) => {
      const rates = ratesOf(schedules[name]({ rate: p, epochs: length }), length + 10);
      const falls = name === 'annealed' || name === 'early';
      for (const [epoch, value] of rates.entries()) {
        const before = rates[epoch - 1] ?? value;
        if (!(value >= 0 && value <= p) || (falls ? value > before : value < before)) return false;
      }
      return true;
    }));
  });

  it('curriculum: θ(t) = (1 − θ̄)e^(−γt) + θ̄ of the paper', () => {
    fc.assert(fc.property(rate, epochs, fc.double({ min: 0, max: 500, noNaN: true }), (p, T, t) => {
      const [keep, gamma] = [1 - p, 10 / T];
      const theta = (1 - keep) * Math.exp(-gamma * t) + keep;
      expect(curriculum({ rate: p, epochs: T })(t)).toBeCloseTo(1 - theta, 12);
    }));
  });
});

describe('what makes no sense is refused', () => {
  it.each([
    [() => constant({ rate: 1, epochs: 1 }), 'The rate must be in [0, 1), not 1.'],
    [() => annealed({ rate: NaN, epochs: 1 }), 'not NaN'],
    [() => linear({ rate: 0.5, epochs: 0 }), 'The number of epochs must be a positive integer, not 0.'],
    [() => linear({ rate: 0.5, epochs: 1.5 }), 'not 1.5'],
    [() => curriculum({ rate: 0.5, epochs: 1, gamma: 0 }), 'gamma must be a positive number, not 0.'],
    [() => early({ rate: 0.5, epochs: 10, cutoff: 11 }), 'The cutoff must be in (0, 10], not 11.'],
    [() => late({ rate: 0.5, epochs: 10, cutoff: 0 }), 'not 0'],
  ])('%#', (make, message) => {
    expect(make).toThrow(RangeError);
    expect(make).toThrow(message);
  });
});

it('stands in the public API', () => {
  expect(api.schedules).toBe(schedules);
  expect(api.ratesOf(api.schedules.constant({ rate: 0.1, epochs: 2 }), 2)).toEqual([0.1, 0.1]);
});
