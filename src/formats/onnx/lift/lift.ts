/** Lifts a body of an ONNX file into an architecture graph. */
import { GraphBuilder, createValue } from '../../../graph/graph.js';
import type { GraphRole } from '../../../graph/graph.js';
import type { Layer, Origin, Value } from '../../../graph/layers.js';
import { dataTypeName } from '../data-types.js';
import type { FunctionRecord, GraphRecord, ModelRecord, NodeRecord } from '../wire/records.js';
import { findActivations } from './activations.js';
import type { OnnxConstant } from './constants.js';
import { findDropouts } from './dropouts.js';
import { isRandomOperator } from './decomposed-dropouts.js';
import type { DropoutFacts } from './dropout-facts.js';
import { findNormalizations } from './normalizations.js';
import { factsOf } from './operators.js';
import type { LayerFacts, Operands } from './operators.js';
import { otherOperand, soleReader } from './patterns.js';
import type { Pattern } from './patterns.js';
import { templateOfFunction } from './templates.js';
import { sourceOf } from './provenance.js';
import { carriedBy } from './recurrent-dropouts.js';
import type { Carried } from './recurrent-dropouts.js';
import { dataOperands, readBody } from './tensors.js';
import type { Body, Tensor } from './tensors.js';

/** Where a layer stands in the file: what the lowering edits. */
export interface Place {
  readonly body: Body;
  /** In the body's order. */
  readonly nodes: readonly NodeRecord[];
  /** Names of the values that join it to its neighbours. */
  readonly input: string;
  readonly output: string;
  readonly dropout: DropoutFacts | undefined;
}

export interface Lifted {
  /** The model's graph first, then subgraphs and functions. */
  readonly graphs: readonly GraphBuilder[];
  readonly places: ReadonlyMap<Layer, Place>;
  readonly dropouts: readonly { readonly body: Body; readonly pattern: Pattern<DropoutFacts> }[];
}

interface Draft {
  readonly nodes: readonly NodeRecord[];
  readonly main: NodeRecord;
  readonly input: string | undefined;
  readonly output: string;
  readonly facts: LayerFacts | undefined;
  readonly dropout: DropoutFacts | undefined;
}

class Lifter {
  readonly graphs: GraphBuilder[] = [];
  readonly places = new Map<Layer, Place>();
  readonly dropouts: { body: Body; pattern: Pattern<DropoutFacts> }[] = [];
  readonly #calls: ReadonlySet<string>;
  readonly #keys = new Set<string>();
  #order = 0;

  constructor(readonly model: ModelRecord) {
    this.#calls = new Set(model.functions.map((each) => `${each.domain}.${each.name}`));
  }

  run(): Lifted {
    this.#body(this.model.graph, 'model', 'graph', undefined, undefined);
    for (const each of this.model.functions) if (!templateOfFunction(this.model, each)) this.#body(each, 'function', `function:${each.domain ? `${each.domain}.` : ''}${each.name}`, undefined, undefined);
    const [main] = this.graphs;
    main.parameters = this.graphs.reduce<number | undefined>((total, graph) => (total === undefined || graph.parameters === undefined ? undefined : total + graph.parameters), 0);
    if (this.model.hasTrainingInfo) main.trainingEvidence.push('training_info');
    for (const [key, value] of this.model.metadata) main.metadata.set(key, value);
    return this;
  }

  #body(record: GraphRecord | FunctionRecord, role: GraphRole, path: string, parent: GraphBuilder | undefined, outer: Body | undefined, carried: readonly Carried[] = []): void {
    const body = readBody(this.model, record, outer);
    const graph = new GraphBuilder(path, record.name, role, parent);
    for (const [key, value] of record.metadata) graph.metadata.set(key, value);
    this.graphs.push(graph);
    new BodyLifter(this, body, graph, path).run(carried);
    for (const node of body.order.nodes) {
      for (const attribute of node.attributes) {
        attribute.graphs.forEach((nested, i) => {
          const name = attribute.graphs.length > 1 ? `${attribute.name}[${i}]` : attribute.name;
          this.#body(nested, node.opType === 'If' ? 'branch' : 'loop', `${pathOf(path, node)}:${name}`, graph, body, carriedBy(node, nested));
        });
      }
    }
  }

  isCall = (node: NodeRecord): boolean => this.#calls.has(`${node.domain}.${node.opType}`);

  nextOrder = (): number => (this.#order += 1);

  /** Names tell layers apart better than positions, which edits change. */
  keyOf(graph: GraphBuilder, node: NodeRecord, output: string): string {
    const named = `${graph.path}:${node.name}`;
    const key = node.name !== '' && !this.#keys.has(named) ? named : `${graph.path}:→${output}`;
    this.#keys.add(key);
    return key;
  }
}

