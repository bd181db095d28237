/** Edits, in the graph's terms. A format lowers them to splices; `commutation.ts` says what they claim. */
import type { ActivationLayer, DropoutLayer, Layer, WeightedLayer } from './layers.js';

/** The dropout that an edit inserts or puts in place of another. */
export interface DropoutSpec {
  readonly kind: 'dropout';
  /** `keep`: the rate of the dropout that it replaces, or that it is `like`, wherever that comes from. */
  readonly rate: number | 'keep';
  /**
   * What one draw silences together: an element, a channel; a `weight` of the weighted layer that it stands before
   * (DropConnect); with `time` and `state` a unit for the whole sequence, of what a recurrent layer reads and of its state.
   */
  readonly unit: 'element' | 'channel' | 'weight' | 'time' | 'state';
  /** `bernoulli` when absent. The parameters of `gaussian` (log α) and `concrete` (logit p) can be learned. */
  readonly law?: DropoutLayer['law'];
  /** Number N of training examples: the divergence of noise that is learned counts 1/N in the loss (code only). */
  readonly examples?: number;
  /**
   * Inserted dropouts copy the training mode of the graph's other dropouts; this one holds when there is none. `input`: one
   * graph input for all, false by default.
   */
  readonly training?: boolean | 'input';
  /** The dropout whose place an inserted one takes elsewhere: it has its mode, and with `keep` its rate (graphs only). */
  readonly like?: DropoutLayer;
  /** What switches it, whatever switched the dropouts before: `training` is for want of an example, this is for want of another. */
  readonly mode?: boolean | 'input';
  /** As one node that calls a function of the model, in place of plain operators. */
  readonly asFunction?: boolean;
}

/** How the rate of dropouts moves with the epochs (variants/schedules.ts); what is absent has its default there. */
export interface ScheduleSettings {
  readonly kind: string;
  readonly epochs: number;
  /** The rate that the schedule starts from, ends at or tends to; absent: that which all the dropouts have. */
  readonly rate?: number;
  readonly gamma?: number;
  readonly cutoff?: number;
}

export type Edit =
  | { readonly type: 'move'; readonly layer: Layer; readonly where: 'after' | 'before'; readonly target: Layer }
  | { readonly type: 'remove'; readonly layer: Layer }
  | { readonly type: 'insert'; readonly spec: DropoutSpec; readonly where: 'after' | 'before'; readonly target: Layer }
  | { readonly type: 'replace'; readonly layer: Layer; readonly spec: DropoutSpec }
  /** The bias of a weighted layer goes into the running mean of the BatchNorm behind it: BN(Wx + b) = BN(Wx) once mean −= b. */
  | { readonly type: 'fold-bias'; readonly layer: Layer; readonly into: Layer }
  /**
   * The factor 1 − p of non-inverted dropout goes into the weights: W′ = (1 − p)·W (and the bias, where they stand before the
   * dropout), and the dropout is inverted. `scale`: the multiplication by 1 − p that stands beside a dropout that is
   * inverted already; without one its mask gets its scale, or the multiplication of the weights themselves goes.
   */
  | { readonly type: 'fold-scale'; readonly layer: DropoutLayer; readonly scale: ActivationLayer | undefined; readonly into: WeightedLayer }
  /** The way back: W′ = W/(1 − p), and a multiplication by 1 − p behind the dropout (or none by 1/(1 − p) in it). */
  | { readonly type: 'unfold-scale'; readonly layer: DropoutLayer; readonly into: WeightedLayer }
  | { readonly type: 'configure'; readonly layer: Layer; readonly settings: Readonly<Record<string, unknown>> }
  /** The rate of these dropouts of one model follows a schedule. */
  | { readonly type: 'schedule'; readonly layers: readonly DropoutLayer[]; readonly schedule: ScheduleSettings };

export const move = (layer: Layer) => ({
  after: (target: Layer): Edit => ({ type: 'move', layer, where: 'after', target }),
  before: (target: Layer): Edit => ({ type: 'move', layer, where: 'before', target }),
});

export const remove = (layer: Layer): Edit => ({ type: 'remove', layer });

export const insert = (spec: DropoutSpec) => ({
  after: (target: Layer): Edit => ({ type: 'insert', spec, where: 'after', target }),
  before: (target: Layer): Edit => ({ type: 'insert', spec, where: 'before', target }),
});

export const replace = (layer: Layer, spec: DropoutSpec): Edit => ({ type: 'replace', layer, spec });

export const foldBias = (layer: Layer, into: Layer): Edit => ({ type: 'fold-bias', layer, into });

export const foldScale = (layer: DropoutLayer, into: WeightedLayer, scale?: ActivationLayer): Edit => ({ type: 'fold-scale', layer, scale, into });

export const unfoldScale = (layer: DropoutLayer, into: WeightedLayer): Edit => ({ type: 'unfold-scale', layer, into });

/**
 * Settings that formats know (each refuses what it cannot express): `rate: number`; `complementRate: true` (1 − what stands
 * there); `trainingMode: boolean`; `removeSeed: true`; `law: 'alpha'`; and for code and topologies `type: string` (another
 * layer class), `wrapRate: true` (`dropout(0.2)` → `dropout({ rate: 0.2 })`), `renameKey: [from, to]`,
 * `freeBatch: true` (the batch size of a noiseShape becomes null), `placement: 'add'` (`model.layers.push` → `model.add`),
 * `useBias: false`, `unwrapCell: true` (`rnn({ cell: lstmCell(…) })` → `lstm(…)`).
 */
export const configure = (layer: Layer, settings: Readonly<Record<string, unknown>>): Edit => ({ type: 'configure', layer, settings });

export const schedule = (layers: readonly DropoutLayer[], settings: ScheduleSettings): Edit => ({ type: 'schedule', layers, schedule: settings });

/** The classes of claim, strongest first (verification.md). */
export const FIX_CLASSES = ['exact', 'exact-in-distribution', 'inference-exact', 'repair', 'suggestion'] as const;
export type FixClass = (typeof FIX_CLASSES)[number];
