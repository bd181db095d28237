/**
 * `droplint/tfjs`: the kinds of dropout that TensorFlow.js lacks, as layers for `tf.sequential` and `tf.model`.
 *
 * ```ts
 * import * as tf from '@tensorflow/tfjs';
 * import { ConcreteDropout, curriculum, scheduledDropout } from 'droplint/tfjs';
 * ```
 *
 * Importing it registers the layers, so that `tf.loadLayersModel` finds them.
 */
export { AlphaDropout, alphaDropoutAffine, SELU_SATURATION } from './alpha-dropout.js';
export type { AlphaDropoutArgs } from './alpha-dropout.js';
export { ConcreteDropout } from './concrete-dropout.js';
export type { ConcreteDropoutArgs } from './concrete-dropout.js';
export { gaussianDivergence, sparseDivergence } from './divergence.js';
export { DropConnectDense } from './drop-connect-dense.js';
export type { DropConnectDenseArgs } from './drop-connect-dense.js';
export type { CallOptions, DropoutArgs, LayerArgs } from './noise-layer.js';
export { scheduledDropout } from './scheduled-dropout.js';
export type { ScheduledDropoutOptions } from './scheduled-dropout.js';
export { SpatialDropout2D, SpatialDropout3D } from './spatial-dropout.js';
export type { SpatialDropoutArgs } from './spatial-dropout.js';
export { PRUNING_THRESHOLD, VariationalDropout } from './variational-dropout.js';
export type { VariationalDropoutArgs } from './variational-dropout.js';
export { annealed, constant, curriculum, early, late, linear, ratesOf, SCHEDULE_KINDS, schedules } from '../variants/schedules.js';
export type { CurriculumOptions, CutoffOptions, Schedule, ScheduleKind, ScheduleOptions } from '../variants/schedules.js';
