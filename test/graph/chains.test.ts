/** Shared ways through a graph: the same as walking each, in linear time. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { GraphBuilder, createValue } from '../../src/graph/graph.js';
import type { Layer } from '../../src/graph/layers.js';
import { chains, follow, onlyProducer } from '../../src/graph/traversal.js';

const KINDS = ['activation', 'reshape', 'normalization', 'linear', 'opaque'] as const;

/** Layer i reads the result of an earlier layer (or the input), so that ways back meet: a tree. */
function tree(kinds: readonly (typeof KINDS)[number][], parents: readonly number[]): Layer[] {
  const graph = new GraphBuilder('graph', 'tree', 'model');
  const input = createValue('x', { isGraphInput: true });
  return kinds.map((kind, i) => {
    const parent = i === 0 ? input : graph.layers[parents[i]! % i]!.outputs[0]!;
    return graph.add({ kind, key: String(i), type: kind, inputs: [parent], outputs: [createValue(`v${i}`)], origin: { path: String(i), name: String(i), order: i }, graph, parameters: 0 } as unknown as Layer);
  });
}

describe('chains', () => {
  it('end where follow ends and gather what it passes, nearest first', () => {
    fc.assert(fc.property(fc.array(fc.tuple(fc.constantFrom(...KINDS), fc.nat(1000)), { minLength: 1, maxLength: 60 }), fc.array(fc.nat(59), { maxLength: 30 }), (nodes, starts) => {
      const layers = tree(nodes.map(([kind]) => kind), nodes.map(([, parent]) => parent));
      const pass = (layer: Layer) => layer.kind !== 'linear' && layer.kind !== 'opaque';
      const back = chains<readonly string[]>(onlyProducer, pass, [], (layer, beyond) => [layer.key, ...beyond]);
      for (const start of [...starts.filter((each) => each < layers.length), 0]) {
        const { end, passed } = follow(layers[start]!, onlyProducer, pass);
        expect(back(layers[start]!)).toEqual({ end, facts: passed.map(({ key }) => key) });
      }
    }));
  });

  it('asks for each step once, however many start on one way', () => {
    const layers = tree(new Array<'activation'>(2_000).fill('activation'), Array.from({ length: 2_000 }, (_, i) => i - 1));
    let steps = 0;
    const back = chains((layer) => ((steps += 1), onlyProducer(layer)), () => true, 0, (_, count) => count + 1);
    const counts = layers.toReversed().map((layer) => back(layer).facts);
    expect(counts).toEqual(Array.from({ length: 2_000 }, (_, i) => 1_999 - i));
    expect(steps).toBe(2_000);
  });
});
