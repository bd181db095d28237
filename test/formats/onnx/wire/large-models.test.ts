import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ModelEditor } from '../../../../src/formats/onnx/wire/editor.js';
import { fieldBytes, graphBytes, tensorBytes, varintBytes, varintField } from '../../../../src/formats/onnx/wire/encode.js';
import { GRAPH, MODEL, TENSOR } from '../../../../src/formats/onnx/wire/fields.js';
import { readModel } from '../../../../src/formats/onnx/wire/read-model.js';
import { BufferSource, FileSource } from '../../../../src/formats/onnx/wire/sources.js';
import { tensorIdentity } from '../../../../src/formats/onnx/wire/tensors.js';

describe('a chain of 100 000 nodes', () => {
  const COUNT = 100_000;
  const nodes = Array.from({ length: COUNT }, (_, index) => ({ opType: index % 3 ? 'Relu' : 'Dropout', name: `/layers/${index}`, inputs: [`v${index}`], outputs: [`v${index + 1}`] }));
  const bytes = Buffer.concat([varintField(MODEL.irVersion, 8), fieldBytes(MODEL.graph, graphBytes({ name: 'chain', nodes, inputs: [{ name: 'v0' }], outputs: [{ name: `v${COUNT}` }] }))]);

  it('is read and edited in a second or so', () => {
    const start = performance.now();
    const model = readModel('chain.onnx', new BufferSource(bytes));
    const editor = new ModelEditor(model);
    const body = editor.body(model.graph);
    for (const record of model.graph.nodes) if (record.index % 30 === 0) body.moveTo(body.nodeOf(record), { after: body.nodeOf(model.graph.nodes[record.index + 1]!) });
    for (const node of body.nodes) node.inputs[0] += 'x';
    const after = readModel('edited.onnx', editor.apply());
    expect(performance.now() - start).toBeLessThan(15_000);
    expect(model.graph.nodes.length).toBe(COUNT);
    expect(after.graph.nodes.slice(0, 3).map(({ name, inputs }) => [name, inputs[0]])).toEqual([['/layers/1', 'v1x'], ['/layers/0', 'v0x'], ['/layers/2', 'v2x']]);
  });
});

describe('a model with 1.9 GB of weights', () => {
  const TENSORS = 20;
  const TENSOR_BYTES = 95_000_000;
  let folder: string;
  let file: string;

  /** Headers with holes between them: the file takes next to no room on the disk. */
  beforeAll(() => {
    folder = fs.mkdtempSync(path.join(os.tmpdir(), 'droplint-large-'));
    file = path.join(folder, 'large.onnx');
    const nodes = Array.from({ length: TENSORS }, (_, index) => ({ opType: 'MatMul', inputs: [`v${index}`, `w${index}`], outputs: [`v${index + 1}`] }));
    const parts: (Uint8Array | number)[] = [graphBytes({ name: 'large', nodes, inputs: [{ name: 'v0' }], outputs: [{ name: `v${TENSORS}` }] })];
    for (let index = 0; index < TENSORS; index++) {
      const header = tensorBytes({ name: `w${index}`, dataType: 1, dims: [0], raw: new Uint8Array(0) });
      const rawField = Buffer.concat([varintBytes(TENSOR.rawData), varintBytes(TENSOR_BYTES)]);
      parts.push(varintBytes(GRAPH.initializer), varintBytes(header.length + rawField.length + TENSOR_BYTES), header, rawField, TENSOR_BYTES);
    }
    const size = parts.reduce<number>((sum, part) => sum + (typeof part === 'number' ? part : part.length), 0);
    parts.unshift(varintField(MODEL.irVersion, 8), varintBytes(MODEL.graph), varintBytes(size));
    const descriptor = fs.openSync(file, 'w');
    let position = 0;
    for (const part of parts) {
      if (typeof part === 'number') position += part;
      else position += fs.writeSync(descriptor, part, 0, part.length, position);
    }
    fs.ftruncateSync(descriptor, position);
    fs.closeSync(descriptor);
  });
  afterAll(() => fs.rmSync(folder, { recursive: true }));

  it('is read, edited and compared by reading some tens of kilobytes', () => {
    class CountingSource extends FileSource {
      count = 0;
      override read(start: number, end: number): Uint8Array {
        this.count += end - start;
        return super.read(start, end);
      }
    }
    const source = new CountingSource(file);
    const before = readModel(file, source);
    expect(source.size).toBeGreaterThan(1.9e9);
    expect(before.graph.initializers.size).toBe(TENSORS);
    expect(source.count).toBeLessThan(30_000);
    const editor = new ModelEditor(before);
    editor.body(before.graph).addInitializer({ name: 'ratio', dataType: 1, dims: [], values: [0.5] });
    editor.body(before.graph).remove(editor.body(before.graph).nodes[3]!);
    const after = readModel(file, editor.apply());
    for (const [name, tensor] of before.graph.initializers) expect(tensorIdentity(after, after.graph.initializers.get(name)!)).toBe(tensorIdentity(before, tensor));
    expect(source.count).toBeLessThan(90_000);
    source.close();
  });
});
