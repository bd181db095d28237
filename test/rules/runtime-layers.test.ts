/** The rules on layers of droplint/tfjs: placed like any dropout, and free of the faults that are TensorFlow.js's own. */
import { describe, expect, it } from 'vitest';
import { rules } from '../../rules/index.js';
import type { TextDocument } from '../../src/formats/document.js';
import { codeOf, findings, fix, messages } from '../support/one-rule.js';
import { withLayer } from '../support/tensorflowjs.js';

const rule = (id: string) => rules.find((each) => each.id === id)!;
const at = (layers: string, inputShape?: readonly number[]) => codeOf(`import * as dl from 'droplint/tfjs';\n${withLayer(layers, inputShape)}`);
const MAKERS = ['AlphaDropout({ rate: 0.3 })', 'VariationalDropout({ rate: 0.3, divergenceWeight: 0.01 })', 'ConcreteDropout({ rate: 0.3, divergenceWeight: 0.01 })'];

describe.each(MAKERS)('%s', (make) => {
  const layer = `model.add(new dl.${make});`;

  it('belongs behind BatchNorm', async () => {
    const { document, fixed } = await fix(rule('dropout-after-batch-norm'), at(`${layer}\n  model.add(tf.layers.batchNormalization());`));
    expect(fixed.map(({ proof }) => proof?.verdict)).toEqual(['proven']);
    expect((document as TextDocument).text).toContain(`model.add(tf.layers.batchNormalization());\n  ${layer}`);
  });
  it('belongs behind the activation', () => expect(findings(rule('dropout-after-activation'), at(`model.add(tf.layers.dense({ units: 8 }));\n${layer}\nmodel.add(tf.layers.reLU());`))).toHaveLength(1));
  it('is the dropout before the classifier', () => expect(findings(rule('dropout-before-classifier'), at(layer), { preset: 'strict' })).toEqual([]));
  it('is no use between convolutions, element by element', () => {
    const element = make.includes('Variational') ? make.replace(' })', ", alphaPer: 'element' })") : make;
    const text = `import * as tf from '@tensorflow/tfjs';\nimport * as dl from 'droplint/tfjs';\nconst conv = () => tf.layers.conv2d({ filters: 4, kernelSize: 3 });\nconst model = tf.sequential({ layers: [tf.layers.conv2d({ filters: 4, kernelSize: 3, inputShape: [9, 9, 1] }), new dl.${element}, conv(), conv(), tf.layers.flatten(), tf.layers.dense({ units: 2 })] });`;
    expect(findings(rule('no-dropout-between-convs'), codeOf(text), { preset: 'strict' })).toHaveLength(1);
  });
  it('has the right law, and settings that its constructor checks', () => {
    for (const id of ['no-alpha-dropout', 'valid-dropout-config', 'valid-dropout-rate', 'no-fixed-dropout-seed']) expect(messages(rule(id), at(layer))).toEqual([]);
  });
});

it('SpatialDropout2D between convolutions is what the rule asks for', () => {
  const text = "import * as tf from '@tensorflow/tfjs';\nimport { SpatialDropout2D } from 'droplint/tfjs';\nconst conv = (settings) => tf.layers.conv2d({ filters: 4, kernelSize: 3, ...settings });\nconst model = tf.sequential({ layers: [conv({ inputShape: [9, 9, 1] }), new SpatialDropout2D({ rate: 0.5 }), conv(), conv(), tf.layers.flatten(), tf.layers.dense({ units: 2 })] });";
  expect(findings(rule('no-dropout-between-convs'), codeOf(text), { preset: 'strict' })).toEqual([]);
});

it('a dropout of weights is no dropout of an activation', () => {
  expect(findings(rule('dropout-after-activation'), at('model.add(new dl.DropConnectDense({ units: 8, rate: 0.5 }));\nmodel.add(tf.layers.reLU());'))).toEqual([]);
});

it('a rate that is none throws', () => {
  expect(messages(rule('valid-dropout-rate'), at('model.add(new dl.AlphaDropout({ rate: 50 }));'))).toMatchInlineSnapshot(`
    [
      "The rate 50 is outside [0, 1): AlphaDropout throws a RangeError when the layer is made; 50 % is 0.5.",
    ]
  `);
});
