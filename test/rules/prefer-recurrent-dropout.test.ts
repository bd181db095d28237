import { describe, expect, it } from 'vitest';
import { loop, scan } from '../../fixtures/builders/unrolled.js';
import type { UnrolledOptions } from '../../fixtures/builders/unrolled.js';
import { dropout } from '../../fixtures/builders/dropout-forms.js';
import { Model } from '../../fixtures/builders/onnx.js';
import { literal } from '../../fixtures/builders/tensors.js';
import rule from '../../rules/prefer-recurrent-dropout.js';
import type { Document } from '../../src/formats/document.js';
import type { OnnxDocument } from '../../src/formats/onnx/document.js';
import { insert } from '../../src/graph/edits.js';
import type { DropoutSpec } from '../../src/graph/edits.js';
import { rulesFor } from '../../src/lint/configuration.js';
import { lintDocument } from '../../src/lint/findings.js';
import { cases } from '../support/cases.js';
import type { Case } from '../support/cases.js';
import { codeOf, dropoutsIn, findings, fixed, graphOf, messages, print } from '../support/one-rule.js';
import { runModel } from '../support/runtime.js';

const allFindings = (document: OnnxDocument) => lintDocument(document as Document, { rules: rulesFor({ preset: 'strict' }), mode: 'training' }).map(({ enabled }) => enabled.rule.id);

describe.each([['Loop', loop], ['Scan', scan]] as const)('in the body of a %s', (_, unrolled) => {
  const at = (options: UnrolledOptions) => findings(rule, graphOf(unrolled(options)));

  it.each(['state', 'new-state'] as const)('a fresh mask on the %s is reported', (drops) => {
    expect(at({ drops })).toEqual(['/drop/Dropout warn inference-exact']);
    expect(at({ drops, dropout: { state: 'off' } }), 'an order is an order in whatever state').toEqual(['/drop/Dropout warn inference-exact']);
    expect(at({ drops, opset: 9 })).toEqual(['/drop/Dropout warn inference-exact']);
    expect(at({ drops, opset: 18, dropout: { form: 'decomposed' } })).toEqual(['/drop/Mul warn inference-exact']);
  });

  it.each(['state', 'new-state'] as const)('the mask on the %s is drawn outside, and no rule finds fault with that', async (drops) => {
    for (const options of [{}, { opset: 9 }, { dropout: { state: 'off' } }, { opset: 18, dropout: { form: 'decomposed' } }] satisfies UnrolledOptions[]) {
      const before = graphOf(unrolled({ drops, ...options }));
      const document = await fixed(rule, before);
      expect(dropoutsIn(document).map(({ unit, form }) => `${unit} ${form}`)).toEqual(['time recurrent']);
      expect(findings(rule, document, { preset: 'strict' })).toEqual([]);
      expect(allFindings(document)).toEqual(allFindings(before).filter((id) => id !== rule.id));
    }
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
const behind = 'lstm(8,last=true) → dropout(0.3) → linear(8) → relu → linear(1)';

/** In a graph a mask over what the layer reads, in code a setting of the layer. */
const around = (chain: string, inGraph: string, inCode: string): Case[] => {
  const found = { chain, flags: ['dropout'], level: 'info', class: 'inference-exact', preset: 'strict' } as const;
  return [{ ...found, formats: ['onnx'], fixed: inGraph }, { ...found, formats: ['code', 'topology'], fixed: inCode }];
};

cases(rule, [
  // Between stacked layers: fine (Zaremba), a remark in strict.
  { chain: stacked, flags: [] },
  ...around(stacked, 'lstm(8) → time-dropout(0.3) → lstm(8,last=true) → linear(1)', 'lstm(8) → lstm(8,last=true,dropout=0.3) → linear(1)'),
  ...around('embedding → dropout(0.3) → gru(8,last=true) → linear(1)', 'embedding → time-dropout(0.3) → gru(8,last=true) → linear(1)', 'embedding → gru(8,last=true,dropout=0.3) → linear(1)'),
  { chain: behind, flags: ['dropout'], level: 'info', class: 'inference-exact', preset: 'strict', formats: ['onnx'] },
  { chain: behind, flags: ['dropout'], level: 'info', class: 'inference-exact', preset: 'strict', formats: ['code', 'topology'], fixed: 'lstm(8,last=true,recurrent=0.3) → linear(8) → relu → linear(1)' },
  { chain: 'lstm(8,last=true) → dropout(0.3) → linear(1)', flags: ['dropout'], level: 'info', preset: 'strict', fixed: false, because: 'before the classifier it may stay' },
  { chain: 'lstm(8,last=true) → linear(8) → relu → dropout(0.3) → linear(1)', flags: [], preset: 'strict', because: 'not beside it' },
  { chain: 'lstm(8,recurrent=0.3) → lstm(8,last=true) → linear(1)', flags: [], preset: 'strict', because: 'recurrent dropout' },
  { chain: 'linear → relu → dropout(0.5) → linear', flags: [], preset: 'strict' },
]);

it('what stood behind the layer goes onto its state, with the mode that it had', async () => {
  const document = await fixed(rule, graphOf(behind), { preset: 'strict' });
  expect(print(document)).toMatchInlineSnapshot(`
    "model main_graph(input)
      reshape Transpose
      time dropout 0.3 (live, recurrent)(net.0.weight_hh_l0)
      recurrent lstm 8(/net/net.0/Transpose)
      flatten(/net/net.0/LSTM)
      linear 8
      relu
      linear 1
      → output = /net/net.3/Gemm"
  `);
  expect(findings(rule, document, { preset: 'strict' })).toEqual([]);
});

it('no rule finds fault with recurrent dropout around operators', () => {
  const before = graphOf('embedding → linear(16) → relu → lstm(8) → gru(8,last=true) → linear(8) → relu → dropout(0.5) → linear(1)');
  const [graph] = before.models[0]!.variants[0]!;
  const spec = (unit: 'time' | 'state'): DropoutSpec => ({ kind: 'dropout', rate: 0.3, unit, training: true });
  const { splices, refusals } = before.lower([graph!.layersOf('recurrent').flatMap((layer) => [insert(spec('time')).before(layer), insert(spec('state')).before(layer)])]);
  expect(refusals).toEqual([undefined]);
  const after = before.withSplices(splices);
  expect(dropoutsIn(after).map(({ unit, form }) => `${unit} ${form}`)).toEqual(['time operator', 'time recurrent', 'time operator', 'time recurrent', 'element operator']);
  expect(allFindings(after)).toEqual(allFindings(before));
});

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
