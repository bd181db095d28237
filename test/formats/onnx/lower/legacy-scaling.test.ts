/** Non-inverted dropout to inverted and back: the factor 1 − p in the weights. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { activation } from '../../../../fixtures/builders/activations.js';
import { dropout } from '../../../../fixtures/builders/dropout-forms.js';
import type { DropoutOptions } from '../../../../fixtures/builders/dropout-forms.js';
import { notInverted, perceptron } from '../../../../fixtures/builders/examples.js';
import { binary, convolution, flatten, linear, pool as pooling } from '../../../../fixtures/builders/layers.js';
import type { LinearOptions } from '../../../../fixtures/builders/layers.js';
import { float, Model } from '../../../../fixtures/builders/onnx.js';
import type { Body, ModelOptions, Tensor } from '../../../../fixtures/builders/onnx.js';
import { recurrent } from '../../../../fixtures/builders/recurrent.js';
import { literal } from '../../../../fixtures/builders/tensors.js';
import { changesWeights, classify } from '../../../../src/graph/commutation.js';
import { foldScale, unfoldScale } from '../../../../src/graph/edits.js';
import type { Edit } from '../../../../src/graph/edits.js';
import type { Graph } from '../../../../src/graph/graph.js';
import type { ActivationLayer, DropoutLayer, WeightedLayer } from '../../../../src/graph/layers.js';
import { factorChain } from '../../../../src/graph/legacy-scaling.js';
import { ModelEditor } from '../../../../src/formats/onnx/wire/editor.js';
import { readOnnx, readOnnxBytes } from '../../../../src/formats/onnx/document.js';
import { isWeighted } from '../../../../src/graph/predicates.js';
import { describeLayer } from '../../../../src/graph/print.js';
import { prove } from '../../../../src/verify/index.js';
import { Pool } from '../../../../src/verify/pool.js';
import { withExternalData } from '../../../support/external-data.js';
import { checkerVersion } from '../../../support/onnx-checker.js';
import { runModel } from '../../../support/runtime.js';
import { complaintsAbout, decode, expectSound, graphsOf, rewrite } from './lowering.js';
import type { Rewritten } from './lowering.js';

const pool = new Pool({ size: 2 });
afterAll(() => pool.close());

/** Files for onnx.checker, with what they are. */
const written: [label: string, bytes: Uint8Array][] = [];

const RATE = 0.25;
const drop = (g: Body, x: Tensor, more: Partial<DropoutOptions> = {}) => dropout(g, x, { rate: RATE, scope: 'drop', state: 'live', ...more });
const scale = (g: Body, x: Tensor, by = 1 - RATE) => binary(g, 'Mul', x, g.constant(literal(by, x.type), { scope: 'scale' }), { scope: 'scale' });
const relu = (g: Body, x: Tensor) => activation(g, x, 'relu', { scope: 'relu' });

/** linear(6) → `inner` → linear(3) over [2, 8]. */
function dense(inner: (g: Body, x: Tensor) => Tensor, options: Partial<ModelOptions> = {}, form: LinearOptions = {}): Uint8Array {
  const model = new Model({ opset: 17, ...options });
  const g = model.graph;
  return g.output(linear(g, inner(g, linear(g, g.input('input', [2, 8]), 6, { scope: 'fc1', ...form })), 3, { scope: 'fc2', ...form }), 'output').model.encode();
}

/** conv(4) → `inner` → linear(3) over images. */
function images(inner: (g: Body, x: Tensor) => Tensor, last: 'linear' | 'convolution' = 'linear'): Uint8Array {
  const g = new Model({ opset: 17 }).graph;
  const features = inner(g, convolution(g, g.input('input', [2, 3, 6, 6]), 4, { scope: 'conv1' }));
  return g.output(last === 'linear' ? linear(g, flatten(g, features), 3, { scope: 'fc' }) : convolution(g, features, 5, { scope: 'conv2' }), 'output').model.encode();
}

const dropoutIn = ([graph]: readonly Graph[]): DropoutLayer => graph!.layersOf('dropout')[0]!;
const scaleIn = ([graph]: readonly Graph[]): ActivationLayer | undefined => graph!.layersOf('activation').find((layer) => layer.function === 'scale');
const lastWeighted = ([graph]: readonly Graph[]): WeightedLayer => graph!.layers.findLast(isWeighted)!;

