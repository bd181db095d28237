import { afterAll, describe, expect, it } from 'vitest';
import { activation } from '../../fixtures/builders/activations.js';
import { dropout } from '../../fixtures/builders/dropout-forms.js';
import { linear } from '../../fixtures/builders/layers.js';
import { Model } from '../../fixtures/builders/onnx.js';
import type { Body, Tensor } from '../../fixtures/builders/onnx.js';
import { literal } from '../../fixtures/builders/tensors.js';
import rule from '../../rules/no-dropout-on-output.js';
import { closeVerifier } from '../../src/verify/index.js';
import { atEveryForm, cases } from '../support/cases.js';
import { codeOf, findings, fix, fixed, graphOf, messages, print } from '../support/one-rule.js';

afterAll(closeVerifier);

const found = { level: 'warn', class: 'inference-exact' } as const;

cases(rule, [
  ...atEveryForm({ chain: 'linear → relu → linear(10) → dropout(0.5) → softmax', flags: ['dropout'], ...found, fixed: 'linear → relu → dropout(0.5) → linear(10) → softmax' }),
  { chain: 'linear → relu → linear(10) → dropout(0.5) → softmax', flags: ['dropout'], ...found, fixed: 'linear → relu → dropout(0.5) → linear(10) → softmax' },
  { chain: 'linear → relu → linear(10) → softmax → dropout(0.5)', flags: ['dropout'], ...found, fixed: 'linear → relu → dropout(0.5) → linear(10) → softmax', because: 'behind the softmax' },
  { chain: 'linear → relu → linear(10) → dropout(0.5)', flags: ['dropout'], ...found, fixed: 'linear → relu → dropout(0.5) → linear(10)', because: 'on the logits' },
  { chain: 'linear → relu → linear(10) → dropout(0.5)', flags: ['dropout'], level: 'error', preset: 'strict', fixed: 'linear → relu → dropout(0.5) → linear(10)' },
  { chain: 'linear → relu → linear(1) → dropout(0.2) → sigmoid', flags: ['dropout'], ...found, fixed: 'linear → relu → dropout(0.2) → linear(1) → sigmoid' },
  { chain: 'linear → relu → linear(3) → dropout(0.2) → tanh', flags: ['dropout'], ...found, fixed: 'linear → relu → dropout(0.2) → linear(3) → tanh' },
  { chain: 'conv2d → relu → conv2d(1,1) → dropout(0.2) → sigmoid', flags: ['dropout'], ...found, fixed: 'conv2d → relu → dropout(0.2) → conv2d(1,1) → sigmoid', because: 'dense prediction' },
  { chain: 'conv2d → relu → conv2d(10,1) → dropout(0.2) → global-avg-pool → flatten → softmax', flags: ['dropout'], ...found, because: 'on class maps' },
  { chain: 'linear → relu → linear(10) → dropout(0.5) → dropout(0.2) → softmax', flags: ['dropout', 'dropout#2'], ...found, because: 'no-consecutive-dropout comes first' },
  { chain: 'linear → relu → linear(10) → scale(2) → dropout(0.5) → softmax', flags: ['dropout'], formats: ['onnx'], onnx: { opset: 13 }, ...found, fixed: 'linear → relu → dropout(0.5) → linear(10) → scale(2) → softmax', because: 'a temperature' },
  { chain: 'conv2d → relu → auxiliary{ flatten → linear(10) → dropout(0.7) → softmax } → flatten → dropout(0.4) → linear(10) → softmax', flags: ['dropout'], formats: ['onnx'], onnx: { opset: 12 }, ...found, because: 'an auxiliary head' },

  // The standard place, and truncated models.
  { chain: 'linear → relu → dropout(0.5) → linear(10) → softmax', flags: [], preset: 'strict' },
  { chain: 'linear → relu → dropout(0.5)', flags: [], preset: 'strict', because: 'a truncated backbone' },
  { chain: 'linear → dropout(0.5) → relu', flags: [], preset: 'strict', because: 'dropout-after-activation' },
  { chain: 'conv2d → batch-norm → relu → global-avg-pool → flatten → dropout(0.2)', flags: [], preset: 'strict', because: 'features' },
  { chain: 'lstm(8) → dropout(0.5)', flags: [], preset: 'strict', because: 'the cell ends in an activation' },
  { chain: 'linear(16) → residual{ linear(16) → gelu → linear(16) → dropout(0.1) }', flags: [], preset: 'strict', because: 'the end of a residual branch' },
  { chain: 'linear(16) → residual{ linear(16) → gelu → linear(16) → dropout(0.1) } → layer-norm', flags: [], preset: 'strict' },
  { chain: 'linear → relu → linear(10) → dropout(0)', flags: [], preset: 'strict' },
  { chain: 'linear → relu → linear(10,connect=0.5)', flags: [], preset: 'strict', formats: ['onnx'], onnx: { opset: 17 }, because: 'DropConnect' },

  // Before a regression output.
  { chain: 'linear → relu → dropout(0.2) → linear(1)', flags: ['dropout'], level: 'info', preset: 'strict', fixed: false, message: /regression output/ },
  { chain: 'conv2d → relu → dropout(0.2) → flatten → linear(1)', flags: ['dropout'], level: 'info', preset: 'strict', fixed: false },
  { chain: 'linear → relu → dropout(0.2) → linear(1)', flags: [] },
  { chain: 'linear → relu → dropout(0.2) → linear(1) → sigmoid', flags: [], preset: 'strict', because: 'binary classification' },
  { chain: 'linear → relu → dropout(0.2) → linear(3)', flags: [], preset: 'strict', because: 'logits' },
  { chain: 'linear → relu → dropout(0.2) → linear(1) → relu → linear(4)', flags: [], preset: 'strict', because: 'a bottleneck' },
]);

