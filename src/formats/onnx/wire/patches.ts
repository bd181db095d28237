/** Collects changes within nested messages and turns them into splices, with the length prefixes around them. */
import type { Splice } from '../../document.js';
import { varintBytes } from './encode.js';
import { lengthOffset } from './field-places.js';
import type { Span } from './records.js';
import type { ByteSource } from './source.js';

/** A change directly in a message's body: new bytes, or a message that comes from elsewhere. */
interface Patch {
  readonly start: number;
  readonly end: number;
  readonly content: Uint8Array | Span;
}

const NO_BYTES = new Uint8Array(0);

export class Patches {
  readonly #own = new Map<Span, Patch[]>();
  readonly #detached = new Set<Span>();

  constructor(readonly file: string, readonly source: ByteSource) {}

  /** Replaces `[start, end)` directly in the body of `owner`, that is, outside the messages within it. */
  replace(owner: Span, start: number, end: number, bytes: Uint8Array): void {
    this.#add(owner, { start, end, content: bytes });
  }

  insert(owner: Span, at: number, bytes: Uint8Array): void {
    this.#add(owner, { start: at, end: at, content: bytes });
  }

  /** Puts `bytes` (a whole field) in place of a message, or removes it. What is changed within it goes with it. */
  replaceMessage(message: Span, bytes: Uint8Array = NO_BYTES): void {
    this.#detached.add(message);
    this.#add(parentOf(message), { start: message.tag, end: message.end, content: bytes });
  }

  /** Takes a message out of its place and puts it, with what is changed within it, into the body of `owner`. */
  move(message: Span, owner: Span, at: number): void {
    this.replaceMessage(message);
    this.#add(owner, { start: at, end: at, content: message });
  }

  /** Sorted splices that never touch each other. */
  splices(root: Span): Splice<Uint8Array>[] {
    const children = new Map<Span, Span[]>();
    const linked = new Set<Span>();
    for (const owner of this.#own.keys()) {
      for (let span = owner; span.parent && !this.#detached.has(span) && !linked.has(span); span = span.parent) {
        linked.add(span);
        const siblings = children.get(span.parent);
        if (siblings) siblings.push(span);
        else children.set(span.parent, [span]);
      }
    }
    return joinTouching(this.#within(root, children));
  }

  #add(owner: Span, patch: Patch): void {
    const list = this.#own.get(owner);
    if (list) list.push(patch);
    else this.#own.set(owner, [patch]);
  }

  /** Splices in a message's body. Recursion is as deep as messages nest, which the reader has limited. */
  #within(span: Span, children: ReadonlyMap<Span, readonly Span[]>): Splice<Uint8Array>[] {
    const splices: Splice<Uint8Array>[] = [];
    const items: (Patch | Span)[] = [...(this.#own.get(span) ?? []), ...(children.get(span) ?? [])];
    // Stable: what is inserted at one place keeps its order, and stands before what begins there.
    items.sort((a, b) => startOf(a) - startOf(b) || a.end - b.end);
    for (const item of items) {
      // One by one: a spread of all splices of a large graph overflows the stack.
      if ('tag' in item) for (const splice of this.#withLength(item, children)) splices.push(splice);
      else splices.push({ start: item.start, end: item.end, replacement: 'tag' in item.content ? this.#render(item.content, children) : item.content });
    }
    return splices;
  }

  /** Splices in a message, with the one for its length prefix in front. */
  #withLength(span: Span, children: ReadonlyMap<Span, readonly Span[]>): Splice<Uint8Array>[] {
    const inner = this.#within(span, children);
    const growth = inner.reduce((sum, { start, end, replacement }) => sum + replacement.length - (end - start), 0);
    if (growth === 0) return inner;
    const start = lengthOffset(this.file, this.source, span);
    return [{ start, end: span.start, replacement: varintBytes(span.end - span.start + growth) }, ...inner];
  }

  /** A moved message's new bytes, tag and length included. */
  #render(message: Span, children: ReadonlyMap<Span, readonly Span[]>): Uint8Array {
    const parts: Uint8Array[] = [];
    let position = message.tag;
    for (const { start, end, replacement } of this.#withLength(message, children)) {
      parts.push(this.source.read(position, start), replacement);
      position = end;
    }
    parts.push(this.source.read(position, message.end));
    return Buffer.concat(parts);
  }
}

function startOf(item: Patch | Span): number {
  return 'tag' in item ? item.tag : item.start;
}

function parentOf(message: Span): Span {
  if (!message.parent) throw new RangeError('the model itself cannot be moved or removed');
  return message.parent;
}

function joinTouching(splices: readonly Splice<Uint8Array>[]): Splice<Uint8Array>[] {
  const joined: { start: number; end: number; parts: Uint8Array[] }[] = [];
  for (const { start, end, replacement } of splices) {
    if (start === end && replacement.length === 0) continue;
    const last = joined.at(-1);
    if (last?.end === start) {
      last.end = end;
      last.parts.push(replacement);
    } else joined.push({ start, end, parts: [replacement] });
  }
  return joined.map(({ start, end, parts }) => ({ start, end, replacement: parts.length === 1 ? parts[0]! : Buffer.concat(parts) }));
}
