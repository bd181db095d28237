/** Feeds from files: NumPy's .npz and .npy, and ONNX test-data sets (folders of input_<k>.pb). */
import fs from 'node:fs';
import path from 'node:path';
import { unzipSync } from 'fflate';
import proto from 'onnx-proto';
import { UnreadableError } from '../formats/document.js';
import type { GivenFeed } from './feeds.js';
import { allocate, typeName } from './tensors.js';
import type { TensorData, TensorValue } from './tensors.js';

/**
 * Reads a .npz (an array for each input, by name), a folder of input_<k>.pb, or a folder of such folders
 * (test_data_set_<k>). `inputs` are the names of the model's inputs, for arrays that have none. Throws UnreadableError.
 */
export function readFeeds(place: string, inputs: readonly string[]): readonly GivenFeed[] {
  if (!fs.existsSync(place)) throw new UnreadableError(place, 'no such file or folder');
  if (!fs.statSync(place).isDirectory()) return [{ name: place, values: readNpz(place) }];
  const sets = fs.readdirSync(place, { withFileTypes: true }).filter((entry) => entry.isDirectory() && /^test_data_set_\d+$/.test(entry.name)).map(({ name }) => path.join(place, name));
  const folders = sets.length > 0 ? sets.toSorted((a, b) => numberIn(a) - numberIn(b)) : [place];
  return folders.map((folder) => ({ name: folder, values: readTensors(folder, 'input', inputs) }));
}

/** The tensors `<kind>_<k>.pb` of a data set, under their own names, or the given ones in order. */
export function readTensors(folder: string, kind: 'input' | 'output', names: readonly string[]): Record<string, TensorValue> {
  const files = fs.readdirSync(folder).filter((file) => new RegExp(`^${kind}_\\d+\\.pb$`).test(file)).toSorted((a, b) => numberIn(a) - numberIn(b));
  if (files.length === 0) throw new UnreadableError(folder, `no ${kind}_<number>.pb in it`);
  const values: Record<string, TensorValue> = {};
  for (const file of files) {
    const { name, value } = readTensorProto(path.join(folder, file));
    const index = numberIn(file);
    values[names.includes(name) ? name : names[index] ?? name] = value;
  }
  return values;
}

const numberIn = (file: string): number => Number(/(\d+)(?:\.pb)?$/.exec(file)?.[1] ?? 0);

function readTensorProto(file: string): { name: string; value: TensorValue } {
  let tensor: InstanceType<typeof proto.onnx.TensorProto>;
  try {
    tensor = proto.onnx.TensorProto.decode(fs.readFileSync(file));
  } catch (error) {
    throw new UnreadableError(file, `not a TensorProto: ${error instanceof Error ? error.message : String(error)}`);
  }
  const type = typeName(tensor.dataType ?? 0);
  const dims = (tensor.dims ?? []).map(Number);
  const count = dims.reduce((product, extent) => product * extent, 1);
  const data = allocate(type, count);
  if (!data) throw new UnreadableError(file, `a tensor of ${type}, which onnxruntime-node cannot be fed`);
  if (tensor.rawData?.length) copyBytes(data, tensor.rawData, file);
  else copyValues(data, [tensor.floatData, tensor.int32Data, tensor.int64Data, tensor.doubleData, tensor.uint64Data, tensor.stringData].find((list) => list?.length) ?? [], file);
  return { name: tensor.name ?? '', value: { type, dims, data } };
}

function copyBytes(data: TensorData, bytes: Uint8Array, file: string): void {
  if (Array.isArray(data) || bytes.length !== data.byteLength) throw new UnreadableError(file, 'its values do not fit its shape');
  new Uint8Array(data.buffer).set(bytes);
}

function copyValues(data: TensorData, values: readonly unknown[], file: string): void {
  if (values.length !== data.length) throw new UnreadableError(file, 'its values do not fit its shape');
  values.forEach((value, k) => {
    if (Array.isArray(data)) data[k] = new TextDecoder().decode(value as Uint8Array);
    else if (data instanceof BigInt64Array || data instanceof BigUint64Array) data[k] = BigInt(String(value));
    // int32_data holds the bits of a float16.
    else data[k] = Number(value);
  });
}

function readNpz(file: string): Record<string, TensorValue> {
  const bytes = fs.readFileSync(file);
  if (file.endsWith('.npy')) return { [path.basename(file, '.npy')]: parseNpy(bytes, file) };
  let entries: Record<string, Uint8Array>;
  try {
    entries = unzipSync(bytes);
  } catch (error) {
    throw new UnreadableError(file, `not a .npz file: ${error instanceof Error ? error.message : String(error)}`);
  }
  return Object.fromEntries(Object.entries(entries).map(([entry, content]) => [entry.replace(/\.npy$/, ''), parseNpy(content, `${file}:${entry}`)]));
}

/** Type characters of NumPy's array protocol, little endian or of one byte. */
const NUMPY_TYPES: Readonly<Record<string, string>> = {
  f2: 'float16', f4: 'float32', f8: 'float64', i1: 'int8', i2: 'int16', i4: 'int32', i8: 'int64', u1: 'uint8', u2: 'uint16', u4: 'uint32', u8: 'uint64', b1: 'bool',
};

/** The .npy format, versions 1 to 3 (numpy.lib.format): magic, version, header length, a Python dict, the values. */
export function parseNpy(bytes: Uint8Array, file: string): TensorValue {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length < 12 || Buffer.from(bytes.subarray(0, 6)).toString('latin1') !== '\x93NUMPY') throw new UnreadableError(file, 'not a .npy array');
  const wide = bytes[6]! > 1;
  const start = wide ? 12 : 10;
  const end = start + (wide ? view.getUint32(8, true) : view.getUint16(8, true));
  const header = Buffer.from(bytes.subarray(start, end)).toString('utf8');
  const descr = /'descr':\s*'([<>|=]?)(\w+)'/.exec(header);
  const shape = /'shape':\s*\(([^)]*)\)/.exec(header);
  const type = descr && NUMPY_TYPES[descr[2]!];
  if (!descr || !shape) throw new UnreadableError(file, 'its header cannot be read');
  if (!type || descr[1] === '>') throw new UnreadableError(file, `arrays of dtype ${descr[1]}${descr[2]} are not read`);
  const dims = shape[1]!.split(',').map((part) => part.trim()).filter((part) => part !== '').map(Number);
  const data = allocate(type, dims.reduce((product, extent) => product * extent, 1)) as Exclude<TensorData, string[]>;
  if (bytes.length - end < data.byteLength) throw new UnreadableError(file, 'it ends too early');
  new Uint8Array(data.buffer).set(bytes.subarray(end, end + data.byteLength));
  return { type, dims, data: /'fortran_order':\s*True/.test(header) ? fromColumnMajor(data, dims, type) : data };
}

function fromColumnMajor(data: Exclude<TensorData, string[]>, dims: readonly number[], type: string): TensorData {
  const result = allocate(type, data.length) as Exclude<TensorData, string[]>;
  const index = dims.map(() => 0);
  const strides = dims.map((_, axis) => dims.slice(0, axis).reduce((product, extent) => product * extent, 1));
  for (let i = 0; i < result.length; i++) {
    result[i] = data[index.reduce((sum, at, axis) => sum + at * strides[axis]!, 0)]!;
    for (let axis = dims.length - 1; axis >= 0 && ++index[axis]! === dims[axis]; axis--) index[axis] = 0;
  }
  return result;
}
