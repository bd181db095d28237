import { afterAll, expect, it } from 'vitest';
import { namedRate } from '../../fixtures/builders/examples.js';
import rule from '../../rules/no-keep-probability-as-rate.js';
import { closeVerifier } from '../../src/verify/index.js';
import { cases } from '../support/cases.js';
import { codeOf, dropoutsIn, findings, fix, fixed, graphOf, lint, messages } from '../support/one-rule.js';

afterAll(closeVerifier);

cases(rule, [
  { chain: 'linear → relu → dropout(0.8) → linear', flags: [], because: 'a number has no name' },
  { chain: 'linear → relu → dropout(0.5) → linear', flags: [], preset: 'strict' },
]);

it.each(['keep_prob', 'keepProb', 'dense_1/keep_prob', 'keep_probability', 'keep_rate', 'keep_p', 'prob_keep', 'probabilityOfKeep', 'retain_prob', 'retain', 'retention_prob'])('reports a ratio called %s', (name) => {
  expect(findings(rule, graphOf(namedRate(name, 0.8)))).toEqual(['/drop/Dropout warn suggestion']);
});

it.each(['ratio', 'drop_prob', 'dropout_rate', 'rate', 'p', 'housekeeping', 'keep', 'keep_dims', 'upkeep_cost'])('is silent on a ratio called %s', (name) => {
  expect(findings(rule, graphOf(namedRate(name, 0.8)))).toEqual([]);
});

it('says what is dropped now, where that is known', () => {
  expect(messages(rule, graphOf(namedRate('keep_prob', 0.8)))).toMatchInlineSnapshot(`
    [
      "'keep_prob' names the probability of keeping a unit, but a dropout takes the probability of dropping it: 80 % of the units are dropped. Pass 1 − keep_prob.",
    ]
  `);
  expect(messages(rule, graphOf(namedRate('keep_prob', 0.8, 'input')))).toMatchInlineSnapshot(`
    [
      "'keep_prob' names the probability of keeping a unit, but a dropout takes the probability of dropping it. Pass 1 − keep_prob.",
    ]
  `);
});

it('gives the complement when suggestions are applied, and nothing before', async () => {
  const document = graphOf(namedRate('keep_prob', 0.8));
  expect((await fix(rule, document)).fixed).toEqual([]);
  expect(dropoutsIn(await fixed(rule, document, { suggestions: true }))[0]?.rate).toBeCloseTo(0.2, 6);
});

it('gives the complement of 0.5, which is the same number under another name', async () => {
  const after = await fixed(rule, graphOf(namedRate('keep_prob', 0.5)), { suggestions: true });
  expect(dropoutsIn(after).map(({ rate }) => rate)).toEqual([0.5]);
  expect(findings(rule, after)).toEqual([]);
});

it('leaves a ratio that the caller feeds to the caller', async () => {
  const { fixed: done, refusals } = await fix(rule, graphOf(namedRate('keep_prob', 0.8, 'input')), { suggestions: true });
  expect(done).toEqual([]);
  expect([...refusals.values()]).toEqual(['its rate comes from the run time']);
});

const model = (rate: string) => `import * as tf from '@tensorflow/tfjs';
export function build(keepProb: number, dropRate: number, options: { keepProb: number }) {
  const keep_prob = 0.8;
  const model = tf.sequential();
  model.add(tf.layers.dense({ units: 8, activation: 'relu', inputShape: [4] }));
  model.add(tf.layers.dropout({ rate: ${rate} }));
  model.add(tf.layers.dense({ units: 2, activation: 'softmax' }));
  return model;
}
`;

it.each(['keepProb', 'keep_prob', 'options.keepProb', 'keepProb * 1'])('reports { rate: %s } in code', (rate) => {
  expect(lint(rule, codeOf(model(rate)))).toHaveLength(1);
});

it.each(['1 - keepProb', '1.0 - keep_prob', '(1 - keepProb)', 'dropRate', '0.8'])('is silent on { rate: %s } in code', (rate) => {
  expect(messages(rule, codeOf(model(rate)))).toEqual([]);
});
