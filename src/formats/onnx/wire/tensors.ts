/** Values and identity of tensors: the only place where weights are read, and only those asked for. */
import { createHash, type Hash } from 'node:crypto';
import { Cursor } from './cursor.js';
import { byteLength, DATA_TYPE, decodeElements, elementTypeOf, type ElementType } from './element-types.js';
import { openExternal } from './external-data.js';
import type { ModelRecord, TensorRecord } from './records.js';
import type { ByteSource } from './source.js';

/** More elements are read only when asked for by a larger limit. */
export const DEFAULT_LIMIT = 1 << 16;
const CHUNK = 1 << 20;

/**
 * Numbers of a tensor in row-major order (int64 beyond 2^53 rounded; booleans as 0 and 1), from raw_data, a typed field
 * or external data. `undefined` for strings and complex numbers, for more than `limit` elements, where external data is
 * missing or outside the model's folder, and where the payload does not fit the dims.
 */
export function readTensor(model: ModelRecord, tensor: TensorRecord, limit = DEFAULT_LIMIT): Float64Array | undefined {
  const type = elementTypeOf(tensor.dataType);
  const count = elementCount(tensor);
  if (!type?.decode || count === undefined || count > limit) return undefined;
  try {
    return tensor.external ? readExternal(model, tensor, type, count) : readInline(model, tensor, type, count);
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

/** `undefined` for dims that are none. A scalar has one element. */
export function elementCount({ dims }: TensorRecord): number | undefined {
  const count = dims.reduce((product, extent) => product * extent, 1);
  return dims.every((extent) => Number.isSafeInteger(extent) && extent >= 0) && Number.isSafeInteger(count) ? count : undefined;
}

function readExternal(model: ModelRecord, tensor: TensorRecord, type: ElementType, count: number): Float64Array | undefined {
  const length = byteLength(type, count)!;
  const bytes = withExternal(model, tensor, ({ source, start, end }) => (end - start < length ? undefined : source.read(start, start + length)));
  return bytes && decodeElements(type, bytes, count);
}

function readInline(model: ModelRecord, tensor: TensorRecord, type: ElementType, count: number): Float64Array | undefined {
  const raw = tensor.payload.find(({ field }) => field === 'raw');
  if (raw) return raw.end - raw.start < byteLength(type, count)! ? undefined : decodeElements(type, model.source.read(raw.start, raw.start + byteLength(type, count)!), count);
  const field = typedField(tensor.dataType);
  const pattern = field === 'int32' ? patternWidth(tensor.dataType, type) : undefined;
  const expected = pattern ? Math.ceil(byteLength(type, count)! / pattern) : count;
  const values = readTyped(model, tensor, field, expected);
  if (!values || !pattern) return values;
  // int32_data holds bit patterns of these types; narrow ones fill a byte each.
  const bytes = new Uint8Array(expected * pattern);
  const view = new DataView(bytes.buffer);
  for (const [index, value] of values.entries()) {
    if (pattern === 2) view.setUint16(index * 2, value, true);
    else view.setUint8(index, value);
  }
  return decodeElements(type, bytes, count);
}

/** The typed field that onnx.proto assigns to a data type. */
function typedField(dataType: number): TensorRecord['payload'][number]['field'] {
  switch (dataType) {
    case DATA_TYPE.float:
      return 'float';
    case DATA_TYPE.double:
      return 'double';
    case DATA_TYPE.int64:
      return 'int64';
    case DATA_TYPE.uint32:
    case DATA_TYPE.uint64:
      return 'uint64';
    default:
      return 'int32';
  }
}

/** Bytes of a bit pattern in int32_data; undefined where the numbers themselves stand there. */
function patternWidth(dataType: number, type: ElementType): 1 | 2 | undefined {
  if (dataType === DATA_TYPE.float16 || dataType === DATA_TYPE.bfloat16) return 2;
  return dataType >= DATA_TYPE.float8e4m3fn || type.bits! < 8 ? 1 : undefined;
}

function readTyped(model: ModelRecord, tensor: TensorRecord, field: string, count: number): Float64Array | undefined {
  // Each element takes a byte at least: dims that promise more are wrong, and nothing is set aside for them.
  const size = tensor.payload.reduce((sum, { field: own, start, end }) => sum + (own === field ? end - start : 0), 0);
  if (count > size) return undefined;
  const values = new Float64Array(count);
  let filled = 0;
  for (const { field: own, start, end, packed } of tensor.payload) {
    if (own !== field) continue;
    const cursor = new Cursor(model.file, model.source, { tag: start, start, end, parent: undefined });
    while (packed ? cursor.position < end : cursor.next()) {
      if (filled === count) return undefined;
      values[filled++] = readTypedValue(cursor, field);
    }
  }
  return filled === count ? values : undefined;
}

function readTypedValue(cursor: Cursor, field: string): number {
  if (field === 'float') return cursor.float();
  if (field === 'double') return cursor.double();
  if (field === 'int32') return cursor.int32();
  const value = cursor.varint();
  return field === 'uint64' && value < 0 ? value + 2 ** 64 : value;
}

/** A range of bytes somewhere. */
interface Extent {
  readonly source: ByteSource;
  readonly start: number;
  readonly end: number;
}

/** Runs `use` with the external data's bytes, and closes the file; `undefined` where they cannot be reached. */
function withExternal<T>(model: ModelRecord, tensor: TensorRecord, use: (extent: Extent) => T): T | undefined {
  const opened = openExternal(model.file, tensor.external!);
  if (!opened) return undefined;
  try {
    return use(opened);
  } finally {
    opened.source.close();
  }
}

/** Name of the type and the shape, as in `float32[64,3,7,7]`. */
function typeText({ dataType, dims }: TensorRecord): string {
  return `${elementTypeOf(dataType)?.name ?? dataType}[${dims.join(',')}]`;
}

/**
 * A text that is equal only for tensors with the same type, dims and bytes. Where the bytes stand unchanged in a file it
 * names the file and place, and nothing is read: a file and its spliced version agree on all untouched weights. Else it
 * is a hash of the content. `undefined` where external data cannot be reached.
 */
export function tensorIdentity(model: ModelRecord, tensor: TensorRecord): string | undefined {
  return placeIdentity(model, tensor) ?? contentIdentity(model, tensor);
}

/**
 * Whether both have the same type, dims and bytes in the same encoding; reads their bytes only where they stand at
 * different places. False where that cannot be known.
 */
export function sameTensor(a: { readonly model: ModelRecord; readonly tensor: TensorRecord }, b: { readonly model: ModelRecord; readonly tensor: TensorRecord }): boolean {
  if (typeText(a.tensor) !== typeText(b.tensor) || haveOtherEncodings(a.tensor, b.tensor)) return false;
  const place = placeIdentity(a.model, a.tensor);
  if (place !== undefined && place === placeIdentity(b.model, b.tensor)) return true;
  const content = contentIdentity(a.model, a.tensor);
  return content !== undefined && content === contentIdentity(b.model, b.tensor);
}

/** Cheap evidence of a difference. External data may equal inline raw_data, so it says nothing. */
function haveOtherEncodings(a: TensorRecord, b: TensorRecord): boolean {
  const encoding = ({ payload }: TensorRecord): string => payload.map(({ field, packed, start, end }) => `${encodingText(field, packed)}${end - start}`).join();
  return !a.external && !b.external && encoding(a) !== encoding(b);
}

const encodingText = (field: string, packed: boolean): string => (packed ? field : `${field}*`);

function placeIdentity(model: ModelRecord, tensor: TensorRecord): string | undefined {
  if (tensor.external) {
    return withExternal(model, tensor, ({ source, start, end }) => `${typeText(tensor)} ${placeText(source, start, end)}`);
  }
  const pieces = tensor.payload.map(({ field, packed, start, end }) => {
    const place = placeText(model.source, start, end);
    return place && `${encodingText(field, packed)}=${place}`;
  });
  return pieces.includes(undefined) ? undefined : `${typeText(tensor)} ${pieces.join()}`;
}

function placeText(source: ByteSource, start: number, end: number): string | undefined {
  if (start === end) return '+0';
  const origin = source.originOf(start, end);
  return origin && `${origin.file}(${origin.revision ?? ''})@${origin.offset}+${end - start}`;
}

/** Equal only for tensors with the same type, dims and bytes in the same encoding, wherever they stand; reads all of them. */
export function contentIdentity(model: ModelRecord, tensor: TensorRecord): string | undefined {
  const hash = createHash('sha256');
  if (tensor.external) {
    // External data is raw_data that stands elsewhere.
    const found = withExternal(model, tensor, (extent) => (addContent(hash, 'raw', extent), true));
    if (!found) return undefined;
  }
  for (const { field, packed, start, end } of tensor.external ? [] : tensor.payload) {
    addContent(hash, encodingText(field, packed), { source: model.source, start, end });
  }
  return `${typeText(tensor)} sha256:${hash.digest('hex')}`;
}

function addContent(hash: Hash, encoding: string, { source, start, end }: Extent): void {
  hash.update(`${encoding}+${end - start}:`);
  for (let position = start; position < end; position += CHUNK) hash.update(source.read(position, Math.min(end, position + CHUNK)));
}
