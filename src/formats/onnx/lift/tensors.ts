/** The tensors of one body (graph, subgraph or function): who makes them, who reads them, what is known of them. */
import type { Dimension } from '../../../graph/layers.js';
import { subgraphsOf } from '../wire/bodies.js';
import type { AttributeRecord, BodyRecord, FunctionRecord, GraphRecord, ModelRecord, NodeRecord, TensorRecord, ValueInfoRecord } from '../wire/records.js';
import { FLOAT } from '../data-types.js';
import { derivedConstant, tensorConstant } from './constants.js';
import type { OnnxConstant } from './constants.js';
import { inTopologicalOrder } from './node-order.js';
import type { NodeOrder } from './node-order.js';
import { inferShapes } from './shapes.js';

/** One value name. */
export interface Tensor {
  readonly name: string;
  producer: NodeRecord | undefined;
  /** Nodes of the same body, one entry for each operand. */
  readonly readers: NodeRecord[];
  isInput: boolean;
  isOutput: boolean;
  /** A nested graph reads it. */
  captured: boolean;
  /** It comes from an enclosing graph. */
  outer: boolean;
  dataType: number | undefined;
  shape: readonly Dimension[] | undefined;
  /** The elements of a small integer tensor (a shape, an index), as far as they are known. */
  ints: readonly Dimension[] | undefined;
  constant: OnnxConstant | undefined;
}

/** A body with its tensors. */
export interface Body {
  readonly model: ModelRecord;
  readonly record: GraphRecord | FunctionRecord;
  readonly parent: Body | undefined;
  readonly opsets: ReadonlyMap<string, number>;
  readonly tensors: ReadonlyMap<string, Tensor>;
  tensor(name: string): Tensor;
  /** Opset of the default domain. */
  readonly opset: number;
  /** Every name that its nested graphs read from outside themselves. */
  readonly nested: ReadonlySet<string>;
  /** Its nodes in topological order; without those on a cycle. */
  readonly order: NodeOrder;
}

export const attribute = (node: NodeRecord, name: string): AttributeRecord | undefined => node.attributes.find((each) => each.name === name);
export const intAttribute = (node: NodeRecord, name: string): number | undefined => attribute(node, name)?.i;
export const floatAttribute = (node: NodeRecord, name: string): number | undefined => attribute(node, name)?.f;
export const intsAttribute = (node: NodeRecord, name: string): readonly number[] | undefined => attribute(node, name)?.ints;
export const stringAttribute = (node: NodeRecord, name: string): string | undefined => attribute(node, name)?.s;
/** In a function's body: an attribute takes its value from the call, so that nothing is known of it here, not even that it is the default. */
export const takesFromCall = (node: NodeRecord, ...names: readonly string[]): boolean =>
  node.attributes.some((each) => each.refersTo !== '' && (names.length === 0 || names.includes(each.name)));
export const isStandard = (node: NodeRecord): boolean => node.domain === '' || node.domain === 'ai.onnx';

/** Operators whose result differs from run to run, or that nothing may be folded through. */
const NEVER_CONSTANT = new Set(['RandomUniform', 'RandomUniformLike', 'RandomNormal', 'RandomNormalLike', 'Bernoulli', 'Multinomial', 'Dropout', 'If', 'Loop', 'Scan', 'BiasDropout', 'BitmaskDropout']);

const SHAPE_ONLY = new Set(['RandomUniformLike', 'RandomNormalLike', 'EyeLike']);

/** The operands whose elements a node reads; of the others it takes the type or the shape alone. */
export function dataOperands(node: NodeRecord): readonly string[] {
  if (!isStandard(node)) return node.inputs;
  return node.opType === 'CastLike' ? node.inputs.slice(0, 1) : SHAPE_ONLY.has(node.opType) ? [] : node.inputs;
}

/** Names that a graph reads but does not define. */
function freeNames(graph: GraphRecord, into: Set<string>): void {
  const defined = new Set<string>([...graph.inputs.map((input) => input.name), ...graph.initializers.keys(), ...graph.sparseInitializers]);
  for (const node of graph.nodes) for (const output of node.outputs) defined.add(output);
  const inner = new Set<string>();
  for (const node of graph.nodes) {
    for (const input of node.inputs) inner.add(input);
    for (const nested of subgraphsOf(node)) freeNames(nested, inner);
  }
  for (const output of graph.outputs) inner.add(output.name);
  for (const name of inner) if (name !== '' && !defined.has(name)) into.add(name);
}

class TensorTable implements Body {
  readonly tensors = new Map<string, Tensor>();
  readonly nested = new Set<string>();
  #order: NodeOrder | undefined;

  constructor(readonly model: ModelRecord, readonly record: GraphRecord | FunctionRecord, readonly parent: Body | undefined, readonly opsets: ReadonlyMap<string, number>) {}

  get opset(): number {
    return this.opsets.get('') ?? 1;
  }

  /** For when every node was added. */
  get order(): NodeOrder {
    return (this.#order ??= inTopologicalOrder(this.record.nodes, (node) => this.#needs(node)));
  }

  #needs(node: NodeRecord): readonly NodeRecord[] {
    const needs: NodeRecord[] = [];
    const add = (name: string) => {
      const producer = this.tensors.get(name)?.producer;
      if (producer) needs.push(producer);
    };
    for (const name of node.inputs) add(name);
    for (const name of freeNamesOf(node)) add(name);
    return needs;
  }

