/** New messages, encoded with onnx-proto; what it does not know yet (IR version 9 and later) is appended to them. */
import { createRequire } from 'node:module';
import type onnxProto from 'onnx-proto';
import protobuf from 'protobufjs/minimal.js';
import { encodeElements } from './element-types.js';
import { ATTRIBUTE, ATTRIBUTE_TYPE, FUNCTION, GRAPH, MODEL, NODE, TENSOR } from './fields.js';
import type { AttributeSpec, DimensionSpec, FunctionSpec, GraphSpec, NodeSpec, TensorSpec, ValueInfoSpec } from './specs.js';

const require = createRequire(import.meta.url);
let messages: typeof onnxProto.onnx | undefined;

/** Loaded when something new is encoded: linting does without, and starts the faster for it. */
const onnx = (): typeof onnxProto.onnx => (messages ??= (require('onnx-proto') as typeof onnxProto).onnx);

export function varintBytes(value: number): Uint8Array {
  return protobuf.Writer.create().uint64(value).finish();
}

/** A whole length-delimited field: tag, length, body. `key` is `number << 3 | wire type`. */
export function fieldBytes(key: number, body: Uint8Array): Uint8Array {
  return protobuf.Writer.create().uint32(key).bytes(body).finish();
}

export function textField(key: number, text: string): Uint8Array {
  return protobuf.Writer.create().uint32(key).string(text).finish();
}

export function varintField(key: number, value: number): Uint8Array {
  return protobuf.Writer.create().uint32(key).int64(integer(value)).finish();
}

/** A text with its length in front, as it stands behind a tag. */
export function textValue(text: string): Uint8Array {
  return protobuf.Writer.create().string(text).finish();
}

export function floatValue(value: number): Uint8Array {
  return protobuf.Writer.create().float(value).finish();
}

export function varintValue(value: number): Uint8Array {
  return protobuf.Writer.create().int64(integer(value)).finish();
}

export function entryBytes(key: string, value: string): Uint8Array {
  return onnx().StringStringEntryProto.encode({ key, value }).finish();
}

export function opsetBytes(domain: string, version: number): Uint8Array {
  return onnx().OperatorSetIdProto.encode({ domain, version: integer(version) }).finish();
}

export function nodeBytes(spec: NodeSpec): Uint8Array {
  const { opType, domain, name, inputs, outputs, docString } = spec;
  const node = { input: [...inputs], output: [...outputs], opType, ...(name && { name }), ...(domain && { domain }), ...(docString && { docString }) };
  return Buffer.concat([
    onnx().NodeProto.encode(node).finish(),
    ...(spec.attributes ?? []).map((attribute) => fieldBytes(NODE.attribute, attributeBytes(attribute))),
    ...Object.entries(spec.metadata ?? {}).map(([key, value]) => fieldBytes(NODE.metadataProps, entryBytes(key, value))),
  ]);
}

export function attributeBytes(spec: AttributeSpec): Uint8Array {
  const { name } = spec;
  const typed = (type: number, fields: object): Uint8Array => onnx().AttributeProto.encode({ name, type, ...fields }).finish();
  if ('i' in spec) return typed(ATTRIBUTE_TYPE.int, { i: integer(spec.i) });
  if ('f' in spec) return typed(ATTRIBUTE_TYPE.float, { f: spec.f });
  if ('s' in spec) return typed(ATTRIBUTE_TYPE.string, { s: Buffer.from(spec.s) });
  if ('ints' in spec) return typed(ATTRIBUTE_TYPE.ints, { ints: spec.ints.map(integer) });
  if ('floats' in spec) return typed(ATTRIBUTE_TYPE.floats, { floats: [...spec.floats] });
  if ('strings' in spec) return typed(ATTRIBUTE_TYPE.strings, { strings: spec.strings.map((text) => Buffer.from(text)) });
  if ('tensor' in spec) return Buffer.concat([typed(ATTRIBUTE_TYPE.tensor, {}), fieldBytes(ATTRIBUTE.t, tensorBytes(spec.tensor))]);
  if ('graph' in spec) return Buffer.concat([typed(ATTRIBUTE_TYPE.graph, {}), fieldBytes(ATTRIBUTE.g, graphBytes(spec.graph))]);
  return typed(spec.type, { refAttrName: spec.refersTo });
}

/** Throws RangeError where the number of values is not that of the dims. */
export function tensorBytes(spec: TensorSpec): Uint8Array {
  const { name, dataType, dims } = spec;
  const count = dims.reduce((product, extent) => product * extent, 1);
  if ('values' in spec && spec.values.length !== count) throw new RangeError(`${spec.values.length} values for a tensor of ${count}`);
  const rawData = 'raw' in spec ? spec.raw : encodeElements(dataType, spec.values);
  return Buffer.concat([
    onnx().TensorProto.encode({ dims: dims.map(integer), dataType, ...(name && { name }) }).finish(),
    fieldBytes(TENSOR.rawData, rawData),
  ]);
}

export function valueInfoBytes({ name, elementType, shape }: ValueInfoSpec): Uint8Array {
  const dims = shape && { shape: { dim: shape.map(dimension) } };
  const type = elementType === undefined ? {} : { type: { tensorType: { elemType: elementType, ...dims } } };
  return onnx().ValueInfoProto.encode({ name, ...type }).finish();
}

function dimension(extent: DimensionSpec): { dimValue?: number; dimParam?: string } {
  if (extent === undefined) return {};
  return typeof extent === 'number' ? { dimValue: integer(extent) } : { dimParam: extent };
}

export function graphBytes(spec: GraphSpec): Uint8Array {
  return Buffer.concat([
    ...spec.nodes.map((node) => fieldBytes(GRAPH.node, nodeBytes(node))),
    textField(GRAPH.name, spec.name),
    ...(spec.initializers ?? []).map((tensor) => fieldBytes(GRAPH.initializer, tensorBytes(tensor))),
    ...spec.inputs.map((input) => fieldBytes(GRAPH.input, valueInfoBytes(input))),
    ...spec.outputs.map((output) => fieldBytes(GRAPH.output, valueInfoBytes(output))),
  ]);
}

export function functionBytes(spec: FunctionSpec): Uint8Array {
  const { domain, name, inputs, outputs, attributes, docString } = spec;
  return Buffer.concat([
    onnx().FunctionProto.encode({ name, input: [...inputs], output: [...outputs], attribute: [...(attributes ?? [])], domain, ...(docString && { docString }) }).finish(),
    ...spec.nodes.map((node) => fieldBytes(FUNCTION.node, nodeBytes(node))),
    ...Object.entries(spec.opsets).map(([opsetDomain, version]) => fieldBytes(FUNCTION.opsetImport, opsetBytes(opsetDomain, version))),
  ]);
}

export const metadataField = (key: string, value: string): Uint8Array => fieldBytes(MODEL.metadataProps, entryBytes(key, value));

/** Beyond this a number may not be the integer that is meant. */
function integer(value: number): number {
  if (!Number.isSafeInteger(value)) throw new RangeError(`${value} is not an integer within ±2^53`);
  return value;
}
