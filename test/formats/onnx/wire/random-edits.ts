/** Random edits, made twice: through ModelEditor on the bytes, and on an independent reader's messages. */
import { create, type MessageInitShape } from '@bufbuild/protobuf';
import {
  AttributeProtoSchema, FunctionProtoSchema, NodeProtoSchema, OperatorSetIdProtoSchema, StringStringEntryProtoSchema, TensorProtoSchema, ValueInfoProtoSchema,
  type FunctionProto, type GraphProto, type ModelProto, type NodeProto, type TensorProto, type ValueInfoProto,
} from 'onnx-buf';
import type { EditableBody, NodePlace } from '../../../../src/formats/onnx/wire/editable-body.js';
import type { EditableNode } from '../../../../src/formats/onnx/wire/editable-node.js';
import { ModelEditor } from '../../../../src/formats/onnx/wire/editor.js';
import type { FunctionRecord, GraphRecord, ModelRecord, NodeRecord } from '../../../../src/formats/onnx/wire/records.js';
import type { AttributeSpec } from '../../../../src/formats/onnx/wire/specs.js';

const TEXTS = ['', 'a', 'b', 'new', 'a name that is longer than the one before it was', 'ü'.repeat(80)];

/** A body on both sides, with its nodes paired. */
interface Pair {
  readonly body: EditableBody;
  readonly message: GraphProto | FunctionProto;
  readonly nodes: Map<EditableNode, NodeProto>;
}

export class RandomEdits {
  readonly editor: ModelEditor;
  readonly #pairs: Pair[] = [];
  /** Nodes that have a name field in the file. */
  readonly #named = new Set<NodeProto>();
  /** Nodes of the file that an edit was asked of, or of something within them. */
  readonly touched = new Set<NodeRecord>();

  /** `message` is changed in place. */
  constructor(model: ModelRecord, readonly message: ModelProto, readonly random: () => number) {
    this.editor = new ModelEditor(model);
    this.#pair(model.graph, message.graph!);
    for (const [index, record] of model.functions.entries()) this.#pair(record, message.functions[index]!);
  }

  run(count: number): void {
    for (; count > 0; count--) this.#edit(this.#pick(this.#pairs)!);
    if (this.random() < 0.3) this.#editModel();
  }

