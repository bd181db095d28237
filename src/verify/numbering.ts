/**
 * Value numbering of an ONNX model: two values get the same number if and only if the same expression computes them:
 * the same operators with the same attributes, subgraphs and functions, on the same weights and inputs. Numbers of two
 * models compare when they share an `Expressions`. Strict: operands of commutative operators are not sorted.
 */
import type { DropoutUnit } from '../graph/layers.js';
import { SHAPE_READERS, headOf as lawHead, lawsOf, passesThrough, unitBehind, withDropout } from './law.js';
import type { DropoutLaw } from './law.js';
import { readTensor } from '../formats/onnx/wire/tensors.js';
import type { AttributeRecord, BodyRecord, FunctionRecord, GraphRecord, ModelRecord, NodeRecord, TensorRecord } from '../formats/onnx/wire/records.js';

/** What an expression is made of, for telling people where two of them part. */
export interface Expression {
  readonly label: string;
  readonly head: string;
  readonly operands: readonly number[];
}

/** Hash-consing: equal expressions have equal numbers, without collisions. */
export class Expressions {
  private readonly numbers = new Map<string, number>();
  private readonly list: Expression[] = [];

  number(head: string, operands: readonly number[], label: string): number {
    const key = `${operands.join(',')}|${head}`;
    const known = this.numbers.get(key);
    if (known !== undefined) return known;
    this.numbers.set(key, this.list.length);
    this.list.push({ label, head, operands });
    return this.list.length - 1;
  }

  of(number: number): Expression {
    return this.list[number]!;
  }

  /** The deepest pair of expressions that differ in themselves, on the way down from two different values. */
  parting(a: number, b: number): readonly [Expression, Expression] {
    let [x, y] = [this.list[a]!, this.list[b]!];
    while (x.head === y.head && x.operands.length === y.operands.length) {
      const k = x.operands.findIndex((operand, index) => operand !== y.operands[index]);
      if (k < 0) break;
      [x, y] = [this.list[x.operands[k]!]!, this.list[y.operands[k]!]!];
    }
    return [x, y];
  }
}

/** A dropout: left out (its output is its input), or kept as a random operator of the given law. */
export interface Erased {
  readonly body: BodyRecord;
  readonly nodes: readonly NodeRecord[];
  readonly input: string;
  readonly output: string;
  readonly mask: string | undefined;
  readonly rate: number | undefined;
  readonly unit: DropoutUnit;
}

/** `erased`: the model at inference. `law`: the law of its training outputs, dropouts in normal form (law.ts). */
export type NumberingMode = 'erased' | 'law';

interface Scope {
  readonly body: BodyRecord;
  readonly parent: Scope | undefined;
  readonly depth: number;
  readonly numbers: Map<string, number>;
  readonly producers: ReadonlyMap<string, NodeRecord>;
  readonly erased: ReadonlyMap<string, Erased>;
  readonly masks: ReadonlyMap<string, Erased>;
  readers: ReadonlyMap<string, number> | undefined;
}

const RANDOM = new Set(['RandomUniform', 'RandomUniformLike', 'RandomNormal', 'RandomNormalLike', 'Bernoulli', 'Multinomial']);
const FUSED_WITH_BIAS = new Set(['BiasDropout', 'BitmaskBiasDropout']);

export class Numbering {
  private readonly functions: ReadonlyMap<string, FunctionRecord>;
  private readonly signatures = new Map<string, string>();
  private readonly erasedOf = new Map<BodyRecord, Map<string, Erased>>();
  private readonly occurrences = new Map<string, Set<number>>();
  private readonly capturesOf = new WeakMap<GraphRecord, ReadonlySet<string>>();
  private readonly root: Scope;

