/** Two models held against each other, whatever made the second out of the first: what `droplint verify` shows. */
import type { OnnxDocument } from '../formats/onnx/document.js';
import { FIX_CLASSES } from '../graph/edits.js';
import type { FixClass } from '../graph/edits.js';
import { OPTIMISED_TOLERANCE } from './comparison.js';
import { prove } from './index.js';
import type { ProveOptions } from './index.js';
import { checkInference } from './inference.js';
import { Pool } from './pool.js';
import type { Check, Proof } from './proof.js';

/** The classes that claim equality, strongest first. */
export const EQUALITY_CLASSES = FIX_CLASSES.filter((claim) => claim !== 'repair' && claim !== 'suggestion');

export interface ModelComparison {
  readonly verdict: 'equal' | 'different' | 'not-executable';
  /** The strongest class whose checks all hold; absent when outputs differ at inference, or nothing ran. */
  readonly strongest?: FixClass;
  readonly checks: readonly Check[];
  readonly reason?: string;
  readonly runtime?: Proof['runtime'];
}

/** With a claim: its proof. Without one: equality of the outputs at inference, and the strongest class that holds. */
export async function compareModels(before: OnnxDocument, after: OnnxDocument, claim: FixClass | undefined, options: ProveOptions = {}): Promise<ModelComparison> {
  const pool = options.pool ?? new Pool();
  try {
    // Any two models, not the two sides of a known edit.
    const settings: ProveOptions = { scope: 'whole', ...options, pool };
    if (claim) return ofProof(await prove(before, after, claim, settings), claim);
    return await withoutClaim(before, after, { tolerance: OPTIMISED_TOLERANCE, ...settings }, pool);
  } finally {
    if (!options.pool) pool.close();
  }
}

async function withoutClaim(before: OnnxDocument, after: OnnxDocument, options: ProveOptions, pool: Pool): Promise<ModelComparison> {
  for (const claim of EQUALITY_CLASSES) {
    const proof = await prove(before, after, claim, options);
    if (proof.verdict === 'proven') return { ...ofProof(proof, claim), strongest: claim };
  }
  // Other graphs may have equal outputs: then execution alone says so.
  const { check, runtime } = await checkInference(before, after, pool, options);
  const verdict = check.verdict === 'holds' ? 'equal' : check.verdict === 'fails' ? 'different' : 'not-executable';
  const proof = await prove(before, after, 'inference-exact', options);
  const erasure = proof.checks.filter((each) => each.check === 'erasure');
  return {
    verdict,
    ...(verdict === 'equal' && { strongest: 'inference-exact' as const }),
    checks: [...erasure.map((each) => (verdict === 'equal' && each.verdict === 'fails' ? { ...each, verdict: 'not-applicable' as const } : each)), check],
    ...(verdict !== 'equal' && { reason: check.detail }),
    ...(proof.runtime && { runtime: proof.runtime }),
    ...(runtime && !proof.runtime && { runtime: { onnxruntime: runtime, node: process.version, platform: process.platform } }),
  };
}

function ofProof({ verdict, checks, reason, runtime }: Proof, claim: FixClass): ModelComparison {
  const outcome = verdict === 'proven' ? 'equal' : verdict === 'refuted' ? 'different' : 'not-executable';
  return { verdict: outcome, ...(outcome === 'equal' && { strongest: claim }), checks, ...(reason && { reason }), ...(runtime && { runtime }) };
}
