/** Mutants against the verifier: what catches what. */
import { Random } from '../../../fixtures/builders/random.js';
import { readOnnxBytes } from '../../../src/formats/onnx/document.js';
import type { OnnxDocument } from '../../../src/formats/onnx/document.js';
import { differenceOfLaws, proveErasureOfOnnx } from '../../../src/verify/erasure.js';
import { prove } from '../../../src/verify/index.js';
import { checkInference } from '../../../src/verify/inference.js';
import type { Pool } from '../../../src/verify/pool.js';
import { checkSameMask, differenceOfDropouts } from '../../../src/verify/same-mask.js';
import type { Mutation } from './catalogue.js';
import { Mutable } from './mutable.js';

export interface Source {
  readonly name: string;
  readonly bytes: Uint8Array;
}

export interface Outcome {
  readonly kind: string;
  readonly changes: Mutation['changes'];
  readonly source: string;
  readonly seed: number;
  /** Which checks say that the mutant is another model. */
  readonly caught: { readonly erasure: boolean; readonly dropouts: boolean; readonly laws: boolean; readonly inference: boolean; readonly sameMask: boolean };
  /** By what remains when erasure is off, and when execution is off. */
  readonly withoutErasure: boolean;
  readonly withoutExecution: boolean;
  /** A harmless rewrite that a proof refutes or cannot give. */
  readonly accused: string | undefined;
}

/** A mutant, unless the mutation finds no place. */
export function mutate(source: Source, mutation: Mutation, seed: number): Uint8Array | undefined {
  const model = new Mutable(source.bytes, new Random(seed));
  return mutation.apply(model) ? model.encode() : undefined;
}

export async function examine(source: Source, mutation: Mutation, seed: number, pool: Pool): Promise<Outcome | undefined> {
  const bytes = mutate(source, mutation, seed);
  if (!bytes) return undefined;
  const head = { kind: mutation.kind, changes: mutation.changes, source: source.name, seed };
  const before = readOnnxBytes(source.bytes);
  const after = readOnnxBytes(bytes, 'mutant.onnx');
  if (mutation.changes === 'nothing') {
    const proof = await prove(before, after, 'exact', { pool });
    const caught = { erasure: false, dropouts: false, laws: false, inference: false, sameMask: false };
    return { ...head, caught, withoutErasure: false, withoutExecution: false, accused: proof.verdict === 'proven' ? undefined : proof.reason ?? proof.verdict };
  }
  const caught = await checksOf(before, after, pool);
  return {
    ...head,
    caught,
    withoutErasure: caught.inference || caught.sameMask || caught.dropouts,
    withoutExecution: caught.erasure || caught.dropouts || caught.laws,
    accused: undefined,
  };
}

async function checksOf(before: OnnxDocument, after: OnnxDocument, pool: Pool): Promise<Outcome['caught']> {
  const inference = (await checkInference(before, after, pool)).check.verdict === 'fails';
  const structural = differenceOfDropouts(before, after) !== undefined;
  return {
    erasure: proveErasureOfOnnx(before, after).verdict === 'fails',
    dropouts: structural,
    laws: differenceOfLaws(before, after) !== undefined,
    inference,
    sameMask: (await checkSameMask(before, after, pool)).check.verdict === 'fails' && !structural,
  };
}