const pathOf = (path: string, node: NodeRecord) => `${path}:node[${node.index}]${node.name ? `(${node.name})` : ''}`;

class BodyLifter {
  readonly #values = new Map<string, Value>();
  /** Computed from shapes alone: carries no data. */
  readonly #meta = new Set<string>();
  /** Weights that a dropout acts on, and what is computed from them alone. */
  readonly #droppedWeights = new Set<string>();

  constructor(readonly lifter: Lifter, readonly body: Body, readonly graph: GraphBuilder, readonly path: string) {}

  run(carried: readonly Carried[]): void {
    const drafts = this.#draft();
    this.#inputs();
    for (const draft of drafts) if (draft.dropout) this.#addDropout(draft, draft.dropout);
      else this.#addLayer(draft);
    for (const output of this.body.record.outputs) this.graph.outputs.push(this.#value(typeof output === 'string' ? output : output.name));
    for (const { input, output } of carried) this.graph.carried.push({ input: this.#value(input), output: this.#value(output) });
  }

  #inputs(): void {
    for (const input of this.body.record.inputs) {
      const name = typeof input === 'string' ? input : input.name;
      if (!this.body.tensor(name).constant) this.graph.inputs.push(this.#value(name));
    }
  }

  #value(name: string): Value {
    let value = this.#values.get(name);
    if (!value) {
      const tensor = this.body.tensor(name);
      value = createValue(name, { shape: tensor.shape, elementType: dataTypeName(tensor.dataType), constant: tensor.constant, isGraphInput: tensor.isInput, isGraphOutput: tensor.isOutput, captured: tensor.captured });
      this.#values.set(name, value);
    }
    return value;
  }

  /** One draft for each layer, in the order of its last node. */
  #draft(): readonly Draft[] {
    const { body } = this;
    const found = findDropouts(body);
    const claimed = new Set(found.flatMap((pattern) => pattern.nodes));
    const dropouts = found.filter(({ facts }) => !facts.drawsForLoops);
    for (const pattern of dropouts) this.lifter.dropouts.push({ body, pattern });
    const normalizations = findNormalizations(body, claimed);
    for (const pattern of normalizations) for (const node of pattern.nodes) claimed.add(node);
    const activations = findActivations(body, claimed);
    for (const pattern of activations) for (const node of pattern.nodes) claimed.add(node);
    const ends = new Map<NodeRecord, Draft>();
    const enter = (pattern: Pattern<unknown>, facts: LayerFacts | undefined, dropout?: DropoutFacts) => {
      const main = dropout?.main ?? pattern.nodes.at(-1)!;
      ends.set(pattern.nodes.at(-1)!, { nodes: pattern.nodes, main, input: pattern.input, output: pattern.output, facts, dropout });
    };
    for (const pattern of dropouts) enter(pattern, undefined, pattern.facts);
    for (const pattern of normalizations) enter(pattern, { kind: 'normalization', of: pattern.facts, training: undefined, parameters: this.#parameters(pattern.nodes) });
    for (const pattern of activations) enter(pattern, { kind: 'activation', function: pattern.facts, parameters: 0 });
    const drafts: Draft[] = [];
    for (const node of body.order.nodes) {
      const draft = ends.get(node) ?? (claimed.has(node) ? undefined : this.#single(node, claimed));
      if (!draft) continue;
      drafts.push(draft);
      this.#noteWeight(draft);
    }
    return drafts;
  }

  /** The result of a dropout over a weight, or of an operator that reads nothing but such results and constants. */
  #noteWeight({ dropout, nodes, output }: Draft): void {
    const isWeight = dropout
      ? dropout.unit === 'weight' || dropout.isAside === true
      : this.#droppedWeights.size > 0 && nodes.length === 1 && this.#live(nodes[0].inputs).every(({ name }) => this.#droppedWeights.has(name)) && nodes[0].inputs.some((name) => this.#droppedWeights.has(name));
    if (isWeight) this.#droppedWeights.add(output);
  }

  #parameters(nodes: readonly NodeRecord[]): number | undefined {
    const constants = new Set(nodes.flatMap((node) => node.inputs.map((name) => this.body.tensor(name).constant)));
    return [...constants].reduce<number | undefined>((total, constant) => (total === undefined ? undefined : !constant || constant.count === 1 ? total : constant.count === undefined ? undefined : total + constant.count), 0);
  }

  /** A node by itself, or with the Add of its bias; nothing for constants and for what is computed from shapes. */
  #single(node: NodeRecord, claimed: Set<NodeRecord>): Draft | undefined {
    const { body } = this;
    const output = node.outputs.find((name) => name !== '');
    if (output === undefined || body.tensor(output).constant) return undefined;
    if (this.#isMeta(node)) {
      for (const name of node.outputs) this.#meta.add(name);
      return undefined;
    }
    const bias = this.#biasOf(node, claimed);
    if (bias) claimed.add(bias.node);
    const operands = this.#operands(node, bias?.constant);
    const [first] = operands.live;
    return { nodes: bias ? [node, bias.node] : [node], main: node, input: first?.name, output: bias ? bias.node.outputs[0] : output, facts: isRandomOperator(node) ? { kind: 'opaque', role: 'random', parameters: 0 } : factsOf(operands, this.lifter.isCall(node)), dropout: undefined };
  }

  #isMeta(node: NodeRecord): boolean {
    // A Constant that is none takes its value from the call of a function.
    if (node.domain === '' && (node.opType === 'Shape' || node.opType === 'Size' || node.opType === 'Constant')) return true;
    if (isRandomOperator(node) || node.attributes.some((each) => each.graphs.length > 0)) return false;
    const operands = dataOperands(node).filter((name) => name !== '' && !this.body.tensor(name).constant);
    return operands.length > 0 && operands.every((name) => this.#meta.has(name));
  }

  #biasOf(node: NodeRecord, claimed: ReadonlySet<NodeRecord>): { readonly node: NodeRecord; readonly constant: OnnxConstant } | undefined {
    const isWeighted = node.domain === '' && (node.opType === 'MatMul' || node.opType === 'Conv' || node.opType === 'Gemm' || node.opType === 'ConvTranspose');
    if (!isWeighted || node.inputs[2]) return undefined;
    const add = soleReader(this.body, node.outputs[0]);
    const operand = add?.opType === 'Add' && add.domain === '' && !claimed.has(add) ? otherOperand(add, node.outputs[0]) : undefined;
    const constant = operand ? this.body.tensor(operand).constant : undefined;
    return add && constant && this.#isBias(node, constant) ? { node: add, constant } : undefined;
  }

