/** model.json and Keras JSON: reading, and edits of the text. Topologies are written by TensorFlow.js itself where it can. */
import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, it } from 'vitest';
import { UnreadableError } from '../../../src/formats/document.js';
import { mayBeTopology, readTopology } from '../../../src/formats/topology/document.js';
import type { TopologyDocument } from '../../../src/formats/topology/document.js';
import { configure, insert, move, remove, replace, schedule } from '../../../src/graph/edits.js';
import type { DropoutSpec, Edit } from '../../../src/graph/edits.js';
import { AlphaDropout, ConcreteDropout, DropConnectDense, VariationalDropout } from '../../../src/tfjs/index.js';
import { afterEdits, graphTexts, pick } from '../../support/graph-text.js';

beforeAll(() => tf.setBackend('cpu'));

type Layout = 'compact' | 'indented';

/** What `model.save` puts into model.json, without the weights. */
function modelJson(model: tf.LayersModel, layout: Layout = 'indented', more: object = {}): string {
  const content = { format: 'layers-model', generatedBy: 'TensorFlow.js tfjs-layers v4.22.0', convertedBy: null, modelTopology: model.toJSON(null, false), ...more, weightsManifest: [] };
  return layout === 'compact' ? JSON.stringify(content) : JSON.stringify(content, undefined, 2);
}

const sequential = (...layers: tf.layers.Layer[]) => tf.sequential({ name: 'net', layers });
const dense = (name: string, more: object = {}) => tf.layers.dense({ units: 4, name, ...more });
const dropout = (name: string, more: object = {}) => tf.layers.dropout({ rate: 0.5, name, ...more });
const first = () => dense('first', { inputShape: [3] });

function functional(): tf.LayersModel {
  const input = tf.input({ shape: [3], name: 'in' });
  const h = dense('h').apply(input) as tf.SymbolicTensor;
  const d = dropout('d').apply(h) as tf.SymbolicTensor;
  const b = tf.layers.batchNormalization({ name: 'b' }).apply(d) as tf.SymbolicTensor;
  const r = tf.layers.reLU({ name: 'r' }).apply(b) as tf.SymbolicTensor;
  const sum = tf.layers.add({ name: 'sum' }).apply([h, r]) as tf.SymbolicTensor;
  return tf.model({ inputs: input, outputs: dense('out').apply(sum) as tf.SymbolicTensor });
}

const edited = (text: string, edits: (document: TopologyDocument) => readonly Edit[]) => {
  const document = readTopology('model.json', text);
  return afterEdits(document, edits(document));
};
const behind = (target: string) => (document: TopologyDocument) => [move(pick(document, 'dropout')).after(pick(document, target))];
const element: DropoutSpec = { kind: 'dropout', rate: 0.3, unit: 'element' };

const keras = (layers: readonly object[], more: object = {}) => JSON.stringify({ class_name: 'Sequential', config: { name: 'sequential', layers }, keras_version: '2.15.0', backend: 'tensorflow', ...more });

