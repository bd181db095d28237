/** A model that can be spoilt: the message tree of onnx-proto, with the questions that mutations ask of it. */
import proto from 'onnx-proto';
import type { onnx } from 'onnx-proto';
import { readOnnxBytes } from '../../../src/formats/onnx/document.js';
import { readBody } from '../../../src/formats/onnx/lift/tensors.js';
import type { Body } from '../../../src/formats/onnx/lift/tensors.js';
import type { Random } from '../../../fixtures/builders/random.js';

export type Node = onnx.INodeProto & { input: string[]; output: string[]; attribute: onnx.IAttributeProto[] };

const { AttributeType } = proto.onnx.AttributeProto;

export class Mutable {
  readonly model: onnx.ModelProto;
  readonly graph: Omit<onnx.IGraphProto, 'node' | 'initializer' | 'input' | 'output'> & { node: Node[]; initializer: onnx.ITensorProto[]; input: onnx.IValueInfoProto[]; output: onnx.IValueInfoProto[] };
  private readonly body: Body;
  private fresh = 0;

  constructor(bytes: Uint8Array, readonly random: Random) {
    this.model = proto.onnx.ModelProto.decode(bytes);
    this.graph = this.model.graph as unknown as Mutable['graph'];
    const { record } = readOnnxBytes(bytes);
    this.body = readBody(record, record.graph, undefined);
  }

  encode(): Uint8Array {
    return proto.onnx.ModelProto.encode(this.model).finish();
  }

  get opset(): number {
    return Number(this.model.opsetImport.find(({ domain }) => !domain || domain === 'ai.onnx')?.version ?? 1);
  }

  /** Nodes that an output depends on. */
  live(): Node[] {
    const producers = new Map(this.graph.node.flatMap((node) => node.output.map((output) => [output, node] as const)));
    const found = new Set<Node>();
    const queue = this.graph.output.map(({ name }) => name!);
    for (let name = queue.pop(); name !== undefined; name = queue.pop()) {
      const node = producers.get(name);
      if (!node || found.has(node)) continue;
      found.add(node);
      queue.push(...node.input, ...capturedBy(node));
    }
    return this.graph.node.filter((node) => found.has(node));
  }

  of(...types: string[]): Node[] {
    return this.live().filter((node) => types.includes(node.opType!) && !node.domain);
  }

  producer(name: string | undefined): Node | undefined {
    return name ? this.graph.node.find((node) => node.output.includes(name)) : undefined;
  }

  readers(name: string): Node[] {
    return this.graph.node.filter((node) => node.input.includes(name) || capturedBy(node).includes(name));
  }

  isOutput(name: string): boolean {
    return this.graph.output.some((output) => output.name === name);
  }

  /** The only reader of a value that is no output. */
  soleReader(name: string): Node | undefined {
    const readers = this.readers(name);
    return readers.length === 1 && !this.isOutput(name) && readers[0]!.input.filter((input) => input === name).length === 1 ? readers[0] : undefined;
  }

  initializer(name: string | undefined): onnx.ITensorProto | undefined {
    return this.graph.initializer.find((tensor) => tensor.name === name);
  }

  shape(name: string): readonly (number | string | undefined)[] | undefined {
    return this.body.tensor(name).shape;
  }

  sameShape(a: string, b: string): boolean {
    const [x, y] = [this.shape(a), this.shape(b)];
    return x !== undefined && y !== undefined && x.length === y.length && x.every((extent, axis) => extent !== undefined && extent === y[axis]);
  }

  /** Changes under multiplication, addition and everything else: neither constant nor a shape or an index. */
  isData(name: string): boolean {
    const { constant, dataType } = this.body.tensor(name);
    return !constant && dataType === 1;
  }

  isConstant(name: string): boolean {
    return this.body.tensor(name).constant !== undefined;
  }

  constantValues(name: string): ArrayLike<number> | undefined {
    return this.body.tensor(name).constant?.values();
  }

  pick<T>(list: readonly T[]): T | undefined {
    return list[Math.floor(this.random.next() * list.length)];
  }

  name(hint: string): string {
    return `mutant/${hint}/${this.fresh++}`;
  }

  insertAfter(node: Node, ...added: Node[]): void {
    this.graph.node.splice(this.graph.node.indexOf(node) + 1, 0, ...added);
  }

  insertBefore(node: Node, ...added: Node[]): void {
    this.graph.node.splice(this.graph.node.indexOf(node), 0, ...added);
  }

  remove(node: Node): void {
    this.graph.node.splice(this.graph.node.indexOf(node), 1);
  }

  /** Everything that reads one value reads another. */
  rewire(from: string, to: string, except?: Node): void {
    for (const node of this.graph.node) if (node !== except) node.input = node.input.map((input) => (input === from ? to : input));
  }

  /** Puts an operator behind a value: its readers, or the output that it is, get the operator's result. */
  behind(value: string, create: (input: string, output: string) => Node): Node | undefined {
    const producer = this.producer(value);
    if (!producer) return undefined;
    const inner = this.name('inner');
    this.rewire(value, this.isOutput(value) ? inner : value);
    if (this.isOutput(value)) {
      producer.output = producer.output.map((output) => (output === value ? inner : output));
      const node = create(inner, value);
      this.insertAfter(producer, node);
      return node;
    }
    const node = create(value, inner);
    this.rewire(value, inner);
    node.input = node.input.map((input) => (input === inner ? value : input));
    this.insertAfter(producer, node);
    return node;
  }

  scalar(value: number, dataType = 1): string {
    const name = this.name('constant');
    const raw = dataType === 9 ? Uint8Array.of(value) : new Uint8Array(Float32Array.of(value).buffer);
    this.graph.initializer.push({ name, dims: [], dataType, rawData: raw });
    return name;
  }
}

export function node(opType: string, input: string[], output: string[], attribute: onnx.IAttributeProto[] = []): Node {
  return { opType, input, output, attribute };
}

export function attribute(of: Node, name: string): onnx.IAttributeProto | undefined {
  return of.attribute.find((each) => each.name === name);
}

export function setFloat(of: Node, name: string, value: number): void {
  set(of, { name, f: value, type: AttributeType.FLOAT });
}

export function setInt(of: Node, name: string, value: number): void {
  set(of, { name, i: value, type: AttributeType.INT });
}

export function setInts(of: Node, name: string, values: readonly number[]): void {
  set(of, { name, ints: [...values], type: AttributeType.INTS });
}

function set(of: Node, changed: onnx.IAttributeProto): void {
  of.attribute = [...of.attribute.filter(({ name }) => name !== changed.name), changed];
}

export function capturedBy(of: Node): string[] {
  return of.attribute.flatMap(({ g }) => (g?.node ?? []).flatMap((inner) => [...(inner.input ?? []), ...capturedBy(inner as Node)]).concat((g?.output ?? []).map(({ name }) => name!)));
}

/** Float values of an initializer, writable where they stand in raw_data or float_data. */
export function floats(tensor: onnx.ITensorProto): { get(i: number): number; set(i: number, value: number): void; readonly length: number } | undefined {
  if (tensor.dataType !== 1) return undefined;
  if (tensor.floatData?.length) {
    const list = tensor.floatData;
    return { get: (i) => list[i]!, set: (i, value) => { list[i] = value; }, length: list.length };
  }
  if (!tensor.rawData?.length) return undefined;
  const bytes = Uint8Array.from(tensor.rawData);
  tensor.rawData = bytes;
  const view = new DataView(bytes.buffer);
  return { get: (i) => view.getFloat32(4 * i, true), set: (i, value) => view.setFloat32(4 * i, value, true), length: bytes.length / 4 };
}
