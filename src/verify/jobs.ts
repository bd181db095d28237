/** What the child process is asked to do, and what it answers. Everything here crosses a process boundary. */
import type { DropoutUnit } from '../graph/layers.js';
import type { Tolerance } from './compare.js';
import type { ExecutableModel } from './encode.js';
import type { Binding, Feed, FeedInput } from './feeds.js';
import type { Check, Difference } from './proof.js';
import type { TensorValue } from './tensors.js';

export type OptimizationLevel = 'disabled' | 'basic' | 'extended' | 'all';

/** onnxruntime's optimiser deletes live Dropouts (verification.md, The trap); a training run keeps them. */
export interface SessionSettings {
  readonly level: OptimizationLevel;
  readonly keepDropout: boolean;
  /** 1 by default. onnxruntime's CPU kernels divide their work by the number of threads alone: results repeat. */
  readonly threads?: number;
}

/** Runs two models on the same feeds and compares every output. */
export interface CompareJob {
  readonly kind: 'compare';
  readonly before: ExecutableModel;
  readonly after: ExecutableModel;
  readonly runs: readonly (SessionSettings & { readonly tolerance: Tolerance })[];
  readonly inputs: readonly FeedInput[];
  readonly feeds: readonly Feed[];
  readonly bindings: readonly Binding[];
  /** Feeds with given values, in place of `feeds`. */
  readonly given?: readonly { readonly name: string; readonly values: Readonly<Record<string, TensorValue>> }[];
  /** The files as they stand: if the one before loads, the one after must. */
  readonly files?: { readonly before: ExecutableModel; readonly after: ExecutableModel };
  /** Milliseconds after which no further feed is started; two are always run. */
  readonly budget: number;
}

export type CompareResult =
  | {
    readonly outcome: 'compared';
    readonly within: boolean;
    readonly largest: Difference | undefined;
    /** The largest difference of outputs that are not within the tolerance is at this level. */
    readonly level: OptimizationLevel | undefined;
    readonly feeds: NonNullable<Check['feeds']>;
    readonly levels: readonly OptimizationLevel[];
    readonly runtime: string;
  }
  | { readonly outcome: 'failed'; readonly side: 'before' | 'after'; readonly reason: string; readonly runtime: string };

/** Runs one model and returns its outputs. */
export interface RunJob {
  readonly kind: 'run';
  readonly model: ExecutableModel;
  readonly settings: SessionSettings;
  /** One run of the same session for each. */
  readonly feeds: readonly Readonly<Record<string, TensorValue>>[];
}

export type RunResult =
  | { readonly outcome: 'ran'; readonly outputs: readonly Readonly<Record<string, TensorValue>>[] }
  | { readonly outcome: 'failed'; readonly reason: string };

/** Whether each element of an output is 0 or a multiple of the same element of an input (broadcast over unit axes). */
export interface MultiplesJob {
  readonly kind: 'multiples';
  readonly model: ExecutableModel;
  readonly inputs: readonly FeedInput[];
  readonly bindings: readonly Binding[];
  readonly feeds: readonly Feed[];
  readonly pairs: readonly { readonly input: string; readonly output: string; readonly scale: number | undefined; readonly label: string }[];
}

export type MultiplesResult =
  | { readonly outcome: 'compared'; readonly within: boolean; readonly largest: Difference | undefined; readonly label: string | undefined }
  | { readonly outcome: 'failed'; readonly reason: string };

/** Runs one dropout alone, in fresh sessions with different seeds, and counts. */
export interface StatisticsJob {
  readonly kind: 'statistics';
  /** The same dropout with one seed each. */
  readonly models: readonly ExecutableModel[];
  readonly inputs: readonly FeedInput[];
  readonly bindings: readonly Binding[];
  /** Names of the outputs that give what it drops, and the result. */
  readonly input: string;
  readonly output: string;
  readonly unit: DropoutUnit;
  /** Of a unit `channel`: the axis of the channels. */
  readonly channelAxis: 1 | -1;
  /** Of a unit `time`: the axis of the steps; the second when absent. */
  readonly timeAxis?: number;
  /** Of survivors; measured at the first of them when absent. */
  readonly scale?: number;
  /** Units after which no further session is started. */
  readonly enough: number;
  /** Elements that an input should have, where the dropout takes more than its own. */
  readonly enlarge: number;
}

export type StatisticsResult =
  | {
    readonly outcome: 'measured';
    readonly units: number;
    readonly dropped: number;
    /** Pairs of neighbouring units, none in two of them, and those that were both dropped or both kept. */
    readonly pairs: number;
    readonly agreeing: number;
    readonly scale: number | undefined;
    readonly sum: number;
    readonly expectedSum: number;
    /** Sum over the units of the squared sum of a unit's inputs. */
    readonly squares: number;
  }
  | { readonly outcome: 'fault'; readonly reason: string }
  | { readonly outcome: 'failed'; readonly reason: string };

export type Job = CompareJob | RunJob | MultiplesJob | StatisticsJob;
export type ResultOf<J extends Job> = J extends CompareJob ? CompareResult : J extends RunJob ? RunResult : J extends MultiplesJob ? MultiplesResult : StatisticsResult;
