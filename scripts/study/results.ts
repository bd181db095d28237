/** The runs of a study. */
import { epochOf } from './statistics.js';
import type { Measured } from './training.js';

export interface Setting {
  readonly size: number;
  readonly epochs: number;
}

export interface Result extends Setting {
  readonly family: number;
  readonly network: number;
  readonly seed: number;
  readonly measured: Measured;
}

/** The training loss at which epochs are compared, in nats; guessing has ln 10 = 2.30. */
export const TARGET_LOSS = 1;

/** All runs of a study. */
export class Results {
  constructor(
    readonly settings: readonly Setting[],
    readonly all: readonly Result[],
  ) {}

  /** In the order of the seeds. */
  of(family: number, network: number, { size }: Setting): Measured[] {
    return this.all.filter((each) => each.family === family && each.network === network && each.size === size).sort((a, b) => a.seed - b.seed).map(({ measured }) => measured);
  }

  values(family: number, network: number, setting: Setting, value: (measured: Measured) => number): number[] {
    return this.of(family, network, setting).map(value);
  }
}

/** The epoch of equal training loss; all epochs where it was not reached. */
export const epochsToTarget = (measured: Measured): number => epochOf(measured.trainingLoss, TARGET_LOSS) ?? measured.trainingLoss.length - 1;
export const reachesTarget = (measured: Measured): boolean => epochOf(measured.trainingLoss, TARGET_LOSS) !== undefined;