  constructor(
    private readonly model: ModelRecord,
    private readonly expressions: Expressions,
    private readonly identify: (tensor: TensorRecord) => string,
    erased: readonly Erased[],
    private readonly mode: NumberingMode = 'erased',
    /** Whether two values of the model's graph have the same shape, as far as that is known. */
    private readonly sameShape: (a: string, b: string) => boolean = () => false,
  ) {
    for (const dropout of erased) {
      const list = this.erasedOf.get(dropout.body) ?? new Map<string, Erased>();
      list.set(dropout.output, dropout);
      this.erasedOf.set(dropout.body, list);
    }
    this.functions = new Map(model.functions.map((fn) => [functionKey(fn.domain, fn.name, fn.overload), fn]));
    this.root = this.open(model.graph, undefined);
    for (const { name } of model.graph.inputs) {
      const initial = model.graph.initializers.get(name);
      this.root.numbers.set(name, expressions.number(`input ${name}${initial ? ` = ${identify(initial)}` : ''}`, [], `the input ${name}`));
    }
  }

  /** The number of a value of the model's graph. */
  numberOf(name: string): number {
    return this.resolve(this.root, name);
  }

  private open(body: BodyRecord, parent: Scope | undefined): Scope {
    const producers = new Map<string, NodeRecord>();
    for (const node of body.nodes) for (const output of node.outputs) if (output) producers.set(output, node);
    const erased = this.erasedOf.get(body) ?? new Map<string, Erased>();
    const masks = new Map([...erased.values()].flatMap((dropout) => (dropout.mask ? [[dropout.mask, dropout] as const] : [])));
    return { body, parent, depth: parent ? parent.depth + 1 : 0, numbers: new Map(), producers, erased, masks, readers: undefined };
  }

  /** Iterative: a chain may have 100 000 nodes. Recursion follows the nesting of subgraphs and functions alone. */
  private resolve(scope: Scope, root: string): number {
    const stack = [root];
    const open = new Set<string>();
    for (let name = stack.at(-1); name !== undefined; name = stack.at(-1)) {
      if (this.lookUp(scope, name) !== undefined) {
        stack.pop();
        continue;
      }
      const missing = open.has(name) ? [] : this.needsOf(scope, name).filter((need) => this.lookUp(scope, need) === undefined);
      open.add(name);
      if (missing.length > 0) stack.push(...missing);
      else {
        stack.pop();
        this.compute(scope, name);
      }
    }
    return this.lookUp(scope, root)!;
  }

  private lookUp(scope: Scope, name: string): number | undefined {
    if (name === '') return this.expressions.number('absent', [], 'an absent input');
    for (let at: Scope | undefined = scope; at; at = at.parent) {
      const number = at.numbers.get(name);
      if (number !== undefined) return number;
      // An outer value that a subgraph reads was resolved before the node that holds the subgraph.
      if (defines(at, name)) return undefined;
    }
    return undefined;
  }

  private needsOf(scope: Scope, name: string): readonly string[] {
    const dropout = scope.erased.get(name) ?? scope.masks.get(name);
    if (dropout) return isFusedWithBias(scope.producers.get(dropout.output)) ? scope.producers.get(dropout.output)!.inputs.slice(0, 3) : [dropout.input];
    const node = scope.producers.get(name);
    return node ? this.readsOf(node) : [];
  }

  private compute(scope: Scope, name: string): void {
    const { numbers } = scope;
    const dropout = scope.erased.get(name);
    const masked = scope.masks.get(name);
    const node = scope.producers.get(name);
    if (dropout) numbers.set(name, this.valueOfErased(scope, dropout));
    else if (masked) numbers.set(name, this.expressions.number('mask', [this.valueOf(scope, masked.input)], 'the mask of a dropout'));
    else if (node) this.computeNode(scope, node);
    else numbers.set(name, this.leaf(scope, name));
    // A node that does not compute the name after all, and a cycle.
    if (!numbers.has(name)) numbers.set(name, this.expressions.number(`unknown ${name}`, [], `the value ${name}`));
  }

  private valueOf(scope: Scope, name: string): number {
    return this.lookUp(scope, name) ?? this.expressions.number(`unknown ${name}`, [], `the value ${name}`);
  }

  private leaf(scope: Scope, name: string): number {
    const tensor = scope.body.nodes && 'initializers' in scope.body ? (scope.body as GraphRecord).initializers.get(name) : undefined;
    if (tensor) return this.tensor(tensor);
    return this.expressions.number(`outer ${name}`, [], `the value ${name}`);
  }

