import { afterAll, describe, expect, it } from 'vitest';
import { dropout } from '../../fixtures/builders/dropout-forms.js';
import type { DropoutOptions } from '../../fixtures/builders/dropout-forms.js';
import { perceptron } from '../../fixtures/builders/examples.js';
import rule from '../../rules/no-consecutive-dropout.js';
import { closeVerifier } from '../../src/verify/index.js';
import { atEveryForm, cases } from '../support/cases.js';
import { dropoutsIn, findings, fix, fixed, graphOf, messages, print } from '../support/one-rule.js';

afterAll(closeVerifier);

const merged = { level: 'warn', class: 'exact-in-distribution' } as const;

cases(rule, [
  ...atEveryForm({ chain: 'linear → relu → dropout(0.5) → dropout(0.5) → linear', flags: ['dropout#2'], ...merged, fixed: 'linear → relu → dropout(0.75) → linear' }).filter(({ onnx }) => !/input/.test(JSON.stringify(onnx))),
  { chain: 'linear → relu → dropout(0.2) → dropout(0.3) → linear', flags: ['dropout#2'], ...merged, preset: 'strict', message: /0\.2 and 0\.3, drop 0\.44 together/, fixed: 'linear → relu → dropout(0.44) → linear', onnx: { opset: 17 } },
  { chain: 'conv2d → relu → dropout(0.25) → flatten → dropout(0.5) → linear', flags: ['dropout#2'], ...merged, fixed: 'conv2d → relu → flatten → dropout(0.625) → linear', onnx: [{ opset: 11 }, { opset: 17 }], because: 'with a flatten between' },
  { chain: 'linear → dropout(0.5) → dropout(0.5) → dropout(0.2) → linear', flags: ['dropout#2', 'dropout#3'], ...merged, fixed: 'linear → dropout(0.8) → linear', onnx: { opset: 17 }, because: 'three in a row' },
  { chain: 'linear → relu → dropout(0.5) → identity → dropout(0.5) → linear', flags: ['dropout#2'], level: 'warn', formats: ['onnx'], onnx: { opset: 17 }, fixed: 'linear → relu → identity → dropout(0.75) → linear' },

  // Not of one kind: reported, not merged.
  { chain: 'conv2d → relu → spatial-dropout(0.2) → dropout(0.3) → conv2d → flatten → linear', flags: ['dropout'], level: 'warn', formats: ['onnx'], onnx: { opset: 17 } },
  { chain: 'conv2d → relu → spatial-dropout(0.2) → spatial-dropout(0.3) → conv2d → flatten → linear', flags: ['spatial-dropout#2'], level: 'warn', formats: ['onnx'], onnx: { opset: 17 } },
  { chain: 'linear → relu → dropout(0.2) → dropout(0.3,state=off) → linear', flags: ['dropout#2'], level: 'warn', formats: ['onnx'], onnx: { opset: 17 } },
  { chain: 'linear → relu → dropout(0.2,seed=3) → dropout(0.3,seed=3) → linear', flags: ['dropout#2'], level: 'warn', formats: ['onnx'], onnx: { opset: 17 }, because: 'one seed, one mask' },
  { chain: 'linear → relu → dropout(0.2) → dropout(0.3) → linear', flags: ['dropout#2'], level: 'warn', formats: ['onnx'], onnx: [{ opset: 17, form: 'input' }, { opset: 17, form: 'input-default' }], because: 'a graph input gives the rate' },
  { chain: 'linear → relu → dropout(1.5) → dropout(0.3) → linear', flags: ['dropout#2'], level: 'warn', formats: ['onnx'], onnx: { opset: 17 }, because: 'a rate that is none' },

  // No row of two.
  { chain: 'linear → dropout(0.5) → relu → dropout(0.5) → linear', flags: [] },
  { chain: 'linear → relu → dropout(0) → dropout(0.5) → linear', flags: [], because: 'no-noop-dropout' },
  { chain: 'linear → relu → dropout(0.5) → linear → dropout(0.5) → relu → linear', flags: [] },
  { chain: 'lstm(8) → dropout(0.5) → transpose → dropout(0.5) → flatten → linear', flags: [], formats: ['onnx'], because: 'a transposition moves the mask' },
  { chain: 'linear → relu → dropout(0.5) → concat{ dropout(0.5) | relu } → linear', flags: [], formats: ['onnx'], onnx: { opset: 17 }, because: 'two readers' },
]);

const two = (first: Partial<DropoutOptions>, second: Partial<DropoutOptions> = {}) =>
  graphOf(perceptron((g, x) => {
    const drop = (value: typeof x, scope: string, options: Partial<DropoutOptions>) => dropout(g, value, { rate: 0.5, state: 'live', scope, ...options });
    return drop(drop(x, 'first', first), 'second', second);
  }));

describe('the merge', () => {
  it.each([
    ['the first mask is read', { mask: 'output' }, {}],
    ['the second mask is read', {}, { mask: 'output' }],
    ['the first is spelled out', { form: 'decomposed' }, { state: 'off' }],
  ] as const)('is not offered where %s', (_, first, second) => {
    expect(findings(rule, two(first, second))).toEqual(['/second/Dropout warn']);
  });

  it('keeps the seed of the one that stays', async () => {
    const [after] = dropoutsIn(await fixed(rule, two({ seed: 1 }, { seed: 2 })));
    expect(after).toMatchObject({ rate: 0.75, seed: 2 });
  });

  it('of dropout that is spelled out is refused, and leaves the file as it was', async () => {
    const document = graphOf(perceptron((g, x) => dropout(g, dropout(g, x, { rate: 0.5, scope: 'first', form: 'decomposed' }), { rate: 0.5, scope: 'second', form: 'decomposed' }), { opset: 18 }));
    const outcome = await fix(rule, document);
    expect([...outcome.refusals.values()]).toEqual(['it is spelled out in random operators']);
    expect(outcome.document).toBe(document);
  });

  it('reaches one dropout from ten, whatever their rates', async () => {
    const rates = Array.from({ length: 10 }, (_, i) => (i + 1) / 20);
    const document = graphOf(`linear → ${rates.map((rate) => `dropout(${rate})`).join(' → ')} → linear`);
    const after = await fixed(rule, document);
    expect(dropoutsIn(after)).toHaveLength(1);
    expect(dropoutsIn(after)[0]!.rate).toBeCloseTo(1 - rates.reduce((keep, rate) => keep * (1 - rate), 1), 5);
    expect(print(after).match(/dropout/g)).toHaveLength(1);
  });
});

it('says what the two come to', () => {
  expect(messages(rule, two({ rate: 0.2 }, { rate: 0.3 }))).toMatchInlineSnapshot(`
    [
      "Two dropouts in a row: '/first/Dropout' and this one, 0.2 and 0.3, drop 0.44 together. Keep one.",
    ]
  `);
  expect(messages(rule, two({ form: 'input' }))).toMatchInlineSnapshot(`
    [
      "Two dropouts in a row: '/first/Dropout' and this one. Keep one.",
    ]
  `);
});
