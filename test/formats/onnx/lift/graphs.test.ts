import { readdirSync, existsSync } from 'node:fs';
import path from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ACTIVATIONS } from '../../../../fixtures/builders/activations.js';
import { linear } from '../../../../fixtures/builders/layers.js';
import { Model } from '../../../../fixtures/builders/onnx.js';
import type { Body, Tensor } from '../../../../fixtures/builders/onnx.js';
import { literal } from '../../../../fixtures/builders/tensors.js';
import { toOnnx } from '../../../../fixtures/chain/onnx.js';
import type { OnnxOptions } from '../../../../fixtures/chain/onnx.js';
import { UnreadableError } from '../../../../src/formats/document.js';
import { readOnnx } from '../../../../src/formats/onnx/document.js';
import { printGraph } from '../../../../src/graph/print.js';
import { ahead, behind } from '../../../../src/graph/traversal.js';
import { build, graphOf, graphsOf, kinds, printed } from './lifting.js';

describe('dynamic exports of TorchScript', () => {
  const int64 = (g: Body, values: number | number[]) => g.constant(literal(values, 'int64'));
  const shapeOf = (g: Body, x: Tensor) => g.node('Shape', [x], { shape: [x.shape.length], type: 'int64' });
  const dim = (g: Body, x: Tensor, axis: number) => g.node('Gather', [shapeOf(g, x), int64(g, axis)], { shape: [], type: 'int64' });
  const vector = (g: Body, x: Tensor) => g.node('Unsqueeze', [x, int64(g, [0])], { shape: [1], type: 'int64' });
  const concat = (g: Body, parts: Tensor[]) => g.node('Concat', parts, { shape: [parts.length], type: 'int64', attributes: { axis: 0 } });
  const reshape = (g: Body, x: Tensor, parts: Tensor[]) => g.node('Reshape', [x, concat(g, parts)], { shape: [] });
  const shapeBehind = (make: (g: Body, x: Tensor) => Tensor, shape: readonly (string | number)[]) => graphOf(build((g, x) => g.node('Relu', [make(g, x)]), { shape })).layers.at(-2)!.outputs[0]!.shape;

  it('Shape → Gather → Concat → Reshape keeps the batch and knows the width', () => {
    const flat = (g: Body, x: Tensor) => reshape(g, x, [vector(g, dim(g, x, 0)), int64(g, [-1])]);
    expect(shapeBehind(flat, ['batch', 4, 3, 3])).toEqual(['batch', 36]);
    expect(kinds(build(flat, { shape: ['batch', 4, 3, 3] }))).toEqual(['flatten']);
    expect(shapeBehind((g, x) => reshape(g, x, [int64(g, [-1]), int64(g, [36])]), ['batch', 4, 3, 3])).toEqual(['batch', 36]);
    expect(shapeBehind((g, x) => reshape(g, x, [vector(g, dim(g, x, 0)), int64(g, [2]), vector(g, g.node('Div', [dim(g, x, 1), int64(g, 2)], { shape: [], type: 'int64' })), int64(g, [-1])]), ['batch', 4, 3, 3])).toEqual(['batch', 2, 2, 9]);
  });

  it('x.view(-1, 18) of a batch that is not known', () => {
    expect(shapeBehind((g, x) => reshape(g, x, [int64(g, [-1]), int64(g, [18])]), ['batch', 4, 3, 3])).toEqual([undefined, 18]);
  });

  it('slices to the end of an axis keep it', () => {
    const slice = (g: Body, x: Tensor) => g.node('Slice', [x, int64(g, [0, 1]), int64(g, [2 ** 53 - 1, 2 ** 53 - 1]), int64(g, [0, 1])]);
    expect(shapeBehind(slice, ['batch', 5])).toEqual(['batch', 4]);
    expect(shapeBehind((g, x) => g.node('Slice', [x, int64(g, [0]), int64(g, [3]), g.input('axes', [1], 'int64')]), [8, 5])).toEqual([undefined, undefined]);
    expect(shapeBehind((g, x) => g.node('Slice', [x, int64(g, [0]), int64(g, [4]), int64(g, [0]), int64(g, [2])]), [8, 5])).toEqual([undefined, 5]);
  });

  it('a symbol stays what it is through convolutions, padding and pooling', () => {
    expect(graphOf(toOnnx('conv2d(8) → max-pool(2) → conv2d(4,1) → global-avg-pool → flatten → linear(3)', { batch: 'symbolic' })).layers.map((layer) => layer.outputs[0]!.shape)).toEqual([
      ['batch', 8, 16, 16], ['batch', 8, 8, 8], ['batch', 4, 8, 8], ['batch', 4, 1, 1], ['batch', 4], ['batch', 3],
    ]);
    expect(shapeBehind((g, x) => g.node('Pad', [x, int64(g, [0, 0, 1, 2, 0, 0, 1, 2])]), ['batch', 4, 3, 3])).toEqual(['batch', 4, 5, 7]);
  });

  it('what declarations leave open is inferred, and the other way round', () => {
    const bytes = build((g, x) => g.node('Relu', [g.node('Custom', [x], { domain: 'com.example', shape: ['batch', 3] })]), { valueInfo: true });
    expect(graphOf(bytes).layers.at(-1)!.outputs[0]!.shape).toEqual(['batch', 3]);
  });

  it.each([0, -1])('an extent that is declared as %i is not known', (extent) => {
    expect(graphOf(build((g, x) => g.node('Relu', [x]), { shape: [extent, 3] })).inputs[0]!.shape).toEqual([undefined, 3]);
  });

  it('wrong declarations do not overrule what is inferred', () => {
    const model = new Model({ opset: 13, valueInfo: true });
    const { graph } = model;
    const y = linear(graph, graph.input('x', [2, 8]), 4);
    y.shape = [7, 7];
    graph.output(graph.node('Relu', [y]), 'y');
    expect(graphOf(model.encode()).layers[0]!.outputs[0]!.shape).toEqual([2, 4]);
  });
});