  private tensor(tensor: TensorRecord): number {
    const identity = this.identify(tensor);
    return this.expressions.number(identity, [], `the tensor ${tensor.name || identity}`);
  }

  /** onnxruntime's fused operators add a bias before the dropout and a residual after it. */
  private valueOfErased(scope: Scope, dropout: Erased): number {
    const node = scope.producers.get(dropout.output);
    const input = this.valueOf(scope, dropout.input);
    const drop = (x: number): number => (this.mode === 'law' ? this.dropped(scope, x, dropout) : x);
    if (!isFusedWithBias(node)) return drop(input);
    const add = (a: number, b: number): number => this.expressions.number(headOf('', 'Add', '', 1), [a, b], labelOf(node!));
    const [, bias, residual] = node!.inputs;
    const biased = bias ? add(input, this.valueOf(scope, bias)) : input;
    return residual ? add(drop(biased), this.valueOf(scope, residual)) : drop(biased);
  }

  /** D(x) of a law. */
  private dropped(scope: Scope, x: number, { input, rate, unit, nodes }: Erased): number {
    if (rate === 0) return x;
    const keep = rate === undefined ? `at ${nodes[0]?.inputs[1] ?? ''}` : 1 - rate;
    const { laws, base } = this.split(scope, input, x);
    const producer = scope.producers.get(input);
    return this.drawn(withDropout(laws, { unit: producer ? unitBehind(producer.opType, unit) : unit, keep }), base);
  }

  /** A value as the dropouts behind it and what they drop: none where something else reads the value as well. */
  private split(scope: Scope, name: string, number: number): { laws: readonly DropoutLaw[]; base: number } {
    const { head, operands } = this.expressions.of(number);
    const laws = lawsOf(head);
    if (laws.length === 0 || this.readersOf(scope, name) !== 1) return { laws: [], base: number };
    // The draw is taken up into another one: its number is free again.
    const mark = head.lastIndexOf('#');
    this.occurrences.get(`${head.slice(0, mark)}|${operands[0]}`)?.delete(Number(head.slice(mark + 1)));
    return { laws, base: operands[0]! };
  }

  private readersOf(scope: Scope, name: string): number {
    if (!scope.readers) {
      const readers = new Map<string, number>();
      const { nodes, outputs } = scope.body as GraphRecord | FunctionRecord;
      const read = nodes.filter(({ opType }) => !SHAPE_READERS.has(opType)).flatMap((node) => this.readsOf(node));
      for (const each of [...read, ...outputs.map((output) => (typeof output === 'string' ? output : output.name))]) {
        readers.set(each, (readers.get(each) ?? 0) + 1);
      }
      scope.readers = readers;
    }
    return scope.readers.get(name) ?? 0;
  }

  /** Each draw from a law is a value of its own. */
  private drawn(laws: readonly DropoutLaw[], x: number): number {
    if (laws.length === 0) return x;
    const head = lawHead(laws);
    const label = laws.map(({ unit, keep }) => `a dropout per ${unit}${typeof keep === 'number' ? ` that keeps ${Number(keep.toPrecision(5))}` : ''}`).join(' and ');
    return this.expressions.number(`${head}#${this.occurrence(`${head}|${x}`)}`, [x], label);
  }

  /** f(D(x)) as D(f(x)) where that is the same law and nothing else reads D(x). */
  private behind(scope: Scope, node: NodeRecord, head: string, inputs: readonly number[]): number | undefined {
    if (this.mode !== 'law' || node.domain !== '' || inputs[0] === undefined || trimmed(node.outputs).length !== 1) return undefined;
    const { laws, base } = this.split(scope, node.inputs[0] ?? '', inputs[0]);
    if (laws.length === 0) return undefined;
    const homogeneous = (node.opType === 'Clip' && this.isRectifier(scope, node)) || (SCALINGS.has(node.opType) && this.isScaling(scope, node));
    const passing = laws.filter(({ unit }) => homogeneous || passesThrough(node.opType, unit));
    const operand = this.drawn(laws.filter((law) => !passing.includes(law)), base);
    const moved = this.expressions.number(head, [operand, ...inputs.slice(1)], labelOf(node));
    return this.drawn(passing.map(({ unit, keep }) => ({ unit: unitBehind(node.opType, unit), keep })), moved);
  }

