/** Many files: here or in a pool of workers, with a cache or without. The order of the results is that of the files. */
import os from 'node:os';
import { fileURLToPath } from 'node:url';
import { MessageChannel } from 'node:worker_threads';
import type { Tinypool } from 'tinypool';
import type { ResultCache } from './cache.js';
import { endProofs, perform, type Job, type JobResult, type OnPhase, type Phase } from './job.js';

export interface Progress {
  readonly file: string;
  readonly phase: Phase;
  readonly done: number;
  readonly total: number;
}

export interface RunAllOptions {
  /** Workers at most; 1 works in this thread. Default: by the number of processors and of files. */
  readonly concurrency?: number;
  readonly cache?: ResultCache;
  /** What is known by then is what is returned. */
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: Progress) => void | Promise<void>;
}

/** A worker is worth its start for so many files; proofs take longer. */
const FILES_PER_WORKER = 40;
const FIXED_FILES_PER_WORKER = 2;

/** In the order of the jobs; those that `signal` cut off are missing. */
export async function runAll(jobs: readonly Job[], options: RunAllOptions = {}): Promise<readonly JobResult[]> {
  const { cache, signal, onProgress } = options;
  const results = new Array<JobResult | undefined>(jobs.length);
  let done = 0;
  const open: number[] = [];
  for (const [index, job] of jobs.entries()) {
    results[index] = await cache?.get(job);
    if (results[index]) done += 1;
    else open.push(index);
  }
  const workers = Math.min(open.length, options.concurrency ?? automaticConcurrency(open.map((index) => jobs[index]!)));
  const run = workers > 1 ? await inPool(workers, signal) : { perform: (job: Job, onPhase: OnPhase) => perform(job, onPhase, signal), close: async () => undefined };
  const abort = (): void => void endProofs();
  signal?.addEventListener('abort', abort);
  try {
    const next = open.values();
    const work = async (): Promise<void> => {
      for (const index of next) {
        if (signal?.aborted) return;
        const job = jobs[index]!;
        const result = await orAborted(run.perform(job, (phase) => onProgress?.({ file: job.file, phase, done, total: jobs.length })), signal);
        if (!result) return;
        results[index] = result;
        done += 1;
        await cache?.set(job, result);
      }
    };
    await Promise.all(Array.from({ length: Math.max(1, workers) }, work));
  } finally {
    signal?.removeEventListener('abort', abort);
    await run.close();
  }
  return results.filter((result) => result !== undefined);
}

function automaticConcurrency(jobs: readonly Job[]): number {
  const perWorker = jobs.some(({ fix }) => fix) ? FIXED_FILES_PER_WORKER : FILES_PER_WORKER;
  return Math.min(os.availableParallelism(), Math.ceil(jobs.length / perWorker));
}

type Perform = (job: Job, onPhase: OnPhase) => Promise<JobResult>;

/** `undefined` for a job that the signal has ended. */
async function orAborted(result: Promise<JobResult>, signal: AbortSignal | undefined): Promise<JobResult | undefined> {
  try {
    return await result;
  } catch (error) {
    if (signal?.aborted) return undefined;
    throw error;
  }
}

async function inPool(workers: number, signal: AbortSignal | undefined): Promise<{ readonly perform: Perform; close(): Promise<void> }> {
  const { default: Pool } = await import('tinypool');
  const pool: Tinypool = new Pool({
    filename: fileURLToPath(new URL(import.meta.url.endsWith('.ts') ? './worker-from-source.mjs' : './worker.js', import.meta.url)),
    minThreads: workers,
    maxThreads: workers,
    concurrentTasksPerWorker: 1,
  });
  return {
    close: () => pool.destroy(),
    async perform(job, onPhase) {
      const { port1, port2 } = new MessageChannel();
      const abort = (): void => port1.postMessage('abort');
      port1.on('message', (phase: Phase) => void onPhase(phase));
      signal?.addEventListener('abort', abort);
      try {
        return (await pool.run({ job, port: port2 }, { transferList: [port2] })) as JobResult;
      } finally {
        signal?.removeEventListener('abort', abort);
        port1.close();
      }
    },
  };
}
