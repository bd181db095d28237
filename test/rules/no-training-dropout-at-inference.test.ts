import { InferenceSession, Tensor } from 'onnxruntime-node';
import { afterAll, describe, expect, it } from 'vitest';
import { dropout } from '../../fixtures/builders/dropout-forms.js';
import type { DropoutOptions } from '../../fixtures/builders/dropout-forms.js';
import { activation } from '../../fixtures/builders/activations.js';
import { batchNorm, linear } from '../../fixtures/builders/layers.js';
import { Model } from '../../fixtures/builders/onnx.js';
import type { Body, Tensor as Value } from '../../fixtures/builders/onnx.js';
import { literal } from '../../fixtures/builders/tensors.js';
import { perceptron } from '../../fixtures/builders/examples.js';
import rule from '../../rules/no-training-dropout-at-inference.js';
import type { TextDocument } from '../../src/formats/document.js';
import { loadSuppression } from '../../src/lint/suppression.js';
import { closeVerifier } from '../../src/verify/index.js';
import { cases } from '../support/cases.js';
import { placeOf } from '../../src/rule.js';
import { codeOf, dropoutsIn, findings, fix, fixed, graphOf, lint, messages } from '../support/one-rule.js';

afterAll(closeVerifier);

const formats = ['onnx'] as const;
const mlp = 'linear → relu → dropout(0.5) → linear';
const two = 'linear → relu → dropout(0.5) → linear → relu → dropout(0.2) → linear';

cases(rule, [
  // mode inference: every dropout that is on.
  { chain: two, flags: ['dropout', 'dropout#2'], mode: 'inference', level: 'warn', class: 'suggestion', fixed: false, formats, onnx: [{ opset: 12 }, { opset: 17, form: 'constant' }, { opset: 22, form: 'input' }] },
  { chain: mlp, flags: ['dropout'], mode: 'inference', level: 'warn', preset: 'strict', formats, onnx: [{ opset: 17 }, { opset: 1 }, { opset: 6 }] },
  { chain: 'linear → relu → dropout(0.5,state=off) → linear → relu → dropout(0.5) → linear', flags: ['dropout#2'], mode: 'inference', formats, onnx: { opset: 17 } },
  { chain: 'conv2d → relu → spatial-dropout(0.2) → conv2d → flatten → linear', flags: ['spatial-dropout'], mode: 'inference', level: 'warn', formats, onnx: [{ opset: 17 }, { opset: 18, spatial: 'decomposed' }] },
  { chain: 'conv2d(8,3,bias=false) → batch-norm → relu → flatten → dropout(0.5) → linear', flags: ['dropout'], mode: 'inference', formats, onnx: { opset: 17, training: true } },
  { chain: mlp, flags: [], mode: 'inference', formats, onnx: [{ opset: 17, state: 'off' }, { opset: 17, state: 'unspecified' }, { opset: 9 }, { opset: 17, form: 'input-default', state: 'unspecified' }, { opset: 6, state: 'off' }] },
  { chain: 'linear → relu → dropout(0) → linear', flags: [], mode: 'inference', formats, onnx: { opset: 17 }, because: 'nothing is dropped' },
  { chain: 'linear → relu → linear', flags: [], mode: 'inference' },

  // auto: one remark, where nothing else says that the graph is trained.
  { chain: two, flags: ['dropout'], mode: 'auto', level: 'info', class: 'suggestion', fixed: false, formats, onnx: { opset: 17 } },
  { chain: two, flags: ['dropout'], mode: 'auto', level: 'info', preset: 'strict', formats, onnx: { opset: 17 } },
  { chain: 'conv2d(8,3,bias=false) → batch-norm → relu → flatten → dropout(0.5) → linear', flags: [], mode: 'auto', formats, onnx: { opset: 17, training: true }, because: 'BatchNorm trains as well' },
  { chain: 'conv2d(8,3,bias=false) → batch-norm → relu → flatten → dropout(0.5) → linear', flags: ['dropout'], mode: 'auto', level: 'info', formats, onnx: { opset: 17 }, because: 'BatchNorm is in inference form' },
  { chain: mlp, flags: [], mode: 'auto', formats, onnx: [{ opset: 17, state: 'off' }, { opset: 9 }] },

  // training: silent.
  { chain: two, flags: [], mode: 'training' },
  { chain: two, flags: [], mode: 'training', preset: 'strict' },
]);

