import { afterAll, expect, it } from 'vitest';
import { classify } from '../../src/graph/commutation.js';
import type { Edit } from '../../src/graph/edits.js';
import type { ActivationLayer } from '../../src/graph/layers.js';
import { Pool } from '../../src/verify/pool.js';
import { tryEdit } from './random-edits.js';
import type { Classify, Trial } from './random-edits.js';

const pool = new Pool({ size: 2 });
afterAll(() => pool.close());

/** `npm run random-edits 2000` goes on from here. */
async function trials(count: number, claims?: Classify): Promise<Trial[]> {
  const found: Trial[] = [];
  for (let seed = 1; found.length < count; seed++) {
    const trial = await tryEdit(seed, pool, claims);
    if (trial) found.push(trial);
  }
  return found;
}

it('the class that src/graph computes is confirmed by execution, on 100 random edits', async () => {
  const found = await trials(100);
  expect(found.filter(({ counterexample }) => counterexample !== undefined)).toEqual([]);
  expect(new Set(found.map(({ claim }) => claim))).toEqual(new Set(['exact', 'exact-in-distribution', 'inference-exact']));
}, 120_000);

it('a wrong entry of the commutation table does not get through: ReLU6 declared homogeneous', async () => {
  const asRelu = (edit: Edit): Edit => {
    if (edit.type !== 'move') return edit;
    for (const { layers } of [edit.target.graph]) for (const layer of layers) if (layer.kind === 'activation' && layer.function === 'relu6') (layer as { function: ActivationLayer['function'] }).function = 'relu';
    return edit;
  };
  const found = await trials(150, (edits) => classify(edits.map(asRelu)));
  const wrong = found.filter(({ counterexample }) => counterexample !== undefined);
  expect(wrong.length).toBeGreaterThan(0);
  expect(wrong.every(({ claim, chain }) => claim === 'exact' && chain.includes('relu6'))).toBe(true);
}, 120_000);
