/** Runs two copies on the same feeds, and tells what came of it. */
import path from 'node:path';
import { trainsBatchNormalization } from './batch-norm.js';
import type { Tolerance } from './compare.js';
import { encodeCopy } from './encode.js';
import type { CopyPair, Scope } from './executable.js';
import { candidateBindings, createFeed, plannedFeeds } from './feeds.js';
import type { FeedInput, GivenFeed } from './feeds.js';
import type { CompareJob, CompareResult } from './jobs.js';
import { ExecutionError } from './pool.js';
import type { Pool } from './pool.js';
import type { Check } from './proof.js';
import { feedInputs } from './ranges.js';
import { convert } from './tensors.js';

export interface ExecutionOptions {
  /** Bit-exact by default, where onnxruntime does not optimise. Fixes that change weights need a tolerance. */
  readonly tolerance?: Tolerance;
  /** Milliseconds for one check. */
  readonly timeLimit?: number;
  /** Milliseconds after which no further feed is started. */
  readonly budget?: number;
  readonly scope?: Scope;
  /** The edit changes weights on purpose (a folded bias, legacy scaling): the proof rests on execution alone. */
  readonly changesWeights?: boolean;
  /** How many feeds; every kind and two sizes by default. */
  readonly runs?: number;
  /** Feeds to use in place of drawn ones. */
  readonly given?: readonly GivenFeed[];
}

/** onnxruntime's optimisations fold weights and reorder sums. */
export const OPTIMISED_TOLERANCE: Tolerance = { ulp: 16, relative: 1e-4 };
const BUDGET = 10_000;

export interface ExecutedCheck {
  readonly check: Check;
  /** Only a part of the model was executed. */
  readonly partial?: boolean;
  readonly runtime?: string;
}

/** A part that cannot be executed alone, or that differs on values that it never gets, says nothing of the whole. */
export async function inScope(scope: Scope, check: (scope: Scope) => Promise<ExecutedCheck>): Promise<ExecutedCheck> {
  const result = await check(scope);
  return result.check.verdict !== 'holds' && result.partial && scope === 'auto' ? check('whole') : result;
}

export function conclude(check: Check['check'], { part }: CopyPair, result: Outcome): ExecutedCheck {
  const described = describeComparison(check, result);
  const detail = part && described.verdict === 'holds' ? `${described.detail.slice(0, -1)}, in the part that the edit changed (${part.nodes} of ${part.of} nodes).` : described.detail;
  return { check: { ...described, detail }, partial: part !== undefined, ...('runtime' in result && { runtime: result.runtime }) };
}

/** Larger files are not loaded as they stand: their structure was read, and their copies run. */
const LOADED_WHOLE = 64 << 20;

export function filesOf(pair: CopyPair): CompareJob['files'] {
  const [before, after] = [pair.before, pair.after].map(({ record: { source, file } }) =>
    (source.size > LOADED_WHOLE ? undefined : { bytes: source.read(0, source.size), folder: path.dirname(path.resolve(file)) }));
  return before && after && { before, after };
}

export const widest = (a: Tolerance, b: Tolerance): Tolerance => ({ ulp: Math.max(a.ulp, b.ulp), relative: Math.max(a.relative, b.relative) });

/** What either of them is to be fed. */
function feedInputsOf({ before, after }: CopyPair): readonly FeedInput[] {
  const inputs = feedInputs(before);
  const known = new Set(inputs.map(({ name }) => name));
  return [...inputs, ...feedInputs(after).filter(({ name }) => !known.has(name))];
}

type Outcome = CompareResult | { readonly outcome: 'ended'; readonly reason: string };

export async function runComparison(pair: CopyPair, runs: CompareJob['runs'], pool: Pool, options: ExecutionOptions, files?: CompareJob['files']): Promise<Outcome> {
  const inputs = feedInputsOf(pair);
  // Constant features have no variance: a BatchNorm that trains then divides the rounding errors of changed weights by it.
  const degenerate = new Set<string>(options.changesWeights && trainsBatchNormalization(pair.before) ? ['zeros', 'tiny'] : []);
  try {
    return await pool.run<CompareJob>({
      kind: 'compare',
      before: encodeCopy(pair.before),
      after: encodeCopy(pair.after),
      runs: runs.map((settings) => ({ ...settings, threads: pair.threads })),
      inputs,
      feeds: plannedFeeds(inputs, options.runs).filter(({ kind }) => !degenerate.has(kind)),
      bindings: candidateBindings(inputs),
      budget: options.budget ?? BUDGET,
      ...(options.given && { given: options.given.map((feed) => completed(feed, inputs)) }),
      ...(files && { files }),
    }, options.timeLimit);
  } catch (error) {
    if (error instanceof ExecutionError) return { outcome: 'ended', reason: error.message };
    throw error;
  }
}

/** Values of files in the element types of the inputs; inputs that they do not name are drawn. */
function completed({ name, values }: GivenFeed, inputs: readonly FeedInput[]): GivenFeed {
  const drawn = createFeed(inputs.filter((input) => !(input.name in values)), { kind: 'normal', seed: 1, binding: 0 }, candidateBindings(inputs)[0]!);
  const typed = Object.entries(values).map(([input, value]) => [input, convert(value, inputs.find((each) => each.name === input)?.type ?? value.type)] as const);
  return { name, values: { ...drawn, ...Object.fromEntries(typed) } };
}

export function describeComparison(check: Check['check'], result: Outcome): Check {
  if (result.outcome === 'ended') return { check, verdict: 'not-executable', detail: `Not executable: ${result.reason}.` };
  if (result.outcome === 'failed') {
    const kernel = /Could not find an implementation for (\w+)\((\d+)\)/.exec(result.reason);
    if (kernel) return { check, verdict: 'not-executable', detail: `Not executable: onnxruntime has no kernel for ${kernel[1]} of opset ${kernel[2]}.` };
    if (result.side === 'after') return { check, verdict: 'fails', detail: `The model before runs, the model after does not: ${oneLine(result.reason)}` };
    return { check, verdict: 'not-executable', detail: `Not executable: ${oneLine(result.reason)}` };
  }
  const { feeds, levels, largest, within } = result;
  const where = `on ${feeds.length} ${feeds.length === 1 ? 'feed' : 'feeds'} at ${levels.length} optimisation levels (${levels.join(', ')})`;
  const facts = { levels, feeds, ...(largest && { largest }) };
  if (!largest) return { check, verdict: 'holds', detail: `Bit-exact ${where}.`, ...facts };
  const distance = Number.isFinite(largest.ulp) ? `${largest.ulp} ulp (relative ${largest.relative.toExponential(1)})` : 'shape, type or value';
  if (within) return { check, verdict: 'holds', detail: `Equal within the tolerance ${where}: at most ${distance} apart.`, ...facts };
  return { check, verdict: 'fails', detail: `The output ${largest.output} differs by ${distance} at optimisation level ${result.level}.`, ...facts };
}

/** onnxruntime's errors are long; the first line says it. */
function oneLine(reason: string): string {
  const [first = ''] = reason.split('\n');
  return first.length > 300 ? `${first.slice(0, 300)}…` : first;
}
