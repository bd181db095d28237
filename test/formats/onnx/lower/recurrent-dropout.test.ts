/** Recurrent dropout: one mask for the whole sequence, around the operators and in the bodies of loops. */
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { dropout } from '../../../../fixtures/builders/dropout-forms.js';
import type { DropoutOptions } from '../../../../fixtures/builders/dropout-forms.js';
import { extent, linear, transpose } from '../../../../fixtures/builders/layers.js';
import { Model } from '../../../../fixtures/builders/onnx.js';
import type { Body, Tensor } from '../../../../fixtures/builders/onnx.js';
import { recurrent } from '../../../../fixtures/builders/recurrent.js';
import { literal } from '../../../../fixtures/builders/tensors.js';
import type { Dim } from '../../../../fixtures/builders/tensors.js';
import { loop, scan } from '../../../../fixtures/builders/unrolled.js';
import type { UnrolledOptions } from '../../../../fixtures/builders/unrolled.js';
import { readOnnxBytes } from '../../../../src/formats/onnx/document.js';
import { configure, insert, remove, replace } from '../../../../src/graph/edits.js';
import type { DropoutSpec, Edit } from '../../../../src/graph/edits.js';
import type { DropoutLayer, RecurrentLayer } from '../../../../src/graph/layers.js';
import { describeLayer } from '../../../../src/graph/print.js';
import type { Document } from '../../../../src/formats/document.js';
import { proveErasure } from '../../../../src/verify/index.js';
import { Pool } from '../../../../src/verify/pool.js';
import { measureDropout } from '../../../../src/verify/statistics.js';
import { checkerVersion } from '../../../support/onnx-checker.js';
import { complaintsAbout, decode, expectProven, expectSound, graphsOf, rewrite } from './lowering.js';

const pool = new Pool({ size: 2 });
afterAll(() => pool.close());

const spec = (unit: DropoutSpec['unit'], more: Partial<DropoutSpec> = {}): DropoutSpec => ({ kind: 'dropout', rate: 0.25, unit, training: true, ...more });
const kept = (unit: DropoutSpec['unit']) => spec(unit, { rate: 'keep' });

/** Files for onnx.checker, with what they are. */
const written: [label: string, bytes: Uint8Array][] = [];

const dropoutsOf = (bytes: Uint8Array): readonly DropoutLayer[] => graphsOf(readOnnxBytes(bytes)).flatMap((graph) => graph.layersOf('dropout'));

/** Rewrites, holds the result against everything, and gives its dropouts. */
async function proven(bytes: Uint8Array, label: string, edits: (layers: { readonly dropouts: readonly DropoutLayer[]; readonly recurrent: readonly RecurrentLayer[] }) => readonly Edit[], { runs = true, frame = false } = {}): Promise<readonly string[]> {
  const rewritten = rewrite(bytes, (graphs) => [edits({ dropouts: graphs.flatMap((graph) => graph.layersOf('dropout')), recurrent: graphs.flatMap((graph) => graph.layersOf('recurrent')) })]);
  expect(rewritten.refusals, label).toEqual([undefined]);
  // An input of the model stands in its frame.
  await expectSound(rewritten, label, { runs, ...(frame && { lost: /./ }) });
  if (runs) await expectProven(rewritten, 'inference-exact', pool, label);
  written.push([label, rewritten.bytes]);
  return dropoutsOf(rewritten.bytes).map(describeLayer);
}

function refusal(bytes: Uint8Array, edits: (dropouts: readonly DropoutLayer[]) => readonly Edit[]): string | undefined {
  const rewritten = rewrite(bytes, (graphs) => [edits(graphs.flatMap((graph) => graph.layersOf('dropout')))]);
  expect(Buffer.from(rewritten.bytes).equals(bytes), 'a refused fix leaves the file alone').toBe(true);
  return rewritten.refusals[0];
}

