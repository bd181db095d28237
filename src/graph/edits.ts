/** Edits, in the graph's terms. A format lowers them to splices; `commutation.ts` says what they claim. */
import type { DropoutUnit, Layer } from './layers.js';

/** The dropout that an edit inserts or puts in place of another. */
export interface DropoutSpec {
  readonly kind: 'dropout';
  /** `keep`: the rate of the dropout that it replaces, wherever that comes from. */
  readonly rate: number | 'keep';
  readonly unit: Extract<DropoutUnit, 'element' | 'channel'>;
  /** Inserted dropouts copy the training mode of the graph's other dropouts; this one holds when there is none. */
  readonly training?: boolean;
}

export type Edit =
  | { readonly type: 'move'; readonly layer: Layer; readonly where: 'after' | 'before'; readonly target: Layer }
  | { readonly type: 'remove'; readonly layer: Layer }
  | { readonly type: 'insert'; readonly spec: DropoutSpec; readonly where: 'after' | 'before'; readonly target: Layer }
  | { readonly type: 'replace'; readonly layer: Layer; readonly spec: DropoutSpec }
  /** The bias of a weighted layer goes into the running mean of the BatchNorm behind it: BN(Wx + b) = BN(Wx) once mean −= b. */
  | { readonly type: 'fold-bias'; readonly layer: Layer; readonly into: Layer }
  | { readonly type: 'configure'; readonly layer: Layer; readonly settings: Readonly<Record<string, unknown>> };

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

/**
 * Settings that formats know (each refuses what it cannot express): `rate: number`; `complementRate: true` (1 − what stands
 * there); `trainingMode: boolean`; `removeSeed: true`; `law: 'alpha'`; and for code and topologies `type: string` (another
 * layer class), `wrapRate: true` (`dropout(0.2)` → `dropout({ rate: 0.2 })`), `renameKey: [from, to]`,
 * `freeBatch: true` (the batch size of a noiseShape becomes null), `placement: 'add'` (`model.layers.push` → `model.add`),
 * `useBias: false`, `unwrapCell: true` (`rnn({ cell: lstmCell(…) })` → `lstm(…)`).
 */
export const configure = (layer: Layer, settings: Readonly<Record<string, unknown>>): Edit => ({ type: 'configure', layer, settings });

/** The classes of claim, strongest first (verification.md). */
export const FIX_CLASSES = ['exact', 'exact-in-distribution', 'inference-exact', 'repair', 'suggestion'] as const;
export type FixClass = (typeof FIX_CLASSES)[number];
