import { RATIO } from './parameters.js';
import type { Template } from './template.js';

/** One draw for each channel of [N, C, d₁, …], broadcast over space (Tompson et al. 2015, Efficient Object Localization Using Convolutional Networks, §3.2). */
const spatial = (rank: number): Template => ({
  name: `SpatialDropout${rank - 2}D`,
  law: 'bernoulli',
  unit: 'channel',
  parameter: RATIO,
  rank,
  anchor: 'Dropout',
  statement: 'Dropout with one draw for each channel of [N, C, ...], broadcast over space (Tompson et al. 2015).',
  nodes: [
    { opType: 'Constant', outputs: ['start'], value: [0], type: 'int64' },
    { opType: 'Constant', outputs: ['end'], value: [2], type: 'int64' },
    { opType: 'Constant', outputs: ['space'], value: new Array<number>(rank - 2).fill(1), type: 'int64' },
    { opType: 'Shape', inputs: ['x'], outputs: ['shape'] },
    { opType: 'Slice', inputs: ['shape', 'start', 'end'], outputs: ['batch_channels'] },
    { opType: 'Concat', inputs: ['batch_channels', 'space'], outputs: ['mask_shape'], ints: { axis: 0 } },
    { opType: 'ConstantOfShape', inputs: ['mask_shape'], outputs: ['channels'], fill: 1 },
    { opType: 'Dropout', inputs: ['channels', 'ratio', 'training_mode'], outputs: ['mask'] },
    { opType: 'Mul', inputs: ['x', 'mask'], outputs: ['y'] },
  ],
});

/** For sequences, images and volumes. */
export const SPATIAL: readonly Template[] = [3, 4, 5].map(spatial);