  /** Clip(0, ∞) is a ReLU. */
  private isRectifier(scope: Scope, { inputs, attributes }: NodeRecord): boolean {
    const bound = (index: number, name: string): number | undefined => {
      const operand = inputs[index];
      if (!operand) return attributes.find((attribute) => attribute.name === name)?.f;
      const tensor = constantIn(scope, operand);
      return tensor ? readTensor(this.model, tensor, 1)?.[0] : Number.NaN;
    };
    return bound(1, 'min') === 0 && (bound(2, 'max') ?? Infinity) > 3.4e38;
  }

  /** A multiplication by a constant that has one element, or leaves the shape as it is. */
  private isScaling(scope: Scope, { inputs, outputs }: NodeRecord): boolean {
    const factor = constantIn(scope, inputs[1] ?? '');
    if (!factor) return false;
    return factor.dims.every((extent) => extent === 1) || (scope.parent === undefined && this.sameShape(inputs[0]!, outputs[0]!));
  }

  private computeNode(scope: Scope, node: NodeRecord): void {
    const { numbers } = scope;
    const constant = constantOf(node);
    const inputs = trimmed(node.inputs).map((input) => this.valueOf(scope, input));
    const standard = node.domain === '';
    if (constant) numbers.set(node.outputs[0]!, this.tensor(constant));
    else if (standard && node.opType === 'Identity' && inputs.length === 1) numbers.set(node.outputs[0]!, inputs[0]!);
    else {
      const head = this.headOfNode(scope, node);
      const drawn = standard && RANDOM.has(node.opType) ? `#${this.occurrence(`${head}|${inputs.join()}`)}` : '';
      const number = this.behind(scope, node, head, inputs) ?? this.expressions.number(head + drawn, inputs, labelOf(node));
      node.outputs.forEach((output, k) => {
        if (output) numbers.set(output, k === 0 ? number : this.expressions.number(`output ${k}`, [number], labelOf(node)));
      });
    }
  }

  /** Two draws from the same law are two values: the least number that none of the others has. */
  private occurrence(key: string): number {
    let taken = this.occurrences.get(key);
    if (!taken) this.occurrences.set(key, (taken = new Set()));
    let number = 0;
    while (taken.has(number)) number++;
    taken.add(number);
    return number;
  }

  private headOfNode(scope: Scope, node: NodeRecord): string {
    const attributes = node.attributes
      .map((attribute) => `${attribute.name}=${this.attribute(scope, attribute)}`)
      .sort()
      .join(';');
    const key = functionKey(node.domain, node.opType, node.overload);
    const fn = this.functions.get(key);
    return `${fn ? this.signatureOf(key, fn) : headOf(node.domain, node.opType, node.overload, trimmed(node.outputs).length)}{${attributes}}`;
  }

  private attribute(scope: Scope, attribute: AttributeRecord): string {
    if (attribute.refersTo) return `@${attribute.refersTo}`;
    if (attribute.graphs.length > 0) return attribute.graphs.map((graph) => this.subgraph(scope, graph)).join('&');
    if (attribute.tensor) return this.identify(attribute.tensor);
    const { f, i, s, floats, ints, strings, type } = attribute;
    const value = f ?? i ?? s ?? floats ?? ints ?? strings;
    // What the index does not keep (blobs, sparse tensors, types) counts by its bytes.
    if (value === undefined) return `bytes ${Buffer.from(this.model.source.read(attribute.span.start, attribute.span.end)).toString('base64')}`;
    return `${type}:${typeof value === 'number' && Object.is(value, -0) ? '-0' : JSON.stringify(value, numberToText)}`;
  }

