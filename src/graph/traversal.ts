/** Walking a graph: single-consumer chains, and what lies ahead of and behind a value. Iterative and linear. */
import type { Graph } from './graph.js';
import type { DropoutLayer, Layer, Value } from './layers.js';

/** The layer that alone reads the value, when nothing else sees it. */
export function soleConsumer(value: Value): Layer | undefined {
  return value.consumers.length === 1 && !value.isGraphOutput && !value.captured ? value.consumers[0] : undefined;
}

/** Something sees the value. */
export const isRead = (value: Value): boolean => value.consumers.length > 0 || value.isGraphOutput || value.captured;

/**
 * The result that a chain goes on from: the first (behind it stand BatchNorm's statistics), but for recurrent layers,
 * which give the sequence and the last state, the one that is read. `undefined` when several are.
 */
function mainOutput(layer: Layer): Value | undefined {
  if (layer.outputs.length === 1 || layer.kind === 'normalization' || layer.kind === 'dropout') return layer.outputs[0];
  const read = layer.outputs.filter(isRead);
  return read.length > 1 ? undefined : (read[0] ?? layer.outputs[0]);
}

/** The next layer of a single-consumer chain. */
export function next(layer: Layer): Layer | undefined {
  const output = mainOutput(layer);
  return output && soleConsumer(output);
}

/** The previous layer of a single-consumer chain: it feeds this layer and nothing else. */
export function previous(layer: Layer): Layer | undefined {
  if (layer.inputs.length !== 1) return undefined;
  const { producer } = layer.inputs[0];
  return producer && mainOutput(producer) === layer.inputs[0] && next(producer) === layer ? producer : undefined;
}

/** The layer that a layer's only operand comes from, whatever else reads it. */
export const onlyProducer = (layer: Layer): Layer | undefined => (layer.inputs.length === 1 ? layer.inputs[0].producer : undefined);

/** Goes on from `layer` while `pass` accepts; gives the first layer that it does not accept and those that it passed. */
export function follow(layer: Layer, step: (layer: Layer) => Layer | undefined, pass: (layer: Layer) => boolean): { readonly end: Layer | undefined; readonly passed: readonly Layer[] } {
  const passed: Layer[] = [];
  let at = step(layer);
  while (at && pass(at)) {
    passed.push(at);
    at = step(at);
  }
  return { end: at, passed };
}

/**
 * `follow` from many layers of one graph, in time linear in the graph: what lies beyond a layer is found once. Of what
 * is passed only `facts` are kept: `gather` adds a layer to those of the layers beyond it.
 */
export function chains<Facts>(step: (layer: Layer) => Layer | undefined, pass: (layer: Layer) => boolean, nothing: Facts, gather: (layer: Layer, beyond: Facts) => Facts): (from: Layer) => { readonly end: Layer | undefined; readonly facts: Facts } {
  const known = new Map<Layer, { readonly end: Layer | undefined; readonly facts: Facts }>();
  return (from) => {
    const way = [from];
    for (let at = from; !known.has(at); at = way.at(-1)!) {
      const to = step(at);
      if (to && pass(to)) way.push(to);
      else known.set(at, { end: to, facts: nothing });
    }
    for (let i = way.length - 2; i >= 0; i -= 1) {
      const beyond = known.get(way[i + 1])!;
      known.set(way[i], { end: beyond.end, facts: gather(way[i + 1], beyond.facts) });
    }
    return known.get(from)!;
  };
}

/** The layers from `from` (exclusive) to `to` (inclusive) along a single-consumer chain; `undefined` when there is none. */
export function chainBetween(from: Layer, to: Layer): readonly Layer[] | undefined {
  const { end, passed } = follow(from, next, (layer) => layer !== to);
  return end ? [...passed, end] : undefined;
}

/** Of some layers one that a layer's data comes from or goes to, whatever stands between; one walk each way for all layers. */
export function onOneWay(graph: Graph, among: ReadonlySet<Layer>): (layer: Layer) => Layer | undefined {
  const [behindValue, aheadOfValue] = [new Map<Value, Layer>(), new Map<Value, Layer>()];
  const firstOf = (values: readonly Value[], found: ReadonlyMap<Value, Layer>) => values.map((value) => found.get(value)).find((each) => each !== undefined);
  const enter = (values: readonly Value[], layer: Layer | undefined, found: Map<Value, Layer>) => {
    if (layer) for (const value of values) found.set(value, layer);
  };
  for (const layer of graph.layers) enter(layer.outputs, among.has(layer) ? layer : firstOf(layer.inputs, behindValue), behindValue);
  for (const layer of [...graph.layers].reverse()) enter(layer.inputs, among.has(layer) ? layer : firstOf(layer.outputs, aheadOfValue), aheadOfValue);
  return (layer) => firstOf(layer.inputs, behindValue) ?? firstOf(layer.outputs, aheadOfValue);
}

