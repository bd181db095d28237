import { describe, expect, it } from 'vitest';
import { dropout } from '../../../../fixtures/builders/dropout-forms.js';
import type { DropoutOptions } from '../../../../fixtures/builders/dropout-forms.js';
import { linear } from '../../../../fixtures/builders/layers.js';
import { AttributeReference, float, Model } from '../../../../fixtures/builders/onnx.js';
import type { Body, Tensor } from '../../../../fixtures/builders/onnx.js';
import { literal } from '../../../../fixtures/builders/tensors.js';
import type { DropoutState, DropoutUnit } from '../../../../src/graph/layers.js';
import { build, graphOf, graphsOf, kinds, onlyDropout, printed } from './lifting.js';
import type { Setting } from './lifting.js';

const drop = (options: DropoutOptions) => (g: Body, x: Tensor) => dropout(g, g.node('Relu', [x]), options);
const scalar = (g: Body, value: number, as: 'initializer' | 'node' = 'initializer') => g.constant(literal(value), { as });
const truth = (g: Body, value: boolean, as: 'initializer' | 'node' = 'initializer') => g.constant(literal(value ? 1 : 0, 'bool'), { as });

describe('the Dropout operator', () => {
  const states: readonly (readonly [opset: number, state: DropoutOptions['state'], expected: DropoutState])[] = [
    [1, 'live', 'live'], [1, 'off', 'off'], [1, 'unspecified', 'live'], [6, 'live', 'live'], [6, 'off', 'off'], [6, 'unspecified', 'live'],
    [7, undefined, 'unspecified'], [10, undefined, 'unspecified'], [11, undefined, 'unspecified'],
    ...[12, 13, 22].flatMap((opset) => [[opset, 'live', 'live'], [opset, 'off', 'off'], [opset, 'unspecified', 'unspecified']] as const),
  ];
  it.each(states)('opset %i, %s is %s', (opset, state, expected) => {
    const layer = onlyDropout(build(drop({ rate: 0.3, ...(state && { state }) }), { opset }));
    expect(layer).toMatchObject({ state: expected, unit: 'element', law: 'bernoulli', form: 'operator', inverted: true, rateIsConstant: true, mask: undefined });
    expect(layer.rate).toBeCloseTo(0.3, 6);
  });

  it.each([7, 10, 13])('without a ratio the rate is one half, opset %i', (opset) => {
    expect(onlyDropout(build((g, x) => g.node('Dropout', [x]), { opset }))).toMatchObject({ rate: 0.5, rateIsConstant: true, rateName: undefined });
  });

  /** Where ratio and mode come from; `keep` is what becomes of a constant on the way. */
  const ways: Readonly<Record<string, (g: Body, value: Tensor) => Tensor>> = {
    directly: (_, value) => value,
    'through Identity': (g, value) => g.node('Identity', [value]),
    'through Cast': (g, value) => g.node('Cast', [value], { type: value.type, attributes: { to: value.type === 'bool' ? 9 : 1 } }),
    'through both': (g, value) => g.node('Identity', [g.node('Cast', [value], { attributes: { to: value.type === 'bool' ? 9 : 1 } })]),
  };

  describe.each(Object.entries(ways))('%s', (_, way) => {
    it.each(['initializer', 'node'] as const)('constants as %s', (as) => {
      const of = (mode: boolean) => onlyDropout(build((g, x) => g.node('Dropout', [x, way(g, scalar(g, 0.25, as)), way(g, truth(g, mode, as))])));
      expect(of(true)).toMatchObject({ rate: 0.25, state: 'live', rateIsConstant: true });
      expect(of(false)).toMatchObject({ rate: 0.25, state: 'off', rateIsConstant: true });
    });

    it('inputs of the model', () => {
      expect(onlyDropout(build((g, x) => g.node('Dropout', [x, way(g, g.input('ratio', [])), way(g, g.input('training', [], 'bool'))])))).toMatchObject({ rate: undefined, state: 'live', rateIsConstant: false });
    });

    it.each([[7, 'unspecified', false], [3, 'off', true]] as const)('inputs with defaults, IR %i', (irVersion, state, rateIsConstant) => {
      const of = (mode: number) => onlyDropout(build((g, x) => {
        const [ratio, training] = [g.input('ratio', []), g.input('training', [], 'bool')];
        g.initializers.set('ratio', literal(0.25)).set('training', literal(mode, 'bool'));
        return g.node('Dropout', [x, way(g, ratio), way(g, training)]);
      }, { irVersion }));
      expect(of(0)).toMatchObject({ rate: 0.25, state, rateIsConstant });
      expect(of(1)).toMatchObject({ rate: 0.25, state: 'live', rateIsConstant });
      expect(graphOf(build(drop({ rate: 0.5, form: 'input-default', state: 'live' }))).inputs.map(({ name }) => name)).toEqual(['x']);
    });
  });

  it('IR 3 lists initializers as inputs', () => {
    const bytes = build(drop({ rate: 0.3, state: 'off' }), { irVersion: 3 });
    expect(onlyDropout(bytes)).toMatchObject({ state: 'off', rateIsConstant: true });
    expect(graphOf(bytes).inputs).toHaveLength(1);
  });

  it('training_mode = Not(constant)', () => {
    expect(onlyDropout(build((g, x) => g.node('Dropout', [x, scalar(g, 0.5), g.node('Not', [truth(g, true)])]))).state).toBe('off');
  });

  it('a mode that is computed at run time is not known', () => {
    expect(onlyDropout(build((g, x) => g.node('Dropout', [x, scalar(g, 0.5), g.node('Not', [g.input('evaluate', [], 'bool')])]))).state).toBe('unspecified');
  });

  it('rates are read as they stand, faults included', () => {
    for (const rate of [0, 1, 50, -0.5]) expect(onlyDropout(build(drop({ rate }))).rate).toBe(rate);
    expect(onlyDropout(build(drop({ rate: NaN }))).rate).toBeNaN();
  });

  it.each(['value_float', 'value'] as const)('a Constant node with %s', (name) => {
    const bytes = build((g, x) => g.node('Dropout', [x, g.node('Constant', [], { shape: [], attributes: { [name]: name === 'value' ? literal([0.2]) : float(0.2) } })]));
    expect(onlyDropout(bytes).rate).toBeCloseTo(0.2, 6);
  });

  it('the seed, the name of the ratio and a mask that is read', () => {
    const bytes = build((g, x) => {
      const [y, mask] = g.nodeWithOutputs('Dropout', [x, g.initializer('drop_rate', literal(0.5))], { outputs: 2, attributes: { seed: 7 } });
      return g.node('Where', [{ ...mask!, type: 'bool' }, y!, x]);
    });
    const layer = onlyDropout(bytes);
    expect(layer).toMatchObject({ seed: 7, rateName: 'drop_rate' });
    expect(layer.mask?.name).toBe('r1');
    expect(onlyDropout(build(drop({ rate: 0.5, mask: 'unused' }))).mask).toBeUndefined();
    expect(onlyDropout(build(drop({ rate: 0.5, mask: 'output' }))).mask).toBeDefined();
  });

  it('a live one is evidence of training, an unspecified one is not', () => {
    expect(graphOf(build(drop({ rate: 0.5, state: 'live' }))).trainingEvidence).toHaveLength(1);
    expect(graphOf(build(drop({ rate: 0.5 }))).trainingEvidence).toEqual([]);
  });

  it('an operator of that name in another domain is none', () => {
    expect(kinds(build((g, x) => g.node('Dropout', [x], { domain: 'com.example' })))).toEqual(['opaque Dropout']);
  });
});

