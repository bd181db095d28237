/** A worker thread of the pool: does one job at a time, and says through a port of the job's own how far it is; any message there ends it. */
import type { MessagePort } from 'node:worker_threads';
import { endProofs, perform, type Job, type JobResult } from './job.js';

export default async function work({ job, port }: { readonly job: Job; readonly port: MessagePort }): Promise<JobResult> {
  const controller = new AbortController();
  port.once('message', () => {
    controller.abort();
    void endProofs();
  });
  try {
    return await perform(job, (phase) => port.postMessage(phase), controller.signal);
  } finally {
    port.close();
  }
}
