import fs from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readOnnx, readOnnxBytes } from '../../src/formats/onnx/document.js';
import { prove } from '../../src/verify/index.js';
import { ExecutionError, Pool } from '../../src/verify/pool.js';
import type { RunJob } from '../../src/verify/jobs.js';
import { toOnnx } from '../support/chain.js';

const unreliable = new URL('./workers/unreliable.mjs', import.meta.url);
const job = (folder: string): RunJob => ({ kind: 'run', model: { bytes: new Uint8Array(), folder }, settings: { level: 'disabled', keepDropout: false }, feeds: [] });

describe('a child that fails takes nothing along', () => {
  let pool: Pool;
  beforeAll(() => { pool = new Pool({ worker: unreliable }); });
  afterAll(() => pool.close());

  it.each([
    ['crash', /ended \(SIGSEGV\)/],
    ['abort', /ended \(SIGABRT\)/],
    ['exit', /ended \(exit code 3\)/],
    ['out-of-memory', /killed \(SIGKILL\): most likely out of memory/],
  ])('%s', async (folder, message) => {
    const [bad, good] = [pool.run(job(folder)), pool.run(job('fine'))];
    await expect(bad).rejects.toThrow(message);
    await expect(bad).rejects.toBeInstanceOf(ExecutionError);
    await expect(good).resolves.toEqual({ outcome: 'ran', outputs: [] });
  });

  it('hang', async () => {
    const [bad, good] = [pool.run(job('hang'), 300), pool.run(job('fine'))];
    await expect(bad).rejects.toThrow('onnxruntime did not finish within 0.3 s');
    await expect(good).resolves.toMatchObject({ outcome: 'ran' });
  });

  it('an error of the job is no failure of the child', async () => {
    await expect(pool.run(job('throw'))).rejects.toThrow('no kernel');
    await expect(pool.run(job('fine'))).resolves.toMatchObject({ outcome: 'ran' });
  });

  it('closing rejects what waits, and the pool can be used again', async () => {
    const waiting = [pool.run(job('hang')), pool.run(job('fine'))];
    const settled = Promise.allSettled(waiting);
    pool.close();
    expect((await settled).map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    await expect(pool.run(job('fine'))).resolves.toMatchObject({ outcome: 'ran' });
  });
});

describe('a proof', () => {
  const model = () => readOnnxBytes(toOnnx('input(4) → linear(4) → dropout(0.5) → relu → linear(2)'));

  it('ends as not executable when its child hangs, and the next one runs', async () => {
    const hanging = { run: () => Promise.reject(new ExecutionError('onnxruntime did not finish within 1 s')) } as unknown as Pool;
    const proof = await prove(model(), model(), 'inference-exact', { pool: hanging });
    expect(proof).toMatchObject({ verdict: 'unverifiable', reason: 'Not executable: onnxruntime did not finish within 1 s.' });
    const pool = new Pool();
    expect((await prove(model(), model(), 'inference-exact', { pool })).verdict).toBe('proven');
    pool.close();
  });

  const crashing = '/usr/share/libonnx-testdata/data/node/test_if_opt/model.onnx';
  it.skipIf(!fs.existsSync(crashing))('survives a model of libonnx-testdata that crashes onnxruntime', async () => {
    const pool = new Pool();
    const proof = await prove(readOnnx(crashing), readOnnx(crashing), 'inference-exact', { pool });
    expect(proof.verdict).toBe('unverifiable');
    expect((await prove(model(), model(), 'inference-exact', { pool })).verdict).toBe('proven');
    pool.close();
  });
});
