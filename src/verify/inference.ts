/** Check 1: the same outputs at inference, executed on onnxruntime. */
import path from 'node:path';
import type { FixClass } from '../graph/edits.js';
import { hasSingletonBatch, normaliseTrainingOutputs, toRunningStatistics, trainsBatchNormalization } from './batch-norm.js';
import { BIT_EXACT } from './compare.js';
import type { Tolerance } from './compare.js';
import { copyOf } from './copy.js';
import { checkRecognised } from './decomposed.js';
import { encodeCopy } from './encode.js';
import { copyPair, eraseDecomposed, obstacleOf } from './executable.js';
import type { CopyPair, Scope } from './executable.js';
import { candidateBindings, plannedFeeds } from './feeds.js';
import type { CompareJob, CompareResult } from './jobs.js';
import type { OnnxModel } from './onnx-model.js';
import { ExecutionError } from './pool.js';
import type { Pool } from './pool.js';
import type { Check } from './proof.js';
import { fixRandomOperators, seedsOf, toInferenceForm } from './randomness.js';
import { feedInputs } from './ranges.js';
import type { TensorValue } from './tensors.js';

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
  /** Feeds to use in place of drawn ones. */
  readonly given?: readonly { readonly name: string; readonly values: Readonly<Record<string, TensorValue>> }[];
}

/** onnxruntime's optimisations reorder sums. */
export const OPTIMISED_TOLERANCE: Tolerance = { ulp: 8, relative: 1e-5 };
const BUDGET = 10_000;

export interface ExecutedCheck {
  readonly check: Check;
  /** Only a part of the model was executed. */
  readonly partial?: boolean;
  readonly runtime?: string;
}

export async function checkInference(before: OnnxModel, after: OnnxModel, claim: FixClass, pool: Pool, options: ExecutionOptions = {}): Promise<ExecutedCheck> {
  const obstacle = obstacleOf(before) ?? obstacleOf(after);
  if (obstacle) return { check: { check: 'inference', verdict: 'not-executable', detail: `Not executable: ${obstacle}.` } };
  const recognised = (await checkRecognised(before, claim, pool, options)) ?? (await checkRecognised(after, claim, pool, options));
  if (recognised) return { check: recognised };
  const pairOf = (scope: Scope, runningStatistics: boolean): CopyPair => inferencePair(before, after, claim, scope, runningStatistics);
  const compared = await inScope(options.scope ?? 'auto', (scope) => comparePair(pairOf(scope, false), pool, options));
  const whole = copyOf(before.record);
  const alsoRunning = trainsBatchNormalization(whole) && (options.changesWeights || hasSingletonBatch(whole));
  if (compared.check.verdict !== 'holds' || !alsoRunning) return compared;
  const repeated = await inScope(options.scope ?? 'auto', (scope) => comparePair(pairOf(scope, true), pool, options));
  return repeated.check.verdict === 'holds' ? compared : repeated;
}

/** A part that cannot be executed alone says nothing of the whole. */
export async function inScope(scope: Scope, check: (scope: Scope) => Promise<ExecutedCheck>): Promise<ExecutedCheck> {
  const result = await check(scope);
  return result.check.verdict === 'not-executable' && result.partial && scope === 'auto' ? check('whole') : result;
}

function inferencePair(before: OnnxModel, after: OnnxModel, claim: FixClass, scope: Scope, runningStatistics: boolean): CopyPair {
  const pair = copyPair(before, after, scope);
  const seeds = seedsOf(pair.before, pair.after);
  for (const [copy, model] of [[pair.before, before], [pair.after, after]] as const) {
    eraseDecomposed(copy, model.dropouts(), claim);
    toInferenceForm(copy);
    fixRandomOperators(copy, seeds);
    normaliseTrainingOutputs(copy);
    if (runningStatistics) toRunningStatistics(copy);
  }
  return pair;
}

async function comparePair(pair: CopyPair, pool: Pool, options: ExecutionOptions): Promise<ExecutedCheck> {
  const exact = options.tolerance ?? BIT_EXACT;
  const runs: CompareJob['runs'] = [
    { level: 'disabled', keepDropout: false, tolerance: exact },
    { level: 'all', keepDropout: false, tolerance: widest(exact, OPTIMISED_TOLERANCE) },
  ];
  return conclude('inference', pair, await runComparison(pair, runs, pool, options, filesOf(pair)));
}

export function conclude(check: Check['check'], { part }: CopyPair, result: Outcome): ExecutedCheck {
  const described = describeComparison(check, result);
  const detail = part && described.verdict === 'holds' ? `${described.detail.slice(0, -1)}, in the part that the edit changed (${part.nodes} of ${part.of} nodes).` : described.detail;
  return { check: { ...described, detail }, partial: part !== undefined, ...('runtime' in result && { runtime: result.runtime }) };
}

/** Larger files are not loaded as they stand: their structure was read, and their copies run. */
const LOADED_WHOLE = 64 << 20;

function filesOf(pair: CopyPair): CompareJob['files'] {
  const [before, after] = [pair.before, pair.after].map(({ record: { source, file } }) =>
    (source.size > LOADED_WHOLE ? undefined : { bytes: source.read(0, source.size), folder: path.dirname(path.resolve(file)) }));
  return before && after && { before, after };
}

export const widest = (a: Tolerance, b: Tolerance): Tolerance => ({ ulp: Math.max(a.ulp, b.ulp), relative: Math.max(a.relative, b.relative) });

type Outcome = CompareResult | { readonly outcome: 'ended'; readonly reason: string };

export async function runComparison(pair: CopyPair, runs: CompareJob['runs'], pool: Pool, options: ExecutionOptions, files?: CompareJob['files']): Promise<Outcome> {
  const inputs = feedInputs(pair.before);
  // Constant features have no variance: a BatchNorm that trains then divides the rounding errors of changed weights by it.
  const degenerate = new Set<string>(options.changesWeights && trainsBatchNormalization(pair.before) ? ['zeros', 'tiny'] : []);
  try {
    return await pool.run<CompareJob>({
      kind: 'compare',
      before: encodeCopy(pair.before),
      after: encodeCopy(pair.after),
      runs,
      inputs,
      feeds: plannedFeeds(inputs).filter(({ kind }) => !degenerate.has(kind)),
      bindings: candidateBindings(inputs),
      budget: options.budget ?? BUDGET,
      ...(options.given && { given: options.given }),
      ...(files && { files }),
    }, options.timeLimit);
  } catch (error) {
    if (error instanceof ExecutionError) return { outcome: 'ended', reason: error.message };
    throw error;
  }
}

export function describeComparison(check: Check['check'], result: Outcome): Check {
  if (result.outcome === 'ended') return { check, verdict: 'not-executable', detail: `Not executable: ${result.reason}.` };
  if (result.outcome === 'failed') {
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
