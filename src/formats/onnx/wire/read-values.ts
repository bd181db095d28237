/** Tensors, value infos and small entries of the index. */
import type { Cursor } from './cursor.js';
import { DIMENSION, OPERATOR_SET_ID, SPARSE_TENSOR, STRING_STRING_ENTRY, TENSOR, TENSOR_ANNOTATION, TENSOR_SHAPE, TENSOR_TYPE, TYPE, VALUE_INFO } from './fields.js';
import type { Span, TensorRecord, ValueInfoRecord } from './records.js';

export const EMPTY_LIST: readonly never[] = Object.freeze([]);
export const EMPTY_MAP: ReadonlyMap<never, never> = Object.freeze(new Map<never, never>());

/** Without the room that V8 leaves behind pushed items: 16 more of them, in each of a large graph's many short lists. */
export const exact = <T>(list: readonly T[]): readonly T[] => list.slice();

type Piece = TensorRecord['payload'][number];
type Draft<T> = { -readonly [K in keyof T]: T[K] };
export type TensorDraft = Draft<Omit<TensorRecord, 'dims' | 'payload'>> & { dims: number[]; payload: Piece[]; entries: Map<string, string> | undefined };

const EXTERNAL = 1;

/** Reads the tensor that is the current field; into `earlier` where a singular field occurs again and protobuf merges. */
export function readTensorRecord(cursor: Cursor, field: string, index?: number, earlier?: TensorDraft): TensorDraft {
  const span = cursor.open(field, index);
  const tensor = earlier ?? { span, name: '', dataType: 0, dims: [], payload: [], external: undefined, entries: undefined };
  tensor.span = span;
  while (cursor.next()) readTensorField(cursor, tensor);
  cursor.close();
  return tensor;
}

function readTensorField(cursor: Cursor, tensor: TensorDraft): void {
  const data = PAYLOAD_FIELDS.get(cursor.key);
  if (data) {
    addPiece(cursor, tensor.payload, data);
    return;
  }
  switch (cursor.key) {
    case TENSOR.dims:
      tensor.dims.push(cursor.varint());
      break;
    case TENSOR.dimsPacked:
      cursor.packed(true, () => tensor.dims.push(cursor.varint()));
      break;
    case TENSOR.dataType:
      tensor.dataType = cursor.int32();
      break;
    case TENSOR.name:
      tensor.name = cursor.string();
      break;
    case TENSOR.externalData: {
      const [key, value] = readEntry(cursor, 'external_data');
      tensor.entries = (tensor.entries ?? new Map<string, string>()).set(key, value);
      break;
    }
    case TENSOR.dataLocation:
      tensor.external = cursor.int32() === EXTERNAL ? EMPTY_MAP : undefined;
      break;
    default:
      cursor.skip(TENSOR);
  }
}

/** `external` while it is read says only whether the data location is external; entries may come before or after it. */
export function finishTensor(draft: TensorDraft): TensorRecord {
  const { span, name, dataType, dims, payload, external, entries } = draft;
  return { span, name, dataType, dims: exact(dims), payload: exact(payload), external: external && (entries ?? EMPTY_MAP) };
}

const PAYLOAD_FIELDS = new Map<number, Pick<Piece, 'field' | 'packed'>>([
  [TENSOR.rawData, { field: 'raw', packed: true }],
  [TENSOR.floatDataPacked, { field: 'float', packed: true }],
  [TENSOR.floatData, { field: 'float', packed: false }],
  [TENSOR.int32DataPacked, { field: 'int32', packed: true }],
  [TENSOR.int32Data, { field: 'int32', packed: false }],
  [TENSOR.stringData, { field: 'string', packed: false }],
  [TENSOR.int64DataPacked, { field: 'int64', packed: true }],
  [TENSOR.int64Data, { field: 'int64', packed: false }],
  [TENSOR.doubleDataPacked, { field: 'double', packed: true }],
  [TENSOR.doubleData, { field: 'double', packed: false }],
  [TENSOR.uint64DataPacked, { field: 'uint64', packed: true }],
  [TENSOR.uint64Data, { field: 'uint64', packed: false }],
]);

function addPiece(cursor: Cursor, payload: Piece[], { field, packed }: Pick<Piece, 'field' | 'packed'>): void {
  const { tag } = cursor;
  if (packed) {
    const range = cursor.range();
    // raw_data is singular: the last one counts.
    const earlier = field === 'raw' ? payload.findIndex((piece) => piece.field === 'raw') : -1;
    if (earlier >= 0) payload.splice(earlier, 1);
    payload.push({ field, packed, ...range });
    return;
  }
  cursor.skip();
  const end = cursor.position;
  const last = payload.at(-1);
  if (last?.field === field && !last.packed && last.end === tag) payload[payload.length - 1] = { ...last, end };
  else payload.push({ field, packed, start: tag, end });
}

