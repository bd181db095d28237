import { afterAll, describe, expect, it } from 'vitest';
import { readOnnxBytes } from '../../src/formats/onnx/document.js';
import type { OnnxDocument } from '../../src/formats/onnx/document.js';
import type { Edit } from '../../src/graph/edits.js';
import { move, remove, replace } from '../../src/graph/edits.js';
import type { Graph } from '../../src/graph/graph.js';
import { prove } from '../../src/verify/index.js';
import { Pool } from '../../src/verify/pool.js';
import { changedRegion } from '../../src/verify/region.js';
import { toOnnx } from '../support/chain.js';
import type { OnnxOptions } from '../support/chain.js';

const pool = new Pool();
afterAll(() => pool.close());

/** The region of an edit of the first dropout. */
function edited(chain: string, edit: (graph: Graph) => Edit, options: OnnxOptions = {}): { before: OnnxDocument; after: OnnxDocument } {
  const before = readOnnxBytes(toOnnx(chain, { opset: 13, ...options }));
  const graph = before.models[0]!.variants[0]!.find((each) => each.layersOf('dropout').length > 0)!;
  const { splices, refusals } = before.lower([[edit(graph)]]);
  expect(refusals).toEqual([undefined]);
  return { before, after: before.withSplices(splices) };
}

const operators = ({ after }: { after: OnnxDocument }, nodes: ReadonlySet<unknown>) => after.record.graph.nodes.filter((node) => nodes.has(node)).map(({ opType }) => opType);
const long = (middle: string) => `input(3,16,16) → ${'conv2d(4) → relu → '.repeat(6)}conv2d(4) → ${middle} → ${'conv2d(4) → relu → '.repeat(6)}global-avg-pool → flatten → linear(3)`;
const dropoutOf = (graph: Graph) => graph.layersOf('dropout')[0]!;

describe('the region of an edit', () => {
  it.each(['static', 'symbolic'] as const)('is what it moves across, batch %s', (batch) => {
    const pair = edited(long('dropout(0.3) → batch-norm → relu'), (graph) => {
      const dropout = dropoutOf(graph);
      return move(dropout).after(dropout.outputs[0]!.consumers[0]!.outputs[0]!.consumers[0]!);
    }, { batch });
    const region = changedRegion(pair.before, pair.after)!;
    expect(operators(pair, region.after).toSorted()).toEqual(['BatchNormalization', 'Dropout', 'Relu']);
    expect(region.inputs).toHaveLength(1);
    expect(region.outputs).toHaveLength(1);
    expect(region.inputs[0]!.shape).toEqual([batch === 'static' ? 2 : 'batch', 4, 16, 16]);
  });

  it('takes in masks and templates', () => {
    const pair = edited(long('spatial-dropout(0.3) → relu'), (graph) => move(dropoutOf(graph)).after(dropoutOf(graph).outputs[0]!.consumers[0]!), { batch: 'symbolic', opset: 17 });
    const region = changedRegion(pair.before, pair.after)!;
    expect(operators(pair, region.after)).toContain('RandomUniformLike');
    expect(region.inputs.map(({ shape }) => shape)).toEqual([['batch', 4, 16, 16]]);
  });

  it('is not to be had where functions change, and the whole is run', async () => {
    const whole = edited('input(4) → linear(4) → dropout(0.5) → relu → linear(2)', (graph) => remove(dropoutOf(graph)));
    expect(changedRegion(whole.before, whole.before)).toBeUndefined();
    expect((await prove(whole.before, whole.before, 'exact', { pool, scope: 'changed' })).verdict).toBe('proven');
  });
});

describe('proofs on the region alone', () => {
  const relu = (graph: Graph) => move(dropoutOf(graph)).after(dropoutOf(graph).outputs[0]!.consumers[0]!);
  it.each([
    ['exact', long('dropout(0.3) → relu'), relu, 'exact'],
    ['replaced', long('relu → dropout(0.3)'), (graph: Graph) => replace(dropoutOf(graph), { kind: 'dropout', rate: 0.3, unit: 'channel' }), 'inference-exact'],
    ['removed', long('relu → dropout(0.3)'), (graph: Graph) => remove(dropoutOf(graph)), 'inference-exact'],
  ] as const)('%s', async (_, chain, edit, claim) => {
    const { before, after } = edited(chain, edit);
    const proof = await prove(before, after, claim, { pool, scope: 'changed' });
    expect(proof.reason).toBeUndefined();
    expect(proof.checks.find(({ check }) => check === 'inference')!.detail).toMatch(/in the part that the edit changed \(\d of 31 nodes\)|in the part that the edit changed/);
  });

  it('are refuted like the whole', async () => {
    const { before, after } = edited(long('dropout(0.3) → sigmoid'), relu);
    for (const scope of ['changed', 'whole'] as const) expect((await prove(before, after, 'exact', { pool, scope })).verdict).toBe('refuted');
  });
});
