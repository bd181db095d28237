/**
 * Random edits on random models: is the class that src/graph computes true? `npm run random-edits [number]`, 2 000 of
 * them at night. Prints each counterexample with its seed, and exits with 1 when there is one.
 */
import { Pool } from '../src/verify/pool.js';
import { tryEdit } from '../test/verify/random-edits.js';

const wanted = Number(process.argv[2] ?? 2000);
const pool = new Pool({ size: 2 });
const claims = new Map<string, number>();
let counterexamples = 0;
let seed = 0;
let done = 0;

await Promise.all([work(), work()]);
pool.close();
console.log(`${done} edits confirmed or refuted (${[...claims].map(([claim, count]) => `${count} ${claim}`).join(', ')}): ${counterexamples} counterexamples.`);
if (counterexamples > 0) process.exitCode = 1;

async function work(): Promise<void> {
  while (done < wanted) {
    const own = ++seed;
    const trial = await tryEdit(own, pool);
    if (!trial) continue;
    done++;
    claims.set(trial.claim, (claims.get(trial.claim) ?? 0) + 1);
    if (trial.counterexample === undefined) continue;
    counterexamples++;
    console.log(`seed ${own}: ${trial.edits}, claimed ${trial.claim}: ${trial.counterexample}\n  ${trial.chain} ${JSON.stringify(trial.options)}`);
  }
}