describe('reading', () => {
  it.each<[string, () => tf.LayersModel, string]>([
    ['a Sequential', () => sequential(first(), dropout('d'), tf.layers.reLU(), dense('out', { activation: 'softmax' })), 'model: dense → dropout 0.5 → relu → dense → softmax'],
    ['images', () => sequential(tf.layers.conv2d({ filters: 2, kernelSize: 3, inputShape: [8, 8, 1], activation: 'relu' }), tf.layers.dropout({ rate: 0.2, noiseShape: [null, 1, 1, null] as unknown as number[] }), tf.layers.maxPooling2d({ poolSize: 2 }), tf.layers.flatten(), dense('out')), 'model: conv2d → relu → channel-dropout 0.2 → maxPooling2d → flatten → dense'],
    ['sequences', () => sequential(tf.layers.embedding({ inputDim: 10, outputDim: 4, inputLength: 6 }), tf.layers.spatialDropout1d({ rate: 0.2 }), tf.layers.bidirectional({ layer: tf.layers.lstm({ units: 3, dropout: 0.1 }) as tf.RNN, mergeMode: 'concat' }), dense('out')), 'model: embedding → channel-dropout 0.2 → time-dropout 0.1 inside → bidirectional → dense'],
    ['a nested model', () => sequential(sequential(first(), tf.layers.reLU()) as unknown as tf.layers.Layer, dropout('d'), dense('out')), 'model: dense → relu → dropout 0.5 → dense'],
    ['a functional model', functional, 'model: 0:dense(in) 1:dropout 0.5(0) 2:batchNormalization(1) 3:relu(2) 4:add(0,3) 5:dense(4)'],
  ])('%s, as TensorFlow.js writes it', (_, build, text) => expect(graphTexts(readTopology('model.json', modelJson(build())))).toEqual([text]));

  it("Keras's to_json()", () => {
    const text = keras([
      { class_name: 'InputLayer', config: { batch_input_shape: [null, 8, 8, 3], dtype: 'float32', name: 'input_1' } },
      { class_name: 'Conv2D', config: { name: 'conv2d', filters: 4, kernel_size: [3, 3], padding: 'same', data_format: 'channels_last', activation: 'relu', use_bias: true } },
      { class_name: 'SpatialDropout2D', config: { name: 'sd', rate: 0.2, data_format: 'channels_last' } },
      { class_name: 'GlobalAveragePooling2D', config: { name: 'gap', data_format: 'channels_last' } },
      { class_name: 'Lambda', config: { name: 'lambda' } },
      { class_name: 'Dense', config: { name: 'dense', units: 2, activation: 'hard_sigmoid' } },
    ]);
    expect(graphTexts(readTopology('model.json', text))).toEqual(['model: conv2d → relu → channel-dropout 0.2 → globalAveragePooling2d → <Lambda> → dense → hard-sigmoid']);
  });

  it('Keras 3 (keras_history)', () => {
    const tensor = (name: string) => ({ class_name: '__keras_tensor__', config: { shape: [null, 4], dtype: 'float32', keras_history: [name, 0, 0] } });
    const text = JSON.stringify({
      class_name: 'Functional',
      config: {
        name: 'functional',
        layers: [
          { class_name: 'InputLayer', config: { batch_shape: [null, 3], name: 'in' }, name: 'in', inbound_nodes: [] },
          { class_name: 'Dropout', config: { name: 'd', rate: 0.5 }, name: 'd', inbound_nodes: [{ args: [tensor('h')], kwargs: {} }] },
          { class_name: 'Dense', config: { name: 'h', units: 4 }, name: 'h', inbound_nodes: [{ args: [tensor('in')], kwargs: {} }] },
          { class_name: 'Add', config: { name: 'sum' }, name: 'sum', inbound_nodes: [{ args: [[tensor('h'), tensor('d')]], kwargs: {} }] },
        ],
        input_layers: [['in', 0, 0]],
        output_layers: [['sum', 0, 0]],
      },
    });
    expect(graphTexts(readTopology('model.json', text))).toEqual(['model: 0:dense(in) 1:dropout 0.5(0) 2:add(0,1)']);
  });

  it('says where layers stand, what they are called, and what the losses are', () => {
    const document = readTopology('model.json', modelJson(sequential(first(), dropout('half')), 'indented', { trainingConfig: { loss: 'meanSquaredError' } }));
    const { origin, graph } = pick(document, 'dropout');
    expect(origin.path).toBe('modelTopology.config.layers[1]');
    expect(origin.name).toBe('half');
    expect(JSON.parse(document.text.slice(origin.range!.start, origin.range!.end))).toMatchObject({ class_name: 'Dropout' });
    expect(graph).toMatchObject({ losses: ['meanSquaredError'], isSource: false, trainingEvidence: ['a training configuration with a loss'] });
    expect(graph.inputs[0]!.shape).toEqual([undefined, 3]);
  });

  it.each(['{}', '[]', '1', '"class_name"', '{"class_name": "Dense", "config": {}}', '{"modelTopology": null}'])('JSON without a topology gives no model: %s', (text) => expect(readTopology('x.json', text).models).toEqual([]));
  it.each(['{', '', '{"class_name": }'])('text that is no JSON is unreadable: %j', (text) => expect(() => readTopology('x.json', text)).toThrow(UnreadableError));
  it('has a gate', () => {
    expect(mayBeTopology(modelJson(sequential(first())))).toBe(true);
    expect(mayBeTopology('{ "name": "package" }')).toBe(false);
  });
});

