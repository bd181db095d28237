/** Graphs around one dropout, each with something that makes rewiring it difficult. */
import { dropout, operatorForms } from '../../../../fixtures/builders/dropout-forms.js';
import type { DropoutOptions } from '../../../../fixtures/builders/dropout-forms.js';
import { binary, convolution, flatten, globalPool, linear } from '../../../../fixtures/builders/layers.js';
import { AttributeReference, float, Model } from '../../../../fixtures/builders/onnx.js';
import type { Body, ModelOptions, Tensor } from '../../../../fixtures/builders/onnx.js';
import { literal } from '../../../../fixtures/builders/tensors.js';
import type { Dim, ElementType } from '../../../../fixtures/builders/tensors.js';

export interface Structure {
  readonly name: string;
  readonly bytes: Uint8Array;
  /** onnxruntime has no kernels for it. */
  readonly runs: boolean;
}

interface Setting extends Partial<ModelOptions> {
  readonly shape?: readonly Dim[];
  readonly type?: ElementType;
  readonly runs?: boolean;
}

function structure(name: string, make: (g: Body, x: Tensor) => void, { shape = [2, 8], type = 'float32', runs = true, ...options }: Setting = {}): Structure {
  const model = new Model({ opset: 13, valueInfo: true, metadata: { owner: 'someone' }, ...options });
  model.graph.metadata.purpose = 'a test';
  make(model.graph, model.graph.input('x', shape, type));
  return { name, bytes: model.encode(), runs };
}

const rate = 0.25;
/** tanh → dropout → relu → linear, with whatever form of dropout. */
const around = (drop: (g: Body, h: Tensor) => Tensor) => (g: Body, x: Tensor) =>
  g.output(linear(g, g.node('Relu', [drop(g, g.node('Tanh', [linear(g, x, 8, { scope: 'first' })]))]), 4, { scope: 'last' }), 'y');
const plain = (options: Partial<DropoutOptions> = {}) => around((g, h) => dropout(g, h, { rate, scope: 'drop', ...options }));

/** conv → relu → dropout → conv, for masks per channel. */
const maps = (drop: (g: Body, h: Tensor) => Tensor) => (g: Body, x: Tensor) =>
  g.output(linear(g, flatten(g, globalPool(g, convolution(g, g.node('Relu', [drop(g, convolution(g, x, 4, { scope: 'first' }))]), 4, { scope: 'second' }), 'average')), 3, { scope: 'last' }), 'y');
const image = (batch: Dim = 2): Setting => ({ shape: [batch, 3, 6, 6] });

const scalar = (g: Body, value: number) => g.constant(literal(value), { as: 'node' });
const truth = (g: Body, value: boolean) => g.constant(literal(value ? 1 : 0, 'bool'), { as: 'node' });

export const forms: readonly Structure[] = [
  ...[1, 6, 7, 10, 12, 13, 22].flatMap((opset) => operatorForms(opset).flatMap((form) => (opset < 7 ? ['live', 'off'] as const : opset < 12 ? [undefined] : ['live'] as const)
    .map((state) => structure(`opset ${opset}, ${form}${state ? `, ${state}` : ''}`, plain({ form, ...(state && { state }) }), { opset, runs: opset >= 7 })))),
  structure('absent ratio and mode', plain({ form: 'absent' })),
  structure('IR 3', plain({ state: 'live' }), { irVersion: 3 }),
  structure('with a seed', plain({ state: 'live', seed: 3 })),
  structure('no names of nodes', plain({ state: 'live' }), { naming: 'plain' }),
  structure('BitmaskDropout', plain({ form: 'bitmask-dropout', state: 'live' }), { runs: false }),
  structure('BiasDropout', plain({ form: 'bias-dropout', state: 'live' }), { runs: false }),
  structure('float64', around((g, h) => g.node('Cast', [dropout(g, g.node('Cast', [h], { type: 'float64', attributes: { to: 11 } }), { rate, state: 'live' })], { type: 'float32', attributes: { to: 1 } }))),
  structure('float16', around((g, h) => g.node('Cast', [dropout(g, g.node('Cast', [h], { type: 'float16', attributes: { to: 10 } }), { rate, state: 'live' })], { type: 'float32', attributes: { to: 1 } }))),
  structure('decomposed, like the data', plain({ form: 'decomposed', like: true })),
  structure('decomposed, like a constant', plain({ form: 'decomposed' })),
  structure('decomposed, RandomUniform', around((g, h) => {
    const kept = g.node('Less', [g.node('RandomUniform', [], { attributes: { shape: [2, 8] }, shape: [2, 8] }), scalar(g, 0.75)], { type: 'bool', shape: [2, 8] });
    return g.node('Mul', [h, g.node('Div', [g.node('Cast', [kept], { type: 'float32', attributes: { to: 1 } }), scalar(g, 0.75)])]);
  })),
  structure('decomposed, as TensorFlow writes it', around((g, h) => {
    const scaled = g.node('Mul', [h, scalar(g, 4 / 3)]);
    const kept = g.node('GreaterOrEqual', [g.node('RandomUniformLike', [scaled]), scalar(g, 0.25)], { type: 'bool', shape: [2, 8] });
    return g.node('Mul', [scaled, g.node('Cast', [kept], { type: 'float32', attributes: { to: 1 } })]);
  })),
];

