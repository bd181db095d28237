/** Proofs: what a fix claims is shown to hold, before anything is written. See docs/verification.md. */
import os from 'node:os';
import type { Document } from '../formats/document.js';
import type { OnnxDocument } from '../formats/onnx/document.js';
import type { FixClass } from '../graph/edits.js';
import { proveErasure } from './erasure.js';
import { checkInference } from './inference.js';
import type { ExecutedCheck, ExecutionOptions } from './comparison.js';
import { Pool } from './pool.js';
import type { Check, Proof } from './proof.js';
import { isOnnxruntimeInstalled } from './runtime.js';
import { checkSameMask } from './same-mask.js';
import { checkNewDropouts, checkStatistics } from './statistics.js';

export { isOnnxruntimeInstalled } from './runtime.js';
export { proveErasure } from './erasure.js';
export type { Tolerance } from './compare.js';

export interface ProveOptions extends ExecutionOptions {
  /** The children to run in; one shared pool by default. */
  readonly pool?: Pool;
  /** The dropouts that the edit writes are measured, too: unit, rate, scale and mean. */
  readonly measuresNew?: boolean;
}

let shared: Pool | undefined;
const sharedPool = (): Pool => (shared ??= new Pool({ size: 2 }));

/** Ends the child processes. Proofs that are under way end as not executable. */
export function closeVerifier(): void {
  shared?.close();
  shared = undefined;
}

/**
 * Proves that `after` is to `before` what `claim` says (verification.md, The classes of claim). Documents of code and
 * topologies are proven by erasure alone. Never throws for a model that cannot be executed: its verdict says so.
 */
export async function prove(before: Document, after: Document, claim: FixClass, options: ProveOptions = {}): Promise<Proof> {
  if (before.format !== 'onnx' || after.format !== 'onnx') return conclude(claim, needsErasure(claim) ? [statedFor(claim, proveErasure(before, after))] : []);
  const [x, y] = [before as unknown as OnnxDocument, after as unknown as OnnxDocument];
  const erasure = options.changesWeights ? notApplicable('The edit changes weights.') : proveErasure(before, after);
  if (claim === 'repair' || claim === 'suggestion') return proveRepair(x, y, claim, erasure, options);
  if (erasure.verdict === 'fails') return conclude(claim, [erasure]);
  if (!isOnnxruntimeInstalled()) return conclude(claim, [erasure, { check: 'inference', verdict: 'not-executable', detail: 'onnxruntime-node is not installed.' }]);
  const pool = options.pool ?? sharedPool();
  const executed: ExecutedCheck[] = [await checkInference(x, y, pool, withWeights(options))];
  if (claim === 'exact' && executed[0]!.check.verdict === 'holds') executed.push(await checkSameMask(x, y, pool, withWeights(options)));
  if (options.measuresNew && executed[0]!.check.verdict === 'holds') executed.push(await checkNewDropouts(x, y, pool, options));
  if (claim === 'exact-in-distribution' && executed[0]!.check.verdict === 'holds') executed.push(await checkStatistics(x, y, pool, options));
  return conclude(claim, [erasure, ...executed.map(({ check }) => check)], executed.find(({ runtime }) => runtime)?.runtime);
}

/** Sums over changed weights round differently. */
const CHANGED_WEIGHTS = { ulp: 64, relative: 1e-4 };

function withWeights(options: ProveOptions): ProveOptions {
  return options.changesWeights && !options.tolerance ? { ...options, tolerance: CHANGED_WEIGHTS } : options;
}

/** Nothing is claimed to be equal: that the model still runs is all that is shown, and erasure where it holds. */
async function proveRepair(before: OnnxDocument, after: OnnxDocument, claim: FixClass, erasure: Check, options: ProveOptions): Promise<Proof> {
  const stated = statedFor(claim, erasure);
  if (!isOnnxruntimeInstalled() || erasure.verdict === 'fails') return conclude(claim, [stated]);
  const { check, runtime } = await checkInference(before, after, options.pool ?? sharedPool(), withWeights(options));
  return conclude(claim, [stated, check.verdict === 'not-executable' && erasure.verdict === 'holds' ? { ...check, verdict: 'not-applicable' } : check], runtime);
}

/** A repair may change what the model computes (a layer that was never added); where it does, erasure says nothing. */
const statedFor = (claim: FixClass, erasure: Check): Check =>
  (claim === 'repair' || claim === 'suggestion') && erasure.verdict === 'fails' ? notApplicable(`Behaviour changes on purpose: ${erasure.detail}`) : erasure;
const notApplicable = (detail: string): Check => ({ check: 'erasure', verdict: 'not-applicable', detail });
const needsErasure = (claim: FixClass): boolean => claim !== 'suggestion';

function conclude(claim: FixClass, checks: readonly Check[], runtime?: string): Proof {
  const failed = checks.find(({ verdict }) => verdict === 'fails');
  const missing = checks.find(({ verdict }) => verdict === 'not-executable');
  const culprit = failed ?? missing;
  return {
    class: claim,
    verdict: failed ? 'refuted' : missing ? 'unverifiable' : 'proven',
    checks,
    ...(culprit && { reason: culprit.detail }),
    ...(runtime && { runtime: { onnxruntime: runtime, node: process.version, platform: `${os.platform()} ${os.arch()}` } }),
  };
}
