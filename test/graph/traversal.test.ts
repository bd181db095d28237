import { describe, expect, it } from 'vitest';
import { dropout } from '../../fixtures/builders/dropout-forms.js';
import { linear } from '../../fixtures/builders/layers.js';
import { Model } from '../../fixtures/builders/onnx.js';
import { readOnnxBytes } from '../../src/formats/onnx/document.js';
import { GraphBuilder, createValue } from '../../src/graph/graph.js';
import type { Surroundings } from '../../src/graph/traversal.js';
import { activationDropouts, ahead, behind, chainBetween, follow, next, onOneWay, previous, soleConsumer } from '../../src/graph/traversal.js';
import { dropoutOf, fromBytes, graphOf, label, nth } from './building.js';

/** The names of what is true. */
const flags = (surroundings: Surroundings): string => Object.entries(surroundings).filter(([, value]) => value).map(([name]) => name).sort().join(' ');

describe('ahead and behind', () => {
  it.each<readonly [chain: string, behind: string, ahead: string]>([
    ['conv2d(8) → relu → dropout → conv2d(8) → relu → conv2d(4)', 'convolution', 'convolution'],
    ['conv2d(8) → relu → dropout → conv2d(8) → relu', 'convolution', 'convolution last'],
    ['conv2d(8) → batch-norm → dropout → max-pool → flatten → linear(10)', 'convolution', 'last linear'],
    ['dropout → linear(10) → relu → linear(4)', 'boundary', 'linear'],
    ['linear(10) → dropout', 'linear', 'boundary'],
    ['linear(10) → dropout → softmax', 'linear', 'boundary'],
    ['embedding → dropout → lstm(8) → linear(4)', 'embedding', 'recurrent'],
    ['lstm(8) → dropout → linear(4)', 'recurrent', 'last linear'],
    ['conv2d(8) → residual{ conv2d(8) → dropout } → conv2d(4)', 'convolution', 'convolution last merge'],
    ['conv2d(8) → dropout → residual{ conv2d(8) } → conv2d(4)', 'convolution', 'convolution last merge'],
    ['conv2d(8) → concat{ conv2d(8) | global-avg-pool → flatten → linear(8) → reshape(8,1,1) → conv-transpose(8,16) } → dropout → conv2d(4)', 'convolution merge', 'convolution last'],
    ['conv2d(8) → residual{ batch-norm } → dropout → flatten → linear(4)', 'convolution merge', 'last linear'],
    ['conv2d(8) → dropout → auxiliary{ global-avg-pool → flatten → linear(3) } → conv2d(8) → conv2d(4)', 'convolution', 'convolution last linear'],
    ['self-attention(2,dropout=0.1) → linear(4)', 'linear merge', 'linear merge'],
  ])('%s', (chain, before, after) => {
    const layer = dropoutOf(chain);
    expect([flags(behind(layer)), flags(ahead(layer))]).toEqual([before, after]);
  });

  it('an opaque layer is unknown in both directions', () => {
    const model = new Model({ opset: 13 });
    const { graph } = model;
    const custom = (x: ReturnType<typeof graph.input>) => graph.node('Custom', [x], { domain: 'com.example' });
    graph.output(linear(graph, custom(dropout(graph, custom(linear(graph, graph.input('x', [2, 8]), 8)), { rate: 0.5 })), 4), 'y');
    const layer = nth(fromBytes(model.encode()), 'dropout');
    expect([flags(behind(layer)), flags(ahead(layer))]).toEqual(['unknown', 'unknown']);
  });

  it('the ends of a function and of a branch are not the ends of the model', () => {
    const model = new Model({ opset: 15 });
    model.function('local', 'F', (body) => body.output(body.node('Dropout', [body.node('Relu', [body.input('a', [])])])));
    const { graph } = model;
    const x = graph.input('x', [2, 8]);
    const y = graph.node('F', [x], { domain: 'local' });
    const branch = (name: string) => model.subgraph(name, (body) => body.output(body.node('Dropout', [linear(body, y, 8, { scope: name })])));
    graph.output(graph.node('If', [graph.input('c', [], 'bool')], { attributes: { then_branch: branch('p'), else_branch: branch('q') }, shape: [2, 8] }), 'y');
    const graphs = readOnnxBytes(model.encode()).models[0]!.variants[0]!;
    const rows = graphs.flatMap((each) => each.layersOf('dropout').map((layer) => [each.role, flags(behind(layer)), flags(ahead(layer))]));
    expect(rows).toEqual([['branch', 'linear', 'unknown'], ['branch', 'linear', 'unknown'], ['function', 'unknown', 'unknown']]);
  });

  it('the last weighted layer of a function is not the last of the model', () => {
    const model = new Model({ opset: 15 });
    model.function('local', 'F', (body) => {
      const weight = body.node('Constant', [], { attributes: { value: { type: 'float32', shape: [8, 8], values: new Float32Array(64) } }, shape: [8, 8] });
      body.output(body.node('MatMul', [body.node('Dropout', [body.input('a', [])]), weight]));
    });
    model.graph.output(model.graph.node('F', [model.graph.input('x', [2, 8])], { domain: 'local' }), 'y');
    const [, body] = readOnnxBytes(model.encode()).models[0]!.variants[0]!;
    expect(flags(ahead(nth(body!, 'dropout')))).toBe('linear');
  });

  it('what a nested graph reads is not known', () => {
    const model = new Model({ opset: 15 });
    const { graph } = model;
    const y = dropout(graph, linear(graph, graph.input('x', [2, 8]), 8), { rate: 0.5 });
    const branch = (name: string) => model.subgraph(name, (body) => body.output(body.node('Relu', [y])));
    graph.output(linear(graph, graph.node('Relu', [y]), 4), 'a');
    graph.output(graph.node('If', [graph.input('c', [], 'bool')], { attributes: { then_branch: branch('p'), else_branch: branch('q') }, shape: [2, 8] }), 'b');
    const layer = nth(fromBytes(model.encode()), 'dropout');
    expect(flags(ahead(layer))).toBe('last linear unknown');
    expect(next(layer)).toBeUndefined();
  });
});