  private subgraph(outer: Scope, graph: GraphRecord): string {
    const scope = this.open(graph, outer);
    graph.inputs.forEach((input, k) => {
      scope.numbers.set(input.name, this.expressions.number(`formal ${scope.depth}.${k}`, [], `the subgraph's input ${input.name}`));
    });
    return `(${graph.inputs.length})->${graph.outputs.map((output) => this.resolve(scope, output.name)).join(',')}`;
  }

  /** A function is what it computes; its name does not matter. */
  private signatureOf(key: string, fn: FunctionRecord): string {
    const known = this.signatures.get(key);
    if (known !== undefined) return known;
    this.signatures.set(key, `recursive ${key}`);
    const scope = this.open(fn, undefined);
    fn.inputs.forEach((input, k) => scope.numbers.set(input, this.expressions.number(`parameter ${k}`, [], `the function's input ${input}`)));
    const defaults = [...fn.defaults.values()].map((attribute) => `${attribute.name}=${this.attribute(scope, attribute)}`).sort();
    const opsets = [...fn.opsets].map(([domain, version]) => `${domain}:${version}`).sort();
    const signature = `function(${fn.inputs.length};${[...fn.attributes].sort().join()};${defaults.join()};${opsets.join()})->${fn.outputs.map((output) => this.resolve(scope, output)).join()}`;
    this.signatures.set(key, signature);
    return signature;
  }

  /** A node's operands, and the outer values that its subgraphs read. */
  private readsOf(node: NodeRecord): readonly string[] {
    const captured = node.attributes.flatMap(({ graphs }) => graphs.flatMap((graph) => [...this.captures(graph)]));
    return captured.length > 0 ? [...node.inputs, ...captured] : node.inputs;
  }

  private captures(graph: GraphRecord): ReadonlySet<string> {
    const known = this.capturesOf.get(graph);
    if (known) return known;
    const own = new Set([...graph.inputs.map(({ name }) => name), ...graph.initializers.keys(), ...graph.sparseInitializers, ...graph.nodes.flatMap(({ outputs }) => outputs)]);
    const free = new Set<string>();
    for (const name of [...graph.nodes.flatMap((node) => this.readsOf(node)), ...graph.outputs.map((output) => output.name)]) {
      if (name !== '' && !own.has(name)) free.add(name);
    }
    this.capturesOf.set(graph, free);
    return free;
  }
}

function defines(scope: Scope, name: string): boolean {
  return scope.producers.has(name) || ('initializers' in scope.body && (scope.body as GraphRecord).initializers.has(name));
}

function isFusedWithBias(node: NodeRecord | undefined): boolean {
  return node?.domain === 'com.microsoft' && FUSED_WITH_BIAS.has(node.opType);
}

const functionKey = (domain: string, name: string, overload: string): string => `${domain}:${name}:${overload}`;
const headOf = (domain: string, opType: string, overload: string, outputs: number): string => `${domain}.${opType}.${overload}/${outputs}`;
const labelOf = (node: NodeRecord): string => (node.name ? `${node.opType} ${node.name}` : `${node.opType} (node ${node.index})`);

/** Trailing absent operands are the same as none. */
function trimmed(names: readonly string[]): readonly string[] {
  let end = names.length;
  while (end > 0 && names[end - 1] === '') end--;
  return end === names.length ? names : names.slice(0, end);
}

const SCALINGS = new Set(['Mul', 'Div']);

/** A tensor that stands in the file. */
function constantIn({ producers, body }: Scope, name: string): TensorRecord | undefined {
  const producer = producers.get(name);
  return producer ? constantOf(producer) : 'initializers' in body ? (body as GraphRecord).initializers.get(name) : undefined;
}

function constantOf(node: NodeRecord): TensorRecord | undefined {
  if (node.domain !== '' || node.opType !== 'Constant') return undefined;
  return node.attributes.find(({ name }) => name === 'value')?.tensor;
}

/** JSON has no NaN and no infinities. */
function numberToText(_key: string, value: unknown): unknown {
  return typeof value === 'number' && !Number.isFinite(value) ? String(value) : value;
}
