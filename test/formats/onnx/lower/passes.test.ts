import { afterAll, describe, expect, it } from 'vitest';
import { dropout } from '../../../../fixtures/builders/dropout-forms.js';
import { batchNorm, linear } from '../../../../fixtures/builders/layers.js';
import { Model } from '../../../../fixtures/builders/onnx.js';
import type { Body, ModelOptions, Tensor } from '../../../../fixtures/builders/onnx.js';
import { literal } from '../../../../fixtures/builders/tensors.js';
import { toOnnx } from '../../../../fixtures/chain/onnx.js';
import type { OnnxOptions } from '../../../../fixtures/chain/onnx.js';
import { classify } from '../../../../src/graph/commutation.js';
import { configure, foldBias, insert, move, remove, replace } from '../../../../src/graph/edits.js';
import type { DropoutSpec, Edit, FixClass } from '../../../../src/graph/edits.js';
import type { Graph } from '../../../../src/graph/graph.js';
import type { LayerKind, LayerOf } from '../../../../src/graph/layers.js';
import { printGraph } from '../../../../src/graph/print.js';
import { Pool } from '../../../../src/verify/pool.js';
import { prove } from '../../../../src/verify/index.js';
import { decode, expectProven, expectSound, graphsOf, rewrite, valueInfos } from './lowering.js';
import type { Rewritten } from './lowering.js';

const pool = new Pool({ size: 2 });
afterAll(() => pool.close());

const nth = <K extends LayerKind>(graph: Graph, kind: K, n = 0): LayerOf<K> => graph.layersOf(kind).at(n)!;
const spec = (rate = 0.25, unit: DropoutSpec['unit'] = 'element', training = true): DropoutSpec => ({ kind: 'dropout', rate, unit, training });

/** The chain that a file spells, without names and shapes. */
const chainOf = ({ after }: Rewritten): string => printGraph(graphsOf(after)[0]!, { names: false, shapes: false, numbers: false }).split('\n').slice(1, -1).map((line) => line.trim()).join(' → ');

async function check(rewritten: Rewritten, claim: FixClass, context = ''): Promise<void> {
  await expectSound(rewritten, context);
  await expectProven(rewritten, claim, pool, context);
}

function build(make: (g: Body, x: Tensor) => void, options: Partial<ModelOptions> = {}): Uint8Array {
  const model = new Model({ opset: 13, naming: 'plain', ...options });
  make(model.graph, model.graph.input('x', [2, 8]));
  return model.encode();
}

/** Operands of the n-th Dropout operator of the file. */
const operandsOf = ({ bytes }: Rewritten, n = 0): string[] => decode(bytes).graph!.node.filter(({ opType }) => opType === 'Dropout').at(n)!.input;

