/** Rewiring one body: who reads what, taking a node out of a chain and putting one in, with the annotations of the values kept true. */
import type { Body } from '../lift/tensors.js';
import type { EditableBody } from '../wire/editable-body.js';
import type { EditableNode } from '../wire/editable-node.js';
import type { NodeRecord } from '../wire/records.js';
import type { AttributeSpec, NodeSpec, TensorSpec } from '../wire/specs.js';

export type NodePlace = { readonly before: EditableNode } | { readonly after: EditableNode };

/** Nodes between two values; `reader` is the first that reads `input`. */
export interface Passage {
  readonly nodes: readonly EditableNode[];
  readonly input: string;
  readonly output: string;
  readonly reader?: EditableNode;
}

export class Rewiring {
  readonly #readers = new Map<string, Set<EditableNode>>();
  readonly #producers = new Map<string, EditableNode>();
  readonly #gone = new Set<string>();
  readonly #outputs: ReadonlySet<string>;
  readonly #inputs: ReadonlySet<string>;
  #changes = 0;

  constructor(readonly body: Body, readonly edit: EditableBody) {
    const nameOf = (value: string | { readonly name: string }) => (typeof value === 'string' ? value : value.name);
    this.#outputs = new Set(body.record.outputs.map(nameOf));
    this.#inputs = new Set(body.record.inputs.map(nameOf));
    for (const node of edit.nodes) this.#enter(node);
  }

  /** How often something was changed: nothing is, as long as this stays. */
  get changes(): number {
    return this.#changes;
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

  isOutput = (name: string): boolean => this.#outputs.has(name);

  /** It was there and is not any more. */
  isGone = (name: string): boolean => this.#gone.has(name);

  #isSeen(name: string): boolean {
    return this.readersOf(name).size > 0 || this.isOutput(name) || this.isCaptured(name);
  }

  freshName(stem: string): string {
    this.#changes += 1;
    return this.edit.freshName(stem);
  }

  /** Inserts a node, with a name of its own. */
  insert(spec: NodeSpec, place: NodePlace): EditableNode {
    this.#changes += 1;
    const node = this.edit.insert({ ...spec, name: spec.name ?? this.edit.freshNodeName(spec.opType) }, place);
    this.#enter(node);
    return node;
  }

  /** A Constant node: right in graphs, subgraphs and functions, and in every IR version. */
  insertConstant(stem: string, tensor: TensorSpec, place: { readonly before: EditableNode }): string {
    const name = this.freshName(stem);
    this.insert({ opType: 'Constant', name: this.edit.freshNodeName(stem), inputs: [], outputs: [name], attributes: [{ name: 'value', tensor }] }, place);
    return name;
  }

