import { expect, it } from 'vitest';
import rule from '../../rules/no-alpha-dropout.js';
import { cases } from '../support/cases.js';
import { codeOf, findings, fix, messages } from '../support/one-rule.js';
import { withLayer } from '../support/tensorflowjs.js';

cases(rule, [
  { chain: 'linear → selu → alpha-dropout(0.1) → linear', flags: ['alpha-dropout'], level: 'warn', fixed: false, formats: ['code', 'topology'] },
  { chain: 'linear → relu → dropout(0.1) → linear', flags: [], preset: 'strict' },
]);

it('reports every alphaDropout, and repairs none', async () => {
  const document = codeOf(withLayer('model.add(tf.layers.alphaDropout({ rate: 0.2 }));'));
  expect(findings(rule, document)).toEqual(['alphaDropout warn']);
  expect((await fix(rule, document, { suggestions: true })).fixed).toEqual([]);
});

it('is silent on the AlphaDropout of droplint/tfjs', () => {
  expect(messages(rule, codeOf(`import { AlphaDropout } from 'droplint/tfjs';\n${withLayer('model.add(new AlphaDropout({ rate: 0.2 }));')}`))).toEqual([]);
});

it.each(['dropout({ rate: 0.2 })', 'gaussianDropout({ rate: 0.2 })', 'gaussianNoise({ stddev: 0.2 })'])('is silent on %s', (call) => {
  expect(messages(rule, codeOf(withLayer(`model.add(tf.layers.${call});`)))).toEqual([]);
});

it('says what to use instead', () => {
  expect(messages(rule, codeOf(withLayer('model.add(tf.layers.alphaDropout({ rate: 0.2 }));')))).toMatchInlineSnapshot(`
    [
      "TensorFlow.js's alphaDropout has a sign error: dropped units get +1.758 instead of −1.758, which shifts the mean (by +0.62 at rate 0.2). Use dropout behind ReLU, gaussianDropout, or SELU without dropout.",
    ]
  `);
});
