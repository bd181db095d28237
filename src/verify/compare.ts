/** Holds the outputs of two runs against each other. */
import type { Difference } from './proof.js';
import { isFloat, numberAt, ulpDistance } from './tensors.js';
import type { TensorData, TensorValue } from './tensors.js';

/**
 * Two floats are equal when they are at most `ulp` units in the last place apart, or when they differ by at most
 * `relative` times the largest magnitude of the output (a sum that cancels has no small relative error of its own).
 * −0 equals +0, NaN equals NaN at the same place. Everything that is no float must be equal.
 */
export interface Tolerance {
  readonly ulp: number;
  readonly relative: number;
}

export const BIT_EXACT: Tolerance = { ulp: 0, relative: 0 };

export interface Comparison {
  /** The largest difference, within the tolerance or not; absent when there is none. */
  readonly largest: Difference | undefined;
  readonly within: boolean;
}

/** `relative` of the result is |a − b| over the larger of the two magnitudes. */
export function compareOutputs(output: string, before: TensorValue, after: TensorValue, tolerance: Tolerance): Comparison {
  if (before.type !== after.type || before.dims.length !== after.dims.length || before.dims.some((extent, axis) => extent !== after.dims[axis])) {
    const describe = ({ type, dims }: TensorValue): string => `${type}[${dims.join(', ')}]`;
    return { largest: { output, index: [], before: describe(before), after: describe(after), ulp: Infinity, relative: Infinity }, within: false };
  }
  const worst = isFloat(before.type) ? worstFloat(before, after, tolerance) : firstUnequal(before.data, after.data);
  if (!worst) return { largest: undefined, within: true };
  const [a, b] = [valueAt(before, worst.at), valueAt(after, worst.at)];
  return { largest: { output, index: indexOf(worst.at, before.dims), before: a, after: b, ulp: worst.ulp, relative: relativeError(a, b) }, within: worst.within };
}

interface Worst {
  readonly at: number;
  readonly ulp: number;
  readonly error: number;
  readonly within: boolean;
}

type Numbers = Exclude<TensorData, string[]>;

function worstFloat(before: TensorValue, after: TensorValue, tolerance: Tolerance): Worst | undefined {
  const { type } = before;
  const [a, b] = [before.data as Numbers, after.data as Numbers];
  const bound = tolerance.relative === 0 ? 0 : tolerance.relative * Math.max(largestMagnitude(type, a), largestMagnitude(type, b));
  let worst: Worst | undefined;
  for (let at = 0; at < a.length; at++) {
    if (a[at] === b[at]) continue;
    const [x, y] = [numberAt(type, a, at), numberAt(type, b, at)];
    if (x === y || (Number.isNaN(x) && Number.isNaN(y))) continue;
    const finite = Number.isFinite(x) && Number.isFinite(y);
    const error = finite ? Math.abs(x - y) : Infinity;
    const ulp = finite ? ulpDistance(type, x, y) : Infinity;
    const within = ulp <= tolerance.ulp || error <= bound;
    if (!worst || (worst.within && !within) || (worst.within === within && error > worst.error)) worst = { at, ulp, error, within };
  }
  return worst;
}

function largestMagnitude(type: string, data: Numbers): number {
  let largest = 0;
  for (let i = 0; i < data.length; i++) {
    const magnitude = Math.abs(numberAt(type, data, i));
    if (magnitude > largest && magnitude !== Infinity) largest = magnitude;
  }
  return largest;
}

function firstUnequal(a: TensorData, b: TensorData): Worst | undefined {
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return { at: i, ulp: Infinity, error: Infinity, within: false };
  return undefined;
}

function valueAt(tensor: TensorValue, index: number): number | string {
  return tensor.type === 'string' ? (tensor.data as string[])[index]! : numberAt(tensor.type, tensor.data as Numbers, index);
}

function relativeError(a: number | string, b: number | string): number {
  if (typeof a === 'string' || typeof b === 'string') return Infinity;
  if (!Number.isFinite(a) || !Number.isFinite(b)) return Infinity;
  return Math.abs(a - b) / Math.max(Math.abs(a), Math.abs(b));
}

function indexOf(flat: number, dims: readonly number[]): number[] {
  const index: number[] = [];
  for (let axis = dims.length - 1, rest = flat; axis >= 0; axis--) {
    index.unshift(rest % dims[axis]!);
    rest = Math.floor(rest / dims[axis]!);
  }
  return index;
}

/** The larger of two differences; those beyond the tolerance come first, then the number of ulps. */
export function worse(a: Comparison | undefined, b: Comparison): Comparison {
  if (!a || (a.within && !b.within)) return b;
  if (!a.within && b.within) return a;
  return (b.largest?.ulp ?? 0) > (a.largest?.ulp ?? 0) ? b : a;
}
