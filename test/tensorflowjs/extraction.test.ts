/** The same code, run by TensorFlow.js and read by droplint: layers, shapes and parameters must agree. */
import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, it } from 'vitest';
import { readCode } from '../../src/formats/code/document.js';
import { readTopology } from '../../src/formats/topology/document.js';
import { siteOf } from '../../src/formats/code/lift/assemble.js';
import type { Graph } from '../../src/graph/graph.js';

beforeAll(() => tf.setBackend('cpu'));

const MODELS: Readonly<Record<string, string>> = {
  'an MLP': `const model = tf.sequential();
model.add(tf.layers.dense({ units: 16, inputShape: [10], activation: 'relu' }));
model.add(tf.layers.dropout({ rate: 0.5 }));
model.add(tf.layers.batchNormalization({ center: false }));
model.add(tf.layers.dense({ units: 3, useBias: false, activation: 'softmax' }));`,
  'a convolutional network': `const model = tf.sequential({ layers: [
  tf.layers.conv2d({ inputShape: [29, 31, 3], filters: 4, kernelSize: [3, 5], strides: [2, 1], activation: 'relu' }),
  tf.layers.depthwiseConv2d({ kernelSize: 3, depthMultiplier: 2, padding: 'same' }),
  tf.layers.separableConv2d({ filters: 6, kernelSize: 3, strides: 2, padding: 'same' }),
  tf.layers.maxPooling2d({ poolSize: 2 }),
  tf.layers.averagePooling2d({ poolSize: 3, strides: 1, padding: 'same' }),
  tf.layers.conv2dTranspose({ filters: 2, kernelSize: 3, strides: 2 }),
  tf.layers.conv2dTranspose({ filters: 2, kernelSize: 4, strides: 2, padding: 'same' }),
  tf.layers.conv2d({ filters: 2, kernelSize: 3, dilationRate: 2 }),
  tf.layers.prelu(),
  tf.layers.globalAveragePooling2d({}),
  tf.layers.dense({ units: 1 }),
] });`,
  'channels first': `const model = tf.sequential({ layers: [
  tf.layers.conv2d({ inputShape: [3, 16, 16], filters: 4, kernelSize: 3, dataFormat: 'channelsFirst' }),
  tf.layers.maxPooling2d({ poolSize: 2, dataFormat: 'channelsFirst' }),
  tf.layers.flatten(),
  tf.layers.dense({ units: 1 }),
] });`,
  'a text model': `const model = tf.sequential();
model.add(tf.layers.embedding({ inputDim: 50, outputDim: 8, inputLength: 12 }));
model.add(tf.layers.spatialDropout1d({ rate: 0.2 }));
model.add(tf.layers.conv1d({ filters: 6, kernelSize: 3, padding: 'causal' }));
model.add(tf.layers.maxPooling1d({ poolSize: 2 }));
model.add(tf.layers.bidirectional({ layer: tf.layers.lstm({ units: 5, returnSequences: true }), mergeMode: 'concat' }));
model.add(tf.layers.gru({ units: 7, returnSequences: true, dropout: 0.1 }));
model.add(tf.layers.timeDistributed({ layer: tf.layers.dense({ units: 3 }) }));
model.add(tf.layers.simpleRNN({ units: 4 }));
model.add(tf.layers.dense({ units: 1, activation: 'sigmoid' }));`,
  'shapes that are moved about': `const model = tf.sequential({ layers: [
  tf.layers.dense({ units: 24, inputShape: [4] }),
  tf.layers.reshape({ targetShape: [4, 6] }),
  tf.layers.permute({ dims: [2, 1] }),
  tf.layers.layerNormalization(),
  tf.layers.flatten(),
  tf.layers.dense({ units: 2 }),
] });`,
  'a residual network': `const input = tf.input({ shape: [8, 8, 4] });
const block = (x) => {
  let y = tf.layers.batchNormalization().apply(x);
  y = tf.layers.reLU().apply(y);
  y = tf.layers.conv2d({ filters: 4, kernelSize: 3, padding: 'same' }).apply(y);
  return tf.layers.add().apply([x, y]);
};
let x = input;
for (let i = 0; i < 3; i++) x = block(x);
const both = tf.layers.concatenate().apply([x, input]);
const model = tf.model({ inputs: input, outputs: tf.layers.dense({ units: 2 }).apply(tf.layers.globalMaxPooling2d({}).apply(both)) });`,
  'layers from a configuration': `const config = { hidden: [32, 16], rate: 0.25 };
const model = tf.sequential();
config.hidden.forEach((units, i) => {
  model.add(tf.layers.dense({ units, activation: 'relu', ...(i === 0 ? { inputShape: [8] } : {}) }));
  if (i < config.hidden.length - 1) model.add(tf.layers.dropout({ rate: config.rate * 2 }));
});
model.add(tf.layers.dense({ units: 1 }));`,
};

const run = (code: string): tf.LayersModel => new Function('tf', `${code}\nreturn model;`)(tf) as tf.LayersModel;

/** Factory calls in the order in which the data runs through them: class, shape of the result. */
function fromGraph(graph: Graph): string[] {
  const rows = new Map<unknown, string>();
  for (const layer of graph.layers) {
    const site = siteOf(layer)!;
    rows.set(site.instance, `${site.instance.type.toLowerCase()} ${JSON.stringify(layer.outputs[0]!.shape!.map((extent) => extent ?? null))}`);
  }
  return [...rows.values()];
}

function fromTensorFlow(model: tf.LayersModel): string[] {
  const layers = model.layers.map((layer) => ({ name: layer.getClassName().toLowerCase(), shape: layer.outputShape }));
  return layers.filter(({ name }) => name !== 'inputlayer').map(({ name, shape }) => `${name} ${JSON.stringify(shape)}`);
}

describe.each(Object.entries(MODELS))('%s', (_, code) => {
  const sorted = (rows: readonly string[]) => [...rows].sort();
  it('read from code', () => {
    const model = run(code);
    const graph = readCode('model.js', code).models[0]!.variants[0]![0]!;
    expect(sorted(fromGraph(graph))).toEqual(sorted(fromTensorFlow(model)));
    expect(graph.parameters).toBe(model.trainableWeights.reduce((sum, { shape }) => sum + shape.reduce<number>((a, b) => a * (b ?? 1), 1), 0));
  });

  it('read from its model.json', () => {
    const model = run(code);
    const graph = readTopology('model.json', JSON.stringify({ modelTopology: model.toJSON(null, false) })).models[0]!.variants[0]![0]!;
    expect(sorted(fromGraph(graph))).toEqual(sorted(fromTensorFlow(model)));
    expect(graph.parameters).toBe(model.trainableWeights.reduce((sum, { shape }) => sum + shape.reduce<number>((a, b) => a * (b ?? 1), 1), 0));
  });
});
