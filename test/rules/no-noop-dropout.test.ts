import { afterAll, describe, expect, it } from 'vitest';
import { dropout } from '../../fixtures/builders/dropout-forms.js';
import { EXAMPLES, perceptron } from '../../fixtures/builders/examples.js';
import { literal } from '../../fixtures/builders/tensors.js';
import rule from '../../rules/no-noop-dropout.js';
import { closeVerifier } from '../../src/verify/index.js';
import { atEveryForm, cases } from '../support/cases.js';
import { findings, fixed, graphOf, messages, print } from '../support/one-rule.js';

afterAll(closeVerifier);

cases(rule, [
  ...atEveryForm({ chain: 'linear → relu → dropout(0) → linear', flags: ['dropout'], level: 'info', class: 'exact', fixed: 'linear → relu → linear' }).filter(({ onnx }) => !/input/.test(JSON.stringify(onnx))),
  { chain: 'linear → dropout(0) → relu → dropout(0) → linear', flags: ['dropout', 'dropout#2'], class: 'exact', fixed: 'linear → relu → linear', onnx: { opset: 13 } },
  { chain: 'linear → relu → dropout(0) → linear', flags: ['dropout'], level: 'info', preset: 'strict', class: 'exact', fixed: 'linear → relu → linear', onnx: { opset: 17 } },
  { chain: 'linear → relu → linear → dropout(0)', flags: ['dropout'], class: 'exact', fixed: 'linear → relu → linear', onnx: { opset: 17 }, because: 'at the output' },
  { chain: 'input(16) → dropout(0) → linear → relu → linear', flags: ['dropout'], class: 'exact', fixed: 'input(16) → linear → relu → linear', onnx: { opset: 17 }, formats: ['onnx'], because: 'at the input' },
  { chain: 'residual{ linear(16) → dropout(0) } → linear', flags: ['dropout'], class: 'exact', fixed: 'residual{ linear(16) } → linear', onnx: { opset: 12 } },
  { chain: 'linear → relu → dropout(0.5) → linear', flags: [], preset: 'strict' },
  { chain: 'linear → relu → dropout(0.5,state=off) → linear', flags: [], onnx: { opset: 17 }, formats: ['onnx'], because: 'off is no no-op' },
  { chain: 'linear → relu → dropout(0.5,state=unspecified) → linear', flags: [], onnx: [{ opset: 17 }, { opset: 9 }], formats: ['onnx'] },
  { chain: 'linear → relu → dropout(0) → linear', flags: [], formats: ['onnx'], onnx: [{ opset: 17, form: 'input' }, { opset: 17, form: 'input-default' }], because: 'a graph input may replace the rate' },
]);

it('goes with all of its nodes where it has several', async () => {
  const document = graphOf('conv2d → relu → spatial-dropout(0) → conv2d → flatten → linear');
  expect(findings(rule, document)).toEqual(['/net/drop0/Dropout info exact']);
  expect((await fixed(rule, document)).record.graph.nodes.map(({ opType }) => opType)).toEqual(['Conv', 'Relu', 'Conv', 'Flatten', 'Gemm']);
});

describe('a dropout whose output goes nowhere', () => {
  const dead = graphOf(EXAMPLES['dead-dropout']!());

  it('is reported and removed', async () => {
    expect(findings(rule, dead)).toEqual(['/drop/Dropout info exact']);
    expect(print(await fixed(rule, dead))).not.toContain('dropout');
  });

  it('is alive when its mask is read, or its result is an output of the graph', () => {
    const masked = perceptron((g, x) => (dropout(g, x, { rate: 0.5, scope: 'drop', state: 'live', mask: 'output' }), x));
    expect(findings(rule, graphOf(masked))).toEqual([]);
    const output = perceptron((g, x) => (g.output(dropout(g, x, { rate: 0.5, scope: 'drop', state: 'live' })), x));
    expect(findings(rule, graphOf(output))).toEqual([]);
  });

  it('is alive when a subgraph reads it', () => {
    const captured = perceptron((g, x) => {
      const dropped = dropout(g, x, { rate: 0.5, scope: 'drop', state: 'live' });
      const branch = (name: string) => g.model.subgraph(name, (body) => body.output(body.node('Relu', [dropped], { scope: name })));
      return g.node('If', [g.constant(literal(1, 'bool'))], { shape: x.shape, type: 'float32', attributes: { then_branch: branch('then'), else_branch: branch('else') } });
    });
    expect(findings(rule, graphOf(captured))).toEqual([]);
  });
});

it('says which of the two it is', () => {
  expect(messages(rule, graphOf('linear → relu → dropout(0) → linear'))).toMatchInlineSnapshot(`
    [
      "The rate is 0: this dropout never drops anything. Remove it.",
    ]
  `);
  expect(messages(rule, graphOf(EXAMPLES['dead-dropout']!()))).toMatchInlineSnapshot(`
    [
      "Nothing reads the output of this dropout. Remove it.",
    ]
  `);
});
