/** TensorProto.DataType: widths, and how numbers stand in raw_data (little endian; narrow types fill a byte from its low bits). */

export interface ElementType {
  /** 'float32', 'bfloat16', 'int64', … */
  readonly name: string;
  /** Width in bits; undefined for strings. */
  readonly bits: number | undefined;
  /** The number behind the bit pattern at a byte offset (of the low bits, for types narrower than a byte). */
  readonly decode?: (view: DataView, offset: number) => number;
  readonly encode?: (view: DataView, offset: number, value: number) => void;
}

export const DATA_TYPE = {
  undefined: 0,
  float: 1,
  uint8: 2,
  int8: 3,
  uint16: 4,
  int16: 5,
  int32: 6,
  int64: 7,
  string: 8,
  bool: 9,
  float16: 10,
  double: 11,
  uint32: 12,
  uint64: 13,
  complex64: 14,
  complex128: 15,
  bfloat16: 16,
  float8e4m3fn: 17,
  float8e4m3fnuz: 18,
  float8e5m2: 19,
  float8e5m2fnuz: 20,
  uint4: 21,
  int4: 22,
  float4e2m1: 23,
  float8e8m0: 24,
  uint2: 25,
  int2: 26,
} as const;

/** Layout of a small floating-point type: sign, exponent, mantissa. */
interface SmallFloat {
  readonly exponent: number;
  readonly mantissa: number;
  readonly bias: number;
  /** `ieee`: Inf and NaN; `finite`: NaN only where all bits are set; `unsigned-zero`: NaN is the pattern of −0; `none`: neither. */
  readonly special: 'ieee' | 'finite' | 'unsigned-zero' | 'none';
}

function decodeSmallFloat(bits: number, { exponent, mantissa, bias, special }: SmallFloat): number {
  const sign = bits >>> (exponent + mantissa) ? -1 : 1;
  const e = (bits >>> mantissa) & ((1 << exponent) - 1);
  const m = bits & ((1 << mantissa) - 1);
  const allOnes = e === (1 << exponent) - 1;
  if (special === 'ieee' && allOnes) return m === 0 ? sign * Infinity : NaN;
  if (special === 'finite' && allOnes && m === (1 << mantissa) - 1) return NaN;
  if (special === 'unsigned-zero' && sign < 0 && e === 0 && m === 0) return NaN;
  return e === 0 ? sign * m * 2 ** (1 - bias - mantissa) : sign * (1 + m / (1 << mantissa)) * 2 ** (e - bias);
}

const smallFloat = (name: string, layout: SmallFloat): ElementType => {
  const bits = 1 + layout.exponent + layout.mantissa;
  const pattern = (view: DataView, offset: number): number => (bits === 16 ? view.getUint16(offset, true) : view.getUint8(offset) & ((1 << bits) - 1));
  return { name, bits, decode: (view, offset) => decodeSmallFloat(pattern(view, offset), layout) };
};

const FLOAT16 = smallFloat('float16', { exponent: 5, mantissa: 10, bias: 15, special: 'ieee' });

const TYPES: Readonly<Record<number, ElementType>> = {
  [DATA_TYPE.float]: { name: 'float32', bits: 32, decode: (v, o) => v.getFloat32(o, true), encode: (v, o, x) => v.setFloat32(o, x, true) },
  [DATA_TYPE.double]: { name: 'float64', bits: 64, decode: (v, o) => v.getFloat64(o, true), encode: (v, o, x) => v.setFloat64(o, x, true) },
  [DATA_TYPE.uint8]: { name: 'uint8', bits: 8, decode: (v, o) => v.getUint8(o), encode: (v, o, x) => v.setUint8(o, x) },
  [DATA_TYPE.int8]: { name: 'int8', bits: 8, decode: (v, o) => v.getInt8(o), encode: (v, o, x) => v.setInt8(o, x) },
  [DATA_TYPE.uint16]: { name: 'uint16', bits: 16, decode: (v, o) => v.getUint16(o, true), encode: (v, o, x) => v.setUint16(o, x, true) },
  [DATA_TYPE.int16]: { name: 'int16', bits: 16, decode: (v, o) => v.getInt16(o, true), encode: (v, o, x) => v.setInt16(o, x, true) },
  [DATA_TYPE.uint32]: { name: 'uint32', bits: 32, decode: (v, o) => v.getUint32(o, true), encode: (v, o, x) => v.setUint32(o, x, true) },
  [DATA_TYPE.int32]: { name: 'int32', bits: 32, decode: (v, o) => v.getInt32(o, true), encode: (v, o, x) => v.setInt32(o, x, true) },
  [DATA_TYPE.uint64]: { name: 'uint64', bits: 64, decode: (v, o) => Number(v.getBigUint64(o, true)), encode: (v, o, x) => v.setBigUint64(o, BigInt(x), true) },
  [DATA_TYPE.int64]: { name: 'int64', bits: 64, decode: (v, o) => Number(v.getBigInt64(o, true)), encode: (v, o, x) => v.setBigInt64(o, BigInt(x), true) },
  [DATA_TYPE.bool]: { name: 'bool', bits: 8, decode: (v, o) => (v.getUint8(o) ? 1 : 0), encode: (v, o, x) => v.setUint8(o, x ? 1 : 0) },
  [DATA_TYPE.string]: { name: 'string', bits: undefined },
  [DATA_TYPE.complex64]: { name: 'complex64', bits: 64 },
  [DATA_TYPE.complex128]: { name: 'complex128', bits: 128 },
  [DATA_TYPE.float16]: { ...FLOAT16, encode: (v, o, x) => v.setUint16(o, toFloat16(x), true) },
  [DATA_TYPE.bfloat16]: {
    name: 'bfloat16',
    bits: 16,
    decode: (v, o) => fromFloat32Bits(v.getUint16(o, true) << 16),
    encode: (v, o, x) => v.setUint16(o, toBfloat16(x), true),
  },
  [DATA_TYPE.float8e4m3fn]: smallFloat('float8e4m3fn', { exponent: 4, mantissa: 3, bias: 7, special: 'finite' }),
  [DATA_TYPE.float8e4m3fnuz]: smallFloat('float8e4m3fnuz', { exponent: 4, mantissa: 3, bias: 8, special: 'unsigned-zero' }),
  [DATA_TYPE.float8e5m2]: smallFloat('float8e5m2', { exponent: 5, mantissa: 2, bias: 15, special: 'ieee' }),
  [DATA_TYPE.float8e5m2fnuz]: smallFloat('float8e5m2fnuz', { exponent: 5, mantissa: 2, bias: 16, special: 'unsigned-zero' }),
  [DATA_TYPE.float8e8m0]: { name: 'float8e8m0', bits: 8, decode: (v, o) => (v.getUint8(o) === 0xff ? NaN : 2 ** (v.getUint8(o) - 127)) },
  [DATA_TYPE.float4e2m1]: smallFloat('float4e2m1', { exponent: 2, mantissa: 1, bias: 1, special: 'none' }),
  [DATA_TYPE.uint4]: { name: 'uint4', bits: 4, decode: (v, o) => v.getUint8(o) & 15 },
  [DATA_TYPE.int4]: { name: 'int4', bits: 4, decode: (v, o) => (v.getUint8(o) << 28) >> 28 },
  [DATA_TYPE.uint2]: { name: 'uint2', bits: 2, decode: (v, o) => v.getUint8(o) & 3 },
  [DATA_TYPE.int2]: { name: 'int2', bits: 2, decode: (v, o) => (v.getUint8(o) << 30) >> 30 },
};