describe('several fixes in one pass', () => {
  const rows: readonly (readonly [label: string, chain: string, options: OnnxOptions, fixes: (graph: Graph) => readonly (readonly Edit[])[], expected: string])[] = [
    ['two dropouts around one activation', 'linear(8) → dropout(0.1) → tanh → dropout(0.2) → linear(4)', {},
      (g) => [[move(nth(g, 'dropout', 0)).after(nth(g, 'activation'))], [move(nth(g, 'dropout', 1)).before(nth(g, 'activation'))]],
      'linear 8 → dropout 0.2 (live) → tanh → dropout 0.1 (live) → linear 4'],
    ['two dropouts behind the same activation', 'linear(8) → dropout(0.1) → dropout(0.2) → relu → linear(4)', {},
      (g) => [0, 1].map((n) => [move(nth(g, 'dropout', n)).after(nth(g, 'activation'))]),
      'linear 8 → relu → dropout 0.2 (live) → dropout 0.1 (live) → linear 4'],
    ['two dropouts in front of the same layer', 'linear(8) → relu → dropout(0.1) → tanh → dropout(0.2) → linear(4)', { form: 'constant' },
      (g) => [0, 1].map((n) => [move(nth(g, 'dropout', n)).before(nth(g, 'activation'))]),
      'linear 8 → dropout 0.1 (live) → dropout 0.2 (live) → relu → tanh → linear 4'],
    ['one in front of a classifier whose dropout is moved', 'linear(8) → dropout(0.1) → relu → linear(4)', {},
      (g) => [[move(nth(g, 'dropout')).after(nth(g, 'activation'))], [insert(spec()).before(nth(g, 'linear', 1))]],
      'linear 8 → relu → dropout 0.1 (live) → dropout 0.25 (live) → linear 4'],
    ['one in front of and one behind a layer', 'linear(8) → relu → linear(4)', {},
      (g) => [[insert(spec(0.1)).before(nth(g, 'activation'))], [insert(spec(0.2)).after(nth(g, 'activation'))]],
      'linear 8 → dropout 0.1 (live) → relu → dropout 0.2 (live) → linear 4'],
    ['three behind one layer: the last comes first', 'linear(8) → relu → linear(4)', { opset: 10 },
      (g) => [0.1, 0.2, 0.3].map((rate) => [insert(spec(rate)).after(nth(g, 'activation'))]),
      'linear 8 → relu → dropout 0.3 (unspecified) → dropout 0.2 (unspecified) → dropout 0.1 (unspecified) → linear 4'],
    ['two removed in a row, one configured', 'linear(8) → dropout(0.1) → dropout(0.2) → relu → dropout(0.3) → linear(4)', {},
      (g) => [[remove(nth(g, 'dropout', 0))], [remove(nth(g, 'dropout', 1))], [configure(nth(g, 'dropout', 2), { rate: 0.5 })]],
      'linear 8 → relu → dropout 0.5 (live) → linear 4'],
    ['two merged while a third is moved', 'linear(8) → dropout(0.1) → relu → dropout(0.2) → dropout(0.5) → linear(4)', {},
      (g) => [[remove(nth(g, 'dropout', 1)), configure(nth(g, 'dropout', 2), { rate: 0.6 })], [move(nth(g, 'dropout', 0)).after(nth(g, 'activation'))]],
      'linear 8 → relu → dropout 0.1 (live) → dropout 0.6 (live) → linear 4'],
    ['moved over a composite and its neighbour', 'linear(8) → dropout(0.1) → gelu → linear(8) → dropout(0.2) → hard-swish → linear(4)', { composite: true },
      (g) => [0, 1].map((n) => [move(nth(g, 'dropout', n)).after(nth(g, 'activation', n))]),
      'linear 8 → gelu → dropout 0.1 (live) → linear 8 → hard-swish → dropout 0.2 (live) → linear 4'],
    ['in front of a composite, behind a decomposed normalization', 'linear(8) → layer-norm → gelu → dropout(0.2) → linear(4)', { composite: true },
      (g) => [[move(nth(g, 'dropout')).before(nth(g, 'activation'))], [insert(spec()).after(nth(g, 'normalization'))]],
      'linear 8 → layer-norm → dropout 0.25 (live) → dropout 0.2 (live) → gelu → linear 4'],
    ['spatial in the place of one, another behind BatchNorm', 'conv2d(4) → dropout(0.1) → conv2d(4) → dropout(0.2) → batch-norm → relu → conv2d(4)', {},
      (g) => [[replace(nth(g, 'dropout', 0), spec(0.3, 'channel'))], [move(nth(g, 'dropout', 1)).after(nth(g, 'activation'))]],
      'convolution 2d 4 → channel dropout 0.3 (live) → convolution 2d 4 → batch-norm → relu → dropout 0.2 (live) → convolution 2d 4'],
    ['replaced with an inserted neighbour', 'conv2d(4) → dropout(0.1) → conv2d(4)', { batch: 'symbolic' },
      (g) => [[replace(nth(g, 'dropout'), { ...spec(), rate: 'keep', unit: 'channel' })], [insert(spec(0.2, 'channel')).after(nth(g, 'convolution'))]],
      'convolution 2d 4 → channel dropout 0.2 (live) → channel dropout 0.1 (live) → convolution 2d 4'],
    ['a merge of two ends in two heads', 'linear(8) → auxiliary{ dropout(0.1) → relu → linear(3) } → dropout(0.2) → relu → linear(4)', {},
      (g) => [0, 1].map((n) => [move(nth(g, 'dropout', n)).after(nth(g, 'activation', n))]),
      'linear 8 → relu → dropout 0.1 (live) → linear 3 → relu(/net/net.0/Gemm) → dropout 0.2 (live) → linear 4'],
  ];
  it.each(rows)('%s', async (_, chain, options, fixes, expected) => {
    const rewritten = rewrite(toOnnx(chain, { naming: 'torchscript', valueInfo: true, ...options }), ([graph]) => fixes(graph!));
    expect(rewritten.refusals.filter((refusal) => refusal !== undefined)).toEqual([]);
    expect(chainOf(rewritten)).toBe(expected);
    await check(rewritten, 'inference-exact');
  });

  it('no edit is no splice', () => {
    const bytes = toOnnx('linear(8) → dropout → relu → linear(4)');
    expect(rewrite(bytes, () => []).bytes).toEqual(bytes);
    expect(rewrite(bytes, () => [[]]).bytes).toEqual(bytes);
  });

  it('a refused fix leaves no trace', () => {
    const bytes = toOnnx('linear(8) → dropout(0.1) → relu → linear(8) → dropout(0.2) → tanh → linear(8) → dropout(0.3) → sigmoid → linear(4)', { valueInfo: true });
    const sound = (g: Graph, n: number): readonly Edit[] => [move(nth(g, 'dropout', n)).after(nth(g, 'activation', n))];
    // It is refused after it was half done: the second edit cannot be.
    const half = (g: Graph): readonly Edit[] => [insert(spec()).before(nth(g, 'linear', 3)), ...sound(g, 1), configure(nth(g, 'dropout', 0), { unheard: 1 })];
    const whole = (g: Graph): readonly Edit[] => [replace(nth(g, 'dropout', 2), spec(0.2, 'channel'))];
    const alone = rewrite(bytes, ([g]) => [sound(g!, 0), sound(g!, 2)]);
    const beside = rewrite(bytes, ([g]) => [half(g!), sound(g!, 0), half(g!), whole(g!), sound(g!, 2), half(g!)]);
    expect(beside.refusals).toEqual([...[0, 1, 2, 3, 4, 5].map((i) => (i === 1 || i === 4 ? undefined : i === 3 ? 'what it drops has no space: every channel is one number' : 'a Dropout operator has no setting unheard: 1'))]);
    expect(Buffer.from(beside.bytes).equals(alone.bytes)).toBe(true);
  });

  it('fixes that overlap wait for the next pass', () => {
    const chain = 'linear(8) → dropout(0.1) → relu → linear(4)';
    const of = (fixes: (g: Graph) => readonly (readonly Edit[])[]) => rewrite(toOnnx(chain), ([g]) => fixes(g!)).refusals;
    const [after, gone] = [(g: Graph) => [move(nth(g, 'dropout')).after(nth(g, 'activation'))], (g: Graph) => [remove(nth(g, 'dropout'))]];
    expect(of((g) => [after(g), after(g)])).toEqual([undefined, 'it overlaps another fix of the same pass: another fix of the same pass moves or replaces it']);
    expect(of((g) => [gone(g), after(g)])).toEqual([undefined, 'it overlaps another fix of the same pass: another fix of the same pass has taken it out']);
    expect(of((g) => [gone(g), gone(g)])).toEqual([undefined, 'it overlaps another fix of the same pass: another fix of the same pass has taken it out']);
    const maps = rewrite(toOnnx('conv2d(4) → dropout(0.1) → dropout(0.2) → conv2d(4)'), ([g]) => [[replace(nth(g!, 'dropout'), spec(0.1, 'channel'))], [move(nth(g!, 'dropout', 1)).before(nth(g!, 'dropout'))]]);
    expect(maps.refusals).toEqual([undefined, 'it overlaps another fix of the same pass: another fix of the same pass moves or replaces it']);
    expect(of((g) => [[...after(g), replace(nth(g, 'dropout'), spec(0.1, 'channel'))]])).toEqual(['it is moved or replaced by the same fix']);
  });

  it('hundreds of fixes, and hundreds of refusals, in a large graph', () => {
    const model = new Model({ opset: 13, naming: 'plain' });
    let x = model.graph.input('x', [2, 8]);
    const [ratio, mode] = [model.graph.initializer('ratio', literal(0.5)), model.graph.initializer('mode', literal(1, 'bool'))];
    for (let i = 0; i < 4_000; i += 1) {
      const dropped = model.graph.nodeWithOutputs('Dropout', [x, ratio, mode], { outputs: 2 });
      if (i % 10 === 0) model.graph.output({ ...dropped[1]!, type: 'bool' });
      x = model.graph.node('Tanh', [dropped[0]!]);
    }
    model.graph.output(x, 'y');
    const start = process.cpuUsage();
    const { refusals } = rewrite(model.encode(), ([g]) => g!.layersOf('dropout').map((layer, n) => [move(layer).after(nth(g!, 'activation', n))]));
    const { user, system } = process.cpuUsage(start);
    expect(refusals.filter((refusal) => refusal !== undefined)).toHaveLength(400);
    expect((user + system) / 1e6).toBeLessThan(30);
  }, 120_000);
});

