/** Check 1: the same outputs at inference, executed on onnxruntime. */
import { hasSingletonBatch, normaliseTrainingOutputs, toRunningStatistics, trainsBatchNormalization } from './batch-norm.js';
import { BIT_EXACT } from './compare.js';
import { OPTIMISED_TOLERANCE, conclude, filesOf, inScope, runComparison, widest } from './comparison.js';
import type { ExecutedCheck, ExecutionOptions } from './comparison.js';
import { copyOf } from './copy.js';
import { checkRecognised } from './decomposed.js';
import { copyPair, eraseDecomposed, obstacleCheck } from './executable.js';
import type { CopyPair, Scope } from './executable.js';
import type { CompareJob } from './jobs.js';
import type { OnnxModel } from './onnx-model.js';
import type { Pool } from './pool.js';
import { fixRandomOperators, seedsOf, toInferenceForm } from './randomness.js';

export async function checkInference(before: OnnxModel, after: OnnxModel, pool: Pool, options: ExecutionOptions = {}): Promise<ExecutedCheck> {
  const obstacle = obstacleCheck('inference', before, after);
  if (obstacle) return { check: obstacle };
  const recognised = (await checkRecognised(before, pool, options)) ?? (await checkRecognised(after, pool, options));
  if (recognised) return { check: recognised };
  const pairOf = (scope: Scope, runningStatistics: boolean): CopyPair => inferencePair(before, after, scope, runningStatistics, options.changesWeights);
  const compared = await inScope(options.scope ?? 'auto', (scope) => comparePair(pairOf(scope, false), pool, options));
  const whole = copyOf(before.record);
  const alsoRunning = trainsBatchNormalization(whole) && (options.changesWeights || hasSingletonBatch(whole));
  if (compared.check.verdict !== 'holds' || !alsoRunning) return compared;
  const repeated = await inScope(options.scope ?? 'auto', (scope) => comparePair(pairOf(scope, true), pool, options));
  return repeated.check.verdict === 'holds' ? compared : repeated;
}

function inferencePair(before: OnnxModel, after: OnnxModel, scope: Scope, runningStatistics: boolean, scalesBare: boolean | undefined): CopyPair {
  const pair = copyPair(before, after, scope);
  const seeds = seedsOf(pair.before, pair.after);
  for (const [copy, model] of [[pair.before, before], [pair.after, after]] as const) {
    eraseDecomposed(copy, model.dropouts(), { scalesBare });
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
