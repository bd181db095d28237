import proto from 'onnx-proto';
import { describe, expect, it } from 'vitest';
import { Model, float } from '../../fixtures/builders/onnx.js';
import { dropout } from '../../fixtures/builders/dropout-forms.js';
import { literal } from '../../fixtures/builders/tensors.js';
import { readOnnxBytes } from '../../src/formats/onnx/document.js';
import { differenceOfLaws, proveErasureOfOnnx } from '../../src/verify/erasure.js';
import { toOnnx } from '../support/chain.js';
import type { OnnxOptions } from '../support/chain.js';

const erase = (before: Uint8Array, after: Uint8Array) => proveErasureOfOnnx(readOnnxBytes(before), readOnnxBytes(after));
const chain = (text: string, options: OnnxOptions = {}) => toOnnx(text, { opset: 13, ...options });

describe('dropout is nothing at inference', () => {
  it.each([
    ['moved', 'input(4) → linear(4) → dropout(0.5) → gelu → linear(2)', 'input(4) → linear(4) → gelu → dropout(0.5) → linear(2)'],
    ['gone', 'input(4) → dropout(0.5) → linear(2)', 'input(4) → linear(2)'],
    ['at the end', 'input(4) → linear(2) → dropout(0.5)', 'input(4) → linear(2)'],
    ['per channel', 'input(3,6,6) → conv2d(4) → dropout(0.5) → conv2d(2)', 'input(3,6,6) → conv2d(4) → spatial-dropout(0.2) → conv2d(2)'],
    ['in a branch', 'input(4) → residual{ linear(4) → dropout(0.5) } → linear(2)', 'input(4) → residual{ linear(4) } → linear(2)'],
    ['over a weight', 'input(4) → linear(4,connect=0.5) → linear(2)', 'input(4) → linear(4) → linear(2)'],
  ])('%s', (_, before, after) => expect(erase(chain(before), chain(after))).toMatchObject({ verdict: 'holds' }));

  it.each(['initializer', 'constant', 'input', 'absent'] as const)('whatever gives its rate: %s', (form) => {
    const [before, after] = ['dropout(0.5) → relu', 'relu → dropout(0.5)'].map((middle) => chain(`input(4) → linear(4) → ${middle} → linear(2)`, { form, state: 'off' }));
    expect(erase(before!, after!)).toMatchObject({ verdict: 'holds' });
  });

  it('below opset 7 as well', () => {
    const [before, after] = ['dropout(0.5) → relu', 'relu → dropout(0.5)'].map((middle) => chain(`input(4) → linear(4) → ${middle} → linear(2)`, { opset: 6 }));
    expect(erase(before!, after!)).toMatchObject({ verdict: 'holds' });
  });

  it('fused with a bias, the bias stays', () => {
    const build = (form: 'bias-dropout' | undefined, bias: boolean) => {
      const model = new Model({ opset: 13, domains: { 'com.microsoft': 1 } });
      const x = model.graph.input('input', [2, 4]);
      const y = form ? dropout(model.graph, x, { rate: 0.5, form, scope: 'layer' }) : bias ? model.graph.node('Add', [x, model.graph.parameter('MatMul', 'layer', 'bias', [4])]) : x;
      model.graph.output(model.graph.node('Relu', [y]), 'output');
      return model.encode();
    };
    expect(erase(build('bias-dropout', true), build('bias-dropout', true))).toMatchObject({ verdict: 'holds' });
    expect(erase(build('bias-dropout', true), build(undefined, false))).toMatchObject({ verdict: 'fails' });
  });
});

