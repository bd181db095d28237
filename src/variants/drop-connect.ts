import { RATIO } from './parameters.js';
import type { Template } from './template.js';

/** Dropout over a weight, one draw for each of its elements, shared by the batch (Wan et al. 2013, Regularization of Neural Networks using DropConnect). */
export const DROP_CONNECT: Template = {
  name: 'DropConnect',
  law: 'bernoulli',
  unit: 'weight',
  parameter: RATIO,
  anchor: 'Dropout',
  statement: 'Dropout over a weight: one draw for each of its elements (Wan et al. 2013).',
  nodes: [{ opType: 'Dropout', inputs: ['x', 'ratio', 'training_mode'], outputs: ['y'] }],
};