describe('com.microsoft', () => {
  it('BiasDropout adds a bias before it and a residual behind it', () => {
    const bytes = build((g, x) => dropout(g, linear(g, x, 8), { rate: 0.1, form: 'bias-dropout', state: 'live', residual: x }));
    expect(printed(bytes)).toMatchInlineSnapshot(`
      "model main_graph(x [2, 8])
        %1   = linear 8 [2, 8]
        %2   = dropout 0.1 (live) [2, 8]
        %3   = add(%2, x) [2, 8]
        → y = %3"
    `);
  });

  it.each(['bias-dropout', 'bitmask-dropout'] as const)('%s, off', (form) => {
    expect(onlyDropout(build(drop({ rate: 0.25, form, state: 'off' })))).toMatchObject({ rate: 0.25, state: 'off', form: 'operator' });
  });
});

describe('decomposed dropout', () => {
  const image: Setting = { shape: [2, 4, 8, 8] };
  const sequence: Setting = { shape: [2, 6, 8] };
  const units: readonly (readonly [unit: DropoutUnit, setting: Setting])[] = [
    ['element', {}], ['element', image], ['channel', image], ['channel', { shape: [2, 4, 16] }], ['sample', image], ['sample', {}], ['time', sequence],
  ];

  describe.each(units)('%s of %o', (unit, setting) => {
    it.each(['decomposed', 'bernoulli'] as const)('%s', (form) => {
      for (const shape of [setting.shape ?? [2, 8], ['batch', ...(setting.shape ?? [2, 8]).slice(1)]]) {
        const layer = onlyDropout(build(drop({ rate: 0.25, unit: unit as 'element', form }), { ...setting, shape }));
        expect(layer).toMatchObject({ unit, state: 'live', form: 'decomposed', inverted: true, law: 'bernoulli', rateIsConstant: true });
        expect(layer.rate).toBeCloseTo(0.25, 6);
      }
    });

    it('an operator over ones', () => {
      if (unit === 'element') return;
      for (const shape of [setting.shape ?? [2, 8], ['batch', ...(setting.shape ?? [2, 8]).slice(1)]]) {
        const bytes = build(drop({ rate: 0.25, unit: unit as 'channel', state: 'live' }), { ...setting, shape });
        expect(onlyDropout(bytes)).toMatchObject({ unit, state: 'live', form: 'operator', rate: 0.25 });
        expect(kinds(bytes)).toHaveLength(2);
      }
    });
  });

  it('a batch of one', () => {
    expect(onlyDropout(build(drop({ rate: 0.25, unit: 'sample', form: 'decomposed' }), { shape: [1, 4, 8, 8] })).unit).toBe('sample');
    expect(onlyDropout(build(drop({ rate: 0.25, unit: 'channel', form: 'decomposed' }), { shape: [1, 4, 8, 8] })).unit).toBe('channel');
  });

  it('channels last', () => {
    const bytes = build((g, x) => g.node('Mul', [x, mask(g, [2, 1, 1, 4], (u) => g.node('Less', [u, scalar(g, 0.5)], { type: 'bool' }))]), { shape: [2, 8, 8, 4] });
    expect(onlyDropout(bytes)).toMatchObject({ unit: 'channel', channelAxis: -1 });
  });

  it('over a weight (DropConnect)', () => {
    const bytes = build((g, x) => linear(g, x, 4, { onWeight: (weight) => dropout(g, weight, { rate: 0.5, form: 'decomposed' }) }));
    expect(onlyDropout(bytes)).toMatchObject({ unit: 'weight', form: 'decomposed' });
    expect(kinds(bytes)).toEqual(['weight dropout 0.5 (live, decomposed)', 'linear 4']);
    expect(graphOf(bytes).parameters).toBe(4 * 8 + 4);
  });

  it('over a weight that is transposed behind it', () => {
    const bytes = build((g, x) => {
      const dropped = dropout(g, g.parameter('MatMul', 'w', 'weight', [4, 8]), { rate: 0.5, state: 'live' });
      return g.node('MatMul', [x, g.node('Transpose', [dropped], { shape: [8, 4] })], { shape: [2, 4] });
    });
    expect(kinds(bytes)).toEqual(['weight dropout 0.5 (live)', 'reshape Transpose', 'linear 4']);
    expect(graphOf(bytes).layers.at(-1)!.inputs.map(({ name }) => name)).toEqual(['x']);
  });

  /** u in [0, 1) of the given shape → the mask as floats. */
  function mask(g: Body, shape: readonly number[], threshold: (u: Tensor) => Tensor, attributes: Record<string, ReturnType<typeof float>> = {}): Tensor {
    const u = g.node('RandomUniform', [], { shape, type: 'float32', attributes: { shape: [...shape], ...attributes } });
    const drawn = threshold(u);
    return drawn.type === 'bool' ? g.node('Cast', [drawn], { type: 'float32', attributes: { to: 1 } }) : drawn;
  }
  const compare = (g: Body, operator: string, a: Tensor, b: Tensor) => g.node(operator, [a, b], { shape: a.shape.length ? a.shape : b.shape, type: 'bool' });
  const mul = (g: Body, a: Tensor, b: Tensor) => g.node('Mul', [a, b]);
  const div = (g: Body, a: Tensor, b: Tensor) => g.node('Div', [a, b]);

  const spellings: readonly (readonly [label: string, make: (g: Body, x: Tensor) => Tensor])[] = [
    ['u < keep', (g, x) => div(g, mul(g, x, mask(g, [2, 8], (u) => compare(g, 'Less', u, scalar(g, 0.75)))), scalar(g, 0.75))],
    ['u ≤ keep', (g, x) => div(g, mul(g, x, mask(g, [2, 8], (u) => compare(g, 'LessOrEqual', u, scalar(g, 0.75)))), scalar(g, 0.75))],
    ['keep > u', (g, x) => div(g, mul(g, x, mask(g, [2, 8], (u) => compare(g, 'Greater', scalar(g, 0.75), u))), scalar(g, 0.75))],
    ['u ≥ rate, mask × 1/keep', (g, x) => mul(g, x, mul(g, mask(g, [2, 8], (u) => compare(g, 'GreaterOrEqual', u, scalar(g, 0.25))), scalar(g, 4 / 3)))],
    ['u > rate, 1/keep × mask', (g, x) => mul(g, mul(g, mask(g, [2, 8], (u) => compare(g, 'Greater', u, scalar(g, 0.25))), scalar(g, 4 / 3)), x)],
    ['¬(u < rate)', (g, x) => mul(g, mul(g, x, mask(g, [2, 8], (u) => g.node('Not', [compare(g, 'Less', u, scalar(g, 0.25))], { type: 'bool' }))), scalar(g, 4 / 3))],
    ['⌊keep + u⌋', (g, x) => mul(g, div(g, x, scalar(g, 0.75)), mask(g, [2, 8], (u) => g.node('Floor', [g.node('Add', [scalar(g, 0.75), u], { shape: [2, 8] })])))],
    ['TensorFlow: x × 1/keep before the mask', (g, x) => mul(g, mul(g, x, scalar(g, 4 / 3)), mask(g, [2, 8], (u) => compare(g, 'GreaterOrEqual', u, scalar(g, 0.25))))],
    ['TensorFlow: like the scaled x', (g, x) => {
      const scaled = mul(g, x, scalar(g, 4 / 3));
      const u = g.node('RandomUniformLike', [scaled]);
      return mul(g, scaled, g.node('Cast', [compare(g, 'GreaterOrEqual', u, scalar(g, 0.25))], { type: 'float32', attributes: { to: 1 } }));
    }],
    ['Where(kept, x, 0) / keep', (g, x) => div(g, g.node('Where', [compare(g, 'Less', g.node('RandomUniformLike', [x]), scalar(g, 0.75)), x, scalar(g, 0)], { shape: [2, 8], type: 'float32' }), scalar(g, 0.75))],
    ['Where(dropped, 0, x) / keep', (g, x) => div(g, g.node('Where', [compare(g, 'Less', g.node('RandomUniformLike', [x]), scalar(g, 0.25)), scalar(g, 0), x], { shape: [2, 8], type: 'float32' }), scalar(g, 0.75))],
    ['Bernoulli(keep)', (g, x) => mul(g, x, div(g, g.node('Bernoulli', [g.constant(literal(new Float32Array(16).fill(0.75), 'float32', [2, 8]))]), scalar(g, 0.75)))],
  ];
  it.each(spellings)('%s', (_, make) => {
    const bytes = build((g, x) => g.node('Relu', [make(g, g.node('Tanh', [x]))]), { opset: 16 });
    expect(kinds(bytes)).toEqual(['tanh', 'dropout 0.25 (live, decomposed)', 'relu']);
    expect(onlyDropout(bytes)).toMatchObject({ unit: 'element', inverted: true });
  });

  it('not inverted', () => {
    const bytes = build((g, x) => mul(g, x, mask(g, [2, 8], (u) => compare(g, 'Less', u, scalar(g, 0.75)))));
    expect(kinds(bytes)).toEqual(['dropout 0.25 (live, decomposed, not inverted)']);
  });

  it('the rate as an input of the model', () => {
    const bytes = build((g, x) => {
      const rate = g.input('rate', []);
      const kept = g.node('Sub', [scalar(g, 1), rate], { shape: [] });
      return mul(g, x, div(g, mask(g, [2, 8], (u) => compare(g, 'GreaterOrEqual', u, rate)), kept));
    });
    expect(onlyDropout(bytes)).toMatchObject({ rate: undefined, rateIsConstant: false, inverted: true });
  });

  const others: readonly (readonly [label: string, make: (g: Body, x: Tensor) => Tensor])[] = [
    ['a mask of two tensors', (g, x) => {
      const m = mask(g, [2, 8], (u) => compare(g, 'Less', u, scalar(g, 0.75)));
      return g.node('Add', [mul(g, x, m), mul(g, g.node('Relu', [x]), m)]);
    }],
    ['a mask that is an output', (g, x) => {
      const m = mask(g, [2, 8], (u) => compare(g, 'Less', u, scalar(g, 0.75)));
      g.output(m);
      return mul(g, x, m);
    }],
    ['random numbers that are read elsewhere', (g, x) => {
      let random!: Tensor;
      const m = mask(g, [2, 8], (u) => compare(g, 'Less', (random = u), scalar(g, 0.75)));
      return g.node('Add', [mul(g, x, m), random]);
    }],
    ['a threshold for each element', (g, x) => mul(g, x, mask(g, [2, 8], (u) => compare(g, 'Less', u, g.node('Sigmoid', [x]))))],
    ['random numbers that are not in [0, 1)', (g, x) => mul(g, x, mask(g, [2, 8], (u) => compare(g, 'Less', u, scalar(g, 0.75)), { low: float(-1) }))],
    ['a mask that enlarges what it multiplies', (g, x) => g.node('Mul', [g.node('ReduceMean', [x], { shape: [2, 1], attributes: { axes: [1] } }), mask(g, [2, 8], (u) => compare(g, 'Less', u, scalar(g, 0.75)))], { shape: [2, 8] })],
    ['noise that is added', (g, x) => g.node('Add', [x, mask(g, [2, 8], (u) => compare(g, 'Less', u, scalar(g, 0.75)))])],
    ['the mask itself', (g) => {
      const m = mask(g, [2, 8], (u) => compare(g, 'Less', u, scalar(g, 0.75)));
      return mul(g, m, m);
    }],
  ];
  it.each(others)('is none: %s', (_, make) => {
    expect(kinds(build(make)).filter((kind) => kind.includes('dropout'))).toEqual([]);
  });
});

