/** What is said of a few runs. */

/** Two-sided 95 % quantiles of Student's t for 1, 2, … degrees of freedom. */
const STUDENT = [12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262];

export const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;

/** Sample standard deviation; NaN for a single value. */
export function deviation(values: readonly number[]): number {
  const center = mean(values);
  return Math.sqrt(values.reduce((sum, value) => sum + (value - center) ** 2, 0) / (values.length - 1));
}

export interface Interval {
  readonly mean: number;
  readonly low: number;
  readonly high: number;
}

/** The mean with its 95 % confidence interval, for runs that scatter normally; everything is possible after a single one. */
export function interval(values: readonly number[]): Interval {
  const center = mean(values);
  const half = values.length > 1 ? (STUDENT[Math.min(values.length - 1, STUDENT.length) - 1]! * deviation(values)) / Math.sqrt(values.length) : Infinity;
  return { mean: center, low: center - half, high: center + half };
}

/** `above` or `below` the value where the interval leaves it out, else `undecided`. */
export function compared({ low, high }: Interval, value: number): 'above' | 'below' | 'undecided' {
  return low > value ? 'above' : high < value ? 'below' : 'undecided';
}

/**
 * The epoch, counted in fractions by linear interpolation, at which a loss given before training and after each epoch first
 * falls to the target; `undefined` where it never does.
 */
export function epochOf(losses: readonly number[], target: number): number | undefined {
  const index = losses.findIndex((loss) => loss <= target);
  if (index <= 0) return index === 0 ? 0 : undefined;
  const [before, after] = [losses[index - 1]!, losses[index]!];
  return index - 1 + (before - target) / (before - after);
}