describe.each<Layout>(['indented', 'compact'])('edits of a Sequential, %s', (layout) => {
  const write = (...layers: tf.layers.Layer[]) => modelJson(sequential(...layers), layout);
  const relu = () => tf.layers.reLU({ name: 'r' });

  it('move', () => expect(edited(write(first(), dropout('d'), relu(), dense('out')), behind('relu'))).toBe(write(first(), relu(), dropout('d'), dense('out'))));
  it('move before', () => expect(edited(write(first(), dense('out'), dropout('d')), (document) => [move(pick(document, 'dropout')).before(pick(document, 'dense', 2))])).toBe(write(first(), dropout('d'), dense('out'))));
  it('remove', () => expect(edited(write(first(), dropout('d'), dense('out')), (document) => [remove(pick(document, 'dropout'))])).toBe(write(first(), dense('out'))));
  it('remove the last', () => expect(edited(write(first(), dropout('d')), (document) => [remove(pick(document, 'dropout'))])).toBe(write(first())));
  it('a rate', () => expect(edited(write(first(), dropout('d')), (document) => [configure(pick(document, 'dropout'), { rate: 0.25 })])).toBe(write(first(), dropout('d', { rate: 0.25 }))));
  it('a seed', () => expect(JSON.parse(edited(write(first(), dropout('d', { seed: 3 })), (document) => [configure(pick(document, 'dropout'), { removeSeed: true })]))).toMatchObject({ modelTopology: { config: { layers: [{}, { config: { seed: null, rate: 0.5 } }] } } }));

  it('insert: only what was inserted is new, and it is laid out like its neighbour', () => {
    const before = write(first(), dense('out'));
    const after = edited(before, (document) => [insert(element).before(pick(document, 'dense', 2))]);
    expect(graphTexts(readTopology('m.json', after))).toEqual(['model: dense → dropout 0.3 → dense']);
    expect(after).toBe(layout === 'compact' ? JSON.stringify(JSON.parse(after)) : JSON.stringify(JSON.parse(after), undefined, 2));
    expect(edited(after, (document) => [remove(pick(document, 'dropout'))])).toBe(before);
  });
});

describe('edits of images and sequences', () => {
  const images = (more: object = {}, format: 'channelsFirst' | 'channelsLast' = 'channelsLast') => modelJson(sequential(tf.layers.conv2d({ filters: 2, kernelSize: 3, inputShape: [8, 8, 8], dataFormat: format }), dropout('d', more), tf.layers.conv2d({ filters: 2, kernelSize: 3, dataFormat: format })));
  const noise = (text: string) => (JSON.parse(text) as { modelTopology: { config: { layers: { class_name: string; config: { noise_shape?: unknown } }[] } } }).modelTopology.config.layers[1]!;
  const perChannel = (document: TopologyDocument) => [replace(pick(document, 'dropout'), { kind: 'dropout', rate: 'keep', unit: 'channel' })];

  it('per channel', () => expect(noise(edited(images(), perChannel)).config.noise_shape).toEqual([null, 1, 1, null]));
  it('per channel, channels first', () => expect(noise(edited(images({}, 'channelsFirst'), perChannel)).config.noise_shape).toEqual([null, null, 1, 1]));
  it('sequences', () => {
    const text = modelJson(sequential(tf.layers.conv1d({ filters: 2, kernelSize: 3, inputShape: [8, 2] }), dropout('d'), tf.layers.conv1d({ filters: 2, kernelSize: 3 })));
    expect(noise(edited(text, perChannel)).class_name).toBe('SpatialDropout1D');
  });
  it('a fixed batch', () => expect(noise(edited(images({ noiseShape: [16, 1, 1, 2] }), (document) => [configure(pick(document, 'dropout'), { freeBatch: true })])).config.noise_shape).toEqual([null, 1, 1, 2]));
});