describe('graphs that exporters would not write', () => {
  /** The model with its nodes in another order. */
  function reordered(bytes: (model: Model) => void, order: (count: number) => number[]): Uint8Array {
    const model = new Model({ opset: 13, naming: 'torchscript' });
    bytes(model);
    const { nodes } = model.graph;
    const sorted = order(nodes.length).map((i) => nodes[i]!);
    nodes.splice(0, nodes.length, ...sorted);
    return model.encode();
  }
  function residual(model: Model): void {
    const { graph } = model;
    const x = graph.node('Relu', [linear(graph, graph.input('x', [2, 8]), 8)]);
    const gate = graph.node('Mul', [x, graph.node('Sigmoid', [x])]);
    const weight = graph.node('Transpose', [graph.parameter('MatMul', 'w', 'weight', [4, 8], 8)], { shape: [8, 4] });
    const dropped = graph.node('Dropout', [graph.node('Add', [gate, x]), graph.constant(literal(0.5), { as: 'node' })]);
    graph.output(graph.node('MatMul', [dropped, weight], { shape: [2, 4] }), 'y');
  }
  const inOrder = reordered(residual, (count) => [...Array(count).keys()]);

  it('nodes in any order are the same architecture', () => {
    const of = (bytes: Uint8Array) => new Set(printGraph(graphOf(bytes), { numbers: false }).split('\n'));
    fc.assert(fc.property(fc.shuffledSubarray([0, 1, 2, 3, 4, 5, 6, 7, 8], { minLength: 9 }), (order) => {
      const bytes = reordered(residual, (count) => order.filter((i) => i < count));
      expect(of(bytes).size).toBe(of(inOrder).size);
      expect(kinds(bytes).toSorted()).toEqual(kinds(inOrder).toSorted());
      const [dropout] = graphOf(bytes).layersOf('dropout');
      expect([ahead(dropout!), behind(dropout!)]).toEqual([ahead(graphOf(inOrder).layersOf('dropout')[0]!), behind(graphOf(inOrder).layersOf('dropout')[0]!)]);
      const seen = new Set<unknown>();
      for (const layer of graphOf(bytes).layers) {
        for (const input of layer.inputs) if (input.producer) expect(seen).toContain(input.producer.key);
        seen.add(layer.key);
      }
    }), { numRuns: 50 });
  });

  it('a cycle is left out, and what touches it is not known', () => {
    const model = new Model({ opset: 13 });
    const { graph } = model;
    const x = graph.node('Relu', [graph.input('x', [2, 8])]);
    const a = graph.node('Add', [x, { name: 'b', shape: [2, 8], type: 'float32' }]);
    graph.nodes.push({ operator: 'Dropout', inputs: [a.name], outputs: ['b'], name: 'loop', options: {} } as never);
    graph.output(graph.node('Dropout', [{ name: 'b', shape: [2, 8], type: 'float32' }]), 'y');
    const lifted = graphOf(model.encode());
    expect(lifted.layers.map((layer) => layer.kind)).toEqual(['activation', 'dropout']);
    expect(lifted.layers[0]!.outputs[0]!.captured).toBe(true);
    expect(behind(lifted.layers[1]!)).toMatchObject({ unknown: true });
  });

  it('names may be missing and may occur twice', () => {
    const bytes = build((g, x) => g.node('Relu', [g.node('Relu', [g.node('Relu', [x], { name: 'a' })], { name: 'a' })]));
    const keys = graphOf(bytes).layers.map((layer) => layer.key);
    expect(new Set(keys).size).toBe(3);
    expect(graphOf(bytes).layers.map((layer) => layer.origin.name)).toEqual(['a', 'a', 'Relu']);
  });

  it('no outputs, no inputs, no nodes', () => {
    expect(printed(new Model({ opset: 13 }).encode())).toBe('model main_graph()\n  → ');
    expect(kinds(build((g, x) => { g.node('Sum', []); return x; }))).toEqual(['opaque Sum', 'reshape']);
  });
});

