/** What shape inference asks of a node, and the arithmetic of extents that are known, symbols, or unknown. */
import type { Dimension } from '../../../graph/layers.js';
import type { NodeRecord } from '../wire/records.js';
import { intsAttribute } from './tensors.js';
import type { Body, Tensor } from './tensors.js';

export type Shape = readonly Dimension[];
/** A node's operands and what is known of them. */
export interface Operands {
  readonly node: NodeRecord;
  readonly body: Body;
  /** The k-th operand; `undefined` when absent. */
  in(k: number): Tensor | undefined;
  shape(k: number): Shape | undefined;
}
/** The shape of a node's first result. */
export type Rule = (x: Operands) => Shape | undefined;

/** Tensors of the field have fewer axes, and shapes fewer elements. */
export const RANK_LIMIT = 64;

export const unknown = (rank: number): Shape => new Array<Dimension>(Math.max(0, rank)).fill(undefined);
export const normalise = (axis: number, rank: number) => (axis < 0 ? axis + rank : axis);

/** NumPy broadcasting of known and unknown extents. */
export function broadcast(a: Shape | undefined, b: Shape | undefined): Shape | undefined {
  if (!a || !b) return undefined;
  const rank = Math.max(a.length, b.length);
  const at = (shape: Shape, i: number): Dimension => (i < rank - shape.length ? 1 : shape[i - (rank - shape.length)]);
  return Array.from({ length: rank }, (_, i) => {
    const [x, y] = [at(a, i), at(b, i)];
    if (x === 1) return y;
    if (y === 1 || x === y) return x;
    if (typeof x === 'number') return x;
    return typeof y === 'number' ? y : undefined;
  });
}

export function ints(x: Operands, k: number, name: string): readonly Dimension[] | undefined {
  return intsAttribute(x.node, name) ?? x.in(k)?.ints;
}

export const numbers = (values: readonly Dimension[] | undefined): readonly number[] | undefined =>
  values?.every((value) => typeof value === 'number') ? (values as readonly number[]) : undefined;