const drop = (g: Body, x: Value, options: Partial<DropoutOptions> = {}) => dropout(g, x, { rate: 0.5, scope: 'drop', state: 'live', ...options });
/** linear → `inner` → output. */
function model(inner: (g: Body, x: Value) => Value): Model {
  const made = new Model({ opset: 17 });
  const g = made.graph;
  g.output(inner(g, g.node('Abs', [g.input('input', [4, 256])], { scope: 'abs' })), 'output');
  return made;
}

/** Two runs of one InferenceSession on the same input agree. */
async function repeats(bytes: Uint8Array, graphOptimizationLevel: 'all' | 'disabled'): Promise<boolean> {
  const session = await InferenceSession.create(bytes, { graphOptimizationLevel });
  const run = async () => Array.from((await session.run({ input: new Tensor('float32', new Float32Array(4 * 256).fill(1), [4, 256]) })).output!.data as Float32Array);
  const [first, second] = [await run(), await run()];
  await session.release();
  return first.every((value, i) => value === second[i]);
}

describe('what is said of onnxruntime is what it does at its default level', () => {
  const places: readonly (readonly [string, 'deletes' | 'keeps' | 'any', Model])[] = [
    ['between inner values', 'deletes', model((g, x) => activation(g, drop(g, x), 'relu', { scope: 'relu' }))],
    ['with an unused mask', 'deletes', model((g, x) => activation(g, drop(g, x, { mask: 'unused' }), 'relu', { scope: 'relu' }))],
    ['with a mask that is read', 'keeps', model((g, x) => activation(g, drop(g, x, { mask: 'output' }), 'relu', { scope: 'relu' }))],
    ['at the output', 'keeps', model((g, x) => drop(g, x))],
    ['on the input', 'keeps', (() => {
      const made = new Model({ opset: 17 });
      const g = made.graph;
      return (g.output(activation(g, drop(g, g.input('input', [4, 256])), 'relu', { scope: 'relu' }), 'output'), made);
    })()],
    ['over a weight', 'keeps', model((g, x) => linear(g, x, 64, { scope: 'fc', onWeight: (weight) => drop(g, weight) }))],
    ['spelled out in random operators', 'keeps', model((g, x) => activation(g, drop(g, x, { form: 'decomposed' }), 'relu', { scope: 'relu' }))],
    ['off', 'any', model((g, x) => drop(g, x, { state: 'off' }))],
  ];

  it.each(places)('%s: %s', async (_, fate, made) => {
    const said = lint(rule, graphOf(made), { mode: 'inference' }).map(({ problem }) => problem.messageId);
    expect(said).toEqual(fate === 'any' ? [] : [fate === 'deletes' ? 'deleted' : expect.stringMatching(/drops|decomposed/) as string]);
    expect(await repeats(made.encode(), 'all')).toBe(fate !== 'keeps');
    if (fate === 'deletes') expect(await repeats(made.encode(), 'disabled'), 'it drops where optimisation is disabled').toBe(false);
  });

  it('in words', () => {
    const [inner, , , edge, , , spelledOut] = places.map(([, , made]) => messages(rule, graphOf(made), { mode: 'inference' }));
    expect(inner).toMatchInlineSnapshot(`
      [
        "Training dropout in a deployed model: onnxruntime deletes it at its default optimisation level (so Monte-Carlo dropout is silently off), and drops when that is disabled; other runtimes drop. Set training_mode to false, or state the intent with metadata droplint.intent = mc-dropout.",
      ]
    `);
    expect(edge).toMatchInlineSnapshot(`
      [
        "Training dropout in a deployed model: onnxruntime keeps it at every optimisation level because of where it stands, so answers are random. Set training_mode to false, or state the intent with metadata droplint.intent = mc-dropout.",
      ]
    `);
    expect(spelledOut).toMatchInlineSnapshot(`
      [
        "Dropout spelled out in random operators: no runtime ever deletes it, so answers are random. Export the model in evaluation mode, or state the intent with metadata droplint.intent = mc-dropout.",
      ]
    `);
  });
});