describe('everything else counts', () => {
  it.each([
    ['an activation', 'input(4) → linear(4) → relu → linear(2)', 'input(4) → linear(4) → tanh → linear(2)', /Relu .* before, Tanh .* after/],
    ['a layer', 'input(4) → linear(4) → linear(2)', 'input(4) → linear(4) → linear(4) → linear(2)', /computed differently/],
  ])('%s', (_, before, after, message) => {
    const check = erase(chain(before), chain(after));
    expect(check).toMatchObject({ verdict: 'fails' });
    expect(check.detail).toMatch(message);
  });

  const small = (build: (model: Model) => void, opset = 13) => {
    const model = new Model({ opset });
    build(model);
    return model.encode();
  };
  const relu = (name = 'output', shape: readonly (number | string)[] = [2, 4]) => small(({ graph }) => graph.output(graph.node('Relu', [graph.input('input', shape)]), name));

  it('attributes and the order of operands', () => {
    const two = (operator: string, attributes: Record<string, number>, swapped = false) => small(({ graph }) => {
      const operands = [graph.node('Tanh', [graph.input('input', [4, 4])]), graph.node('Sigmoid', [graph.inputs[0]])];
      graph.output(graph.node(operator, swapped ? operands.toReversed() : operands, { attributes }), 'output');
    });
    expect(erase(two('Concat', { axis: 0 }), two('Concat', { axis: 0 }))).toMatchObject({ verdict: 'holds' });
    expect(erase(two('Concat', { axis: 0 }), two('Concat', { axis: 1 })).detail).toMatch(/Concat .* differs/);
    // Strict: even operators that commute.
    for (const operator of ['Sub', 'Add']) expect(erase(two(operator, {}), two(operator, {}, true)).verdict).toBe('fails');
  });

  it('names and shapes of inputs and outputs, operator sets', () => {
    expect(erase(relu(), relu('other')).detail).toBe('Output 0 is output before and other after.');
    expect(erase(relu(), relu('output', [3, 4])).detail).toContain('The input input is tensor 1[2, 4] before and tensor 1[3, 4] after.');
    expect(erase(relu(), small(({ graph }) => graph.output(graph.node('Relu', [graph.input('input', [2, 4])]), 'output'), 14)).detail).toBe('Operators of ai.onnx have opset 13 before and 14 after.');
  });

  it('weights, whatever field or node holds them', () => {
    const scaled = (values: number[], as: 'initializer' | 'node', storage: 'raw' | 'typed' = 'raw') => {
      const model = new Model({ opset: 13, storage });
      const x = model.graph.input('input', [2, 4]);
      model.graph.output(model.graph.node('Mul', [x, model.graph.constant(literal(values), { as })]), 'output');
      return model.encode();
    };
    const first = scaled([1, 2, 3, 4], 'initializer');
    expect(erase(first, scaled([1, 2, 3, 4], 'node'))).toMatchObject({ verdict: 'holds' });
    expect(erase(first, scaled([1, 2, 3, 4], 'initializer', 'typed'))).toMatchObject({ verdict: 'holds' });
    expect(erase(first, scaled([1, 2, 3, 5], 'initializer'))).toMatchObject({ verdict: 'fails' });
  });

  it('two draws are not one', () => {
    const noise = (shared: boolean) => small(({ graph }) => {
      const x = graph.input('input', [2, 4]);
      const draw = () => graph.node('RandomNormalLike', [x], { attributes: { scale: float(1) } });
      const first = draw();
      graph.output(graph.node('Add', [first, shared ? first : draw()]), 'output');
    });
    expect(erase(noise(false), noise(false))).toMatchObject({ verdict: 'holds' });
    expect(erase(noise(false), noise(true))).toMatchObject({ verdict: 'fails' });
    expect(erase(noise(true), noise(false))).toMatchObject({ verdict: 'fails' });
  });

  it('inside of subgraphs and functions', () => {
    const branching = (activation: string, withDropout: boolean) => small((model) => {
      const x = model.graph.input('input', [2, 4]);
      const branch = (name: string) => model.subgraph(name, (body) => {
        const y = withDropout ? dropout(body, x, { rate: 0.5, scope: name }) : x;
        body.output(body.node(name === 'then' ? activation : 'Identity', [y]));
      });
      model.graph.output(model.graph.node('If', [model.graph.input('condition', [], 'bool')], { attributes: { then_branch: branch('then'), else_branch: branch('else') } }), 'output');
    });
    expect(erase(branching('Relu', true), branching('Relu', false))).toMatchObject({ verdict: 'holds' });
    expect(erase(branching('Relu', true), branching('Tanh', true))).toMatchObject({ verdict: 'fails' });

    const calling = (activation: string, name: string) => small((model) => {
      model.function('local', name, (body) => body.output(body.node(activation, [body.node('Dropout', [body.input('x', [2, 4])])])));
      model.graph.output(model.graph.node(name, [model.graph.input('input', [2, 4])], { domain: 'local' }), 'output');
    }, 17);
    expect(erase(calling('Relu', 'Block'), calling('Relu', 'Renamed'))).toMatchObject({ verdict: 'holds' });
    expect(erase(calling('Relu', 'Block'), calling('Tanh', 'Block'))).toMatchObject({ verdict: 'fails' });
  });
});

describe('long chains', () => {
  const valueInfo = (name: string) => ({ name, type: { tensorType: { elemType: 1, shape: { dim: [{ dimValue: 2 }] } } } });
  /** Tanh everywhere but for a dropout at one place, and another function in the middle. */
  const build = (length: number, at: number, middle = 'Tanh') => readOnnxBytes(proto.onnx.ModelProto.encode({
    irVersion: 8,
    opsetImport: [{ domain: '', version: 13 }],
    graph: {
      name: 'chain',
      input: [valueInfo('v0')],
      output: [valueInfo(`v${length}`)],
      node: Array.from({ length }, (_, i) => ({ opType: i === at ? 'Dropout' : i === length / 2 ? middle : 'Tanh', input: [`v${i}`], output: [`v${i + 1}`] })),
    },
  }).finish());

  it('100 000 nodes', () => {
    const [before, after] = [build(100_000, 10), build(100_000, 99_990)];
    expect(proveErasureOfOnnx(before, after)).toMatchObject({ verdict: 'holds' });
  }, 60_000);

  it('where they part is told', () => {
    const before = build(2000, 10);
    expect(proveErasureOfOnnx(before, build(2000, 10, 'Relu')).detail).toBe('The output v2000 is computed differently: Tanh (node 1000) before, Relu (node 1000) after.');
    expect(differenceOfLaws(before, before)).toBeUndefined();
    expect(differenceOfLaws(before, build(2000, 1900))).toBeDefined();
  });
});
