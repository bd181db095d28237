import { appendFileSync, readFileSync, statSync, utimesSync } from 'node:fs';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { toOnnx } from '../../fixtures/chain/onnx.js';
import { ResultCache } from '../../src/lint/batch/cache.js';
import type { Job } from '../../src/lint/batch/job.js';
import { runAll, type Progress } from '../../src/lint/batch/run-all.js';
import { filesOfShard, parseShard } from '../../src/lint/batch/shard.js';
import { withExternalData } from '../support/external-data.js';
import { Project } from '../support/project.js';
import { closeVerifier } from '../../src/verify/index.js';

const GELU = toOnnx('linear(16) → dropout(0.5) → gelu → linear(4)');
const NAMES = Array.from({ length: 12 }, (_, index) => `m${String(index).padStart(2, '0')}.onnx`);
let project: Project;
beforeAll(() => {
  project = new Project(Object.fromEntries(NAMES.map((name, index) => [name, index % 3 === 1 ? 'no model' : index % 3 === 2 ? toOnnx('linear(16) → relu → dropout(0.5) → linear(4)') : GELU])));
});
afterAll(() => {
  closeVerifier();
  project.remove();
});

const job = (name: string, extra: Partial<Job> = {}): Job => ({
  file: project.at(name), configuration: { preset: 'recommended', mode: 'training', rules: {}, nodes: [] }, illustrated: false, replacements: false, ...extra,
});

describe('runAll', () => {
  it('gives the same results in the same order, whatever the concurrency', async () => {
    const jobs = NAMES.map((name) => job(name, { illustrated: true }));
    const alone = await runAll(jobs, { concurrency: 1 });
    expect(alone.map(({ result }) => result.filePath)).toEqual(NAMES.map((name) => project.at(name)));
    expect(await runAll(jobs, { concurrency: 2 })).toEqual(alone);
  });

  it('fixes and proves in workers', async () => {
    const copies = new Project({ 'a.onnx': GELU, 'b.onnx': GELU });
    const jobs = ['a.onnx', 'b.onnx'].map((name) => job(name, { file: copies.at(name), fix: { classes: ['exact', 'inference-exact'], level: 'warn', verify: true, write: true } }));
    const phases = new Set<string>();
    const done = await runAll(jobs, { concurrency: 2, onProgress: ({ phase }) => void phases.add(phase) });
    expect(done.map(({ result }) => result.fixed?.map(({ proof }) => proof?.verdict))).toEqual([['proven'], ['proven']]);
    expect(done[0]!.patch).toMatch(/^-.*dropout 0\.5[\s\S]*^\+.*dropout 0\.5/m);
    expect([...phases].sort()).toEqual(['checking', 'proving', 'reading']);
    expect(readFileSync(copies.at('a.onnx')).equals(Buffer.from(GELU))).toBe(false);
    copies.remove();
  });

  it.each([1, 2])('stops at a signal with what is known so far (concurrency %i)', async (concurrency) => {
    const controller = new AbortController();
    const seen: Progress[] = [];
    const done = await runAll(NAMES.map((name) => job(name)), {
      concurrency, signal: controller.signal,
      onProgress: async (progress) => {
        seen.push(progress);
        if (progress.done >= 3) controller.abort();
        await new Promise((resolve) => setImmediate(resolve));
      },
    });
    expect(done.length).toBeGreaterThanOrEqual(3);
    expect(done.length).toBeLessThan(NAMES.length);
    expect(seen.every(({ total }) => total === NAMES.length)).toBe(true);
  });
});