describe('edits of a functional model', () => {
  const before = modelJson(functional());

  it('move: names in the inbound nodes change, nothing else', () => {
    const after = edited(before, behind('relu'));
    expect(graphTexts(readTopology('m.json', after))).toEqual(['model: 0:dense(in) 1:batchNormalization(0) 2:relu(1) 3:dropout 0.5(2) 4:add(0,3) 5:dense(4)']);
    expect(after.split('\n').filter((line, index) => line !== before.split('\n')[index])).toHaveLength(3);
    expect(edited(after, (document) => [move(pick(document, 'dropout')).before(pick(document, 'batchNormalization'))])).toBe(before);
  });

  it('remove', () => expect(graphTexts(readTopology('m.json', edited(before, (document) => [remove(pick(document, 'dropout'))])))).toEqual(['model: 0:dense(in) 1:batchNormalization(0) 2:relu(1) 3:add(0,2) 4:dense(3)']));

  it.each(['before', 'after'] as const)('insert %s the BatchNorm, and remove it again', (where) => {
    const after = edited(before, (document) => [insert(element)[where === 'before' ? 'before' : 'after'](pick(document, 'batchNormalization'))]);
    expect(after).not.toMatch(/^refused/);
    expect(edited(after, (document) => [remove(pick(document, 'dropout', 2))])).toBe(before);
  });

  it('a model output', () => {
    const input = tf.input({ shape: [3], name: 'in' });
    const out = dropout('d').apply(dense('h').apply(input)) as tf.SymbolicTensor;
    const after = edited(modelJson(tf.model({ inputs: input, outputs: out })), (document) => [move(pick(document, 'dropout')).before(pick(document, 'dense'))]);
    expect(graphTexts(readTopology('m.json', after))).toEqual(['model: dropout 0.5 → dense']);
  });
});

describe('what TensorFlow.js loads after edits', () => {
  it.each<[string, () => tf.LayersModel, (document: TopologyDocument) => readonly Edit[], string[]]>([
    ['a moved dropout', () => sequential(first(), dropout('d'), tf.layers.reLU({ name: 'r' }), dense('out')), behind('relu'), ['first', 'r', 'd', 'out']],
    ['an inserted dropout', () => sequential(first(), dense('out')), (document) => [insert(element).before(pick(document, 'dense', 2))], ['first', 'dropout_inserted1', 'out']],
    ['a removed first layer', () => sequential(dropout('d', { inputShape: [3] }), dense('out')), (document) => [remove(pick(document, 'dropout'))], ['d', 'out']],
    ['a rewired functional model', functional, behind('relu'), ['in', 'h', 'b', 'r', 'd', 'sum', 'out']],
  ])('%s', async (_, build, edits, names) => {
    const text = edited(modelJson(build()), edits);
    const { modelTopology } = JSON.parse(text) as { modelTopology: object };
    const loaded = await tf.loadLayersModel(tf.io.fromMemory({ modelTopology }));
    expect(loaded.layers.map(({ name }) => name)).toEqual(names);
    const result = loaded.predict(tf.ones([2, 3])) as tf.Tensor;
    expect(result.shape).toEqual([2, 4]);
  });
});

describe('variants', () => {
  const image = () => tf.layers.conv2d({ filters: 2, kernelSize: 3, inputShape: [8, 8, 1], name: 'image' });
  const to = (spec: Partial<DropoutSpec>) => (document: TopologyDocument) => [replace(pick(document, 'dropout'), { kind: 'dropout', rate: 'keep', unit: 'element', ...spec })];
  const of = (first: () => tf.layers.Layer, layer: tf.layers.Layer) => modelJson(sequential(first(), layer, tf.layers.reLU({ name: 'end' })));
  const alpha = new AlphaDropout({ rate: 0.5, name: 'd' });
  const topologyOf = (text: string) => (JSON.parse(text) as { modelTopology: { config: { layers: { class_name: string; config: object }[] } } }).modelTopology.config.layers[1]!;

  it.each<[string, () => tf.layers.Layer, tf.layers.Layer, Partial<DropoutSpec>, string, object]>([
    ['alpha', first, dropout('d'), { law: 'alpha' }, 'AlphaDropout', { rate: 0.5 }],
    ['alpha back', first, alpha, {}, 'Dropout', { rate: 0.5 }],
    ['Gaussian noise back', first, tf.layers.gaussianDropout({ rate: 0.5, name: 'd' }), {}, 'Dropout', { rate: 0.5 }],
    ['variational back', first, new VariationalDropout({ rate: 0.5, divergenceWeight: 1, name: 'd' }), {}, 'Dropout', { rate: 0.5 }],
    ['concrete back, per channel', image, new ConcreteDropout({ rate: 0.5, divergenceWeight: 1, name: 'd' }), { unit: 'channel' }, 'Dropout', { rate: 0.5, noise_shape: [null, 1, 1, null] }],
  ])('%s', (_, start, layer, spec, class_name, config) => {
    const after = edited(of(start, layer), to(spec));
    expect(topologyOf(after)).toMatchObject({ class_name, config: { ...config, name: 'd' } });
    expect(Object.keys(topologyOf(after).config)).not.toContain('divergence_weight');
  });

  it('recurrent, where no rate stood before', () => {
    const before = keras([{ class_name: 'Embedding', config: { name: 'e', input_dim: 9, output_dim: 4, input_length: 5 } }, { class_name: 'LSTM', config: { name: 'l', units: 4 } }]);
    const after = edited(before, (document) => (['time', 'state'] as const).map((unit) => insert({ ...element, unit }).before(pick(document, 'recurrent'))));
    expect(JSON.parse(after)).toMatchObject({ config: { layers: [{}, { config: { name: 'l', units: 4, dropout: 0.3, recurrent_dropout: 0.3 } }] } });
    expect(edited(after, (document) => [remove(pick(document, 'dropout')), remove(pick(document, 'dropout', 2))])).toBe(after.replaceAll('0.3', '0'));
  });

  it('DropConnect goes', () => {
    const before = of(first, new DropConnectDense({ units: 4, rate: 0.5, name: 'd' }));
    expect(topologyOf(edited(before, (document) => [remove(pick(document, 'dropout'))]))).toEqual(topologyOf(of(first, dense('d'))));
  });

  it('a new layer of SELU networks', () => {
    const after = edited(of(first, tf.layers.reLU({ name: 'r' })), (document) => [insert({ ...element, law: 'alpha' }).before(pick(document, 'relu'))]);
    expect(topologyOf(after)).toMatchObject({ class_name: 'AlphaDropout', config: { rate: 0.3 } });
  });
});

