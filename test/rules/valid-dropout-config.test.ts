import { describe, expect, it } from 'vitest';
import rule from '../../rules/valid-dropout-config.js';
import { codeOf, findings, fix, messages } from '../support/one-rule.js';
import { textAfter, withLayer } from '../support/tensorflowjs.js';

const at = (layer: string) => codeOf(withLayer(layer));

describe('reports, and repairs,', () => {
  it.each([
    ['model.add(tf.layers.dropout(0.2));', 'model.add(tf.layers.dropout({ rate: 0.2 }));'],
    ['model.add(tf.layers.dropout( .5 )); // a comment', 'model.add(tf.layers.dropout( { rate: .5 } )); // a comment'],
    ['model.add(tf.layers.dropout({ p: 0.2 }));', 'model.add(tf.layers.dropout({ rate: 0.2 }));'],
    ['model.add(tf.layers.dropout({ dropRate: 0.2, seed: 1 }));', 'model.add(tf.layers.dropout({ rate: 0.2, seed: 1 }));'],
    ['model.add(tf.layers.dropout({ "probability": 0.2 }));', undefined],
    ['model.add(tf.layers.spatialDropout1d(0.2));', undefined],
    ['model.add(tf.layers.alphaDropout({ p: 0.2 }));', undefined],
  ])('%s', async (layer, wanted) => {
    expect(findings(rule, at(layer))).toEqual([expect.stringMatching(/ error repair$/)]);
    const { fixed, remaining, document } = await fix(rule, at(layer));
    expect(fixed.map(({ proof }) => proof?.verdict)).toEqual(['proven']);
    expect(remaining).toEqual([]);
    if (wanted) expect(textAfter(document)).toBe(wanted);
  });
});

describe('reports what nothing is known to replace', () => {
  it.each(['dropout({})', 'dropout()', 'dropout({ rate: NaN })', 'dropout({ rate: undefined })', 'dropout(50)', 'dropout({ keepProb: 0.8 })', 'dropout({ seed: 3 })', 'gaussianDropout({})'])('%s', async (call) => {
    const document = at(`model.add(tf.layers.${call});`);
    expect(findings(rule, document)).toEqual([expect.stringMatching(/ error$/)]);
    expect((await fix(rule, document, { suggestions: true })).fixed).toEqual([]);
  });
});

it.each(['AlphaDropout({})', 'AlphaDropout(0.2)', 'ConcreteDropout({ divergenceWeight: 0.1 })', 'DropConnectDense({ units: 4 })'])('leaves %s of droplint/tfjs to its constructor', (call) => {
  expect(messages(rule, codeOf(`import * as dl from 'droplint/tfjs';\n${withLayer(`model.add(new dl.${call});`)}`))).toEqual([]);
});

it.each(['dropout({ rate: 0.2 })', "dropout({ rate: '0.2' })", 'dropout({ rate })', 'dropout(options)', 'dropout({ ...options })', 'dropout({ rate: 0 })', 'lstm({ units: 4, dropout: 0.2 })'])('is silent on %s', (call) => {
  expect(messages(rule, at(`model.add(tf.layers.${call});`))).toEqual([]);
});

it('says which mistake it is', () => {
  const said = ['dropout(0.2)', 'dropout({})', 'dropout({ p: 0.2 })', 'dropout({ rate: NaN })', 'dropout()'].flatMap((call) => messages(rule, at(`model.add(tf.layers.${call});`)));
  expect(said).toMatchInlineSnapshot(`
    [
      "dropout(0.2) passes a number where TensorFlow.js reads an object: its rate is NaN and nothing is ever dropped, without an error. Write { rate: 0.2 }.",
      "This dropout has no rate: TensorFlow.js computes with NaN and nothing is ever dropped, without an error.",
      "TensorFlow.js does not know 'p' here: the rate is NaN and nothing is ever dropped, without an error. The name is 'rate'.",
      "The rate is NaN: nothing is ever dropped, without an error.",
      "A dropout without arguments throws a TypeError when the model is built.",
    ]
  `);
});
