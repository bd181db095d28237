import { LOG_ALPHA } from './parameters.js';
import type { Template } from './template.js';

/** y = x ⊙ ξ, ξ ~ N(1, α) for each element, with learnable log α (Kingma, Salimans & Welling 2015, Variational Dropout and the Local Reparameterization Trick, §3.1). */
export const VARIATIONAL: Template = {
  name: 'VariationalDropout',
  law: 'gaussian',
  unit: 'element',
  parameter: LOG_ALPHA,
  anchor: 'RandomNormalLike',
  statement: 'y = x * xi, xi ~ N(1, alpha) for each element in training, 1 at inference; log_alpha is learned (Kingma et al. 2015).',
  nodes: [
    { opType: 'Constant', outputs: ['half'], value: 0.5, type: 'data' },
    { opType: 'Constant', outputs: ['one'], value: 1, type: 'data' },
    { opType: 'Constant', outputs: ['zero'], value: 0, type: 'data' },
    { opType: 'Mul', inputs: ['log_alpha', 'half'], outputs: ['log_deviation'] },
    { opType: 'Exp', inputs: ['log_deviation'], outputs: ['deviation'] },
    { opType: 'Where', inputs: ['training_mode', 'deviation', 'zero'], outputs: ['switched'] },
    { opType: 'RandomNormalLike', inputs: ['x'], outputs: ['normal'] },
    { opType: 'Mul', inputs: ['normal', 'switched'], outputs: ['deviations'] },
    { opType: 'Add', inputs: ['deviations', 'one'], outputs: ['noise'] },
    { opType: 'Mul', inputs: ['x', 'noise'], outputs: ['y'] },
  ],
};
