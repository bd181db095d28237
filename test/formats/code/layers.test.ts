/** What single layers are: kinds, rates, units of dropping, shapes, parameters, settings, places. */
import { describe, expect, it } from 'vitest';
import { readCode } from '../../../src/formats/code/document.js';
import type { Graph } from '../../../src/graph/graph.js';
import type { DropoutLayer, Layer, Shape } from '../../../src/graph/layers.js';
import { graphTexts, pick } from '../../support/graph-text.js';

const IMAGE = 'tf.layers.conv2d({ filters: 4, kernelSize: 3, padding: "same", inputShape: [8, 8, 3] })';
const SEQUENCE = 'tf.layers.embedding({ inputDim: 100, outputDim: 16, inputLength: 20 })';
const VECTOR = 'tf.layers.dense({ units: 4, inputShape: [3] })';

const modelOf = (...layers: readonly string[]) => `const model = tf.sequential({ layers: [${layers.join(', ')}] });`;
const graphOf = (code: string): Graph => readCode('model.js', code).models[0]!.variants[0]![0]!;
const lastOf = (...layers: readonly string[]): Layer => graphOf(`${modelOf(...layers)} model.compile({ optimizer: 'sgd' });`).layers.at(-1)!;
const dropoutOf = (first: string, dropout: string): DropoutLayer => pick(readCode('model.js', modelOf(first, dropout, 'tf.layers.flatten()')), 'dropout') as DropoutLayer;

describe('dropouts', () => {
  const spec = (code: string, first = IMAGE) => {
    const { rate, unit, law, form, channelAxis } = dropoutOf(first, code);
    return { rate, unit, law, form, channelAxis };
  };
  const plain = { rate: 0.5, unit: 'element', law: 'bernoulli', form: 'operator', channelAxis: -1 };

  it.each<[string, string, Partial<ReturnType<typeof spec>>]>([
    ['tf.layers.dropout({ rate: 0.5 })', VECTOR, {}],
    ['tf.layers.dropout({ rate: 0.5, noiseShape: null })', IMAGE, {}],
    ['tf.layers.dropout({ rate: 0.5, noiseShape: [null, 1, 1, null] })', IMAGE, { unit: 'channel' }],
    ['tf.layers.dropout({ rate: 0.5, noiseShape: [null, 1, 1, 4] })', IMAGE, { unit: 'channel' }],
    ['tf.layers.dropout({ rate: 0.5, noiseShape: [32, 1, 1, 4] })', IMAGE, { unit: 'channel' }],
    ['tf.layers.dropout({ rate: 0.5, noiseShape: [null, null, null, null] })', IMAGE, {}],
    ['tf.layers.dropout({ rate: 0.5, noiseShape: [null, 8, 8, 4] })', IMAGE, {}],
    ['tf.layers.dropout({ rate: 0.5, noiseShape: [null, 1, 1, 1] })', IMAGE, { unit: 'sample' }],
    ['tf.layers.dropout({ rate: 0.5, noiseShape: [null, 1] })', VECTOR, { unit: 'sample' }],
    ['tf.layers.dropout({ rate: 0.5, noiseShape: [null, 1, 1, null] })', 'tf.layers.conv2d({ filters: 4, kernelSize: [8, 3], inputShape: [8, 8, 3] })', { unit: 'channel' }],
    ['tf.layers.dropout({ rate: 0.5, noiseShape: [1, 1, 8] })', IMAGE, { unit: 'unknown' }],
    ['tf.layers.dropout({ rate: 0.5, noiseShape: [1, 1, 1, 4] })', IMAGE, { unit: 'unknown' }],
    ['tf.layers.dropout({ rate: 0.5, noiseShape: shape })', IMAGE, { unit: 'unknown' }],
    ['tf.layers.dropout({ rate: 0.5, noiseShape: [null, 1, null] })', SEQUENCE, { unit: 'channel' }],
    ['tf.layers.spatialDropout1d({ rate: 0.5 })', SEQUENCE, { unit: 'channel' }],
    ['tf.layers.gaussianDropout({ rate: 0.5 })', VECTOR, { law: 'gaussian' }],
    ['tf.layers.alphaDropout({ rate: 0.5 })', VECTOR, { law: 'alpha' }],
    ['tf.layers.dropout({ rate: "0.5" })', VECTOR, {}],
    ['tf.layers.dropout({ rate: null })', VECTOR, { rate: 0 }],
    ['tf.layers.dropout({ rate: 50 })', VECTOR, { rate: 50 }],
    ['tf.layers.dropout({ rate: -0.2 })', VECTOR, { rate: -0.2 }],
    ['tf.layers.dropout({ rate: 1 - 0.5 })', VECTOR, {}],
    ['tf.layers.dropout({ rate: NaN })', VECTOR, { rate: undefined }],
    ['tf.layers.dropout({})', VECTOR, { rate: undefined }],
    ['tf.layers.dropout(0.5)', VECTOR, { rate: undefined }],
    ['tf.layers.dropout({ p: 0.5 })', VECTOR, { rate: undefined }],
    ['tf.layers.dropout({ rate: config.rate })', VECTOR, { rate: undefined }],
  ])('%s', (code, first, more) => expect(spec(code, first)).toEqual({ ...plain, ...more }));

  it('channelsFirst: the mask has the channels in front', () => {
    const first = 'tf.layers.conv2d({ filters: 4, kernelSize: 3, dataFormat: "channelsFirst", inputShape: [3, 8, 8] })';
    expect(spec('tf.layers.dropout({ rate: 0.5, noiseShape: [null, null, 1, 1] })', first)).toEqual({ ...plain, unit: 'channel', channelAxis: 1 });
    expect(spec('tf.layers.dropout({ rate: 0.5, noiseShape: [null, 1, 1, null] })', first).unit).toBe('unknown');
  });

  it('knows what the rate is called, and its seed', () => {
    const named = (rate: string) => dropoutOf(VECTOR, `tf.layers.dropout({ rate: ${rate}, seed: 7 })`);
    expect(named('keepProb')).toMatchObject({ rateName: 'keepProb', rateIsConstant: false, seed: 7 });
    expect(named('this.config.keepProb').rateName).toBe('keepProb');
    expect(named('1 - keepProb').rateName).toBeUndefined();
    expect(dropoutOf(VECTOR, 'tf.layers.dropout({ rate: 0.1 })')).toMatchObject({ rateIsConstant: true, seed: undefined, state: 'unspecified', inverted: true });
  });
});

