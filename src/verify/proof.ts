/** What a proof is. See docs/verification.md for what each check shows. */
import type { FixClass } from '../graph/edits.js';

export type Verdict = 'holds' | 'fails' | 'not-executable' | 'not-applicable';

export interface Difference {
  readonly output: string;
  /** Index into the output, outermost first. */
  readonly index: readonly number[];
  readonly before: number | string;
  readonly after: number | string;
  /** Units in the last place of the output's type; Infinity when shapes or types differ. */
  readonly ulp: number;
  readonly relative: number;
}

export interface Check {
  readonly check: 'erasure' | 'inference' | 'same-mask' | 'statistics';
  readonly verdict: Verdict;
  /** One sentence for people. */
  readonly detail: string;
  /** Optimisation levels of onnxruntime that were run. */
  readonly levels?: readonly string[];
  /** One entry for each feed: its kind, its seed, and the shape that each input had. */
  readonly feeds?: readonly { readonly kind: string; readonly seed: number; readonly shapes: Readonly<Record<string, readonly number[]>> }[];
  /** The largest difference found; absent when bit-exact (−0 equals +0, NaN equals NaN). */
  readonly largest?: Difference;
  /** Of `statistics`: why new dropouts could not be measured. That they drop as they say is not shown, then. */
  readonly unmeasured?: string;
}

export interface Proof {
  readonly class: FixClass;
  /** `proven`: every check that the class needs holds. `refuted`: one fails. `unverifiable`: one could not be executed. */
  readonly verdict: 'proven' | 'refuted' | 'unverifiable';
  readonly checks: readonly Check[];
  /** Why it is refuted or unverifiable, for people. */
  readonly reason?: string;
  /** Everything needed to repeat it. */
  readonly runtime?: { readonly onnxruntime: string; readonly node: string; readonly platform: string };
}