export const masks: readonly Structure[] = (['image', 'symbolic'] as const).flatMap((kind) => {
  const setting = image(kind === 'image' ? 2 : 'batch');
  const of = (name: string, options: Partial<DropoutOptions>, more: Setting = {}) => structure(`${name}, ${kind} batch`, maps((g, h) => dropout(g, h, { rate, ...options })), { ...setting, ...more });
  return [
    of('feature maps', { state: 'live' }), of('feature maps, opset 10', {}, { opset: 10 }), of('feature maps, opset 7', {}, { opset: 7 }), of('feature maps, opset 6', { state: 'live' }, { opset: 6, runs: false }),
    of('feature maps, decomposed like the data', { form: 'decomposed', like: true }),
    ...(kind === 'image' ? [of('feature maps, decomposed', { form: 'decomposed' })] : []),
    of('a mask per channel, operator', { unit: 'channel', state: 'live' }), of('a mask per channel, decomposed', { unit: 'channel', form: 'decomposed' }),
    of('a mask per example', { unit: 'sample', form: 'decomposed' }),
  ];
});

/** An If whose branches read `outer`. */
function reading(g: Body, outer: Tensor, make: (body: Body, value: Tensor) => Tensor = (body, value) => body.node('Neg', [value])): Tensor {
  const condition = g.inputs.find(({ name }) => name === 'condition') ?? g.input('condition', [], 'bool');
  const branch = (name: string) => g.model.subgraph(name, (body) => body.output(make(body, outer)));
  return g.node('If', [condition], { attributes: { then_branch: branch('then'), else_branch: branch('else') }, shape: outer.shape, type: 'float32' });
}

