/** What counts as one mask for the whole sequence, and what does not. */
import { describe, expect, it } from 'vitest';
import { dropout } from '../../../../fixtures/builders/dropout-forms.js';
import { transpose } from '../../../../fixtures/builders/layers.js';
import { Model } from '../../../../fixtures/builders/onnx.js';
import type { Body, Tensor } from '../../../../fixtures/builders/onnx.js';
import { literal } from '../../../../fixtures/builders/tensors.js';
import { readOnnxBytes } from '../../../../src/formats/onnx/document.js';
import { describeLayer } from '../../../../src/graph/print.js';
import { graphsOf } from './lifting.js';

const ones = (g: Body, ...shape: readonly number[]) => g.constant(literal(new Float32Array(shape.reduce((a, b) => a * b, 1)).fill(1), 'float32', shape));
const mask = (g: Body, ...shape: readonly number[]) => dropout(g, ones(g, ...shape), { rate: 0.25, scope: 'drop', state: 'live' });
const product = (g: Body, x: Tensor, by: Tensor) => g.node('Mul', [x, by], { shape: x.shape });

const dropoutsOf = (bytes: Uint8Array) => graphsOf(bytes).flatMap((graph) => graph.layersOf('dropout').map((layer) => `${describeLayer(layer)} in ${graph.role}`));

describe('on what an operator reads', () => {
  const read = (drop: (g: Body, x: Tensor) => Tensor, shape = [5, 2, 6], attributes: Record<string, number> = {}): string[] => {
    const g = new Model({ opset: 17 }).graph;
    const x = drop(g, g.input('x', shape));
    const [y] = g.nodeWithOutputs('GRU', [x, g.parameter('GRU', 'rnn', 'input-weight', [1, 24, 6]), g.parameter('GRU', 'rnn', 'recurrence', [1, 24, 8])], { outputs: 1, shape: [5, 1, 2, 8], attributes: { hidden_size: 8, ...attributes } });
    return dropoutsOf(g.output(y!, 'y').model.encode());
  };
  const time = ['time dropout 0.25 (live) in model'];

  it.each([
    ['[1, N, F]', (g: Body, x: Tensor) => product(g, x, mask(g, 1, 2, 6)), [5, 2, 6], {}],
    ['a batch of one', (g: Body, x: Tensor) => product(g, x, mask(g, 1, 1, 6)), [5, 1, 6], {}],
    ['one step', (g: Body, x: Tensor) => product(g, x, mask(g, 1, 2, 6)), [1, 2, 6], {}],
    ['batch first', (g: Body, x: Tensor) => product(g, x, mask(g, 2, 1, 6)), [2, 5, 6], { layout: 1 }],
    ['in front of a transpose', (g: Body, x: Tensor) => transpose(g, product(g, x, mask(g, 2, 1, 6)), [1, 0, 2]), [2, 5, 6], {}],
    ['in front of another dropout', (g: Body, x: Tensor) => product(g, product(g, x, mask(g, 1, 2, 6)), ones(g, 6)), [5, 2, 6], {}],
    ['random operators', (g: Body, x: Tensor) => {
      const kept = g.node('Cast', [g.node('Less', [g.node('RandomUniformLike', [ones(g, 1, 2, 6)], { shape: [1, 2, 6] }), g.constant(literal(0.75))], { shape: [1, 2, 6], type: 'bool' })], { shape: [1, 2, 6], type: 'float32', attributes: { to: 1 } });
      return product(g, x, g.node('Div', [kept, g.constant(literal(0.75))]));
    }, [5, 2, 6], {}],
  ] as const)('%s', (name, drop, shape, attributes) => {
    expect(read(drop, [...shape], attributes)).toEqual(name === 'random operators' ? ['time dropout 0.25 (live, decomposed) in model'] : time);
  });

  it.each([
    ['one draw for a step', (g: Body, x: Tensor) => product(g, x, mask(g, 5, 1, 6)), ['unknown dropout 0.25 (live) in model']],
    ['one draw for each step and example', (g: Body, x: Tensor) => product(g, x, mask(g, 5, 2, 1)), ['unknown dropout 0.25 (live) in model']],
    ['a draw for each element', (g: Body, x: Tensor) => product(g, x, mask(g, 5, 2, 6)), ['dropout 0.25 (live) in model']],
  ] as const)('%s is none', (_, drop, expected) => {
    expect(read(drop)).toEqual(expected);
  });
});

