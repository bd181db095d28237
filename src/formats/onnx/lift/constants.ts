/** Constants of an ONNX file: initializers, Constant nodes, and what is computed from them alone. Read only when asked. */
import type { Constant, Dimension } from '../../../graph/layers.js';
import { BOOL, DOUBLE, FLOAT, INT32, INT64, isFloat } from '../data-types.js';
import type { ModelRecord, NodeRecord, TensorRecord } from '../wire/records.js';
import { readTensor } from '../wire/tensors.js';

export interface OnnxConstant extends Constant {
  readonly dataType: number | undefined;
  /** The tensor in the file, when it is one as it stands. */
  readonly tensor: TensorRecord | undefined;
  /** The elements of a small integer tensor. */
  ints(): readonly Dimension[] | undefined;
  /** Shape inference knows more operators than constant folding: what it found, where the constant itself has no shape. */
  assumeShape(shape: readonly number[]): void;
  /** The operands of a product; `undefined` for everything else. */
  readonly factors: readonly OnnxConstant[] | undefined;
}

const DEFAULT_LIMIT = 65_536;
/** Shapes and indices have few elements. */
const SHAPE_LIMIT = 64;

const isInteger = (dataType: number | undefined) => dataType === INT64 || dataType === INT32;

const product = (dims: readonly number[]) => dims.reduce((total, dim) => total * dim, 1);

abstract class BaseConstant implements OnnxConstant {
  abstract readonly dataType: number | undefined;
  abstract shape: readonly number[] | undefined;
  readonly tensor: TensorRecord | undefined = undefined;
  abstract values(limit?: number): ArrayLike<number> | undefined;

  get factors(): readonly OnnxConstant[] | undefined {
    return undefined;
  }

  get count(): number | undefined {
    return this.shape && product(this.shape);
  }

  ints(): readonly Dimension[] | undefined {
    if (!isInteger(this.dataType) || this.count === undefined || this.count > SHAPE_LIMIT) return undefined;
    const values = this.values(SHAPE_LIMIT);
    return values && Array.from(values);
  }

  assumeShape(shape: readonly number[]): void {
    this.shape ??= shape;
  }
}

class TensorConstant extends BaseConstant {
  readonly dataType: number;
  shape: readonly number[];
  #values: ArrayLike<number> | undefined;

  constructor(readonly model: ModelRecord, override readonly tensor: TensorRecord) {
    super();
    this.dataType = tensor.dataType;
    this.shape = tensor.dims;
  }

  values(limit = DEFAULT_LIMIT): ArrayLike<number> | undefined {
    if (this.count! > limit) return undefined;
    return (this.#values ??= readTensor(this.model, this.tensor, limit));
  }
}

/** A tensor that stands in the file. */
export const tensorConstant = (model: ModelRecord, tensor: TensorRecord): OnnxConstant => new TensorConstant(model, tensor);

class ScalarConstant extends BaseConstant {
  constructor(readonly dataType: number, public shape: readonly number[], readonly elements: readonly number[]) {
    super();
  }

  values(): readonly number[] {
    return this.elements;
  }
}

/** One value everywhere. */
class FilledConstant extends BaseConstant {
  constructor(readonly dataType: number, public shape: readonly number[] | undefined, readonly fill: number | undefined) {
    super();
  }

  values(limit = DEFAULT_LIMIT): ArrayLike<number> | undefined {
    return this.fill === undefined || this.count === undefined || this.count > limit ? undefined : new Array<number>(this.count).fill(this.fill);
  }
}

const UNARY: Readonly<Record<string, (x: number) => number>> = { Neg: (x) => -x, Sqrt: Math.sqrt, Reciprocal: (x) => 1 / x, Abs: Math.abs, Floor: Math.floor, Ceil: Math.ceil, Exp: Math.exp, Log: Math.log, Not: (x) => (x === 0 ? 1 : 0) };
const BINARY: Readonly<Record<string, (x: number, y: number) => number>> = { Add: (x, y) => x + y, Sub: (x, y) => x - y, Mul: (x, y) => x * y, Div: (x, y) => x / y, Pow: Math.pow, Max: Math.max, Min: Math.min };

/** Operators that keep the elements in row-major order. */
const SAME_ELEMENTS = new Set(['Identity', 'Cast', 'CastLike', 'Reshape', 'Squeeze', 'Unsqueeze', 'Flatten']);

/** Longer chains of computed constants are not followed: their values stay unknown. */
const DEPTH_LIMIT = 200;

class DerivedConstant extends BaseConstant {
  /** The largest limit under which the values could not be computed. */
  #failed = -1;
  #values: ArrayLike<number> | undefined;
  shape: readonly number[] | undefined;
  readonly dataType: number | undefined;
  readonly depth: number;
  readonly #count: number | undefined;

