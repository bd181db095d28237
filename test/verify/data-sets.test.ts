import fs from 'node:fs';
import path from 'node:path';
import { zipSync } from 'fflate';
import proto from 'onnx-proto';
import { afterAll, describe, expect, it } from 'vitest';
import { readOnnx } from '../../src/formats/onnx/document.js';
import { BIT_EXACT, compareOutputs } from '../../src/verify/compare.js';
import { copyOf } from '../../src/verify/copy.js';
import { encodeCopy } from '../../src/verify/encode.js';
import { parseNpy, readFeeds, readTensors } from '../../src/verify/feed-files.js';
import type { RunJob } from '../../src/verify/jobs.js';
import { Pool } from '../../src/verify/pool.js';
import { temporaryFolder } from './temporary.js';

const pool = new Pool();
afterAll(() => pool.close());

const NODES = '/usr/share/libonnx-testdata/data/node';
const present = fs.existsSync(NODES);
if (!present) console.info('libonnx-testdata is not installed: its data sets for Dropout are not run');
const names = present ? fs.readdirSync(NODES).filter((name) => /^test_(training_)?dropout/.test(name)) : [];

/** Their masks are those of NumPy's generator: onnxruntime draws others. What survives must still be right. */
const OTHER_MASKS = new Set(['test_training_dropout', 'test_training_dropout_mask', 'test_training_dropout_default', 'test_training_dropout_default_mask']);
/** Runs, but not as the data say; none at present. */
const FAILED_BY_ONNXRUNTIME = new Set<string>();

describe.skipIf(!present)('data sets of libonnx-testdata for Dropout', () => {
  it('are there', () => expect(names.length).toBeGreaterThanOrEqual(10));

  it.each(names)('%s', async (name) => {
    const document = readOnnx(path.join(NODES, name, 'model.onnx'));
    const { inputs, outputs } = document.record.graph;
    const [feed] = readFeeds(path.join(NODES, name), inputs.map((input) => input.name));
    const expected = readTensors(path.join(NODES, name, 'test_data_set_0'), 'output', outputs.map((output) => output.name));
    const result = await pool.run<RunJob>({ kind: 'run', model: encodeCopy(copyOf(document.record)), settings: { level: 'disabled', keepDropout: true }, feeds: [feed!.values] });
    if (result.outcome === 'failed') throw new Error(result.reason);
    const [actual] = result.outputs;
    expect(Object.keys(actual!).toSorted()).toEqual(Object.keys(expected).toSorted());
    const differing = Object.keys(expected).filter((output) => !compareOutputs(output, expected[output]!, actual![output]!, BIT_EXACT).within);
    if (!OTHER_MASKS.has(name)) expect(differing.length > 0).toBe(FAILED_BY_ONNXRUNTIME.has(name));
    else {
      const [y] = outputs;
      const [x, ours, theirs] = [feed!.values[inputs[0]!.name]!, actual![y!.name]!, expected[y!.name]!].map(({ data }) => data as Float32Array);
      const scale = theirs!.find((value) => value !== 0)! / x![theirs!.findIndex((value) => value !== 0)]!;
      for (const [i, value] of ours!.entries()) if (value !== 0) expect(value / x![i]!).toBeCloseTo(scale, 5);
      expect(ours!.length).toBe(theirs!.length);
    }
  });
});

describe('feeds from files', () => {
  const folder = temporaryFolder();
  const { TensorProto } = proto.onnx;

  /** numpy.lib.format, version 1. */
  function npy(descr: string, shape: string, data: Uint8Array, order = 'False'): Uint8Array {
    const header = `{'descr': '${descr}', 'fortran_order': ${order}, 'shape': (${shape}), }`;
    const padded = header.padEnd(Math.ceil((10 + header.length + 1) / 64) * 64 - 11) + '\n';
    const head = Buffer.alloc(10);
    head.write('\x93NUMPY', 'latin1');
    head[6] = 1;
    head.writeUInt16LE(padded.length, 8);
    return Buffer.concat([head, Buffer.from(padded, 'latin1'), data]);
  }
  const bytes = (values: { buffer: ArrayBufferLike }) => new Uint8Array(values.buffer);

  it('a .npz, an array for each input', () => {
    fs.writeFileSync(folder('feeds.npz'), zipSync({
      'x.npy': npy('<f4', '2, 3', bytes(Float32Array.of(1, 2, 3, 4, 5, 6))),
      'ids.npy': npy('<i8', '2,', bytes(BigInt64Array.of(7n, -1n))),
      'mask.npy': npy('|b1', '', Uint8Array.of(1)),
      'half.npy': npy('<f2', '1,', bytes(Uint16Array.of(0x3c00))),
    }));
    const [feed] = readFeeds(folder('feeds.npz'), ['x']);
    expect(feed!.values).toEqual({
      x: { type: 'float32', dims: [2, 3], data: Float32Array.of(1, 2, 3, 4, 5, 6) },
      ids: { type: 'int64', dims: [2], data: BigInt64Array.of(7n, -1n) },
      mask: { type: 'bool', dims: [], data: Uint8Array.of(1) },
      half: { type: 'float16', dims: [1], data: Uint16Array.of(0x3c00) },
    });
  });

  it('columns first become rows first', () => {
    const columns = parseNpy(npy('<f4', '2, 3', bytes(Float32Array.of(1, 4, 2, 5, 3, 6)), 'True'), 'x');
    expect(columns.data).toEqual(Float32Array.of(1, 2, 3, 4, 5, 6));
  });

  it('a folder of tensors, by name or in order, from raw_data or typed fields', () => {
    const write = (file: string, tensor: object) => fs.writeFileSync(folder(`set/${file}`), TensorProto.encode(TensorProto.create(tensor)).finish());
    fs.mkdirSync(folder('set'));
    write('input_0.pb', { name: 'y', dims: [2], dataType: 1, floatData: [1, 2] });
    write('input_1.pb', { dims: [1], dataType: 7, rawData: bytes(BigInt64Array.of(9n)) });
    write('input_10.pb', { name: 'z', dims: [1], dataType: 8, stringData: [new TextEncoder().encode('word')] });
    expect(readFeeds(folder('set'), ['x', 'y'])[0]!.values).toEqual({
      y: { type: 'int64', dims: [1], data: BigInt64Array.of(9n) },
      z: { type: 'string', dims: [1], data: ['word'] },
    });
  });

  it.each([
    ['nothing.npz', undefined, 'no such file or folder'],
    ['broken.npz', Buffer.from('no zip'), 'not a .npz file'],
    ['text.npy', Buffer.from('no array at all'), 'not a .npy array'],
    ['big-endian.npy', npy('>f4', '1,', new Uint8Array(4)), 'arrays of dtype >f4 are not read'],
    ['objects.npy', npy('|O', '1,', new Uint8Array(8)), 'arrays of dtype |O are not read'],
    ['short.npy', npy('<f4', '5,', new Uint8Array(4)), 'it ends too early'],
  ])('%s is refused', (name, content, reason) => {
    if (content) fs.writeFileSync(folder(name), content);
    expect(() => readFeeds(folder(name), [])).toThrow(reason);
  });

  it('an empty folder is refused', () => {
    fs.mkdirSync(folder('empty'));
    expect(() => readFeeds(folder('empty'), [])).toThrow('no input_<number>.pb in it');
  });

});