describe('on the recurrence weights', () => {
  const over = (...shape: readonly number[]): string[] => {
    const g = new Model({ opset: 17 }).graph;
    const recurrence = g.parameter('RNN', 'rnn', 'recurrence', [2, 8, 8]);
    const [y] = g.nodeWithOutputs('RNN', [g.input('x', [5, 2, 6]), g.parameter('RNN', 'rnn', 'input-weight', [2, 8, 6]), product(g, recurrence, mask(g, ...shape))], { outputs: 1, shape: [5, 2, 2, 8], attributes: { hidden_size: 8, direction: 'bidirectional' } });
    return dropoutsOf(g.output(y!, 'y').model.encode());
  };

  it('a column for each unit, beside the way of the data', () => {
    expect(over(2, 1, 8)).toEqual(['time dropout 0.25 (live, recurrent) in model']);
  });

  it.each([[[1, 1, 8]], [[2, 8, 1]], [[2, 8, 8]], [[8]]])('%j is none', (shape) => {
    expect(over(...shape)).toEqual(['weight dropout 0.25 (live) in model']);
  });
});

describe('in the body of a loop, by a mask from outside', () => {
  const loopOver = (use: (b: Body, h: Tensor, drawn: Tensor) => Tensor, { drawn = (g: Body) => mask(g, 2, 4), shape = [2, 4] }: { readonly drawn?: (g: Body) => Tensor; readonly shape?: readonly number[] } = {}): Uint8Array => {
    const model = new Model({ opset: 17 });
    const g = model.graph;
    const outside = drawn(g);
    const body = model.subgraph('body', (b) => {
      const condition = [b.input('step', [], 'int64'), b.input('continue', [], 'bool')][1]!;
      const result = use(b, b.input('h', shape), outside);
      b.output(b.node('Identity', [condition], { type: 'bool', shape: [] })).output(b.node('Tanh', [result], { shape }));
    });
    return g.output(g.node('Loop', [g.constant(literal(3, 'int64')), g.constant(literal(1, 'bool')), g.input('h0', shape)], { shape, type: 'float32', attributes: { body } }), 'y').model.encode();
  };

  it('the product is the dropout, and the draw is none of its own', () => {
    const bytes = loopOver(product);
    expect(dropoutsOf(bytes)).toEqual(['time dropout 0.25 (live, recurrent) in loop']);
    expect(readOnnxBytes(bytes).dropouts().map(({ nodes, unit }) => [unit, nodes.map(({ opType }) => opType)])).toEqual([['time', ['Mul']]]);
  });

  it('in a branch inside the loop as well', () => {
    const inBranch = (b: Body, h: Tensor, drawn: Tensor) => {
      const branch = (name: string, make: (inner: Body) => Tensor) => b.model.subgraph(name, (inner) => void inner.output(make(inner)));
      return b.node('If', [b.inputs[1]!], { shape: [2, 4], type: 'float32', attributes: { then_branch: branch('then', (inner) => product(inner, h, drawn)), else_branch: branch('else', (inner) => inner.node('Identity', [h])) } });
    };
    expect(dropoutsOf(loopOver(inBranch))).toEqual(['time dropout 0.25 (live, recurrent) in branch']);
  });

  it.each([
    ['a mask that is added', (b: Body, h: Tensor, drawn: Tensor) => b.node('Add', [h, drawn]), {}],
    ['a mask that makes the state larger', (b: Body, h: Tensor, drawn: Tensor) => b.node('Mul', [h, drawn], { shape: [2, 4] }), { shape: [1, 4] }],
    ['a dropout over other numbers than ones', product, { drawn: (g: Body) => dropout(g, g.constant(literal(new Float32Array(8).fill(2), 'float32', [2, 4])), { rate: 0.25, scope: 'drop', state: 'live' }) }],
  ] as const)('%s is none', (_, use, options) => {
    expect(dropoutsOf(loopOver(use, options)).filter((text) => text.startsWith('time'))).toEqual([]);
  });
});