describe('what is said of values stays true', () => {
  const shapes = build((g, x) => {
    const dropped = g.node('Dropout', [linear(g, x, 6, { scope: 'first' })], { outputs: ['dropped', 'mask'], name: 'd' });
    const [cast] = [g.node('Cast', [dropped], { type: 'float64', attributes: { to: 11 }, outputs: ['cast'] })];
    g.output(g.node('Reshape', [cast, g.constant(literal([3, 4], 'int64'))], { shape: [3, 4], outputs: ['reshaped'] }), 'y');
  }, { valueInfo: true, opset: 10 });

  it('value_info follows the values that moved, across a cast and a reshape', async () => {
    const rewritten = rewrite(shapes, ([g]) => [[move(nth(g!, 'dropout')).after(nth(g!, 'reshape', 1))]]);
    expect(rewritten.refusals).toEqual([undefined]);
    // The unread mask has another shape and no longer an entry; the result's own entry is the output's.
    expect(valueInfos(decode(rewritten.bytes))).toEqual({ r0: '1[2,6]', cast: '11[2,6]', y_dropout: '11[3,4]' });
    await check(rewritten, 'inference-exact');
  });

  it('value_info of a removed dropout goes; what took its place is described', async () => {
    const removed = rewrite(shapes, ([g]) => [[remove(nth(g!, 'dropout'))]]);
    expect(valueInfos(decode(removed.bytes))).toEqual({ r0: '1[2,6]', cast: '11[2,6]' });
    await check(removed, 'inference-exact');
  });

  const annotated = build((g, x) => {
    const h = g.node('Tanh', [x], { outputs: ['h'] });
    g.output(g.node('Relu', [dropout(g, h, { rate: 0.5 })], { outputs: ['r'] }), 'y');
    const note = (tensorName: string, key: string) => g.quantizationAnnotations.push({ tensorName, quantParameterTensorNames: [{ key: 'SCALE_TENSOR', value: key }] });
    note(g.nodes.find(({ operator }) => operator === 'Dropout')!.outputs[0]!, 'of dropped');
    note('y', 'of y');
  });
  const annotations = ({ bytes }: Rewritten) => Object.fromEntries(decode(bytes).graph!.quantizationAnnotation.map(({ tensorName, quantParameterTensorNames }) => [tensorName, quantParameterTensorNames[0]!.value]));

  it('quantization annotations go with the values', () => {
    expect(annotations(rewrite(annotated, ([g]) => [[move(nth(g!, 'dropout')).after(nth(g!, 'activation', 1))]]))).toEqual({ h: 'of dropped', y_dropout: 'of y', y: 'of y' });
    expect(annotations(rewrite(annotated, ([g]) => [[remove(nth(g!, 'dropout'))]]))).toEqual({ h: 'of dropped', y: 'of y' });
  });
});

