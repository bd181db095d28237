import { fromBinary, toBinary, type DescMessage, type MessageShape } from '@bufbuild/protobuf';
import fc from 'fast-check';
import { ModelProtoSchema } from 'onnx-buf';
import { describe, expect, it } from 'vitest';
import { ModelEditor } from '../../../../src/formats/onnx/wire/editor.js';
import { readModel } from '../../../../src/formats/onnx/wire/read-model.js';
import type { BodyRecord, ModelRecord, NodeRecord } from '../../../../src/formats/onnx/wire/records.js';
import { BufferSource } from '../../../../src/formats/onnx/wire/sources.js';
import { arbitraryModel } from './arbitrary-model.js';
import { outlineOfMessage } from './outline.js';
import { RandomEdits } from './random-edits.js';
import { randomNumbers, rewrite, type Rewriting } from './wire-rewriting.js';

/** Equal to the last field, unknown ones included. */
function expectSame<Desc extends DescMessage & typeof ModelProtoSchema>(actual: MessageShape<Desc>, expected: MessageShape<Desc>): void {
  if (Buffer.compare(toBinary(ModelProtoSchema, actual), toBinary(ModelProtoSchema, expected)) === 0) return;
  expect(outlineOfMessage(actual)).toEqual(outlineOfMessage(expected));
  expect(actual).toEqual(expected);
  throw new Error('messages differ in their bytes alone');
}

function allNodes(model: ModelRecord): NodeRecord[] {
  const bodies: BodyRecord[] = [model.graph, ...model.functions];
  const nodes: NodeRecord[] = [];
  for (let body = bodies.pop(); body; body = bodies.pop()) {
    for (const node of body.nodes) {
      nodes.push(node);
      for (const { graphs } of node.attributes) bodies.push(...graphs);
    }
  }
  return nodes;
}

const WRITINGS: [string, Rewriting][] = [
  ['as onnx writes', {}],
  ['with unknown fields and groups anywhere', { unknownFields: true }],
  ['in another order, with padded lengths, unpacked', { shuffle: true, padLengths: true, repack: true, unknownFields: true }],
];

describe.each(WRITINGS)('a model written %s', (_, how) => {
  const model = fc.tuple(arbitraryModel, fc.integer()).map(([message, seed]) => Buffer.from(rewrite(toBinary(ModelProtoSchema, message), ModelProtoSchema, how, randomNumbers(seed))));

  it('has no splices without an edit', () => {
    fc.assert(
      fc.property(model, (bytes) => {
        const record = readModel('model.onnx', new BufferSource(bytes));
        const editor = new ModelEditor(record);
        for (const node of editor.body(record.graph).nodes) {
          node.inputs = [...node.inputs];
          node.outputs.push('x');
          node.outputs.pop();
        }
        expect(editor.splices()).toEqual([]);
      }),
      { numRuns: 50 },
    );
  });

  it('says after random edits what the same edits make of the decoded model', () => {
    fc.assert(
      fc.property(model, fc.integer(), fc.integer({ min: 1, max: 12 }), (bytes, seed, count) => {
        const original = Buffer.from(bytes);
        const record = readModel('model.onnx', new BufferSource(bytes));
        const edits = new RandomEdits(record, fromBinary(ModelProtoSchema, bytes), randomNumbers(seed));
        edits.run(count);
        const source = edits.editor.apply();
        const edited = source.read(0, source.size);
        expectSame(fromBinary(ModelProtoSchema, edited), edits.message);
        // And it is a model that can be read and edited again.
        expect(new ModelEditor(readModel('edited.onnx', source)).splices()).toEqual([]);
        expect(original.equals(bytes)).toBe(true);
      }),
      { numRuns: 150 },
    );
  });

  it('keeps the bytes of nodes that nothing was asked of', () => {
    fc.assert(
      fc.property(model, fc.integer(), (bytes, seed) => {
        const record = readModel('model.onnx', new BufferSource(bytes));
        const edits = new RandomEdits(record, fromBinary(ModelProtoSchema, bytes), randomNumbers(seed));
        edits.run(3);
        const splices = edits.editor.splices();
        const untouched = allNodes(record).filter((node) => !edits.touched.has(node) && node.attributes.every(({ graphs }) => graphs.length === 0));
        const changed = edits.touched;
        for (const { span } of untouched) {
          // A node within one that was moved or removed goes with it.
          const isCarried = [...changed].some((node) => node.span.tag <= span.tag && span.end <= node.span.end);
          if (!isCarried) expect(splices.filter(({ start, end }) => start < span.end && end > span.tag)).toEqual([]);
        }
      }),
      { numRuns: 100 },
    );
  });
});
