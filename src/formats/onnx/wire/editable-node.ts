import type { NodeRecord } from './records.js';
import type { AttributeSpec, NodeSpec } from './specs.js';

/** Where a node stands in the order of its body. */
export type NodeState = 'kept' | 'moved' | 'removed' | 'inserted';

/**
 * A node as it will be: of the file (`record`) or new (`spec`). `inputs` and `outputs` may be changed in place or
 * assigned; nothing is written before `ModelEditor.splices()` compares them with the file.
 */
export class EditableNode {
  opType: string;
  /** 'ai.onnx' is folded into ''. */
  domain: string;
  name: string;
  #inputs: string[] | undefined;
  #outputs: string[] | undefined;
  #attributes: Map<string, AttributeSpec | undefined> | undefined;
  /** @internal The body's order that it belongs to, and its neighbours there. */
  owner: object | undefined;
  /** @internal */
  previous: EditableNode | undefined;
  /** @internal */
  next: EditableNode | undefined;
  /** @internal */
  state: NodeState;

  private constructor(
    readonly record: NodeRecord | undefined,
    readonly spec: NodeSpec | undefined,
    origin: { readonly opType: string; readonly domain?: string; readonly name?: string },
  ) {
    this.opType = origin.opType;
    this.domain = origin.domain ?? '';
    this.name = origin.name ?? '';
    this.state = record ? 'kept' : 'inserted';
  }

  static ofRecord(record: NodeRecord): EditableNode {
    return new EditableNode(record, undefined, record);
  }

  static ofSpec(spec: NodeSpec): EditableNode {
    return new EditableNode(undefined, spec, spec);
  }

  /** Names of the operands; '' is an absent optional one. */
  get inputs(): string[] {
    return (this.#inputs ??= [...(this.record ?? this.spec!).inputs]);
  }

  set inputs(names: readonly string[]) {
    this.#inputs = [...names];
  }

  get outputs(): string[] {
    return (this.#outputs ??= [...(this.record ?? this.spec!).outputs]);
  }

  set outputs(names: readonly string[]) {
    this.#outputs = [...names];
  }

  /** False once the node was removed from its body. */
  get isPresent(): boolean {
    return this.state !== 'removed';
  }

  /** Adds the attribute, or replaces the one of that name. */
  setAttribute(spec: AttributeSpec): void {
    (this.#attributes ??= new Map()).set(spec.name, spec);
  }

  /** Does nothing when there is no such attribute. */
  removeAttribute(name: string): void {
    (this.#attributes ??= new Map()).set(name, undefined);
  }

  /** @internal Changed and removed (`undefined`) attributes by name. */
  get attributeEdits(): ReadonlyMap<string, AttributeSpec | undefined> | undefined {
    return this.#attributes;
  }

  /** @internal Whether anything of it may differ from the file. */
  get isTouched(): boolean {
    const { record } = this;
    return (
      !record ||
      !!this.#attributes ||
      record.opType !== this.opType ||
      record.domain !== this.domain ||
      record.name !== this.name ||
      (!!this.#inputs && !sameList(this.#inputs, record.inputs)) ||
      (!!this.#outputs && !sameList(this.#outputs, record.outputs))
    );
  }

  /** @internal The new node with all that was changed since it was inserted. */
  get finalSpec(): NodeSpec {
    const attributes = new Map((this.spec?.attributes ?? []).map((attribute) => [attribute.name, attribute]));
    for (const [name, attribute] of this.#attributes ?? []) {
      if (attribute) attributes.set(name, attribute);
      else attributes.delete(name);
    }
    return {
      ...this.spec,
      opType: this.opType,
      domain: this.domain,
      name: this.name,
      inputs: this.inputs,
      outputs: this.outputs,
      attributes: [...attributes.values()],
    };
  }
}

function sameList(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((item, index) => item === b[index]);
}
