import { tensorBytes, textField, valueInfoBytes } from './encode.js';
import { type EditableNode } from './editable-node.js';
import { fieldPlaces } from './field-places.js';
import { FUNCTION, GRAPH, TENSOR, TENSOR_ANNOTATION, VALUE_INFO } from './fields.js';
import { NamedMessages, patchText } from './named-messages.js';
import { NodeOrder, type NodePlace } from './node-order.js';
import { collectNodePatches } from './node-patches.js';
import type { Patches } from './patches.js';
import type { FunctionRecord, GraphRecord, ModelRecord, NodeRecord, Span, ValueInfoRecord } from './records.js';
import type { DimensionSpec, NodeSpec, TensorSpec } from './specs.js';
import { type NameScope } from './value-names.js';

export type { NodePlace } from './node-order.js';

/** A graph, subgraph or function as it will be. Made by `ModelEditor.body`. */
export class EditableBody {
  readonly #scope: () => NameScope;
  #order: NodeOrder | undefined;
  readonly #valueInfos: NamedMessages;
  readonly #initializers: NamedMessages;
  readonly #annotations: NamedMessages;
  readonly #inputs: NamedMessages;
  readonly #outputs: NamedMessages;
  readonly #outputNames = new Map<number, string>();
  readonly #functionInputs: string[] = [];
  readonly #functionOutputs: string[] = [];

