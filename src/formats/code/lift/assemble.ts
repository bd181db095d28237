/** Models and applications of one path → architecture graphs. */
import type { ts } from 'ts-morph';
import { GraphBuilder, createValue, type Graph } from '../../../graph/graph.js';
import type { Applied, Layer, Origin, Shape, Value } from '../../../graph/layers.js';
import { isModelState } from '../interpret/values.js';
import type { Application, ApplyCall, Entry, LayerInstance, ModelState, Placement, Tensor } from '../interpret/values.js';
import { appliedBy, modeOf } from './applied.js';
import { Settings, configurationOf, fold } from './arguments.js';
import { specsOf } from './layers.js';
import { originOf } from './origins.js';
import type { Part, Spec } from './specs.js';
import { isUnread } from './unread.js';

/** Where a layer of a graph stands in the code: what lowering needs to know of it. */
export interface Site {
  readonly instance: LayerInstance;
  readonly placement: Placement;
  readonly part: Part;
  /** The call that decides whether it drops: of `apply` of itself, or of a model around it. */
  readonly call: ApplyCall | undefined;
  /** Rank of what it is given. */
  readonly rank: number | undefined;
  readonly channelAxis: 1 | -1;
}

const sites = new WeakMap<Layer, Site>();
export const siteOf = (layer: Layer): Site | undefined => sites.get(layer);

const fits = new WeakMap<Graph, readonly ts.CallExpression[]>();
/** The calls of `fit` and `fitDataset` that this path makes on the model. */
export const fitsOf = (graph: Graph): readonly ts.CallExpression[] => fits.get(graph) ?? [];

/** What is known of a model besides what its path made. */
export interface Circumstances {
  readonly source: ts.SourceFile;
  /** More than one function adds to the model, in an order that nobody knows. */
  readonly shared: boolean;
  /** Nothing is added to it any more where it ends. */
  readonly ends: (last: Layer | undefined) => boolean;
  readonly losses: readonly string[];
  /** Of a functional model: results of dropouts, made of its tensors, that nothing reads. */
  readonly unread?: readonly Tensor[];
  /** Default true; a saved topology is no source code. */
  readonly isSource?: boolean;
  /** How places are called in this document; default `line:column`. */
  readonly pathOf?: (node: ts.Node) => string;
}

interface Tracked {
  readonly value: Value;
  readonly channelAxis: 1 | -1;
}

interface Chained extends Tracked {
  readonly values: readonly Value[];
  /** What the next layer reads besides: its own dropped weight. */
  readonly weights: readonly Value[];
}

export class Assembler {
  readonly builder: GraphBuilder;
  readonly #source: ts.SourceFile;
  readonly #axes = new WeakMap<Value, 1 | -1>();
  readonly #keys = new Map<string, number>();
  readonly #counted = new Set<LayerInstance>();
  readonly #open: ModelState[] = [];
  readonly #calls = new Map<Value, ApplyCall>();

  readonly #pathOf: ((node: ts.Node) => string) | undefined;
  /** The call of `apply` of a model whose layers are being placed: what it says holds for all of them. */
  #around: ApplyCall | undefined;
  /** All tensors are symbolic: it is the graph of a functional model. */
  isSymbolic = false;

  constructor(name: string, source: ts.SourceFile, { isSource = true, pathOf }: Pick<Circumstances, 'isSource' | 'pathOf'> = {}) {
    this.builder = new GraphBuilder(name, name, 'model', undefined, isSource);
    this.#source = source;
    this.#pathOf = pathOf;
  }

  /** A graph whose beginning or end is not known. */
  asFragment(): void {
    this.builder.role = 'fragment';
  }

  input(name: string, shape: Shape | undefined): Value {
    const value = createValue(name, { shape, isGraphInput: true, elementType: 'float32' });
    this.builder.inputs.push(value);
    return value;
  }

