import { fieldBytes, textField, textValue } from './encode.js';
import { fieldPlaces, type FieldPlace } from './field-places.js';
import type { Patches } from './patches.js';
import type { Span } from './records.js';
import type { ByteSource } from './source.js';
import { BufferSource } from './sources.js';

/** A message of the file, or a new one in a buffer of its own. */
interface Located {
  readonly source: ByteSource;
  readonly span: Span;
}

/** The messages of one repeated field that go by a name: those of the file, without the removed, and the added ones. */
export class NamedMessages {
  readonly #added = new Map<string, Uint8Array>();
  readonly #removed = new Set<Span>();

  /** `key` is the repeated field's, `nameKey` that of the name within; `find` gives all messages of the file with a name. */
  constructor(
    readonly file: string,
    readonly source: ByteSource,
    readonly key: number,
    readonly nameKey: number,
    readonly find: (name: string) => readonly Span[],
  ) {}

  /** The message that goes by the name now. */
  get(name: string): Located | undefined {
    const added = this.#added.get(name);
    if (added) return { source: new BufferSource(added), span: { tag: 0, start: 0, end: added.length, parent: undefined } };
    const span = this.find(name).findLast((candidate) => !this.#removed.has(candidate));
    return span && { source: this.source, span };
  }

  /** Adds a message in place of those of that name. */
  set(name: string, body: Uint8Array): void {
    this.remove(name);
    this.#added.set(name, body);
  }

  remove(name: string): boolean {
    const present = this.get(name) !== undefined;
    this.#added.delete(name);
    for (const span of this.find(name)) this.#removed.add(span);
    return present;
  }

  /** Adds a copy of a message under another name, unknown fields included. */
  setCopy({ source, span }: Located, name: string): void {
    this.set(name, withText(this.file, source, span, this.nameKey, name));
  }

  /** Appends what is new to the body of `owner`. */
  collect(patches: Patches, owner: Span): void {
    for (const span of this.#removed) patches.replaceMessage(span);
    for (const body of this.#added.values()) patches.insert(owner, owner.end, fieldBytes(this.key, body));
  }
}

/** A message's body with a text field set. */
function withText(file: string, source: ByteSource, span: Span, key: number, text: string): Uint8Array {
  const places = fieldPlaces(file, source, span);
  const last = places.findLast((place) => place.key === key);
  if (!last) return Buffer.concat([textField(key, text), source.read(span.start, span.end)]);
  return Buffer.concat([source.read(span.start, last.value), textValue(text), source.read(last.end, span.end)]);
}

/** Sets a singular text field of a message: the last one, which counts, is changed in place. */
export function patchText(patches: Patches, message: Span, places: readonly FieldPlace[], key: number, text: string): void {
  const last = places.findLast((place) => place.key === key);
  if (last) patches.replace(message, last.value, last.end, textValue(text));
  else patches.insert(message, message.end, textField(key, text));
}