  tensor(name: string): Tensor {
    let tensor = this.tensors.get(name);
    if (!tensor) {
      const outer = this.#outer(name);
      tensor = { name, producer: undefined, readers: [], isInput: false, isOutput: false, captured: false, outer: outer !== undefined, dataType: outer?.dataType, shape: outer?.shape, ints: outer?.ints, constant: outer?.constant };
      this.tensors.set(name, tensor);
    }
    return tensor;
  }

  #outer(name: string): Tensor | undefined {
    for (let body = this.parent; body; body = body.parent) {
      const tensor = body.tensors.get(name);
      if (tensor) return tensor;
    }
    return undefined;
  }

  /** What is known already is not overruled: exporters' declarations may be wrong. */
  declare(info: ValueInfoRecord): Tensor {
    const tensor = this.tensor(info.name);
    // Some exporters write 0 or -1 for an extent that is not fixed.
    const declared = info.shape?.map((dim) => (typeof dim === 'number' && dim <= 0 ? undefined : dim));
    tensor.dataType ??= info.elementType;
    if (!tensor.shape) tensor.shape = declared;
    else if (tensor.shape.length === declared?.length) tensor.shape = tensor.shape.map((dim, i) => dim ?? declared[i]);
    return tensor;
  }

  own(tensor: Tensor, facts: Partial<Tensor>): void {
    Object.assign(tensor, { outer: false, dataType: undefined, shape: undefined, ints: undefined, constant: undefined, ...facts });
  }
}

function addInitializer(table: TensorTable, record: TensorRecord): void {
  const tensor = table.tensor(record.name);
  const constant = tensorConstant(table.model, record);
  table.own(tensor, { isInput: tensor.isInput, dataType: record.dataType, shape: record.dims, constant, ints: constant.ints() });
}

function addInputs(table: TensorTable): void {
  const { record } = table;
  if (record.kind === 'function') {
    for (const name of record.inputs) table.own(table.tensor(name), { isInput: true });
    return;
  }
  for (const input of record.inputs) {
    table.own(table.tensor(input.name), { isInput: true });
    table.declare(input);
  }
  for (const initializer of record.initializers.values()) addInitializer(table, initializer);
  // Sparse weights are constants whose values nobody here needs.
  for (const name of record.sparseInitializers) table.own(table.tensor(name), { dataType: FLOAT, constant: derivedConstant(undefined, []) });
}

const NONE: ReadonlySet<string> = new Set();

/** What the nested graphs of a node read from outside themselves. */
function freeNamesOf(node: NodeRecord): ReadonlySet<string> {
  const graphs = subgraphsOf(node);
  if (graphs.length === 0) return NONE;
  const names = new Set<string>();
  for (const graph of graphs) freeNames(graph, names);
  return names;
}

function addNode(table: TensorTable, node: NodeRecord): void {
  for (const name of node.inputs) if (name !== '') table.tensor(name).readers.push(node);
  for (const name of node.outputs) if (name !== '') table.own(table.tensor(name), { producer: node });
  for (const name of freeNamesOf(node)) table.nested.add(name);
}

/** Constants are what is computed from initializers and Constants alone. */
function foldConstants(table: TensorTable, node: NodeRecord): void {
  if (node.outputs.length === 0 || NEVER_CONSTANT.has(node.opType) || (node.opType === 'Constant' && takesFromCall(node))) return;
  const operands = dataOperands(node).filter((name) => name !== '').map((name) => table.tensor(name).constant);
  if (operands.includes(undefined) || (operands.length === 0 && node.opType !== 'Constant') || !(isStandard(node) || node.opType === 'Constant')) return;
  for (const name of node.outputs) if (name !== '') table.tensor(name).constant = derivedConstant(node, operands as OnnxConstant[], table.model);
}

/** Reads a body into tensors, folds constants and infers shapes, all in one pass over its nodes. */
export function readBody(model: ModelRecord, record: GraphRecord | FunctionRecord, parent: Body | undefined): Body {
  const opsets = record.kind === 'function' && record.opsets.size > 0 ? record.opsets : (parent?.opsets ?? model.opsets);
  const table = new TensorTable(model, record, parent, opsets);
  addInputs(table);
  for (const node of record.nodes) addNode(table, node);
  const declared = (record as BodyRecord).valueInfos;
  for (const node of table.order.nodes) {
    foldConstants(table, node);
    inferShapes(table, node);
    for (const name of node.outputs) {
      const info = declared.get(name);
      if (info) table.declare(info);
      const tensor = name === '' ? undefined : table.tensor(name);
      if (tensor?.constant && tensor.ints === undefined) tensor.ints = tensor.constant.ints();
      if (tensor?.constant && !tensor.constant.shape && tensor.shape?.every((dim) => typeof dim === 'number')) tensor.constant.assumeShape(tensor.shape as number[]);
      if (tensor?.constant?.shape && !tensor.shape) tensor.shape = tensor.constant.shape;
      if (tensor?.constant && tensor.dataType === undefined) tensor.dataType = tensor.constant.dataType;
    }
  }
  for (const output of record.outputs) {
    const tensor = typeof output === 'string' ? table.tensor(output) : table.declare(output);
    tensor.isOutput = true;
  }
  for (const name of table.nested) table.tensor(name).captured = true;
  for (const node of table.order.cyclic) for (const name of node.inputs) table.tensor(name).captured = true;
  return table;
}