  output(value: Value): void {
    value.isGraphOutput = true;
    this.builder.outputs.push(value);
  }

  #key(base: string): string {
    const count = (this.#keys.get(base) ?? 0) + 1;
    this.#keys.set(base, count);
    return count === 1 ? base : `${base}~${count}`;
  }

  /** Something stands here, or may: the chain ends. */
  gap(inputs: readonly Value[], name: string, node: ts.Node, path = ''): Value {
    const origin = this.#origin(node, name);
    const value = createValue('');
    this.builder.add<Layer>({
      kind: 'opaque', role: 'unknown', key: this.#key(`gap:${node.pos}@${path}`), type: name, inputs: [...inputs], outputs: [value], origin, graph: this.builder, parameters: undefined, placement: 'computed',
    });
    this.builder.parameters = undefined;
    return value;
  }

  /** One layer object, placed once; gives its result. */
  place(instance: LayerInstance, inputs: readonly Value[], placement: Placement, own?: ApplyCall): Value {
    const axis = (inputs[0] && this.#axes.get(inputs[0])) ?? -1;
    const specs = specsOf(instance, { shapes: inputs.map((input) => input.shape), channelAxis: axis });
    const configuration = configurationOf(instance);
    const settings = new Settings(instance.configuration);
    const name = settings.string('name');
    const { node, path } = instance;
    const base = `${node.getSourceFile() === this.#source ? '' : node.getSourceFile().fileName}${node.pos}:${node.end}@${path}`;
    let at: Chained = { value: inputs[0], channelAxis: axis, values: inputs, weights: [] };
    const call = this.#around ?? own;
    const applied = call && appliedBy(call, this.#origin(call.node, 'apply', call.calledFrom), { byItself: call === own, symbolic: this.isSymbolic });
    for (const spec of specs) at = this.#add(spec, at, { instance, placement, base, name, configuration, call, applied });
    if (!this.#counted.has(instance)) this.#count(specs);
    this.#counted.add(instance);
    return at.value;
  }

  #count(specs: readonly Spec[]): void {
    for (const { parameters } of specs) this.builder.parameters = this.builder.parameters === undefined || parameters === undefined ? undefined : this.builder.parameters + parameters;
  }

  #add(spec: Spec, at: Chained, { instance, placement, base, name, configuration, call, applied }: { instance: LayerInstance; placement: Placement; base: string; name: string | undefined; configuration: ReturnType<typeof configurationOf>; call: ApplyCall | undefined; applied: Applied | undefined }) {
    const { part, shape, aside, channelAxis = at.channelAxis, ...facts } = spec;
    const value = createValue('', { shape, elementType: 'float32', captured: aside === 'state' });
    const inputs = aside ? [createValue(aside, { shape })] : [...at.values];
    const axes = spec.kind === 'convolution' || spec.kind === 'dropout' ? { channelAxis } : {};
    const type = part === 'activation' ? 'activation' : instance.type;
    const origin = this.#origin(instance.node, name ?? type, instance.calledFrom);
    const mode = spec.kind === 'dropout' ? modeOf(applied, [...(call ? [call.node] : []), instance.node, placement.node]) : {};
    const layer = { ...facts, ...axes, ...mode, key: this.#key(part === 'self' ? base : `${base}/${part}`), type, inputs, outputs: [value], origin, graph: this.builder, configuration, placement: placement.kind } as Layer;
    this.builder.add(layer, at.weights);
    sites.set(layer, { instance, placement, part, call, rank: inputs[0]?.shape?.length, channelAxis: at.channelAxis });
    if (aside) return aside === 'weight' ? { ...at, weights: [value] } : at;
    this.#axes.set(value, channelAxis);
    return { value, channelAxis, values: [value], weights: [] };
  }

  #origin(node: ts.Node, name: string, calledFrom?: ts.Node): Origin {
    return originOf(node, name, { source: this.#source, calledFrom, pathOf: this.#pathOf });
  }

  /** The entries of a Sequential behind `from`; `shared` keeps what several functions add apart. */
  chain(entries: readonly Entry[], from: Value, shared: boolean): Value {
    let value = from;
    let before: Entry | undefined;
    for (const entry of entries) {
      const apart = before && (before.region !== entry.region || (shared && before.phase !== entry.phase));
      if (apart || entry.placement.kind === 'layers-push' || before?.placement.kind === 'layers-push') value = this.gap([value], 'unknown', entry.placement.node, entry.placement.path);
      value = isModelState(entry.what) ? (this.nested(entry.what, [value], entry.placement)[0] ?? value) : isInputLayer(entry.what) ? value : this.place(entry.what, [value], entry.placement);
      before = entry;
    }
    return value;
  }

  /** A model inside a model: its layers, in line. */
  nested(model: ModelState, inputs: readonly Value[], placement: Placement, call?: ApplyCall): readonly Value[] {
    const unresolved = model.kind === 'foreign' || this.#open.includes(model) || (model.kind === 'functional' && (!model.outputs || !model.inputs || model.inputs.length !== inputs.length));
    if (unresolved) return [this.gap(inputs, model.name, placement.node, placement.path)];
    this.#open.push(model);
    const outside = this.#around;
    this.#around ??= call;
    try {
      if (model.kind === 'sequential') {
        const [first] = model.entries;
        const from = inputs[0] ?? this.input('input', inputShapeOf(model));
        const head = first && first.region !== model.region ? this.gap([from], model.name, model.node) : from;
        return [this.chain(model.entries, head, false)];
      }
      const bound = new Map(model.inputs!.map((tensor, index) => [tensor, inputs[index]]));
      return this.tensors([...model.outputs!, ...(model.unread ?? [])], bound).slice(0, model.outputs!.length);
    } finally {
      this.#around = outside;
      this.#open.pop();
    }
  }

  /** The values of tensors, with every application that they come from. */
  tensors(wanted: readonly Tensor[], values: Map<Tensor, Value>): readonly Value[] {
    const pending = new Set<Application>();
    const stack = [...wanted];
    for (let tensor = stack.pop(); tensor; tensor = stack.pop()) {
      if (values.has(tensor)) continue;
      if (tensor.application && !pending.has(tensor.application)) {
        pending.add(tensor.application);
        stack.push(...tensor.application.inputs);
      }
    }
    const results = new Map<Application, Value>();
    for (const application of [...pending].sort((a, b) => a.ordinal - b.ordinal)) results.set(application, this.#applied(application, values, results));
    return wanted.map((tensor) => this.#valueOf(tensor, values, results));
  }

  #valueOf(tensor: Tensor, values: Map<Tensor, Value>, results: ReadonlyMap<Application, Value>): Value {
    const known = values.get(tensor) ?? (tensor.application && results.get(tensor.application));
    if (known) return known;
    const value = tensor.input ? this.input(tensor.name, shapeOfInput(tensor)) : this.gap([], tensor.name, this.#source);
    values.set(tensor, value);
    return value;
  }

  #applied(application: Application, values: Map<Tensor, Value>, results: ReadonlyMap<Application, Value>): Value {
    const inputs = application.inputs.map((tensor) => {
      const value = this.#valueOf(tensor, values, results);
      const apart = tensor.application !== undefined && tensor.application.region !== application.region;
      return apart ? this.gap([value], 'unknown', application.placement.node, application.placement.path) : value;
    });
    if (isModelState(application.what)) return this.nested(application.what, inputs, application.placement, application.call)[0];
    const value = this.place(application.what, inputs, application.placement, application.call);
    if (application.call) this.#calls.set(value, application.call);
    return value;
  }

  /** Closes every loose end of a fragment: something reads it, or may. */
  seal(): void {
    const isDead = ({ kind, outputs: [value] }: Layer): boolean => kind === 'dropout' && this.#calls.has(value) && isUnread(this.#calls.get(value)!.node);
    const loose = this.builder.layers.flatMap((layer) => (isDead(layer) ? [] : layer.outputs)).filter((value) => value.consumers.every(isDead) && !value.captured && !value.isGraphOutput);
    for (const value of loose) if (value.producer?.kind !== 'opaque') this.gap([value], 'unknown', this.#source);
  }
}

export const isInputLayer = (instance: LayerInstance): boolean => instance.type === 'inputLayer';

/** Shape with the batch, of the first layer's `inputShape`, `batchInputShape` or `inputDim`. */
export function inputShapeOf(model: ModelState): Shape | undefined {
  const [first] = model.entries;
  if (!first) return undefined;
  if (isModelState(first.what)) return first.what.kind === 'sequential' ? inputShapeOf(first.what) : first.what.inputs?.length === 1 ? shapeOfInput(first.what.inputs[0]) : undefined;
  return givenShape(first.what);
}

export function givenShape(instance: LayerInstance): Shape | undefined {
  const settings = new Settings(instance.configuration);
  const shape = settings.shape('inputShape');
  if (shape) return [undefined, ...shape];
  const batched = settings.shape('batchInputShape');
  if (batched) return batched;
  if (instance.type === 'embedding') return [undefined, settings.number('inputLength')];
  const dim = settings.number('inputDim');
  return dim === undefined ? undefined : [undefined, dim];
}

/** The layer says what it is given: it is the first of its model. */
export function isFirst(instance: LayerInstance): boolean {
  const settings = new Settings(instance.configuration);
  return ['inputShape', 'batchInputShape', 'inputDim'].some((name) => settings.value(name) !== undefined) || instance.type === 'inputLayer';
}

function shapeOfInput(tensor: Tensor): Shape | undefined {
  const shape = fold(tensor.input?.shape);
  if (!Array.isArray(shape)) return undefined;
  const dimensions = shape.map((each) => (typeof each === 'number' ? each : undefined));
  return tensor.input?.batched ? dimensions : [undefined, ...dimensions];
}

/** The graph of one model on one path. */
export function assembleModel(model: ModelState, { source, shared, ends, losses, unread = [], isSource, pathOf }: Circumstances): GraphBuilder {
  const assembler = new Assembler(model.name, source, { isSource, pathOf });
  const { builder } = assembler;
  builder.losses.push(...losses);
  fits.set(builder, model.fits ?? []);
  if (model.kind === 'functional') {
    assembler.isSymbolic = true;
    const { outputs } = model;
    if (!outputs || outputs.length === 0) {
      assembler.asFragment();
      assembler.output(assembler.gap([], model.name, model.node));
      return builder;
    }
    const values = new Map((model.inputs ?? []).map((tensor, index) => [tensor, assembler.input(tensor.name || `input${index}`, tensor.input && shapeOfInput(tensor))]));
    assembler.tensors([...outputs, ...unread], values).slice(0, outputs.length).forEach((value, index) => {
      const { application } = outputs[index];
      const apart = application !== undefined && application.region !== model.region;
      if (apart) assembler.asFragment();
      assembler.output(apart ? assembler.gap([value], 'unknown', model.node) : value);
    });
    return builder;
  }
  const [first] = model.entries;
  const headKnown = model.kind === 'sequential' && first !== undefined && first.region === model.region && (first.phase === model.phase || !shared);
  const shape = inputShapeOf(model);
  const input = assembler.input('input', shape);
  const from = headKnown ? input : assembler.gap([input], model.name, model.node);
  const end = assembler.chain(model.entries, from, shared);
  const last = model.entries.at(-1);
  const closed = last !== undefined && last.region === model.region && last.placement.kind !== 'layers-push' && !shared && ends(end.producer);
  if (!closed) assembler.asFragment();
  assembler.output(closed ? end : assembler.gap([end], 'unknown', model.node));
  return builder;
}
