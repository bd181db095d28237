/** Dropout whose rate moves during training. */
import * as tf from '@tensorflow/tfjs';
import type { Schedule } from '../variants/schedules.js';
import { DropConnectDense } from './drop-connect-dense.js';
import { checkedRate, RatedDropout } from './noise-layer.js';

/** TensorFlow.js's layers that read their `rate` at every call. */
const RATED = new Set(['Dropout', 'SpatialDropout1D', 'GaussianDropout', 'AlphaDropout']);

export interface ScheduledDropoutOptions {
  /** Which layers follow the schedule; default all. */
  readonly where?: (layer: tf.layers.Layer) => boolean;
}

/**
 * A callback for `fit` that sets the rate of the model's dropout layers to schedule(epoch) at the beginning of every epoch,
 * counted from 0: `model.fit(x, y, { epochs, callbacks: [scheduledDropout(model, curriculum({ rate: 0.5, epochs }))] })`.
 *
 * Follows: TensorFlow.js's dropout, spatialDropout1d, gaussianDropout and alphaDropout; droplint's DropConnectDense,
 * SpatialDropout2D, SpatialDropout3D and AlphaDropout; `dropout` and `recurrentDropout` of recurrent layers where they are
 * above 0; all of them inside nested models, timeDistributed and bidirectional too. Learned rates are left alone.
 * It may stand alone, in a list of callbacks, or behind objects such as `{ onEpochEnd }`.
 * After training the layers keep the last rate, which matters to further training only.
 *
 * @throws {Error} when no layer would follow; {RangeError} at the epoch for which the schedule gives no rate in [0, 1).
 */
export function scheduledDropout(model: tf.LayersModel, schedule: Schedule, { where = () => true }: ScheduledDropoutOptions = {}): tf.CustomCallback {
  const setters = model.layers.flatMap((layer) => rateSetters(layer, where));
  if (setters.length === 0) throw new Error(`scheduledDropout: the model ${model.name} has no dropout layer whose rate could follow the schedule.`);
  return forAnyList(new tf.CustomCallback({
    onEpochBegin: async (epoch) => {
      const rate = checkedRate(schedule(epoch), `The schedule at epoch ${epoch}`);
      for (const set of setters) set(rate);
    },
  }));
}

const HOOKS = ['onTrainBegin', 'onTrainEnd', 'onEpochBegin', 'onEpochEnd', 'onBatchBegin', 'onBatchEnd'] as const;

/**
 * Where the first of a list of callbacks is an object of functions, `{ onEpochEnd }`, TensorFlow.js takes the functions of
 * all the others, too, and calls them on an object of its own: they must not need `this`.
 */
function forAnyList(callback: tf.CustomCallback): tf.CustomCallback {
  return Object.assign(callback, Object.fromEntries(HOOKS.map((hook) => [hook, callback[hook].bind(callback)])));
}

type RateSetter = (rate: number) => void;

function rateSetters(layer: tf.layers.Layer, where: (layer: tf.layers.Layer) => boolean): RateSetter[] {
  if (layer instanceof tf.LayersModel) return layer.layers.flatMap((inner) => rateSetters(inner, where));
  const wrapped = wrappedLayers(layer);
  if (wrapped.length > 0) return wrapped.flatMap((inner) => rateSetters(inner, where));
  if (!where(layer)) return [];
  if (layer instanceof RatedDropout || layer instanceof DropConnectDense || RATED.has(layer.getClassName())) {
    return [(rate) => ((layer as unknown as { rate: number }).rate = rate)];
  }
  return cellsOf(layer).flatMap(cellSetters);
}

/** Of timeDistributed and bidirectional, whose fields TensorFlow.js's types hide. */
function wrappedLayers(layer: tf.layers.Layer): tf.layers.Layer[] {
  const { layer: inner, forwardLayer, backwardLayer } = layer as { layer?: unknown; forwardLayer?: unknown; backwardLayer?: unknown };
  return [...new Set(forwardLayer ? [forwardLayer, backwardLayer] : [inner])].filter((each) => each instanceof tf.layers.Layer);
}

interface Cell {
  dropout?: number;
  recurrentDropout?: number;
}

function cellsOf(layer: tf.layers.Layer): Cell[] {
  const { cell } = layer as { cell?: Cell & { cells?: Cell[] } };
  return cell ? (cell.cells ?? [cell]) : [];
}

function cellSetters(cell: Cell): RateSetter[] {
  return (['dropout', 'recurrentDropout'] as const).flatMap((field) => ((cell[field] ?? 0) > 0 ? [(rate) => (cell[field] = rate)] : []));
}