describe('where rate and mode come from', () => {
  it('Constant nodes that stand behind the new place come along', async () => {
    const bytes = build((g, x) => {
      const h = g.node('Tanh', [linear(g, x, 8)]);
      const [ratio, mode] = [g.constant(literal(0.5), { as: 'node' }), g.constant(literal(1, 'bool'), { as: 'node' })];
      g.output(g.node('Dropout', [h, g.node('Identity', [ratio]), mode]), 'y');
    });
    const rewritten = rewrite(bytes, ([g]) => [[move(nth(g!, 'dropout')).before(nth(g!, 'activation'))]]);
    expect(decode(rewritten.bytes).graph!.node.map(({ opType }) => opType)).toEqual(['Gemm', 'Constant', 'Constant', 'Identity', 'Dropout', 'Tanh']);
    await check(rewritten, 'inference-exact');
  });

  it('behind an earlier layer they come along, too', async () => {
    const bytes = toOnnx('linear(8) → relu → tanh → linear(8) → dropout(0.5) → linear(4)', { form: 'constant' });
    const rewritten = rewrite(bytes, ([g]) => [[move(nth(g!, 'dropout')).after(nth(g!, 'activation'))]]);
    expect(chainOf(rewritten)).toBe('linear 8 → relu → dropout 0.5 (live) → tanh → linear 8 → linear 4');
    await check(rewritten, 'inference-exact');
  });

  it('what others share stays; what was for the dropout alone goes with it', () => {
    const bytes = build((g, x) => {
      const [shared, own, mode] = [g.initializer('shared', literal(0.5)), g.initializer('own', literal(0.25)), g.initializer('mode', literal(1, 'bool'))];
      g.output(g.node('Dropout', [g.node('Dropout', [g.node('Dropout', [x, shared, mode]), own, mode]), shared]), 'y');
    });
    const names = (n: number) => decode(rewrite(bytes, ([g]) => [[remove(nth(g!, 'dropout', n))]]).bytes).graph!.initializer.map(({ name }) => name);
    expect([0, 1, 2].map(names)).toEqual([['shared', 'own', 'mode'], ['shared', 'mode'], ['shared', 'own', 'mode']]);
    const both = rewrite(bytes, ([g]) => [[remove(nth(g!, 'dropout', 0))], [remove(nth(g!, 'dropout', 2))]]);
    expect(decode(both.bytes).graph!.initializer.map(({ name }) => name)).toEqual(['own', 'mode']);
  });

  it('an initializer that is an input of the model stays, whoever reads it', () => {
    for (const irVersion of [3, 7]) {
      const bytes = build((g, x) => {
        g.input('rate', []);
        g.initializers.set('rate', literal(0.5));
        g.output(g.node('Relu', [g.node('Dropout', [x, { name: 'rate', shape: [], type: 'float32' }])]), 'y');
      }, { irVersion });
      const { graph } = decode(rewrite(bytes, ([g]) => [[remove(nth(g!, 'dropout'))]]).bytes);
      expect([graph!.input.map(({ name }) => name), graph!.initializer.map(({ name }) => name)]).toEqual([['x', 'rate'], ['rate']]);
    }
  });

  it('a new rate is for one dropout, whoever shared the old one', async () => {
    const bytes = build((g, x) => {
      const ratio = g.initializer('ratio', literal(0.5));
      g.output(linear(g, g.node('Dropout', [g.node('Relu', [g.node('Dropout', [x, ratio])]), ratio]), 4), 'y');
    });
    const rewritten = rewrite(bytes, ([g]) => [[configure(nth(g!, 'dropout'), { rate: 0.1, trainingMode: true })]]);
    expect(graphsOf(rewritten.after)[0]!.layersOf('dropout').map(({ rate, state }) => [Math.round(rate! * 100), state])).toEqual([[10, 'live'], [50, 'unspecified']]);
    await check(rewritten, 'inference-exact');
  });

  it('in place: an attribute changes by its own bytes', () => {
    const bytes = toOnnx('linear(8) → dropout(0.5) → linear(4)', { opset: 10 });
    const { splices } = rewrite(bytes, () => []).before.lower([[configure(nth(graphsOf(rewrite(bytes, () => []).before)[0]!, 'dropout'), { rate: 0.25 })]]);
    expect(splices).toEqual([]);
    const rewritten = rewrite(bytes, ([g]) => [[configure(nth(g!, 'dropout'), { rate: 0.25 })]]);
    expect(rewritten.bytes.length).toBe(bytes.length);
    expect(Buffer.from(rewritten.bytes).filter((byte, i) => byte !== bytes[i]).length).toBeLessThanOrEqual(4);
  });

  it('1 − keep', () => {
    const rewritten = rewrite(toOnnx('linear(8) → dropout(0.9) → linear(4)'), ([g]) => [[configure(nth(g!, 'dropout'), { complementRate: true })]]);
    expect(graphsOf(rewritten.after)[0]!.layersOf('dropout')[0]!.rate).toBeCloseTo(0.1, 6);
    expect(rewrite(toOnnx('linear(8) → dropout(0.9) → linear(4)', { form: 'input' }), ([g]) => [[configure(nth(g!, 'dropout'), { complementRate: true })]]).refusals).toEqual(['its rate comes from the run time']);
  });

  describe('an inserted dropout takes after the others', () => {
    const inserted = (options: OnnxOptions, training: boolean, chain = 'linear(8) → relu → linear(8) → dropout(0.5) → linear(4)') =>
      rewrite(toOnnx(chain, options), ([g]) => [[insert(spec(0.25, 'element', training)).after(nth(g!, 'activation'))]]);

    it.each<readonly [label: string, options: OnnxOptions, states: readonly string[]]>([
      ['a shared input of the model', { form: 'constant', modeFrom: 'input' }, ['live', 'live']],
      ['a shared input with a default', { form: 'constant', modeFrom: 'input-default', state: 'off' }, ['unspecified', 'unspecified']],
      ['an initializer', { state: 'live' }, ['live', 'live']],
      ['a Constant node', { form: 'constant', state: 'off' }, ['off', 'off']],
      ['absence', { form: 'constant', modeFrom: 'absent' }, ['unspecified', 'unspecified']],
      ['is_test', { opset: 6, state: 'off' }, ['off', 'off']],
      ['is_test 0', { opset: 1, state: 'live' }, ['live', 'live']],
      ['no mode', { opset: 10 }, ['unspecified', 'unspecified']],
    ])('%s', async (_, options, states) => {
      for (const training of [true, false]) {
        const rewritten = inserted(options, training);
        expect(graphsOf(rewritten.after)[0]!.layersOf('dropout').map(({ state }) => state)).toEqual(states);
        if ((options.opset ?? 13) >= 7) await check(rewritten, 'inference-exact');
      }
    });

    it('one switch stays one switch', () => {
      const rewritten = inserted({ form: 'constant', modeFrom: 'input' }, true);
      expect(operandsOf(rewritten, 0)[2]).toBe('training_mode');
      expect(operandsOf(rewritten, 1)[2]).toBe('training_mode');
    });

    it.each([[13, true, 'live'], [13, false, 'unspecified'], [10, true, 'unspecified'], [6, true, 'live'], [6, false, 'off']] as const)('with none to take after: opset %i, training %s is %s', (opset, training, state) => {
      const rewritten = inserted({ opset }, training, 'linear(8) → relu → linear(4)');
      expect(graphsOf(rewritten.after)[0]!.layersOf('dropout').map((layer) => layer.state)).toEqual([state]);
    });

    it('a mode that is computed behind the place comes along', async () => {
      const bytes = build((g, x) => {
        // Not over an input of the model: onnxruntime 1.30 takes the mode for the data there when it deletes the Dropout.
        const h = g.node('Relu', [linear(g, g.node('Tanh', [x]), 8, { scope: 'a' })]);
        const mode = g.node('Not', [g.input('evaluate', [], 'bool')], { type: 'bool' });
        g.output(linear(g, g.node('Dropout', [h, g.constant(literal(0.5)), mode]), 4, { scope: 'b' }), 'y');
      });
      const rewritten = rewrite(bytes, ([g]) => [[insert(spec()).before(nth(g!, 'linear'))]]);
      expect(operandsOf(rewritten, 0)[2]).toBe(operandsOf(rewritten, 1)[2]);
      await check(rewritten, 'inference-exact');
    });

    it('one that is switched in the same pass is an example as it is then', async () => {
      for (const form of ['initializer', 'constant'] as const) {
        const rewritten = rewrite(toOnnx('linear(8) → relu → linear(8) → dropout(0.5) → linear(4)', { state: 'off', form }), ([g]) => [[configure(nth(g!, 'dropout'), { trainingMode: true })], [insert(spec()).after(nth(g!, 'activation'))]]);
        expect(graphsOf(rewritten.after)[0]!.layersOf('dropout').map(({ state }) => state)).toEqual(['live', 'live']);
        await check(rewritten, 'inference-exact');
      }
    });

    it('one that is removed in the same pass is no example', async () => {
      const rewritten = rewrite(toOnnx('linear(8) → relu → linear(8) → dropout(0.5) → linear(4)', { state: 'off' }), ([g]) => [[remove(nth(g!, 'dropout'))], [insert(spec()).after(nth(g!, 'activation'))]]);
      expect(graphsOf(rewritten.after)[0]!.layersOf('dropout').map(({ state }) => state)).toEqual(['live']);
      await check(rewritten, 'inference-exact');
    });
  });

  it.each<readonly [string, (g: Body, x: Tensor) => Tensor, string]>([
    ['integers', (g, x) => g.node('Neg', [g.node('Cast', [x], { type: 'int64', attributes: { to: 7 } })]), 'there are no floating-point numbers to drop'],
    ['nothing that is read', (g) => g.node('Loop', [], { shape: [] }), 'the layer reads nothing that could be dropped'],
  ])('nothing is inserted before a layer of %s', (_, make, reason) => {
    const bytes = build((g, x) => { g.output(x, 'x2').output(make(g, x), 'y'); });
    expect(rewrite(bytes, ([g]) => [[insert(spec()).before(g!.layers.at(-1)!)]]).refusals).toEqual([reason]);
  });
});