  constructor(readonly node: NodeRecord | undefined, readonly operands: readonly OnnxConstant[]) {
    super();
    this.dataType = node && dataTypeOf(node, operands);
    this.shape = node && shapeOf(node, operands);
    this.depth = operands.reduce((depth, operand) => (operand instanceof DerivedConstant ? Math.max(depth, operand.depth + 1) : depth), 1);
    this.#count = SAME_ELEMENTS.has(node?.opType ?? '') || node?.opType === 'Transpose' ? operands[0]?.count : undefined;
  }

  override get count(): number | undefined {
    return this.shape ? product(this.shape) : this.#count;
  }

  /** Seen through Transpose and other movement of the product. */
  override get factors(): readonly OnnxConstant[] | undefined {
    if (this.node?.opType === 'Mul') return this.operands;
    const moved = this.node?.opType === 'Transpose' || SAME_ELEMENTS.has(this.node?.opType ?? '');
    return moved && this.depth < DEPTH_LIMIT ? this.operands[0]?.factors : undefined;
  }

  values(limit = DEFAULT_LIMIT): ArrayLike<number> | undefined {
    if ((this.count !== undefined && this.count > limit) || this.depth > DEPTH_LIMIT) return undefined;
    if (!this.#values && limit > this.#failed) {
      const values = this.node && evaluate(this.node, this.operands, limit);
      this.#values = values && values.length <= limit ? values : undefined;
      if (!this.#values) this.#failed = limit;
    }
    return this.#values;
  }
}

function dataTypeOf(node: NodeRecord, operands: readonly OnnxConstant[]): number | undefined {
  if (node.opType === 'Cast') return node.attributes.find((each) => each.name === 'to')?.i;
  if (node.opType === 'Shape' || node.opType === 'Size' || node.opType === 'NonZero') return INT64;
  if (['Equal', 'Less', 'Greater', 'Not', 'And', 'Or', 'LessOrEqual', 'GreaterOrEqual'].includes(node.opType)) return BOOL;
  if (node.opType === 'Where') return operands[1]?.dataType;
  return operands[0]?.dataType;
}

function shapeOf(node: NodeRecord, operands: readonly OnnxConstant[]): readonly number[] | undefined {
  const [first, second] = operands;
  if (node.opType === 'Identity' || node.opType === 'Cast' || node.opType in UNARY) return first?.shape;
  if (node.opType in BINARY && operands.length === 2 && first?.shape && second?.shape) return broadcastDims(first.shape, second.shape);
  if (node.opType === 'Transpose' && first?.shape) {
    const perm = node.attributes.find((each) => each.name === 'perm')?.ints ?? first.shape.map((_, i) => first.shape!.length - 1 - i);
    return perm.map((axis) => first.shape![axis]);
  }
  return undefined;
}

/** NumPy broadcasting; `undefined` where the dims do not fit. */
function broadcastDims(a: readonly number[], b: readonly number[]): readonly number[] | undefined {
  const rank = Math.max(a.length, b.length);
  const at = (dims: readonly number[], i: number) => dims[i - (rank - dims.length)] ?? 1;
  const dims = Array.from({ length: rank }, (_, i) => (at(a, i) === 1 ? at(b, i) : at(a, i)));
  return dims.every((dim, i) => at(b, i) === 1 || at(b, i) === dim) ? dims : undefined;
}

const sameDims = (a: readonly number[] | undefined, b: readonly number[] | undefined): boolean =>
  a !== undefined && b !== undefined && a.length === b.length && a.every((dim, i) => dim === b[i]);

function cast(node: NodeRecord, x: ArrayLike<number>): ArrayLike<number> | undefined {
  const to = node.attributes.find((each) => each.name === 'to')?.i;
  if (to === undefined) return undefined;
  if (to === BOOL) return Array.from(x, (value) => (value === 0 ? 0 : 1));
  return isFloat(to) ? x : Array.from(x, Math.trunc);
}

function evaluate(node: NodeRecord, operands: readonly OnnxConstant[], limit: number): ArrayLike<number> | undefined {
  const [x, y] = operands.map((operand) => operand.values(limit));
  if (!x) return undefined;
  if (node.opType === 'Cast') return cast(node, x);
  if (SAME_ELEMENTS.has(node.opType)) return x;
  const unary = UNARY[node.opType];
  if (unary) return Array.from(x, unary);
  const binary = node.opType === 'Div' && isInteger(operands[0].dataType) ? (a: number, b: number) => Math.trunc(a / b) : BINARY[node.opType];
  if (binary && y && operands.length === 2 && (x.length === 1 || y.length === 1 || sameDims(operands[0].shape, operands[1].shape))) {
    return Array.from({ length: Math.max(x.length, y.length) }, (_, i) => binary(x[x.length === 1 ? 0 : i], y[y.length === 1 ? 0 : i]));
  }
  if (node.opType === 'Concat' && operands.every((operand) => operand.shape?.length === 1)) {
    const parts = operands.map((operand) => operand.values(limit));
    return parts.includes(undefined) ? undefined : parts.flatMap((part) => Array.from(part!));
  }
  return undefined;
}

/** What a Constant node holds, in whichever of its attributes. */
function constantNode(node: NodeRecord, model: ModelRecord): OnnxConstant | undefined {
  for (const { name, tensor, f, i, floats, ints } of node.attributes) {
    if (name === 'value' && tensor) return tensorConstant(model, tensor);
    if (name === 'value_float' && f !== undefined) return new ScalarConstant(FLOAT, [], [f]);
    if (name === 'value_int' && i !== undefined) return new ScalarConstant(INT64, [], [i]);
    if (name === 'value_floats' && floats) return new ScalarConstant(FLOAT, [floats.length], floats);
    if (name === 'value_ints' && ints) return new ScalarConstant(INT64, [ints.length], ints);
  }
  return undefined;
}

function constantOfShape(node: NodeRecord, operands: readonly OnnxConstant[], model: ModelRecord): OnnxConstant {
  const fill = fillOf(node, model);
  const shape = operands[0]?.ints();
  const known = shape?.every((dim) => typeof dim === 'number') ? (shape as number[]) : undefined;
  return new FilledConstant(fill.dataType, known, fill.value);
}

/** The value that a ConstantOfShape fills with: float 0 by default. */
export function fillOf(node: NodeRecord, model: ModelRecord): { readonly dataType: number; readonly value: number | undefined } {
  const tensor = node.attributes.find((each) => each.name === 'value')?.tensor;
  return tensor ? { dataType: tensor.dataType, value: readTensor(model, tensor, 1)?.[0] } : { dataType: FLOAT, value: 0 };
}

/** What a node computes from constants; without a node, a constant of which nothing is known. */
export function derivedConstant(node: NodeRecord | undefined, operands: readonly OnnxConstant[], model?: ModelRecord): OnnxConstant {
  if (node && model) {
    if (node.opType === 'Constant') return constantNode(node, model) ?? new DerivedConstant(undefined, []);
    if (node.opType === 'ConstantOfShape') return constantOfShape(node, operands, model);
    if (node.opType === 'Identity' && operands[0]) return operands[0];
  }
  return new DerivedConstant(node, operands);
}

/** The one number of a scalar (or one-element) constant. */
export function scalarOf(constant: OnnxConstant | undefined): number | undefined {
  if (!constant || (constant.count !== undefined && constant.count !== 1)) return undefined;
  const values = constant.values(1);
  return values?.length === 1 ? Number(values[0]) : undefined;
}

export const isFloating = (constant: OnnxConstant): boolean => constant.dataType === FLOAT || constant.dataType === DOUBLE || constant.dataType === 10 || constant.dataType === 16;