/** `undefined` for a number that onnx.proto does not know. */
export function elementTypeOf(dataType: number): ElementType | undefined {
  return TYPES[dataType];
}

/** Bytes that `count` elements take in raw_data; undefined for strings. */
export function byteLength({ bits }: ElementType, count: number): number | undefined {
  return bits && Math.ceil((bits * count) / 8);
}

/** Numbers of raw_data; undefined for strings and complex numbers. Throws RangeError where there are too few bytes. */
export function decodeElements(type: ElementType, bytes: Uint8Array, count: number): Float64Array | undefined {
  const { bits, decode } = type;
  if (!decode || !bits) return undefined;
  const values = new Float64Array(count);
  if (bits >= 8) {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    for (let index = 0; index < count; index++) values[index] = decode(view, (index * bits) >>> 3);
    return values;
  }
  const perByte = 8 / bits;
  const one = new DataView(new ArrayBuffer(1));
  if (bytes.length * perByte < count) throw new RangeError(`${bytes.length} bytes are too few for ${count} elements`);
  for (let index = 0; index < count; index++) {
    one.setUint8(0, bytes[Math.floor(index / perByte)]! >>> ((index % perByte) * bits));
    values[index] = decode(one, 0);
  }
  return values;
}

/** raw_data of numbers. Throws RangeError for types that are only read. */
export function encodeElements(dataType: number, values: ArrayLike<number>): Uint8Array {
  const type = TYPES[dataType];
  if (!type?.encode || !type.bits) throw new RangeError(`values of data type ${dataType} cannot be written`);
  const width = type.bits / 8;
  const view = new DataView(new ArrayBuffer(values.length * width));
  for (let index = 0; index < values.length; index++) type.encode(view, index * width, values[index]!);
  return new Uint8Array(view.buffer);
}

const scratch = new DataView(new ArrayBuffer(4));

function fromFloat32Bits(bits: number): number {
  scratch.setUint32(0, bits);
  return scratch.getFloat32(0);
}

/** To the nearest, ties to even; as float32 is rounded to bfloat16 by its upper half. */
function toBfloat16(value: number): number {
  if (Number.isNaN(value)) return 0x7fc0;
  scratch.setFloat32(0, value);
  const bits = scratch.getUint32(0);
  return (bits + 0x7fff + ((bits >>> 16) & 1)) >>> 16;
}

function toFloat16(value: number): number {
  if (Number.isNaN(value)) return 0x7e00;
  const sign = value < 0 || Object.is(value, -0) ? 0x8000 : 0;
  const magnitude = Math.abs(value);
  if (magnitude >= 65520) return sign | 0x7c00;
  // A subnormal that rounds up to 2^-14 carries into the exponent, and so do mantissas below.
  if (magnitude < 2 ** -14) return sign | roundToEven(magnitude * 2 ** 24);
  let exponent = Math.floor(Math.log2(magnitude));
  if (2 ** exponent > magnitude) exponent--;
  else if (2 ** (exponent + 1) <= magnitude) exponent++;
  return sign | (((exponent + 15) << 10) + roundToEven((magnitude / 2 ** exponent - 1) * 1024));
}

function roundToEven(value: number): number {
  const floor = Math.floor(value);
  const rest = value - floor;
  return rest > 0.5 || (rest === 0.5 && floor % 2 === 1) ? floor + 1 : floor;
}
