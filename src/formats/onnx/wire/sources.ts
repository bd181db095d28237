/** The sources of bytes: a file, a buffer, and a source with splices over it. */
import fs from 'node:fs';
import type { Splice } from '../../document.js';
import type { ByteOrigin, ByteSource } from './source.js';

/** An opened file, read by ranges. It stays the same file when another is renamed over its path. */
export class FileSource implements ByteSource {
  readonly file: string;
  readonly size: number;
  readonly #descriptor: number;
  readonly #revision: string;
  #open = true;

  /** Throws what `fs` throws, and an Error for what is not a regular file. */
  constructor(file: string) {
    this.file = file;
    this.#descriptor = fs.openSync(file, fs.constants.O_RDONLY | (fs.constants.O_NONBLOCK ?? 0));
    try {
      const status = fs.fstatSync(this.#descriptor, { bigint: true });
      if (!status.isFile()) throw new Error(`${file} is not a regular file`);
      this.size = Number(status.size);
      this.#revision = `${status.dev}:${status.ino}:${status.mtimeNs}:${status.size}`;
    } catch (error) {
      this.close();
      throw error;
    }
  }

  read(start: number, end: number): Uint8Array {
    checkRange(this, start, end);
    const bytes = Buffer.allocUnsafe(end - start);
    for (let filled = 0; filled < bytes.length; ) {
      const count = fs.readSync(this.#descriptor, bytes, filled, bytes.length - filled, start + filled);
      if (count === 0) throw new RangeError(`${this.file} ends at byte ${start + filled}: it became shorter while it was read`);
      filled += count;
    }
    return bytes;
  }

  originOf(start: number, end: number): ByteOrigin | undefined {
    checkRange(this, start, end);
    return { file: this.file, offset: start, revision: this.#revision };
  }

  /** Reading after this throws. May be called twice. */
  close(): void {
    if (this.#open) fs.closeSync(this.#descriptor);
    this.#open = false;
  }
}

/** Bytes in memory. */
export class BufferSource implements ByteSource {
  static #count = 0;
  readonly size: number;
  readonly #bytes: Uint8Array;
  readonly #revision = `buffer ${++BufferSource.#count}`;

  constructor(bytes: Uint8Array, readonly file = '') {
    this.#bytes = bytes;
    this.size = bytes.length;
  }

  read(start: number, end: number): Uint8Array {
    checkRange(this, start, end);
    return this.#bytes.subarray(start, end);
  }

  originOf(start: number, end: number): ByteOrigin | undefined {
    checkRange(this, start, end);
    return { file: this.file, offset: start, revision: this.#revision };
  }
}

/** A run of bytes of a spliced document: of the base, or new. */
interface Piece {
  /** Where it starts in the spliced document. */
  readonly start: number;
  readonly length: number;
  readonly baseOffset: number;
  readonly bytes: Uint8Array | undefined;
}

/** A virtual document: the base with splices applied, assembled by ranges when read. */
export class SplicedSource implements ByteSource {
  readonly size: number;
  readonly #pieces: Piece[] = [];

  /** Splices in any order. Throws RangeError where they overlap or leave the base. */
  constructor(readonly base: ByteSource, splices: readonly Splice<Uint8Array>[]) {
    let size = 0;
    const add = (length: number, baseOffset: number, bytes?: Uint8Array): void => {
      if (length > 0) this.#pieces.push({ start: size, length, baseOffset, bytes });
      size += length;
    };
    let position = 0;
    for (const { start, end, replacement } of splices.toSorted((a, b) => a.start - b.start || a.end - b.end)) {
      if (start < position || end < start || end > base.size) throw new RangeError(`splice ${start}..${end} overlaps another or leaves the document`);
      add(start - position, position);
      add(replacement.length, -1, replacement);
      position = end;
    }
    add(base.size - position, position);
    this.size = size;
  }

  read(start: number, end: number): Uint8Array {
    checkRange(this, start, end);
    if (start === end) return new Uint8Array(0);
    const first = this.#pieceAt(start);
    const piece = this.#pieces[first]!;
    if (end <= piece.start + piece.length) return this.#readPiece(piece, start, end);
    const bytes = Buffer.allocUnsafe(end - start);
    for (let index = first; index < this.#pieces.length; index++) {
      const { start: from, length } = this.#pieces[index]!;
      if (from >= end) break;
      const begin = Math.max(start, from);
      bytes.set(this.#readPiece(this.#pieces[index]!, begin, Math.min(end, from + length)), begin - start);
    }
    return bytes;
  }

  originOf(start: number, end: number): ByteOrigin | undefined {
    checkRange(this, start, end);
    const piece = this.#pieces[this.#pieceAt(start)];
    if (!piece || piece.bytes || end > piece.start + piece.length) return undefined;
    const offset = piece.baseOffset + start - piece.start;
    return this.base.originOf(offset, offset + end - start);
  }

  #readPiece(piece: Piece, start: number, end: number): Uint8Array {
    const from = start - piece.start;
    const to = end - piece.start;
    return piece.bytes ? piece.bytes.subarray(from, to) : this.base.read(piece.baseOffset + from, piece.baseOffset + to);
  }

  /** Index of the piece that holds the byte; the last one that starts at or before it. */
  #pieceAt(position: number): number {
    let low = 0;
    let high = this.#pieces.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >>> 1;
      if (this.#pieces[middle]!.start <= position) low = middle;
      else high = middle - 1;
    }
    return low;
  }
}

function checkRange(source: ByteSource, start: number, end: number): void {
  if (!(start >= 0 && start <= end && end <= source.size)) throw new RangeError(`bytes ${start}..${end} of ${source.size}`);
}
