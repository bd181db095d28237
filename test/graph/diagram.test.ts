import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { toOnnx } from '../../fixtures/chain/onnx.js';
import { readOnnxBytes } from '../../src/formats/onnx/document.js';
import { diagramOf, neighbourhoodOf, type Diagram } from '../../src/graph/diagram.js';
import { foldGraph } from '../../src/graph/fold.js';
import type { Graph } from '../../src/graph/graph.js';
import type { Layer } from '../../src/graph/layers.js';
import { placed } from '../../src/report/picture/layout.js';
import { dot, mermaid } from '../../src/report/picture/text.js';
import { ChainDocument } from '../support/chain-document.js';

const graphOf = (text: string): Graph => new ChainDocument(text).models[0]!.variants[0]![0]!;
const onnx = (chain: string): Graph => readOnnxBytes(toOnnx(chain)).models[0]!.variants[0]![0]!;
const chainOf = (count: number, block: readonly string[]): string => Array.from({ length: count }, (_, index) => block.map((layer, k) => layer.replace(/^\S+/, (kind) => `${kind}@l${index}_${k}`))).flat().join(' → ');

const text = ({ boxes, arrows }: Diagram): string => arrows.map(([from, to]) => `${boxes[from]!.label} → ${boxes[to]!.label}`).join('\n');
const isAcyclic = ({ boxes, arrows }: Diagram): boolean => {
  const open = new Map(boxes.map(({ id }) => [id, 0]));
  for (const [, to] of arrows) open.set(to, open.get(to)! + 1);
  const ready = [...open].filter(([, count]) => count === 0).map(([id]) => id);
  let done = 0;
  for (let id = ready.pop(); id !== undefined; id = ready.pop()) {
    done += 1;
    for (const [from, to] of arrows) if (from === id && open.set(to, open.get(to)! - 1).get(to) === 0) ready.push(to);
  }
  return done === boxes.length;
};

it('draws layers, inputs, outputs, and marks', () => {
  const graph = onnx('linear(16) → dropout(0.5) → gelu → linear(4)');
  const [dropout] = graph.layersOf('dropout');
  const diagram = diagramOf(graph, foldGraph(graph, new Set()), new Map([[dropout!, 'found']]));
  expect(text(diagram)).toMatchInlineSnapshot(`
    "input [2, 16] → linear 16
    linear 16 → dropout 0.5 (live)
    dropout 0.5 (live) → gelu
    gelu → linear 4
    linear 4 → output [2, 4]"
  `);
  expect(diagram.boxes.filter(({ mark }) => mark)).toMatchObject([{ kind: 'dropout', mark: 'found', detail: expect.stringContaining('Dropout') as string }]);
});

it('neighbourhoodOf says where the graph goes on', () => {
  const graph = graphOf('linear@a → relu@b → dropout@c 0.5 → gelu@d → linear@e → tanh@f');
  const at = graph.layers[2]!;
  expect(text(neighbourhoodOf(at, new Map(), 1))).toBe('… → relu\nrelu → dropout 0.5 (unspecified)\ndropout 0.5 (unspecified) → gelu\ngelu → …');
});