interface Options {
  readonly cell?: 'LSTM' | 'GRU';
  readonly opset?: number;
  readonly batch?: Dim;
  /** In front of the layer, batch first, or behind the transpose. */
  readonly drops?: 'batch-first' | 'steps-first';
  readonly dropout?: Partial<DropoutOptions>;
}

/** A recurrent layer over [N, T, F] and a head on its last state, as PyTorch's exporter writes them. */
function sequence({ cell = 'LSTM', opset = 17, batch = 3, drops, dropout: given = {} }: Options = {}): Uint8Array {
  const model = new Model({ opset, ...(batch === 'batch' && { valueInfo: true }) });
  const g = model.graph;
  const drop = (x: Tensor) => dropout(g, x, { rate: 0.5, scope: 'drop', state: 'live', ...given });
  const x = g.input('input', [batch, 5, 6]);
  const read = drops === 'batch-first' ? drop(x) : drops === 'steps-first' ? transpose(g, drop(transpose(g, x, [1, 0, 2])), [1, 0, 2]) : x;
  g.output(linear(g, recurrent(g, read, cell, 8, { scope: 'rnn', sequences: false }), 3, { scope: 'head' }), 'output');
  return model.encode();
}

const settings: Options[] = [{}, { cell: 'GRU' }, { opset: 7 }, { opset: 9, batch: 'batch' }, { opset: 13, batch: 'batch' }, { cell: 'GRU', opset: 22, batch: 1 }];

