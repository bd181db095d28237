/** `droplint rewrite` as a user types it, on files: every variant, what it prints, and what it must not do. */
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { activation } from '../../fixtures/builders/activations.js';
import { dropout } from '../../fixtures/builders/dropout-forms.js';
import { convolution, linear } from '../../fixtures/builders/layers.js';
import { Model } from '../../fixtures/builders/onnx.js';
import type { Body, Tensor as BuiltTensor } from '../../fixtures/builders/onnx.js';
import { literal } from '../../fixtures/builders/tensors.js';
import { toOnnx } from '../../fixtures/chain/onnx.js';
import type { OnnxOptions } from '../../fixtures/chain/onnx.js';
import { readOnnx } from '../../src/formats/onnx/document.js';
import { ModelEditor } from '../../src/formats/onnx/wire/editor.js';
import type { DropoutLayer } from '../../src/graph/layers.js';
import { ratesOf, schedules } from '../../src/variants/schedules.js';
import type { ScheduleKind } from '../../src/variants/schedules.js';
import { isCredibleCount } from '../../src/verify/bounds.js';
import { Project } from '../support/project.js';

const FIXTURES = path.resolve(import.meta.dirname, '../../fixtures');
let project: Project;
beforeEach(() => {
  project?.remove();
  project = new Project();
});
afterAll(() => project.remove());

const net = (chain: string, options: OnnxOptions = {}): void => project.write('net.onnx', toOnnx(chain, { opset: 17, ...options }));
const dropouts = (file = 'net.onnx'): readonly DropoutLayer[] => readOnnx(project.at(file)).models[0]!.variants[0]!.flatMap((graph) => graph.layersOf('dropout'));
const kinds = (file = 'net.onnx'): readonly string[] => dropouts(file).map(({ law, unit, rate, state }) => `${law} ${unit} ${rate} ${state}`);

const MLP = 'linear(64) → relu → dropout(0.25) → linear(32) → relu → dropout(0.5) → linear(10)';
const CNN = 'conv2d(8, kernel=3) → relu → dropout(0.25) → conv2d(8, kernel=3) → relu → flatten → linear(10)';