export const wiring: readonly Structure[] = [
  structure('the mask is read', around((g, h) => {
    const [y, mask] = g.nodeWithOutputs('Dropout', [h, scalar(g, rate), truth(g, true)], { outputs: 2 });
    mask!.type = 'bool';
    g.output(g.node('Cast', [mask!], { type: 'float32', attributes: { to: 1 } }), 'seen');
    return y!;
  })),
  structure('the mask is an output of the model', plain({ state: 'live', mask: 'output' })),
  structure('the mask is an output of the model, opset 10', plain({ mask: 'output' }), { opset: 10 }),
  structure('the mask is named, and nothing reads it', plain({ state: 'live', mask: 'unused' })),
  structure('the result is an output of the model', (g, x) => {
    g.output(dropout(g, g.node('Relu', [linear(g, x, 4)]), { rate, state: 'live' }), 'y');
  }),
  structure('the result is an output, and so is what it drops', (g, x) => {
    const h = g.node('Relu', [linear(g, x, 4)]);
    g.output(h, 'h').output(dropout(g, h, { rate, state: 'live' }), 'y');
  }),
  structure('the result is an output, and a layer reads it', (g, x) => {
    const y = dropout(g, linear(g, x, 4, { scope: 'first' }), { rate, state: 'live' });
    g.output(y, 'y').output(linear(g, g.node('Relu', [y]), 3, { scope: 'last' }), 'z');
  }),
  structure('it drops an input of the model', (g, x) => g.output(linear(g, g.node('Relu', [dropout(g, x, { rate, state: 'live' })]), 4), 'y')),
  structure('it stands between an input and an output of the model', (g, x) => g.output(dropout(g, x, { rate, state: 'live' }), 'y').output(linear(g, g.node('Relu', [x]), 3), 'z')),
  structure('several layers read the result', (g, x) => {
    const y = dropout(g, linear(g, x, 8, { scope: 'first' }), { rate, state: 'live' });
    g.output(linear(g, binary(g, 'Add', g.node('Relu', [y]), g.node('Neg', [y])), 4, { scope: 'last' }), 'y');
  }),
  structure('several layers read what it drops', (g, x) => {
    const h = linear(g, x, 8, { scope: 'first' });
    g.output(linear(g, binary(g, 'Add', g.node('Relu', [dropout(g, h, { rate, state: 'live' })]), g.node('Neg', [h])), 4, { scope: 'last' }), 'y');
  }),
  structure('one layer reads the result twice', (g, x) => {
    const y = dropout(g, linear(g, x, 8, { scope: 'first' }), { rate, state: 'live' });
    g.output(linear(g, g.node('Relu', [binary(g, 'Mul', y, y)]), 4, { scope: 'last' }), 'y');
  }),
  structure('two dropouts share ratio and mode', (g, x) => {
    const [ratio, mode] = [g.constant(literal(rate)), g.constant(literal(1, 'bool'))];
    const first = g.node('Relu', [g.node('Dropout', [linear(g, x, 8, { scope: 'first' }), ratio, mode])]);
    g.output(linear(g, g.node('Dropout', [g.node('Tanh', [linear(g, first, 8, { scope: 'second' })]), ratio, mode]), 4, { scope: 'last' }), 'y');
  }),
  structure('ratio and mode stand right before it', around((g, h) => {
    const [ratio, mode] = [scalar(g, rate), truth(g, true)];
    return g.node('Dropout', [h, g.node('Identity', [ratio]), g.node('Cast', [mode], { type: 'bool', attributes: { to: 9 } })]);
  })),
  structure('the names are taken', (g, x) => {
    const h = linear(g, x, 8, { scope: 'first' });
    for (const name of [`${h.name}_dropout`, 'ratio', 'training_mode', 'Dropout', 'Identity', 'Mul', 'Constant']) g.output(g.node('Abs', [h], { name, outputs: [name] }));
    const y = g.node('Relu', [dropout(g, h, { rate, state: 'live' })], { name: 'relu', outputs: ['relu'] });
    g.output(g.node('Neg', [y], { outputs: ['relu_dropout'] })).output(linear(g, y, 4, { scope: 'last' }), 'y');
  }),
  structure('quantization annotations', (g, x) => {
    plain({ state: 'live' })(g, x);
    const annotate = (operator: string) => g.quantizationAnnotations.push({ tensorName: g.nodes.find((node) => node.operator === operator)!.outputs[0]!, quantParameterTensorNames: [{ key: 'SCALE_TENSOR', value: `${operator}_scale` }] });
    for (const operator of ['Tanh', 'Dropout', 'Relu']) {
      annotate(operator);
      g.initializers.set(`${operator}_scale`, literal(0.1));
    }
    g.output(g.node('Add', ['Tanh', 'Dropout', 'Relu'].map((name) => ({ name: `${name}_scale`, shape: [], type: 'float32' as const })).slice(0, 2)), 'a').output(g.node('Neg', [{ name: 'Relu_scale', shape: [], type: 'float32' }]), 'b');
  }),
  structure('metadata, unknown fields and doc strings on every node', (g, x) => {
    const more = (name: string) => ({ metadata: { 'pkg.source': name }, doc: `where ${name} comes from`, unknown: Uint8Array.of(0xc2, 0x3e, 3, 1, 2, 3) });
    const h = g.node('Tanh', [x], more('tanh'));
    g.output(g.node('Relu', [g.node('Dropout', [h, scalar(g, rate), truth(g, true)], more('dropout'))], more('relu')), 'y');
  }),
  structure('a nested graph reads what it drops', (g, x) => {
    const h = linear(g, x, 8, { scope: 'first' });
    g.output(binary(g, 'Add', g.node('Relu', [dropout(g, h, { rate, state: 'live' })]), reading(g, h)), 'y');
  }),
  structure('a nested graph reads the result', (g, x) => {
    const y = dropout(g, linear(g, x, 8, { scope: 'first' }), { rate, state: 'live' });
    g.output(binary(g, 'Add', g.node('Relu', [y]), reading(g, y)), 'y');
  }),
  structure('a nested graph reads the result of an input of the model', (g, x) => {
    const y = dropout(g, x, { rate, state: 'live' });
    g.output(binary(g, 'Add', g.node('Relu', [y]), reading(g, y)), 'y');
  }),
  structure('a nested graph reads the activation behind it', (g, x) => {
    const y = g.node('Relu', [dropout(g, linear(g, x, 8, { scope: 'first' }), { rate, state: 'live' })]);
    g.output(binary(g, 'Add', g.node('Neg', [y]), reading(g, y)), 'y');
  }),
  structure('a nested graph reads the mask', around((g, h) => {
    const [y, mask] = g.nodeWithOutputs('Dropout', [h, scalar(g, rate), truth(g, true)], { outputs: 2 });
    mask!.type = 'bool';
    g.output(reading(g, mask!, (body, value) => body.node('Cast', [value], { type: 'float32', attributes: { to: 1 } })), 'seen');
    return y!;
  })),
  structure('in a nested graph', (g, x) => g.output(reading(g, linear(g, x, 8, { scope: 'outer' }), (body, outer) => body.node('Relu', [dropout(body, body.node('Tanh', [outer]), { rate, form: 'constant', state: 'live' })])), 'y')),
  structure('in a nested graph, over an outer value', (g, x) => g.output(reading(g, linear(g, x, 8, { scope: 'outer' }), (body, outer) => body.node('Relu', [dropout(body, outer, { rate, form: 'constant', state: 'live' })])), 'y')),
  structure('in a nested graph, between an outer value and the output', (g, x) => g.output(reading(g, linear(g, x, 8, { scope: 'outer' }), (body, outer) => dropout(body, outer, { rate, form: 'constant', state: 'live' })), 'y')),
  structure('in a nested graph, ratio and mode from outside', (g, x) => {
    const [ratio, mode] = [g.constant(literal(rate)), g.constant(literal(1, 'bool'))];
    g.output(reading(g, linear(g, x, 8, { scope: 'outer' }), (body, outer) => body.node('Relu', [body.node('Dropout', [body.node('Tanh', [outer]), ratio, mode])])), 'y');
  }),
  structure('in a function', (g, x) => {
    g.model.function('local', 'Block', (body) => {
      const [value, training] = [body.input('value', []), body.input('training', [], 'bool')];
      const ratio = body.node('Constant', [], { shape: [], attributes: { value_float: new AttributeReference('rate', 'float') } });
      body.output(body.node('Relu', [body.node('Dropout', [body.node('Tanh', [value]), ratio, training])]));
    }, { attributes: ['rate'] });
    g.output(linear(g, g.node('Block', [linear(g, x, 8, { scope: 'first' }), truth(g, false)], { domain: 'local', attributes: { rate: float(rate) } }), 4, { scope: 'last' }), 'y');
  }, { opset: 15, irVersion: 8 }),
  structure('in a function, between its input and its output', (g, x) => {
    g.model.function('local', 'Drop', (body) => body.output(body.node('Dropout', [body.input('value', []), scalar(body, rate)])));
    g.output(linear(g, g.node('Drop', [x], { domain: 'local' }), 4), 'y');
  }, { opset: 15, irVersion: 8 }),
  structure('over a weight', (g, x) => g.output(g.node('Relu', [linear(g, x, 4, { onWeight: (weight) => dropout(g, weight, { rate, state: 'live' }) })]), 'y')),
  structure('the rate is computed from the activation behind it', (g, x) => {
    // Two dropouts: the second takes its rate from what the first one would be moved behind.
    const h = g.node('Relu', [linear(g, x, 8, { scope: 'first' })]);
    const ratio = g.node('Mul', [g.node('ReduceMax', [g.node('Sigmoid', [h])], { shape: [], attributes: { keepdims: 0 } }), scalar(g, 0.5)], { shape: [] });
    g.output(linear(g, g.node('Tanh', [g.node('Dropout', [h, ratio])]), 4, { scope: 'last' }), 'y');
  }),
  structure('nodes out of topological order', (g, x) => {
    plain({ state: 'live' })(g, x);
    g.nodes.reverse();
  }),
];
