/** One machine's part of the files. */
import { statSync } from 'node:fs';
import { ConfigurationError } from '../configuration-error.js';

export interface Shard {
  /** From 1. */
  readonly index: number;
  readonly total: number;
}

/**
 * `2/4`, or `auto` for what the scheduler says in the environment: GitLab's `parallel`, a Slurm array, an indexed Job of
 * Kubernetes (which gives no total: `auto/4`, or DROPLINT_SHARDS). Throws `ConfigurationError`.
 */
export function parseShard(text: string, env: NodeJS.ProcessEnv = process.env): Shard {
  const [, automatic, given, of] = /^(?:(auto)|(\d+))(?:\/(\d+))?$/.exec(text.trim()) ?? [];
  if (!automatic && (!given || !of)) throw new ConfigurationError(`--shard takes i/n such as 2/4, or auto, not "${text}".`);
  const shard = automatic ? scheduled(env, of === undefined ? undefined : Number(of)) : { index: Number(given), total: Number(of) };
  if (shard.total < 1 || shard.index < 1 || shard.index > shard.total) throw new ConfigurationError(`There is no shard ${shard.index} of ${shard.total}: shards count from 1.`);
  return shard;
}

function scheduled(env: NodeJS.ProcessEnv, total = numberIn(env, 'DROPLINT_SHARDS')): Shard {
  const gitlab = numberIn(env, 'CI_NODE_INDEX');
  if (gitlab !== undefined) return { index: gitlab, total: known(total ?? numberIn(env, 'CI_NODE_TOTAL')) };
  const slurm = numberIn(env, 'SLURM_ARRAY_TASK_ID');
  if (slurm !== undefined) return { index: slurm - (numberIn(env, 'SLURM_ARRAY_TASK_MIN') ?? 0) + 1, total: known(total ?? numberIn(env, 'SLURM_ARRAY_TASK_COUNT')) };
  const kubernetes = numberIn(env, 'JOB_COMPLETION_INDEX');
  if (kubernetes !== undefined) return { index: kubernetes + 1, total: known(total) };
  throw new ConfigurationError('--shard auto finds no scheduler in the environment (CI_NODE_INDEX, SLURM_ARRAY_TASK_ID, JOB_COMPLETION_INDEX).');
}

function known(total: number | undefined): number {
  if (total === undefined) throw new ConfigurationError('The scheduler does not say how many shards there are: --shard auto/4, or DROPLINT_SHARDS=4.');
  return total;
}

function numberIn(env: NodeJS.ProcessEnv, name: string): number | undefined {
  const text = env[name];
  return text !== undefined && /^\d+$/.test(text) ? Number(text) : undefined;
}

/**
 * The files of a shard, in their order: largest first, each to the shard that has least so far. The same files give the
 * same shards on every machine.
 */
export function filesOfShard(files: readonly string[], { index, total }: Shard, sizeOf: (file: string) => number = fileSize): readonly string[] {
  const sized = files.map((file) => ({ file, size: Math.max(1, sizeOf(file)) })).sort((a, b) => b.size - a.size || (a.file < b.file ? -1 : 1));
  const loads = new Array<number>(total).fill(0);
  const own = new Set<string>();
  for (const { file, size } of sized) {
    const least = loads.indexOf(Math.min(...loads));
    loads[least] = loads[least]! + size;
    if (least === index - 1) own.add(file);
  }
  return files.filter((file) => own.has(file));
}

const fileSize = (file: string): number => statSync(file, { throwIfNoEntry: false })?.size ?? 0;
