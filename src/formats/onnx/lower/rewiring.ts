/** Rewiring one body: who reads what, taking a node out of a chain and putting one in, with the annotations of the values kept true. */
import type { Body } from '../lift/tensors.js';
import type { EditableBody } from '../wire/editable-body.js';
import type { EditableNode } from '../wire/editable-node.js';
import type { NodeRecord } from '../wire/records.js';
import type { NodeSpec } from '../wire/specs.js';
import { refuse } from './refusal.js';

export class Rewiring {
  readonly #readers = new Map<string, Set<EditableNode>>();
  readonly #producers = new Map<string, EditableNode>();

  constructor(readonly body: Body, readonly edit: EditableBody) {
    for (const node of edit.nodes) this.#enter(node);
  }

  #enter(node: EditableNode): void {
    for (const name of node.inputs) this.#read(name, node);
    for (const name of node.outputs) if (name !== '') this.#producers.set(name, node);
  }

  #read(name: string, node: EditableNode): void {
    if (name === '') return;
    const readers = this.#readers.get(name);
    if (readers) readers.add(node);
    else this.#readers.set(name, new Set([node]));
  }

  nodeOf = (record: NodeRecord): EditableNode => this.edit.nodeOf(record);

  readersOf = (name: string): ReadonlySet<EditableNode> => this.#readers.get(name) ?? new Set();

  producerOf = (name: string): EditableNode | undefined => this.#producers.get(name);

  /** Nested graphs read it by its name. */
  isCaptured = (name: string): boolean => this.body.nested.has(name);

  isOutput(name: string): boolean {
    return this.body.record.outputs.some((output) => (typeof output === 'string' ? output : output.name) === name);
  }

  insert(spec: NodeSpec, place: { readonly before: EditableNode } | { readonly after: EditableNode }): EditableNode {
    const node = this.edit.insert(spec, place);
    this.#enter(node);
    return node;
  }

  remove(node: EditableNode): void {
    for (const name of node.inputs) this.#readers.get(name)?.delete(node);
    for (const name of node.outputs) if (this.#producers.get(name) === node) this.#producers.delete(name);
    this.edit.remove(node);
  }

  setInput(node: EditableNode, index: number, name: string): void {
    const old = node.inputs[index] ?? '';
    while (node.inputs.length < index) node.inputs.push('');
    node.inputs[index] = name;
    if (old !== '' && !node.inputs.includes(old)) this.#readers.get(old)?.delete(node);
    this.#read(name, node);
  }

  /** Takes the last operand away. */
  dropInput(node: EditableNode, index: number): void {
    const [name] = node.inputs.splice(index, 1);
    if (!node.inputs.includes(name)) this.#readers.get(name)?.delete(node);
  }

  setOutput(node: EditableNode, index: number, name: string): void {
    const old = node.outputs[index];
    if (this.#producers.get(old) === node) this.#producers.delete(old);
    node.outputs[index] = name;
    this.#producers.set(name, node);
  }

  /** Every operand `from` of these nodes becomes `to`. */
  redirect(nodes: Iterable<EditableNode>, from: string, to: string): void {
    for (const node of [...nodes]) node.inputs.forEach((name, index) => { if (name === from) this.setInput(node, index, to); });
  }

  #forget(name: string): void {
    this.edit.removeValueInfo(name);
    this.edit.removeQuantizationAnnotation(name);
  }

  /**
   * Joins `output` to `input` as an identity between them would be removed: rewire the readers; where the name of the
   * output must stay (a graph output, a nested graph reads it) rename the input at its producer; where that is fed
   * from outside, keep an Identity at `place`. `own` are the nodes that are taken out.
   */
  join(input: string, output: string, own: ReadonlySet<EditableNode>, place: { readonly before: EditableNode }): void {
    const keepsName = this.isOutput(output) || this.isCaptured(output);
    if (!keepsName) {
      this.redirect(this.readersOf(output), output, input);
      this.#forget(output);
      return;
    }
    const producer = this.producerOf(input);
    if (producer && !own.has(producer) && !this.isOutput(input) && !this.isCaptured(input)) {
      for (const node of own) node.outputs.forEach((name, index) => { if (name === output) this.#release(node, index, name); });
      this.setOutput(producer, producer.outputs.indexOf(input), output);
      this.redirect([...this.readersOf(input)].filter((node) => !own.has(node)), input, output);
      this.#forget(input);
      return;
    }
    this.insert({ opType: 'Identity', name: this.edit.freshNodeName('Identity'), inputs: [input], outputs: [output] }, place);
  }

  /** The name is about to be another node's. */
  #release(node: EditableNode, index: number, name: string): void {
    if (this.#producers.get(name) === node) this.#producers.delete(name);
    node.outputs[index] = `${name}:released`;
  }

  /** A new name for what `node` makes so far as `name`, with the annotations of `name`; `name` itself is free then. */
  splitAfter(node: EditableNode, name: string): string {
    const fresh = this.#fresh(name);
    this.setOutput(node, node.outputs.indexOf(name), fresh);
    return fresh;
  }

  /** A new name between `name` and these readers. */
  splitBefore(readers: readonly EditableNode[], name: string): string {
    const fresh = this.#fresh(name);
    this.redirect(readers, name, fresh);
    return fresh;
  }

  #fresh(name: string): string {
    const fresh = this.edit.freshName(`${name}_${this.edit.record.kind === 'function' ? 'inner' : 'dropout'}`);
    this.edit.copyValueInfo(name, fresh);
    this.edit.copyQuantizationAnnotation(name, fresh);
    return fresh;
  }

  /** Position of every node, for questions of order. */
  positions(): ReadonlyMap<EditableNode, number> {
    return new Map([...this.edit.nodes].map((node, index) => [node, index] as const));
  }

  /**
   * Moves what the names depend on in front of `anchor`, where it stands behind it. Only what is computed without
   * `forbidden` (the values behind the anchor) can go there.
   */
  hoist(names: readonly string[], anchor: EditableNode): void {
    const positions = this.positions();
    const limit = positions.get(anchor)!;
    const late: EditableNode[] = [];
    const open = names.map((name) => this.producerOf(name));
    while (open.length > 0) {
      const node = open.pop();
      if (!node || (positions.get(node) ?? -1) < limit || late.includes(node)) continue;
      if (node === anchor || late.length > 32) refuse('its rate or mode is computed from what comes later');
      late.push(node);
      open.push(...node.inputs.map((name) => this.producerOf(name)));
    }
    late.sort((a, b) => positions.get(a)! - positions.get(b)!);
    for (const node of late) this.edit.moveTo(node, { before: anchor });
  }
}
