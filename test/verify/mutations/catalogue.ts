/**
 * Wrong rewrites, and harmless ones. Each is labelled by its construction: what it changes is the outputs at inference,
 * those in training alone, or nothing at all.
 */
import type { Mutable } from './mutable.js';
import { HARMLESS } from './harmless.js';
import { ON_ATTRIBUTES, ON_WEIGHTS } from './parameters.js';
import { ON_STRUCTURE } from './structure.js';
import { ON_DROPOUT } from './training.js';

export type Change = 'inference' | 'training' | 'nothing';

export interface Mutation {
  readonly kind: string;
  readonly changes: Change;
  /** Spoils the model at a random place. False where there is none. */
  readonly apply: (model: Mutable) => boolean;
}

export const MUTATIONS: readonly Mutation[] = [...ON_STRUCTURE, ...ON_WEIGHTS, ...ON_ATTRIBUTES, ...ON_DROPOUT, ...HARMLESS];
