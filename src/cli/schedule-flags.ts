/** The flags of a schedule, as `droplint schedule` and `droplint rewrite --to scheduled` take them. */
import { InvalidArgumentError } from 'commander';
import { ConfigurationError } from '../lint/configuration-error.js';
import { schedules, type CurriculumOptions, type CutoffOptions, type Schedule, type ScheduleKind } from '../variants/schedules.js';

/** Kinds that take them. */
export const OWN_OPTIONS = { gamma: ['curriculum'], cutoff: ['early', 'late'] } as const satisfies Readonly<Record<string, readonly ScheduleKind[]>>;

export function parseNumber(text: string): number {
  const value = Number(text);
  if (text.trim() === '' || !Number.isFinite(value)) throw new InvalidArgumentError('It must be a number.');
  return value;
}

/** The schedule, or a ConfigurationError for what is out of its range. */
export function scheduleFrom(kind: ScheduleKind, options: CurriculumOptions & CutoffOptions): Schedule {
  try {
    return schedules[kind](options);
  } catch (error) {
    if (error instanceof RangeError) throw new ConfigurationError(error.message);
    throw error;
  }
}
