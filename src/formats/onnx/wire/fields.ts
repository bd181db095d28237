/**
 * Field keys of onnx.proto, IR version 13 (onnx 1.20): `number << 3 | wire type`, the value of the tag on the wire.
 */
export const WIRE = { varint: 0, fixed64: 1, bytes: 2, groupStart: 3, groupEnd: 4, fixed32: 5 } as const;

const varint = (field: number): number => (field << 3) | WIRE.varint;
const fixed64 = (field: number): number => (field << 3) | WIRE.fixed64;
const bytes = (field: number): number => (field << 3) | WIRE.bytes;
const fixed32 = (field: number): number => (field << 3) | WIRE.fixed32;

export const MODEL = {
  irVersion: varint(1),
  producerName: bytes(2),
  graph: bytes(7),
  opsetImport: bytes(8),
  metadataProps: bytes(14),
  trainingInfo: bytes(20),
  functions: bytes(25),
} as const;

export const OPERATOR_SET_ID = { domain: bytes(1), version: varint(2) } as const;

export const STRING_STRING_ENTRY = { key: bytes(1), value: bytes(2) } as const;

export const GRAPH = {
  node: bytes(1),
  name: bytes(2),
  initializer: bytes(5),
  input: bytes(11),
  output: bytes(12),
  valueInfo: bytes(13),
  quantizationAnnotation: bytes(14),
  sparseInitializer: bytes(15),
  metadataProps: bytes(16),
} as const;

export const FUNCTION = {
  name: bytes(1),
  input: bytes(4),
  output: bytes(5),
  attribute: bytes(6),
  node: bytes(7),
  opsetImport: bytes(9),
  domain: bytes(10),
  attributeProto: bytes(11),
  valueInfo: bytes(12),
  overload: bytes(13),
  metadataProps: bytes(14),
} as const;

export const NODE = {
  input: bytes(1),
  output: bytes(2),
  name: bytes(3),
  opType: bytes(4),
  attribute: bytes(5),
  docString: bytes(6),
  domain: bytes(7),
  overload: bytes(8),
  metadataProps: bytes(9),
} as const;

export const ATTRIBUTE = {
  name: bytes(1),
  f: fixed32(2),
  i: varint(3),
  s: bytes(4),
  t: bytes(5),
  g: bytes(6),
  floats: fixed32(7),
  floatsPacked: bytes(7),
  ints: varint(8),
  intsPacked: bytes(8),
  strings: bytes(9),
  tensors: bytes(10),
  graphs: bytes(11),
  tp: bytes(14),
  typeProtos: bytes(15),
  type: varint(20),
  refAttrName: bytes(21),
  sparseTensor: bytes(22),
  sparseTensors: bytes(23),
} as const;

/** AttributeProto.AttributeType. */
export const ATTRIBUTE_TYPE = {
  undefined: 0,
  float: 1,
  int: 2,
  string: 3,
  tensor: 4,
  graph: 5,
  floats: 6,
  ints: 7,
  strings: 8,
  tensors: 9,
  graphs: 10,
  sparseTensor: 11,
  sparseTensors: 12,
  typeProto: 13,
  typeProtos: 14,
} as const;

export const TENSOR = {
  dims: varint(1),
  dimsPacked: bytes(1),
  dataType: varint(2),
  floatData: fixed32(4),
  floatDataPacked: bytes(4),
  int32Data: varint(5),
  int32DataPacked: bytes(5),
  stringData: bytes(6),
  int64Data: varint(7),
  int64DataPacked: bytes(7),
  name: bytes(8),
  rawData: bytes(9),
  doubleData: fixed64(10),
  doubleDataPacked: bytes(10),
  uint64Data: varint(11),
  uint64DataPacked: bytes(11),
  externalData: bytes(13),
  dataLocation: varint(14),
} as const;

export const SPARSE_TENSOR = { values: bytes(1) } as const;

export const TENSOR_ANNOTATION = { tensorName: bytes(1) } as const;

export const VALUE_INFO = { name: bytes(1), type: bytes(2) } as const;

/** `opaqueType` is of ONNX-ML before 1.5; the number is reserved since. */
export const TYPE = {
  tensorType: bytes(1),
  sequenceType: bytes(4),
  mapType: bytes(5),
  opaqueType: bytes(7),
  sparseTensorType: bytes(8),
  optionalType: bytes(9),
} as const;

export const TENSOR_TYPE = { elemType: varint(1), shape: bytes(2) } as const;

export const TENSOR_SHAPE = { dim: bytes(1) } as const;

export const DIMENSION = { dimValue: varint(1), dimParam: bytes(2) } as const;
