/**
 * Tries to fool the verifier: `npm run mutants [number]` spoils models in every way of the catalogue, and prints what
 * caught each kind of wrong rewrite. Exits with 1 when one gets through, or when a harmless one is accused.
 */
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { MUTATIONS } from '../test/verify/mutations/catalogue.js';
import type { Mutation } from '../test/verify/mutations/catalogue.js';
import { examine } from '../test/verify/mutations/run.js';
import type { Outcome, Source } from '../test/verify/mutations/run.js';
import { exported, handmade, zoo } from '../test/verify/mutations/sources.js';
import { Pool } from '../src/verify/pool.js';

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
const PER_KIND = Number(process.argv[2] ?? 16);

const pool = new Pool({ size: 2 });
const sources = [...handmade(), ...zoo(), ...exported(path.resolve(root, '../shared/data/torch'))];
console.log(`${MUTATIONS.length} kinds, up to ${PER_KIND} mutants of each, ${sources.length} models`);
const outcomes = (await Promise.all(MUTATIONS.map((mutation, k) => mutantsOf(mutation, k)))).flat();
pool.close();
report(outcomes);

/** Each time another model, from another starting point for each kind. */
async function mutantsOf(mutation: Mutation, k: number): Promise<Outcome[]> {
  const found: Outcome[] = [];
  for (let i = 0; i < 4 * sources.length && found.length < PER_KIND; i++) {
    const source: Source = sources[(i * 7 + k * 3) % sources.length]!;
    const outcome = await examine(source, mutation, 1000 * k + i, pool);
    if (outcome) found.push(outcome);
  }
  return found;
}

function report(all: readonly Outcome[]): void {
  const columns = ['mutants', 'erasure', 'laws', 'dropouts', 'inference', 'same-mask', 'no erasure', 'no execution'] as const;
  console.log(['kind'.padEnd(52), 'changes'.padEnd(10), ...columns.map((column) => column.padStart(12))].join(''));
  for (const { kind, changes } of MUTATIONS) {
    const own = all.filter((outcome) => outcome.kind === kind);
    const count = (accept: (outcome: Outcome) => boolean): number => own.filter(accept).length;
    const cells = changes === 'nothing'
      ? [own.length, `${count(({ accused }) => accused !== undefined)} accused`]
      : [
        own.length, count(({ caught }) => caught.erasure), count(({ caught }) => caught.laws), count(({ caught }) => caught.dropouts),
        count(({ caught }) => caught.inference), count(({ caught }) => caught.sameMask), count(({ withoutErasure }) => withoutErasure), count(({ withoutExecution }) => withoutExecution),
      ];
    console.log([kind.padEnd(52), changes.padEnd(10), ...cells.map((cell) => String(cell).padStart(12))].join(''));
  }
  const changing = all.filter(({ changes }) => changes !== 'nothing');
  const missed = changing.filter(({ withoutErasure, withoutExecution }) => !withoutErasure || !withoutExecution);
  const accused = all.filter((outcome) => outcome.accused !== undefined);
  for (const { kind, source, seed, withoutErasure, withoutExecution } of missed) {
    console.log(`missed: ${kind} in ${source} (seed ${seed})${withoutErasure ? '' : ', without erasure'}${withoutExecution ? '' : ', without execution'}`);
  }
  for (const { kind, source, seed, accused: reason } of accused) console.log(`accused: ${kind} in ${source} (seed ${seed}): ${reason}`);
  console.log(`${all.length} mutants of ${MUTATIONS.length} kinds: ${changing.length} change the model, ${missed.length} of them missed; ${all.length - changing.length} change nothing, ${accused.length} of them accused.`);
  if (missed.length > 0 || accused.length > 0) process.exitCode = 1;
}
