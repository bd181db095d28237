import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { create, toBinary, type MessageInitShape } from '@bufbuild/protobuf';
import fc from 'fast-check';
import { ModelProtoSchema, TensorProto_DataType as T, type TensorProtoSchema } from 'onnx-buf';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ModelEditor } from '../../../../src/formats/onnx/wire/editor.js';
import { decodeElements, elementTypeOf, encodeElements } from '../../../../src/formats/onnx/wire/element-types.js';
import { readModel } from '../../../../src/formats/onnx/wire/read-model.js';
import type { ModelRecord, TensorRecord } from '../../../../src/formats/onnx/wire/records.js';
import type { ByteSource } from '../../../../src/formats/onnx/wire/source.js';
import { BufferSource, FileSource } from '../../../../src/formats/onnx/wire/sources.js';
import { readTensor, sameTensor, tensorIdentity } from '../../../../src/formats/onnx/wire/tensors.js';
import { randomNumbers, rewrite } from './wire-rewriting.js';

type TensorInit = MessageInitShape<typeof TensorProtoSchema>;

const modelBytes = (...tensors: TensorInit[]): Uint8Array =>
  toBinary(ModelProtoSchema, create(ModelProtoSchema, { irVersion: 8n, graph: { initializer: tensors.map((tensor, index) => ({ name: `t${index}`, ...tensor })) } }));

function load(bytes: Uint8Array | ByteSource, file = 'model.onnx'): { model: ModelRecord; tensor: TensorRecord } {
  const model = readModel(file, bytes instanceof Uint8Array ? new BufferSource(bytes, file) : bytes);
  return { model, tensor: [...model.graph.initializers.values()][0]! };
}

function valuesOf(init: TensorInit, limit?: number): number[] | undefined {
  const { model, tensor } = load(modelBytes(init));
  const values = readTensor(model, tensor, limit);
  return values && [...values];
}

const raw = (array: { readonly buffer: ArrayBufferLike }): Uint8Array<ArrayBuffer> => new Uint8Array(array.buffer as ArrayBuffer);