describe('Monte-Carlo dropout that says so', () => {
  const intent = { 'droplint.intent': 'mc-dropout' };
  const marked = (where: 'model' | 'graph' | 'node', value = intent) => {
    const made = perceptron((g, x) => g.node('Dropout', [x, g.constant(literal(0.1)), g.constant(literal(1, 'bool'))], { scope: 'drop', ...(where === 'node' && { metadata: value }) }), { irVersion: 10 });
    if (where === 'model') Object.assign(made.metadata, value);
    if (where === 'graph') Object.assign(made.graph.metadata, value);
    return graphOf(made);
  };

  it.each(['model', 'graph', 'node'] as const)('on the %s is left alone', (where) => {
    for (const mode of ['inference', 'auto', 'training'] as const) expect(findings(rule, marked(where), { mode })).toEqual([]);
  });

  it('is another intent otherwise', () => {
    expect(findings(rule, marked('model', { 'droplint.intent': 'deploy' }), { mode: 'inference' })).toHaveLength(1);
  });

  it('covers the graphs inside', () => {
    const made = new Model({ opset: 17 });
    made.metadata['droplint.intent'] = 'mc-dropout';
    const g = made.graph;
    const x = g.input('input', [2, 8]);
    const branch = (name: string) => made.subgraph(name, (body) => body.output(drop(body, x, { scope: name })));
    g.output(g.node('If', [g.constant(literal(1, 'bool'))], { shape: [2, 8], type: 'float32', attributes: { then_branch: branch('then'), else_branch: branch('else') } }), 'output');
    expect(findings(rule, graphOf(made), { mode: 'inference' })).toEqual([]);
  });
});

it('a graph inside of a model that trains is no deployment', () => {
  const made = new Model({ opset: 17 });
  const g = made.graph;
  const x = batchNorm(g, g.input('input', [2, 8]), { scope: 'bn', training: true });
  const branch = (name: string) => made.subgraph(name, (body) => body.output(drop(body, x, { scope: name })));
  g.output(g.node('If', [g.constant(literal(1, 'bool'))], { shape: [2, 8], type: 'float32', attributes: { then_branch: branch('then'), else_branch: branch('else') } }), 'output');
  expect(findings(rule, graphOf(made), { mode: 'auto' })).toEqual([]);
  expect(findings(rule, graphOf(made), { mode: 'inference' })).toHaveLength(2);
});

describe('the suggestion', () => {
  it.each([[12, 'initializer'], [17, 'constant'], [17, 'input'], [22, 'initializer']] as const)('switches it off (opset %i, %s), and never by --fix alone', async (opset, form) => {
    const document = graphOf(two, { opset, form });
    expect((await fix(rule, document, { mode: 'inference' })).fixed).toEqual([]);
    expect(dropoutsIn(await fixed(rule, document, { mode: 'inference', suggestions: true })).map(({ state }) => state)).toEqual(['off', 'off']);
  });

  it('switches off the old way below opset 7', () => {
    expect(findings(rule, graphOf(mlp, { opset: 6 }), { mode: 'inference' })).toEqual(['/net/drop0/Dropout warn suggestion']);
  });

  it('is none where random operators spell it out', () => {
    expect(findings(rule, graphOf(model((g, x) => drop(g, x, { form: 'decomposed' }))), { mode: 'inference' })).toEqual(['/drop/Mul warn']);
  });
});

