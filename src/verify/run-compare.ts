/** In the child: two models, the same feeds, every output compared. */
import { compareOutputs, worse } from './compare.js';
import type { Comparison, Tolerance } from './compare.js';
import { createFeed } from './feeds.js';
import type { Binding, FeedInput } from './feeds.js';
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
  private refusal: unknown;

  constructor(private readonly job: CompareJob) {}

  async run(): Promise<CompareResult> {
    await this.load();
    const feeds = await this.prepare();
    for (const [k, settings] of this.job.runs.entries()) {
      const sessions = await this.create(settings);
      const planned = k === 0 ? feeds : this.used;
      for (const [index, feed] of planned.entries()) {
        if (k === 0 && index >= 2 && performance.now() - this.started > this.job.budget) break;
        const ran = await this.compareOn(sessions, feed.values, settings);
        if (k === 0 && ran) this.used.push(feed);
      }
      if (this.used.length === 0) throw this.refusal;
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
    this.side = 'before';
  }

  private async create(settings: CompareJob['runs'][number]): Promise<[Session, Session]> {
    this.side = 'before';
    const before = await Session.create(this.job.before, settings);
    this.side = 'after';
    return [before, await Session.create(this.job.after, settings)];
  }

  /** False for values that the model before refuses: they say nothing of the model after. */
  private async compareOn([before, after]: [Session, Session], values: Values, { level, tolerance }: { level: OptimizationLevel; tolerance: Tolerance }): Promise<boolean> {
    this.side = 'before';
    let expected: Values;
    try {
      expected = await before.run(values);
    } catch (error) {
      this.refusal ??= error;
      return false;
    }
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
    this.side = 'before';
    return true;
  }

  /** Binds the free dimensions to sizes that the model runs with. */
  private async prepare(): Promise<readonly Prepared[]> {
    const { given, feeds } = this.job;
    if (given) return given.map(({ name, values }) => ({ kind: name, seed: 0, values }));
    const sizes = Math.max(0, ...feeds.map(({ binding }) => binding)) + 1;
    const chosen = await this.choose(sizes);
    return feeds.flatMap((feed) => {
      const binding = chosen.bindings[feed.binding];
      return binding ? [{ kind: feed.kind, seed: feed.seed, values: createFeed(chosen.inputs, feed, binding) }] : [];
    });
  }

  /** Sizes and integers with which the model before runs. Throws its first error where it runs with none. */
  private async choose(sizes: number): Promise<{ inputs: readonly FeedInput[]; bindings: readonly Binding[] }> {
    const { inputs, bindings, before, runs } = this.job;
    const variants = integerVariants(inputs);
    if (bindings.length === 1 && variants.length === 1) return { inputs, bindings };
    const session = await Session.create(before, { ...runs[0]!, level: 'disabled' });
    let refusal: unknown;
    try {
      for (const variant of variants) {
        const found = await this.bind(session, variant, sizes);
        if (found.bindings.length > 0) return { inputs: variant, bindings: found.bindings };
        refusal ??= found.refusal;
      }
    } finally {
      await session.release();
    }
    throw refusal;
  }

  private async bind(session: Session, inputs: readonly FeedInput[], sizes: number): Promise<{ bindings: readonly Binding[]; refusal: unknown }> {
    const chosen: Binding[] = [];
    let refusal: unknown;
    for (const binding of this.job.bindings) {
      if (chosen.some((other) => isSame(other, binding))) continue;
      try {
        await session.run(createFeed(inputs, { kind: 'normal', seed: 1, binding: 0 }, binding));
        chosen.push(binding);
      } catch (error) {
        refusal ??= error;
      }
      if (chosen.length === sizes || (chosen.length > 0 && performance.now() - this.started > this.job.budget)) break;
    }
    return { bindings: chosen, refusal };
  }
}

/** Integers of which the graph says nothing: flags, or all ones, or all zeros. */
function integerVariants(inputs: readonly FeedInput[]): readonly (readonly FeedInput[])[] {
  const isOpen = ({ type, range, value }: FeedInput): boolean => /^u?int(32|64)$/.test(type) && range === undefined && value === undefined;
  if (!inputs.some(isOpen)) return [inputs];
  const all = (value: number) => inputs.map((input) => (isOpen(input) ? { ...input, value } : input));
  return [inputs, all(1), all(0)];
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