describe('readTensor', () => {
  it.each<[string, TensorInit, number[]]>([
    ['float32, raw', { dataType: T.FLOAT, dims: [3n], rawData: raw(new Float32Array([0.5, -1, 3e38])) }, [0.5, -1, Math.fround(3e38)]],
    ['float32, float_data', { dataType: T.FLOAT, dims: [2n], floatData: [0.5, -0] }, [0.5, -0]],
    ['a scalar', { dataType: T.FLOAT, floatData: [0.25] }, [0.25]],
    ['no elements', { dataType: T.FLOAT, dims: [0n, 4n], rawData: new Uint8Array(0) }, []],
    ['no elements and no data at all', { dataType: T.INT64, dims: [0n] }, []],
    ['float64, raw', { dataType: T.DOUBLE, dims: [1n], rawData: raw(new Float64Array([0.1])) }, [0.1]],
    ['float64, double_data', { dataType: T.DOUBLE, dims: [2n], doubleData: [0.1, Infinity] }, [0.1, Infinity]],
    ['int64, raw', { dataType: T.INT64, dims: [3n], rawData: raw(new BigInt64Array([-1n, 7n, 2n ** 53n])) }, [-1, 7, 2 ** 53]],
    ['int64, int64_data', { dataType: T.INT64, dims: [2n], int64Data: [-5n, 300n] }, [-5, 300]],
    ['uint64, uint64_data', { dataType: T.UINT64, dims: [2n], uint64Data: [2n ** 64n - 1n, 4n] }, [2 ** 64, 4]],
    ['uint32, uint64_data', { dataType: T.UINT32, dims: [1n], uint64Data: [4294967295n] }, [4294967295]],
    ['int32, int32_data', { dataType: T.INT32, dims: [2n], int32Data: [-7, 1 << 30] }, [-7, 1 << 30]],
    ['int8, raw', { dataType: T.INT8, dims: [2n], rawData: new Uint8Array([255, 127]) }, [-1, 127]],
    ['int8, int32_data', { dataType: T.INT8, dims: [2n], int32Data: [-1, 127] }, [-1, 127]],
    ['uint8, raw', { dataType: T.UINT8, dims: [2n], rawData: new Uint8Array([255, 1]) }, [255, 1]],
    ['int16, raw', { dataType: T.INT16, dims: [1n], rawData: raw(new Int16Array([-300])) }, [-300]],
    ['uint16, int32_data', { dataType: T.UINT16, dims: [1n], int32Data: [65535] }, [65535]],
    ['bool, raw', { dataType: T.BOOL, dims: [3n], rawData: new Uint8Array([0, 1, 1]) }, [0, 1, 1]],
    ['bool, int32_data', { dataType: T.BOOL, dims: [2n], int32Data: [1, 0] }, [1, 0]],
    ['float16, raw', { dataType: T.FLOAT16, dims: [5n], rawData: raw(new Uint16Array([0x3800, 0xc000, 0x0001, 0x7c00, 0x3555])) }, [0.5, -2, 2 ** -24, Infinity, 0.333251953125]],
    ['float16, int32_data', { dataType: T.FLOAT16, dims: [2n], int32Data: [0x3800, 0xc000] }, [0.5, -2]],
    ['bfloat16, raw', { dataType: T.BFLOAT16, dims: [2n], rawData: raw(new Uint16Array([0x3f00, 0xc040])) }, [0.5, -3]],
    ['bfloat16, int32_data', { dataType: T.BFLOAT16, dims: [1n], int32Data: [0x3f00] }, [0.5]],
    ['float8e4m3fn', { dataType: T.FLOAT8E4M3FN, dims: [5n], rawData: new Uint8Array([0x38, 0xb8, 0x7e, 0x01, 0x7f]) }, [1, -1, 448, 2 ** -9, NaN]],
    ['float8e4m3fnuz', { dataType: T.FLOAT8E4M3FNUZ, dims: [3n], rawData: new Uint8Array([0x40, 0x7f, 0x80]) }, [1, 240, NaN]],
    ['float8e5m2', { dataType: T.FLOAT8E5M2, dims: [4n], rawData: new Uint8Array([0x3c, 0x7b, 0x7c, 0x7d]) }, [1, 57344, Infinity, NaN]],
    ['float8e5m2fnuz', { dataType: T.FLOAT8E5M2FNUZ, dims: [3n], rawData: new Uint8Array([0x40, 0x7f, 0x80]) }, [1, 57344, NaN]],
    ['float8e5m2, int32_data', { dataType: T.FLOAT8E5M2, dims: [1n], int32Data: [0x3c] }, [1]],
    ['float8e8m0', { dataType: T.FLOAT8E8M0, dims: [2n], rawData: new Uint8Array([127, 255]) }, [1, NaN]],
    ['float4e2m1', { dataType: T.FLOAT4E2M1, dims: [4n], rawData: new Uint8Array([0x71, 0xa2]) }, [0.5, 6, 1, -1]],
    ['int4, raw', { dataType: T.INT4, dims: [3n], rawData: new Uint8Array([0x7f, 0x08]) }, [-1, 7, -8]],
    ['uint4, int32_data', { dataType: T.UINT4, dims: [3n], int32Data: [0x7f, 0x08] }, [15, 7, 8]],
    ['int2, raw', { dataType: T.INT2, dims: [5n], rawData: new Uint8Array([0b11_10_01_00, 1]) }, [0, 1, -2, -1, 1]],
    ['uint2, raw', { dataType: T.UINT2, dims: [4n], rawData: new Uint8Array([0b11_10_01_00]) }, [0, 1, 2, 3]],
    ['raw_data with bytes to spare', { dataType: T.UINT8, dims: [1n], rawData: new Uint8Array([1, 2]) }, [1]],
  ])('%s', (_, init, expected) => {
    expect(valuesOf(init)).toEqual(expected);
  });

  it.each<[string, TensorInit, number?]>([
    ['strings', { dataType: T.STRING, dims: [1n], stringData: [new Uint8Array([97])] }],
    ['complex numbers', { dataType: T.COMPLEX64, dims: [1n], rawData: new Uint8Array(8) }],
    ['an unknown type', { dataType: 99, dims: [1n], rawData: new Uint8Array(8) }],
    ['too few raw bytes', { dataType: T.FLOAT, dims: [2n], rawData: new Uint8Array(7) }],
    ['too few values', { dataType: T.FLOAT, dims: [2n], floatData: [1] }],
    ['too many values', { dataType: T.FLOAT, dims: [1n], floatData: [1, 2] }],
    ['no data', { dataType: T.FLOAT, dims: [1n] }],
    ['negative dims', { dataType: T.FLOAT, dims: [-1n], floatData: [1] }],
    ['dims beyond all memory', { dataType: T.FLOAT, dims: [1n << 40n, 1n << 40n], floatData: [1] }, Infinity],
    ['dims that promise too much', { dataType: T.FLOAT, dims: [1n << 33n], floatData: [1] }, Infinity],
    ['more than the limit', { dataType: T.UINT8, dims: [5n], rawData: new Uint8Array(5) }, 4],
    ['more than 65 536 by default', { dataType: T.UINT8, dims: [65537n], rawData: new Uint8Array(65537) }],
  ])('gives nothing for %s', (_, init, limit) => {
    expect(valuesOf(init, limit)).toBeUndefined();
  });

  it('reads more when asked to', () => {
    expect(valuesOf({ dataType: T.UINT8, dims: [70000n], rawData: new Uint8Array(70000).fill(3) }, 70000)).toHaveLength(70000);
  });

  it('reads unpacked and split typed fields', () => {
    fc.assert(
      fc.property(fc.array(fc.float({ noNaN: true }), { minLength: 1, maxLength: 40 }), fc.integer(), (floats, seed) => {
        const bytes = modelBytes({ dataType: T.FLOAT, dims: [BigInt(floats.length)], floatData: floats });
        const { model, tensor } = load(rewrite(bytes, ModelProtoSchema, { repack: true, unknownFields: true, shuffle: true }, randomNumbers(seed)));
        expect([...readTensor(model, tensor)!]).toEqual(floats);
      }),
    );
  });
});