describe('chains', () => {
  it('next and previous follow what is read by one layer alone', () => {
    const graph = graphOf('linear(8) → relu → residual{ dropout → linear(8) } → linear(4)');
    const [first, , , last] = [nth(graph, 'linear'), nth(graph, 'activation'), nth(graph, 'dropout'), nth(graph, 'linear', -1)];
    expect(label(next(first))).toBe('relu');
    expect(next(nth(graph, 'activation'))).toBeUndefined();
    expect(previous(nth(graph, 'dropout'))).toBeUndefined();
    expect(label(previous(last))).toBe('add');
    expect(previous(nth(graph, 'merge'))).toBeUndefined();
    expect(next(last)).toBeUndefined();
  });

  it('one layer that reads a value twice is two readers', () => {
    const model = new Model({ opset: 13 });
    const y = model.graph.node('Dropout', [model.graph.input('x', [2, 8])]);
    model.graph.output(model.graph.node('Relu', [model.graph.node('Add', [y, y])]), 'y');
    expect(soleConsumer(nth(fromBytes(model.encode()), 'dropout').outputs[0]!)).toBeUndefined();
  });

  it('a Shape that reads a value carries no data', () => {
    const model = new Model({ opset: 13 });
    const { graph } = model;
    const y = graph.node('Dropout', [graph.input('x', [2, 8])]);
    const shape = graph.node('Shape', [y], { shape: [2], type: 'int64' });
    graph.output(graph.node('Reshape', [graph.node('Relu', [y]), shape]), 'y');
    expect(label(next(nth(fromBytes(model.encode()), 'dropout')))).toBe('relu');
  });

  it('a value that is an output of the model ends the chain', () => {
    const model = new Model({ opset: 13 });
    const y = model.graph.node('Dropout', [model.graph.input('x', [2, 8])]);
    model.graph.output(y, 'dropped').output(model.graph.node('Relu', [y]), 'y');
    expect(next(nth(fromBytes(model.encode()), 'dropout'))).toBeUndefined();
  });

  it('follow and chainBetween', () => {
    const graph = graphOf('linear(8) → dropout → relu → batch-norm → tanh → linear(4)');
    const dropoutLayer = nth(graph, 'dropout');
    const { end, passed } = follow(dropoutLayer, next, (layer) => layer.kind !== 'linear');
    expect([passed.map(label), label(end)]).toEqual([['relu', 'batch', 'tanh'], 'linear']);
    expect(chainBetween(dropoutLayer, nth(graph, 'activation', 1))!.map(label)).toEqual(['relu', 'batch', 'tanh']);
    expect(chainBetween(dropoutLayer, nth(graph, 'linear'))).toBeUndefined();
  });

  it('a chain of 100 000 layers is walked without recursion', () => {
    const graph = new GraphBuilder('graph', 'chain', 'model');
    let value = createValue('x', { isGraphInput: true });
    graph.inputs.push(value);
    for (let i = 0; i < 100_000; i += 1) {
      const output = createValue(`v${i}`);
      graph.add({ kind: 'activation', function: 'relu', key: `${i}`, type: 'Relu', inputs: [value], outputs: [output], origin: { path: '', name: '', order: i }, graph, parameters: 0 });
      value = output;
    }
    value.isGraphOutput = true;
    graph.outputs.push(value);
    const [first] = graph.layers;
    expect(follow(first!, next, () => true).passed).toHaveLength(99_999);
    expect([flags(ahead(first!)), flags(behind(graph.layers.at(-1)!))]).toEqual(['boundary', 'boundary']);
  });
});

it('activationDropouts leaves out weights and rates of 0', () => {
  expect(activationDropouts(graphOf('linear(8,connect=0.5) → dropout(0) → relu → dropout(0.5) → linear(4)')).map((layer) => layer.rate)).toEqual([0.5]);
});

describe('onOneWay', () => {
  it.each<readonly [chain: string, among: readonly number[], of: number, found: string]>([
    ['linear(8) → dropout(0.1) → relu → linear(8) → dropout(0.2) → linear(4)', [1], 0, '0.2'],
    ['linear(8) → dropout(0.1) → relu → linear(8) → dropout(0.2) → linear(4)', [0], 1, '0.1'],
    ['linear(8) → dropout(0.1) → residual{ linear(8) → dropout(0.2) } → linear(4)', [1], 0, '0.2'],
    ['linear(8) → concat{ linear(8) → dropout(0.1) | linear(8) → dropout(0.2) } → linear(4)', [1], 0, 'none'],
    ['linear(8) → concat{ linear(8) → dropout(0.1) | linear(8) → dropout(0.2) } → dropout(0.3) → linear(4)', [2], 0, '0.3'],
    ['linear(8) → dropout(0.1) → linear(4)', [0], 0, 'none'],
  ])('%s: of %j for %i', (chain, among, of, found) => {
    const graph = graphOf(chain);
    const dropouts = graph.layersOf('dropout');
    const other = onOneWay(graph, new Set(among.map((index) => dropouts[index]!)))(dropouts[of]!);
    expect(other?.kind === 'dropout' ? String(Math.round(10 * other.rate!) / 10) : 'none').toBe(found);
  });
});