describe('dropout inside recurrent layers', () => {
  it('stands on the inputs, and on the state beside the chain', () => {
    const graph = graphOf(modelOf(SEQUENCE, 'tf.layers.lstm({ units: 8, dropout: 0.2, recurrentDropout: 0.1 })', 'tf.layers.dense({ units: 1 })'));
    const [inputs, state] = graph.layersOf('dropout');
    expect(graph.layers.map(({ kind }) => kind)).toEqual(['embedding', 'dropout', 'dropout', 'recurrent', 'linear']);
    expect(inputs).toMatchObject({ rate: 0.2, unit: 'time', form: 'recurrent' });
    expect(inputs!.outputs[0]!.consumers.map(({ kind }) => kind)).toEqual(['recurrent']);
    expect(state).toMatchObject({ rate: 0.1, unit: 'time', form: 'recurrent' });
    expect(state!.outputs[0]).toMatchObject({ captured: true, consumers: [] });
    expect(graph.layersOf('recurrent')[0]!.inputs).toHaveLength(1);
  });

  it.each([
    ['tf.layers.gru({ units: 8, dropout: 0.3 })', 'gru'],
    ['tf.layers.simpleRNN({ units: 8, dropout: 0.3 })', 'rnn'],
    ['tf.layers.bidirectional({ layer: tf.layers.lstm({ units: 8, dropout: 0.3 }) })', 'lstm'],
    ['tf.layers.rnn({ cell: tf.layers.gruCell({ units: 8, dropout: 0.3 }) })', 'gru'],
    ['tf.layers.rnn({ cell: tf.layers.stackedRNNCells({ cells: [tf.layers.lstmCell({ units: 8, dropout: 0.3 })] }) })', 'lstm'],
    ['tf.layers.convLstm2d({ filters: 8, kernelSize: 3, dropout: 0.3 })', 'lstm'],
  ])('%s', (code, cell) => {
    const graph = graphOf(modelOf(SEQUENCE, code));
    expect(graph.layersOf('recurrent')[0]!.cell).toBe(cell);
    expect(graph.layersOf('dropout')[0]).toMatchObject({ rate: 0.3, form: 'recurrent' });
  });

  it('in a cell of rnn() it is marked', () => {
    const cell = graphOf(modelOf(SEQUENCE, 'tf.layers.rnn({ cell: tf.layers.lstmCell({ units: 8, dropout: 0.3 }) })')).layersOf('dropout')[0]!;
    expect(cell.insideCell).toBe(true);
    expect(graphOf(modelOf(SEQUENCE, 'tf.layers.lstm({ units: 8, dropout: 0.3 })')).layersOf('dropout')[0]!.insideCell).toBeUndefined();
  });

  it.each(['tf.layers.lstm({ units: 8 })', 'tf.layers.lstm({ units: 8, dropout: 0 })', 'tf.layers.lstm({ units: 8, dropout: undefined })'])('none in %s', (code) => expect(graphTexts(readCode('m.js', modelOf(SEQUENCE, code)))).toEqual(['model: embedding → lstm']));
});

