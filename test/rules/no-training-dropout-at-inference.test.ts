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
import { closeVerifier } from '../../src/verify/index.js';
import { cases } from '../support/cases.js';
import { dropoutsIn, findings, fix, fixed, graphOf, lint, messages } from '../support/one-rule.js';

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
