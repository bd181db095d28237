/** What a rewrite does at which layers, and what it leaves alone, for graphs and for code alike. */
import { describe, expect, it } from 'vitest';
import { toOnnx, toTensorFlowJs } from '../support/chain.js';
import { readCode } from '../../src/formats/code/document.js';
import type { Document } from '../../src/formats/document.js';
import { readOnnxBytes } from '../../src/formats/onnx/document.js';
import { readTopology } from '../../src/formats/topology/document.js';
import type { Edit } from '../../src/graph/edits.js';
import { selectIn } from '../../src/lint/selection.js';
import { planRewrite } from '../../src/variants/plan.js';
import type { RewriteSettings } from '../../src/variants/plan.js';

const describeEdit = (edit: Edit): string => {
  switch (edit.type) {
    case 'insert': return `insert ${edit.spec.law ?? edit.spec.unit} ${edit.spec.like && edit.spec.rate === 'keep' ? edit.spec.like.rate : edit.spec.rate} ${edit.where} ${edit.target.kind}`;
    case 'replace': return `replace by ${edit.spec.law ?? edit.spec.unit} ${edit.spec.rate}`;
    case 'configure': return `configure ${JSON.stringify(edit.settings)}`;
    case 'schedule': return `schedule ${edit.layers.length} ${edit.schedule.kind}`;
    case 'fold-scale':
    case 'unfold-scale': return `${edit.type} into ${edit.into.kind}`;
    default: return edit.type;
  }
};

function plan(document: Document, settings: RewriteSettings, where?: string): { fixes: string[]; left: string[] } {
  const graphs = document.models.flatMap(({ variants }) => variants.flat());
  const { fixes, passedOver } = planRewrite(graphs, settings, selectIn(document, graphs.flatMap(({ layers }) => layers), where));
  return { fixes: fixes.map(({ edits }) => edits.map(describeEdit).join(' + ')), left: passedOver.map(({ reason }) => reason) };
}

const graph = (chain: string): Document => readOnnxBytes(toOnnx(chain, { opset: 17 })) as unknown as Document;
const code = (chain: string): Document => readCode('model.ts', toTensorFlowJs(chain)!) as unknown as Document;

const MLP = 'linear(64) → relu → dropout(0.25) → linear(32) → relu → dropout(0.5) → linear(10)';
const CNN = 'conv2d(8) → relu → dropout(0.25) → conv2d(8) → relu → flatten → linear(64) → relu → dropout(0.5) → linear(10)';

describe.each([['graph', graph], ['code', code]] as const)('%s', (_, read) => {
  it.each<[string, string, RewriteSettings, string[], string[]]>([
    ['inference', MLP, { to: 'inference' }, ['remove', 'remove'], []],
    ['variational', MLP, { to: 'variational' }, ['replace by gaussian keep', 'replace by gaussian keep'], []],
    ['concrete', MLP, { to: 'variational', form: 'concrete', rate: 0.1 }, ['replace by concrete 0.1', 'replace by concrete 0.1'], []],
    ['alpha', MLP, { to: 'alpha' }, ['replace by alpha keep', 'replace by alpha keep'], []],
    ['dropconnect', MLP, { to: 'dropconnect' }, ['insert weight 0.25 before linear + remove', 'insert weight 0.5 before linear + remove'], []],
    ['spatial: only beside convolutions', CNN, { to: 'spatial' }, ['replace by channel keep'], ['no convolution stands beside it']],
    ['dropout: nothing to do', MLP, { to: 'dropout' }, [], ['it is plain dropout already', 'it is plain dropout already']],
    ['dropout: another rate', MLP, { to: 'dropout', rate: 0.5 }, ['configure {"rate":0.5}'], ['it is plain dropout already']],
    ['dropout where there is none', 'linear(256) → relu → linear(10)', { to: 'dropout' }, ['insert element 0.5 after activation'], []],
    ['spatial where there is none', 'linear(256) → relu → linear(10)', { to: 'spatial' }, [], ['no convolution stands beside it']],
    ['dropconnect where there is none', 'linear(256) → relu → linear(10)', { to: 'dropconnect', rate: 0.3 }, ['insert weight 0.3 before linear'], []],
    ['recurrent', 'input(6,8) → dropout(0.2) → lstm(16) → linear(4)', { to: 'recurrent' }, ['insert time 0.2 before recurrent + insert state 0.2 before recurrent + remove'], []],
    ['recurrent: no recurrent layer', MLP, { to: 'recurrent' }, [], ['it stands beside no recurrent layer and on no state that a loop carries', 'it stands beside no recurrent layer and on no state that a loop carries']],
    ['recurrent where there is no dropout', 'input(6,8) → lstm(16) → linear(4)', { to: 'recurrent', rate: 0.1 }, ['insert time 0.1 before recurrent + insert state 0.1 before recurrent'], []],
  ])('%s', (_what, chain, settings, fixes, left) => {
    expect(plan(read(chain), settings)).toEqual({ fixes, left });
  });
});