/** The weights behind the dropout, or those before it. */
function weightsAround(graphs: readonly Graph[]): WeightedLayer {
  const { ahead, behind } = factorChain(dropoutIn(graphs));
  return ahead ?? behind ?? lastWeighted(graphs);
}

const folded = (graphs: readonly Graph[]): readonly Edit[] => [foldScale(dropoutIn(graphs), weightsAround(graphs), scaleIn(graphs))];
const unfolded = (graphs: readonly Graph[]): readonly Edit[] => [unfoldScale(dropoutIn(graphs), weightsAround(graphs))];

/** Rewrites, holds the file against the specification, and proves it as `--fix` does. */
async function proven(bytes: Uint8Array, edits: (graphs: readonly Graph[]) => readonly Edit[], label: string): Promise<Rewritten> {
  let fix: readonly Edit[] = [];
  const rewritten = rewrite(bytes, (graphs) => [(fix = edits(graphs))]);
  expect(rewritten.refusals, label).toEqual([undefined]);
  expect([classify(fix), changesWeights(fix)]).toEqual(['inference-exact', true]);
  await expectSound(rewritten, label);
  const proof = await prove(rewritten.before, rewritten.after, 'inference-exact', { pool, changesWeights: true });
  expect(proof.verdict === 'proven' ? '' : proof.reason, label).toBe('');
  written.push([label, rewritten.bytes]);
  return rewritten;
}

const layersOf = (bytes: Uint8Array) => graphsOf(readOnnxBytes(bytes))[0]!.layers.map(describeLayer);
const changedInitializers = ({ before, bytes }: Rewritten) => {
  const [old, now] = [before.source.read(0, before.source.size), bytes].map((file) => new Map(decode(file).graph!.initializer.map((tensor) => [tensor.name, Buffer.from(tensor.rawData).toString('hex') + tensor.floatData.join()])));
  return [...now!].filter(([name, data]) => old!.has(name) && old!.get(name) !== data).map(([name]) => name);
};

const FOLDED = ['linear 6', 'relu', 'dropout 0.25 (live)', 'linear 3'];