describe('each variant', () => {
  it.each<[string, string, readonly string[], readonly string[]]>([
    ['inference', MLP, [], []],
    ['variational', MLP, [], ['gaussian element 0.25 live', 'gaussian element 0.5 live']],
    ['variational', MLP, ['--form', 'concrete', '--training-mode', 'input'], ['concrete element 0.25 unspecified', 'concrete element 0.5 unspecified']],
    ['variational', MLP, ['--as-function', '--rate', '0.1'], ['gaussian element 0.1 live', 'gaussian element 0.1 live']],
    ['alpha', MLP, [], ['alpha element 0.25 live', 'alpha element 0.5 live']],
    ['alpha', MLP, ['--as-function', '--training-mode', 'false'], ['alpha element 0.25 off', 'alpha element 0.5 off']],
    ['dropconnect', MLP, [], ['bernoulli weight 0.25 live', 'bernoulli weight 0.5 live']],
    ['dropconnect', MLP, ['--as-function'], ['bernoulli weight 0.25 live', 'bernoulli weight 0.5 live']],
    ['dropout', MLP, ['--rate', '0.3', '--training-mode', 'input'], ['bernoulli element 0.3 unspecified', 'bernoulli element 0.3 unspecified']],
    ['spatial', CNN, [], ['bernoulli channel 0.25 live']],
    ['spatial', CNN, ['--as-function'], ['bernoulli channel 0.25 live']],
    ['recurrent', 'input(6,8) → linear(16) → dropout(0.25) → lstm(16) → linear(10)', [], ['bernoulli time 0.25 live', 'bernoulli time 0.25 live']],
    ['recurrent', 'input(6,8) → linear(16) → dropout(0.25) → gru(16) → linear(10)', ['--as-function'], ['bernoulli time 0.25 live', 'bernoulli time 0.25 live']],
    ['recurrent', 'lstm(16) → linear(10)', ['--rate', '0.2'], ['bernoulli time 0.2 unspecified', 'bernoulli time 0.2 unspecified']],
    ['legacy', MLP, [], ['bernoulli element 0.25 live', 'bernoulli element 0.5 live']],
    ['scheduled', MLP, ['--schedule', 'linear', '--epochs', '10'], ['bernoulli element 0.25 live', 'bernoulli element 0.5 live']],
  ])('%s of %s %j', async (to, chain, more, expected) => {
    net(chain);
    const { code, stdout, stderr } = await project.run('rewrite', 'net.onnx', '--to', to, ...more);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toContain('\nproven\n');
    expect(stdout).toContain('written to net.onnx');
    expect(kinds()).toEqual(expected);
  });

  it('train: switches on what was off, and lifts an older opset where every operator means the same', async () => {
    for (const opset of [9, 11, 17]) {
      net('linear(64) → relu → dropout(0.25) → linear(10)', { opset, ...(opset >= 12 && { state: 'off' }) });
      expect((await project.run('rewrite', 'net.onnx', '--to', 'train')).code).toBe(0);
      expect(kinds()).toEqual(['bernoulli element 0.25 live']);
      expect(readOnnx(project.at('net.onnx')).record.opsets.get('')).toBe(Math.max(12, opset));
    }
  });

  it('train: refused with the way out where an operator means something else in the later opset', async () => {
    net('linear(64) → clip(0, 6) → dropout(0.25) → linear(10)', { opset: 10 });
    const before = readFileSync(project.at('net.onnx'));
    const { code, stdout } = await project.run('rewrite', 'net.onnx', '--to', 'train');
    expect(code).toBe(1);
    expect(stdout).toContain('Dropout of opset 10 has no training mode: convert the model to opset 12 or later first (onnx.version_converter)');
    expect(readFileSync(project.at('net.onnx')).equals(before)).toBe(true);
  });

  it('back again: every variant to dropout, and the outputs are what they were', async () => {
    net(MLP);
    for (const to of ['variational', 'alpha', 'dropconnect']) {
      expect((await project.run('rewrite', 'net.onnx', '--to', to, '-o', `${to}.onnx`)).code).toBe(0);
      expect((await project.run('rewrite', `${to}.onnx`, '--to', 'dropout')).code).toBe(0);
      expect(kinds(`${to}.onnx`)).toEqual(['bernoulli element 0.25 live', 'bernoulli element 0.5 live']);
      expect((await project.run('verify', 'net.onnx', `${to}.onnx`)).stdout).toMatch(/^equal/);
    }
  });

  it('legacy and back: weights folded both ways, and the learning rate that goes with them', async () => {
    net(MLP);
    const { stdout } = await project.run('rewrite', 'net.onnx', '--to', 'legacy', '-o', 'legacy.onnx');
    expect(stdout).toContain('divided by (1 − 0.25)² = 0.5625');
    expect(stdout).toContain('divided by (1 − 0.5)² = 0.25');
    expect(stdout).toMatch(/dropout 0\.25 \(live\) × 0\.75, weights of \S+ ÷ 0\.75/);
    const scales = () => readOnnx(project.at('legacy.onnx')).models[0]!.variants[0]!.flatMap((graph) => graph.layersOf('activation')).filter((layer) => layer.function === 'scale');
    expect(scales()).toHaveLength(2);
    expect((await project.run('legacy.onnx', '--rule', 'no-legacy-scaling: warn', '--max-warnings', '0')).stdout).toContain('no-legacy-scaling');
    const back = await project.run('rewrite', 'legacy.onnx', '--to', 'dropout');
    expect(back.code).toBe(0);
    expect(back.stdout).toContain('times (1 − 0.5)² = 0.25');
    expect(scales()).toHaveLength(0);
    expect(kinds('legacy.onnx')).toEqual(['bernoulli element 0.25 live', 'bernoulli element 0.5 live']);
  });

  it('a dropout that takes over elsewhere is switched as the one before it was, and not as another one', async () => {
    const drop = (state: 'live' | 'off', rate: number, scope: string) => (g: Body, x: BuiltTensor) => dropout(g, x, { rate, state, scope });
    const g = new Model({ opset: 17 }).graph;
    const hidden = (x: BuiltTensor, scope: string) => activation(g, linear(g, x, 8, { scope }), 'relu', { scope: `${scope}_relu` });
    const first = drop('live', 0.2, 'drop1')(g, hidden(g.input('x', [2, 8]), 'fc1'));
    project.write('net.onnx', g.output(linear(g, drop('off', 0.4, 'drop2')(g, hidden(first, 'fc2')), 3, { scope: 'fc3' }), 'y').model.encode());
    await project.run('rewrite', 'net.onnx', '--to', 'dropconnect', '--where', '/drop2/*', '-o', 'out.onnx');
    expect(kinds('out.onnx')).toEqual(['bernoulli element 0.2 live', 'bernoulli weight 0.4 off']);
    await project.run('rewrite', 'out.onnx', '--to', 'dropout');
    expect(kinds('out.onnx')).toEqual(['bernoulli element 0.2 live', 'bernoulli element 0.4 off']);
  });

  it.each(['dropconnect', 'recurrent', 'alpha'])('%s keeps a rate that comes from the run time', async (to) => {
    net('input(6,8) → linear(16) → dropout(0.25) → linear(8) → lstm(8) → linear(4)'.replace('linear(8) → lstm(8)', to === 'recurrent' ? 'lstm(8)' : 'linear(8)'), { form: 'input' });
    expect((await project.run('rewrite', 'net.onnx', '--to', to)).code).toBe(0);
    expect(new Set(dropouts().map(({ rate }) => rate))).toEqual(new Set([undefined]));
    expect(new Set(dropouts().map(({ rateName }) => rateName))).toEqual(new Set(['ratio']));
  });

  it.each(['variational', 'alpha'])('%s can be switched on where the dropout had no mode', async (to) => {
    net('linear(16) → relu → dropout(0.25) → linear(4)', { state: 'unspecified' });
    const { stdout } = await project.run('rewrite', 'net.onnx', '--to', to);
    expect(stdout).toContain('new graph input: training_mode');
    expect(kinds()).toEqual([`${to === 'alpha' ? 'alpha' : 'gaussian'} element 0.25 unspecified`]);
  });

  it('an input that does something else, or is true by default, is no switch', async () => {
    const g = new Model({ opset: 17 }).graph;
    const mode = g.input('training_mode', [], 'bool');
    g.initializers.set('training_mode', literal(1, 'bool'));
    const x = activation(g, linear(g, g.input('x', [2, 8]), 8, { scope: 'fc1' }), 'relu', { scope: 'relu' });
    const chosen = g.node('Where', [mode, x, dropout(g, x, { rate: 0.4, state: 'off', scope: 'drop' })], { scope: 'choose', shape: x.shape, type: 'float32' });
    project.write('net.onnx', g.output(linear(g, chosen, 3, { scope: 'fc2' }), 'y').model.encode());
    const { stdout } = await project.run('rewrite', 'net.onnx', '--to', 'dropout', '--training-mode', 'input');
    expect(stdout).toContain('new graph input: training_mode_1');
    expect(kinds()).toEqual(['bernoulli element 0.4 unspecified']);
  });

  it('where the opset cannot be raised, the operator is named', async () => {
    net('linear(64) → clip(0, 6) → dropout(0.25) → linear(10)', { opset: 10 });
    expect((await project.run('rewrite', 'net.onnx', '--to', 'variational')).stdout).toContain('droplint cannot do it, because Clip is another operator in opset 12 than in opset 10');
  });

  it('dropout where there is none: as the placement rules say, switched by one input', async () => {
    project.write('net.onnx', readFileSync(path.join(FIXTURES, 'models/mlp-without-dropout.onnx')));
    const { code, stdout } = await project.run('rewrite', 'net.onnx', '--to', 'dropout', '--rate', '0.4');
    expect(code).toBe(0);
    expect(stdout).toContain('new graph input: training_mode');
    expect(new Set(kinds())).toEqual(new Set(['bernoulli element 0.4 unspecified']));
  });
});