it('train, legacy and schedules of a graph', () => {
  expect(plan(readOnnxBytes(toOnnx(MLP, { opset: 17, state: 'off' })) as unknown as Document, { to: 'train' })).toEqual({ fixes: ['configure {"trainingMode":true}', 'configure {"trainingMode":true}'], left: [] });
  expect(plan(graph(MLP), { to: 'train' })).toEqual({ fixes: [], left: ['it drops already', 'it drops already'] });
  expect(plan(graph(MLP), { to: 'train', training: 'input' }).fixes).toEqual(['configure {"trainingMode":"input"}', 'configure {"trainingMode":"input"}']);
  expect(plan(graph(MLP), { to: 'legacy' }).fixes).toEqual(['unfold-scale into linear', 'unfold-scale into linear']);
  expect(plan(graph(MLP), { to: 'scheduled', schedule: { kind: 'linear', epochs: 5 } }).fixes).toEqual(['schedule 1 linear', 'schedule 1 linear']);
  expect(plan(code(MLP), { to: 'scheduled', schedule: { kind: 'linear', epochs: 5 } }).fixes).toEqual(['schedule 2 linear']);
});

it('a layer on two paths through code is one place', () => {
  const document = readCode('model.ts', `import * as tf from '@tensorflow/tfjs';
export function build(deep: boolean) {
  const model = tf.sequential();
  model.add(tf.layers.dense({ units: 64, activation: 'relu', inputShape: [8] }));
  model.add(tf.layers.dropout({ rate: 0.5 }));
  if (deep) model.add(tf.layers.dense({ units: 64, activation: 'relu' }));
  model.add(tf.layers.dense({ units: 10, activation: 'softmax' }));
  return model;
}
`) as unknown as Document;
  expect(plan(document, { to: 'alpha' }).fixes).toEqual(['replace by alpha keep']);
});

describe("TensorFlow.js's own alphaDropout and gaussianDropout", () => {
  const layers = 'tf.layers.dense({ units: 4, inputShape: [3] }), tf.layers.alphaDropout({ rate: 0.2 }), tf.layers.gaussianDropout({ rate: 0.3 }), tf.layers.dense({ units: 1 })';
  const own = readCode('model.js', `import * as tf from '@tensorflow/tfjs';\nconst model = tf.sequential({ layers: [${layers}] });\n`);
  const ours = readCode('model.js', own.text.replace('tf.layers.alphaDropout({ rate: 0.2 })', 'new AlphaDropout({ rate: 0.2 })').replace('tf.layers.gaussianDropout({ rate: 0.3 })', 'new VariationalDropout({ rate: 0.3, divergenceWeight: 1 })').replace("\n", "\nimport { AlphaDropout, VariationalDropout } from 'droplint/tfjs';\n"));
  const saved = (name: string): Document => readTopology('model.json', JSON.stringify({ class_name: 'Sequential', config: [{ class_name: 'Dense', config: { units: 4, batch_input_shape: [null, 3] } }, { class_name: name, config: { rate: 0.2 } }, { class_name: 'Dense', config: { units: 1 } }] }));

  it('are replaced in code, where the classes of droplint/tfjs stay', () => {
    expect(plan(own, { to: 'alpha' })).toEqual({ fixes: ['replace by alpha keep', 'replace by alpha keep'], left: [] });
    expect(plan(own, { to: 'variational' })).toEqual({ fixes: ['replace by gaussian keep', 'replace by gaussian keep'], left: [] });
    expect(plan(ours, { to: 'alpha' })).toEqual({ fixes: ['replace by alpha keep'], left: ['it is alpha dropout already'] });
    expect(plan(ours, { to: 'variational' })).toEqual({ fixes: ['replace by gaussian keep'], left: ['it is gaussian dropout already'] });
  });

  it('stay in a model.json where there is no other name for them', () => {
    expect(plan(saved('AlphaDropout'), { to: 'alpha' })).toEqual({ fixes: [], left: ['it is alpha dropout already'] });
    expect(plan(saved('GaussianDropout'), { to: 'variational' })).toEqual({ fixes: ['replace by gaussian keep'], left: [] });
  });
});