describe('foldGraph', () => {
  it('keeps what is near a finding, and folds the rest', () => {
    const graph = graphOf(`${chainOf(30, ['linear', 'relu'])} → dropout@here 0.5 → ${chainOf(30, ['linear', 'gelu', 'dropout 0.2']).replaceAll('@l', '@m')}`);
    const here = graph.layers.find(({ key }) => key === 'here')!;
    const groups = foldGraph(graph, new Set([here]));
    expect(groups.map(({ layers, label, detail }) => (label ? `${label}: ${detail}` : layers[0]!.key))).toEqual([
      '57 layers: 29 linear, 28 relu', 'l28_1', 'l29_0', 'l29_1', 'here', 'm0_0', 'm0_1', 'm0_2', '87 layers: 29 × (linear, gelu, dropout)',
    ]);
  });

  it('shows a repeated block once', () => {
    const groups = foldGraph(graphOf(`${chainOf(40, ['linear', 'relu', 'dropout 0.1'])} → tanh@end`), new Set());
    expect(groups.map(({ layers, label }) => label ?? layers[0]!.key)).toEqual(['l0_0', 'l0_1', 'l0_2', 'the same 39 more times', 'end']);
  });

  it('folds small graphs not at all, and any graph without losing, repeating or reordering a layer, or making a cycle', () => {
    const layers = fc.array(fc.constantFrom('relu', 'gelu', 'linear', 'dropout 0.5'), { minLength: 1, maxLength: 120 });
    fc.assert(fc.property(layers, fc.array(fc.nat(119), { maxLength: 3 }), (kinds, found) => {
      const graph = graphOf(kinds.map((layer, index) => layer.replace(/^\S+/, (kind) => `${kind}@l${index}`)).join(' → '));
      const matters = new Set(found.flatMap((index): Layer[] => graph.layers.slice(index, index + 1)));
      const groups = foldGraph(graph, matters, { limit: 20 });
      expect(groups.flatMap((group) => group.layers)).toEqual(graph.layers);
      if (kinds.length <= 20) expect(groups).toHaveLength(kinds.length);
      if (matters.size === 0) expect(groups.length).toBeLessThanOrEqual(Math.max(kinds.length <= 20 ? kinds.length : 0, 24));
      for (const layer of matters) expect(groups.some((group) => group.layers.length === 1 && group.layers[0] === layer && !group.label)).toBe(true);
      expect(isAcyclic(diagramOf(graph, groups, new Map()))).toBe(true);
    }), { numRuns: 60 });
  });

  it('a graph of 100 000 layers is folded in a moment', () => {
    const graph = graphOf(chainOf(50_000, ['linear', 'relu']));
    const started = performance.now();
    expect(foldGraph(graph, new Set()).length).toBeLessThan(10);
    expect(foldGraph(graph, new Set([graph.layers[50_000]!])).length).toBeLessThan(12);
    expect(performance.now() - started).toBeLessThan(20_000);
  });
});

it('boxes stand inside the picture and do not overlap', () => {
  const graph = onnx('conv2d(8) → batch-norm → relu → conv2d(8) → dropout(0.3) → relu → flatten → linear(4)');
  const { boxes, width, height, arrows } = placed(diagramOf(graph, foldGraph(graph, new Set()), new Map()));
  for (const box of boxes) {
    expect(box.x - box.width / 2).toBeGreaterThanOrEqual(0);
    expect(box.x + box.width / 2).toBeLessThanOrEqual(width);
    expect(box.y + box.height / 2).toBeLessThanOrEqual(height);
    for (const other of boxes) {
      if (other.id <= box.id) continue;
      const apart = Math.abs(box.x - other.x) >= (box.width + other.width) / 2 || Math.abs(box.y - other.y) >= (box.height + other.height) / 2;
      expect(apart, `${box.label}, ${other.label}`).toBe(true);
    }
  }
  expect(arrows.every(({ points }) => points.every(({ x, y }) => x >= 0 && y >= 0 && x <= width && y <= height))).toBe(true);
});

describe('as text', () => {
  const diagram: Diagram = { title: 'graph "main"', boxes: [{ id: 0, label: 'a "b" \\ [c]', detail: 'x_1<y>', kind: 'dropout', mark: 'found' }, { id: 1, label: 'out', kind: 'output' }], arrows: [[0, 1]] };
  it('dot escapes quotes and backslashes', () => {
    expect(dot([{ diagrams: [diagram] }])).toContain('c0_0 [label="a \\"b\\" \\\\ [c]\\nx_1<y>", fillcolor="#ffebe9"');
  });

  it('mermaid writes what it could misread as entities', () => {
    const written = mermaid([{ title: 'before', diagrams: [diagram] }]);
    expect(written).toContain('c0_0["a #34;b#34; #92; #91;c#93;<br/>x#95;1#60;y#62;"]:::found');
    expect(written).toContain('subgraph g0["before: graph #34;main#34;"]');
  });
});