/** The name of a sparse tensor, which is that of its values. */
export function readSparseTensorName(cursor: Cursor, field: string, index: number): string {
  let name = '';
  cursor.open(field, index);
  while (cursor.next()) {
    if (cursor.key === SPARSE_TENSOR.values) {
      cursor.open('values');
      while (cursor.next()) {
        if (cursor.key === TENSOR.name) name = cursor.string();
        else cursor.skip();
      }
      cursor.close();
    } else cursor.skip();
  }
  cursor.close();
  return name;
}

/** A StringStringEntryProto; a value that is too long to be a text is left ''. */
export function readEntry(cursor: Cursor, field: string): readonly [key: string, value: string] {
  let key = '';
  let value = '';
  cursor.open(field);
  while (cursor.next()) {
    if (cursor.key === STRING_STRING_ENTRY.key) key = cursor.string();
    else if (cursor.key === STRING_STRING_ENTRY.value) value = cursor.text() ?? '';
    else cursor.skip(STRING_STRING_ENTRY);
  }
  cursor.close();
  return [key, value];
}

/** 'ai.onnx' is the default domain's other name. */
export function foldDomain(domain: string): string {
  return domain === 'ai.onnx' ? '' : domain;
}

export function readOpset(cursor: Cursor): readonly [domain: string, version: number] {
  let domain = '';
  let version = 0;
  cursor.open('opset_import');
  while (cursor.next()) {
    if (cursor.key === OPERATOR_SET_ID.domain) domain = foldDomain(cursor.string());
    else if (cursor.key === OPERATOR_SET_ID.version) version = cursor.varint();
    else cursor.skip(OPERATOR_SET_ID);
  }
  cursor.close();
  return [domain, version];
}

export function readAnnotation(cursor: Cursor, index: number): { readonly tensorName: string; readonly span: Span } {
  let tensorName = '';
  const span = cursor.open('quantization_annotation', index);
  while (cursor.next()) {
    if (cursor.key === TENSOR_ANNOTATION.tensorName) tensorName = cursor.string();
    else cursor.skip(TENSOR_ANNOTATION);
  }
  cursor.close();
  return { tensorName, span };
}

const TYPE_KINDS = new Map<number, NonNullable<ValueInfoRecord['type']>>([
  [TYPE.tensorType, 'tensor'],
  [TYPE.sparseTensorType, 'sparse-tensor'],
  [TYPE.sequenceType, 'sequence'],
  [TYPE.optionalType, 'optional'],
  [TYPE.mapType, 'map'],
  [TYPE.opaqueType, 'opaque'],
]);

interface TypeDraft {
  type: ValueInfoRecord['type'];
  elementType: number | undefined;
  shape: (number | string | undefined)[] | undefined;
}

export function readValueInfo(cursor: Cursor, field: string, index: number): ValueInfoRecord {
  let name = '';
  const draft: TypeDraft = { type: undefined, elementType: undefined, shape: undefined };
  const span = cursor.open(field, index);
  while (cursor.next()) {
    if (cursor.key === VALUE_INFO.name) name = cursor.string();
    else if (cursor.key === VALUE_INFO.type) readType(cursor, draft);
    else cursor.skip(VALUE_INFO);
  }
  cursor.close();
  return { span, name, ...draft, shape: draft.shape && exact(draft.shape) };
}

/** `value` is a oneof: another kind replaces what was read, the same kind merges. */
function readType(cursor: Cursor, draft: TypeDraft): void {
  cursor.open('type');
  while (cursor.next()) {
    const type = TYPE_KINDS.get(cursor.key);
    if (type && type !== draft.type) Object.assign(draft, { type, elementType: undefined, shape: undefined });
    if (type === 'tensor') readTensorType(cursor, draft);
    else cursor.skip(TYPE);
  }
  cursor.close();
}

function readTensorType(cursor: Cursor, draft: TypeDraft): void {
  cursor.open('tensor_type');
  while (cursor.next()) {
    if (cursor.key === TENSOR_TYPE.elemType) draft.elementType = cursor.int32();
    else if (cursor.key === TENSOR_TYPE.shape) readShape(cursor, (draft.shape ??= []));
    else cursor.skip(TENSOR_TYPE);
  }
  cursor.close();
}

function readShape(cursor: Cursor, shape: (number | string | undefined)[]): void {
  cursor.open('shape');
  while (cursor.next()) {
    if (cursor.key === TENSOR_SHAPE.dim) shape.push(readDimension(cursor, shape.length));
    else cursor.skip(TENSOR_SHAPE);
  }
  cursor.close();
}

/** Exporters also write −1 and '' for an unknown dimension. */
function readDimension(cursor: Cursor, index: number): number | string | undefined {
  let dimension: number | string | undefined;
  cursor.open('dim', index);
  while (cursor.next()) {
    if (cursor.key === DIMENSION.dimValue) dimension = cursor.varint();
    else if (cursor.key === DIMENSION.dimParam) dimension = cursor.string();
    else cursor.skip(DIMENSION);
  }
  cursor.close();
  return dimension === '' || (typeof dimension === 'number' && dimension < 0) ? undefined : dimension;
}
