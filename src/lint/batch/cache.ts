/** Results of earlier runs, for files that have not changed since: keyed by content, configuration and versions. */
import { createHash } from 'node:crypto';
import { createReadStream, readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';
import { FlatCache } from 'flat-cache';
import { packageJson } from '../../package.js';
import type { Job, JobResult } from './job.js';

export const CACHE_FILE = '.droplintcache';
export type CacheStrategy = 'content' | 'metadata';

interface Entry {
  readonly key: string;
  /** Of the file, and of those that the result depends on (which may be missing). */
  readonly stamps: Readonly<Record<string, string>>;
  readonly result: JobResult;
  /** The text of source code is not kept. */
  readonly hasSource: boolean;
}

/** What fixes files is not cached. */
export class ResultCache {
  readonly #file: FlatCache;
  readonly #stamps = new Map<string, Promise<string>>();
  readonly #versions = [packageJson().version, process.version];

  constructor(location: string, readonly strategy: CacheStrategy) {
    this.#file = open(location);
  }

  async get(job: Job): Promise<JobResult | undefined> {
    if (job.fix) return undefined;
    // What changes while it is read is remembered as it was before.
    await this.#stamp(job.file);
    const entry = this.#file.get<Entry>(job.file);
    if (!entry || entry.key !== this.#keyOf(job)) return undefined;
    for (const [file, stamp] of Object.entries(entry.stamps)) if ((await this.#stamp(file)) !== stamp) return undefined;
    if (!entry.hasSource) return entry.result;
    return { ...entry.result, result: { ...entry.result.result, source: readFileSync(job.file, 'utf8') } };
  }

  async set(job: Job, { result, ...others }: JobResult): Promise<void> {
    if (job.fix) return;
    const files = [job.file, ...(others.dependencies ?? [])];
    const stamps: Record<string, string> = {};
    for (const file of files) stamps[file] = await this.#stamp(file);
    const { source, ...kept } = result;
    const entry: Entry = { key: this.#keyOf(job), stamps, result: { ...others, result: kept }, hasSource: source !== undefined };
    this.#file.set(job.file, entry);
  }

  /** Writes it, without the files that are gone. Returns the reason when it cannot. */
  save(): string | undefined {
    for (const file of this.#file.keys()) if (!statSync(file, { throwIfNoEntry: false })) this.#file.delete(file);
    let reason: string | undefined;
    this.#file.on('error', (error: Error) => (reason = error.message));
    this.#file.save(true);
    return reason;
  }

  #keyOf({ configuration, illustrated, replacements }: Job): string {
    return createHash('sha256').update(JSON.stringify([this.#versions, configuration, illustrated, replacements, this.strategy])).digest('hex');
  }

  #stamp(file: string): Promise<string> {
    let stamp = this.#stamps.get(file);
    if (!stamp) this.#stamps.set(file, (stamp = stampOf(file, this.strategy)));
    return stamp;
  }
}

/** A cache that cannot be read is none. */
function open(location: string): FlatCache {
  const { dir, base } = path.parse(location);
  const cache = new FlatCache({ cacheDir: dir, cacheId: base, ttl: 0, lruSize: 0, expirationInterval: 0, persistInterval: 0 });
  // Without a listener an error would be thrown, or lost.
  cache.on('error', () => cache.clear());
  try {
    cache.load();
  } catch {
    cache.clear();
  }
  return cache;
}

async function stampOf(file: string, strategy: CacheStrategy): Promise<string> {
  const stats = statSync(file, { throwIfNoEntry: false });
  if (!stats) return 'missing';
  if (strategy === 'metadata') return `${stats.size} ${stats.mtimeMs}`;
  const hash = createHash('sha256');
  await pipeline(createReadStream(file, { highWaterMark: 1 << 20 }), hash);
  return hash.digest('hex');
}