/** Milliseconds of processor time that an action takes. */
function timed(action: () => void): number {
  const start = process.cpuUsage();
  action();
  const { user, system } = process.cpuUsage(start);
  return (user + system) / 1000;
}

describe('large graphs', () => {
  function chain(length: number, make: (g: Body, x: Tensor, i: number) => Tensor): Uint8Array {
    const model = new Model({ opset: 13, naming: 'plain' });
    let x = model.graph.input('x', [2, 8]);
    for (let i = 0; i < length; i += 1) x = make(model.graph, x, i);
    model.graph.outputs.push(x);
    return model.encode();
  }

  it('a chain of 100 000 nodes is lifted and printed in seconds, in file order and in reverse', () => {
    const model = new Model({ opset: 13, naming: 'plain' });
    let x = model.graph.input('x', [2, 8]);
    for (let i = 0; i < 100_000; i += 1) x = model.graph.node(i % 2 ? 'Relu' : 'Dropout', [x]);
    model.graph.outputs.push(x);
    for (const bytes of [model.encode(), (model.graph.nodes.reverse(), model.encode())]) {
      let lines = 0;
      const duration = timed(() => {
        const graph = graphOf(bytes);
        lines = printGraph(graph).split('\n').length;
        expect(graph.layersOf('dropout').every((dropout) => ahead(dropout).boundary && behind(dropout).boundary)).toBe(true);
      });
      expect(lines).toBe(100_002);
      expect(duration).toBeLessThan(20_000);
    }
  });

  it('20 000 nodes with a constant each, and a chain of constants', () => {
    const arithmetic = chain(20_000, (g, x, i) => g.node('Mul', [x, i % 2 ? g.initializer(`c${i}`, literal(1 + i / 1e5)) : g.node('Constant', [], { shape: [], attributes: { value: literal(1 + i / 1e5) } })]));
    expect(timed(() => expect(graphOf(arithmetic).layersOf('activation')).toHaveLength(20_000))).toBeLessThan(10_000);
    const folded = build((g, x) => {
      let c = g.constant(literal(1));
      for (let i = 0; i < 20_000; i += 1) c = g.node('Add', [c, c]);
      return g.node('Dropout', [x, c]);
    });
    expect(timed(() => expect(graphOf(folded).layersOf('dropout')[0]!.rate).toBeUndefined())).toBeLessThan(10_000);
  });
});