describe('a multiplication by 1 − p beside inverted dropout goes into the weights behind', () => {
  const rows: [what: string, bytes: Uint8Array, layers: readonly string[], changed: readonly string[]][] = [
    ['behind the dropout', dense((g, x) => scale(g, drop(g, relu(g, x)))), FOLDED, ['fc2.weight']],
    ['before the dropout', dense((g, x) => drop(g, scale(g, relu(g, x)))), FOLDED, ['fc2.weight']],
    ['divided by 1/(1 − p)', dense((g, x) => binary(g, 'Div', drop(g, relu(g, x)), g.constant(literal(1 / (1 - RATE))), { scope: 'scale' })), FOLDED, ['fc2.weight']],
    ['MatMul and Add', dense((g, x) => scale(g, drop(g, relu(g, x))), {}, { as: 'matmul' }), FOLDED, ['fc2.weight']],
    ['float_data', dense((g, x) => scale(g, drop(g, relu(g, x))), { storage: 'typed' }), FOLDED, ['fc2.weight']],
    ['opset 7', dense((g, x) => scale(g, drop(g, relu(g, x))), { opset: 7 }), [...FOLDED.slice(0, 2), 'dropout 0.25 (unspecified)', 'linear 3'], ['fc2.weight']],
    ['opset 22', dense((g, x) => scale(g, drop(g, relu(g, x))), { opset: 22 }), FOLDED, ['fc2.weight']],
    ['past flatten and pooling', images((g, x) => pooling(g, scale(g, drop(g, relu(g, x))), 'max', 2)), ['convolution 2d 4', 'relu', 'dropout 0.25 (live)', 'max-pooling', 'flatten', 'linear 3'], ['fc.weight']],
    ['into a convolution', images((g, x) => scale(g, drop(g, relu(g, x), { unit: 'channel' })), 'convolution'), ['convolution 2d 4', 'relu', 'channel dropout 0.25 (live)', 'convolution 2d 5'], ['conv2.weight']],
  ];
  it.each(rows)('%s', async (what, bytes, layers, changed) => {
    const rewritten = await proven(bytes, folded, what);
    expect(layersOf(rewritten.bytes)).toEqual(layers);
    expect(changedInitializers(rewritten).map((name) => name.replace(/^.*(?=\b(?:fc|fc2|conv2)\.)/, ''))).toEqual(changed);
  });

  it('into the input weights of a recurrent layer', async () => {
    const g = new Model({ opset: 17 }).graph;
    const read = scale(g, drop(g, g.input('input', [2, 5, 6])));
    const bytes = g.output(recurrent(g, read, 'LSTM', 8, { scope: 'rnn', sequences: false }), 'output').model.encode();
    const rewritten = await proven(bytes, folded, 'LSTM');
    expect(changedInitializers(rewritten)).toEqual(['rnn.weight_ih_l0']);
    await proven(rewritten.bytes, unfolded, 'LSTM, back');
  });

  it('a multiplication of the weights themselves goes', async () => {
    const rewritten = await proven(secondWeight((g, weight) => scale(g, weight)), (graphs) => [foldScale(dropoutIn(graphs), lastWeighted(graphs))], 'weight factor');
    expect(decode(rewritten.bytes).graph!.node.map(({ opType }) => opType)).toEqual(['Gemm', 'Dropout', 'MatMul']);
    expect(changedInitializers(rewritten)).toHaveLength(1);
  });

  it('through what moves the weights, and in a Constant node', async () => {
    const transposed = (g: Body, weight: Tensor) => g.node('Transpose', [g.node('Transpose', [weight], { shape: [3, 6], attributes: { perm: [1, 0] } })], { shape: [6, 3], attributes: { perm: [1, 0] } });
    await proven(secondWeight(transposed, (g, x) => scale(g, x)), folded, 'transposed');
    const constant = (g: Body) => g.constant(literal(Float32Array.from({ length: 18 }, (_, i) => i / 7), 'float32', [6, 3]), { as: 'node' });
    await proven(secondWeight(constant, (g, x) => scale(g, x)), folded, 'Constant');
  });

  it.each(['float64', 'float16'] as const)('in %s', async (type) => {
    const ones = (...shape: readonly number[]) => literal(Float64Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, i) => (type === 'float16' ? 0x3c00 + (i % 7) : 1 + (i % 7) / 8)), type, shape);
    const g = new Model({ opset: 17 }).graph;
    const x = g.node('Cast', [g.input('input', [2, 8])], { type, attributes: { to: type === 'float64' ? 11 : 10 } });
    const dropped = g.node('Dropout', [g.node('MatMul', [x, g.initializer('w1', ones(8, 6))], { shape: [2, 6], type }), g.constant(literal(RATE)), g.constant(literal(1, 'bool'))]);
    const scaled = g.node('Mul', [dropped, g.constant(literal(type === 'float16' ? 0x3a00 : 0.75, type))]);
    const bytes = g.output(g.node('Cast', [g.node('MatMul', [scaled, g.initializer('w2', ones(6, 3))], { shape: [2, 3], type })], { type: 'float32', attributes: { to: 1 } }), 'output').model.encode();
    const rewritten = rewrite(bytes, (graphs) => [folded(graphs)]);
    expect(rewritten.refusals).toEqual([undefined]);
    await expectSound(rewritten, type);
    const [before, after] = await Promise.all([bytes, rewritten.bytes].map((each) => runModel(each)));
    const pairs = Array.from(before!.output!.data as Float32Array, (value, i) => [value, (after!.output!.data as Float32Array)[i]!] as const);
    for (const [a, b] of pairs) expect(Math.abs(a - b)).toBeLessThanOrEqual((type === 'float16' ? 4e-3 : 1e-6) * Math.abs(a));
  });
});

/** linear(6) → dropout → MatMul by a weight that is made in some way. */
function secondWeight(make: (g: Body, weight: Tensor) => Tensor, behind: (g: Body, x: Tensor) => Tensor = (_, x) => x): Uint8Array {
  const g = new Model({ opset: 17 }).graph;
  const hidden = behind(g, drop(g, linear(g, g.input('input', [2, 8]), 6, { scope: 'fc1' })));
  return g.output(g.node('MatMul', [hidden, make(g, g.parameter('MatMul', 'fc2', 'weight', [6, 3], 6))], { shape: [2, 3] }), 'output').model.encode();
}

