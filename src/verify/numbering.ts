/**
 * Value numbering of an ONNX model: two values get the same number if and only if the same expression computes them:
 * the same operators with the same attributes, subgraphs and functions, on the same weights and inputs. Numbers of two
 * models compare when they share an `Expressions`. Strict: operands of commutative operators are not sorted.
 */
import { BOOL } from '../formats/onnx/data-types.js';
import { readTensor } from '../formats/onnx/wire/tensors.js';
import type { DropoutLayer, DropoutUnit } from '../graph/layers.js';
import type { Expressions } from './expressions.js';
import type { AttributeRecord, BodyRecord, FunctionRecord, GraphRecord, ModelRecord, NodeRecord, TensorRecord } from '../formats/onnx/wire/records.js';

/** A recognised dropout. */
export interface Erased {
  readonly body: BodyRecord;
  readonly nodes: readonly NodeRecord[];
  readonly input: string;
  readonly output: string;
  readonly mask: string | undefined;
  readonly rate: number | undefined;
  readonly unit: DropoutUnit;
  readonly law: DropoutLayer['law'];
}

export interface Scope {
  readonly body: BodyRecord;
  readonly parent: Scope | undefined;
  readonly depth: number;
  readonly numbers: Map<string, number>;
  readonly producers: ReadonlyMap<string, NodeRecord>;
  readonly erased: ReadonlyMap<string, Erased>;
  readonly masks: ReadonlyMap<string, Erased>;
}

const RANDOM = new Set(['RandomUniform', 'RandomUniformLike', 'RandomNormal', 'RandomNormalLike', 'Bernoulli', 'Multinomial']);
const FUSED_WITH_BIAS = new Set(['BiasDropout', 'BitmaskBiasDropout']);

export class Numbering {
  private readonly functions: ReadonlyMap<string, FunctionRecord>;
  private readonly signatures = new Map<string, string>();
  private readonly erasedOf = new Map<BodyRecord, Map<string, Erased>>();
  protected readonly occurrences = new Map<string, Set<number>>();
  private readonly capturesOf = new WeakMap<GraphRecord, ReadonlySet<string>>();
  private readonly root: Scope;

  constructor(
    protected readonly model: ModelRecord,
    protected readonly expressions: Expressions,
    private readonly identify: (tensor: TensorRecord) => string,
    erased: readonly Erased[],
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
    return { body, parent, depth: parent ? parent.depth + 1 : 0, numbers: new Map(), producers, erased, masks };
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
    else if (masked) numbers.set(name, this.mask(scope, masked.input));
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
    const drop = (x: number): number => this.dropped(scope, x, dropout);
    if (!isFusedWithBias(node)) return drop(input);
    const add = (a: number, b: number): number => this.expressions.number(headOf('', 'Add', '', 1), [a, b], labelOf(node!));
    const [, bias, residual] = node!.inputs;
    const biased = bias ? add(input, this.valueOf(scope, bias)) : input;
    return residual ? add(drop(biased), this.valueOf(scope, residual)) : drop(biased);
  }

  private mask(scope: Scope, of: string): number {
    return this.expressions.number('mask', [this.valueOf(scope, of)], 'the mask of a dropout');
  }

  /** ConstantOfShape(Shape(x)) filled with true: what the mask of a dropout of x is at inference, from opset 12 on. */
  private isAllTrue(scope: Scope, { domain, opType, inputs, attributes }: NodeRecord): boolean {
    if (domain !== '' || opType !== 'ConstantOfShape' || (this.model.opsets.get('') ?? 0) < 12) return false;
    const shape = scope.producers.get(inputs[0] ?? '');
    const fill = attributes.find(({ name }) => name === 'value')?.tensor;
    return shape?.opType === 'Shape' && shape.domain === '' && shape.attributes.length === 0 && fill?.dataType === BOOL && readTensor(this.model, fill, 1)?.[0] === 1;
  }

  /** What an erased dropout computes of x: nothing but x. */
  protected dropped(_scope: Scope, x: number, _dropout: Erased): number {
    return x;
  }

  /** The value of a node, if it is another than its plain expression. */
  protected rewritten(_scope: Scope, _node: NodeRecord, _head: string, _inputs: readonly number[]): number | undefined {
    return undefined;
  }

  private computeNode(scope: Scope, node: NodeRecord): void {
    const { numbers } = scope;
    const constant = constantOf(node);
    const inputs = trimmed(node.inputs).map((input) => this.valueOf(scope, input));
    const standard = node.domain === '';
    if (constant) numbers.set(node.outputs[0]!, this.tensor(constant));
    else if (standard && node.opType === 'Identity' && inputs.length === 1) numbers.set(node.outputs[0]!, inputs[0]!);
    else if (this.isAllTrue(scope, node)) numbers.set(node.outputs[0]!, this.mask(scope, scope.producers.get(node.inputs[0]!)!.inputs[0]!));
    else {
      const head = this.headOfNode(scope, node);
      const drawn = standard && RANDOM.has(node.opType) ? `#${this.occurrence(`${head}|${inputs.join()}`)}` : '';
      const number = this.rewritten(scope, node, head, inputs) ?? this.expressions.number(head + drawn, inputs, labelOf(node));
      node.outputs.forEach((output, k) => {
        if (output) numbers.set(output, k === 0 ? number : this.expressions.number(`output ${k}`, [number], labelOf(node)));
      });
    }
  }

  /** Two draws from the same law are two values: the least number that none of the others has. */
  protected occurrence(key: string): number {
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
  protected readsOf(node: NodeRecord): readonly string[] {
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
export const labelOf = (node: NodeRecord): string => (node.name ? `${node.opType} ${node.name}` : `${node.opType} (node ${node.index})`);

/** Trailing absent operands are the same as none. */
export function trimmed(names: readonly string[]): readonly string[] {
  let end = names.length;
  while (end > 0 && names[end - 1] === '') end--;
  return end === names.length ? names : names.slice(0, end);
}

export function constantOf(node: NodeRecord): TensorRecord | undefined {
  if (node.domain !== '' || node.opType !== 'Constant') return undefined;
  return node.attributes.find(({ name }) => name === 'value')?.tensor;
}

/** JSON has no NaN and no infinities. */
function numberToText(_key: string, value: unknown): unknown {
  return typeof value === 'number' && !Number.isFinite(value) ? String(value) : value;
}