describe('kinds', () => {
  it.each<[string, string, Partial<Record<string, unknown>>]>([
    ['tf.layers.dense({ units: 7, useBias: false })', VECTOR, { kind: 'linear', units: 7, hasBias: false }],
    ['tf.layers.conv1d({ filters: 3, kernelSize: 2 })', SEQUENCE, { kind: 'convolution', spatialRank: 1, filters: 3, transposed: false, depthwise: false }],
    ['tf.layers.conv2dTranspose({ filters: 3, kernelSize: 2 })', IMAGE, { kind: 'convolution', spatialRank: 2, transposed: true }],
    ['tf.layers.depthwiseConv2d({ kernelSize: 3, depthMultiplier: 2 })', IMAGE, { kind: 'convolution', depthwise: true, filters: 8 }],
    ['tf.layers.separableConv2d({ filters: 5, kernelSize: 3 })', IMAGE, { kind: 'convolution', depthwise: false, filters: 5 }],
    ['tf.layers.lstm({ units: 8, returnSequences: true })', SEQUENCE, { kind: 'recurrent', cell: 'lstm', returnSequences: true }],
    ['tf.layers.batchNormalization()', IMAGE, { kind: 'normalization', of: 'batch' }],
    ['tf.layers.layerNormalization({ axis: -1 })', VECTOR, { kind: 'normalization', of: 'layer' }],
    ['tf.layers.maxPool2d({ poolSize: 2 })', IMAGE, { kind: 'pooling', of: 'max', global: false }],
    ['tf.layers.averagePooling1d({ poolSize: 2 })', SEQUENCE, { kind: 'pooling', of: 'average', global: false }],
    ['tf.layers.globalAveragePooling2d({})', IMAGE, { kind: 'pooling', of: 'average', global: true }],
    ['tf.layers.flatten()', IMAGE, { kind: 'reshape', order: 'row-major', flattens: true }],
    ['tf.layers.reshape({ targetShape: [2, 2] })', VECTOR, { kind: 'reshape', order: 'row-major', flattens: false }],
    ['tf.layers.permute({ dims: [2, 1] })', SEQUENCE, { kind: 'reshape', order: 'permuting' }],
    ['tf.layers.activation({ activation: "swish" })', VECTOR, { kind: 'activation', function: 'silu' }],
    ['tf.layers.activation({ activation: "linear" })', VECTOR, { kind: 'activation', function: 'linear' }],
    ['tf.layers.activation({ activation: "silu" })', VECTOR, { kind: 'activation', function: 'silu' }],
    ['tf.layers.activation({ activation: "wobble" })', VECTOR, { kind: 'activation', function: 'other' }],
    ['tf.layers.activation({ activation: "LeakyReLU" })', VECTOR, { kind: 'activation', function: 'leaky-relu' }],
    ['tf.layers.reLU({ maxValue: 6 })', VECTOR, { kind: 'activation', function: 'relu6' }],
    ['tf.layers.reLU({ maxValue: 3 })', VECTOR, { kind: 'activation', function: 'clip' }],
    ['tf.layers.prelu()', VECTOR, { kind: 'activation', function: 'prelu' }],
    ['tf.layers.softmax()', VECTOR, { kind: 'activation', function: 'softmax' }],
    ['tf.layers.gaussianNoise({ stddev: 1 })', VECTOR, { kind: 'opaque', role: 'random' }],
    ['tf.layers.timeDistributed({ layer: tf.layers.dense({ units: 3 }) })', SEQUENCE, { kind: 'linear', units: 3 }],
    ['tf.layers.repeatVector({ n: 3 })', VECTOR, { kind: 'opaque' }],
  ])('%s', (code, first, facts) => expect(lastOf(first, code)).toMatchObject(facts));

  it.each(['add', 'average', 'concatenate', 'maximum', 'minimum', 'multiply', 'dot'])('merge: %s', (name) => {
    const graph = graphOf(`const a = tf.input({ shape: [3] }), b = tf.input({ shape: [3] }); const model = tf.model({ inputs: [a, b], outputs: tf.layers.${name}({ axes: -1 }).apply([a, b]) });`);
    expect(graph.layers[0]).toMatchObject({ kind: 'merge', of: { concatenate: 'concat', dot: 'matmul' }[name] ?? name });
    expect(graph.inputs).toHaveLength(2);
  });

  it.each(['dense({ units: 2, activation: "relu" })', 'conv1d({ filters: 2, kernelSize: 3, activation: "relu" })'])('the activation inside %s is a layer at the same place', (code) => {
    const graph = graphOf(modelOf(SEQUENCE, `tf.layers.${code}`));
    const [weighted, activation] = graph.layers.slice(-2);
    expect(activation).toMatchObject({ kind: 'activation', function: 'relu', type: 'activation' });
    expect(activation!.origin.range).toEqual(weighted!.origin.range);
    expect(activation!.key).not.toBe(weighted!.key);
  });
});