/** A bare mask whose draws repeat. */
const bare = (g: Body, x: Tensor): Tensor => {
  const random = g.node('RandomUniformLike', [x], { scope: 'drop', attributes: { seed: float(7) } });
  const mask = g.node('Cast', [g.node('Less', [random, g.constant(literal(1 - RATE))], { scope: 'drop', type: 'bool' })], { scope: 'drop', type: 'float32', attributes: { to: 1 } });
  return binary(g, 'Mul', x, mask, { scope: 'drop' });
};

describe('a mask without its scale', () => {
  const rows: [what: string, bytes: Uint8Array, changed: readonly string[]][] = [
    ['into the weights behind', dense((g, x) => bare(g, relu(g, x))), ['fc2.weight']],
    ['past an activation', dense((g, x) => relu(g, bare(g, x))), ['fc2.weight']],
    ['into weights and bias before, where a sum stands behind', dense((g, x) => binary(g, 'Add', bare(g, linear(g, x, 6, { scope: 'branch' })), x)), ['branch.bias', 'branch.weight']],
    ['into MatMul and Add before', dense((g, x) => activation(g, bare(g, relu(g, x)), 'gelu', { scope: 'act' }), {}, { as: 'matmul' }), ['fc1.bias', 'fc1.weight']],
  ];
  it.each(rows)('%s: the same function of the same masks, up to rounding', async (what, bytes, changed) => {
    const rewritten = await proven(bytes, folded, what);
    expect(changedInitializers(rewritten).map((name) => name.split('.').slice(-2).join('.')).sort()).toEqual(changed);
    expect(dropoutIn(graphsOf(rewritten.after))).toMatchObject({ inverted: true, rate: RATE, form: 'decomposed' });
    const [before, after] = await Promise.all([bytes, rewritten.bytes].map((each) => runModel(each)));
    const values = after!.output!.data as Float32Array;
    for (const [i, value] of (before!.output!.data as Float32Array).entries()) expect(values[i]).toBeCloseTo(value, 4);
  });

  it('the verifier catches weights that keep the factor, and a factor that is taken twice', async () => {
    const bytes = dense((g, x) => bare(g, relu(g, x)));
    const right = rewrite(bytes, (graphs) => [folded(graphs)]).bytes;
    const wrong = (change: (weights: DataView) => void): Uint8Array => {
      const model = decode(right);
      const index = Buffer.from(right).indexOf(Buffer.from(model.graph!.initializer.find(({ name }) => name.endsWith('fc2.weight'))!.rawData));
      const copy = Uint8Array.from(right);
      change(new DataView(copy.buffer, index, 6 * 3 * 4));
      return copy;
    };
    const times = (factor: number) => (view: DataView) => { for (let at = 0; at < view.byteLength; at += 4) view.setFloat32(at, view.getFloat32(at, true) * factor, true); };
    for (const factor of [1 / (1 - RATE), 1 - RATE]) {
      const proof = await prove(readOnnxBytes(bytes), readOnnxBytes(wrong(times(factor))), 'inference-exact', { pool, changesWeights: true });
      expect(proof.verdict).toBe('refuted');
    }
  });
});

