/**
 * The part of a model that an edit changed: cost follows the edit and not the model. All nodes that are not the same on
 * both sides, and what their constants, shapes and masks are computed from. Everything else is the same function of the
 * same names, so that equal outputs of the region, for whatever inputs, are equal outputs of the model.
 */
import { createHash } from 'node:crypto';
import { bodiesIn, subgraphsOf } from '../formats/onnx/wire/bodies.js';
import type { GraphRecord, ModelRecord, NodeRecord } from '../formats/onnx/wire/records.js';
import { readBody } from '../formats/onnx/lift/tensors.js';
import type { Body } from '../formats/onnx/lift/tensors.js';
import { copyOf, operator } from './copy.js';
import type { Declaration, ModelCopy, Operator } from './copy.js';
import type { OnnxModel, RecognisedDropout } from './onnx-model.js';
import { placeOf } from './tensor-content.js';

export interface Region {
  /** Indices of its nodes in each model's graph. */
  readonly before: ReadonlySet<NodeRecord>;
  readonly after: ReadonlySet<NodeRecord>;
  readonly inputs: readonly Declaration[];
  readonly outputs: readonly string[];
}

/** `undefined` where the edit cannot be enclosed: functions changed, or a name on the boundary exists on one side only. */
export function changedRegion(before: OnnxModel, after: OnnxModel): Region | undefined {
  if (!sameFunctions(before.record, after.record)) return undefined;
  const [old, now] = [new Side(before), new Side(after)];
  markChanges(old, now);
  const outputs = boundaryOutputs(old, now);
  if (!outputs) return undefined;
  for (const side of [old, now]) side.completeDropouts();
  const inputs = new Map<string, Declaration>();
  // What one side takes in computed, the other must not be fed.
  let grown = true;
  while (grown) {
    grown = false;
    inputs.clear();
    for (const side of [old, now]) {
      const computed = side.close(inputs);
      const other = side === old ? now : old;
      for (const name of computed) if (other.include(name)) grown = true;
    }
  }
  return { before: old.nodes, after: now.nodes, inputs: [...inputs.values()], outputs };
}

/** A copy of which only a region is left. */
export function restrictTo(copy: ModelCopy, nodes: ReadonlySet<NodeRecord>, { inputs, outputs }: Pick<Region, 'inputs' | 'outputs'>): void {
  const { graph } = copy;
  graph.operators = graph.operators.filter(({ node }) => node !== undefined && nodes.has(node));
  const reads = new Set(graph.operators.flatMap(readsOfOperator));
  for (const output of outputs) reads.add(output);
  const declared = new Map(graph.body.inputs.map((input) => [input.name, input]));
  graph.inputs = inputs.filter(({ name }) => reads.has(name))
    .map(({ name, elementType, shape }) => declared.get(name) ?? { name, elementType, ...(shape && { shape }) });
  graph.outputs = outputs.map((name) => ({ name, elementType: undefined }));
  for (const name of graph.initializers.keys()) if (!reads.has(name)) graph.initializers.delete(name);
}

function readsOfOperator({ inputs, node }: Operator): readonly string[] {
  return node ? [...inputs, ...captured(node)] : inputs;
}

class Side {
  readonly graph: GraphRecord;
  readonly nodes = new Set<NodeRecord>();
  readonly producers = new Map<string, NodeRecord>();
  private readonly body: Body;
  private readonly freeOfData = new Map<string, boolean>();

  constructor(readonly model: OnnxModel) {
    this.graph = model.record.graph;
    this.body = readBody(model.record, this.graph, undefined);
    for (const node of this.graph.nodes) for (const output of node.outputs) if (output) this.producers.set(output, node);
  }

  /** A dropout is taken in as a whole: half of one is none. */
  completeDropouts(): void {
    for (const { body, nodes } of this.model.dropouts()) {
      if (body === this.graph && nodes.some((node) => this.nodes.has(node))) for (const node of nodes) this.nodes.add(node);
    }
  }

  /** Takes in the node that computes a value. */
  include(name: string): boolean {
    const producer = this.producers.get(name);
    if (!producer || this.nodes.has(producer)) return false;
    this.nodes.add(producer);
    return true;
  }

  /** Takes in what computes constants, shapes and scalars; the other values that are read become inputs. Returns what it took in. */
  close(inputs: Map<string, Declaration>): readonly string[] {
    const taken: string[] = [];
    const queue = [...this.nodes].flatMap((node) => [...node.inputs, ...captured(node)]);
    const seen = new Set<string>();
    for (let name = queue.pop(); name !== undefined; name = queue.pop()) {
      const producer = this.producers.get(name);
      if (name === '' || seen.has(name) || (producer && this.nodes.has(producer))) continue;
      seen.add(name);
      const declared = this.graph.inputs.find((input) => input.name === name);
      if (declared) inputs.set(name, declared);
      if (declared || !producer) continue;
      const fed = this.declarationOf(name);
      if (fed) inputs.set(name, fed);
      else {
        this.nodes.add(producer);
        taken.push(name);
        queue.push(...producer.inputs, ...captured(producer));
      }
    }
    return taken;
  }

  /** Computed from shapes, constants and random numbers alone: a template, a mask. */
  private isFreeOfData(name: string, depth: number): boolean {
    const known = this.freeOfData.get(name);
    if (known !== undefined) return known;
    const producer = this.producers.get(name);
    if (!producer) return this.graph.initializers.has(name);
    if (producer.domain !== '' || depth === 0) return false;
    const free = FREE_OF_DATA.has(producer.opType) || (captured(producer).length === 0 && producer.inputs.every((input) => input === '' || this.isFreeOfData(input, depth - 1)));
    this.freeOfData.set(name, free);
    return free;
  }

