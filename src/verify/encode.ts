/**
 * A throw-away copy as bytes for onnxruntime. What did not change is copied byte for byte; large weights are referred
 * to as external data at the place in the original file where they stand, so that a copy costs the structure only.
 * Field numbers follow onnx.proto.
 */
import fs from 'node:fs';
import path from 'node:path';
import { Writer } from 'protobufjs';
import type { GraphRecord, Span, TensorRecord } from '../formats/onnx/wire/records.js';
import type { ByteOrigin, ByteSource } from '../formats/onnx/wire/source.js';
import type { BodyCopy, CopyAttribute, Declaration, FunctionCopy, GeneratedWeights, GraphCopy, ModelCopy, Operator } from './copy.js';

/** What onnxruntime loads: bytes, and the folder that holds their external data. */
export interface ExecutableModel {
  readonly bytes: Uint8Array;
  readonly folder: string;
  /** Weights that the child draws: too large to send. */
  readonly generated?: readonly GeneratedWeights[];
}

/** Weights from this size on stay in the file. */
const EXTERNAL_FROM = 4096;
/** Bytes per element of the types whose payload is the same in `raw_data` and in a packed field. */
const RAW_SIZE: Readonly<Record<number, number>> = { 1: 4, 2: 1, 3: 1, 4: 2, 5: 2, 6: 4, 7: 8, 9: 1, 10: 2, 11: 8, 12: 4, 13: 8, 14: 8, 15: 16, 16: 2 };
const LENGTH_DELIMITED = 2;
const tag = (field: number): number => (field << 3) | LENGTH_DELIMITED;

export function encodeCopy(copy: ModelCopy): ExecutableModel {
  const { record } = copy;
  const folder = path.dirname(path.resolve(record.file));
  const encoder = new Encoder(record.source, folder);
  const writer = Writer.create();
  writer.uint32(8).int64(record.irVersion);
  for (const [domain, version] of copy.opsets) {
    writer.uint32(tag(8)).fork().uint32(tag(1)).string(domain).uint32(16).int64(version).ldelim();
  }
  writer.uint32(tag(7)).bytes(encoder.graph(copy.graph));
  for (const fn of copy.functions) writer.uint32(tag(25)).bytes(encoder.function(fn));
  return { bytes: writer.finish(), folder, ...(copy.generated.length > 0 && { generated: copy.generated }) };
}

class Encoder {
  constructor(private readonly source: ByteSource, private readonly folder: string) {}

  graph(graph: GraphCopy): Uint8Array {
    const writer = Writer.create();
    for (const operator of graph.operators) this.field(writer, 1, this.operator(operator));
    for (const tensor of graph.initializers.values()) this.field(writer, 5, tensor instanceof Uint8Array ? tensor : this.tensor(tensor));
    for (const input of graph.inputs) this.field(writer, 11, this.declaration(input));
    for (const output of graph.outputs) this.field(writer, 12, this.declaration(output));
    const rest = this.remainder(graph.body.span, childrenOfGraph(graph.body));
    return concat([writer.finish(), rest]);
  }

  function(fn: FunctionCopy): Uint8Array {
    const writer = Writer.create();
    for (const operator of fn.operators) this.field(writer, 7, this.operator(operator));
    const children = [...fn.body.nodes, ...fn.body.valueInfos.values(), ...fn.body.repeatedValueInfos].map((child) => child.span);
    return concat([writer.finish(), this.remainder(fn.body.span, children)]);
  }

  private field(writer: Writer, field: number, body: Uint8Array): void {
    writer.uint32(tag(field)).bytes(body);
  }

  private bytes(span: Span): Uint8Array {
    return this.source.read(span.start, span.end);
  }

  private operator(operator: Operator): Uint8Array {
    if (operator.node && isUntouched(operator)) return this.bytes(operator.node.span);
    const writer = Writer.create();
    for (const input of operator.inputs) writer.uint32(tag(1)).string(input);
    for (const output of operator.outputs) writer.uint32(tag(2)).string(output);
    writer.uint32(tag(3)).string(operator.name).uint32(tag(4)).string(operator.opType);
    for (const attribute of operator.attributes) this.field(writer, 5, this.attribute(attribute));
    writer.uint32(tag(7)).string(operator.domain);
    if (operator.overload) writer.uint32(tag(8)).string(operator.overload);
    return writer.finish();
  }

  private attribute(attribute: CopyAttribute): Uint8Array {
    if ('record' in attribute && attribute.graphs.every((graph) => !hasChanged(graph))) return this.bytes(attribute.record.span);
    const writer = Writer.create();
    writer.uint32(tag(1)).string(attribute.name);
    if ('float' in attribute) writer.uint32(21).float(attribute.float).uint32(160).int32(1);
    else if ('int' in attribute) writer.uint32(24).int64(attribute.int).uint32(160).int32(2);
    else if ('ints' in attribute) {
      for (const value of attribute.ints) writer.uint32(64).int64(value);
      writer.uint32(160).int32(7);
    } else if ('tensor' in attribute) writer.uint32(tag(5)).bytes(attribute.tensor).uint32(160).int32(4);
    else {
      const single = attribute.record.type === 5;
      for (const graph of attribute.graphs) this.field(writer, single ? 6 : 11, this.graph(graph));
      writer.uint32(160).int32(single ? 5 : 10);
    }
    return writer.finish();
  }

  private declaration(declaration: Declaration): Uint8Array {
    if ('span' in declaration) return this.bytes(declaration.span);
    return encodeValueInfo(declaration.name, declaration.elementType, declaration.shape);
  }

