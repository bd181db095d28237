/** Models larger than memory: the structure is written, the weights are a hole in the file, which reads as zeros. */
import { closeSync, ftruncateSync, openSync, writeSync } from 'node:fs';
import proto from 'onnx-proto';
import protobuf from 'protobufjs/minimal.js';
import { DATA_TYPES, size, tensorProto, valueInfo } from '../../fixtures/builders/tensors.js';
import type { Tensor } from '../../fixtures/builders/onnx.js';
import type { UnweightedModel } from './unweighted.js';

const { GraphProto, ModelProto, TensorProto } = proto.onnx;

/** Bytes, or a run of zeros of that length. */
type Piece = Uint8Array | number;

const lengthOf = (pieces: readonly Piece[]): number => pieces.reduce<number>((total, piece) => total + (typeof piece === 'number' ? piece : piece.length), 0);

/** A length-delimited field around the pieces. Protobuf ends at 2 GiB. */
function field(number: number, body: readonly Piece[]): Piece[] {
  const length = lengthOf(body);
  if (length >= 2 ** 31) throw new RangeError(`a message of ${length} bytes: protobuf ends at 2 GiB`);
  return [protobuf.Writer.create().uint32((number << 3) | 2).uint32(length).finish(), ...body];
}

/** Writes the model in the order of exporters: nodes, initializers, then inputs and outputs. Returns its size in bytes. */
export function writeWithHoles({ model, weights }: UnweightedModel, file: string): number {
  const { graph, irVersion, options } = model;
  const info = ({ name, type, shape }: Tensor) => valueInfo(name, type, shape);
  const body = [
    ...graph.encodeNodes().flatMap((node) => field(1, [node])),
    GraphProto.encode({ name: graph.name, initializer: [...graph.initializers].map(([name, value]) => tensorProto(name, value)) }).finish(),
    ...weights.flatMap(({ name, shape }) => field(5, [TensorProto.encode({ dims: [...shape], dataType: DATA_TYPES.float32, name }).finish(), ...field(9, [4 * size(shape)])])),
    GraphProto.encode({ input: graph.inputs.map(info), output: graph.outputs.map(info) }).finish(),
  ];
  return write(file, [
    ModelProto.encode({ irVersion, producerName: 'droplint-bench' }).finish(),
    ...field(7, body),
    ModelProto.encode({ opsetImport: [{ domain: '', version: options.opset }] }).finish(),
  ]);
}

function write(file: string, pieces: readonly Piece[]): number {
  const descriptor = openSync(file, 'w');
  try {
    let position = 0;
    for (const piece of pieces) {
      if (typeof piece === 'number') position += piece;
      else position += writeSync(descriptor, piece, 0, piece.length, position);
    }
    ftruncateSync(descriptor, position);
    return position;
  } finally {
    closeSync(descriptor);
  }
}