  /** @internal */
  constructor(model: ModelRecord, readonly record: GraphRecord | FunctionRecord, scope: () => NameScope) {
    this.#scope = scope;
    const messages = (key: number, nameKey: number, find: (name: string) => readonly Span[]): NamedMessages =>
      new NamedMessages(model.file, model.source, key, nameKey, find);
    const graph = record.kind === 'graph' ? record : undefined;
    const spansIn = (list: readonly ValueInfoRecord[] | undefined) => (name: string) => (list ?? []).filter((info) => info.name === name).map(({ span }) => span);
    this.#valueInfos = messages(graph ? GRAPH.valueInfo : FUNCTION.valueInfo, VALUE_INFO.name, (name) => {
      const last = record.valueInfos.get(name)?.span;
      return last ? [...spansIn(record.repeatedValueInfos)(name), last] : [];
    });
    this.#initializers = messages(GRAPH.initializer, TENSOR.name, (name) => {
      const tensor = graph?.initializers.get(name);
      return tensor ? [tensor.span] : [];
    });
    this.#annotations = messages(GRAPH.quantizationAnnotation, TENSOR_ANNOTATION.tensorName, (name) =>
      (graph?.quantizationAnnotations ?? []).filter(({ tensorName }) => tensorName === name).map(({ span }) => span),
    );
    this.#inputs = messages(GRAPH.input, VALUE_INFO.name, spansIn(graph?.inputs));
    this.#outputs = messages(GRAPH.output, VALUE_INFO.name, spansIn(graph?.outputs));
  }

  /** In the current order: with the inserted, without the removed. */
  get nodes(): readonly EditableNode[] {
    return this.#nodes.current;
  }

  /** Throws RangeError for a node of another body. */
  nodeOf(record: NodeRecord): EditableNode {
    return this.#nodes.of(record);
  }

  insert(spec: NodeSpec, place: NodePlace): EditableNode {
    const scope = this.#scope();
    for (const name of spec.outputs) scope.values.add(name);
    if (spec.name) scope.nodes.add(spec.name);
    return this.#nodes.insert(spec, place);
  }

  remove(node: EditableNode): void {
    this.#nodes.remove(node);
  }

  moveTo(node: EditableNode, place: NodePlace): void {
    this.#nodes.moveTo(node, place);
  }

  /**
   * Adds an initializer, or replaces the one of that name. Graphs only. Below IR version 4 an initializer must be a
   * graph input too: a Constant node is the better choice there.
   */
  addInitializer(spec: TensorSpec & { readonly name: string }): void {
    this.#assertGraph();
    this.#scope().values.add(spec.name);
    this.#initializers.set(spec.name, tensorBytes(spec));
  }

  /** Dense initializers only. False when there is none of that name. */
  removeInitializer(name: string): boolean {
    return this.#initializers.remove(name);
  }

  /** Adds a value_info, or replaces that of the name. */
  addValueInfo(name: string, elementType: number | undefined, shape: readonly DimensionSpec[] | undefined): void {
    this.#scope().values.add(name);
    this.#valueInfos.set(name, valueInfoBytes({ name, elementType, shape }));
  }

  /** Adds a value_info for `to` that is `from`'s value_info, input or output entry but for the name. False if `from` has none. */
  copyValueInfo(from: string, to: string): boolean {
    const entry = this.#valueInfos.get(from) ?? this.#inputs.get(from) ?? this.#outputs.get(from);
    if (entry) this.#valueInfos.setCopy(entry, to);
    return entry !== undefined;
  }

  /** Removes value_info entries; inputs and outputs stay. False when there is none of that name. */
  removeValueInfo(name: string): boolean {
    return this.#valueInfos.remove(name);
  }

  copyQuantizationAnnotation(from: string, to: string): boolean {
    const entry = this.#annotations.get(from);
    if (entry) this.#annotations.setCopy(entry, to);
    return entry !== undefined;
  }

  removeQuantizationAnnotation(name: string): boolean {
    return this.#annotations.remove(name);
  }

  /** Appends a graph input. */
  addInput(name: string, elementType: number | undefined, shape: readonly DimensionSpec[] | undefined): void {
    this.#assertGraph();
    this.#scope().values.add(name);
    this.#inputs.set(name, valueInfoBytes({ name, elementType, shape }));
  }

  removeInput(name: string): boolean {
    return this.#inputs.remove(name);
  }

  /** Appends a graph output. */
  addOutput(name: string, elementType: number | undefined, shape: readonly DimensionSpec[] | undefined): void {
    this.#assertGraph();
    this.#scope().values.add(name);
    this.#outputs.set(name, valueInfoBytes({ name, elementType, shape }));
  }

  /** Renames an output of the file, by its index; in a graph, its type and shape stay. */
  setOutputName(index: number, name: string): void {
    if (!(index in this.record.outputs)) throw new RangeError(`there is no output ${index}`);
    this.#scope().values.add(name);
    this.#outputNames.set(index, name);
  }

  addFunctionInput(name: string): void {
    this.#assertFunction();
    this.#scope().values.add(name);
    this.#functionInputs.push(name);
  }

  addFunctionOutput(name: string): void {
    this.#assertFunction();
    this.#scope().values.add(name);
    this.#functionOutputs.push(name);
  }

  /**
   * Every value name of the model's graph (or the function) that this body belongs to, its subgraphs at any depth
   * included, and every name added since. A name that was assigned to a node's inputs or outputs counts only if it
   * came from here.
   */
  names(): ReadonlySet<string> {
    return this.#scope().values;
  }

  /** `stem`, or `stem_1`, `stem_2`, …: what no value has. It is taken from then on. */
  freshName(stem: string): string {
    return this.#scope().freshValue(stem);
  }

  /** The same for names of nodes. */
  freshNodeName(stem: string): string {
    return this.#scope().freshNode(stem);
  }

  /** @internal */
  collect(patches: Patches): void {
    const { record } = this;
    this.#order?.collect(patches, record.kind === 'graph' ? GRAPH.node : FUNCTION.node, record.span);
    for (const node of this.#order?.current ?? []) if (node.record && node.isTouched) collectNodePatches(node, node.record, patches);
    for (const messages of [this.#initializers, this.#inputs, this.#outputs, this.#valueInfos, this.#annotations]) messages.collect(patches, record.span);
    this.#collectOutputNames(patches);
    for (const name of this.#functionInputs) patches.insert(record.span, record.span.end, textField(FUNCTION.input, name));
    for (const name of this.#functionOutputs) patches.insert(record.span, record.span.end, textField(FUNCTION.output, name));
  }

  #collectOutputNames(patches: Patches): void {
    const { record } = this;
    for (const [index, name] of this.#outputNames) {
      const output = record.outputs[index]!;
      if (typeof output !== 'string') {
        if (output.name !== name) patchText(patches, output.span, fieldPlaces(patches.file, patches.source, output.span), VALUE_INFO.name, name);
      } else if (output !== name) {
        const place = fieldPlaces(patches.file, patches.source, record.span).filter(({ key }) => key === FUNCTION.output)[index]!;
        patchText(patches, record.span, [place], FUNCTION.output, name);
      }
    }
  }

  get #nodes(): NodeOrder {
    return (this.#order ??= new NodeOrder(this.record.nodes));
  }

  #assertGraph(): void {
    if (this.record.kind !== 'graph') throw new TypeError('a function has no initializers and no typed inputs and outputs');
  }

  #assertFunction(): void {
    if (this.record.kind !== 'function') throw new TypeError('a graph is not a function');
  }
}