const model = (build: (g: Body, x: Tensor) => void) => {
  const made = new Model({ opset: 17 });
  build(made.graph, made.graph.input('input', [2, 16]));
  return graphOf(made);
};
const drop = (g: Body, x: Tensor, options = {}) => dropout(g, x, { rate: 0.5, scope: 'drop', state: 'live', ...options });

describe('the fix', () => {
  it('keeps the names of the outputs, where the dropout itself made one', async () => {
    const document = model((g, x) => {
      const logits = drop(g, linear(g, activation(g, linear(g, x, 8, { scope: 'fc1' }), 'relu', { scope: 'relu' }), 3, { scope: 'fc2' }));
      g.output(logits, 'logits');
      g.output(activation(g, logits, 'softmax', { scope: 'softmax' }), 'probabilities');
    });
    expect(findings(rule, document)).toEqual(['/drop/Dropout warn inference-exact']);
    const after = await fixed(rule, document);
    expect(after.record.graph.outputs.map(({ name }) => name)).toEqual(['logits', 'probabilities']);
    expect(print(after)).toBe(print(model((g, x) => {
      const logits = linear(g, drop(g, activation(g, linear(g, x, 8, { scope: 'fc1' }), 'relu', { scope: 'relu' })), 3, { scope: 'fc2' });
      g.output(logits, 'logits');
      g.output(activation(g, logits, 'softmax', { scope: 'softmax' }), 'probabilities');
    })));
  });

  it('is refused where the mask is read, for it would have another shape', async () => {
    const { refusals, fixed: done } = await fix(rule, model((g, x) => g.output(drop(g, linear(g, x, 8, { scope: 'fc' }), { mask: 'output' }), 'output')));
    expect(done).toEqual([]);
    expect([...refusals.values()]).toEqual(['its mask is read and would have another shape']);
  });

  it('leaves no second finding behind', async () => {
    const { remaining } = await fix(rule, graphOf('linear → relu → linear(10) → dropout(0.5) → softmax'));
    expect(remaining).toEqual([]);
  });
});

describe('is silent', () => {
  it('where one of several ways onward has an inner activation', () => {
    const document = model((g, x) => {
      const features = drop(g, linear(g, x, 8, { scope: 'fc' }));
      g.output(activation(g, features, 'softmax', { scope: 'softmax' })).output(activation(g, features, 'relu', { scope: 'relu' }));
    });
    expect(findings(rule, document, { preset: 'strict' })).toEqual([]);
  });

  it('at the end of a branch and of a function, which is not the end of the model', () => {
    const branching = model((g, x) => {
      const branch = (name: string) => g.model.subgraph(name, (body) => body.output(drop(body, linear(body, x, 4, { scope: name }), { scope: name })));
      const condition = g.constant(literal(1, 'bool'));
      g.output(g.node('If', [condition], { shape: [2, 4], type: 'float32', attributes: { then_branch: branch('then'), else_branch: branch('else') } }), 'output');
    });
    expect(findings(rule, branching, { preset: 'strict' })).toEqual([]);
    const calling = new Model({ opset: 17 });
    calling.function('local', 'Head', (body) => body.output(body.node('Dropout', [body.node('MatMul', [body.input('x', []), body.input('w', [])])])));
    const g = calling.graph;
    g.output(g.node('Head', [g.input('input', [2, 4]), g.parameter('MatMul', 'head', 'weight', [4, 3])], { domain: 'local', shape: [2, 3] }), 'output');
    expect(findings(rule, graphOf(calling), { preset: 'strict' })).toEqual([]);
  });

  it('in code whose caller adds the output', () => {
    expect(findings(rule, codeOf(`import * as tf from '@tensorflow/tfjs';
export function head(model: tf.Sequential) {
  model.add(tf.layers.dense({ units: 64 }));
  model.add(tf.layers.dropout({ rate: 0.5 }));
}
`))).toEqual([]);
  });
});

it('knows a regression loss in code', () => {
  const code = (loss: string) => codeOf(`import * as tf from '@tensorflow/tfjs';
const model = tf.sequential();
model.add(tf.layers.dense({ units: 64, activation: 'relu', inputShape: [8] }));
model.add(tf.layers.dropout({ rate: 0.5 }));
model.add(tf.layers.dense({ units: 3 }));
model.compile({ optimizer: 'adam', loss: '${loss}' });
`);
  expect(findings(rule, code('meanSquaredError'), { preset: 'strict' })).toHaveLength(1);
  expect(findings(rule, code('categoricalCrossentropy'), { preset: 'strict' })).toEqual([]);
});

it('says where the dropout stands and where it belongs', () => {
  expect(messages(rule, graphOf('linear → relu → linear(10) → dropout(0.5) → softmax'))).toMatchInlineSnapshot(`
    [
      "Dropout on the model's answer: nothing with weights comes after '/net/net.2/Gemm', so in training 50 % of its outputs are set to 0 and the loss is computed from a corrupted answer. Drop before '/net/net.2/Gemm' instead.",
    ]
  `);
  expect(messages(rule, graphOf('linear → relu → dropout(0.5) → linear(1)'), { preset: 'strict' })).toMatchInlineSnapshot(`
    [
      "Dropout right before the regression output '/net/net.2/Gemm': what it predicts is scaled by the units that happen to survive.",
    ]
  `);
});