describe('a bias folded into BatchNorm', () => {
  const chains: readonly (readonly [string, OnnxOptions])[] = [
    ['conv2d(8) → batch-norm → relu → flatten → linear(4)', {}],
    ['conv2d(8) → batch-norm → relu → flatten → linear(4)', { form: 'constant', naming: 'dynamo' }],
    ['linear(8) → batch-norm → relu → linear(4)', { opset: 11 }],
    ['linear(8,as=matmul) → batch-norm → relu → linear(4)', {}],
    ['conv2d(8) → batch-norm → relu → flatten → linear(4)', { opset: 9 }],
  ];
  it.each(chains)('%s %o', async (chain, options) => {
    const rewritten = rewrite(toOnnx(chain, options), ([g]) => [[foldBias(g!.layers[0]!, nth(g!, 'normalization'))]]);
    expect(rewritten.refusals).toEqual([undefined]);
    const layer = graphsOf(rewritten.after)[0]!.layers[0]!;
    expect(layer.kind === 'linear' || layer.kind === 'convolution' ? layer.hasBias : undefined).toBe(false);
    await expectSound(rewritten, chain, { lost: /^(Gemm|Conv|Add|initializer)$/ });
    const proof = await prove(rewritten.before, rewritten.after, 'exact', { pool, changesWeights: true });
    expect(proof.reason ?? proof.verdict).toBe('proven');
  });

  const refusals: readonly (readonly [string, (g: Body, x: Tensor) => void, Partial<ModelOptions>, string])[] = [
    ['Gemm below opset 11', (g, x) => g.output(batchNorm(g, linear(g, x, 8)), 'y'), { opset: 10 }, 'Gemm needs its bias below opset 11'],
    ['something else reads the layer', (g, x) => { const h = linear(g, x, 8); g.output(batchNorm(g, h), 'y').output(g.node('Relu', [h]), 'z'); }, {}, 'something else reads what it adds to'],
    ['the layer is an output', (g, x) => { const h = linear(g, x, 8); g.output(h, 'h').output(batchNorm(g, h), 'y'); }, {}, 'something else reads what it adds to'],
    ['it normalizes something else', (g, x) => { g.output(linear(g, x, 8), 'h').output(batchNorm(g, x), 'y'); }, {}, 'something else reads what it adds to'],
  ];
  it.each(refusals)('refused: %s', (_, make, options, reason) => {
    expect(rewrite(build(make, options), ([g]) => [[foldBias(nth(g!, 'linear'), nth(g!, 'normalization'))]]).refusals).toEqual([reason]);
  });
});