  #pair(record: GraphRecord | FunctionRecord, message: GraphProto | FunctionProto): void {
    const body = this.editor.body(record);
    const nodes = new Map(record.nodes.map((node, index) => [body.nodeOf(node), message.node[index]!]));
    this.#pairs.push({ body, message, nodes });
    for (const node of message.node) if (Object.hasOwn(node, 'name')) this.#named.add(node);
    for (const [index, node] of record.nodes.entries()) {
      for (const [at, attribute] of node.attributes.entries()) {
        const { g, graphs } = message.node[index]!.attribute[at]!;
        for (const [which, graph] of [...(g ? [g] : []), ...graphs].entries()) this.#pair(attribute.graphs[which]!, graph);
      }
    }
  }

  #pick<T>(list: readonly T[]): T | undefined {
    return list[Math.floor(this.random() * list.length)];
  }

  #text(): string {
    return this.#pick(TEXTS)!;
  }

  #edit(pair: Pair): void {
    const node = this.#pick(pair.body.nodes);
    const kind = Math.floor(this.random() * 12);
    if (kind === 0) this.#insert(pair, node);
    else if (kind >= 8) this.#editEntries(pair);
    else if (!node) return;
    else {
      if (node.record) this.touched.add(node.record);
      if (kind === 1) this.#remove(pair, node);
      else if (kind <= 3) this.#move(pair, node);
      else if (kind <= 5) this.#rename(pair, node);
      else this.#setAttribute(pair, node);
    }
  }

  #place(pair: Pair): NodePlace {
    const neighbour = this.#pick(pair.body.nodes);
    if (!neighbour || this.random() < 0.2) return 'end';
    return this.random() < 0.5 ? { before: neighbour } : { after: neighbour };
  }

  /** Puts a message where `place` says. */
  #enter(pair: Pair, node: NodeProto, place: NodePlace): void {
    const list = pair.message.node;
    if (place === 'end') list.push(node);
    else if ('before' in place) list.splice(list.indexOf(pair.nodes.get(place.before)!), 0, node);
    else list.splice(list.indexOf(pair.nodes.get(place.after)!) + 1, 0, node);
  }

  #insert(pair: Pair, beside: EditableNode | undefined): void {
    const place: NodePlace = beside ? (this.random() < 0.5 ? { before: beside } : { after: beside }) : 'end';
    const spec = { opType: 'Dropout', domain: this.random() < 0.5 ? 'local' : '', inputs: [this.#text(), ''], outputs: [this.#text()], name: this.#text() };
    const node = create(NodeProtoSchema, {
      opType: spec.opType,
      input: spec.inputs,
      output: spec.outputs,
      ...(spec.domain && { domain: spec.domain }),
      ...(spec.name && { name: spec.name }),
      attribute: [{ name: 'seed', type: 2, i: 7n }],
      metadataProps: [{ key: 'by', value: 'droplint' }],
    });
    this.#enter(pair, node, place);
    pair.nodes.set(pair.body.insert({ ...spec, attributes: [{ name: 'seed', i: 7 }], metadata: { by: 'droplint' } }, place), node);
  }

  #remove(pair: Pair, node: EditableNode): void {
    pair.body.remove(node);
    pair.message.node.splice(pair.message.node.indexOf(pair.nodes.get(node)!), 1);
  }

  #move(pair: Pair, node: EditableNode): void {
    const place = this.#place(pair);
    pair.body.moveTo(node, place);
    if (place !== 'end' && ('before' in place ? place.before : place.after) === node) return;
    const message = pair.nodes.get(node)!;
    pair.message.node.splice(pair.message.node.indexOf(message), 1);
    this.#enter(pair, message, place);
  }

  #rename(pair: Pair, node: EditableNode): void {
    const message = pair.nodes.get(node)!;
    const list = this.random() < 0.5 ? 'input' : 'output';
    const edited = list === 'input' ? node.inputs : node.outputs;
    if (this.random() < 0.2) {
      const names = [this.#text(), this.#text()];
      node[`${list}s`] = names;
      message[list] = [...names];
    } else if (this.random() < 0.3) {
      edited.pop();
      message[list].pop();
    } else {
      const index = Math.floor(this.random() * (edited.length + 1));
      const name = this.#text();
      edited[index] = name;
      message[list][index] = name;
    }
    if (this.random() > 0.3) return;
    const name = this.#text();
    if (node.name === name) return;
    node.name = name;
    // Without a name there is no name field, but that of the file stays.
    message.name = name;
    if (name === '' && !this.#named.has(message)) delete (message as Partial<NodeProto>).name;
  }

  #setAttribute(pair: Pair, node: EditableNode): void {
    const message = pair.nodes.get(node)!;
    const name = this.#pick(['ratio', 'seed', 'axes', 'body', 'other'])!;
    const index = message.attribute.findIndex((attribute) => attribute.name === name);
    if (this.random() < 0.2) {
      node.removeAttribute(name);
      if (index >= 0) message.attribute.splice(index, 1);
      return;
    }
    const [spec, init] = this.#pick(attributeKinds(name))!;
    // An attribute edited twice is compared with the file, not with the first edit: keep to one edit of each.
    if (node.attributeEdits?.has(name)) return;
    node.setAttribute(spec);
    const current = message.attribute[index];
    const field = (['f', 'i', 's'] as const).find((key) => key in spec);
    if (current && node.record && field && Object.hasOwn(current, field) && !current.refAttrName && [0, init.type].includes(current.type)) {
      Object.assign(current, { [field]: init[field] });
      return;
    }
    if (current && node.record && sameList(current, init)) return;
    const attribute = create(AttributeProtoSchema, init);
    if (index >= 0) message.attribute[index] = attribute;
    else message.attribute.push(attribute);
  }

  #editEntries(pair: Pair): void {
    const { body, message } = pair;
    const from = this.#text();
    const to = this.#text();
    const kind = Math.floor(this.random() * 7);
    const isGraph = message.$typeName === 'onnx.GraphProto';
    if (kind === 0) {
      body.addValueInfo(to, 1, [2, 'N', undefined]);
      replaceNamed(message, 'valueInfo', to, valueInfo(to));
    } else if (kind === 1) {
      const entry = message.valueInfo.findLast(({ name }) => name === from) ?? (isGraph ? (message.input.findLast(({ name }) => name === from) ?? body.record.outputs.map((o, i) => [o, message.output[i]!] as const).findLast(([o]) => typeof o !== 'string' && o.name === from)?.[1]) : undefined);
      if (body.copyValueInfo(from, to) && entry) replaceNamed(message, 'valueInfo', to, { ...entry, name: to });
    } else if (kind === 2) {
      body.removeValueInfo(from);
      replaceNamed(message, 'valueInfo', from, undefined);
    } else if (kind === 3 && isGraph) {
      body.addInitializer({ name: to, dataType: 1, dims: [2], values: [0.5, -1] });
      replaceNamed(message, 'initializer', to, tensor(to));
    } else if (kind === 4 && isGraph) {
      body.removeInitializer(from);
      replaceNamed(message, 'initializer', from, undefined);
    } else if (kind === 5 && isGraph) {
      const entry = message.quantizationAnnotation.findLast(({ tensorName }) => tensorName === from);
      if (body.copyQuantizationAnnotation(from, to) && entry) {
        message.quantizationAnnotation = [...message.quantizationAnnotation.filter(({ tensorName }) => tensorName !== to), { ...entry, tensorName: to }];
      }
    } else if (kind === 6 && message.output.length > 0) {
      const index = Math.floor(this.random() * body.record.outputs.length);
      body.setOutputName(index, to);
      const current = body.record.outputs[index]!;
      if (isGraph) {
        if ((current as { name: string }).name !== to || message.output[index]!.name !== to) Object.assign(message.output[index]!, { name: to });
      } else message.output[index] = to;
    }
  }

  #editModel(): void {
    const { message, editor } = this;
    editor.setOpset('', 25);
    editor.setOpset('local', 1);
    setOpset(message, '', 25n);
    setOpset(message, 'local', 1n);
    editor.setIrVersion(13);
    message.irVersion = 13n;
    editor.setMetadata('a', 'changed');
    const entry = message.metadataProps.filter(({ key }) => key === 'a');
    for (const each of entry) each.value = 'changed';
    if (entry.length === 0) message.metadataProps.push(create(StringStringEntryProtoSchema, { key: 'a', value: 'changed' }));
    editor.addFunction({ domain: 'local', name: 'F', inputs: ['x'], outputs: ['y'], attributes: ['rate'], opsets: { '': 18 }, nodes: [{ opType: 'Relu', inputs: ['x'], outputs: ['y'], attributes: [{ name: 'p', refersTo: 'rate', type: 1 }] }] });
    message.functions.push(create(FunctionProtoSchema, {
      domain: 'local', name: 'F', input: ['x'], output: ['y'], attribute: ['rate'],
      opsetImport: [{ domain: '', version: 18n }],
      node: [{ opType: 'Relu', input: ['x'], output: ['y'], attribute: [{ name: 'p', refAttrName: 'rate', type: 1 }] }],
    }));
  }
}

