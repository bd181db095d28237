import type { Splice } from '../../document.js';
import { EditableBody } from './editable-body.js';
import { fieldBytes, functionBytes, metadataField, opsetBytes, textField, textValue, varintField, varintValue } from './encode.js';
import { bodyOf, fieldPlaces, textAt } from './field-places.js';
import { FUNCTION, MODEL, OPERATOR_SET_ID, STRING_STRING_ENTRY } from './fields.js';
import { Patches } from './patches.js';
import { foldDomain } from './read-values.js';
import type { BodyRecord, FunctionRecord, GraphRecord, ModelRecord, Span } from './records.js';
import { SplicedSource } from './sources.js';
import type { FunctionSpec } from './specs.js';
import { NameScope } from './value-names.js';

/**
 * A mutable overlay over a model. Splices are computed at the end by difference with the file: bytes that need not
 * change stay, length prefixes around a change follow it, and without a change there are none.
 */
export class ModelEditor {
  readonly #bodies = new Map<BodyRecord, EditableBody>();
  readonly #opsets = new Map<GraphRecord | FunctionRecord, Map<string, number>>();
  readonly #functions: FunctionSpec[] = [];
  readonly #metadata = new Map<string, string>();
  #irVersion: number | undefined;
  #scopes: Map<BodyRecord, NameScope> | undefined;

  constructor(readonly model: ModelRecord) {}

  /** The overlay of a graph, subgraph or function of this model; the same one each time. */
  body(record: GraphRecord | FunctionRecord): EditableBody {
    let body = this.#bodies.get(record);
    if (!body) {
      body = new EditableBody(this.model, record, () => this.#scopeOf(record));
      this.#bodies.set(record, body);
    }
    return body;
  }

  /** Changes or adds the import of a domain ('' is ai.onnx): the model's own, or that of one of its functions. */
  setOpset(domain: string, version: number, owner: FunctionRecord | undefined = undefined): void {
    const key = owner ?? this.model.graph;
    const opsets = this.#opsets.get(key) ?? new Map<string, number>();
    this.#opsets.set(key, opsets.set(foldDomain(domain), version));
  }

  setIrVersion(version: number): void {
    this.#irVersion = version;
  }

  /** Adds a model-local function. The model must be of IR version 8 or later (`setIrVersion`) and import its domain (`setOpset`). */
  addFunction(spec: FunctionSpec): void {
    this.#functions.push(spec);
  }

  /** Changes or adds an entry of the model's metadata. */
  setMetadata(key: string, value: string): void {
    this.#metadata.set(key, value);
  }

  /** Sorted, apart from each other; empty where nothing differs from the file. */
  splices(): Splice<Uint8Array>[] {
    const { file, source, span } = this.model;
    const patches = new Patches(file, source);
    for (const body of this.#bodies.values()) body.collect(patches);
    for (const [owner, opsets] of this.#opsets) {
      for (const [domain, version] of opsets) this.#collectOpset(patches, owner, domain, version);
    }
    if (this.#irVersion !== undefined && this.#irVersion !== this.model.irVersion) this.#collectIrVersion(patches, this.#irVersion);
    for (const [key, value] of this.#metadata) if (this.model.metadata.get(key) !== value) this.#collectMetadata(patches, key, value);
    for (const spec of this.#functions) patches.insert(span, span.end, fieldBytes(MODEL.functions, functionBytes(spec)));
    return patches.splices(span);
  }

  /** The model with the splices applied, never materialised. */
  apply(): SplicedSource {
    return new SplicedSource(this.model.source, this.splices());
  }

  #collectOpset(patches: Patches, owner: GraphRecord | FunctionRecord, domain: string, version: number): void {
    const { model } = this;
    const [message, known, field]: [Span, ReadonlyMap<string, number>, number] =
      owner.kind === 'function' ? [owner.span, owner.opsets, FUNCTION.opsetImport] : [model.span, model.opsets, MODEL.opsetImport];
    if (known.get(domain) === version) return;
    let isPatched = false;
    for (const entry of this.#messages(message, field)) {
      const places = fieldPlaces(model.file, model.source, entry);
      const name = places.findLast(({ key }) => key === OPERATOR_SET_ID.domain);
      if (foldDomain(name ? textAt(model.file, model.source, name) : '') !== domain) continue;
      const place = places.findLast(({ key }) => key === OPERATOR_SET_ID.version);
      if (place) patches.replace(entry, place.value, place.end, varintValue(version));
      else patches.insert(entry, entry.end, varintField(OPERATOR_SET_ID.version, version));
      isPatched = true;
    }
    if (!isPatched) patches.insert(message, message.end, fieldBytes(field, opsetBytes(domain, version)));
  }

  #collectIrVersion(patches: Patches, version: number): void {
    const { file, source, span } = this.model;
    const place = fieldPlaces(file, source, span).findLast(({ key }) => key === MODEL.irVersion);
    if (place) patches.replace(span, place.value, place.end, varintValue(version));
    else patches.insert(span, span.start, varintField(MODEL.irVersion, version));
  }

  #collectMetadata(patches: Patches, key: string, value: string): void {
    const { file, source, span } = this.model;
    let isPatched = false;
    for (const entry of this.#messages(span, MODEL.metadataProps)) {
      const places = fieldPlaces(file, source, entry);
      const name = places.findLast((place) => place.key === STRING_STRING_ENTRY.key);
      if ((name ? textAt(file, source, name) : '') !== key) continue;
      const place = places.findLast((candidate) => candidate.key === STRING_STRING_ENTRY.value);
      if (place) patches.replace(entry, place.value, place.end, textValue(value));
      else patches.insert(entry, entry.end, textField(STRING_STRING_ENTRY.value, value));
      isPatched = true;
    }
    if (!isPatched) patches.insert(span, span.end, metadataField(key, value));
  }

  /** The messages of a repeated field directly within `parent`. */
  #messages(parent: Span, field: number): Span[] {
    const { file, source } = this.model;
    return fieldPlaces(file, source, parent)
      .filter(({ key }) => key === field)
      .map((place) => ({ ...bodyOf(file, source, place), parent }));
  }

  #scopeOf(record: BodyRecord): NameScope {
    if (!this.#scopes) {
      this.#scopes = new Map();
      for (const root of [this.model.graph, ...this.model.functions]) new NameScope(root, this.#scopes);
    }
    const scope = this.#scopes.get(record);
    if (!scope) throw new RangeError(`${record.name} is not of this model`);
    return scope;
  }
}
