import { fromBinary, toBinary } from '@bufbuild/protobuf';
import fc from 'fast-check';
import { ModelProtoSchema } from 'onnx-buf';
import { describe, expect, it } from 'vitest';
import { UnreadableError } from '../../../../src/formats/document.js';
import { readModel } from '../../../../src/formats/onnx/wire/read-model.js';
import { BufferSource } from '../../../../src/formats/onnx/wire/sources.js';
import { arbitraryModel } from './arbitrary-model.js';
import { outlineOfMessage, outlineOfRecord } from './outline.js';
import { randomNumbers, rewrite, type Rewriting } from './wire-rewriting.js';

const read = (bytes: Uint8Array): ReturnType<typeof readModel> => readModel('model.onnx', new BufferSource(bytes));
/** Ends in a model or in UnreadableError. */
function survives(bytes: Uint8Array): void {
  try {
    read(bytes);
  } catch (error) {
    if (!(error instanceof UnreadableError)) throw error;
  }
}

describe('readModel agrees with an independent reader', () => {
  it('on random models', () => {
    fc.assert(
      fc.property(arbitraryModel, (model) => {
        const bytes = toBinary(ModelProtoSchema, model);
        expect(outlineOfRecord(read(bytes))).toEqual(outlineOfMessage(fromBinary(ModelProtoSchema, bytes)));
      }),
      { numRuns: 200 },
    );
  });

  it.each<[string, Rewriting]>([
    ['unknown fields and groups anywhere', { unknownFields: true }],
    ['fields in any order', { shuffle: true }],
    ['singular messages in two pieces', { split: true }],
    ['packed and unpacked lists', { repack: true }],
    ['lengths in more bytes than needed', { padLengths: true }],
    ['all of these', { unknownFields: true, shuffle: true, split: true, repack: true, padLengths: true }],
  ])('on models written with %s', (_, how) => {
    fc.assert(
      fc.property(arbitraryModel, fc.integer(), (model, seed) => {
        const bytes = rewrite(toBinary(ModelProtoSchema, model), ModelProtoSchema, how, randomNumbers(seed));
        expect(outlineOfRecord(read(bytes))).toEqual(outlineOfMessage(fromBinary(ModelProtoSchema, bytes)));
      }),
      { numRuns: 100 },
    );
  });
});

describe('readModel ends in UnreadableError and nothing else', () => {
  it('when a model is cut off or bits flip', () => {
    fc.assert(
      fc.property(arbitraryModel, fc.integer(), (model, seed) => {
        const random = randomNumbers(seed);
        const bytes = Buffer.from(toBinary(ModelProtoSchema, model));
        survives(bytes.subarray(0, Math.floor(random() * bytes.length)));
        for (let flips = 1 + Math.floor(random() * 4); flips > 0; flips--) bytes[Math.floor(random() * bytes.length)]! ^= 1 << Math.floor(random() * 8);
        survives(bytes);
      }),
      { numRuns: 500 },
    );
  });

  it('on random bytes', () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 100 }), survives), { numRuns: 1000 });
  });
});