describe('encodeElements', () => {
  it('writes every pattern of float16 and bfloat16 as it is read', () => {
    const patterns = new Uint16Array(65536).map((_, index) => index);
    for (const dataType of [T.FLOAT16, T.BFLOAT16]) {
      const values = decodeElements(elementTypeOf(dataType)!, raw(patterns), patterns.length)!;
      const again = new Uint16Array(encodeElements(dataType, values).buffer as ArrayBuffer);
      expect([...patterns].filter((pattern) => !Number.isNaN(values[pattern]) && again[pattern] !== pattern)).toEqual([]);
    }
  });

  it.each([
    [T.FLOAT16, 65519.9, 65504],
    [T.FLOAT16, 65520, Infinity],
    [T.FLOAT16, 1 + 2 ** -11, 1],
    [T.FLOAT16, 1 + 3 * 2 ** -11, 1 + 2 ** -9],
    [T.FLOAT16, 2 ** -25, 0],
    [T.FLOAT16, 2047.9 * 2 ** -25, 2 ** -14],
    [T.FLOAT16, 2 - 2 ** -12, 2],
    [T.BFLOAT16, 1 + 2 ** -8, 1],
    [T.BFLOAT16, 1 + 3 * 2 ** -8, 1 + 2 ** -6],
    [T.BOOL, 5, 1],
  ])('of type %i rounds %d to %d', (dataType, value, expected) => {
    expect(decodeElements(elementTypeOf(dataType)!, encodeElements(dataType, [value]), 1)![0]).toBe(expected);
  });

  it('refuses types that are only read', () => {
    expect(() => encodeElements(T.INT4, [1])).toThrow(RangeError);
  });
});

describe('external data', () => {
  let folder: string;
  const external = (entries: Record<string, string>): TensorInit => ({
    dataType: T.FLOAT,
    dims: [2n],
    dataLocation: 1,
    externalData: Object.entries(entries).map(([key, value]) => ({ key, value })),
  });
  beforeEach(() => {
    folder = fs.mkdtempSync(path.join(os.tmpdir(), 'droplint-external-'));
    fs.mkdirSync(path.join(folder, 'models', 'data'), { recursive: true });
    fs.writeFileSync(path.join(folder, 'outside'), raw(new Float32Array([9, 9])));
    fs.writeFileSync(path.join(folder, 'models', 'data', 'weights'), raw(new Float32Array([1, 2, 3])));
  });
  afterEach(() => fs.rmSync(folder, { recursive: true }));

  it.each<[string, Record<string, string>, number[] | undefined]>([
    ['offset and length', { location: 'data/weights', offset: '4', length: '8' }, [2, 3]],
    ['no offset and length', { location: 'data/weights' }, [1, 2]],
    ['separators of Windows', { location: 'data\\weights' }, [1, 2]],
    ['a dot in front', { location: './data/weights' }, [1, 2]],
    ['a missing file', { location: 'nowhere' }, undefined],
    ['no location', {}, undefined],
    ['a folder', { location: 'data' }, undefined],
    ['the folder itself', { location: '.' }, undefined],
    ['a path out of the folder', { location: '../outside' }, undefined],
    ['a path out and in again', { location: 'data/../../outside' }, undefined],
    ['an absolute path', { location: '/etc/hostname' }, undefined],
    ['a drive', { location: 'C:weights' }, undefined],
    ['a length beyond the end', { location: 'data/weights', offset: '8', length: '8' }, undefined],
    ['an offset beyond the end', { location: 'data/weights', offset: '80' }, undefined],
    ['too short a length', { location: 'data/weights', length: '4' }, undefined],
    ['an offset that is no number', { location: 'data/weights', offset: '-4' }, undefined],
  ])('with %s', (_, entries, expected) => {
    const { model, tensor } = load(modelBytes(external(entries)), path.join(folder, 'models', 'model.onnx'));
    expect(readTensor(model, tensor)).toEqual(expected && new Float64Array(expected));
  });

  it('is the same as equal data inside', () => {
    const file = path.join(folder, 'models', 'model.onnx');
    const outside = load(modelBytes(external({ location: 'data/weights', length: '8' })), file);
    const inside = load(modelBytes({ dataType: T.FLOAT, dims: [2n], rawData: raw(new Float32Array([1, 2])) }), file);
    const other = load(modelBytes({ dataType: T.FLOAT, dims: [2n], rawData: raw(new Float32Array([1, 3])) }), file);
    expect([sameTensor(outside, inside), sameTensor(outside, other), sameTensor(outside, outside)]).toEqual([true, false, true]);
    const lost = load(modelBytes(external({ location: 'lost' })), file);
    expect([tensorIdentity(lost.model, lost.tensor), sameTensor(lost, lost)]).toEqual([undefined, false]);
  });
});

