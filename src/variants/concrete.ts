import { LOGIT_P } from './parameters.js';
import type { Template } from './template.js';

/** Keeps log u and log(1 − u) finite in float32. */
const MARGIN = 1e-6;
/** Gal et al. 2017, §3. */
export const TEMPERATURE = 0.1;

/**
 * y = x ⊙ (1 − z)/(1 − p), z = sigmoid((log p − log(1 − p) + log u − log(1 − u))/t), u ~ U(0, 1), with learnable p
 * (Gal, Hron & Kendall 2017, Concrete Dropout, §3). z > ½ has probability p exactly.
 */
export const CONCRETE: Template = {
  name: 'ConcreteDropout',
  law: 'concrete',
  unit: 'element',
  parameter: LOGIT_P,
  anchor: 'RandomUniformLike',
  statement: 'y = x * (1 - z) / (1 - p), z = sigmoid((logit_p + log u - log(1 - u)) / 0.1), u ~ U(0, 1) in training, y = x at inference; logit_p is learned (Gal et al. 2017).',
  nodes: [
    { opType: 'Constant', outputs: ['one'], value: 1, type: 'data' },
    { opType: 'Constant', outputs: ['temperature'], value: TEMPERATURE, type: 'data' },
    { opType: 'RandomUniformLike', inputs: ['x'], outputs: ['u'], floats: { low: MARGIN, high: 1 - MARGIN } },
    { opType: 'Log', inputs: ['u'], outputs: ['log_u'] },
    { opType: 'Sub', inputs: ['one', 'u'], outputs: ['complement'] },
    { opType: 'Log', inputs: ['complement'], outputs: ['log_complement'] },
    { opType: 'Sub', inputs: ['log_u', 'log_complement'], outputs: ['logistic'] },
    { opType: 'Add', inputs: ['logistic', 'logit_p'], outputs: ['shifted'] },
    { opType: 'Div', inputs: ['shifted', 'temperature'], outputs: ['sharpened'] },
    { opType: 'Sigmoid', inputs: ['sharpened'], outputs: ['z'] },
    { opType: 'Sub', inputs: ['one', 'z'], outputs: ['kept'] },
    { opType: 'Sigmoid', inputs: ['logit_p'], outputs: ['p'] },
    { opType: 'Sub', inputs: ['one', 'p'], outputs: ['keep'] },
    { opType: 'Div', inputs: ['kept', 'keep'], outputs: ['scaled'] },
    { opType: 'Where', inputs: ['training_mode', 'scaled', 'one'], outputs: ['noise'] },
    { opType: 'Mul', inputs: ['x', 'noise'], outputs: ['y'] },
  ],
};
