/** Layers of droplint/tfjs as code spells them, and what they are. */
import { describe, expect, it } from 'vitest';
import { mayContainModel } from '../../../src/formats/code/gate.js';
import { readCode } from '../../../src/formats/code/document.js';
import { readTopology } from '../../../src/formats/topology/document.js';
import type { DropoutLayer } from '../../../src/graph/layers.js';
import { graphTexts, pick } from '../../support/graph-text.js';

const VECTOR = 'tf.layers.dense({ units: 4, inputShape: [3] })';
const IMAGE = 'tf.layers.conv2d({ filters: 4, kernelSize: 3, inputShape: [8, 8, 3] })';
const VOLUME = 'tf.layers.conv3d({ filters: 4, kernelSize: 3, inputShape: [8, 8, 8, 3] })';
const FIRST = 'tf.layers.conv2d({ filters: 4, kernelSize: 3, dataFormat: "channelsFirst", inputShape: [3, 8, 8] })';
const UNKNOWN = 'tf.layers.reLU({ inputShape: shape })';
const HEAD = "import * as tf from '@tensorflow/tfjs';\nimport * as dl from 'droplint/tfjs';\n";

const dropoutOf = (first: string, layer: string) =>
  pick(readCode('model.js', `${HEAD}const model = tf.sequential({ layers: [${first}, ${layer}, tf.layers.flatten()] });`), 'dropout') as DropoutLayer;

describe('what the layers are', () => {
  const plain = { rate: 0.5, unit: 'element', law: 'bernoulli', form: 'operator', channelAxis: -1, library: 'droplint/tfjs' };
  const spec = (layer: string, first: string) => {
    const { rate, unit, law, form, channelAxis, library } = dropoutOf(first, layer);
    return { rate, unit, law, form, channelAxis, library };
  };

  it.each<[string, string, Partial<ReturnType<typeof spec>>]>([
    ['new dl.SpatialDropout2D({ rate: 0.5 })', IMAGE, { unit: 'channel' }],
    ["new dl.SpatialDropout2D({ rate: 0.5, dataFormat: 'channelsFirst' })", FIRST, { unit: 'channel', channelAxis: 1 }],
    ['new dl.SpatialDropout2D({ rate: 0.5 })', FIRST, { unit: 'unknown' }],
    ['new dl.SpatialDropout3D({ rate: 0.5 })', VOLUME, { unit: 'channel' }],
    ['new dl.AlphaDropout({ rate: 0.5 })', VECTOR, { law: 'alpha' }],
    ['new dl.AlphaDropout({ rate: 0.5, noiseShape: [null, 1, 1, null] })', IMAGE, { law: 'alpha', unit: 'channel' }],
    ['new dl.VariationalDropout({ rate: 0.5, divergenceWeight: 1e-3 })', VECTOR, { law: 'gaussian' }],
    ['new dl.VariationalDropout({ rate: 0.5, divergenceWeight: 1e-3 })', IMAGE, { law: 'gaussian', unit: 'channel' }],
    ["new dl.VariationalDropout({ rate: 0.5, divergenceWeight: 1e-3, alphaPer: 'layer' })", IMAGE, { law: 'gaussian', unit: 'channel' }],
    ["new dl.VariationalDropout({ rate: 0.5, divergenceWeight: 1e-3, alphaPer: 'element' })", IMAGE, { law: 'gaussian' }],
    ['new dl.VariationalDropout({ rate: 0.5, divergenceWeight: 1e-3, alphaPer })', IMAGE, { law: 'gaussian', unit: 'unknown' }],
    ['new dl.VariationalDropout({ rate: 0.5, divergenceWeight: 1e-3 })', UNKNOWN, { law: 'gaussian', unit: 'unknown' }],
    ['new dl.ConcreteDropout({ rate: 0.5, divergenceWeight: 1e-3 })', IMAGE, { law: 'concrete' }],
    ['new dl.ConcreteDropout({ divergenceWeight: 1e-3 })', VECTOR, { law: 'concrete', rate: 0.1 }],
    ['new dl.ConcreteDropout({ rate: 0.5, divergenceWeight: 1e-3, spatial: true })', IMAGE, { law: 'concrete', unit: 'channel' }],
    ['new dl.ConcreteDropout({ rate: 0.5, divergenceWeight: 1e-3, spatial })', IMAGE, { law: 'concrete', unit: 'unknown' }],
    ['new dl.DropConnectDense({ units: 2, rate: 0.5 })', VECTOR, { unit: 'weight' }],
    ['new dl.AlphaDropout({ rate })', VECTOR, { law: 'alpha', rate: undefined }],
  ])('%s', (layer, first, more) => expect(spec(layer, first)).toEqual({ ...plain, ...more }));

  it('DropConnectDense is a dense layer, and a dropout of its weights that stands in no chain', () => {
    const [model] = readCode('model.js', `${HEAD}const model = tf.sequential({ layers: [${VECTOR}, new dl.DropConnectDense({ units: 2, activation: 'relu', rate: 0.5 })] });`).models;
    const [first, dropout, linear, activation] = model!.variants[0]![0]!.layers;
    expect([first, dropout, linear, activation].map((layer) => layer?.kind)).toEqual(['linear', 'dropout', 'linear', 'activation']);
    expect(dropout!.inputs[0]).toMatchObject({ name: 'weight', shape: [4, 2], producer: undefined });
    expect(linear!.inputs).toEqual(first!.outputs);
    expect(dropout!.outputs[0]!.consumers).toEqual([linear]);
    expect(linear).toMatchObject({ units: 2, parameters: 10 });
  });

  it('inside timeDistributed, too', () => {
    const document = readCode('model.js', `${HEAD}const model = tf.sequential({ layers: [tf.layers.timeDistributed({ layer: new dl.DropConnectDense({ units: 2, rate: 0.5 }), inputShape: [5, 4] })] });`);
    expect(pick(document, 'dropout').inputs[0]!.shape).toEqual([4, 2]);
    expect(pick(document, 'linear').outputs[0]!.shape).toEqual([undefined, 5, 2]);
  });
});