describe('subgraphs and functions', () => {
  it('If, Loop and Scan bodies are graphs of their own; values and constants of the outer graph are known inside', () => {
    const bytes = build((g, x) => {
      const [rate, training, hidden] = [g.initializer('rate', literal(0.25)), g.input('training', [], 'bool'), linear(g, x, 4)];
      const branch = (name: string, live: boolean) => g.model.subgraph(name, (body) => {
        const y = live ? body.node('Dropout', [hidden, rate, training]) : body.node('Relu', [hidden]);
        body.output(linear(body, y, 4, { scope: name }));
      });
      return g.node('If', [training], { shape: [2, 4], attributes: { then_branch: branch('then', true), else_branch: branch('else', false) } });
    });
    expect(printed(bytes)).toMatchInlineSnapshot(`
      "model main_graph(x [2, 8], training [])
        %1   = linear 4(x) [2, 4]
        %2   = opaque If(training) [2, 4]
        → y = %2
      branch then()
        %1   = dropout 0.25 (live)(r0) [2, 4]
        %2   = linear 4 [2, 4]
        → r2 = %2
      branch else()
        %1   = relu(r0) [2, 4]
        %2   = linear 4 [2, 4]
        → r4 = %2"
    `);
    expect(onlyDropout(bytes)).toMatchObject({ rate: 0.25, state: 'live' });
  });

  it('a value that a subgraph reads is captured', () => {
    const bytes = build((g, x) => {
      const y = dropout(g, x, { rate: 0.5 });
      const branch = (name: string) => g.model.subgraph(name, (body) => body.output(body.node('Relu', [y])));
      return g.node('Add', [y, g.node('If', [g.input('c', [], 'bool')], { attributes: { then_branch: branch('a'), else_branch: branch('b') } })]);
    });
    expect(onlyDropout(bytes).outputs[0]!.captured).toBe(true);
  });

  it('an If over shapes alone carries data all the same', () => {
    const bytes = build((g, x) => {
      const y = g.node('Relu', [x]);
      const size = g.node('Gather', [g.node('Shape', [y], { shape: [2], type: 'int64' }), g.constant(literal(0, 'int64'))], { shape: [], type: 'int64' });
      const condition = g.node('Equal', [size, g.constant(literal(2, 'int64'))], { shape: [], type: 'bool' });
      const branch = (name: string) => g.model.subgraph(name, (body) => body.output(body.node('Neg', [y])));
      return g.node('If', [condition], { attributes: { then_branch: branch('a'), else_branch: branch('b') } });
    });
    expect(kinds(bytes)).toEqual(['relu', 'opaque If']);
  });

  it('the mode of a function is that of its calls; attributes of the call give the rate', () => {
    const model = new Model({ opset: 15, naming: 'plain', irVersion: 8 });
    model.function('local', 'Inner', (body) => {
      const [x, training] = [body.input('x', []), body.input('training', [], 'bool')];
      const ratio = body.node('Constant', [], { shape: [], attributes: { value_float: new AttributeReference('rate', 'float') } });
      body.output(body.node('Dropout', [x, ratio, training]));
    }, { attributes: ['rate'] });
    model.function('local', 'Outer', (body) => {
      const x = body.input('x', []);
      body.output(body.node('Inner', [body.node('Relu', [x]), body.constant(literal(1, 'bool'), { as: 'node' })], { domain: 'local', attributes: { rate: float(0.5) } }));
    });
    const { graph } = model;
    graph.output(graph.node('Outer', [graph.input('data', [2, 8])], { domain: 'local' }), 'y');
    const bytes = model.encode();
    expect(printed(bytes)).toMatchInlineSnapshot(`
      "model main_graph(data [2, 8])
        %1   = opaque Outer [2, 8]
        → y = %1
      function Inner(x, training)
        %1   = dropout ? (unspecified)(x)
        → r1 = %1
      function Outer(x_1)
        %1   = relu
        %2   = opaque Inner
        → r3 = %2"
    `);
    expect(graphsOf(bytes).map(({ path, role }) => [path, role])).toEqual([['graph', 'model'], ['function:local.Inner', 'function'], ['function:local.Outer', 'function']]);
    expect(onlyDropout(bytes)).toMatchObject({ rate: undefined, rateIsConstant: false });
  });

  it.each([
    ['ratio', 'Dropout', 11, { rate: undefined }],
    ['is_test', 'Dropout', 6, { state: 'unspecified' }],
  ] as const)('%s from the call, opset %#', (name, operator, opset, expected) => {
    const model = new Model({ opset, naming: 'plain', irVersion: 8 });
    model.function('local', 'F', (body) => body.output(body.node(operator, [body.input('x', [])], { attributes: { [name]: new AttributeReference('a', name === 'ratio' ? 'float' : 'int') } })), { attributes: ['a'] });
    model.graph.output(model.graph.node('F', [model.graph.input('x', [2, 8])], { domain: 'local', attributes: { a: float(0.5) } }), 'y');
    expect(onlyDropout(model.encode())).toMatchObject(expected);
  });
});
