import { RATIO } from './parameters.js';
import type { Template, TemplateNode } from './template.js';

/** One draw for all extents along `axis` of a tensor of rank 3. */
function stretchedOver(axis: 0 | 1): readonly TemplateNode[] {
  const extents = (start: number, end: number, name: string): readonly TemplateNode[] => [
    { opType: 'Constant', outputs: [`${name}_start`], value: [start], type: 'int64' },
    { opType: 'Constant', outputs: [`${name}_end`], value: [end], type: 'int64' },
    { opType: 'Slice', inputs: ['shape', `${name}_start`, `${name}_end`], outputs: [name] },
  ];
  return [
    { opType: 'Shape', inputs: ['x'], outputs: ['shape'] },
    ...(axis === 1 ? extents(0, 1, 'before') : []),
    { opType: 'Constant', outputs: ['once'], value: [1], type: 'int64' },
    ...extents(axis + 1, 3, 'behind'),
    { opType: 'Concat', inputs: [...(axis === 1 ? ['before'] : []), 'once', 'behind'], outputs: ['mask_shape'], ints: { axis: 0 } },
    { opType: 'ConstantOfShape', inputs: ['mask_shape'], outputs: ['units'], fill: 1 },
    { opType: 'Dropout', inputs: ['units', 'ratio', 'training_mode'], outputs: ['mask'] },
    { opType: 'Mul', inputs: ['x', 'mask'], outputs: ['y'] },
  ];
}

const SOURCE = '(Gal & Ghahramani 2016)';
const common = { law: 'bernoulli', unit: 'time', parameter: RATIO, rank: 3, anchor: 'Dropout' } as const;

/** One mask for the whole sequence, on [steps, batch, features]. */
export const SEQUENCE: Template = { ...common, name: 'SequenceDropout', timeAxis: 0, statement: `Dropout of [steps, batch, features] with one mask for all steps ${SOURCE}.`, nodes: stretchedOver(0) };

/** The same on [batch, steps, features], which an operator of layout 1 reads. */
export const SEQUENCE_BATCH_FIRST: Template = { ...common, name: 'SequenceDropoutBatchFirst', timeAxis: 1, statement: `Dropout of [batch, steps, features] with one mask for all steps ${SOURCE}.`, nodes: stretchedOver(1) };

/** One draw for each unit of the state: over the columns of R [directions, gates · units, units], shared by the batch. */
export const STATE: Template = { ...common, name: 'RecurrentStateDropout', isAside: true, statement: `Dropout of the columns of R [directions, gates * units, units]: one draw for each unit of the state, for all steps ${SOURCE}.`, nodes: stretchedOver(1) };