describe('how code gets at them', () => {
  const chain = ['model: dense → alpha-dropout 0.5 → dense'];
  const model = (make: string, head: string) => `${head}\nconst model = tf.sequential();\nmodel.add(tf.layers.dense({ units: 4, inputShape: [3] }));\nmodel.add(${make}({ rate: 0.5 }));\nmodel.add(tf.layers.dense({ units: 1 }));`;

  it.each([
    ['by name', "import { AlphaDropout } from 'droplint/tfjs';", 'new AlphaDropout'],
    ['by another name', "import { AlphaDropout as Alpha } from 'droplint/tfjs';", 'new Alpha'],
    ['through the namespace', "import * as droplint from 'droplint/tfjs';", 'new droplint.AlphaDropout'],
    ['required', "const { AlphaDropout } = require('droplint/tfjs');", 'new AlphaDropout'],
    ['required by another name', "const { AlphaDropout: Alpha } = require('droplint/tfjs');", 'new Alpha'],
    ['required as a whole', "const droplint = require('droplint/tfjs');", 'new droplint.AlphaDropout'],
    ["as npm's, in Deno", "import { AlphaDropout } from 'npm:droplint/tfjs';", 'new AlphaDropout'],
    ['by a constant', "import { AlphaDropout } from 'droplint/tfjs';\nconst Dropout = AlphaDropout;", 'new Dropout'],
    ['by a function', "import { AlphaDropout } from 'droplint/tfjs';\nconst drop = (settings) => new AlphaDropout(settings);", 'drop'],
  ])('%s', (_, head, make) => expect(graphTexts(readCode('model.js', model(make, head)))).toEqual(chain));

  it.each([
    ['a class of the same name from elsewhere', "import { AlphaDropout } from './layers.js';", 'new AlphaDropout'],
    ['a class of the same name of its own', 'class AlphaDropout extends tf.layers.Layer {}', 'new AlphaDropout'],
    ['a call without new, which throws', "import { AlphaDropout } from 'droplint/tfjs';", 'AlphaDropout'],
    ['a class that there is not', "import { Dropout } from 'droplint/tfjs';", 'new Dropout'],
  ])('not %s', (_, head, make) => expect(graphTexts(readCode('model.js', model(make, head)))).not.toEqual(chain));

  it('in functional code', () => {
    const text = `${HEAD}const i = tf.input({ shape: [3] });\nconst h = tf.layers.dense({ units: 4 }).apply(i);\nconst d = new dl.ConcreteDropout({ rate: 0.2, divergenceWeight: 0.01 }).apply(h);\nconst model = tf.model({ inputs: i, outputs: tf.layers.dense({ units: 1 }).apply(d) });`;
    expect(graphTexts(readCode('model.ts', text))).toEqual(['model: dense → concrete-dropout 0.2 → dense']);
  });

  it('in a function that makes nothing else', () => {
    const text = "import { AlphaDropout } from 'droplint/tfjs';\nexport function regularise(model) {\n  model.add(new AlphaDropout({ rate: 1.5 }));\n}";
    expect(mayContainModel(text)).toBe(true);
    expect(graphTexts(readCode('model.js', text))).toEqual([expect.stringContaining('alpha-dropout 1.5')]);
  });

  it('a model that scheduledDropout is given stays what it was', () => {
    const text = `${HEAD}const model = tf.sequential();\nmodel.add(${VECTOR});\ndl.scheduledDropout(model, dl.linear({ rate: 0.5, epochs: 3 }));\nmodel.add(tf.layers.dropout({ rate: 0.5 }));\nmodel.add(tf.layers.dense({ units: 1 }));`;
    expect(graphTexts(readCode('model.js', text))).toEqual(['model: dense → dropout 0.5 → dense']);
  });
});

it('a topology that contains them', () => {
  const layer = (class_name: string, config: object) => ({ class_name, config });
  const layers = [layer('DropConnectDense', { units: 4, rate: 0.5, batch_input_shape: [null, 3] }), layer('VariationalDropout', { rate: 0.25, divergence_weight: 0.1 }), layer('ConcreteDropout', { rate: 0.1, divergence_weight: 0.1 }), layer('Dense', { units: 1 })];
  const document = readTopology('model.json', JSON.stringify({ class_name: 'Sequential', config: { layers } }));
  expect(graphTexts(document)).toEqual(['model: 0:weight-dropout 0.5(weight) 1:DropConnectDense(input) 2:gaussian-dropout 0.25(1) 3:concrete-dropout 0.1(2) 4:dense(3)']);
});
