/** Walks protobuf messages over small windows of a source; what is skipped is never read. */
import protobuf from 'protobufjs/minimal.js';
import { UnreadableError } from '../../document.js';
import { WIRE } from './fields.js';
import type { Span } from './records.js';
import type { ByteSource } from './source.js';

/** Window after a jump: a tensor's header fits; doubled twice with each window that follows on directly. */
const FIRST_WINDOW = 512;
const WINDOW_GROWTH = 4;
const LARGEST_WINDOW = 1 << 16;
/** Messages and groups within each other; protobuf's own parsers stop at 100 too. */
const MAX_DEPTH = 100;
/** A longer text is payload (an embedded engine, a data set), not structure. */
export const MAX_TEXT = 1 << 20;
const MAX_VARINT = 10;
const NO_BYTES = Buffer.alloc(0);

const { Reader } = protobuf;

export class Cursor {
  /** Tag of the current field: `number << 3 | wire type`. */
  key = 0;
  /** Offset of that tag. */
  tag = 0;
  /** The window, and the reader over it. */
  #bytes: Buffer = NO_BYTES;
  #reader = new Reader(NO_BYTES);
  #base = 0;
  #window = FIRST_WINDOW;
  #limit: number;
  readonly #spans: Span[];
  readonly #names: string[] = [];
  readonly #indices: number[] = [];

  /** Starts at the beginning of `span`, a message's body; by default the whole source. */
  constructor(readonly file: string, readonly source: ByteSource, span?: Span) {
    const root = span ?? { tag: 0, start: 0, end: source.size, parent: undefined };
    this.#spans = [root];
    this.#limit = root.end;
    this.#seek(root.start);
  }

  get position(): number {
    return this.#base + this.#reader.pos;
  }

  /** The innermost opened message. */
  get span(): Span {
    return this.#spans[this.#spans.length - 1]!;
  }

  /** Reads the next tag of the message; false at the message's end. */
  next(): boolean {
    const position = this.position;
    if (position >= this.#limit) return false;
    this.tag = position;
    this.key = this.#readTag();
    if ((this.key & 7) === WIRE.groupEnd) this.fail('end of a group that was not begun');
    return true;
  }

  /** Enters the message that is the current field. The path in errors shows `name[index]`. */
  open(name: string, index = -1): Span {
    const { tag } = this;
    const end = this.#length();
    if (this.#spans.length >= MAX_DEPTH) this.fail(`messages are nested more than ${MAX_DEPTH} deep`);
    const span: Span = { tag, start: this.position, end, parent: this.span };
    this.#spans.push(span);
    this.#names.push(name);
    this.#indices.push(index);
    this.#limit = end;
    return span;
  }

  /** Leaves the message, whose fields have all been taken. */
  close(): void {
    this.#spans.pop();
    this.#names.pop();
    this.#indices.pop();
    this.#limit = this.span.end;
  }

  /**
   * Skips the value of the current field. A field of `known` with another wire type than its own is refused: no writer
   * does that, so the file is damaged or something else.
   */
  skip(known?: Readonly<Record<string, number>>): void {
    const other = known && Object.keys(known).find((name) => known[name]! >>> 3 === this.key >>> 3);
    if (other && !Object.values(known).includes(this.key)) this.fail(`field ${other} has wire type ${this.key & 7}`, this.tag);
    if ((this.key & 7) === WIRE.groupStart) this.#skipGroup();
    else this.#skipValue(this.key);
  }

  /** An integer of any varint type, as a signed 64-bit one; beyond 2^53 the nearest number. */
  varint(): number {
    this.#fill(MAX_VARINT);
    const reader = this.#reader;
    const first = reader.buf[reader.pos]!;
    if (first < 0x80) reader.pos++;
    else {
      try {
        const value = reader.int64();
        this.#checkLimit();
        return typeof value === 'number' ? value : value.high * 2 ** 32 + (value.low >>> 0);
      } catch (error) {
        this.#translate(error, 'invalid varint');
      }
    }
    this.#checkLimit();
    return first;
  }

  int32(): number {
    this.#fill(MAX_VARINT);
    try {
      const value = this.#reader.int32();
      this.#checkLimit();
      return value;
    } catch (error) {
      this.#translate(error, 'invalid varint');
    }
  }

  float(): number {
    this.#take(4);
    return this.#reader.float();
  }

  double(): number {
    this.#take(8);
    return this.#reader.double();
  }

  /** UTF-8; throws when longer than MAX_TEXT. */
  string(): string {
    const end = this.#length();
    const length = end - this.position;
    if (length > MAX_TEXT) this.fail(`a name of ${length} bytes`);
    return this.#text(length);
  }

  /** As `string`; `undefined` when longer than MAX_TEXT, which is then skipped unread. */
  text(): string | undefined {
    const end = this.#length();
    const length = end - this.position;
    if (length <= MAX_TEXT) return this.#text(length);
    this.#seek(end);
    return undefined;
  }

  /** Takes in a packed run with `read`, element by element, or skips all of it where `wanted` is false. */
  packed(wanted: boolean, read: () => void): void {
    const end = this.#length();
    if (!wanted) return this.#seek(end);
    const limit = this.#limit;
    this.#limit = end;
    while (this.position < end) read();
    this.#limit = limit;
  }

  /** Skips a length-delimited field and says where its value stands. */
  range(): { readonly start: number; readonly end: number } {
    const end = this.#length();
    const start = this.position;
    this.#seek(end);
    return { start, end };
  }

  fail(reason: string, offset = this.position): never {
    const path = this.#names.map((name, depth) => (this.#indices[depth]! < 0 ? name : `${name}[${this.#indices[depth]}]`)).join('.');
    throw new UnreadableError(this.file, reason, path ? `byte ${offset}, ${path}` : `byte ${offset}`);
  }

  #text(length: number): string {
    this.#fill(length);
    const reader = this.#reader;
    const start = reader.pos;
    reader.pos += length;
    // protobufjs puts strings together from pieces that stay alive: three times the memory.
    return this.#bytes.toString('utf8', start, reader.pos);
  }

  /** End of the length-delimited value in front of which the cursor then stands. */
  #length(): number {
    const offset = this.position;
    const length = this.varint();
    const end = this.position + length;
    if (length < 0 || end > this.#limit) {
      const what = length < 0 ? 'an invalid length' : `a length of ${length} bytes, but the enclosing message ends ${this.#limit - this.position} bytes later`;
      this.fail(what, offset);
    }
    return end;
  }

