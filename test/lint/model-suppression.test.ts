import { describe, expect, it } from 'vitest';
import { chainModel } from '../../fixtures/chain/onnx.js';
import { readOnnxBytes } from '../../src/formats/onnx/document.js';
import type { Document } from '../../src/formats/document.js';
import { rulesFor } from '../../src/lint/configuration.js';
import { suppressIn } from '../../src/lint/findings.js';
import { resultOf } from '../../src/lint/result.js';

const CHAIN = 'linear(16) → dropout(0.5) → gelu → linear(16) → dropout(0.5) → gelu → linear(4)';

function lint(customise: (model: Built) => void, preset: 'recommended' | 'strict' = 'recommended') {
  const model = chainModel(CHAIN, { opset: 17 });
  customise(model);
  const document = readOnnxBytes(model.encode()) as Document;
  const suppression = suppressIn(document, { rules: rulesFor({ preset, rules: { 'dropout-before-classifier': 'off' } }), mode: 'training' });
  return { ...suppression, result: resultOf(document, suppression.kept, undefined, undefined, suppression) };
}
type Built = ReturnType<typeof chainModel>;
/** Metadata of the first node of an operator. */
const atNode = (text: string, operator = 'Dropout') => (model: Built) => {
  const node = model.graph.nodes.find((each) => each.operator === operator)!;
  Object.assign(node, { options: { ...node.options, metadata: { 'droplint.disable': text } } });
};

describe('metadata of a node, a graph or the model switches findings off', () => {
  it.each([
    ['a node', atNode('dropout-after-activation -- bought as it is'), 1, ['bought as it is']],
    ['a node, with the prefix', atNode('droplint/dropout-after-activation'), 1, ['']],
    ['a node, for all rules', atNode('-- reviewed'), 1, ['reviewed']],
    ['a node, for several rules', atNode('no-noop-dropout, dropout-after-activation'), 1, ['']],
    ['a graph', (model: Built) => { model.graph.metadata['droplint.disable'] = 'dropout-after-activation -- legacy'; }, 0, ['legacy', 'legacy']],
    ['the model', (model: Built) => { model.metadata['droplint.disable'] = 'dropout-after-activation'; }, 0, ['', '']],
  ])('%s', (_, customise, left, reasons) => {
    const { kept, suppressed, result } = lint(customise);
    expect(kept).toHaveLength(left);
    expect(suppressed.map(({ reason }) => reason)).toEqual(reasons);
    expect(result.suppressedMessages.map(({ suppressions }) => suppressions)).toEqual(reasons.map((justification) => [{ kind: 'directive', justification }]));
  });
});

describe('a directive without a use is reported', () => {
  it.each([
    ['finds nothing there', atNode('dropout-after-batch-norm'), 'unused, "dropout-after-batch-norm" finds nothing there'],
    ['no such rule', atNode('dropout-after-activatio'), 'there is no rule "dropout-after-activatio". Did you mean "dropout-after-activation"?'],
    ['all rules, nothing found', atNode('', 'Gemm'), 'unused, nothing is found there'],
  ])('%s', (_, customise, message) => {
    const { result } = lint(customise);
    const [said] = result.messages.filter(({ ruleId }) => ruleId === null);
    expect(said).toMatchObject({ severity: 1, level: 'warn', message: expect.stringContaining(message) as string });
    expect(said!.message).toContain('droplint.disable at graph:node[');
    expect(result.warningCount).toBe(3);
  });

  it('but not when its rule does not run', () => {
    expect(lint(atNode('dropout-after-dense')).unused).toEqual([]);
    expect(lint(atNode('dropout-after-dense'), 'strict').unused).toHaveLength(1);
  });
});
