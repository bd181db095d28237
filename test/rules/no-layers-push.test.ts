import { expect, it } from 'vitest';
import rule from '../../rules/no-layers-push.js';
import { codeOf, findings, fix, messages } from '../support/one-rule.js';
import { textAfter, withLayer } from '../support/tensorflowjs.js';

const push = 'model.layers.push(tf.layers.dropout({ rate: 0.2 }));';

it.each([
  [push, 'model.add(tf.layers.dropout({ rate: 0.2 }));'],
  ['model.layers.push(tf.layers.dense({ units: 4 })); // hidden', 'model.add(tf.layers.dense({ units: 4 })); // hidden'],
])('reports and repairs %s', async (statement, wanted) => {
  const document = codeOf(withLayer(statement));
  expect(findings(rule, document)).toEqual([expect.stringMatching(/ error repair$/)]);
  const outcome = await fix(rule, document);
  expect(outcome.remaining).toEqual([]);
  expect(textAfter(outcome.document)).toBe(wanted);
});

it('states that a repair which adds a layer cannot be shown to change nothing', async () => {
  const { fixed: [done] } = await fix(rule, codeOf(withLayer(push)));
  expect(done!.proof!.checks).toEqual([expect.objectContaining({ check: 'erasure', verdict: 'not-applicable', detail: expect.stringContaining('on purpose') as string })]);
});

it.each(['model.add(tf.layers.dropout({ rate: 0.2 }));', 'const layers = []; layers.push(tf.layers.dropout({ rate: 0.2 }));', 'console.log(model.layers.length);'])('is silent on %s', (statement) => {
  expect(messages(rule, codeOf(withLayer(statement)))).toEqual([]);
});

it('says what becomes of the layer', () => {
  expect(messages(rule, codeOf(withLayer(push)))).toMatchInlineSnapshot(`
    [
      "model.layers.push adds nothing: the layer is not connected, and the model is built without it. Use model.add.",
    ]
  `);
});