  #readTag(): number {
    const offset = this.position;
    this.#fill(MAX_VARINT);
    const reader = this.#reader;
    let tag = reader.buf[reader.pos]!;
    if (tag < 0x80) reader.pos++;
    else {
      try {
        tag = reader.tag();
      } catch (error) {
        this.#translate(error, 'invalid tag');
      }
    }
    this.#checkLimit();
    if (tag >>> 3 === 0) this.fail('field number 0', offset);
    if ((tag & 7) > WIRE.fixed32) this.fail(`invalid wire type ${tag & 7}`, offset);
    return tag;
  }

  #skipValue(key: number): void {
    const wire = key & 7;
    if (wire === WIRE.varint) this.varint();
    else if (wire === WIRE.fixed64) this.#take(8, true);
    else if (wire === WIRE.fixed32) this.#take(4, true);
    else this.#seek(this.#length());
  }

  #skipGroup(): void {
    const groups = [this.key >>> 3];
    while (groups.length > 0) {
      if (this.position >= this.#limit) this.fail('a group has no end');
      const tag = this.#readTag();
      const wire = tag & 7;
      if (wire === WIRE.groupStart) groups.push(tag >>> 3);
      else if (wire !== WIRE.groupEnd) this.#skipValue(tag);
      else if (groups.pop() !== tag >>> 3) this.fail('end of a group that was not begun');
      if (groups.length + this.#spans.length > MAX_DEPTH) this.fail(`groups are nested more than ${MAX_DEPTH} deep`);
    }
  }

  /** Makes sure that the message has `count` more bytes, and that they are in the window or, with `skip`, skipped. */
  #take(count: number, skip = false): void {
    const end = this.position + count;
    if (end > this.#limit) this.fail('a value is cut off');
    if (skip) this.#seek(end);
    else this.#fill(count);
  }

  #checkLimit(): void {
    if (this.position > this.#limit) this.fail('a value reaches beyond the end of its message');
  }

  #seek(position: number): void {
    const offset = position - this.#base;
    if (offset <= this.#reader.len) {
      this.#reader.pos = offset;
      return;
    }
    this.#base = position;
    this.#bytes = NO_BYTES;
    this.#reader = new Reader(NO_BYTES);
    this.#window = FIRST_WINDOW;
  }

  /** Has `count` bytes in the window, or as many as the source still has. */
  #fill(count: number): void {
    const reader = this.#reader;
    if (reader.len - reader.pos >= count) return;
    const { position } = this;
    const end = Math.min(this.source.size, position + Math.max(count, this.#window));
    if (this.#base + reader.len >= end) return;
    this.#window = Math.min(LARGEST_WINDOW, this.#window * WINDOW_GROWTH);
    this.#base = position;
    try {
      const bytes = this.source.read(position, end);
      this.#bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
      this.#reader = new Reader(this.#bytes);
    } catch (error) {
      this.#translate(error, 'the file became shorter while it was read');
    }
  }

  #translate(error: unknown, reason: string): never {
    if (error instanceof UnreadableError) throw error;
    // protobufjs and the sources say so with RangeError and plain Error; a TypeError or a system error is none of these.
    if (error instanceof RangeError || (error instanceof Error && /^(invalid|index|illegal)/.test(error.message))) this.fail(reason);
    throw error;
  }
}