describe('the cache', () => {
  const CACHE = () => project.at('.droplintcache');
  const run = async (jobs: readonly Job[], strategy: 'content' | 'metadata' = 'content') => {
    const cache = new ResultCache(CACHE(), strategy);
    const read: string[] = [];
    const done = await runAll(jobs, { concurrency: 1, cache, onProgress: ({ file, phase }) => void (phase === 'reading' && read.push(file.slice(project.folder.length + 1))) });
    cache.save();
    return { read, done };
  };

  it('reads only what has changed: content, configuration, external weights', async () => {
    project.remove('.droplintcache');
    const { model, weights } = withExternalData('linear(16) → dropout(0.5) → gelu → linear(4)', 'weights.bin');
    project.write('external.onnx', model);
    project.write('weights.bin', weights);
    project.write('net.ts', "import * as tf from '@tensorflow/tfjs';\nimport { head } from './head.js';\nconst m = tf.sequential();\nm.add(head());\n");
    project.write('head.ts', "import * as tf from '@tensorflow/tfjs';\nexport const head = () => tf.layers.dense({ units: 2, inputShape: [2] });\n");
    const jobs = ['m00.onnx', 'm01.onnx', 'external.onnx', 'net.ts'].map((name) => job(name));
    const first = await run(jobs);
    expect(first.read).toHaveLength(4);
    const second = await run(jobs);
    expect(second).toEqual({ read: [], done: first.done });
    // The time of a file is no content.
    utimesSync(project.at('m00.onnx'), 1, 1);
    expect((await run(jobs)).read).toEqual([]);
    appendFileSync(project.at('weights.bin'), 'x');
    expect((await run(jobs)).read).toEqual(['external.onnx']);
    appendFileSync(project.at('head.ts'), '// changed\n');
    expect((await run(jobs)).read).toEqual(['net.ts']);
    expect((await run(jobs.map((each) => ({ ...each, configuration: { ...each.configuration, mode: 'inference' } })))).read).toHaveLength(4);
    expect((await run(jobs.map((each) => ({ ...each, illustrated: true })))).read).toHaveLength(4);
  });

  it('by metadata looks at size and time alone', async () => {
    project.remove('.droplintcache');
    const jobs = [job('m00.onnx')];
    await run(jobs, 'metadata');
    expect((await run(jobs, 'metadata')).read).toEqual([]);
    const { atime } = statSync(project.at('m00.onnx'));
    utimesSync(project.at('m00.onnx'), atime, new Date(2_000_000_000_000));
    expect((await run(jobs, 'metadata')).read).toEqual(['m00.onnx']);
    expect((await run(jobs, 'content')).read).toEqual(['m00.onnx']);
  });

  it('forgets files that are gone, is not used for fixes, and a damaged one is none', async () => {
    project.write('gone.onnx', GELU);
    await run([job('gone.onnx')]);
    project.remove('gone.onnx');
    await run([job('m00.onnx')]);
    expect(project.read('.droplintcache')).not.toContain('gone.onnx');
    const fixing = job('m00.onnx', { fix: { classes: ['exact'], level: 'warn', verify: false, write: false } });
    expect((await run([fixing])).read).toEqual(['m00.onnx']);
    project.write('.droplintcache', '{ damaged');
    expect((await run([job('m00.onnx')])).read).toEqual(['m00.onnx']);
    expect((await run([job('m00.onnx')])).read).toEqual([]);
  });
});

describe('shards', () => {
  it('hold every file once, in order, balanced by size, and the same on every machine', () => {
    const sizes = fc.uniqueArray(fc.record({ file: fc.string({ minLength: 1 }), size: fc.nat(1_000_000) }), { selector: ({ file }) => file, maxLength: 60 });
    fc.assert(fc.property(sizes, fc.integer({ min: 1, max: 9 }), (sized, total) => {
      const sizeOf = (file: string): number => sized.find((each) => each.file === file)!.size;
      const files = sized.map(({ file }) => file);
      const shards = Array.from({ length: total }, (_, index) => filesOfShard(files, { index: index + 1, total }, sizeOf));
      expect(shards.flat().sort()).toEqual([...files].sort());
      for (const shard of shards) expect(shard).toEqual(files.filter((file) => shard.includes(file)));
      const reversed = filesOfShard([...files].reverse(), { index: 1, total }, sizeOf);
      expect([...reversed].reverse()).toEqual(shards[0]);
      const loads = shards.map((shard) => shard.reduce((sum, file) => sum + Math.max(1, sizeOf(file)), 0));
      const largest = Math.max(1, ...sized.map(({ size }) => size));
      expect(Math.max(...loads) - Math.min(...loads)).toBeLessThanOrEqual(largest);
    }));
  });

  it.each([
    ['2/4', {}, { index: 2, total: 4 }],
    ['auto', { CI_NODE_INDEX: '3', CI_NODE_TOTAL: '5' }, { index: 3, total: 5 }],
    ['auto', { SLURM_ARRAY_TASK_ID: '7', SLURM_ARRAY_TASK_MIN: '4', SLURM_ARRAY_TASK_COUNT: '8' }, { index: 4, total: 8 }],
    ['auto', { SLURM_ARRAY_TASK_ID: '0', SLURM_ARRAY_TASK_COUNT: '8' }, { index: 1, total: 8 }],
    ['auto/6', { JOB_COMPLETION_INDEX: '0' }, { index: 1, total: 6 }],
    ['auto', { JOB_COMPLETION_INDEX: '5', DROPLINT_SHARDS: '6' }, { index: 6, total: 6 }],
  ])('%s with %j', (text, env, expected) => {
    expect(parseShard(text, env)).toEqual(expected);
  });

  it.each([
    ['4', {}, 'i/n such as 2/4'],
    ['a/b', {}, 'i/n such as 2/4'],
    ['0/4', {}, 'There is no shard 0 of 4'],
    ['5/4', {}, 'There is no shard 5 of 4'],
    ['auto', {}, 'finds no scheduler'],
    ['auto', { JOB_COMPLETION_INDEX: '0' }, 'does not say how many'],
    ['auto/2', { JOB_COMPLETION_INDEX: '2' }, 'There is no shard 3 of 2'],
  ])('refuses %s with %j', (text, env, message) => {
    expect(() => parseShard(text, env)).toThrow(message);
  });
});