describe('refuses', () => {
  it.each<[string, string, (document: TopologyDocument) => readonly Edit[], RegExp]>([
    ['the only layer', modelJson(sequential(dropout('d', { inputShape: [3] }))), (document) => [remove(pick(document, 'dropout'))], /only layer/],
    ['in front of the first layer', modelJson(sequential(first(), dropout('d'))), (document) => [move(pick(document, 'dropout')).before(pick(document, 'dense'))], /first layer/],
    ['the first layer', modelJson(sequential(dropout('d', { inputShape: [3] }), tf.layers.batchNormalization(), dense('out'))), behind('batchNormalization'), /first layer/],
    ['weights', modelJson(sequential(first(), tf.layers.batchNormalization())), (document) => [{ type: 'fold-bias', layer: pick(document, 'dense'), into: pick(document, 'batchNormalization') }], /weights/],
    ['variational dropout', modelJson(sequential(first(), dropout('d'))), (document) => [replace(pick(document, 'dropout'), { ...element, law: 'gaussian' })], /no class of variational dropout/],
    ['alpha dropout per channel', modelJson(sequential(tf.layers.conv1d({ filters: 2, kernelSize: 3, inputShape: [8, 2] }), dropout('d'))), (document) => [replace(pick(document, 'dropout'), { ...element, law: 'alpha', unit: 'channel' })], /no mask per channel/],
    ['concrete dropout', modelJson(sequential(first(), dropout('d'))), (document) => [insert({ ...element, law: 'concrete' }).after(pick(document, 'dropout'))], /no class of concrete dropout/],
    ['DropConnect', modelJson(sequential(first(), dense('out'))), (document) => [insert({ ...element, unit: 'weight' }).before(pick(document, 'dense', 2))], /no class of DropConnect/],
    ['a schedule', modelJson(sequential(first(), dropout('d'))), (document) => [schedule(document.models[0]!.variants[0]![0]!.layersOf('dropout'), { kind: 'late', epochs: 3 })], /a topology does not train/],
    ['what prunes', modelJson(sequential(first(), new VariationalDropout({ rate: 0.5, divergenceWeight: 1, form: 'sparse' }))), (document) => [remove(pick(document, 'dropout'))], /prunes at inference/],
    ['training mode', modelJson(sequential(first(), dropout('d'))), (document) => [configure(pick(document, 'dropout'), { trainingMode: true })], /fit or predict/],
    ['between a layer and its activation', modelJson(sequential(dense('a', { inputShape: [3] }), dropout('d'), dense('b', { activation: 'relu' }))), (document) => [move(pick(document, 'dropout')).after(pick(document, 'dense', 2))], /its activation is part of dense/],
  ])('%s', (_, text, edits, reason) => expect(edited(text, edits)).toMatch(reason));
});
