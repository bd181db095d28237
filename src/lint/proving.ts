/** From fixes that are claimed to be right to the largest part of them that is proven right together. */
import type { Document } from '../formats/document.js';
import { changesWeights } from '../graph/commutation.js';
import type { FixClass } from '../graph/edits.js';
import type { Proof } from '../verify/proof.js';
import type { Finding } from './findings.js';

export type Prove = (before: Document, after: Document, claim: FixClass, options?: ProveRequest) => Promise<Proof>;

export interface ProveRequest {
  readonly changesWeights?: boolean;
  /** The dropouts that the edit writes are measured, too. */
  readonly measuresNew?: boolean;
}

export interface Proven {
  /** With the kept fixes made. */
  readonly document: Document;
  readonly kept: readonly Finding[];
  /** Of all kept fixes together. */
  readonly proof: Proof | undefined;
  readonly failed: readonly (readonly [Finding, Proof])[];
}

/** All fixes are of one class, and the document lowers them together. Without `prove` everything is kept. */
export async function largestProven(before: Document, fixes: readonly Finding[], prove: Prove | undefined): Promise<Proven> {
  const none: Proven = { document: before, kept: [], proof: undefined, failed: [] };
  const [first] = fixes;
  if (!first?.fixClass) return none;
  if (!prove) return { ...none, document: withFixes(before, fixes), kept: fixes };
  return new Search(before, first.fixClass, prove).extend(none, fixes);
}

/** Halves what fails until the culprits stand alone: proofs grow with the number of culprits, not of fixes. */
class Search {
  /** How many lone fixes could not be verified, by the reason. */
  readonly #unverifiable = new Map<string | undefined, number>();

  constructor(
    readonly before: Document,
    readonly claim: FixClass,
    readonly prove: Prove,
  ) {}

  /** Adds to what is proven already as many of the fixes as can be. */
  async extend(base: Proven, fixes: readonly Finding[]): Promise<Proven> {
    const kept = [...base.kept, ...fixes];
    const document = withFixes(this.before, kept);
    const edits = kept.flatMap(({ problem }) => problem.edits ?? []);
    const proof = await this.prove(this.before, document, this.claim, { changesWeights: changesWeights(edits) });
    if (proof.verdict === 'proven') return { ...base, document, kept, proof };
    if (fixes.length === 1) {
      if (proof.verdict === 'unverifiable') this.#unverifiable.set(proof.reason, (this.#unverifiable.get(proof.reason) ?? 0) + 1);
      return this.#fail(base, fixes, proof);
    }
    const middle = Math.ceil(fixes.length / 2);
    const half = await this.extend(base, fixes.slice(0, middle));
    if (proof.verdict === 'unverifiable' && half.kept.length === 0 && this.#isOfTheModel(proof)) return this.#fail(half, fixes.slice(middle), proof);
    return this.extend(half, fixes.slice(middle));
  }

  /** Nothing was proven so far, and two fixes failed for one reason: the model cannot be executed, whatever is done to it. */
  #isOfTheModel({ reason }: Proof): boolean {
    return (this.#unverifiable.get(reason) ?? 0) > 1;
  }

  #fail(base: Proven, fixes: readonly Finding[], proof: Proof): Proven {
    return { ...base, failed: [...base.failed, ...fixes.map((fix) => [fix, proof] as const)] };
  }
}

function withFixes(before: Document, fixes: readonly Finding[]): Document {
  const { splices, refusals } = before.lower(fixes.map(({ problem }) => problem.edits ?? []));
  const refusal = refusals.find((reason) => reason !== undefined);
  // Otherwise something would be reported as fixed that is not.
  if (refusal !== undefined) throw new Error(`a fix that was accepted among others is refused among fewer: ${refusal}`);
  return before.withSplices(splices);
}
