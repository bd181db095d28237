/**
 * What droplint took for a dropout spelled out in random operators is checked by execution: each element of its output
 * must be zero, or its input times 1/(1−p). Part of the inference check wherever such dropouts are left out of it.
 */
import type { ModelCopy } from './copy.js';
import { encodeCopy } from './encode.js';
import { candidateBindings } from './feeds.js';
import type { ExecutionOptions } from './comparison.js';
import type { MultiplesJob } from './jobs.js';
import { measureMoments } from './moments.js';
import type { OnnxModel, RecognisedDropout } from './onnx-model.js';
import { ExecutionError } from './pool.js';
import type { Pool } from './pool.js';
import type { Check } from './proof.js';
import { fixRandomOperators, seedsOf, toInferenceForm } from './randomness.js';
import { feedInputs } from './ranges.js';
import { ISOLATED_INPUT, isolate } from './region.js';
import { randomWeights } from './weights.js';

/** `undefined` when there is nothing to check, or when it holds. */
export async function checkRecognised(model: OnnxModel, pool: Pool, options: ExecutionOptions): Promise<Check | undefined> {
  for (const dropout of model.dropouts()) {
    // What has a switch runs in the inference check itself.
    const copy = dropout.form === 'decomposed' && dropout.trainingMode === undefined ? isolate(model, dropout) : undefined;
    if (!copy) continue;
    if (dropout.law !== 'bernoulli') {
      const { verdict, detail } = await measureMoments(model, dropout, pool, options);
      if (verdict === 'holds') continue;
      return { check: 'inference', verdict, detail: verdict === 'fails' ? `${dropout.nodes[0]?.name || dropout.output} is no ${dropout.law} dropout: ${detail}.` : `Not executable: ${detail}.` };
    }
    const result = await run(copy, dropout, pool, options);
    if (result.outcome === 'failed') return { check: 'inference', verdict: 'not-executable', detail: `Not executable: ${result.reason.split('\n')[0]}` };
    if (result.within) continue;
    return {
      check: 'inference',
      verdict: 'fails',
      detail: `${dropout.nodes[0]?.name || dropout.output} is no dropout: an element of its output is neither zero nor the scaled input.`,
      ...(result.largest && { largest: result.largest }),
    };
  }
  return undefined;
}

async function run(copy: ModelCopy, { output, rate }: RecognisedDropout, pool: Pool, options: ExecutionOptions) {
  randomWeights(copy);
  toInferenceForm(copy);
  fixRandomOperators(copy, seedsOf(copy, copy));
  const inputs = feedInputs(copy);
  try {
    return await pool.run<MultiplesJob>({
      kind: 'multiples',
      model: encodeCopy(copy),
      inputs,
      bindings: candidateBindings(inputs),
      feeds: [{ kind: 'normal', seed: 31, binding: 0 }],
      pairs: [{ input: ISOLATED_INPUT, output, scale: rate === 1 ? 0 : undefined, label: output }],
    }, options.timeLimit);
  } catch (error) {
    if (error instanceof ExecutionError) return { outcome: 'failed' as const, reason: error.message };
    throw error;
  }
}
