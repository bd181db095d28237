/** Tensors as they cross to onnxruntime and back: element types, storage, and distances in units in the last place. */

export type TensorData = Float32Array | Float64Array | BigInt64Array | BigUint64Array | Int32Array | Uint32Array | Int16Array | Uint16Array | Int8Array | Uint8Array | string[];

/** A tensor in row-major order. float16 is stored as its bits in a Uint16Array, bool as bytes. */
export interface TensorValue {
  readonly type: string;
  readonly dims: readonly number[];
  readonly data: TensorData;
}

/** onnxruntime's names of TensorProto.DataType. */
const TYPE_NAMES: Readonly<Record<number, string>> = {
  1: 'float32', 2: 'uint8', 3: 'int8', 4: 'uint16', 5: 'int16', 6: 'int32', 7: 'int64', 8: 'string', 9: 'bool',
  10: 'float16', 11: 'float64', 12: 'uint32', 13: 'uint64', 14: 'complex64', 15: 'complex128', 16: 'bfloat16',
};

export function typeName(dataType: number): string {
  return TYPE_NAMES[dataType] ?? `type ${dataType}`;
}

const STORAGE: Readonly<Record<string, new (length: number) => Exclude<TensorData, string[]>>> = {
  float32: Float32Array, float64: Float64Array, float16: Uint16Array, int64: BigInt64Array, uint64: BigUint64Array, int32: Int32Array,
  uint32: Uint32Array, int16: Int16Array, uint16: Uint16Array, int8: Int8Array, uint8: Uint8Array, bool: Uint8Array,
};

/** `undefined` for a type that onnxruntime-node cannot be fed. */
export function allocate(type: string, length: number): TensorData | undefined {
  if (type === 'string') return new Array<string>(length).fill('');
  const Storage = STORAGE[type];
  return Storage && new Storage(length);
}

export const isFloat = (type: string): boolean => type === 'float32' || type === 'float64' || type === 'float16';

/** IEEE 754 binary16 bits of a number, rounded to nearest even. */
export function toFloat16(value: number): number {
  const single = Math.fround(value);
  const bits = new Uint32Array(Float32Array.of(single).buffer)[0]!;
  const sign = (bits >>> 16) & 0x8000;
  if (Number.isNaN(single)) return sign | 0x7e00;
  const magnitude = Math.abs(single);
  if (magnitude >= 65520) return sign | 0x7c00;
  if (magnitude < 2 ** -14) return sign | roundHalfEven(magnitude * 2 ** 24);
  const exponent = ((bits >>> 23) & 0xff) - 127;
  return sign | (((exponent + 14) << 10) + roundHalfEven(magnitude * 2 ** (10 - exponent)));
}

function roundHalfEven(value: number): number {
  const floor = Math.floor(value);
  const rest = value - floor;
  return rest > 0.5 || (rest === 0.5 && floor % 2 === 1) ? floor + 1 : floor;
}

export function fromFloat16(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >>> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  if (exponent === 0x1f) return fraction ? Number.NaN : sign * Infinity;
  return sign * (exponent === 0 ? fraction * 2 ** -24 : (1 + fraction / 1024) * 2 ** (exponent - 15));
}

/** The number at an index of a numeric tensor. */
export function numberAt(type: string, data: Exclude<TensorData, string[]>, index: number): number {
  const value = data[index]!;
  if (type === 'float16') return fromFloat16(Number(value));
  return Number(value);
}

const float32 = new Float32Array(1);
const float32Bits = new Int32Array(float32.buffer);
const float64 = new Float64Array(1);
const float64Bits = new BigInt64Array(float64.buffer);

/** Units in the last place between two finite numbers of a floating-point type. */
export function ulpDistance(type: string, a: number, b: number): number {
  if (type === 'float64') {
    const distance = orderedBits64(a) - orderedBits64(b);
    return Number(distance < 0n ? -distance : distance);
  }
  if (type === 'float16') return Math.abs(orderedBits16(a) - orderedBits16(b));
  return Math.abs(orderedBits32(a) - orderedBits32(b));
}

function orderedBits32(value: number): number {
  float32[0] = value;
  const bits = float32Bits[0]!;
  return bits < 0 ? -(bits & 0x7fffffff) : bits;
}

function orderedBits16(value: number): number {
  const bits = toFloat16(value);
  return bits & 0x8000 ? -(bits & 0x7fff) : bits;
}

function orderedBits64(value: number): bigint {
  float64[0] = value;
  const bits = float64Bits[0]!;
  return bits < 0n ? -(bits & 0x7fffffffffffffffn) : bits;
}

/** The same values in another element type: float32 values of a file for a float16 input, and the like. */
export function convert(value: TensorValue, type: string): TensorValue {
  if (value.type === type || Array.isArray(value.data)) return value;
  const data = allocate(type, value.data.length);
  if (!data || Array.isArray(data)) return value;
  for (let i = 0; i < data.length; i++) {
    const number = Number(value.data[i]);
    if (data instanceof BigInt64Array || data instanceof BigUint64Array) data[i] = BigInt(Math.trunc(number));
    else data[i] = type === 'float16' ? toFloat16(number) : number;
  }
  return { ...value, type, data };
}