  /** Removes a node, and what is said of the values that nothing makes any more. */
  remove(node: EditableNode): void {
    this.#changes += 1;
    const { inputs, outputs } = node;
    for (const name of inputs) this.#readers.get(name)?.delete(node);
    for (const name of outputs) {
      if (this.#producers.get(name) !== node) continue;
      this.#producers.delete(name);
      this.#gone.add(name);
    }
    this.edit.remove(node);
    for (const name of outputs) if (!this.#producers.has(name)) this.forget(name);
  }

  moveTo(node: EditableNode, place: NodePlace): void {
    this.#changes += 1;
    this.edit.moveTo(node, place);
  }

  setInput(node: EditableNode, index: number, name: string): void {
    this.#changes += 1;
    const old = node.inputs[index] ?? '';
    while (node.inputs.length < index) node.inputs.push('');
    node.inputs[index] = name;
    if (old !== '' && !node.inputs.includes(old)) this.#readers.get(old)?.delete(node);
    this.#read(name, node);
  }

  /** Takes the last operand away. */
  dropInput(node: EditableNode, index: number): void {
    this.#changes += 1;
    const [name] = node.inputs.splice(index, 1);
    if (!node.inputs.includes(name)) this.#readers.get(name)?.delete(node);
  }

  setOutput(node: EditableNode, index: number, name: string): void {
    this.#changes += 1;
    const old = node.outputs[index];
    if (this.#producers.get(old) === node) this.#producers.delete(old);
    node.outputs[index] = name;
    this.#producers.set(name, node);
  }

  setAttribute(node: EditableNode, spec: AttributeSpec): void {
    this.#changes += 1;
    node.setAttribute(spec);
  }

  removeAttribute(node: EditableNode, name: string): void {
    this.#changes += 1;
    node.removeAttribute(name);
  }

  /** Puts another tensor in the place of an initializer. */
  setInitializer(spec: Parameters<EditableBody['addInitializer']>[0]): void {
    this.#changes += 1;
    this.edit.addInitializer(spec);
  }

  /** Every operand `from` of these nodes becomes `to`. */
  redirect(nodes: Iterable<EditableNode>, from: string, to: string): void {
    for (const node of [...nodes]) node.inputs.forEach((name, index) => { if (name === from) this.setInput(node, index, to); });
  }

  /** What is said of the value is not true any more. */
  forget(name: string): void {
    if (name === '') return;
    this.#changes += 1;
    this.edit.removeValueInfo(name);
    this.edit.removeQuantizationAnnotation(name);
  }

  /** `to` takes the place of `from`: what is said of `from` holds for it, unless it is described itself. */
  #inherit(from: string, to: string): void {
    const { record } = this.body;
    if (!record.valueInfos.has(to) && !this.#inputs.has(to) && !this.#outputs.has(to)) this.edit.copyValueInfo(from, to);
    const isAnnotated = record.kind === 'graph' && record.quantizationAnnotations.some(({ tensorName }) => tensorName === to);
    if (!isAnnotated) this.edit.copyQuantizationAnnotation(from, to);
    this.forget(from);
  }

  /**
   * Joins `output` to `input` as an identity between them would be removed: rewire the readers; where the name of the
   * output must stay (a graph output, a nested graph reads it) rename the input at its producer; where that is fed
   * from outside, keep an Identity in front of `reader`. `own` are the nodes that are taken out.
   */
  join(input: string, output: string, own: ReadonlySet<EditableNode>, reader: EditableNode): void {
    const keepsName = this.isOutput(output) || this.isCaptured(output);
    if (!keepsName) {
      this.redirect(this.readersOf(output), output, input);
      this.#inherit(output, input);
      return;
    }
    const producer = this.producerOf(input);
    if (producer && !own.has(producer) && !this.isOutput(input) && !this.isCaptured(input)) {
      for (const node of own) node.outputs.forEach((name, index) => { if (name === output) this.#release(node, index, name); });
      this.setOutput(producer, producer.outputs.indexOf(input), output);
      this.redirect([...this.readersOf(input)].filter((node) => !own.has(node)), input, output);
      this.#inherit(input, output);
      return;
    }
    this.insert({ opType: 'Identity', inputs: [input], outputs: [output] }, { before: reader });
  }

  /** Takes nodes out as an identity is taken out, and what was there for `side` alone: what they read besides `input`. */
  takeOut({ nodes, input, output, reader = nodes[0] }: Passage, side: readonly string[] = nodes.flatMap(({ inputs }) => inputs.filter((name) => name !== input))): void {
    this.join(input, output, new Set(nodes), reader);
    for (const node of nodes) this.remove(node);
    this.sweep(side);
  }

  /** The name is about to be another node's. */
  #release(node: EditableNode, index: number, name: string): void {
    if (this.#producers.get(name) === node) this.#producers.delete(name);
    node.outputs[index] = `${name}:released`;
  }

  /** A new name for what `node` makes so far as `name`, with the annotations of `name`; `name` itself is free then. */
  splitAfter(node: EditableNode, name: string): string {
    const fresh = this.#derived(name);
    this.setOutput(node, node.outputs.indexOf(name), fresh);
    return fresh;
  }

  /** A new name between `name` and these readers. */
  splitBefore(readers: readonly EditableNode[], name: string): string {
    const fresh = this.#derived(name);
    this.redirect(readers, name, fresh);
    return fresh;
  }

  #derived(name: string): string {
    const fresh = this.freshName(`${name}_dropout`);
    this.edit.copyValueInfo(name, fresh);
    this.edit.copyQuantizationAnnotation(name, fresh);
    return fresh;
  }

  /** Takes out what was there for these values alone, now that nothing reads them: nodes, and initializers that are no inputs. */
  sweep(names: readonly string[]): void {
    const open = [...names];
    for (let name = open.pop(); name !== undefined; name = open.pop()) {
      if (name === '' || this.#isSeen(name)) continue;
      const producer = this.producerOf(name);
      if (producer) {
        if (producer.outputs.some((output) => output !== '' && this.#isSeen(output))) continue;
        this.remove(producer);
        open.push(...producer.inputs);
      } else if (this.body.record.kind === 'graph' && this.body.record.initializers.has(name) && !this.#inputs.has(name) && !this.isGone(name)) {
        this.edit.removeInitializer(name);
        this.#gone.add(name);
        this.forget(name);
      }
    }
  }

  /** Position of every node, for questions of order. */
  positions(): ReadonlyMap<EditableNode, number> {
    return new Map([...this.edit.nodes].map((node, index) => [node, index] as const));
  }
}