function setOpset(message: ModelProto, domain: string, version: bigint): void {
  const entries = message.opsetImport.filter((entry) => (entry.domain === 'ai.onnx' ? '' : entry.domain) === domain);
  for (const entry of entries) entry.version = version;
  if (entries.length === 0) message.opsetImport.push(create(OperatorSetIdProtoSchema, { domain, version }));
}

type AttributeInit = MessageInitShape<typeof AttributeProtoSchema> & { readonly f?: number; readonly i?: bigint; readonly s?: Uint8Array };

function attributeKinds(name: string): [AttributeSpec, AttributeInit][] {
  return [
    [{ name, f: 0.25 }, { name, type: 1, f: 0.25 }],
    [{ name, i: -5 }, { name, type: 2, i: -5n }],
    [{ name, s: 'text' }, { name, type: 3, s: new TextEncoder().encode('text') }],
    [{ name, ints: [1, -1, 300] }, { name, type: 7, ints: [1n, -1n, 300n] }],
    [{ name, floats: [0.5, 1] }, { name, type: 6, floats: [0.5, 1] }],
    [{ name, tensor: { dataType: 7, dims: [], values: [3] } }, { name, type: 4, t: { dataType: 7, rawData: new Uint8Array([3, 0, 0, 0, 0, 0, 0, 0]) } }],
  ];
}

/** Whether an attribute has the list already and so stays as it is. */
function sameList(current: ReturnType<typeof create<typeof AttributeProtoSchema>>, init: AttributeInit): boolean {
  if (current.refAttrName || current.type !== init.type) return false;
  if (init.ints) return String(current.ints) === String(init.ints);
  return init.floats ? String(current.floats) === String(init.floats) : false;
}

const valueInfo = (name: string): ValueInfoProto =>
  create(ValueInfoProtoSchema, {
    name,
    type: { value: { case: 'tensorType', value: { elemType: 1, shape: { dim: [{ value: { case: 'dimValue', value: 2n } }, { value: { case: 'dimParam', value: 'N' } }, {}] } } } },
  });

const tensor = (name: string): TensorProto =>
  create(TensorProtoSchema, { dims: [2n], dataType: 1, rawData: new Uint8Array(new Float32Array([0.5, -1]).buffer), ...(name && { name }) });

/** Takes out what has the name and appends the new one. */
function replaceNamed(message: GraphProto | FunctionProto, list: 'valueInfo' | 'initializer', name: string, item: ValueInfoProto | TensorProto | undefined): void {
  const lists = message as unknown as Record<string, { readonly name: string }[]>;
  lists[list] = [...lists[list]!.filter((other) => other.name !== name), ...(item ? [item] : [])];
}