describe('shapes and parameters', () => {
  it.each<[string, string, Shape, number]>([
    [VECTOR, 'tf.layers.dense({ units: 5 })', [undefined, 5], 25],
    [VECTOR, 'tf.layers.dense({ units: 5, useBias: false })', [undefined, 5], 20],
    [SEQUENCE, 'tf.layers.dense({ units: 5 })', [undefined, 20, 5], 85],
    [IMAGE, 'tf.layers.conv2d({ filters: 6, kernelSize: 3 })', [undefined, 6, 6, 6], 222],
    [IMAGE, 'tf.layers.conv2d({ filters: 6, kernelSize: [3, 1], strides: 2, padding: "same" })', [undefined, 4, 4, 6], 78],
    [IMAGE, 'tf.layers.conv2d({ filters: 6, kernelSize: 3, dilationRate: 2 })', [undefined, 4, 4, 6], 222],
    [IMAGE, 'tf.layers.conv2dTranspose({ filters: 6, kernelSize: 3, strides: 2 })', [undefined, 17, 17, 6], 222],
    [IMAGE, 'tf.layers.conv2dTranspose({ filters: 6, kernelSize: 4, strides: 2, padding: "same" })', [undefined, 16, 16, 6], 390],
    [IMAGE, 'tf.layers.separableConv2d({ filters: 6, kernelSize: 3 })', [undefined, 6, 6, 6], 66],
    [IMAGE, 'tf.layers.depthwiseConv2d({ kernelSize: 3 })', [undefined, 6, 6, 4], 40],
    [SEQUENCE, 'tf.layers.conv1d({ filters: 6, kernelSize: 3, padding: "causal" })', [undefined, 18, 6], 294],
    [SEQUENCE, 'tf.layers.lstm({ units: 8 })', [undefined, 8], 800],
    [SEQUENCE, 'tf.layers.gru({ units: 8, returnSequences: true })', [undefined, 20, 8], 600],
    [SEQUENCE, 'tf.layers.simpleRNN({ units: 8 })', [undefined, 8], 200],
    [SEQUENCE, 'tf.layers.bidirectional({ layer: tf.layers.lstm({ units: 8 }) })', [undefined, 16], 1600],
    [SEQUENCE, 'tf.layers.timeDistributed({ layer: tf.layers.dense({ units: 3 }) })', [undefined, 20, 3], 51],
    [IMAGE, 'tf.layers.batchNormalization()', [undefined, 8, 8, 4], 8],
    [IMAGE, 'tf.layers.batchNormalization({ scale: false })', [undefined, 8, 8, 4], 4],
    [VECTOR, 'tf.layers.layerNormalization()', [undefined, 4], 8],
    [IMAGE, 'tf.layers.maxPooling2d({ poolSize: 2 })', [undefined, 4, 4, 4], 0],
    [IMAGE, 'tf.layers.maxPooling2d({ poolSize: 3, strides: 2, padding: "same" })', [undefined, 4, 4, 4], 0],
    [IMAGE, 'tf.layers.globalMaxPooling2d({})', [undefined, 4], 0],
    [IMAGE, 'tf.layers.flatten()', [undefined, 256], 0],
    [IMAGE, 'tf.layers.reshape({ targetShape: [-1, 4] })', [undefined, 64, 4], 0],
    [SEQUENCE, 'tf.layers.permute({ dims: [2, 1] })', [undefined, 16, 20], 0],
    [IMAGE, 'tf.layers.prelu()', [undefined, 8, 8, 4], 256],
    [IMAGE, 'tf.layers.upSampling2d({ size: [2, 2] })', [undefined, undefined, undefined, 4], 0],
  ])('%s → %s', (first, code, shape, parameters) => {
    const layer = lastOf(first, code);
    expect(layer.outputs[0]!.shape).toEqual(shape);
    expect(layer.parameters).toBe(parameters);
  });

  it('adds them up, and counts a shared layer once', () => {
    expect(graphOf(modelOf(VECTOR, 'tf.layers.dense({ units: 5 })')).parameters).toBe(16 + 25);
    expect(graphOf(`const d = tf.layers.dense({ units: 4 }); ${modelOf(VECTOR, 'd', 'd')}`).parameters).toBe(16 + 20);
    expect(graphOf(modelOf(VECTOR, 'new Custom()', 'tf.layers.dense({ units: 5 })')).parameters).toBeUndefined();
  });

  it('what only one path knows is no fact', () => {
    const code = 'function build(n) { const m = tf.sequential({ layers: [tf.layers.dense({ units: n, inputShape: [n] })] }); for (let i = 0; i < n; i++) m.add(tf.layers.dense({ units: n })); return m; }';
    for (const graph of readCode('m.js', code).models[0]!.variants.flat()) expect(graph.layersOf('linear').every(({ units }) => units === undefined)).toBe(true);
  });
});

