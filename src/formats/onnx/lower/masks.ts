/** Masks that hold for more than one element: their shapes, the ones that they are drawn over, and the product with the data. */
import type { Dimension } from '../../../graph/layers.js';
import { INT64 } from '../data-types.js';
import type { Body, Tensor } from '../lift/tensors.js';
import type { EditableNode } from '../wire/editable-node.js';
import type { AttributeSpec } from '../wire/specs.js';
import { axisOfChannels } from './channel-axis.js';
import { refuse } from './refusal.js';
import type { NodePlace, Rewiring } from './rewiring.js';

type Where = { readonly before: EditableNode };

export interface Mask {
  readonly maskShape: readonly Dimension[];
  readonly dataType: number;
}

/** Masks broadcast from the last axis on. */
export const FIRST_BROADCAST = 7;
export const FIRST_CONSTANT_OF_SHAPE = 9;
const FIRST_SLICE_INPUTS = 10;

/** Ones that many would only make the file larger. */
const WRITTEN_LIMIT = 1 << 16;

export const isFixed = (shape: readonly Dimension[]): shape is readonly number[] => shape.every((dim) => typeof dim === 'number');

/** The shape [N, C, 1, …] of a mask for each channel, or [N, 1, …, C]. Refuses where it is not known, or cannot be written. */
export function channelMask(body: Body, data: Tensor, known?: 1 | -1): Mask {
  const { shape, dataType } = data;
  if (!shape) refuse('the rank of what it drops is not known, so the shape of a mask per channel is not known either');
  if (shape.length < 3) refuse('what it drops has no space: every channel is one number');
  if (dataType === undefined) refuse('the element type of what it drops is not known');
  const channel = axisOfChannels(body, data, known);
  if (body.opset < FIRST_BROADCAST && channel !== 1) refuse(`its channels are the last axis, and a mask of them needs opset ${FIRST_BROADCAST}, from which on products broadcast`);
  const maskShape = body.opset < FIRST_BROADCAST ? shape.slice(0, 2) : shape.map((dim, axis) => (axis === 0 || axis === channel ? dim : 1));
  checkFilled(body, maskShape);
  return { maskShape, dataType };
}

/** The shape of a mask for all steps, with what can be said of it in the file. */
export function maskOverSteps(body: Body, { shape, dataType }: Tensor, axis: number): Mask {
  if (body.opset < FIRST_BROADCAST) refuse(`a mask over time needs opset ${FIRST_BROADCAST}, from which on products broadcast`);
  if (dataType === undefined) refuse('the element type of what it drops is not known');
  // What a recurrent operator reads has three axes.
  const maskShape = [0, 1, 2].map((i) => (i === axis ? 1 : shape?.[i]));
  checkFilled(body, maskShape);
  return { maskShape, dataType };
}

function checkFilled({ opset }: Body, maskShape: readonly Dimension[]): void {
  if (opset < FIRST_CONSTANT_OF_SHAPE && !isFixed(maskShape)) refuse(`the batch size is not fixed and ConstantOfShape needs opset ${FIRST_CONSTANT_OF_SHAPE}`);
}

/** Writes nodes that compute with shapes, in front of `place`; the names of what they give begin with `stem`. */
class ShapeNodes {
  constructor(readonly rewiring: Rewiring, readonly stem: string, readonly place: Where) {}

  node(opType: string, inputs: readonly string[], name: string, attributes: readonly AttributeSpec[] = []): string {
    const output = this.rewiring.freshName(`${this.stem}_${name}`);
    this.rewiring.insert({ opType, inputs: [...inputs], outputs: [output], attributes }, this.place);
    return output;
  }

  list(values: readonly number[], name: string): string {
    return this.rewiring.insertConstant(`${this.stem}_${name}`, { dataType: INT64, dims: [values.length], values: [...values] }, this.place);
  }

  /** [start, end) of a shape. */
  slice(of: string, start: number, end: number, name: string): string {
    if (this.rewiring.body.opset < FIRST_SLICE_INPUTS) return this.node('Slice', [of], name, [{ name: 'starts', ints: [start] }, { name: 'ends', ints: [end] }]);
    return this.node('Slice', [of, this.list([start], 'start'), this.list([end], 'end')], name);
  }

  concat(parts: readonly string[], name: string): string {
    return this.node('Concat', parts, name, [{ name: 'axis', i: 0 }]);
  }