describe('in code', () => {
  const MODEL = `import * as tf from '@tensorflow/tfjs';
const model = tf.sequential();
model.add(tf.layers.dense({ units: 64, activation: 'relu', inputShape: [16] }));
model.add(tf.layers.dropout({ rate: 0.5 }));
model.add(tf.layers.dense({ units: 64, activation: 'relu' }));
model.add(tf.layers.dropout({ rate: 0.2 }));
model.add(tf.layers.dense({ units: 10, activation: 'softmax' }));
`;
  /** Line, what is said and what the fix is of the code behind the model, whose first line is 8. */
  const said = (code: string, mode: 'auto' | 'inference' | 'training' = 'auto', model = MODEL) =>
    lint(rule, codeOf(`${model}${code}\n`), { mode }).map(({ problem, level, fixClass }) => `${placeOf(problem).path} ${problem.messageId} ${level} ${fixClass}`);

  it.each<[string, string, string[]]>([
    ['a model', 'export const predict = (x) => model.apply(x, { training: true });', ['8:31 applied warn suggestion']],
    ['a model in the same module', 'const y = model.apply(tf.ones([1, 16]), { training: true });', ['8:11 applied warn suggestion']],
    ['the flag in a constant', 'const training = true;\nexport const predict = (x) => model.apply(x, { training });', ['9:31 applied warn suggestion']],
    ['a method', 'export class Net {\n  model = model;\n  answer(x) {\n    return this.model.apply(x, { training: true });\n  }\n}', ['11:12 applied warn suggestion']],
    ['a tidy', 'export const predict = (x) => tf.tidy(() => model.apply(x, { training: true }));', ['8:45 applied warn suggestion']],
    ['a layer by itself', "const drop = tf.layers.dropout({ rate: 0.5 });\nexport const noisy = (x) => drop.apply(x, { training: true });", ['9:29 applied warn suggestion']],
    ['two calls', 'export const a = (x) => model.apply(x, { training: true });\nexport const b = (x) => model.apply(x, { training: true });', ['8:25 applied warn suggestion', '9:25 applied warn suggestion']],
    ['predict, which ignores the flag', 'export const predict = (x) => model.predict(x, { batchSize: 4, training: true });', ['8:31 ignored warn undefined']],
    ['predict of a model that is compiled and trained', 'model.compile({ optimizer: "adam", loss: "categoricalCrossentropy" });\nexport const fit = (x, y) => model.fit(x, y);\nexport const draws = (x) => [1, 2, 3].map(() => model.predict(x, { training: true }));', ['10:49 ignored warn undefined']],
    ['a layer in a functional model', "const input = tf.input({ shape: [4] });\nconst d = tf.layers.dropout({ rate: 0.5 }).apply(input, { training: true });\nexport const other = tf.model({ inputs: input, outputs: tf.layers.dense({ units: 2 }).apply(d) });", ['9:11 forgotten warn suggestion']],
    ['a functional model of tensors from elsewhere', "export const build = (input) => tf.model({ inputs: input, outputs: tf.layers.dense({ units: 2 }).apply(tf.layers.dropout({ rate: 0.5 }).apply(input, { training: true })) });", ['8:104 forgotten warn suggestion']],
  ])('reports %s', (_, code, wanted) => {
    expect(said(code)).toEqual(wanted);
    expect(said(code, 'inference')).toEqual(wanted);
    expect(said(code, 'training')).toEqual([]);
  });

  it.each<[string, string]>([
    ['predict', 'export const predict = (x) => model.predict(x);'],
    ['predict with other settings', 'export const predict = (x) => model.predict(x, { batchSize: 4, training: false });'],
    ['apply without the flag', 'export const predict = (x) => model.apply(x);'],
    ['training: false', 'export const predict = (x) => model.apply(x, { training: false });'],
    ['a flag that is not known', 'export const run = (x, training) => model.apply(x, { training });'],
    ['settings that are not known', 'export const run = (x, settings) => model.apply(x, settings);'],
    ['a model without dropout', 'const plain = tf.sequential({ layers: [tf.layers.dense({ units: 2, inputShape: [3] })] });\nexport const run = (x) => plain.apply(x, { training: true });'],
    ['a rate of 0', 'const zero = tf.sequential({ layers: [tf.layers.dropout({ rate: 0, inputShape: [3] })] });\nexport const run = (x) => zero.apply(x, { training: true });'],
    ['what is given to an optimizer', 'export const run = (x, y) => tf.train.adam().minimize(() => tf.losses.meanSquaredError(y, model.apply(x, { training: true })));'],
    ['what is differentiated', 'export function run(x, y) {\n  const { grads } = tf.variableGrads(() => {\n    const p = model.apply(x, { training: true });\n    return tf.losses.meanSquaredError(y, p);\n  });\n  return grads;\n}'],
    ['a function that is differentiated', 'const f = (x) => model.apply(x, { training: true });\nexport const g = tf.grad(f);'],
    ['what a differentiated function calls', 'const answer = (x) => model.apply(x, { training: true });\nconst error = (x, y) => tf.losses.meanSquaredError(y, answer(x));\nexport const run = (x, y) => tf.variableGrads(() => error(x, y));'],
    ['a step by its name', 'export function trainStep(x) {\n  return model.apply(x, { training: true });\n}'],
    ['a method of a trainer', 'export class Trainer {\n  run(x) {\n    return model.apply(x, { training: true });\n  }\n}'],
    ['what a training function calls', 'const answer = (x) => model.apply(x, { training: true });\nexport function trainOnBatch(x) {\n  return answer(x);\n}'],
    ['an intent on the line above', 'export function predict(x) {\n  // droplint-intent: mc-dropout\n  return model.apply(x, { training: true });\n}'],
    ['an intent in a longer comment', 'export function predict(x) {\n  // droplint-intent: mc-dropout\n  // thirty draws for each x\n  return model.apply(x, { training: true });\n}'],
    ['an intent on the line', 'export const predict = (x) => model.apply(x, { training: true }); // droplint-intent: mc-dropout'],
    ['an intent in a block above a statement of several lines', '/* droplint-intent: mc-dropout */\nexport const predict = (x) =>\n  model.apply(x, { training: true });'],
  ])('is silent on %s', (_, code) => expect(said(code)).toEqual([]));

  it('is silent where the file says at its head, or each layer at its place, that Monte-Carlo dropout is meant', () => {
    const code = 'export const predict = (x) => model.apply(x, { training: true });';
    expect(said(code, 'auto', `// droplint-intent: mc-dropout\n${MODEL}`)).toEqual([]);
    expect(said(code, 'auto', MODEL.replace(/(model\.add\(tf\.layers\.dropout.*)/g, '$1 // droplint-intent: mc-dropout'))).toEqual([]);
    expect(said(code, 'auto', MODEL.replace(/(rate: 0\.5 .*)/, '$1 // droplint-intent: mc-dropout')), 'the other layer drops').toEqual(['8:31 applied warn suggestion']);
    expect(said(code, 'auto', `// droplint-intent: deploy\n${MODEL}`)).toHaveLength(1);
  });

  it('an intent does not reach over a line of code, nor out of a string', () => {
    expect(said('// droplint-intent: mc-dropout\nexport const other = 1;\nexport const predict = (x) => model.apply(x, { training: true });')).toHaveLength(1);
    expect(said("export const note = '// droplint-intent: mc-dropout';\nexport const predict = (x) => model.apply(x, { training: true });")).toHaveLength(1);
  });

  it('in words', () => {
    expect(messages(rule, codeOf(`${MODEL}export const predict = (x) => model.apply(x, { training: true });\n`), { mode: 'auto' })).toMatchInlineSnapshot(`
      [
        "apply(…, { training: true }) outside a training step: 'dropout' drops, so answers are random. Set training to false, or say that Monte-Carlo dropout is meant in a comment: droplint-intent: mc-dropout.",
      ]
    `);
    expect(messages(rule, codeOf(`${MODEL}export const predict = (x) => model.predict(x, { training: true });\n`), { mode: 'auto' })).toMatchInlineSnapshot(`
      [
        "predict ignores { training: true }: 'dropout' does not drop (Monte-Carlo dropout is silently off), and each answer is the same. Call apply(…, { training: true }) where it is to drop.",
      ]
    `);
    expect(messages(rule, codeOf("const i = tf.input({ shape: [4] });\ntf.model({ inputs: i, outputs: tf.layers.dropout({ rate: 0.5 }).apply(i, { training: true }) });\n"), { mode: 'auto' })).toMatchInlineSnapshot(`
      [
        "TensorFlow.js forgets the training: true of a layer that is applied to a symbolic tensor: 'dropout' drops in fit and never in predict, as without it (Monte-Carlo dropout is silently off). Apply the whole model with training: true where it is to drop.",
      ]
    `);
  });

  it('is switched off where it is reported', () => {
    const code = codeOf(`${MODEL}// droplint-disable-next-line no-training-dropout-at-inference -- thirty draws\nexport const predict = (x) => model.apply(x, { training: true });\n`);
    return expect(loadSuppression([rule.id]).then((suppress) => suppress(code as never, lint(rule, code, { mode: 'auto' })))).resolves.toMatchObject({ kept: [], suppressed: [{ reason: 'thirty draws' }], unused: [] });
  });

  it('the suggestion writes false, and refuses what is not written there', async () => {
    const code = 'export const predict = (x) => model.apply(x, { training: true });\n';
    const document = codeOf(`${MODEL}${code}`);
    expect((await fix(rule, document, { mode: 'auto' })).fixed).toEqual([]);
    expect(((await fixed(rule, document, { mode: 'auto', suggestions: true })) as unknown as TextDocument).text).toBe(`${MODEL}${code.replace('true', 'false')}`);
    for (const other of ['const training = true;\nexport const predict = (x) => model.apply(x, { training });', 'const given = { training: true };\nexport const predict = (x) => model.apply(x, given);']) {
      const { refusals } = await fix(rule, codeOf(`${MODEL}${other}\n`), { mode: 'auto', suggestions: true });
      expect([...refusals.values()]).toEqual(['training is not written as true or false where it is applied']);
    }
  });
});
