import { describe, expect, it } from 'vitest';
import rule from '../../rules/valid-spatial-dropout-rank.js';
import { codeOf, findings, fix, messages } from '../support/one-rule.js';
import { textAfter, withLayer } from '../support/tensorflowjs.js';

const SHAPES = { vector: [16], sequence: [10, 16], image: [8, 8, 3] } as const;

describe('reports, and repairs,', () => {
  it.each([
    ['vector', 'spatialDropout1d({ rate: 0.2 })', 'dropout({ rate: 0.2 })'],
    ['image', 'dropout({ rate: 0.2, noiseShape: [32, 1, 1, 8] })', 'dropout({ rate: 0.2, noiseShape: [null, 1, 1, 8] as number[] })'],
    ['sequence', 'dropout({ rate: 0.2, noiseShape: [4, 1, 8] })', 'dropout({ rate: 0.2, noiseShape: [null, 1, 8] as number[] })'],
  ] as const)('on a %s: %s', async (input, call, wanted) => {
    const document = codeOf(withLayer(`model.add(tf.layers.${call});`, SHAPES[input]));
    expect(findings(rule, document)).toEqual([expect.stringMatching(/ error repair$/)]);
    const outcome = await fix(rule, document);
    expect(outcome.fixed.map(({ proof }) => proof?.verdict)).toEqual(['proven']);
    expect(outcome.remaining).toEqual([]);
    expect(textAfter(outcome.document, SHAPES[input])).toBe(`model.add(tf.layers.${wanted});`);
  });
});

it.each([
  ['image', 'spatialDropout1d({ rate: 0.2 })'],
  ['image', 'dropout({ rate: 0.2, noiseShape: [1, 1, 8] })'],
  ['vector', 'dropout({ rate: 0.2, noiseShape: [null, 1, 1, null] })'],
] as const)('reports, without a repair, on a %s: %s', async (input, call) => {
  const document = codeOf(withLayer(`model.add(tf.layers.${call});`, SHAPES[input]));
  expect(findings(rule, document)).toEqual([expect.stringMatching(/ error$/)]);
  expect((await fix(rule, document, { suggestions: true })).fixed).toEqual([]);
});

it.each([
  ['sequence', 'spatialDropout1d({ rate: 0.2 })'],
  ['image', 'dropout({ rate: 0.2, noiseShape: [null, 1, 1, null] as number[] })'],
  ['image', 'dropout({ rate: 0.2, noiseShape: [1, 1, 1, 8] })'],
  ['sequence', 'dropout({ rate: 0.2, noiseShape: [null, 1, null] })'],
  ['vector', 'dropout({ rate: 0.2 })'],
  ['image', 'dropout({ rate: 0.2, noiseShape: shape })'],
] as const)('is silent on a %s: %s', (input, call) => {
  expect(messages(rule, codeOf(withLayer(`model.add(tf.layers.${call});`, SHAPES[input])))).toEqual([]);
});

it('is silent where the rank is not known', () => {
  const code = `import * as tf from '@tensorflow/tfjs';
export const head = (x: tf.SymbolicTensor) => tf.layers.spatialDropout1d({ rate: 0.2 }).apply(x);
`;
  expect(messages(rule, codeOf(code))).toEqual([]);
});

it('says what happens', () => {
  const said = ([['vector', 'spatialDropout1d({ rate: 0.2 })'], ['image', 'dropout({ rate: 0.2, noiseShape: [1, 1, 8] })'], ['image', 'dropout({ rate: 0.2, noiseShape: [32, 1, 1, 8] })']] as const)
    .flatMap(([input, call]) => messages(rule, codeOf(withLayer(`model.add(tf.layers.${call});`, SHAPES[input]))));
  expect(said).toMatchInlineSnapshot(`
    [
      "spatialDropout1d takes sequences of rank 3 and is given rank 2: building the model throws. Use dropout for vectors, and dropout with a noiseShape for images.",
      "The noiseShape has 3 extents for data of rank 4: it is broadcast silently, so other units share a mask than it says.",
      "The noiseShape fixes the batch size to 32: the last, smaller batch crashes. Write null for the batch.",
    ]
  `);
});
