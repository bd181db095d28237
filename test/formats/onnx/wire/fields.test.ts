import { ScalarType, type DescMessage } from '@bufbuild/protobuf';
import * as onnx from 'onnx-buf';
import { describe, expect, it } from 'vitest';
import { DATA_TYPE } from '../../../../src/formats/onnx/wire/element-types.js';
import * as fields from '../../../../src/formats/onnx/wire/fields.js';

const MESSAGES: [string, DescMessage, Readonly<Record<string, number>>][] = [
  ['ModelProto', onnx.ModelProtoSchema, fields.MODEL],
  ['OperatorSetIdProto', onnx.OperatorSetIdProtoSchema, fields.OPERATOR_SET_ID],
  ['StringStringEntryProto', onnx.StringStringEntryProtoSchema, fields.STRING_STRING_ENTRY],
  ['GraphProto', onnx.GraphProtoSchema, fields.GRAPH],
  ['FunctionProto', onnx.FunctionProtoSchema, fields.FUNCTION],
  ['NodeProto', onnx.NodeProtoSchema, fields.NODE],
  ['AttributeProto', onnx.AttributeProtoSchema, fields.ATTRIBUTE],
  ['TensorProto', onnx.TensorProtoSchema, fields.TENSOR],
  ['SparseTensorProto', onnx.SparseTensorProtoSchema, fields.SPARSE_TENSOR],
  ['TensorAnnotation', onnx.TensorAnnotationSchema, fields.TENSOR_ANNOTATION],
  ['ValueInfoProto', onnx.ValueInfoProtoSchema, fields.VALUE_INFO],
  ['TypeProto', onnx.TypeProtoSchema, fields.TYPE],
  ['TypeProto.Tensor', onnx.TypeProto_TensorSchema, fields.TENSOR_TYPE],
  ['TensorShapeProto', onnx.TensorShapeProtoSchema, fields.TENSOR_SHAPE],
  ['TensorShapeProto.Dimension', onnx.TensorShapeProto_DimensionSchema, fields.DIMENSION],
];

const WIRE_TYPES = new Map<ScalarType | undefined, number>([
  [ScalarType.FLOAT, 5],
  [ScalarType.DOUBLE, 1],
  [ScalarType.STRING, 2],
  [ScalarType.BYTES, 2],
  [ScalarType.INT32, 0],
  [ScalarType.INT64, 0],
  [ScalarType.UINT64, 0],
]);

describe.each(MESSAGES)('fields of %s', (_, { fields: descriptors }, table) => {
  // opaque_type is older than the descriptor, and its number reserved.
  it.each(Object.entries(table).filter(([name]) => name !== 'opaqueType'))('%s', (name, key) => {
    const isPacked = name.endsWith('Packed');
    const field = descriptors.find(({ localName }) => localName === name.replace(/Packed$/, ''))!;
    const wireType = isPacked || field.message ? 2 : field.enum ? 0 : WIRE_TYPES.get(field.scalar);
    expect([key >>> 3, key & 7]).toEqual([field.number, wireType]);
  });
});

const camelCase = (name: string): string => name.toLowerCase().replace(/_(\w)/g, (_, letter: string) => letter.toUpperCase());

it.each([
  ['AttributeType', onnx.AttributeProto_AttributeTypeSchema, fields.ATTRIBUTE_TYPE],
  ['DataType', onnx.TensorProto_DataTypeSchema, DATA_TYPE],
] as const)('%s has all values of the enum', (_, { values }, table) => {
  expect(table).toEqual(Object.fromEntries(values.map(({ name, number }) => [camelCase(name), number])));
});
