/** The child process: the only place where native code runs. One job at a time, one answer for each. */
import { compare } from './run-compare.js';
import { checkMultiples } from './run-multiples.js';
import { measure } from './run-statistics.js';
import type { Job, RunJob, RunResult } from './jobs.js';
import { Session, forgetDrawnWeights } from './session.js';

process.on('message', (job: Job) => {
  void perform(job).finally(forgetDrawnWeights).then((result) => process.send!({ result }), (error: unknown) => process.send!({ error: messageOf(error) }));
});
process.on('disconnect', () => process.exit());

function perform(job: Job): Promise<unknown> {
  switch (job.kind) {
    case 'compare': return compare(job);
    case 'multiples': return checkMultiples(job);
    case 'run': return run(job);
    case 'statistics': return measure(job);
  }
}

async function run({ model, settings, feeds }: RunJob): Promise<RunResult> {
  try {
    const session = await Session.create(model, settings);
    const outputs = [];
    for (const feed of feeds) outputs.push(await session.run(feed));
    await session.release();
    return { outcome: 'ran', outputs };
  } catch (error) {
    return { outcome: 'failed', reason: messageOf(error) };
  }
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
