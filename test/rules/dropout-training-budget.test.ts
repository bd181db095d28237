import { expect, it } from 'vitest';
import rule from '../../rules/dropout-training-budget.js';
import { codeOf, findings, graphOf, messages } from '../support/one-rule.js';

const chain = 'linear → relu → dropout(0.5) → linear → relu → dropout(0.2) → linear';

it('gives one hint for a model, in the preset all alone', () => {
  expect(findings(rule, codeOf(chain), { preset: 'all' })).toEqual([expect.stringMatching(/ info$/)]);
  for (const preset of ['recommended', 'strict'] as const) expect(findings(rule, codeOf(chain), { preset })).toEqual([]);
});

it.each(['linear → relu → linear', 'linear → relu → dropout(0) → linear'])('is silent on %s', (clean) => {
  expect(findings(rule, codeOf(clean), { preset: 'all' })).toEqual([]);
});

it('has nothing to say of a graph', () => {
  expect(findings(rule, graphOf(chain), { preset: 'all' })).toEqual([]);
});

it('says what to check', () => {
  expect(messages(rule, codeOf(chain), { preset: 'all' })).toMatchInlineSnapshot(`
    [
      "This model has dropout (2 of them): each step trains a random part of it, so it needs 2–3 times the epochs of the same model without. Check that the number of epochs was raised with it.",
    ]
  `);
});
