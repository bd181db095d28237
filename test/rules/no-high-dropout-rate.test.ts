import { afterAll, expect, it } from 'vitest';
import { dropout } from '../../fixtures/builders/dropout-forms.js';
import { namedRate, perceptron } from '../../fixtures/builders/examples.js';
import rule from '../../rules/no-high-dropout-rate.js';
import { closeVerifier } from '../../src/verify/index.js';
import { cases } from '../support/cases.js';
import { dropoutsIn, findings, fix, fixed, graphOf, messages } from '../support/one-rule.js';

afterAll(closeVerifier);

const chain = (rate: number) => `linear → relu → dropout(${rate}) → linear`;

cases(rule, [
  { chain: chain(0.5), flags: [] },
  { chain: chain(0.51), flags: ['dropout'], level: 'info', class: 'suggestion' },
  { chain: chain(0.7), flags: ['dropout'], level: 'info', class: 'suggestion' },
  { chain: chain(0.79), flags: ['dropout'], level: 'info' },
  { chain: chain(0.8), flags: ['dropout'], level: 'warn', message: /80 % .* scaled by 5\.0/ },
  { chain: chain(0.9), flags: ['dropout'], level: 'warn' },
  { chain: chain(0.51), flags: ['dropout'], level: 'warn', preset: 'strict' },
  { chain: chain(0.5), flags: [], preset: 'strict' },
  { chain: chain(0.1), flags: [], preset: 'strict' },
  { chain: chain(1), flags: [], because: 'valid-dropout-rate' },
  { chain: chain(90), flags: [], because: 'valid-dropout-rate' },
  { chain: 'linear → dropout(0.9) → relu → dropout(0.85) → linear', flags: ['dropout', 'dropout#2'] },
  { chain: 'conv2d → relu → spatial-dropout(0.9) → conv2d → flatten → linear', flags: ['spatial-dropout'], formats: ['onnx'] },
  { chain: 'self-attention(2,dropout=0.9) → mean-time → linear', flags: ['self-attention'], formats: ['onnx'] },
]);

it('leaves the published rates to the option', () => {
  const options = { max: 0.7 };
  expect(findings(rule, graphOf(chain(0.7)), { options })).toEqual([]);
  expect(findings(rule, graphOf(chain(0.75)), { options })).toEqual(['/net/drop0/Dropout warn suggestion']);
});

it('says how much is silenced', () => {
  expect(messages(rule, graphOf(chain(0.9)))).toMatchInlineSnapshot(`
    [
      "Rate 0.9: 90 % of the units are silenced in every step and the rest are scaled by 10.0, which starves the layers behind them (underfitting). Rates above 0.5 are rare.",
    ]
  `);
});

it('is silent on a rate that is not known', () => {
  expect(findings(rule, graphOf(namedRate('rate', 0, 'input')))).toEqual([]);
});

it.each([[17, 0.5], [10, 0.5], [17, 0.3]])('sets the highest allowed rate when suggestions are applied (opset %i, max %d)', async (opset, max) => {
  const document = graphOf(chain(0.9), { opset });
  expect((await fix(rule, document, { options: { max } })).fixed).toEqual([]);
  expect(dropoutsIn(await fixed(rule, document, { suggestions: true, options: { max } }))[0]?.rate).toBeCloseTo(max, 6);
});

it('cannot set the rate of dropout that random operators spell out', async () => {
  const document = graphOf(perceptron((g, x) => dropout(g, x, { rate: 0.9, scope: 'drop', form: 'decomposed' }), { opset: 18 }));
  expect(findings(rule, document)).toEqual(['/drop/Mul warn suggestion']);
  expect([...(await fix(rule, document, { suggestions: true })).refusals.values()]).toEqual(['it is spelled out in random operators']);
});