describe('back to the original dropout', () => {
  const rows: [what: string, more: Partial<DropoutOptions>, options: Partial<ModelOptions>, layers: readonly string[]][] = [
    ['a dropout that is on, and 1 − p behind it', {}, {}, ['dropout 0.25 (live)', 'scale']],
    ['with its seed', { seed: 5 }, {}, ['dropout 0.25 (live)', 'scale']],
    ['one that is off stays so', { state: 'off' }, {}, ['dropout 0.25 (off)', 'scale']],
    ['one without a mode', { state: 'unspecified' }, {}, ['dropout 0.25 (unspecified)', 'scale']],
    ['one that an input switches keeps its switch', { form: 'constant', modeFrom: 'input-default', state: 'off' }, {}, ['dropout 0.25 (unspecified)', 'scale']],
    ['one whose mask is read', { mask: 'output' }, {}, ['dropout 0.25 (live, mask used)', 'scale']],
    ['opset 7', {}, { opset: 7 }, ['dropout 0.25 (unspecified)', 'scale']],
    ['opset 22', {}, { opset: 22 }, ['dropout 0.25 (live)', 'scale']],
    ['random operators lose their scale', { form: 'decomposed' }, { opset: 18 }, ['dropout 0.25 (live, decomposed, not inverted)']],
  ];
  it.each(rows)('%s', async (what, more, options, layers) => {
    const rewritten = await proven(dense((g, x) => drop(g, relu(g, x), more), options), unfolded, what);
    expect(layersOf(rewritten.bytes)).toEqual(['linear 6', 'relu', ...layers, 'linear 3']);
  });

  it('in training survivors keep their value, and at inference all are shrunk by 1 − p (onnxruntime)', async () => {
    const before = perceptron((g, x) => drop(g, x, {}), { opset: 17 }).encode();
    const { bytes } = rewrite(before, (graphs) => [unfolded(graphs)]);
    const document = readOnnxBytes(bytes);
    const [there] = document.dropouts();
    const scaled = document.record.graph.nodes.find(({ opType, inputs }) => opType === 'Mul' && inputs[0] === there!.output)!.outputs[0]!;
    const editor = new ModelEditor(document.record);
    const body = editor.body(document.record.graph);
    for (const [name, value] of [['given', there!.input], ['scaled', scaled]] as const) {
      body.insert({ opType: 'Identity', inputs: [value], outputs: [name] }, { after: body.nodes.at(-1)! });
      body.addOutput(name, 1, undefined);
    }
    const source = editor.apply();
    const outputs = await runModel(source.read(0, source.size), 'disabled');
    const [given, kept] = [outputs.given!.data as Float32Array, outputs.scaled!.data as Float32Array];
    const shares = [...kept].flatMap((value, i) => (given[i]! > 1e-3 ? [value / given[i]!] : []));
    expect(shares.every((share) => share === 0 || Math.abs(share - 1) < 1e-6)).toBe(true);
    expect(shares).toContain(0);
  });

  it('of whole channels', async () => {
    for (const state of ['live', 'off'] as const) {
      const rewritten = await proven(images((g, x) => drop(g, relu(g, x), { unit: 'channel', state }), 'convolution'), unfolded, state);
      expect(layersOf(rewritten.bytes).slice(2, 4)).toEqual([`channel dropout 0.25 (${state})`, 'scale']);
    }
  });

  it('there and back the weights are what they were, up to rounding', async () => {
    await fc.assert(fc.asyncProperty(fc.integer({ min: 1, max: 99 }), fc.boolean(), fc.nat(1000), async (percent, ahead, seed) => {
      const rate = percent / 100;
      const inner = (g: Body, x: Tensor) => dropout(g, relu(g, x), { rate, scope: 'drop', state: 'live' });
      const bytes = dense((g, x) => (ahead ? inner(g, x) : activation(g, inner(g, x), 'tanh', { scope: 'tanh' })), { seed });
      const there = rewrite(bytes, (graphs) => [unfolded(graphs)]);
      const back = rewrite(there.bytes, (graphs) => [folded(graphs)]);
      expect([...there.refusals, ...back.refusals]).toEqual([undefined, undefined]);
      const values = (file: Uint8Array) => new Map(decode(file).graph!.initializer.filter(({ name }) => /fc\d\./.test(name)).map(({ name, rawData }) => [name, new Float32Array(Uint8Array.from(rawData).buffer)]));
      const last = values(back.bytes);
      for (const [name, before] of values(bytes)) for (const [i, value] of before.entries()) expect(Math.abs(last.get(name)![i]! - value)).toBeLessThanOrEqual(3e-7 * Math.abs(value));
    }), { numRuns: 15 });
  });
});

