/** In the child: two models, the same feeds, every output compared. */
import { compareOutputs, worse } from './compare.js';
import type { Comparison, Tolerance } from './compare.js';
import { createFeed } from './feeds.js';
import type { Binding, Feed } from './feeds.js';
import type { CompareJob, CompareResult, OptimizationLevel } from './jobs.js';
import { Session, runtimeVersion } from './session.js';
import { isFloat, numberAt } from './tensors.js';
import type { TensorData, TensorValue } from './tensors.js';

type Values = Readonly<Record<string, TensorValue>>;
interface Prepared {
  readonly kind: string;
  readonly seed: number;
  readonly values: Values;
}

export async function compare(job: CompareJob): Promise<CompareResult> {
  const comparison = new RunComparison(job);
  try {
    return await comparison.run();
  } catch (error) {
    return { outcome: 'failed', side: comparison.side, reason: error instanceof Error ? error.message : String(error), runtime: runtimeVersion() };
  }
}

class RunComparison {
  side: 'before' | 'after' = 'before';
  private readonly started = performance.now();
  private worst: Comparison | undefined;
  private worstLevel: OptimizationLevel | undefined;
  private used: Prepared[] = [];
  /** Whether any output had a value to compare: NaN equals NaN, but shows nothing. */
  private sighted = false;

  constructor(private readonly job: CompareJob) {}

  async run(): Promise<CompareResult> {
    await this.load();
    const feeds = await this.prepare();
    for (const [k, settings] of this.job.runs.entries()) {
      const sessions = await this.create(settings);
      const planned = k === 0 ? feeds : this.used;
      for (const [index, feed] of planned.entries()) {
        if (k === 0) {
          if (index >= 2 && performance.now() - this.started > this.job.budget) break;
          this.used.push(feed);
        }
        await this.compareOn(sessions, feed.values, settings);
      }
      await Promise.all(sessions.map((session) => session.release()));
    }
    this.side = 'before';
    if (!this.sighted && this.worst?.largest === undefined) throw new Error('every output is empty or NaN on every feed, so that nothing was compared');
    return {
      outcome: 'compared',
      within: this.worst?.within ?? true,
      largest: this.worst?.largest,
      level: this.worstLevel,
      feeds: this.used.map(({ kind, seed, values }) => ({ kind, seed, shapes: Object.fromEntries(Object.entries(values).map(([name, { dims }]) => [name, dims])) })),
      levels: this.job.runs.map(({ level }) => level),
      runtime: runtimeVersion(),
    };
  }

  private async load(): Promise<void> {
    const { files } = this.job;
    if (!files) return;
    const settings = { level: 'disabled', keepDropout: true } as const;
    try {
      await (await Session.create(files.before, settings)).release();
    } catch {
      // What does not load as it stands may well run as a copy.
      return;
    }
    this.side = 'after';
    await (await Session.create(files.after, settings)).release();
  }

  private async create(settings: CompareJob['runs'][number]): Promise<[Session, Session]> {
    this.side = 'before';
    const before = await Session.create(this.job.before, settings);
    this.side = 'after';
    return [before, await Session.create(this.job.after, settings)];
  }

  private async compareOn([before, after]: [Session, Session], values: Values, { level, tolerance }: { level: OptimizationLevel; tolerance: Tolerance }): Promise<void> {
    this.side = 'before';
    const expected = await before.run(values);
    this.side = 'after';
    const actual = await after.run(values);
    for (const [name, tensor] of Object.entries(expected)) {
      const other = actual[name];
      if (!other) throw new Error(`the output ${name} is missing`);
      const previous = this.worst;
      this.sighted ||= hasValue(tensor);
      this.worst = worse(previous, compareOutputs(name, tensor, other, tolerance));
      if (this.worst !== previous) this.worstLevel = level;
    }
  }

  /** Binds the free dimensions to sizes that the model runs with. */
  private async prepare(): Promise<readonly Prepared[]> {
    const { given, inputs, feeds } = this.job;
    if (given) return given.map(({ name, values }) => ({ kind: name, seed: 0, values }));
    const bindings = await this.bind(Math.max(0, ...feeds.map(({ binding }) => binding)) + 1);
    return feeds.flatMap((feed) => {
      const binding = bindings[feed.binding];
      return binding ? [{ kind: feed.kind, seed: feed.seed, values: createFeed(inputs, feed, binding) }] : [];
    });
  }

  /** The first sizes at which the model before runs. Throws its first error where it runs with none of them. */
  private async bind(count: number): Promise<readonly Binding[]> {
    const { inputs, bindings, before, runs } = this.job;
    if (bindings.length === 1) return bindings;
    const chosen: Binding[] = [];
    let refusal: unknown;
    const probe: Feed = { kind: 'normal', seed: 1, binding: 0 };
    const session = await Session.create(before, { ...runs[0]!, level: 'disabled' });
    for (const binding of bindings) {
      if (chosen.some((other) => isSame(other, binding))) continue;
      try {
        await session.run(createFeed(inputs, probe, binding));
        chosen.push(binding);
      } catch (error) {
        refusal ??= error;
      }
      if (chosen.length === count || performance.now() - this.started > this.job.budget) break;
    }
    await session.release();
    if (chosen.length === 0) throw refusal;
    return chosen;
  }
}

function hasValue({ type, data }: TensorValue): boolean {
  if (!isFloat(type)) return data.length > 0;
  const numbers = data as Exclude<TensorData, string[]>;
  for (let i = 0; i < numbers.length; i++) if (Number.isFinite(numberAt(type, numbers, i))) return true;
  return false;
}

function isSame(a: Binding, b: Binding): boolean {
  return [...a].every(([symbol, size]) => b.get(symbol) === size);
}