  private tensor(tensor: TensorRecord): Uint8Array {
    const place = this.placeOf(tensor);
    if (!place) return this.bytes(tensor.span);
    return encodeExternalTensor(tensor.name, tensor.dataType, tensor.dims, place);
  }

  /** Where onnxruntime can read a weight in the original file: only if it stands there in one piece as little-endian values. */
  private placeOf(tensor: TensorRecord): ExternalPlace | undefined {
    const [payload] = tensor.payload;
    if (tensor.external || !payload || tensor.payload.length > 1) return undefined;
    const length = payload.end - payload.start;
    const count = tensor.dims.reduce((product, extent) => product * extent, 1);
    if (length < EXTERNAL_FROM || RAW_SIZE[tensor.dataType] === undefined || length !== count * RAW_SIZE[tensor.dataType]!) return undefined;
    if (payload.field !== 'raw' && !(payload.packed && (payload.field === 'float' || payload.field === 'double'))) return undefined;
    const origin = this.source.originOf(payload.start, payload.end);
    if (!origin || !isOnDisk(origin) || path.dirname(path.resolve(origin.file)) !== this.folder) return undefined;
    return { location: path.basename(origin.file), offset: origin.offset, length };
  }

  /** The bytes of a message that belong to none of the given children: its name, and fields that nobody here knows. */
  private remainder(span: Span, children: readonly Span[]): Uint8Array {
    const sorted = [...children].sort((a, b) => a.tag - b.tag);
    const pieces: Uint8Array[] = [];
    let at = span.start;
    for (const child of sorted) {
      if (child.tag > at) pieces.push(this.source.read(at, child.tag));
      at = Math.max(at, child.end);
    }
    if (span.end > at) pieces.push(this.source.read(at, span.end));
    return concat(pieces);
  }
}

function isOnDisk(origin: ByteOrigin): boolean {
  return origin.file !== '' && !origin.revision?.startsWith('buffer') && fs.existsSync(origin.file);
}

/** Declared value types are left out: onnxruntime infers them, and a wrong one must not decide what runs. */
function childrenOfGraph(graph: GraphRecord): Span[] {
  return [graph.nodes, graph.inputs, graph.outputs, [...graph.initializers.values()], [...graph.valueInfos.values()], graph.repeatedValueInfos]
    .flatMap((list) => list.map((child) => child.span));
}

function isUntouched(operator: Operator): boolean {
  const { node } = operator;
  return node !== undefined && operator.opType === node.opType && operator.domain === node.domain
    && operator.inputs === node.inputs && operator.outputs === node.outputs
    && operator.attributes.length === node.attributes.length
    && operator.attributes.every((attribute, k) => 'record' in attribute && attribute.record === node.attributes[k]
      && attribute.graphs.every((graph) => !hasChanged(graph)));
}

function hasChanged(graph: GraphCopy): boolean {
  return bodyChanged(graph) || graph.inputs.length !== graph.body.inputs.length || graph.outputs.length !== graph.body.outputs.length
    || graph.initializers.size !== graph.body.initializers.size || [...graph.initializers.values()].some((tensor) => tensor instanceof Uint8Array);
}

function bodyChanged(body: BodyCopy): boolean {
  return body.operators.length !== body.body.nodes.length
    || body.operators.some((operator, k) => operator.node !== body.body.nodes[k] || !isUntouched(operator));
}

function concat(pieces: readonly Uint8Array[]): Uint8Array {
  return pieces.length === 1 ? pieces[0]! : Buffer.concat(pieces);
}

export function encodeValueInfo(name: string, elementType: number | undefined, shape?: readonly (number | string | undefined)[]): Uint8Array {
  const writer = Writer.create().uint32(tag(1)).string(name);
  if (elementType === undefined) return writer.finish();
  writer.uint32(tag(2)).fork().uint32(tag(1)).fork().uint32(8).int32(elementType);
  if (shape) {
    writer.uint32(tag(2)).fork();
    for (const dimension of shape) {
      writer.uint32(tag(1)).fork();
      if (typeof dimension === 'number') writer.uint32(8).int64(dimension);
      else if (dimension !== undefined) writer.uint32(tag(2)).string(dimension);
      writer.ldelim();
    }
    writer.ldelim();
  }
  return writer.ldelim().ldelim().finish();
}

/** A TensorProto with its values in `raw_data`. */
export function encodeTensor(name: string, dataType: number, dims: readonly number[], values: Float32Array | Float64Array | BigInt64Array | Int32Array | Uint8Array | Uint16Array): Uint8Array {
  const writer = Writer.create();
  for (const extent of dims) writer.uint32(8).int64(extent);
  writer.uint32(16).int32(dataType);
  if (name) writer.uint32(tag(8)).string(name);
  return writer.uint32(tag(9)).bytes(new Uint8Array(values.buffer, values.byteOffset, values.byteLength)).finish();
}

/** In bytes; the location is relative to the folder of the model. */
export interface ExternalPlace {
  readonly location: string;
  readonly offset: number;
  readonly length: number;
}

/** A TensorProto whose values stand in another file. */
export function encodeExternalTensor(name: string, dataType: number, dims: readonly number[], { location, offset, length }: ExternalPlace): Uint8Array {
  const writer = Writer.create();
  for (const extent of dims) writer.uint32(8).int64(extent);
  writer.uint32(16).int32(dataType).uint32(tag(8)).string(name);
  for (const [key, value] of [['location', location], ['offset', String(offset)], ['length', String(length)]] as const) {
    writer.uint32(tag(13)).fork().uint32(tag(1)).string(key).uint32(tag(2)).string(value).ldelim();
  }
  return writer.uint32(112).int32(1).finish();
}