describe('code', () => {
  const source = `import * as tf from '@tensorflow/tfjs';

const model = tf.sequential();
model.add(tf.layers.conv2d({ filters: 8, kernelSize: 3, activation: 'relu', inputShape: [28, 28, 1] }));
model.add(tf.layers.dropout({ rate: 0.25 })); // here
model.add(tf.layers.conv2d({ filters: 8, kernelSize: 3, activation: 'relu' }));
model.add(tf.layers.flatten());
model.add(tf.layers.dense({ units: 64, activation: 'relu' }));
model.add(tf.layers.dropout({ rate: 0.5 }));
model.add(tf.layers.dense({ units: 10, activation: 'softmax' }));
await model.fit(x, y, { epochs: 20 });
`;

  it.each<[string, readonly string[], readonly (readonly [string, string])[]]>([
    ['spatial', [], [["{ rate: 0.25 }", "{ rate: 0.25, noiseShape: [null, 1, 1, null] }"]]],
    ['dropconnect', [], [["model.add(tf.layers.dropout({ rate: 0.5 }));\nmodel.add(tf.layers.dense({ units: 10, activation: 'softmax' }));", "model.add(new DropConnectDense({ units: 10, activation: 'softmax', rate: 0.5 }));"], ["from '@tensorflow/tfjs';\n", "from '@tensorflow/tfjs';\nimport { DropConnectDense } from 'droplint/tfjs';\n"]]],
    ['inference', [], [['model.add(tf.layers.dropout({ rate: 0.25 })); // here\n', ''], ['model.add(tf.layers.dropout({ rate: 0.5 }));\n', '']]],
    ['alpha', [], [['tf.layers.dropout({ rate: 0.25 })', 'new AlphaDropout({ rate: 0.25 })'], ['tf.layers.dropout({ rate: 0.5 })', 'new AlphaDropout({ rate: 0.5 })'], ["from '@tensorflow/tfjs';\n", "from '@tensorflow/tfjs';\nimport { AlphaDropout } from 'droplint/tfjs';\n"]]],
  ])('%s', async (to, more, changes) => {
    project.write('model.js', source);
    const { code, stdout, stderr } = await project.run('rewrite', 'model.js', '--to', to, ...more);
    expect(stderr).toBe('');
    expect(stdout).toContain('\nproven\n');
    // DropConnect is for dense layers alone: the other dropout is refused.
    expect(code).toBe(to === 'dropconnect' ? 1 : 0);
    expect(project.read('model.js')).toBe(changes.reduce((text, [from, now]) => text.replace(from, now), source));
  });

  it('scheduled: a callback of fit', async () => {
    project.write('model.js', source);
    expect((await project.run('rewrite', 'model.js', '--to', 'scheduled', '--schedule', 'curriculum', '--epochs', '20', '--rate', '0.5')).code).toBe(0);
    expect(project.read('model.js')).toMatch(/model\.fit\(x, y, \{ epochs: 20, callbacks: scheduledDropout\(model, .*curriculum/);
  });

  it('a dropout of some paths goes with its condition, and is no DropConnect of all', async () => {
    const conditional = source.replace("model.add(tf.layers.dropout({ rate: 0.5 }));", "if (drop) model.add(tf.layers.dropout({ rate: 0.5 }));");
    project.write('model.js', conditional);
    const connected = await project.run('rewrite', 'model.js', '--to', 'dropconnect');
    expect({ code: connected.code, text: project.read('model.js') }).toEqual({ code: 1, text: conditional });
    expect(connected.stdout).toContain('on some path through this code one of the dropout and the layer beside it stands without the other');
    const { code, stdout } = await project.run('rewrite', 'model.js', '--to', 'inference');
    expect(code).toBe(0);
    expect(stdout).toContain('\nproven\n');
    expect(project.read('model.js')).not.toContain('drop');
  });

  it('a dropout that is asked for by its name stays', async () => {
    const named = source.replace('{ rate: 0.5 }', "{ rate: 0.5, name: 'drop1' }") + "model.getLayer('drop1').trainable = false;\n";
    project.write('model.js', named);
    const { code, stdout } = await project.run('rewrite', 'model.js', '--to', 'inference', '--where', 'drop1');
    expect({ code, text: project.read('model.js') }).toEqual({ code: 1, text: named });
    expect(stdout).toContain("drop1 9:11: this file names it elsewhere ('drop1', line 12)");
  });

  it("TensorFlow.js's own alphaDropout and gaussianDropout become what they should be", async () => {
    project.write('model.js', source.replace('layers.dropout({ rate: 0.25', 'layers.alphaDropout({ rate: 0.25').replace('layers.dropout({ rate: 0.5', 'layers.gaussianDropout({ rate: 0.5'));
    const { code, stdout } = await project.run('rewrite', 'model.js', '--to', 'alpha', '-o', 'alpha.js');
    expect(code).toBe(0);
    expect(stdout).toContain('alpha dropout 0.25 (unspecified), alphaDropout → alpha dropout 0.25 (unspecified), AlphaDropout');
    expect(project.read('alpha.js')).toMatch(/new AlphaDropout\(\{ rate: 0\.25 \}\)[\s\S]*new AlphaDropout\(\{ rate: 0\.5 \}\)/);
    expect((await project.run('rewrite', 'model.js', '--to', 'variational', '--examples', '9', '-o', 'noise.js')).code).toBe(0);
    expect(project.read('noise.js')).toMatch(/new VariationalDropout\(\{ rate: 0\.25, .*element[\s\S]*new VariationalDropout\(\{ rate: 0\.5, divergenceWeight: 1 \/ 9 \}\)/);
  });

  it.each<[string, readonly string[], string]>([
    ['train', [], '--to train is for ONNX models'],
    ['legacy', [], '--to legacy is for ONNX models'],
    ['alpha', ['--as-function'], '--as-function is for ONNX models.'],
    ['alpha', ['--training-mode', 'input'], '--training-mode is for ONNX models.'],
  ])('%s %j makes no sense', async (to, more, message) => {
    project.write('model.js', source);
    const { code, stderr } = await project.run('rewrite', 'model.js', '--to', to, ...more);
    expect({ code, text: project.read('model.js') }).toEqual({ code: 2, text: source });
    expect(stderr).toContain(message);
  });
});

describe('what is meant', () => {
  it('--where: a glob, or a rule', async () => {
    net('fc1: linear(64) → d1: dropout(0.25) → relu → linear(32) → relu → d2: dropout(0.5) → linear(10)');
    const [first, second] = dropouts().map(({ origin }) => origin.name);
    await project.run('rewrite', 'net.onnx', '--to', 'alpha', '--where', second!, '-o', 'glob.onnx');
    expect(kinds('glob.onnx')).toEqual(['bernoulli element 0.25 live', 'alpha element 0.5 live']);
    await project.run('rewrite', 'net.onnx', '--to', 'alpha', '--where', 'dropout-after-activation', '-o', 'rule.onnx');
    expect(kinds('rule.onnx')).toEqual(['alpha element 0.25 live', 'bernoulli element 0.5 live']);
    expect(first).not.toBe(second);
  });

  it('--where: layers without dropout get one behind their activation', async () => {
    net('linear(64) → gelu → linear(10)');
    const [layer] = readOnnx(project.at('net.onnx')).models[0]!.variants[0]![0]!.layersOf('linear');
    await project.run('rewrite', 'net.onnx', '--to', 'dropout', '--where', layer!.origin.name);
    const [dropout] = dropouts();
    expect(dropout!.inputs[0]!.producer).toMatchObject({ kind: 'activation', function: 'gelu' });
  });

  it('--where that matches nothing is an error', async () => {
    net(MLP);
    const { code, stderr } = await project.run('rewrite', 'net.onnx', '--to', 'alpha', '--where', 'fc9*');
    expect(code).toBe(2);
    expect(stderr).toContain('no layer of net.onnx that it matches');
  });

  it.each([
    ['a rule that finds nothing', 'no-consecutive-dropout', 'no-consecutive-dropout finds nothing in net.onnx'],
    ['a glob of layers that have nothing to rewrite', '**/*elu*', /matches \d layers? of net\.onnx, and none of them can be rewritten to inference/],
  ])('--where that leaves nothing to do: %s', async (_, where, text) => {
    net(MLP);
    const { code, stdout, stderr } = await project.run('rewrite', 'net.onnx', '--to', 'inference', '--where', where);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatch(text);
  });
});

describe('what a trainer is told', () => {
  it('names of what is learned, and no more when it is gone', async () => {
    net(MLP);
    await project.run('rewrite', 'net.onnx', '--to', 'variational');
    const { record } = readOnnx(project.at('net.onnx'));
    const names = record.metadata.get('droplint.trainable')!.split(', ');
    expect(names).toHaveLength(2);
    for (const name of names) expect(record.graph.initializers.has(name)).toBe(true);
    await project.run('rewrite', 'net.onnx', '--to', 'inference');
    const after = readOnnx(project.at('net.onnx')).record;
    expect(after.metadata.get('droplint.trainable')).toBe('');
    for (const name of names) expect(after.graph.initializers.has(name)).toBe(false);
  });

  it('a schedule goes with the last dropout that it moves', async () => {
    net(MLP);
    await project.run('rewrite', 'net.onnx', '--to', 'scheduled', '--schedule', 'linear', '--epochs', '5');
    expect(Object.keys(JSON.parse(readOnnx(project.at('net.onnx')).record.metadata.get('droplint.schedule')!) as object)).toEqual(['dropout_rate', 'dropout_rate_1']);
    await project.run('rewrite', 'net.onnx', '--to', 'inference', '--where', dropouts()[0]!.origin.name);
    expect(Object.keys(JSON.parse(readOnnx(project.at('net.onnx')).record.metadata.get('droplint.schedule')!) as object)).toEqual(['dropout_rate_1']);
  });

  it('scheduled: fed by its schedule, each epoch drops what it says', async () => {
    net('linear(500) → relu → dropout(0.6) → linear(10)');
    await project.run('rewrite', 'net.onnx', '--to', 'scheduled', '--schedule', 'curriculum', '--epochs', '8');
    const { record } = readOnnx(project.at('net.onnx'));
    const [[input, { kind, epochs, rate }]] = Object.entries(JSON.parse(record.metadata.get('droplint.schedule')!) as Record<string, { kind: ScheduleKind; epochs: number; rate: number }>);
    expect({ input, kind, epochs, rate }).toEqual({ input: 'dropout_rate', kind: 'curriculum', epochs: 8, rate: 0.6 });
    // The dropout alone: its output is made an output of the model.
    const [dropout] = dropouts();
    const session = await InferenceSession.create(fed(project.at('net.onnx'), dropout!, input), { graphOptimizationLevel: 'disabled', logSeverityLevel: 3 });
    const x = new Tensor('float32', Float32Array.from({ length: 2 * 16 }, (_, k) => Math.sin(k + 1)), [2, 16]);
    for (const [epoch, now] of ratesOf(schedules[kind]({ epochs, rate }), epochs).entries()) {
      const outputs = await session.run({ [session.inputNames[0]!]: x, [input]: new Tensor('float32', Float32Array.of(now), []) });
      const [kept, given] = [outputs.dropped!.data as Float32Array, outputs.given!.data as Float32Array];
      const live = [...given.keys()].filter((k) => k > 1 && given[k]! > 0);
      const gone = live.filter((k) => kept[k] === 0).length;
      expect({ epoch, credible: now === 0 ? gone === 0 : isCredibleCount(gone, live.length, now) }).toEqual({ epoch, credible: true });
    }
    await session.release();
  });
});

/**
 * The model with what the dropout reads and gives as further outputs, by two nodes at its end, and with an input that must
 * be fed: onnxruntime-node feeds none that has a default (those of C and Python do).
 */
function fed(file: string, dropout: DropoutLayer, input: string): Uint8Array {
  const document = readOnnx(file);
  const editor = new ModelEditor(document.record);
  const body = editor.body(document.record.graph);
  body.removeInitializer(input);
  for (const [name, value] of [['given', dropout.inputs[0]!.name], ['dropped', dropout.outputs[0]!.name]] as const) {
    body.insert({ opType: 'Identity', inputs: [value], outputs: [name] }, { after: body.nodes.at(-1)! });
    body.addOutput(name, 1, undefined);
  }
  const source = editor.apply();
  return source.read(0, source.size);
}

describe('reports and exit codes', () => {
  it('--format json: for programs', async () => {
    net(MLP);
    const { code, stdout } = await project.run('rewrite', 'net.onnx', '--to', 'alpha', '--format', 'json', '-o', 'out.onnx');
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ file: 'net.onnx', to: 'alpha', written: 'out.onnx', places: 2, left: [], proof: { verdict: 'proven', class: 'inference-exact' }, changes: [{ before: 'dropout 0.25 (live)', after: 'alpha dropout 0.25 (live, decomposed)' }, {}] });
  });

  it('--diff writes nothing', async () => {
    net(MLP);
    const before = readFileSync(project.at('net.onnx'));
    const { code, stdout } = await project.run('rewrite', 'net.onnx', '--to', 'alpha', '--diff');
    expect(code).toBe(0);
    expect(stdout).toMatch(/^-.*dropout 0\.25/m);
    expect(stdout).toMatch(/^\+.*alpha dropout 0\.25/m);
    expect(stdout).toContain('nothing was written (--diff)');
    expect(readFileSync(project.at('net.onnx')).equals(before)).toBe(true);
  });

  it('nothing to do: says so, exit code 0, and -o gets a copy', async () => {
    net('linear(64) → relu → linear(10)');
    const { code, stdout } = await project.run('rewrite', 'net.onnx', '--to', 'inference', '-o', 'copy.onnx');
    expect(code).toBe(0);
    expect(stdout).toContain('there is nothing to rewrite to inference');
    expect(stdout).toContain('copied unchanged to copy.onnx');
    expect(readFileSync(project.at('copy.onnx')).equals(readFileSync(project.at('net.onnx')))).toBe(true);
    const { stdout: json } = await project.run('rewrite', 'net.onnx', '--to', 'inference', '-o', 'again.onnx', '--format', 'json');
    expect(JSON.parse(json)).toMatchObject({ written: 'again.onnx', places: 0 });
  });

  it('refused: -o gets no copy', async () => {
    net('linear(64) → clip(0, 6) → dropout(0.25) → linear(10)', { opset: 10 });
    const { code, stdout } = await project.run('rewrite', 'net.onnx', '--to', 'train', '-o', 'out.onnx');
    expect(code).toBe(1);
    expect(stdout).toContain('nothing was written');
    expect(existsSync(project.at('out.onnx'))).toBe(false);
    expect(JSON.parse((await project.run('rewrite', 'net.onnx', '--to', 'train', '-o', 'out.onnx', '--format', 'json')).stdout)).toMatchObject({ written: null });
  });

  it.each([
    ['a folder that does not exist', 'nodir/x.onnx', 'There is no folder nodir to write to.'],
    ['a folder', 'folder.onnx', 'folder.onnx is a folder'],
    ['another format', 'x.ts', 'net.onnx is written to a file of its own kind (.onnx), not to x.ts.'],
    ['no format', 'x', 'net.onnx is written to a file of its own kind (.onnx), not to x.'],
  ])('-o with %s: said before anything is done', async (_, output, message) => {
    net(MLP);
    mkdirSync(project.at('folder.onnx'));
    for (const command of [['rewrite', 'net.onnx', '--to', 'inference'], ['--fix', 'net.onnx']]) {
      const { code, stderr } = await project.run(...command, '-o', output);
      expect({ code, stderr }).toEqual({ code: 2, stderr: expect.stringContaining(message) as string });
    }
  });

  it('what is new and cannot be measured: said beside the proof', async () => {
    const g = new Model({ opset: 17 }).graph;
    const maps = activation(g, convolution(g, g.input('x', [2, 3, 6, 6]), 4, { scope: 'first' }), 'relu', { scope: 'relu' });
    const branch = (name: string, rate: number) => g.model.subgraph(name, (b) => { b.output(convolution(b, dropout(b, maps, { rate, state: 'live', scope: name }), 4, { scope: `${name}_conv` })); });
    const chosen = g.node('If', [g.input('choice', [], 'bool')], { attributes: { then_branch: branch('left', 0.2), else_branch: branch('right', 0.4) }, type: 'float32', shape: [2, 4, 6, 6] });
    project.write('net.onnx', g.output(chosen, 'y').model.encode());
    const { code, stdout } = await project.run('rewrite', 'net.onnx', '--to', 'spatial');
    expect(stdout).toContain('\nproven (new dropouts not measured: it stands in a subgraph or function)\n');
    expect(code).toBe(0);
  });

  it('what cannot be executed is not written, unless --no-verify', async () => {
    net(MLP, { opset: 22 });
    const before = readFileSync(project.at('net.onnx'));
    const { code, stdout } = await project.run('rewrite', 'net.onnx', '--to', 'variational');
    expect(code).toBe(1);
    expect(stdout).toContain('onnxruntime has no kernel for RandomNormalLike of opset 22');
    expect(stdout).toContain('nothing was written (--no-verify writes without proof)');
    expect(readFileSync(project.at('net.onnx')).equals(before)).toBe(true);
    expect((await project.run('rewrite', 'net.onnx', '--to', 'variational', '--no-verify')).code).toBe(0);
    expect(kinds()).toEqual(['gaussian element 0.25 live', 'gaussian element 0.5 live']);
  });

  it.each<[readonly string[], string]>([
    [['--to', 'wavy'], 'Allowed choices are dropout'],
    [['--to', 'alpha', '--rate', '1'], 'It must be a number in [0, 1).'],
    [['--to', 'alpha', '--training-mode', 'maybe'], 'It must be input, true or false.'],
    [['--to', 'alpha', '--form', 'concrete'], '--form is for --to variational.'],
    [['--to', 'train', '--training-mode', 'false'], '--to train switches dropout on: --training-mode is input or true there.'],
    [['--to', 'train', '--rate', '0.1'], '--rate is for --to dropout, spatial, dropconnect, recurrent, variational, scheduled or alpha, not for train.'],
    [['--to', 'inference', '--rate', '0.1'], '--rate is for --to dropout,'],
    [['--to', 'inference', '--training-mode', 'input'], '--training-mode is for --to dropout, train,'],
    [['--to', 'legacy', '--rate', '0.1'], 'not for legacy.'],
    [['--to', 'legacy', '--as-function'], '--as-function is for --to spatial, dropconnect, recurrent, variational or alpha, not for legacy.'],
    [['--to', 'legacy', '--training-mode', 'true'], '--training-mode is for'],
    [['--to', 'dropout', '--as-function'], '--as-function is for'],
    [['--to', 'dropout', '--epochs', '3'], '--epochs is for --to scheduled.'],
    [['--to', 'dropout', '--gamma', '3'], '--gamma is for --to scheduled.'],
    [['--to', 'dropout', '--cutoff', '3'], '--cutoff is for --to scheduled.'],
    [['--to', 'dropout', '--schedule', 'linear'], '--schedule is for --to scheduled.'],
    [['--to', 'alpha', '--examples', '3'], '--examples is for --to variational.'],
    [['--to', 'variational', '--examples', '3'], '--examples is for code: an ONNX model has no loss that it would be of.'],
    [['--to', 'scheduled', '--schedule', 'linear', '--epochs', '5', '--training-mode', 'true'], '--training-mode is for'],
    [['--to', 'scheduled', '--schedule', 'linear', '--epochs', '5', '--gamma', '2'], '--gamma is for --schedule curriculum.'],
    [['--to', 'scheduled', '--schedule', 'curriculum', '--epochs', '5', '--cutoff', '2'], '--cutoff is for --schedule early or late, not for curriculum.'],
    [['--to', 'scheduled'], '--to scheduled needs --schedule <kind> and --epochs <number>.'],
    [['--to', 'scheduled', '--schedule', 'linear', '--epochs', '2.5'], 'The number of epochs must be a positive integer, not 2.5.'],
    [[], "required option '--to <variant>' not specified"],
  ])('%j makes no sense', async (args, message) => {
    net(MLP);
    const { code, stderr } = await project.run('rewrite', 'net.onnx', ...args);
    expect(code).toBe(2);
    expect(stderr).toContain(message);
  });

  it('a file that is no model: named, exit code 2', async () => {
    project.write('net.onnx', 'no model');
    const { code, stderr } = await project.run('rewrite', 'net.onnx', '--to', 'alpha');
    expect(code).toBe(2);
    expect(stderr).toContain('net.onnx');
  });
});