describe('weights in a file of their own', () => {
  const beside = (chain: string) => {
    const folder = mkdtempSync(path.join(tmpdir(), 'droplint-legacy-'));
    const { model, weights } = withExternalData(chain, 'weights.bin');
    writeFileSync(path.join(folder, 'model.onnx'), model);
    writeFileSync(path.join(folder, 'weights.bin'), weights);
    const before = readOnnx(path.join(folder, 'model.onnx'));
    const { splices, refusals } = before.lower([folded(graphsOf(before))]);
    return { folder, before, after: before.withSplices(splices), refusals };
  };

  it('come into the model where they are few', async () => {
    const { folder, before, after, refusals } = beside('linear(6) → relu → dropout(0.25) → scale(0.75) → linear(16)');
    expect(refusals).toEqual([undefined]);
    expect([...after.record.graph.initializers.values()].filter(({ external }) => external).map(({ name }) => name)).toHaveLength([...before.record.graph.initializers.values()].filter(({ external }) => external).length - 1);
    const proof = await prove(before, after, 'inference-exact', { pool, changesWeights: true });
    expect(proof.reason).toBeUndefined();
    rmSync(folder, { recursive: true });
  });

  it('are refused where they are many', () => {
    const { folder, refusals } = beside('linear(300) → relu → dropout(0.25) → scale(0.75) → linear(300)');
    expect(refusals).toEqual(['its weights stand in a file of their own, which is not written']);
    rmSync(folder, { recursive: true });
  });
});

describe('what is refused', () => {
  const reason = (bytes: Uint8Array, edits: (graphs: readonly Graph[]) => readonly Edit[] = folded): string | undefined => {
    const rewritten = rewrite(bytes, (graphs) => [edits(graphs)]);
    expect(Buffer.from(rewritten.bytes).equals(bytes), 'a refused fix leaves the file alone').toBe(true);
    return rewritten.refusals[0];
  };
  const live = (g: Body, x: Tensor) => drop(g, relu(g, x));

  it('a path that does not pass a factor', () => {
    const between = 'something stands between the dropout and the weights that does not pass a factor, or something else reads the value';
    const far = (graphs: readonly Graph[]) => [unfoldScale(dropoutIn(graphs), lastWeighted(graphs))];
    expect(reason(dense((g, x) => activation(g, live(g, x), 'gelu', { scope: 'act' })), far)).toBe(between);
    expect(reason(dense((g, x) => { const y = live(g, x); return binary(g, 'Add', y, relu(g, y)); }), far)).toBe(between);
  });

  it('weights that are not its own', () => {
    const own = (make: (g: Body, weight: Tensor) => Tensor, behind?: (g: Body, x: Tensor) => Tensor) => reason(secondWeight(make, behind), unfolded);
    expect(own((g, weight) => (g.output(g.node('Identity', [weight]), 'seen'), weight))).toBe('its weights are read elsewhere, too');
    expect(own((g, weight) => g.node('Add', [weight, g.constant(literal(1))]))).toBe('its weights are computed');
    expect(own((g) => g.node('DequantizeLinear', [g.initializer('q', literal(new Int8Array(18).fill(3), 'int8', [6, 3])), g.constant(literal(0.5))], { shape: [6, 3], type: 'float32' }))).toBe('its weights are quantised');
    const input = (g: Body) => {
      const fed = g.input('w', [6, 3]);
      g.initializers.set('w', literal(new Float32Array(18).fill(1), 'float32', [6, 3]));
      return fed;
    };
    expect(own(input)).toBe('its weights are an input of the model: a caller may bring others');
  });

  it('a scale of which nobody knows what it means', () => {
    expect(reason(dense((g, x) => scale(g, bare(g, relu(g, x)))))).toBe('neither its mask nor the multiplication by 1 − p keeps the mean: which of the two is meant is not known');
  });

  it('a dropout whose rate comes from outside', () => {
    expect(reason(dense((g, x) => drop(g, relu(g, x), { form: 'input' })), unfolded)).toBe('its rate is not known, or drops nothing or everything');
  });

  it('what is not inverted', () => {
    expect(reason(dense((g, x) => bare(g, relu(g, x))), unfolded)).toBe('it is not inverted already');
    expect(reason(perceptron(notInverted(0.5), { opset: 17 }).encode(), unfolded)).toBe('it is not inverted already');
  });
});

it.skipIf(!checkerVersion())('every rewritten file passes onnx.checker with full_check (needs python3-onnx)', () => {
  expect(complaintsAbout(written)).toEqual([]);
}, 120_000);
