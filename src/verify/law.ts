/**
 * Normal forms of dropout: the law of a model's training outputs as an expression. Dropouts are random operators of it;
 * those in a row are a set, because they commute with each other, with one of each unit, of rate 1 − (1 − p)(1 − q).
 * A dropout moves behind what moves elements and behind what is positively homogeneous (verification.md, The
 * mathematics). Equal expressions have equal laws.
 */
import type { DropoutUnit } from '../graph/layers.js';

/** Of one dropout: its unit, and the probability of keeping, or the name of the value that gives the rate. */
export interface DropoutLaw {
  readonly unit: DropoutUnit;
  readonly keep: number | string;
}

const ELEMENTWISE = new Set(['Relu', 'LeakyRelu', 'PRelu', 'Abs', 'Neg']);
const ROW_MAJOR = new Set(['Reshape', 'Flatten', 'Squeeze', 'Unsqueeze']);
const PERMUTING = new Set(['Transpose', 'DepthToSpace', 'SpaceToDepth', 'Slice']);
const POOLING = new Set(['MaxPool', 'AveragePool', 'GlobalMaxPool', 'GlobalAveragePool']);
/** Operators that read of a tensor its shape alone. */
export const SHAPE_READERS = new Set(['Shape', 'Size', 'RandomUniformLike', 'RandomNormalLike']);

/** Whether f(D x) and D(f x) have the same law, for f of one live operand. */
export function passesThrough(opType: string, unit: DropoutUnit): boolean {
  if (ELEMENTWISE.has(opType)) return true;
  if (unit === 'element') return ROW_MAJOR.has(opType) || PERMUTING.has(opType);
  return unit === 'channel' && POOLING.has(opType);
}

/** Behind global pooling a channel is an element. */
export function unitBehind(opType: string, unit: DropoutUnit): DropoutUnit {
  return unit === 'channel' && opType.startsWith('Global') ? 'element' : unit;
}

/** D ∘ (the dropouts of a set). */
export function withDropout(laws: readonly DropoutLaw[], added: DropoutLaw): readonly DropoutLaw[] {
  const twin = laws.find(({ unit, keep }) => unit === added.unit && typeof keep === 'number');
  if (!twin || typeof added.keep === 'string') return [...laws, added];
  return laws.map((law) => (law === twin ? { unit: law.unit, keep: (twin.keep as number) * (added.keep as number) } : law));
}

const HEAD = 'dropout ';

/** The head of the expression of a set of dropouts, and back. */
export function headOf(laws: readonly DropoutLaw[]): string {
  const texts = laws.map(({ unit, keep }) => JSON.stringify([unit, typeof keep === 'number' ? Number(keep.toPrecision(5)) : keep]));
  return `${HEAD}[${texts.sort().join()}]`;
}

/** None for an expression that is no dropout. */
export function lawsOf(head: string): readonly DropoutLaw[] {
  if (!head.startsWith(HEAD)) return [];
  const list = JSON.parse(head.slice(HEAD.length, head.lastIndexOf('#'))) as [DropoutUnit, number | string][];
  return list.map(([unit, keep]) => ({ unit, keep }));
}
