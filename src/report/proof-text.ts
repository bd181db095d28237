/** Proofs in words. */
import type { Check, Difference, Proof } from '../verify/proof.js';
import { count } from './wording.js';

/**
 * What the proofs of one file's fixes show together: `inference bit-exact on 12 feeds at 2 optimisation levels,
 * training same-mask exact`.
 */
export function proofSummary(proofs: readonly Proof[]): string {
  const checks = [...new Set(proofs)].flatMap((proof) => proof.checks).filter(({ verdict }) => verdict === 'holds');
  const of = (name: Check['check']): readonly Check[] => checks.filter(({ check }) => check === name);
  const parts = [
    inferenceText(of('inference')),
    of('same-mask').length > 0 ? `training same-mask ${largestText(of('same-mask')) ?? 'exact'}` : undefined,
    of('statistics').length > 0 ? 'training statistics hold' : undefined,
    of('inference').length === 0 && of('erasure').length > 0 ? 'equal once every dropout is erased' : undefined,
  ].filter((part) => part !== undefined);
  return parts.length > 0 ? parts.join(', ') : 'nothing that could be proven';
}

function inferenceText(checks: readonly Check[]): string | undefined {
  if (checks.length === 0) return undefined;
  const feeds = checks.reduce((sum, check) => sum + (check.feeds?.length ?? 0), 0);
  const levels = new Set(checks.flatMap((check) => check.levels ?? []));
  const where = [feeds > 0 && ` on ${count(feeds, 'feed')}`, levels.size > 0 && ` at ${count(levels.size, 'optimisation level')}`].filter(Boolean);
  return `inference ${largestText(checks) ?? 'bit-exact'}${where.join('')}`;
}

/** `undefined` when bit-exact. */
function largestText(checks: readonly Check[]): string | undefined {
  const [largest] = checks.flatMap(({ largest: each }) => each ?? []).sort((a, b) => b.ulp - a.ulp);
  return largest && `equal within ${largest.ulp} ulp (relative ${largest.relative.toPrecision(2)})`;
}

export function checkText({ check, verdict, detail, largest }: Check): string {
  return `${check}: ${verdict}. ${detail}${largest && verdict === 'fails' ? ` ${differenceText(largest)}` : ''}`;
}

/** `logits[0, 3]: 0.25 before, 0.5 after`. */
export function differenceText({ output, index, before, after }: Difference): string {
  return `${output}[${index.join(', ')}]: ${before} before, ${after} after`;
}

/** Why a fix was not made. */
export function failureText({ verdict, reason, checks }: Proof): string {
  const failing = checks.find((check) => check.verdict === 'fails');
  const difference = failing?.largest ? ` (${differenceText(failing.largest)})` : '';
  const text = reason ?? failing?.detail ?? 'no reason given';
  return verdict === 'refuted' ? `not fixed, the proof failed: ${text}${difference}` : `not fixed, it could not be verified: ${text}`;
}
