/** Where the fields of one message stand: found again when the message is edited, so that the index stays small. */
import { Cursor } from './cursor.js';
import { WIRE } from './fields.js';
import type { Span } from './records.js';
import type { ByteSource } from './source.js';

export interface FieldPlace {
  /** `number << 3 | wire type`. */
  readonly key: number;
  readonly tag: number;
  /** Start of the value; of a length-delimited one, of its length. */
  readonly value: number;
  readonly end: number;
}

/** The fields of a message's body, in file order. */
export function fieldPlaces(file: string, source: ByteSource, span: Span): FieldPlace[] {
  const cursor = new Cursor(file, source, span);
  const places: FieldPlace[] = [];
  while (cursor.next()) {
    const { key, tag } = cursor;
    const value = cursor.position;
    cursor.skip();
    places.push({ key, tag, value, end: cursor.position });
  }
  return places;
}

/** A length-delimited field's value as text. */
export function textAt(file: string, source: ByteSource, place: FieldPlace): string {
  const cursor = new Cursor(file, source, spanOf(place));
  cursor.next();
  return cursor.string();
}

/** The value of a length-delimited field, without its length. */
export function bodyOf(file: string, source: ByteSource, place: FieldPlace): Span {
  if ((place.key & 7) !== WIRE.bytes) throw new RangeError('only length-delimited fields have a body');
  const cursor = new Cursor(file, source, spanOf(place));
  cursor.next();
  const { start, end } = cursor.range();
  return { tag: place.tag, start, end, parent: undefined };
}

/** Offset of the length prefix of a message that has a tag. */
export function lengthOffset(file: string, source: ByteSource, span: Span): number {
  const cursor = new Cursor(file, source, { ...span, start: span.tag });
  cursor.next();
  return cursor.position;
}

const spanOf = (place: FieldPlace): Span => ({ tag: place.tag, start: place.tag, end: place.end, parent: undefined });
