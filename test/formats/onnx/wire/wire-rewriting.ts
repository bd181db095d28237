/** Writes a message anew in other legal ways of the wire format: foreign fields, another order, split and padded messages. */
import type { DescField, DescMessage } from '@bufbuild/protobuf';
import { ScalarType } from '@bufbuild/protobuf';
import { BinaryReader, BinaryWriter, WireType } from '@bufbuild/protobuf/wire';

/** A reproducible stream of numbers in [0, 1). */
export function randomNumbers(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    // mulberry32
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

export interface Rewriting {
  readonly unknownFields?: boolean;
  readonly shuffle?: boolean;
  readonly split?: boolean;
  readonly repack?: boolean;
  readonly padLengths?: boolean;
}

interface Field {
  readonly number: number;
  /** Tag and value. */
  readonly bytes: Uint8Array;
}

export function rewrite(bytes: Uint8Array, desc: DescMessage, how: Rewriting, random: () => number): Uint8Array {
  let fields = fieldsOf(bytes).flatMap((field) => rewriteField(field, desc, how, random));
  if (how.shuffle) fields = interleave(fields, random);
  if (how.unknownFields) fields = fields.flatMap((field) => (random() < 0.2 ? [unknownField(random, 0), field] : [field]));
  if (how.unknownFields && random() < 0.3) fields.push(unknownField(random, 0));
  return Buffer.concat(fields.map((field) => field.bytes));
}

export function fieldsOf(bytes: Uint8Array): Field[] {
  const reader = new BinaryReader(bytes);
  const fields: Field[] = [];
  while (reader.pos < reader.len) {
    const start = reader.pos;
    const [number, wireType] = reader.tag();
    reader.skip(wireType, number);
    fields.push({ number, bytes: bytes.subarray(start, reader.pos) });
  }
  return fields;
}

function rewriteField(field: Field, desc: DescMessage, how: Rewriting, random: () => number): Field[] {
  const known = desc.fields.find(({ number }) => number === field.number);
  const message = known?.message;
  if (known && how.repack && known.fieldKind === 'list' && known.listKind === 'scalar') return repack(field, known, random);
  if (!message) return [field];
  const body = rewrite(valueOf(field.bytes), message, how, random);
  const inner = fieldsOf(body);
  if (!how.split || known.fieldKind !== 'message' || inner.length < 2 || random() < 0.5) return [delimited(field.number, body, how, random)];
  const cut = 1 + Math.floor(random() * (inner.length - 1));
  return [inner.slice(0, cut), inner.slice(cut)].map((part) => delimited(field.number, Buffer.concat(part.map((item) => item.bytes)), how, random));
}

function valueOf(bytes: Uint8Array): Uint8Array {
  const reader = new BinaryReader(bytes);
  reader.tag();
  return reader.bytes();
}

function delimited(number: number, body: Uint8Array, how: Rewriting, random: () => number): Field {
  if (!how.padLengths || random() < 0.5) return { number, bytes: new BinaryWriter().tag(number, WireType.LengthDelimited).bytes(body).finish() };
  // A varint may end with zeros: the same length in more bytes.
  const length = Buffer.from(new BinaryWriter().uint32(body.length).finish());
  length[length.length - 1]! |= 0x80;
  const padded = Buffer.concat([length, Buffer.from(random() < 0.5 ? [0] : [0x80, 0])]);
  return { number, bytes: new BinaryWriter().tag(number, WireType.LengthDelimited).raw(padded).raw(body).finish() };
}

/** Keeps the order of fields with one number, which means something, and mixes the numbers. */
function interleave(fields: readonly Field[], random: () => number): Field[] {
  const queues = new Map<number, Field[]>();
  for (const field of fields) queues.set(field.number, [...(queues.get(field.number) ?? []), field]);
  const mixed: Field[] = [];
  while (queues.size > 0) {
    const numbers = [...queues.keys()];
    const number = numbers[Math.floor(random() * numbers.length)]!;
    const queue = queues.get(number)!;
    mixed.push(queue.shift()!);
    if (queue.length === 0) queues.delete(number);
  }
  return mixed;
}

/** Packed to unpacked, and an unpacked element to a packed run of one. */
function repack(field: Field, { number, scalar }: DescField, random: () => number): Field[] {
  const wire = scalar === ScalarType.FLOAT ? WireType.Bit32 : scalar === ScalarType.DOUBLE ? WireType.Bit64 : WireType.Varint;
  if (scalar === ScalarType.STRING || scalar === ScalarType.BYTES || random() < 0.5) return [field];
  const reader = new BinaryReader(field.bytes);
  const [, own] = reader.tag();
  if (own !== WireType.LengthDelimited) {
    return [{ number, bytes: new BinaryWriter().tag(number, WireType.LengthDelimited).bytes(field.bytes.subarray(reader.pos)).finish() }];
  }
  const values = new BinaryReader(reader.bytes());
  const elements: Field[] = [];
  while (values.pos < values.len) {
    const element = values.skip(wire);
    elements.push({ number, bytes: new BinaryWriter().tag(number, wire).raw(element).finish() });
  }
  return elements;
}

function unknownField(random: () => number, depth: number): Field {
  const number = random() < 0.1 ? 2 ** 29 - 1 : 100 + Math.floor(random() * 1000);
  const writer = new BinaryWriter();
  const kind = Math.floor(random() * (depth < 3 ? 5 : 4));
  if (kind === 0) writer.tag(number, WireType.Varint).uint64(BigInt(Math.floor(random() * 2 ** 53)) * 2047n);
  else if (kind === 1) writer.tag(number, WireType.Bit64).fixed64(BigInt(Math.floor(random() * 2 ** 53)));
  else if (kind === 2) writer.tag(number, WireType.LengthDelimited).bytes(Buffer.alloc(Math.floor(random() * 200), 0x5a));
  else if (kind === 3) writer.tag(number, WireType.Bit32).fixed32(Math.floor(random() * 2 ** 32));
  else {
    writer.tag(number, WireType.StartGroup);
    for (let count = Math.floor(random() * 3); count > 0; count--) writer.raw(unknownField(random, depth + 1).bytes);
    writer.tag(number, WireType.EndGroup);
  }
  return { number, bytes: writer.finish() };
}