describe('random chains', () => {
  const activationNames = ACTIVATIONS.map((name) => [name, name === 'tanh-gelu' ? 'gelu' : name] as const);
  const word = fc.oneof(
    ...[['linear(16)', 'linear 16'], ['layer-norm', 'layer-norm'], ['rms-norm', 'rms-norm'], ['scale(0.5)', 'scale']].map((pair) => fc.constant(pair as [string, string])),
    fc.constantFrom(...activationNames).map(([text, kind]): [string, string] => [text === 'clip' ? 'clip(max=2)' : text, kind]),
    fc.constantFrom(0.1, 0.25, 0.5).map((rate): [string, string] => [`dropout(${rate})`, `dropout ${rate}`]),
  );
  const setting: fc.Arbitrary<OnnxOptions> = fc.record({
    opset: fc.constantFrom(12, 13, 15, 17, 18, 20, 21, 22),
    form: fc.constantFrom('initializer', 'constant', 'input-default', 'decomposed', 'bitmask-dropout'),
    naming: fc.constantFrom('torchscript', 'dynamo', 'keras', 'mxnet', 'plain'),
    batch: fc.constantFrom('static', 'symbolic'),
    valueInfo: fc.boolean(),
    composite: fc.boolean(),
  });

  it('print as they were written', () => {
    fc.assert(fc.property(fc.array(word, { minLength: 1, maxLength: 12 }), setting, (words, options) => {
      // Two in a row may be a function of the field together (Clip of a ReLU).
      const steps = words.filter(([, kind], i) => i === 0 || !/relu|clip|hard|scale|sigmoid/.test(kind) || !/relu|clip|hard|scale|sigmoid|soft|exp/.test(words[i - 1]![1]));
      const rates = options.form === 'input-default' ? /dropout [\d.]+/ : /$^/;
      const found = kinds(toOnnx(['linear(16)', ...steps.map(([text]) => text)].join(' → '), options)).map((kind) => kind.replace(/ \((live|off|unspecified).*/, '').replace(rates, 'dropout'));
      expect(found).toEqual(['linear 16', ...steps.map(([, kind]) => kind.replace(rates, 'dropout'))]);
    }), { numRuns: 300 });
  });
});

describe('damaged models', () => {
  const models = [
    toOnnx('conv2d(8) → batch-norm → relu → spatial-dropout(0.2) → conv2d(8) → global-avg-pool → flatten → dropout → linear(10)', { batch: 'symbolic' }),
    toOnnx('embedding → layer-norm → self-attention(2,dropout=0.1) → residual{ linear(32) → gelu → linear(16) → dropout } → lstm(8,last=true) → linear(4)', { naming: 'plain' }),
    toOnnx('conv2d(8) → dropout → conv2d(8)', { opset: 6, spatial: 'operator' }),
  ];

  it('are lifted, or are no models: nothing else is thrown, and nothing hangs', () => {
    const damage = fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 1, maxLength: 6 });
    fc.assert(fc.property(fc.constantFrom(...models), damage, (model, changes) => {
      const bytes = Uint8Array.from(model);
      for (const [at, byte] of changes) bytes[at % bytes.length] = byte;
      try {
        for (const graph of graphsOf(bytes)) expect(printGraph(graph)).toContain('→');
      } catch (error) {
        if (!(error instanceof UnreadableError)) throw error;
      }
    }), { numRuns: Number(process.env.DROPLINT_RANDOM_RUNS ?? 1_000) });
  });

  it('a shape of enormous rank is not known', () => {
    const bytes = build((g, x) => g.node('Add', [x, g.node('ConstantOfShape', [g.input('shape', [2 ** 40], 'int64')], { shape: [], type: 'float32' })]));
    expect(kinds(bytes)).toHaveLength(2);
  });

  it('constants that double at every step', () => {
    const bytes = build((g, x) => {
      let c = g.constant(literal([1, 2], 'int64'));
      for (let i = 0; i < 60; i += 1) c = g.node('Concat', [c, c], { attributes: { axis: 0 } });
      return g.node('Reshape', [x, c], { shape: [] });
    });
    expect(kinds(bytes)).toEqual(['reshape']);
  });
});

describe('real models', () => {
  const folders = ['/usr/share/libonnx-testdata', path.resolve(import.meta.dirname, '../../../../../shared/data'), path.resolve(import.meta.dirname, '../../../../fixtures')];
  for (const folder of folders) {
    const present = existsSync(folder);
    if (!present) console.log(`${folder} is not there: its models are not read`);
    it.skipIf(!present)(`every model of ${path.basename(folder)} is lifted and printed`, () => {
      const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.onnx'));
      let read = 0;
      for (const file of files) {
        try {
          for (const graph of readOnnx(path.join(folder, file)).models[0]!.variants[0]!) {
            expect(printGraph(graph)).toContain('→');
            read += 1;
          }
        } catch (error) {
          if (!(error instanceof UnreadableError)) throw new Error(`${file}: ${(error as Error).stack}`, { cause: error });
        }
      }
      expect(read).toBeGreaterThan(files.length / 2);
    });
  }
});

it('graphs are given parent by parent', () => {
  const bytes = build((g, x) => g.node('If', [g.input('c', [], 'bool')], { attributes: { then_branch: g.model.subgraph('a', (a) => a.output(a.node('Relu', [x]))), else_branch: g.model.subgraph('b', (b) => b.output(b.node('Neg', [x]))) } }));
  expect(graphsOf(bytes).map((graph) => [graph.role, graph.parent?.path])).toEqual([['model', undefined], ['branch', 'graph'], ['branch', 'graph']]);
});