describe('settings', () => {
  const settings = (code: string) => dropoutOf(VECTOR, code).configuration!;
  it.each([
    ['tf.layers.dropout({ rate: 0.5 })', 'object'],
    ['tf.layers.dropout({})', 'object'],
    ['tf.layers.dropout(0.5)', 'literal'],
    ['tf.layers.dropout(RATE)', 'expression'],
    ['tf.layers.dropout({ ...config })', 'expression'],
    ['tf.layers.dropout(config)', 'expression'],
    ['tf.layers.dropout()', 'none'],
  ])('%s is written as %s', (code, form) => expect(settings(code).form).toBe(form));

  it('entries have values, identifiers and text', () => {
    expect(settings('tf.layers.dropout({ rate: 1 - options.keepProb, seed: 4 })').entries).toEqual(new Map([
      ['rate', { value: undefined, identifiers: ['options', 'keepProb'], text: '1 - options.keepProb' }],
      ['seed', { value: 4, identifiers: [], text: '4' }],
    ]));
    expect(settings('tf.layers.dropout(0.2)').entries.get('argument')).toEqual({ value: 0.2, identifiers: [], text: '0.2' });
    expect(settings('tf.layers.dropout({ noiseShape: [null, 1, n] })').entries.get('noiseShape')!.value).toEqual([null, 1, undefined]);
  });

  it('follows settings that are kept in a constant', () => {
    const layer = pick(readCode('m.js', `const settings = { rate: 0.2, seed: 3 }; ${modelOf(VECTOR, 'tf.layers.dropout(settings)')}`), 'dropout');
    expect(layer).toMatchObject({ rate: 0.2, seed: 3, configuration: { form: 'object' } });
  });
});

