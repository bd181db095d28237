/** How the rate of dropout moves during training: pure functions of time. */

/** The rate, in [0, 1), at time t ≥ 0. Time is counted in epochs from 0 and may be fractional, for a rate per step. */
export type Schedule = (t: number) => number;

export interface ScheduleOptions {
  /** p, in [0, 1): the rate that the schedule starts from, ends at or tends to. */
  readonly rate: number;
  /** N, the length of the training in epochs. */
  readonly epochs: number;
}

export interface CurriculumOptions extends ScheduleOptions {
  /** γ, per epoch. Default 10/N, with which θ differs from θ̄ by less than 10⁻⁴ at the end of training. */
  readonly gamma?: number;
}

export interface CutoffOptions extends ScheduleOptions {
  /** The length of the first phase in epochs, in (0, N]. Default N/6, the 50 of 300 epochs of Liu et al. */
  readonly cutoff?: number;
}

/**
 * rate(t) = p.
 * @throws {RangeError} where an option is out of its range, as every schedule here does.
 */
export function constant(options: ScheduleOptions): Schedule {
  const { rate } = checked(options);
  return () => rate;
}

/** rate(t) = p · min(1, t/(N − 1)): from nothing to p, which the last of the N epochs has. */
export function linear(options: ScheduleOptions): Schedule {
  const { rate, epochs } = checked(options);
  return (t) => rate * Math.min(1, epochs === 1 ? 1 : t / (epochs - 1));
}

/**
 * Curriculum dropout: the retain probability θ(t) = (1 − θ̄)e^(−γt) + θ̄ falls from 1 to θ̄ = 1 − p, so that
 * rate(t) = p(1 − e^(−γt)), with γ = 10/N (Morerio et al. 2017, Curriculum Dropout, equation 4; arXiv 1703.06229).
 */
export function curriculum(options: CurriculumOptions): Schedule {
  const { rate, epochs } = checked(options);
  const gamma = options.gamma ?? 10 / epochs;
  if (!(gamma > 0 && gamma < Infinity)) throw new RangeError(`gamma must be a positive number, not ${gamma}.`);
  return (t) => rate * -Math.expm1(-gamma * t);
}

/** Annealed dropout: rate(t) = p · max(0, 1 − t/N) (Rennie, Goel & Thomas 2014, Annealed Dropout Training of Deep Networks). */
export function annealed(options: ScheduleOptions): Schedule {
  const { rate, epochs } = checked(options);
  return (t) => rate * Math.max(0, 1 - t / epochs);
}

/**
 * Early dropout, against underfitting: rate(t) = p · max(0, 1 − t/c) with the cutoff c, nothing after it
 * (Liu et al. 2023, Dropout Reduces Underfitting, the linearly decreasing form; arXiv 2303.01500).
 */
export function early(options: CutoffOptions): Schedule {
  const { rate } = checked(options);
  const cutoff = checkedCutoff(options);
  return (t) => rate * Math.max(0, 1 - t / cutoff);
}

/** Late dropout, against overfitting: rate(t) = 0 before the cutoff c, and p from c on (Liu et al. 2023; arXiv 2303.01500). */
export function late(options: CutoffOptions): Schedule {
  const { rate } = checked(options);
  const cutoff = checkedCutoff(options);
  return (t) => (t < cutoff ? 0 : rate);
}

/** Every schedule by its name. */
export const schedules = { constant, linear, curriculum, annealed, early, late } as const;

export type ScheduleKind = keyof typeof schedules;

export const SCHEDULE_KINDS = Object.keys(schedules) as readonly ScheduleKind[];

/** The rates of the epochs 0 … epochs − 1: epoch e trains at the rate of t = e. */
export function ratesOf(schedule: Schedule, epochs: number): number[] {
  return Array.from({ length: epochs }, (_, epoch) => schedule(epoch));
}

function checked(options: ScheduleOptions): ScheduleOptions {
  const { rate, epochs } = options;
  if (!(rate >= 0 && rate < 1)) throw new RangeError(`The rate must be in [0, 1), not ${rate}.`);
  if (!(Number.isSafeInteger(epochs) && epochs > 0)) throw new RangeError(`The number of epochs must be a positive integer, not ${epochs}.`);
  return options;
}

function checkedCutoff({ epochs, cutoff = epochs / 6 }: CutoffOptions): number {
  if (!(cutoff > 0 && cutoff <= epochs)) throw new RangeError(`The cutoff must be in (0, ${epochs}], not ${cutoff}.`);
  return cutoff;
}