describe('identity', () => {
  class CountingSource extends BufferSource {
    count = 0;
    override read(start: number, end: number): Uint8Array {
      this.count += end - start;
      return super.read(start, end);
    }
  }

  it('of untouched weights is the same in the spliced version, and nothing of them is read', () => {
    const source = new CountingSource(modelBytes({ dataType: T.FLOAT, dims: [250_000n], rawData: new Uint8Array(1e6) }));
    const before = load(source);
    const editor = new ModelEditor(before.model);
    editor.body(before.model.graph).insert({ opType: 'Relu', inputs: ['t0'], outputs: ['y'] }, 'end');
    const after = load(editor.apply());
    expect(tensorIdentity(after.model, after.tensor)).toBe(tensorIdentity(before.model, before.tensor));
    expect(sameTensor(before, after)).toBe(true);
    expect(source.count).toBeLessThan(10_000);
  });

  it.each<[string, TensorInit, TensorInit, boolean]>([
    ['equal copies', { dataType: T.INT8, dims: [2n], rawData: new Uint8Array([1, 2]) }, { dataType: T.INT8, dims: [2n], rawData: new Uint8Array([1, 2]) }, true],
    ['other bytes', { dataType: T.INT8, dims: [2n], rawData: new Uint8Array([1, 2]) }, { dataType: T.INT8, dims: [2n], rawData: new Uint8Array([1, 3]) }, false],
    ['other dims', { dataType: T.INT8, dims: [2n], rawData: new Uint8Array([1, 2]) }, { dataType: T.INT8, dims: [1n, 2n], rawData: new Uint8Array([1, 2]) }, false],
    ['another type', { dataType: T.INT8, dims: [2n], rawData: new Uint8Array([1, 2]) }, { dataType: T.UINT8, dims: [2n], rawData: new Uint8Array([1, 2]) }, false],
    ['another encoding', { dataType: T.INT8, dims: [1n], rawData: new Uint8Array([1]) }, { dataType: T.INT8, dims: [1n], int32Data: [1] }, false],
    ['equal typed data', { dataType: T.INT8, dims: [1n], int32Data: [1] }, { dataType: T.INT8, dims: [1n], int32Data: [1] }, true],
  ])('of %s in different files', (_, a, b, same) => {
    const first = load(modelBytes(a));
    const second = load(modelBytes(b));
    expect(tensorIdentity(first.model, first.tensor)).not.toBe(tensorIdentity(second.model, second.tensor));
    expect(sameTensor(first, second)).toBe(same);
  });

  it('is not that of what stands at the same place of the file later', () => {
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'droplint-identity-'));
    const file = path.join(folder, 'model.onnx');
    const write = (value: number): void => fs.writeFileSync(file, modelBytes({ dataType: T.INT8, dims: [1n], rawData: new Uint8Array([value]) }));
    write(1);
    const source = new FileSource(file);
    const before = load(source, file);
    const identity = tensorIdentity(before.model, before.tensor);
    fs.rmSync(file);
    write(2);
    const later = new FileSource(file);
    const after = load(later, file);
    expect(tensorIdentity(after.model, after.tensor)).not.toBe(identity);
    expect(sameTensor(before, after)).toBe(false);
    source.close();
    later.close();
    fs.rmSync(folder, { recursive: true });
  });
});
