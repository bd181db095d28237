import { RATIO } from './parameters.js';
import type { Template } from './template.js';

/** SELU's lower limit −λα with λ = 1.0507009873554805, α = 1.6732632423543772 (Klambauer et al. 2017, §2). */
export const ALPHA_PRIME = -1.7580993408473766;

/**
 * y = a·(x ⊙ m + α′·(1 − m)) + b, m ~ Bernoulli(q) with q = 1 − p, a = (q + α′²·q·p)^−½, b = −a·α′·p, which keep mean 0 and
 * variance 1 (Klambauer et al. 2017, Self-Normalizing Neural Networks, §2, "New dropout technique").
 */
export const ALPHA: Template = {
  name: 'AlphaDropout',
  law: 'alpha',
  unit: 'element',
  parameter: RATIO,
  anchor: 'Dropout',
  statement: 'What is dropped becomes -1.7581, SELU\'s lower limit; a and b keep mean 0 and variance 1; y = x at inference (Klambauer et al. 2017).',
  nodes: [
    { opType: 'Constant', outputs: ['limit'], value: ALPHA_PRIME, type: 'data' },
    { opType: 'Constant', outputs: ['square'], value: ALPHA_PRIME ** 2, type: 'data' },
    { opType: 'Constant', outputs: ['one'], value: 1, type: 'data' },
    { opType: 'Constant', outputs: ['zero'], value: 0, type: 'data' },
    { opType: 'Dropout', inputs: ['x', 'ratio', 'training_mode'], outputs: ['dropped', 'mask'] },
    { opType: 'Where', inputs: ['mask', 'x', 'limit'], outputs: ['swapped'] },
    { opType: 'Sub', inputs: ['one', 'ratio'], outputs: ['keep'] },
    { opType: 'Mul', inputs: ['square', 'ratio'], outputs: ['spread'] },
    { opType: 'Add', inputs: ['spread', 'one'], outputs: ['enlarged'] },
    { opType: 'Mul', inputs: ['keep', 'enlarged'], outputs: ['variance'] },
    { opType: 'Sqrt', inputs: ['variance'], outputs: ['deviation'] },
    { opType: 'Div', inputs: ['one', 'deviation'], outputs: ['a'] },
    { opType: 'Mul', inputs: ['limit', 'ratio'], outputs: ['mean'] },
    { opType: 'Mul', inputs: ['mean', 'a'], outputs: ['moved'] },
    { opType: 'Sub', inputs: ['zero', 'moved'], outputs: ['b'] },
    { opType: 'Where', inputs: ['training_mode', 'a', 'one'], outputs: ['factor'] },
    { opType: 'Where', inputs: ['training_mode', 'b', 'zero'], outputs: ['shift'] },
    { opType: 'Mul', inputs: ['swapped', 'factor'], outputs: ['stretched'] },
    { opType: 'Add', inputs: ['stretched', 'shift'], outputs: ['y'] },
  ],
};
