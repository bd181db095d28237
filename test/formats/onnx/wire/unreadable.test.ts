import { create, toBinary } from '@bufbuild/protobuf';
import { BinaryWriter, WireType } from '@bufbuild/protobuf/wire';
import { ModelProtoSchema } from 'onnx-buf';
import { describe, expect, it } from 'vitest';
import { UnreadableError } from '../../../../src/formats/document.js';
import { readModel } from '../../../../src/formats/onnx/wire/read-model.js';
import { BufferSource } from '../../../../src/formats/onnx/wire/sources.js';

function errorOf(bytes: Uint8Array): UnreadableError {
  try {
    readModel('model.onnx', new BufferSource(bytes));
  } catch (error) {
    if (error instanceof UnreadableError) return error;
    throw error;
  }
  throw new Error('it was read');
}

/** `ir_version: 8`, then a field of the model. */
const withField = (number: number, body: Uint8Array): Uint8Array => new BinaryWriter().tag(1, WireType.Varint).uint32(8).tag(number, WireType.LengthDelimited).bytes(body).finish();
const bytes = (...values: number[]): Uint8Array => new Uint8Array(values);

describe('files that are no binary ONNX model', () => {
  it.each([
    ['an empty file', '', 'the file is empty'],
    ['a git-lfs pointer', 'version https://git-lfs.github.com/spec/v1\noid sha256:1\nsize 12\n', 'git lfs pull'],
    ['text', 'this is not a valid onnx model', 'a text file'],
    ['a web page', '<!DOCTYPE html>\n<html>', 'HTML'],
    ['JSON', '{ "a": 1 }', 'JSON'],
    ['text format of protobuf', 'ir_version: 7\ngraph {\n', 'protobuf text format'],
    ['text format of onnx.parser', '<ir_version: 8, opset_import: ["" : 17]>\nagraph (float[N] x)', 'onnx.parser'],
    ['a PyTorch checkpoint', 'PK\x03\x04\x00\x00archive/data.pkl', 'ZIP'],
    ['an HDF5 file', '\x89HDF\r\n\x1a\n', 'HDF5'],
    ['a model of onnxruntime', '\x18\x00\x00\x00ORTM\x00', 'onnxruntime'],
  ])('%s', (_, content, reason) => {
    const error = errorOf(Buffer.from(content, 'latin1'));
    expect(error.reason).toContain(reason);
    expect(error.place).toBe('byte 0');
  });

  it('a protobuf message without a graph', () => {
    expect(errorOf(bytes(8, 8)).message).toBe('model.onnx (byte 0): not an ONNX model: it has no graph');
  });
});

describe('damaged models', () => {
  it.each<[string, Uint8Array, string, string]>([
    ['a length beyond the end', bytes(8, 8, 0x3a, 100, 10, 0), 'a length of 100 bytes, but the enclosing message ends 2 bytes later', 'byte 3'],
    ['a length beyond the enclosing message', withField(7, bytes(0x0a, 3, 0x0a, 9, 97)), 'a length of 9 bytes', 'byte 7, graph.node[0]'],
    ['a negative length', bytes(0x3a, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1), 'an invalid length', 'byte 1'],
    ['a length of 2^62', bytes(0x3a, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x40), 'a length of', 'byte 1'],
    ['an invalid wire type', withField(7, bytes(0x0a, 2, 0x0f, 1)), 'invalid wire type 7', 'byte 6, graph.node[0]'],
    ['a wire type that is not the field’s', withField(7, bytes(0x0a, 2, 0x08, 1)), 'field input has wire type 0', 'byte 6, graph.node[0]'],
    ['field number 0', withField(7, bytes(0x02, 0)), 'field number 0', 'byte 4, graph'],
    ['a varint without an end', bytes(8, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1), 'invalid varint', 'byte'],
    ['a varint that is cut off', bytes(8, 0xff), 'invalid varint', 'byte'],
    ['a varint beyond its message', withField(7, bytes(0x0a, 4, 0x2a, 2, 0x18, 0xff, 1)), 'reaches beyond', 'graph.node[0].attribute[0]'],
    ['a float that is cut off', withField(7, bytes(0x0a, 5, 0x2a, 3, 0x15, 0, 0)), 'cut off', 'graph.node[0].attribute[0]'],
    ['a group without an end', bytes(0xa3, 6, 8, 1), 'a group has no end', 'byte 4'],
    ['an end of a group without a begin', bytes(0xa4, 6), 'not begun', 'byte 2'],
    ['groups that cross', bytes(0xa3, 6, 0xab, 6, 0xa4, 6, 0xac, 6), 'not begun', 'byte 6'],
  ])('%s', (_, content, reason, place) => {
    const error = errorOf(content);
    expect(error.reason).toContain(reason);
    expect(error.place).toContain(place);
    expect(error.file).toBe('model.onnx');
  });

  it('says where the end is missing', () => {
    const model = toBinary(ModelProtoSchema, create(ModelProtoSchema, { graph: { node: [{ opType: 'Relu' }, { opType: 'If', attribute: [{ name: 'then_branch', g: { node: [{ opType: 'Dropout' }] } }] }] } }));
    const damaged = Buffer.from(model);
    damaged[damaged.indexOf('Dropout') - 1] = 50;
    expect(errorOf(damaged).place).toMatch(/^byte \d+, graph\.node\[1\]\.attribute\[0\]\.g\.node\[0\]$/);
  });
});

describe('deep nesting', () => {
  it('of subgraphs', () => {
    let graph: Uint8Array = new Uint8Array(0);
    for (let depth = 0; depth < 1000; depth++) {
      const attribute = new BinaryWriter().tag(6, WireType.LengthDelimited).bytes(graph).finish();
      const node = new BinaryWriter().tag(5, WireType.LengthDelimited).bytes(attribute).finish();
      graph = new BinaryWriter().tag(1, WireType.LengthDelimited).bytes(node).finish();
    }
    expect(errorOf(withField(7, graph)).reason).toContain('nested more than 100 deep');
  });

  it('of groups', () => {
    const begin = Buffer.alloc(200_000, Buffer.from([0xa3, 6]));
    const end = Buffer.alloc(200_000, Buffer.from([0xa4, 6]));
    expect(errorOf(Buffer.concat([begin, end])).reason).toContain('nested more than 100 deep');
  });
});
