import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { BufferSource, FileSource, SplicedSource } from '../../../../src/formats/onnx/wire/sources.js';

interface PlainSplice {
  readonly start: number;
  readonly end: number;
  readonly replacement: Uint8Array;
}

/** A base and splices over it that do not overlap. */
const spliced = fc.uint8Array({ maxLength: 60 }).chain((base) =>
  fc.tuple(
    fc.constant(base),
    fc.uniqueArray(fc.nat(base.length), { maxLength: 8 }).chain((cuts) => {
      const points = cuts.toSorted((a, b) => a - b);
      const ranges = points.filter((_, index) => index % 2 === 0).map((start, index) => ({ start, end: points[2 * index + 1] ?? start }));
      return fc.tuple(...ranges.map((range) => fc.uint8Array({ maxLength: 10 }).map((replacement): PlainSplice => ({ ...range, replacement }))));
    }),
  ),
);

function concatenated(base: Uint8Array, splices: readonly PlainSplice[]): Buffer {
  const parts: Uint8Array[] = [];
  let position = 0;
  for (const { start, end, replacement } of splices) {
    parts.push(base.subarray(position, start), replacement);
    position = end;
  }
  return Buffer.concat([...parts, base.subarray(position)]);
}

describe('SplicedSource', () => {
  it('reads every range as the concatenation would', () => {
    fc.assert(
      fc.property(spliced, ([base, splices]) => {
        const expected = concatenated(base, splices);
        const source = new SplicedSource(new BufferSource(base), splices.toReversed());
        expect(source.size).toBe(expected.length);
        for (let start = 0; start <= expected.length; start += 3) {
          for (let end = start; end <= expected.length; end += 2) expect(expected.subarray(start, end).equals(source.read(start, end))).toBe(true);
        }
      }),
      { numRuns: 200 },
    );
  });

  it('names an origin only for what stands in the base in one piece, and the right one', () => {
    fc.assert(
      fc.property(spliced, ([base, splices]) => {
        // Each byte of the base is told apart by where it comes from.
        const marked = new Uint8Array(base.length).map((_, index) => index);
        const foreign = splices.map((splice) => ({ ...splice, replacement: splice.replacement.map(() => 255) }));
        const source = new SplicedSource(new BufferSource(marked, 'base'), foreign);
        const all = source.read(0, source.size);
        for (let start = 0; start < all.length; start += 2) {
          for (let end = start + 1; end <= all.length; end += 2) {
            const isOnePiece = [...all.subarray(start, end)].every((byte, index) => byte !== 255 && byte === all[start]! + index);
            const origin = source.originOf(start, end);
            // Two pieces may touch in the base where a splice between them is empty.
            if (origin) expect([isOnePiece, origin.offset]).toEqual([true, all[start]]);
            else if (isOnePiece) expect(splices.some(({ start: from, end: to, replacement }) => from === to && replacement.length === 0)).toBe(true);
          }
        }
      }),
      { numRuns: 100 },
    );
  });

  it('goes through a spliced base to the original', () => {
    const base = new BufferSource(Buffer.from('abcdefgh'), 'base');
    const first = new SplicedSource(base, [{ start: 2, end: 3, replacement: Buffer.from('XYZ') }]);
    const second = new SplicedSource(first, [{ start: 0, end: 1, replacement: Buffer.from('') }]);
    expect(Buffer.from(second.read(0, second.size)).toString()).toBe('bXYZdefgh');
    expect(second.originOf(4, 7)).toMatchObject({ file: 'base', offset: 3 });
    expect(second.originOf(3, 7)).toBeUndefined();
  });

  it.each([
    ['overlap', [{ start: 0, end: 3 }, { start: 2, end: 4 }]],
    ['end before they start', [{ start: 3, end: 2 }]],
    ['leave the document', [{ start: 3, end: 9 }]],
  ])('refuses splices that %s', (_, ranges) => {
    const splices = ranges.map((range) => ({ ...range, replacement: new Uint8Array(0) }));
    expect(() => new SplicedSource(new BufferSource(new Uint8Array(8)), splices)).toThrow(RangeError);
  });
});

describe('FileSource', () => {
  let folder: string;
  beforeEach(() => void (folder = fs.mkdtempSync(path.join(os.tmpdir(), 'droplint-sources-'))));
  afterEach(() => fs.rmSync(folder, { recursive: true }));

  it('reads ranges, says where they stand and refuses what is outside', () => {
    const file = path.join(folder, 'a');
    fs.writeFileSync(file, 'abcdef');
    const source = new FileSource(file);
    expect(source.size).toBe(6);
    expect(Buffer.from(source.read(2, 4)).toString()).toBe('cd');
    expect(source.originOf(2, 4)).toMatchObject({ file, offset: 2 });
    for (const [start, end] of [[-1, 2], [4, 7], [3, 2], [NaN, 2]] as const) expect(() => source.read(start, end)).toThrow(RangeError);
    source.close();
    source.close();
    expect(() => source.read(0, 1)).toThrow();
  });

  it('tells apart what stood at one path at different times', () => {
    const file = path.join(folder, 'a');
    fs.writeFileSync(file, 'abcdef');
    const before = new FileSource(file);
    fs.writeFileSync(path.join(folder, 'b'), 'ABCDEF');
    fs.renameSync(path.join(folder, 'b'), file);
    const after = new FileSource(file);
    expect(Buffer.from(before.read(0, 6)).toString()).toBe('abcdef');
    expect(before.originOf(0, 6)).not.toEqual(after.originOf(0, 6));
    before.close();
    after.close();
  });

  it('throws RangeError where the file became shorter', () => {
    const file = path.join(folder, 'a');
    fs.writeFileSync(file, 'abcdef');
    const source = new FileSource(file);
    fs.truncateSync(file, 3);
    expect(() => source.read(1, 6)).toThrow(RangeError);
    source.close();
  });

  it('refuses a folder', () => {
    expect(() => new FileSource(folder)).toThrow('not a regular file');
  });
});