  /** One number for each unit, along the axis of the units; a larger constant (a positional embedding) is none. */
  #isBias(node: NodeRecord, { shape }: OnnxConstant): boolean {
    const result = this.body.tensor(node.outputs[0]).shape;
    const isConvolution = node.opType === 'Conv' || node.opType === 'ConvTranspose';
    if (!shape || !result || (this.body.opset < 7 && shape.length === 1)) return shape?.length === 1 || shape === undefined;
    const axis = shape.length - (isConvolution ? result.length - 1 : 1);
    const units = result.at(isConvolution ? 1 : -1);
    return shape.every((dim, i) => (i === axis ? units === undefined || dim === units : dim === 1)) && axis >= 0;
  }

  #live(names: readonly string[]): Tensor[] {
    return names.filter((name) => name !== '' && !this.#meta.has(name)).map((name) => this.body.tensor(name)).filter((tensor) => !tensor.constant);
  }

  #operands(node: NodeRecord, bias: OnnxConstant | undefined): Operands {
    const { body } = this;
    const all = this.#live(dataOperands(node));
    // A weight that is dropped stands beside the data, unless it is all that the node reads.
    const data = all.filter(({ name }) => !this.#droppedWeights.has(name));
    return {
      body, node, bias,
      live: data.length > 0 ? data : all,
      isDroppedWeight: (k) => data.length > 0 && this.#droppedWeights.has(node.inputs[k] ?? ''),
      constant: (k) => (node.inputs[k] ? body.tensor(node.inputs[k]).constant : undefined),
    };
  }

  #origin(draft: Draft): Origin {
    const { main } = draft;
    return { path: pathOf(this.path, main), name: main.name || main.opType, order: this.lifter.nextOrder(), source: sourceOf(main), range: { start: main.span.tag, end: main.span.end } };
  }

  #addLayer(draft: Draft): void {
    const { main, facts } = draft;
    const operands = draft.nodes.length > 1 && facts!.kind !== 'linear' && facts!.kind !== 'convolution' ? [draft.input!] : dataOperands(main);
    const isWeight = (name: string) => this.#droppedWeights.has(name) && !this.#droppedWeights.has(draft.output);
    const live = this.#live(operands.filter((name) => !isWeight(name)));
    const reads = operands.filter(isWeight).map((name) => this.#value(name));
    const outputs = [...new Set([draft.output, ...main.outputs.slice(1)])].filter((name) => name !== '').map((name) => this.#value(name));
    // Spreads stand last: what is added to a spread gives every object a hidden class of its own in V8.
    const layer = {
      key: this.lifter.keyOf(this.graph, main, draft.output), type: main.opType,
      inputs: live.map((tensor) => this.#value(tensor.name)), outputs, origin: this.#origin(draft), graph: this.graph, metadata: main.metadata,
      ...facts!,
    } as Layer;
    this.graph.add(layer, reads);
    this.#account(layer, main);
    this.lifter.places.set(layer, { body: this.body, nodes: draft.nodes, input: draft.input ?? '', output: draft.output, dropout: undefined });
  }

  #addDropout(draft: Draft, facts: DropoutFacts): void {
    const { main, rate, rateName, rateIsConstant, state, unit, law, channelAxis, inverted, seed, mask, fused } = facts;
    const form = facts.isAside || facts.draw ? 'recurrent' : facts.form;
    const residual = fused?.residual ? this.#value(fused.residual) : undefined;
    const output = this.#value(draft.output);
    // The recurrent layer reads it, and no chain goes that way.
    if (facts.isAside) output.captured = true;
    const dropped = residual ? createValue(`${draft.output}:dropped`, { shape: output.shape, elementType: output.elementType }) : output;
    const origin = this.#origin(draft);
    const key = this.lifter.keyOf(this.graph, main, draft.output);
    const common = { type: main.opType, origin, graph: this.graph, parameters: 0, metadata: main.metadata };
    const layer = this.graph.add({
      kind: 'dropout', key, inputs: [this.#value(draft.input!)], outputs: [dropped],
      rate, rateName, rateIsConstant, state, unit, channelAxis, form, inverted, seed, law, mask: mask ? this.#value(mask) : undefined,
      ...common,
    } as const);
    if (residual) this.graph.add({ kind: 'merge', of: 'add', key: `${key}:residual`, inputs: [dropped, residual], outputs: [output], ...common } as const);
    if (state === 'live') this.graph.trainingEvidence.push(`live dropout ${origin.name}`);
    this.lifter.places.set(layer, { body: this.body, nodes: draft.nodes, input: draft.input!, output: draft.output, dropout: facts });
  }

  /** Parameters, and what says that the graph is being trained. */
  #account(layer: Layer, node: NodeRecord): void {
    const { graph } = this;
    graph.parameters = graph.parameters === undefined || layer.parameters === undefined ? undefined : graph.parameters + layer.parameters;
    if (layer.kind === 'normalization' && layer.of === 'batch' && layer.training) graph.trainingEvidence.push(`training-mode BatchNorm ${layer.origin.name}`);
    if (layer.kind === 'opaque' && (layer.role === 'loss' || node.domain === 'ai.onnx.preview.training' || node.opType.endsWith('Grad'))) graph.trainingEvidence.push(`${node.opType} ${layer.origin.name}`);
  }
}

/** The architecture graphs of a model, and where their layers stand. */
export const lift = (model: ModelRecord): Lifted => new Lifter(model).run();