it('the classes that src/graph gives hold for what the lowering makes of them', async () => {
  const chain = 'conv2d(4) → dropout(0.1) → leaky-relu → conv2d(4) → spatial-dropout(0.2) → max-pool(2) → conv2d(4) → dropout(0.3) → reshape(4,64) → tanh → flatten → linear(4)';
  const fixes = (g: Graph): readonly Edit[] => [move(nth(g, 'dropout', 0)).after(nth(g, 'activation', 0)), move(nth(g, 'dropout', 1)).after(nth(g, 'pooling')), move(nth(g, 'dropout', 2)).after(nth(g, 'reshape'))];
  for (const n of [0, 1, 2]) {
    const rewritten = rewrite(toOnnx(chain), ([g]) => [[fixes(g!)[n]!]]);
    expect(rewritten.refusals).toEqual([undefined]);
    expect(classify([fixes(graphsOf(rewritten.before)[0]!)[n]!])).toBe('exact');
    await check(rewritten, 'exact', String(n));
  }
});

it('edits inside nested graphs and of outer values go side by side', async () => {
  const bytes = build((g, x) => {
    const h = dropout(g, activated(g, x), { rate: 0.1, form: 'constant', state: 'live' });
    const branch = (name: string) => g.model.subgraph(name, (body) => body.output(body.node('Relu', [dropout(body, body.node('Neg', [h]), { rate: 0.2, form: 'constant', state: 'live' })])));
    g.output(g.node('Tanh', [g.node('If', [g.input('c', [], 'bool')], { attributes: { then_branch: branch('p'), else_branch: branch('q') }, shape: [2, 8], type: 'float32' })]), 'y');
  }, { naming: 'torchscript' });
  const rewritten = rewrite(bytes, (graphs) => [[remove(nth(graphs[0]!, 'dropout'))], ...graphs.slice(1).map((g) => [move(nth(g, 'dropout')).after(nth(g, 'activation', 1))])]);
  expect(rewritten.refusals).toEqual([undefined, undefined, undefined]);
  await check(rewritten, 'inference-exact');
});

const activated = (g: Body, x: Tensor): Tensor => g.node('Relu', [linear(g, x, 8)]);
