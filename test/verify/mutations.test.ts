import path from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { Pool } from '../../src/verify/pool.js';
import { MUTATIONS } from './mutations/catalogue.js';
import type { Mutation } from './mutations/catalogue.js';
import { examine } from './mutations/run.js';
import type { Outcome } from './mutations/run.js';
import { exported, handmade } from './mutations/sources.js';

const pool = new Pool({ size: 2 });
afterAll(() => pool.close());

/** Two mutants of each kind here; `npm run mutants` makes hundreds, over the whole zoo. */
const PER_KIND = 2;
const sources = [...handmade(), ...exported(path.resolve(import.meta.dirname, '../../fixtures/torch'))];

async function mutantsOf(mutation: Mutation): Promise<Outcome[]> {
  const found: Outcome[] = [];
  for (let i = 0; i < 3 * sources.length && found.length < PER_KIND; i++) {
    const outcome = await examine(sources[(i + 5 * MUTATIONS.indexOf(mutation)) % sources.length]!, mutation, i, pool);
    if (outcome) found.push(outcome);
  }
  return found;
}

const named = (accept: (mutation: Mutation) => boolean) => MUTATIONS.filter(accept).map((mutation) => [mutation.kind, mutation] as const);

describe('a wrong rewrite is caught, without erasure and without execution', () => {
  it.each(named(({ changes }) => changes !== 'nothing'))('%s', async (_, mutation) => {
    const mutants = await mutantsOf(mutation);
    expect(mutants.length).toBeGreaterThan(0);
    expect(mutants.filter(({ withoutErasure, withoutExecution }) => !withoutErasure || !withoutExecution)).toEqual([]);
  });
});

describe('a harmless rewrite is not accused', () => {
  it.each(named(({ changes }) => changes === 'nothing'))('%s', async (_, mutation) => {
    const mutants = await mutantsOf(mutation);
    expect(mutants.length).toBeGreaterThan(0);
    expect(mutants.flatMap(({ accused, source }) => (accused === undefined ? [] : [`${source}: ${accused}`]))).toEqual([]);
  });
});

it('at least 25 kinds change the model', () => {
  expect(MUTATIONS.filter(({ changes }) => changes !== 'nothing').length).toBeGreaterThanOrEqual(25);
});