describe.each(settings)('in front of an operator %o', (options) => {
  const isOld = (options.opset ?? 17) < 12;

  it('on what it reads', async () => {
    const expected = `time dropout 0.25 (${isOld ? 'unspecified' : 'live'})`;
    expect(await proven(sequence(options), `time ${JSON.stringify(options)}`, ({ recurrent: [layer] }) => [insert(spec('time')).before(layer!)])).toEqual([expected]);
  });

  it('on its state', async () => {
    const expected = `time dropout 0.25 (${isOld ? 'unspecified' : 'live'}, recurrent)`;
    expect(await proven(sequence(options), `state ${JSON.stringify(options)}`, ({ recurrent: [layer] }) => [insert(spec('state')).before(layer!)])).toEqual([expected]);
  });

  it('on both', async () => {
    const both = await proven(sequence(options), `both ${JSON.stringify(options)}`, ({ recurrent: [layer] }) => [insert(spec('time')).before(layer!), insert(spec('state', { rate: 0.5 })).before(layer!)]);
    expect(both.map((text) => text.replace(/ \(.*/, ''))).toEqual(['time dropout 0.25', 'time dropout 0.5']);
  });

  it.each(['batch-first', 'steps-first'] as const)('a plain one becomes one for all steps, %s', async (drops) => {
    const before = sequence({ ...options, drops });
    if (!isOld) expect(await proven(before, `mode ${drops} ${JSON.stringify(options)}`, ({ dropouts: [plain] }) => [replace(plain!, { ...spec('time'), mode: false })])).toEqual(['time dropout 0.25 (off)']);
    expect(await proven(before, `replace ${drops} ${JSON.stringify(options)}`, ({ dropouts: [plain] }) => [replace(plain!, kept('time'))])).toEqual([`time dropout 0.5 (${isOld ? 'unspecified' : 'live'})`]);
  });
});

it('the mode of the other dropouts is copied, and a rate of its own is kept', async () => {
  const switched = sequence({ drops: 'batch-first', dropout: { form: 'input-default', state: 'off' } });
  expect(await proven(switched, 'switch', ({ recurrent: [layer], dropouts: [plain] }) => [insert(spec('state')).before(layer!), remove(plain!)])).toEqual(['time dropout 0.25 (unspecified, recurrent)']);
  expect(await proven(switched, 'rate', ({ dropouts: [plain] }) => [replace(plain!, spec('time', { rate: 0.125 }))])).toEqual(['time dropout 0.125 (unspecified)']);
});

it.each([{ opset: 18 }, { opset: 18, batch: 'batch' }])('a decomposed one keeps its random operators: %o', async (options) => {
  const before = sequence({ ...options, drops: 'batch-first', dropout: { form: 'decomposed', like: true } });
  expect(await proven(before, 'decomposed', ({ dropouts: [plain] }) => [replace(plain!, kept('time'))])).toEqual(['time dropout 0.5 (live, decomposed)']);
});

/** An RNN of both directions with the batch first in the operator itself, which onnxruntime has no kernel for. */
function batchFirst(): Uint8Array {
  const g = new Model({ opset: 17 }).graph;
  const x = g.input('input', ['batch', 5, 6]);
  const [all] = g.nodeWithOutputs('RNN', [x, g.parameter('RNN', 'rnn', 'input-weight', [2, 8, 6]), g.parameter('RNN', 'rnn', 'recurrence', [2, 8, 8])], { scope: 'rnn', outputs: 1, shape: ['batch', 5, 2, 8], attributes: { hidden_size: 8, direction: 'bidirectional', layout: 1 } });
  return g.output(all!, 'output').model.encode();
}

it('both directions, batch first', async () => {
  const edits = ({ recurrent: [layer] }: { readonly recurrent: readonly RecurrentLayer[] }) => [insert(spec('time')).before(layer!), insert(spec('state')).before(layer!)];
  expect(await proven(batchFirst(), 'layout 1', edits, { runs: false })).toEqual(['time dropout 0.25 (live)', 'time dropout 0.25 (live, recurrent)']);
});

it('ones that are many are filled in at run time', async () => {
  expect(await proven(sequence({ batch: 12_000 }), 'many', ({ recurrent: [layer] }) => [insert(spec('time')).before(layer!)], { runs: false })).toEqual(['time dropout 0.25 (live)']);
  expect(written.at(-1)![1].length).toBeLessThan(20_000);
});

it('recurrence weights that two operators read are dropped for one of them', async () => {
  const g = new Model({ opset: 17 }).graph;
  const x = g.input('input', [5, 2, 8]);
  const [weight, recurrence] = [g.parameter('RNN', 'rnn', 'input-weight', [1, 8, 8]), g.parameter('RNN', 'rnn', 'recurrence', [1, 8, 8])];
  const layer = (input: Tensor, scope: string) => g.node('Squeeze', [g.nodeWithOutputs('RNN', [input, weight, recurrence], { scope, outputs: 1, shape: [5, 1, 2, 8], attributes: { hidden_size: 8 } })[0]!, g.constant(literal([1], 'int64'))], { shape: [5, 2, 8] });
  const bytes = g.output(layer(layer(x, 'first'), 'second'), 'output').model.encode();
  await proven(bytes, 'shared', ({ recurrent: [, second] }) => [insert(spec('state')).before(second!)]);
  const [before, after] = [bytes, written.at(-1)![1]].map((each) => decode(each).graph!.node.filter(({ opType }) => opType === 'RNN').map(({ input }) => input[2]));
  expect([after![0] === before![0], after![1] === before![1]]).toEqual([true, false]);
});

describe.each([['Loop', loop], ['Scan', scan]] as const)('in the body of a %s', (name, unrolled) => {
  const rows: [what: string, options: UnrolledOptions, result: string][] = [
    ['the state that a step reads', { drops: 'state' }, 'time dropout 0.5 (live, recurrent)'],
    ['the state that it leaves', { drops: 'new-state' }, 'time dropout 0.5 (live, recurrent)'],
    ['opset 9', { drops: 'state', opset: 9 }, 'time dropout 0.5 (unspecified, recurrent)'],
    ['a dropout that is off', { drops: 'state', dropout: { state: 'off', rate: 0.125 } }, 'time dropout 0.125 (off, recurrent)'],
    ['constants of the body', { drops: 'new-state', dropout: { form: 'constant', seed: 3 } }, 'time dropout 0.5 (live, recurrent)'],
    ['random operators', { drops: 'state', opset: 18, dropout: { form: 'decomposed' } }, 'time dropout 0.5 (live, recurrent)'],
    ['random operators like the data', { drops: 'new-state', opset: 18, dropout: { form: 'decomposed', like: true, rate: 0.25 } }, 'time dropout 0.25 (live, recurrent)'],
  ];
  it.each(rows)('%s: the mask is drawn outside', async (what, options, result) => {
    expect(await proven(unrolled(options).encode(), `${name}, ${what}`, ({ dropouts: [fresh] }) => [replace(fresh!, kept('time'))])).toEqual([result]);
  });

  it('with another mode', async () => {
    for (const [mode, result] of [[false, 'off'], ['input', 'unspecified']] as const) {
      const text = `time dropout 0.5 (${result}, recurrent)`;
      expect(await proven(unrolled({ drops: 'state' }).encode(), `${name}, mode ${mode}`, ({ dropouts: [fresh] }) => [replace(fresh!, { ...kept('time'), mode })], { frame: true })).toEqual([text]);
    }
    expect(refusal(unrolled({ drops: 'state', opset: 9 }).encode(), ([fresh]) => [replace(fresh!, { ...kept('time'), mode: true })])).toBe('Dropout of opset 9 has no training mode');
  });

  it('with another rate', async () => {
    expect(await proven(unrolled({ drops: 'state' }).encode(), `${name}, rate`, ({ dropouts: [fresh] }) => [replace(fresh!, spec('time'))])).toEqual(['time dropout 0.25 (live, recurrent)']);
  });

  it('a shared mask has settings, and goes with its last reader', async () => {
    const shared = unrolled({ drops: 'shared' }).encode();
    expect(await proven(shared, `${name}, settings`, ({ dropouts: [mask] }) => [configure(mask!, { rate: 0.25, trainingMode: false })])).toEqual(['time dropout 0.25 (off, recurrent)']);
    expect(await proven(shared, `${name}, removed`, ({ dropouts: [mask] }) => [remove(mask!)])).toEqual([]);
    expect(decode(written.at(-1)![1]).graph!.node.map(({ opType }) => opType)).not.toContain('Dropout');
  });

  it.each([
    ['the step’s input', { drops: 'input' }, 'it does not act on a value that the loop carries on'],
    ['a mask that is shared already', { drops: 'shared' }, 'its mask is drawn outside of the loop that it stands in'],
    ['survivors that are not scaled', { drops: 'state', opset: 8 }, 'the mask takes the shape of the state, and ConstantOfShape needs opset 9'],
  ] as const)('%s: refused', (_, options, reason) => {
    if (name === 'Scan' && 'opset' in options) return;
    expect(refusal(unrolled(options).encode(), ([fresh]) => [replace(fresh!, kept('time'))])).toBe(reason);
  });
});

/** h ← tanh(D(h)) as a Loop, over whatever state and with whatever rate. */
function minimal({ initial, declared, ratio }: { readonly initial: (g: Body) => Tensor; readonly declared: readonly Dim[] | undefined; readonly ratio?: (body: Body) => Tensor }): Uint8Array {
  const model = new Model({ opset: 17 });
  const g = model.graph;
  const start = initial(g);
  const body = model.subgraph('body', (b) => {
    const condition = [b.input('step', [], 'int64'), b.input('continue', [], 'bool')][1]!;
    const state = b.input('h', declared ?? []);
    if (!declared) state.shape = undefined as never;
    const dropped = b.node('Dropout', [state, ratio?.(b) ?? b.constant(literal(0.5)), b.constant(literal(1, 'bool'))], { shape: [2, 4] });
    b.output(b.node('Identity', [condition], { type: 'bool', shape: [] })).output(b.node('Tanh', [binaryAdd(b, dropped)], { shape: [2, 4] }));
  });
  g.output(g.node('Loop', [g.constant(literal(3, 'int64')), g.constant(literal(1, 'bool')), start], { shape: [2, 4], type: 'float32', attributes: { body } }), 'output');
  return model.encode();
}

const binaryAdd = (b: Body, x: Tensor): Tensor => b.node('Add', [x, b.constant(literal(new Float32Array(8).fill(0.5), 'float32', [2, 4]))], { shape: [2, 4] });
const zeros = (...shape: readonly number[]) => (g: Body) => g.constant(literal(new Float32Array(shape.reduce((a, b) => a * b, 1)), 'float32', shape));

/** Two states in one loop, of a batch that is not fixed, each dropped, the second one for two products. */
function twoStates(): Uint8Array {
  const model = new Model({ opset: 17 });
  const g = model.graph;
  const starts = [g.input('h0', ['batch', 4]), g.input('c0', ['batch', 6])];
  const drop = (b: Body, x: Tensor, scope: string) => dropout(b, x, { rate: 0.5, scope, state: 'live', form: 'constant' });
  const body = model.subgraph('body', (b) => {
    const condition = [b.input('step', [], 'int64'), b.input('continue', [], 'bool')][1]!;
    const [h, c] = [drop(b, b.input('h', ['batch', 4]), 'drop_h'), drop(b, b.input('c', ['batch', 6]), 'drop_c')];
    b.output(b.node('Identity', [condition], { type: 'bool', shape: [] }));
    b.output(b.node('Tanh', [b.node('Add', [linear(b, h, 4, { scope: 'hh' }), linear(b, c, 4, { scope: 'ch' })])]));
    b.output(b.node('Tanh', [linear(b, c, 6, { scope: 'cc' })]));
  });
  const [last] = g.nodeWithOutputs('Loop', [g.constant(literal(3, 'int64')), g.constant(literal(1, 'bool')), ...starts], { outputs: 2, shape: ['batch', 4], type: 'float32', attributes: { body } });
  return g.output(last!, 'output').model.encode();
}

it('several states, whose batch is not fixed, have a mask each, drawn from the shape of the first one', async () => {
  const edits = ({ dropouts }: { readonly dropouts: readonly DropoutLayer[] }) => dropouts.map((fresh) => replace(fresh, kept('time')));
  expect(await proven(twoStates(), 'two states', edits)).toEqual(['time dropout 0.5 (live, recurrent)', 'time dropout 0.5 (live, recurrent)']);
  const { node } = decode(written.at(-1)![1]).graph!;
  expect(node.map(({ opType }) => opType).filter((opType) => opType !== 'Constant')).toEqual(['Shape', 'ConstantOfShape', 'Dropout', 'Shape', 'ConstantOfShape', 'Dropout', 'Loop']);
});

it('the mask of two products goes with the second one', () => {
  const g = new Model({ opset: 17 });
  const mask = dropout(g.graph, g.graph.constant(literal(new Float32Array(8).fill(1), 'float32', [2, 4])), { rate: 0.5, scope: 'drop', state: 'live' });
  const body = g.subgraph('body', (b) => {
    const condition = [b.input('step', [], 'int64'), b.input('continue', [], 'bool')][1]!;
    const h = b.input('h', [2, 4]);
    b.output(b.node('Identity', [condition], { type: 'bool', shape: [] })).output(b.node('Mul', [b.node('Tanh', [b.node('Mul', [h, mask])]), mask]));
  });
  const start = g.graph.input('h0', [2, 4]);
  const bytes = g.graph.output(g.graph.node('Loop', [g.graph.constant(literal(3, 'int64')), g.graph.constant(literal(1, 'bool')), start], { shape: [2, 4], type: 'float32', attributes: { body } }), 'output').model.encode();
  const operators = (file: Uint8Array) => decode(file).graph!.node.map(({ opType }) => opType);
  const removed = (count: number) => rewrite(bytes, (graphs) => graphs.flatMap((graph) => graph.layersOf('dropout')).slice(0, count).map((layer) => [remove(layer)]));
  expect(dropoutsOf(bytes)).toHaveLength(2);
  expect([removed(1).refusals, operators(removed(1).bytes).includes('Dropout')]).toEqual([[undefined], true]);
  expect([removed(2).refusals, operators(removed(2).bytes).includes('Dropout')]).toEqual([[undefined, undefined], false]);
});

it('whatever the sizes, the operator and the opset: the file is sound, and without dropout the same', async () => {
  const sizes = fc.record({
    cell: fc.constantFrom('LSTM', 'GRU'), opset: fc.constantFrom(7, 9, 10, 12, 13, 17, 22), batch: fc.oneof(fc.integer({ min: 1, max: 4 }), fc.constant('batch')),
    drops: fc.constantFrom(undefined, 'batch-first', 'steps-first'), unit: fc.constantFrom('time', 'state'), rate: fc.double({ min: 0.01, max: 0.99, noNaN: true }),
  }).filter(({ opset, batch }) => opset >= 9 || batch !== 'batch');
  await fc.assert(fc.asyncProperty(sizes, async ({ unit, rate, drops, ...options }) => {
    const rewritten = rewrite(sequence({ ...options, ...(drops && { drops }) } as Options), (graphs) => [[
      insert(spec(unit as 'time' | 'state', { rate })).before(graphs[0]!.layersOf('recurrent')[0]!),
      ...graphs[0]!.layersOf('dropout').map((plain) => replace(plain, kept('time'))),
    ]]);
    expect(rewritten.refusals).toEqual([undefined]);
    await expectSound(rewritten, 'any', { runs: false });
    expect(proveErasure(rewritten.before as Document, rewritten.after as Document).verdict).toBe('holds');
    expect(dropoutsOf(rewritten.bytes).every((layer) => layer.unit === 'time')).toBe(true);
  }), { numRuns: 60 });
});

describe('what cannot be drawn outside', () => {
  const asked = (bytes: Uint8Array) => refusal(bytes, ([fresh]) => [replace(fresh!, kept('time'))]);

  it('a state that grows', () => {
    expect(asked(minimal({ initial: zeros(1, 4), declared: [2, 4] }))).toBe('the value that the loop begins with has another shape than what is dropped');
  });

  it('a rate that each step computes', () => {
    const ratio = (b: Body) => b.node('Mul', [b.constant(literal(0.5)), b.node('Cast', [b.inputs[0]!], { shape: [], type: 'float32', attributes: { to: 1 } })], { shape: [], type: 'float32' });
    expect(asked(minimal({ initial: zeros(2, 4), declared: [2, 4], ratio }))).toBe('its rate or its training mode is computed inside the loop');
  });

  it('a dropout away from recurrent layers', () => {
    expect(refusal(sequence({ drops: 'batch-first', dropout: { unit: 'time' } }), ([dropped]) => [replace(dropped!, kept('time'))])).toBe('its mask is the same for all steps already');
    const g = new Model({ opset: 17 }).graph;
    const bytes = g.output(linear(g, dropout(g, linear(g, g.input('input', [2, 5, 6]), 4, { scope: 'a' }), { rate: 0.5, scope: 'drop' }), 3, { scope: 'b' }), 'output').model.encode();
    expect(refusal(bytes, ([dropped]) => [replace(dropped!, kept('time'))])).toBe('it does not stand right before what an LSTM, GRU or RNN reads');
    expect(refusal(bytes, ([dropped]) => [insert(spec('state')).before(dropped!.outputs[0]!.consumers[0]!)])).toBe('it is no LSTM, GRU or RNN operator');
  });

  it('a second mask on one state', () => {
    const once = rewrite(sequence(), (graphs) => [[insert(spec('state')).before(graphs[0]!.layersOf('recurrent')[0]!)]]);
    const twice = rewrite(once.bytes, (graphs) => [[insert(spec('state')).before(graphs[0]!.layersOf('recurrent')[0]!)]]);
    expect(twice.refusals).toEqual(['its state has a mask already']);
  });
});

describe('onnxruntime drops as the file says', () => {
  const inserted = (unit: 'time' | 'state', options: Options) => rewrite(sequence(options), (graphs) => [[insert(spec(unit)).before(graphs[0]!.layersOf('recurrent')[0]!)]]).after;

  it.each(['time', 'state'] as const)('one mask for the sequence: %s', async (unit) => {
    for (const options of [{}, { opset: 13, batch: 'batch' }, { batch: 5 }] satisfies Options[]) {
      const model = inserted(unit, options);
      const measured = await measureDropout(model, model.dropouts()[0]!, pool);
      expect(measured, JSON.stringify(options)).toMatchObject({ verdict: 'holds', detail: expect.stringMatching(/^drops 0\.\d+ of .* mean kept$/) as string });
    }
  });

  it('a mask that is drawn outside of a loop, where it is drawn', async () => {
    const { after } = rewrite(twoStates(), (graphs) => graphs.flatMap((graph) => graph.layersOf('dropout')).map((fresh) => [replace(fresh, kept('time'))]));
    for (const dropped of after.dropouts()) expect(await measureDropout(after, dropped, pool)).toMatchObject({ verdict: 'holds', detail: expect.stringMatching(/^drops 0\.\d+ of .* mean kept$/) as string });
  });

  it('a mask at every step, or for each weight, is not one for the sequence', async () => {
    for (const [form, timeAxis] of [[{ drops: 'steps-first' }, 0], [{ drops: 'batch-first' }, 1]] as const) {
      const model = readOnnxBytes(sequence(form));
      const fresh = { ...model.dropouts()[0]!, unit: 'time' as const, timeAxis };
      expect(await measureDropout(model, fresh, pool)).toMatchObject({ verdict: 'fails', detail: 'not everything of one time is dropped together' });
    }
    const g = new Model({ opset: 17 }).graph;
    const onRecurrence = (weight: Tensor) => dropout(g, weight, { rate: 0.5, scope: 'drop', state: 'live' });
    const bytes = g.output(recurrent(g, g.input('input', [2, 5, 6]), 'LSTM', 8, { scope: 'rnn', onRecurrence }), 'output').model.encode();
    const model = readOnnxBytes(bytes);
    expect(await measureDropout(model, { ...model.dropouts()[0]!, unit: 'time' }, pool)).toMatchObject({ verdict: 'fails' });
  });

  it('a mask along another axis than the steps is not called one for the sequence', () => {
    const g = new Model({ opset: 17 }).graph;
    const x = g.input('input', [5, 2, 6]);
    const ones = g.constant(literal(new Float32Array(30).fill(1), 'float32', [5, 1, 6]));
    const dropped = g.node('Mul', [x, dropout(g, ones, { rate: 0.5, scope: 'drop', state: 'live' })], { shape: [5, 2, 6] });
    const layer = g.nodeWithOutputs('RNN', [dropped, g.parameter('RNN', 'rnn', 'input-weight', [1, 8, 6]), g.parameter('RNN', 'rnn', 'recurrence', [1, 8, 8])], { outputs: 1, shape: [5, 1, 2, 8], attributes: { hidden_size: 8 } });
    expect(dropoutsOf(g.output(layer[0]!, 'output').model.encode()).map(({ unit }) => unit)).toEqual(['unknown']);
    expect(extent(x, 0)).toBe(5);
  });
});

it.skipIf(!checkerVersion())('every rewritten file passes onnx.checker with full_check (needs python3-onnx)', () => {
  expect(complaintsAbout(written)).toEqual([]);
}, 120_000);