/** What the nearest layers with weights are, in one direction; merges are looked through. */
export interface Surroundings {
  readonly convolution: boolean;
  readonly linear: boolean;
  readonly recurrent: boolean;
  readonly embedding: boolean;
  /** Something that the graph does not know stands there: an opaque layer, a subgraph, the end of a function. */
  readonly unknown: boolean;
  /** The model's own input or output is reached without a weighted layer. */
  readonly boundary: boolean;
  /** A merge stands on the way. */
  readonly merge: boolean;
  /** One of the nearest weighted layers is the model's last (ahead only). */
  readonly last: boolean;
}

const CONVOLUTION = 1, LINEAR = 2, RECURRENT = 4, EMBEDDING = 8, UNKNOWN = 16, BOUNDARY = 32, MERGE = 64, LAST = 128;
const WEIGHTED = CONVOLUTION | LINEAR | RECURRENT;

const unpack = (flags: number): Surroundings => ({
  convolution: (flags & CONVOLUTION) !== 0,
  linear: (flags & LINEAR) !== 0,
  recurrent: (flags & RECURRENT) !== 0,
  embedding: (flags & EMBEDDING) !== 0,
  unknown: (flags & UNKNOWN) !== 0,
  boundary: (flags & BOUNDARY) !== 0,
  merge: (flags & MERGE) !== 0,
  last: (flags & LAST) !== 0,
});

function ownFlag(layer: Layer): number {
  switch (layer.kind) {
    case 'convolution': return CONVOLUTION;
    case 'linear': return LINEAR;
    case 'recurrent': return RECURRENT;
    case 'embedding': return EMBEDDING;
    case 'opaque': return UNKNOWN;
    default: return 0;
  }
}

const aheadOf = new WeakMap<Graph, Map<Value, number>>();
const behindOf = new WeakMap<Graph, Map<Value, number>>();

function computeAhead(graph: Graph): Map<Value, number> {
  const flags = new Map<Value, number>();
  const end = graph.role === 'model' ? BOUNDARY : UNKNOWN;
  const of = (value: Value) => flags.get(value) ?? (value.isGraphOutput ? end : 0) | (value.captured ? UNKNOWN : 0);
  for (const output of graph.outputs) flags.set(output, of(output));
  for (let i = graph.layers.length - 1; i >= 0; i -= 1) {
    const layer = graph.layers[i];
    let beyond = 0;
    for (const output of layer.outputs) beyond |= of(output);
    let seen = ownFlag(layer) || beyond;
    if ((seen & WEIGHTED) !== 0 && ownFlag(layer) !== 0 && (beyond & (WEIGHTED | UNKNOWN)) === 0 && (beyond & BOUNDARY) !== 0) seen |= LAST;
    if (layer.kind === 'merge') seen |= MERGE;
    for (const input of layer.inputs) flags.set(input, of(input) | seen);
  }
  return flags;
}

function computeBehind(graph: Graph): Map<Value, number> {
  const flags = new Map<Value, number>();
  const start = graph.role === 'model' ? BOUNDARY : UNKNOWN;
  const of = (value: Value) => flags.get(value) ?? (value.constant ? 0 : value.isGraphInput ? start : value.producer ? 0 : UNKNOWN);
  for (const layer of graph.layers) {
    let before = 0;
    for (const input of layer.inputs) before |= of(input);
    const seen = ownFlag(layer) || before | (layer.kind === 'merge' ? MERGE : 0);
    for (const output of layer.outputs) flags.set(output, seen);
  }
  return flags;
}

function lookup(cache: WeakMap<Graph, Map<Value, number>>, compute: (graph: Graph) => Map<Value, number>, graph: Graph, value: Value, otherwise: number): Surroundings {
  let flags = cache.get(graph);
  if (!flags) cache.set(graph, (flags = compute(graph)));
  return unpack(flags.get(value) ?? otherwise);
}

/** The nearest weighted layers that read the layer's result, directly or through layers without weights. */
export const ahead = (layer: Layer): Surroundings => lookup(aheadOf, computeAhead, layer.graph, mainOutput(layer) ?? layer.outputs[0], 0);

/** The nearest weighted layers that the layer's first operand comes from. */
export const behind = (layer: Layer): Surroundings =>
  layer.inputs.length === 0 ? unpack(UNKNOWN) : lookup(behindOf, computeBehind, layer.graph, layer.inputs[0], layer.graph.role === 'model' && layer.inputs[0].isGraphInput ? BOUNDARY : UNKNOWN);

/** Dropouts that act on activations: everything but masks over weights (DropConnect) and rates known to be 0. */
export function activationDropouts(graph: Graph): readonly DropoutLayer[] {
  return graph.layersOf('dropout').filter((dropout) => dropout.unit !== 'weight' && dropout.rate !== 0 && dropout.inputs.length > 0);
}