  /** A float tensor of known rank and extents can be fed; what is constant, a scalar, an index or unknown is computed. */
  private declarationOf(name: string): Declaration | undefined {
    const { constant, dataType, shape } = this.body.tensor(name);
    if (this.isFreeOfData(name, DEPTH)) return undefined;
    if (constant || !shape || shape.length === 0 || dataType === undefined || !FED_TYPES.has(dataType)) return undefined;
    if (shape.some((dimension) => dimension === undefined)) return undefined;
    return { name, elementType: dataType, shape };
  }
}

/** Names under which a copy made by `isolate` gives out what it drops, and the result. */
export const ISOLATED_INPUT = '__droplint/input';

/**
 * A copy of one dropout alone, fed with what it drops; `undefined` for one that stands in a subgraph or function. Where
 * the shape of what it drops is unknown, what computes it comes along.
 */
export function isolate(model: OnnxModel, dropout: RecognisedDropout): ModelCopy | undefined {
  const side = new Side(model);
  if (dropout.body !== side.graph) return undefined;
  for (const node of dropout.nodes) side.nodes.add(node);
  const inputs = new Map<string, Declaration>();
  side.close(inputs);
  const copy = copyOf(model.record);
  restrictTo(copy, side.nodes, { inputs: [...inputs.values()], outputs: [dropout.output, dropout.input] });
  copy.graph.operators.push(operator('Identity', [dropout.input], [ISOLATED_INPUT]));
  copy.graph.outputs = [ISOLATED_INPUT, dropout.output].map((name) => ({ name, elementType: undefined }));
  return copy;
}

/** How far computed templates and masks are followed. */
const DEPTH = 24;
const FREE_OF_DATA = new Set(['Constant', 'Shape', 'Size', 'ConstantOfShape', 'RandomUniform', 'RandomUniformLike', 'RandomNormal', 'RandomNormalLike']);

/** float32, float16, double. */
const FED_TYPES = new Set([1, 10, 11]);

/** Nodes whose bytes, or whose initializers, are not on the other side. */
function markChanges(old: Side, now: Side): void {
  const changed = changedInitializers(old.model.record, now.model.record);
  const unmatched = new Map<string, NodeRecord[]>();
  for (const node of old.graph.nodes) {
    const key = keyOf(old.model.record, node);
    const list = unmatched.get(key);
    if (list) list.push(node);
    else unmatched.set(key, [node]);
  }
  for (const node of now.graph.nodes) {
    const partner = unmatched.get(keyOf(now.model.record, node))?.pop();
    if (partner && !node.inputs.some((input) => changed.has(input)) && !captured(node).some((name) => changed.has(name))) continue;
    now.nodes.add(node);
    if (partner) old.nodes.add(partner);
  }
  for (const list of unmatched.values()) for (const node of list) old.nodes.add(node);
}

const SMALL = 4096;

function keyOf({ source }: ModelRecord, { span }: NodeRecord): string {
  const bytes = Buffer.from(source.read(span.start, span.end));
  return bytes.length <= SMALL ? bytes.toString('latin1') : createHash('sha256').update(bytes).digest('base64');
}

/** Names of initializers that are not the same tensor on both sides. */
function changedInitializers(before: ModelRecord, after: ModelRecord): ReadonlySet<string> {
  const changed = new Set<string>();
  for (const [name, tensor] of before.graph.initializers) {
    const other = after.graph.initializers.get(name);
    if (!other || placeOf(before, tensor) !== placeOf(after, other)) changed.add(name);
  }
  for (const name of after.graph.initializers.keys()) if (!before.graph.initializers.has(name)) changed.add(name);
  return changed;
}

function sameFunctions(before: ModelRecord, after: ModelRecord): boolean {
  const read = ({ functions, source }: ModelRecord): string[] => functions.map(({ span }) => Buffer.from(source.read(span.start, span.end)).toString('latin1'));
  const [a, b] = [read(before), read(after)];
  return a.length === b.length && a.every((bytes, k) => bytes === b[k]);
}

/** Names that the changed nodes compute for others. Each must be computed on both sides by changed nodes. */
function boundaryOutputs(old: Side, now: Side): readonly string[] | undefined {
  const names = new Set<string>();
  for (const side of [old, now]) {
    const outer = new Set(side.graph.outputs.map(({ name }) => name));
    for (const node of side.graph.nodes) if (!side.nodes.has(node)) for (const name of [...node.inputs, ...captured(node)]) outer.add(name);
    for (const node of side.nodes) for (const output of node.outputs) if (outer.has(output)) names.add(output);
  }
  for (const name of names) {
    for (const side of [old, now]) {
      const producer = side.producers.get(name);
      if (!producer || !side.nodes.has(producer)) return undefined;
    }
  }
  return names.size > 0 ? [...names] : undefined;
}

const capturedNames = new WeakMap<NodeRecord, readonly string[]>();

/** Outer values that the subgraphs of a node may read. */
function captured(node: NodeRecord): readonly string[] {
  let names = capturedNames.get(node);
  if (!names) {
    const found = new Set<string>();
    for (const graph of bodiesIn(...subgraphsOf(node))) {
      for (const output of graph.outputs) found.add(output.name);
      for (const { inputs } of graph.nodes) for (const input of inputs) found.add(input);
    }
    names = found.size > 0 ? [...found] : NONE;
    capturedNames.set(node, names);
  }
  return names;
}

const NONE: readonly string[] = [];
