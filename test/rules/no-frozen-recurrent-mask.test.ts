import { describe, expect, it } from 'vitest';
import rule from '../../rules/no-frozen-recurrent-mask.js';
import { codeOf, findings, fix, messages } from '../support/one-rule.js';
import { textAfter, withLayer } from '../support/tensorflowjs.js';

const SHAPE = [10, 16];
const at = (call: string) => codeOf(withLayer(`model.add(tf.layers.${call});`, SHAPE));

describe('reports', () => {
  it.each([
    ['rnn({ cell: tf.layers.lstmCell({ units: 4, dropout: 0.2 }) })', 'lstm({ units: 4, dropout: 0.2 })'],
    ['rnn({ cell: tf.layers.gruCell({ units: 4, recurrentDropout: 0.2 }) })', 'gru({ units: 4, recurrentDropout: 0.2 })'],
    ['rnn({ cell: tf.layers.simpleRNNCell({ units: 4, dropout: 0.2 }) })', 'simpleRNN({ units: 4, dropout: 0.2 })'],
  ])('%s, and offers the layer', async (call, wanted) => {
    expect(findings(rule, at(call))).toEqual([expect.stringMatching(/ warn suggestion$/)]);
    expect((await fix(rule, at(call))).fixed).toEqual([]);
    const outcome = await fix(rule, at(call), { suggestions: true });
    expect(textAfter(outcome.document, SHAPE)).toBe(`model.add(tf.layers.${wanted});`);
    expect(outcome.remaining).toEqual([]);
  });
});

it.each([
  'lstm({ units: 4, dropout: 0.2, recurrentDropout: 0.2 })',
  'rnn({ cell: tf.layers.lstmCell({ units: 4 }) })',
  'rnn({ cell: tf.layers.lstmCell({ units: 4, dropout: 0 }) })',
  'bidirectional({ layer: tf.layers.gru({ units: 4, recurrentDropout: 0.2 }) as tf.RNN })',
  'dropout({ rate: 0.2 })',
])('is silent on %s', (call) => {
  expect(messages(rule, at(call))).toEqual([]);
});

it('says what happens to the mask', () => {
  expect(messages(rule, at('rnn({ cell: tf.layers.lstmCell({ units: 4, dropout: 0.2 }) })'))).toMatchInlineSnapshot(`
    [
      "Inside rnn({ cell }) TensorFlow.js draws the dropout mask once and keeps it for ever, and crashes when the batch size changes. Use the layer itself: lstm, gru or simpleRNN with the same settings.",
    ]
  `);
});