describe('models', () => {
  it.each([
    ["model.compile({ optimizer: 'adam', loss: 'meanSquaredError' });", ['meanSquaredError']],
    ['model.compile({ optimizer, loss: tf.losses.absoluteDifference });', ['absoluteDifference']],
    ["model.compile({ optimizer, loss: ['mse', 'binaryCrossentropy'] });", ['mse', 'binaryCrossentropy']],
    ['model.compile({ optimizer, loss: myLoss });', ['myLoss']],
    ['', []],
  ])('losses: %s', (code, losses) => expect(graphOf(`${modelOf(VECTOR)} ${code}`).losses).toEqual(losses));

  it('a class that compiles in another method', () => {
    const code = "class Net { constructor() { this.model = tf.sequential({ layers: [tf.layers.dense({ units: 1, inputShape: [1] })] }); } train() { this.model.compile({ loss: 'meanSquaredError', optimizer: 'sgd' }); } }";
    expect(graphOf(code).losses).toEqual(['meanSquaredError']);
  });

  it.each([
    ['model.compile({ loss: "mse", optimizer: "sgd" });', 'model'],
    ['model.fit(xs, ys);', 'model'],
    ['', 'fragment'],
  ])('one that ends with BatchNorm ends there only if the code says so: %s', (code, role) => expect(graphOf(`${modelOf(VECTOR, 'tf.layers.batchNormalization()')} ${code}`).role).toBe(role));

  it('source code is source code, and has no names but its variables', () => {
    const graph = graphOf(modelOf(VECTOR));
    expect(graph).toMatchObject({ isSource: true, name: 'model', role: 'model' });
    expect(graph.inputs[0]).toMatchObject({ isGraphInput: true, shape: [undefined, 3] });
  });
});

describe('places', () => {
  const code = `const model = tf.sequential();\nmodel.add(tf.layers.dense({ units: 4, inputShape: [3] }));\n  model.add(tf.layers\n    .dropout({ rate: 0.5, name: 'half' }));\n`;
  it('a finding points at the construction', () => {
    const { origin } = pick(readCode('src/model.js', code), 'dropout');
    expect(origin.path).toBe('3:13');
    expect(origin.name).toBe('half');
    expect(code.slice(origin.range!.start, origin.range!.end)).toBe("tf.layers\n    .dropout({ rate: 0.5, name: 'half' })");
    expect(origin.source).toEqual({ file: 'src/model.js', line: 3, column: 13, endLine: 4, endColumn: 42 });
  });

  it('in HTML, too', () => {
    const html = `<p>é</p>\r\n<script>${modelOf(VECTOR, 'tf.layers.dropout({ rate: 0.5 })')}</script>`;
    const { origin } = pick(readCode('index.html', html), 'dropout');
    expect(html.slice(origin.range!.start, origin.range!.end)).toBe('tf.layers.dropout({ rate: 0.5 })');
    expect(origin.source).toMatchObject({ line: 2 });
  });

  it('keys are the same in every variant, and unique in each', () => {
    const document = readCode('m.js', 'function build(o) { const m = tf.sequential(); m.add(tf.layers.dense({ units: 4, inputShape: [3] })); for (let i = 0; i < o.n; i++) { m.add(tf.layers.dropout({ rate: 0.5 })); m.add(tf.layers.dense({ units: 4, activation: "relu" })); } m.add(tf.layers.dense({ units: 1 })); return m; }');
    const keys = document.models[0]!.variants.map(([graph]) => graph!.layers.map(({ key }) => key));
    for (const each of keys) expect(new Set(each).size).toBe(each.length);
    const [shortest, ...longer] = [...keys].sort((a, b) => a.length - b.length);
    for (const each of longer) expect(shortest!.every((key) => each.includes(key))).toBe(true);
  });

  it.each([
    ['model.add(drop)', 'add'],
    ['tf.sequential({ layers: [drop] })', 'element'],
    ['drop.apply(x)', 'apply'],
    ['model.layers.push(drop)', 'layers-push'],
    ['drop', 'unplaced'],
  ])('%s is placed by %s', (use, placement) => expect(pick(readCode('m.js', `const model = tf.sequential(); const x = tf.input({ shape: [2] }); const drop = tf.layers.dropout({ rate: 0.5 }); ${use};`), 'dropout').placement).toBe(placement));
});

describe('never throws', () => {
  it.each(['', 'tf.layers', 'const model = tf.sequential(; model.add(tf.layers.dropout(', 'tf.layers.dropout({ rate: 0.5 }).apply(tf.layers.dropout()))', '<script>tf.sequential({ layers: [tf.layers.dropout(0.1)] })', 'tf.sequential().add(tf.sequential())', 'const m = tf.sequential(); m.add(m);'])('%s', (code) => {
    for (const file of ['m.js', 'm.ts', 'm.tsx', 'm.html', 'm.unknown']) expect(() => readCode(file, code)).not.toThrow();
  });
});
