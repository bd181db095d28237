import { afterAll, describe, expect, it } from 'vitest';
import { dropout } from '../../fixtures/builders/dropout-forms.js';
import { namedRate, perceptron } from '../../fixtures/builders/examples.js';
import rule from '../../rules/valid-dropout-rate.js';
import { closeVerifier } from '../../src/verify/index.js';
import { cases } from '../support/cases.js';
import { codeOf, dropoutsIn, findings, fix, fixed, graphOf, messages } from '../support/one-rule.js';
import { runModel } from '../support/runtime.js';

afterAll(closeVerifier);

cases(rule, [
  { chain: 'linear → relu → dropout(1) → linear', flags: ['dropout'], level: 'error', message: /The rate 1 is outside/, because: 'everything is dropped' },
  { chain: 'linear → relu → dropout(1.5) → linear', flags: ['dropout'], level: 'error', class: 'suggestion' },
  { chain: 'linear → relu → dropout(50) → linear', flags: ['dropout'], level: 'error', class: 'suggestion', message: /50 % is 0\.5/ },
  { chain: 'linear → relu → dropout(100) → linear', flags: ['dropout'], class: 'suggestion' },
  { chain: 'linear → relu → dropout(101) → linear', flags: ['dropout'], level: 'error' },
  { chain: 'linear → relu → dropout(-0.2) → linear', flags: ['dropout'], level: 'error', formats: ['onnx'] },
  { chain: 'linear → dropout(50) → relu → dropout(2) → linear', flags: ['dropout', 'dropout#2'], preset: 'strict' },
  { chain: 'conv2d → relu → spatial-dropout(20) → conv2d → flatten → linear', flags: ['spatial-dropout'], formats: ['onnx'] },
  { chain: 'linear → relu → linear(10,connect=1.5)', flags: ['linear#2'], formats: ['onnx'], because: 'DropConnect', onnx: { opset: 17 } },
  { chain: 'linear → relu → dropout(0.999) → linear', flags: [] },
  { chain: 'linear → relu → dropout(0.5) → linear', flags: [], preset: 'strict' },
  { chain: 'linear → relu → dropout(0) → linear', flags: [], because: 'no-noop-dropout' },
  { chain: 'linear → relu → linear', flags: [] },
]);

const model = (rate: number, opset = 17, form?: 'decomposed' | 'bitmask-dropout') => graphOf(perceptron((g, x) => dropout(g, x, { rate, scope: 'drop', state: opset < 12 ? 'unspecified' : 'live', ...(form && { form }) }), { opset }));

describe('what is said', () => {
  it('of opset 12 and later: the model fails when it runs', () => {
    expect(messages(rule, model(50))).toMatchInlineSnapshot(`
      [
        "The rate 50 is outside [0, 1). onnxruntime refuses to run the model, at inference too, unless its optimiser has deleted the dropout; 50 % is 0.5.",
      ]
    `);
    expect(messages(rule, model(-0.25))).toMatchInlineSnapshot(`
      [
        "The rate -0.25 is outside [0, 1). onnxruntime refuses to run the model, at inference too, unless its optimiser has deleted the dropout.",
      ]
    `);
    expect(messages(rule, model(NaN))).toMatchInlineSnapshot(`
      [
        "The rate NaN is outside [0, 1). onnxruntime refuses to run the model, at inference too, unless its optimiser has deleted the dropout.",
      ]
    `);
    expect(findings(rule, model(1, 17, 'bitmask-dropout'))).toEqual(['/drop/BitmaskDropout error']);
  });

  it('of opset 7 to 11: the rate is ignored', () => {
    for (const opset of [7, 10, 11]) expect(messages(rule, model(1.5, opset))).toEqual(messages(rule, model(1.5, 7)));
    expect(messages(rule, model(1.5, 7))).toMatchInlineSnapshot(`
      [
        "The rate 1.5 is outside [0, 1). onnxruntime ignores it at this opset, where dropout is the identity, and refuses to run the model once it is converted to opset 12 or later; 1.5 % is 0.015.",
      ]
    `);
  });

  it('of TensorFlow.js: nothing is dropped', () => {
    expect(messages(rule, codeOf('linear → relu → dropout(50) → linear'))).toMatchInlineSnapshot(`
      [
        "The rate 50 is outside [0, 1). TensorFlow.js applies dropout only where 0 < rate < 1, so nothing is ever dropped, without an error; 50 % is 0.5.",
      ]
    `);
  });

  it('of dropout that random operators spell out', () => {
    expect(messages(rule, model(-0.5, 18, 'decomposed'))).toMatchInlineSnapshot(`
      [
        "The rate -0.5 is outside [0, 1): this random mask keeps everything or nothing.",
      ]
    `);
  });
});

it('is silent on a rate that is not known', () => {
  expect(findings(rule, graphOf(namedRate('rate', 0, 'input')))).toEqual([]);
});

it('onnxruntime does what the messages say', async () => {
  const bytes = (rate: number, opset: number) => perceptron((g, x) => dropout(g, x, { rate, scope: 'drop', state: opset < 12 ? 'unspecified' : 'off' }), { opset }).encode();
  for (const rate of [1, 1.5, -0.25, NaN]) {
    await expect(runModel(bytes(rate, 17), 'disabled')).rejects.toThrow(/Dropout/);
    await expect(runModel(bytes(rate, 17), 'all')).resolves.toBeDefined();
    await expect(runModel(bytes(rate, 10), 'disabled')).resolves.toBeDefined();
  }
});

it.each([[17, 50, 0.5], [13, 1.5, 0.015], [10, 20, 0.2]])('a percentage becomes a fraction only when suggestions are applied (opset %i, %d)', async (opset, rate, wanted) => {
  const document = model(rate, opset);
  expect((await fix(rule, document)).fixed).toEqual([]);
  const [{ rate: after } = { rate: NaN }] = dropoutsIn(await fixed(rule, document, { suggestions: true }));
  expect(after).toBeCloseTo(wanted, 6);
});