  ones(shape: string, dataType: number, name: string): string {
    return this.node('ConstantOfShape', [shape], name, [{ name: 'value', tensor: { dataType, dims: [1], values: [1] } }]);
  }

  /** Ones of a shape that is known: written down, or filled in at run time where they are many. */
  fixedOnes(dims: readonly number[], dataType: number, name: string): string {
    const count = dims.reduce((a, b) => a * b, 1);
    if (count > WRITTEN_LIMIT && this.rewiring.body.opset >= FIRST_CONSTANT_OF_SHAPE) return this.ones(this.list(dims, `${name}_shape`), dataType, name);
    return this.rewiring.insertConstant(`${this.stem}_${name}`, { dataType, dims, values: new Array<number>(count).fill(1) }, this.place);
  }
}

/**
 * The name of a tensor of ones for each example and channel: constant where the shape is known, else computed from the
 * shape of `data` (onnxruntime keeps the Dropout over it only when its elimination is disabled). `stem` is for names.
 */
export function insertOnes(rewiring: Rewiring, data: string, stem: string, { maskShape, dataType }: Mask, place: Where): string {
  const shapes = new ShapeNodes(rewiring, stem, place);
  if (isFixed(maskShape)) return shapes.fixedOnes(maskShape, dataType, 'channels');
  const full = shapes.node('Shape', [data], 'shape');
  const last = maskShape.length - 1;
  if (maskShape[1] === 1 && maskShape[last] !== 1) {
    const extents = shapes.concat([full, shapes.list([1], 'space')], 'extents');
    const axes = maskShape.map((_, axis) => (axis === 0 || axis === last ? axis : maskShape.length));
    return shapes.ones(shapes.node('Gather', [extents, shapes.list(axes, 'axes')], 'mask_shape'), dataType, 'channels');
  }
  const head = shapes.slice(full, 0, 2, 'batch_channels');
  return shapes.ones(shapes.concat([head, shapes.list(new Array<number>(maskShape.length - 2).fill(1), 'space')], 'mask_shape'), dataType, 'channels');
}

/** Ones of the data's shape with 1 in place of the steps: constant where the shape is known, else computed from the data's. */
export function insertOnesOverSteps(rewiring: Rewiring, data: string, stem: string, { maskShape, dataType }: Mask, axis: number, place: Where): string {
  const shapes = new ShapeNodes(rewiring, stem, place);
  if (isFixed(maskShape)) return shapes.fixedOnes(maskShape, dataType, 'features');
  const full = shapes.node('Shape', [data], 'shape');
  const before = axis > 0 ? [shapes.slice(full, 0, axis, 'extents')] : [];
  const steps = shapes.list([1], 'steps');
  const behind = axis < 2 ? [shapes.slice(full, axis + 1, 3, 'extents')] : [];
  return shapes.ones(shapes.concat([...before, steps, ...behind], 'mask_shape'), dataType, 'features');
}

/** Ones for each unit of a state: the columns of recurrence weights, whose shape the file knows. */
export const insertColumns = (rewiring: Rewiring, stem: string, { dims, dataType }: { readonly dims: readonly number[]; readonly dataType: number }, place: Where): string => new ShapeNodes(rewiring, stem, place).fixedOnes(dims, dataType, 'columns');

/** Ones of the shape of `name`, which is described as `tensor`. */
export function insertOnesLike(rewiring: Rewiring, name: string, { shape, dataType }: Tensor, place: Where): string {
  const type = dataType ?? refuse('the element type of the state is not known');
  const shapes = new ShapeNodes(rewiring, name, place);
  return shape && isFixed(shape) ? shapes.fixedOnes(shape, type, 'ones') : shapes.ones(shapes.node('Shape', [name], 'shape'), type, 'ones');
}

/** Data times a mask. Before opset 7 a mask of [N, C] is stretched over the data from axis 0 on. */
export function insertProduct(rewiring: Rewiring, data: string, mask: string, output: string, place: NodePlace): void {
  const attributes = rewiring.body.opset < FIRST_BROADCAST ? [{ name: 'axis', i: 0 }, { name: 'broadcast', i: 1 }] : [];
  rewiring.insert({ opType: 'Mul', inputs: [data, mask], outputs: [output], attributes }, place);
}
