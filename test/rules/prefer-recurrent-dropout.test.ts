import { describe, expect, it } from 'vitest';
import { loop, scan } from '../../fixtures/builders/unrolled.js';
import type { UnrolledOptions } from '../../fixtures/builders/unrolled.js';
import { dropout } from '../../fixtures/builders/dropout-forms.js';
import { Model } from '../../fixtures/builders/onnx.js';
import { literal } from '../../fixtures/builders/tensors.js';
import rule from '../../rules/prefer-recurrent-dropout.js';
import { cases } from '../support/cases.js';
import { codeOf, findings, graphOf, messages } from '../support/one-rule.js';
import { runModel } from '../support/runtime.js';

describe.each([['Loop', loop], ['Scan', scan]] as const)('in the body of a %s', (_, unrolled) => {
  const at = (options: UnrolledOptions) => findings(rule, graphOf(unrolled(options)));

  it.each(['state', 'new-state'] as const)('a fresh mask on the %s is reported', (drops) => {
    expect(at({ drops })).toEqual(['/drop/Dropout warn']);
    expect(at({ drops, dropout: { state: 'off' } }), 'an order is an order in whatever state').toEqual(['/drop/Dropout warn']);
    expect(at({ drops, opset: 9 })).toEqual(['/drop/Dropout warn']);
    expect(at({ drops, opset: 18, dropout: { form: 'decomposed' } })).toEqual(['/drop/Mul warn']);
  });

  it.each(['input', 'candidate', 'result'] as const)('a mask on the %s of a step is none of its business', (drops) => {
    expect(at({ drops })).toEqual([]);
  });

  it('one mask, drawn outside, is what it asks for', () => {
    expect(at({ drops: 'shared' })).toEqual([]);
  });

  it('a rate of 0 drops nothing', () => {
    expect(at({ drops: 'state', dropout: { rate: 0 } })).toEqual([]);
  });

  it('the model runs', async () => {
    for (const drops of ['state', 'new-state', 'input', 'candidate', 'result', 'shared'] as const) await expect(runModel(unrolled({ drops }).encode())).resolves.toBeDefined();
  });
});

it('a loop that hands on what it does not read remembers nothing', () => {
  const model = new Model({ opset: 17 });
  const g = model.graph;
  const x = g.input('input', [5, 2, 4]);
  const body = model.subgraph('body', (b) => {
    const [index, condition] = [b.input('step', [], 'int64'), b.input('continue', [], 'bool')];
    b.input('unread', [2, 4]);
    const slice = b.node('Gather', [x, index], { shape: [2, 4], type: 'float32' });
    b.output(b.node('Identity', [condition], { type: 'bool', shape: [] })).output(dropout(b, b.node('Tanh', [slice]), { rate: 0.5, scope: 'drop', state: 'live' }));
  });
  const start = g.constant(literal(new Float32Array(8), 'float32', [2, 4]));
  g.output(g.node('Loop', [g.constant(literal(5, 'int64')), g.constant(literal(1, 'bool')), start], { shape: [2, 4], type: 'float32', attributes: { body } }), 'output');
  expect(findings(rule, graphOf(model))).toEqual([]);
});

it('the branches of an If carry nothing', () => {
  const model = new Model({ opset: 17 });
  const g = model.graph;
  const x = g.input('input', [2, 8]);
  const branch = (name: string) => model.subgraph(name, (body) => body.output(dropout(body, x, { rate: 0.5, scope: name, state: 'live' })));
  g.output(g.node('If', [g.constant(literal(1, 'bool'))], { shape: [2, 8], type: 'float32', attributes: { then_branch: branch('then'), else_branch: branch('else') } }), 'output');
  expect(findings(rule, graphOf(model))).toEqual([]);
});

const stacked = 'lstm(8) → dropout(0.3) → lstm(8,last=true) → linear(1)';

cases(rule, [
  // Between stacked layers: fine (Zaremba), a remark in strict.
  { chain: stacked, flags: [] },
  { chain: stacked, flags: ['dropout'], level: 'info', preset: 'strict', fixed: false },
  { chain: 'embedding → dropout(0.3) → gru(8,last=true) → linear(1)', flags: ['dropout'], level: 'info', preset: 'strict', fixed: false },
  { chain: 'lstm(8,last=true) → dropout(0.3) → linear(1)', flags: ['dropout'], level: 'info', preset: 'strict', fixed: false },
  { chain: 'lstm(8,last=true) → linear(8) → relu → dropout(0.3) → linear(1)', flags: [], preset: 'strict', because: 'not beside it' },
  { chain: 'lstm(8,recurrent=0.3) → lstm(8,last=true) → linear(1)', flags: [], preset: 'strict', because: 'recurrent dropout' },
  { chain: 'linear → relu → dropout(0.5) → linear', flags: [], preset: 'strict' },
]);

it('leaves the dropout of recurrent layers in code alone', () => {
  const code = codeOf(`import * as tf from '@tensorflow/tfjs';
const model = tf.sequential();
model.add(tf.layers.lstm({ units: 8, dropout: 0.2, recurrentDropout: 0.2, inputShape: [10, 4] }));
model.add(tf.layers.dense({ units: 1 }));
`);
  expect(findings(rule, code, { preset: 'strict' })).toEqual([]);
});

it('says what is left of the state', () => {
  expect(messages(rule, graphOf(loop({ drops: 'state' })))).toMatchInlineSnapshot(`
    [
      "A fresh mask at every step on the state that the loop carries: after t steps a unit has survived with probability 0.50^t, so memory is destroyed. Draw one mask for the sequence outside the loop (recurrent dropout).",
    ]
  `);
  expect(messages(rule, graphOf(stacked), { preset: 'strict' })).toMatchInlineSnapshot(`
    [
      "Plain dropout beside the recurrent layer '/net/net.1/LSTM': fine between layers (Zaremba 2014); recurrent dropout, with one mask for the sequence, regularises the recurrence as well.",
    ]
  `);
});
