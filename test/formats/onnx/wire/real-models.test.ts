/** Every model of Debian's libonnx-testdata and of the shared data, where they are present. */
import fs from 'node:fs';
import path from 'node:path';
import { fromBinary, toBinary } from '@bufbuild/protobuf';
import { ModelProtoSchema } from 'onnx-buf';
import { globSync } from 'tinyglobby';
import { describe, expect, it } from 'vitest';
import { UnreadableError } from '../../../../src/formats/document.js';
import { ModelEditor } from '../../../../src/formats/onnx/wire/editor.js';
import { readModel } from '../../../../src/formats/onnx/wire/read-model.js';
import type { FunctionRecord, GraphRecord } from '../../../../src/formats/onnx/wire/records.js';
import { BufferSource } from '../../../../src/formats/onnx/wire/sources.js';
import { outlineOfMessage, outlineOfRecord } from './outline.js';
import { RandomEdits } from './random-edits.js';
import { randomNumbers } from './wire-rewriting.js';

const repository = path.resolve(import.meta.dirname, '../../../..');
const FOLDERS = [
  { name: 'libonnx-testdata', folder: '/usr/share/libonnx-testdata', atLeast: 1000 },
  { name: 'shared data', folder: path.resolve(repository, '../shared/data'), atLeast: 100 },
];
/** Models of the shared data that its index calls malformed, or that are not binary. */
const UNREADABLE = /polygraphy__invalid|fp16-truncate-with-cast|icm-31000000518082|corrupt-model|onnx_onnx\/node__test_(abs|acos|acos_example)__model/;
/** Decoding these with the independent reader takes longer than all others together. */
const LARGE = 4e6;

describe.each(FOLDERS)('every model of $name', ({ name, folder, atLeast }) => {
  const files = fs.existsSync(folder) ? globSync('**/*.onnx', { cwd: folder, absolute: true }) : [];
  if (files.length === 0) console.info(`${folder} is not here: its models are not tested`);

  it.skipIf(files.length === 0)(`is read or refused with a reason, and is not changed by an empty edit (${name})`, () => {
    expect(files.length).toBeGreaterThanOrEqual(atLeast);
    const refused: string[] = [];
    for (const file of files) {
      const source = new BufferSource(fs.readFileSync(file), file);
      try {
        const model = readModel(file, source);
        const editor = new ModelEditor(model);
        const bodies: (GraphRecord | FunctionRecord)[] = [model.graph, ...model.functions];
        for (let body = bodies.pop(); body; body = bodies.pop()) {
          editor.body(body);
          for (const node of body.nodes) {
            editor.body(body).nodeOf(node).inputs = [...node.inputs];
            for (const { graphs } of node.attributes) bodies.push(...graphs);
          }
        }
        const after = editor.apply();
        expect([editor.splices().length, after.size]).toEqual([0, source.size]);
        expect(Buffer.from(after.read(0, after.size)).equals(source.read(0, source.size))).toBe(true);
      } catch (error) {
        if (!(error instanceof UnreadableError)) throw error;
        expect(error.place).toMatch(/^byte \d+/);
        refused.push(file);
      }
    }
    expect(refused.filter((file) => !UNREADABLE.test(file))).toEqual([]);
    expect(files.filter((file) => UNREADABLE.test(file)).length).toBe(refused.length);
  });

  it.skipIf(files.length === 0)(`ends in UnreadableError at worst when it is cut off or damaged (${name})`, () => {
    for (const [index, file] of files.entries()) {
      if (fs.statSync(file).size > LARGE) continue;
      const random = randomNumbers(index);
      const bytes = fs.readFileSync(file);
      const cut = bytes.subarray(0, Math.floor(random() * bytes.length));
      const damaged = Buffer.from(bytes);
      // Structure stands mostly at the front.
      for (let flips = 3; flips > 0; flips--) damaged[Math.floor(random() * Math.min(damaged.length, 2000))]! ^= 1 << Math.floor(random() * 8);
      for (const content of [cut, damaged]) {
        try {
          readModel(file, new BufferSource(content));
        } catch (error) {
          if (!(error instanceof UnreadableError)) throw error;
        }
      }
    }
  });

  it.skipIf(files.length === 0)(`says what an independent reader says, before and after random edits (${name})`, () => {
    for (const [index, file] of files.entries()) {
      if (UNREADABLE.test(file) || fs.statSync(file).size > LARGE) continue;
      const bytes = fs.readFileSync(file);
      const message = fromBinary(ModelProtoSchema, bytes);
      const model = readModel(file, new BufferSource(bytes));
      expect(outlineOfRecord(model), file).toEqual(outlineOfMessage(message));
      const edits = new RandomEdits(model, message, randomNumbers(index));
      edits.run(6);
      const after = edits.editor.apply();
      const same = Buffer.from(toBinary(ModelProtoSchema, fromBinary(ModelProtoSchema, after.read(0, after.size)))).equals(toBinary(ModelProtoSchema, edits.message));
      expect(same, file).toBe(true);
    }
  });
});
