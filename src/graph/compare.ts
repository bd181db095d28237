/** What differs between two architectures. */
import type { Graph } from './graph.js';
import type { Layer, Value } from './layers.js';
import { longestRising, matchLayers, type Matches } from './match.js';
import { isCounter } from './names.js';
import { describeLayer } from './print.js';

/** A weight or another constant that a layer works with. */
export interface WeightReference {
  readonly name: string;
  readonly shape: readonly number[] | undefined;
  /** Equal for equal content; reads it piece by piece. `undefined` where it cannot be reached. */
  digest(): string | undefined;
}

export type WeightsOf = (layer: Layer) => readonly WeightReference[];

export interface LayerReference {
  readonly name: string;
  readonly path: string;
  readonly description: string;
  /** What feeds it, as a description: the layer before, or the graph's input. */
  readonly after: string;
}

export interface Difference {
  /**
   * `moved`: it stands elsewhere in the order; `rewired`: it reads something else, although it did not move;
   * `reweighted`: only its weights differ.
   */
  readonly change: 'added' | 'removed' | 'moved' | 'reconfigured' | 'rewired' | 'reweighted' | 'interface';
  readonly before?: LayerReference;
  readonly after?: LayerReference;
  /** What is different about it, each as `units: 16 → 32`. */
  readonly details: readonly string[];
}

export interface GraphComparison {
  readonly graph: string;
  readonly differences: readonly Difference[];
  /** Layers without any difference. */
  readonly same: number;
  /** Weights that could not be compared. */
  readonly unreadable: number;
}

/** Graphs are compared by their places in the model; one that only one side has is added or removed as a whole. */
export function compareModels(before: readonly Graph[], after: readonly Graph[], weights?: { readonly before: WeightsOf; readonly after: WeightsOf }): readonly GraphComparison[] {
  const others = new Map(after.map((graph, index) => [keyOf(graph, index), graph]));
  const pairs = before.map((graph, index): readonly [Graph, Graph | undefined] => {
    const other = others.get(keyOf(graph, index));
    others.delete(keyOf(graph, index));
    return [graph, other];
  });
  return [
    ...pairs.map(([graph, other]) => (other ? new Comparison(graph, other, weights).run() : whole(graph, 'removed'))),
    ...[...others.values()].map((graph) => whole(graph, 'added')),
  ];
}

/** The main graph is the main graph; the numbers of nodes in a path do not count. */
const keyOf = (graph: Graph, index: number): string => (index === 0 ? 'main' : graph.path.replace(/\[\d+\]/g, ''));

function whole(graph: Graph, change: 'added' | 'removed'): GraphComparison {
  const side = change === 'added' ? 'after' : 'before';
  return { graph: graph.path, differences: graph.layers.map((layer) => ({ change, [side]: referenceTo(layer), details: [] })), same: 0, unreadable: 0 };
}

class Comparison {
  readonly #matches: Matches;
  readonly #twins: ReadonlyMap<Layer, Layer>;
  readonly #moved = new Set<Layer>();
  #unreadable = 0;

  constructor(readonly before: Graph, readonly after: Graph, readonly weights: { readonly before: WeightsOf; readonly after: WeightsOf } | undefined) {
    this.#matches = matchLayers(before, after);
    this.#twins = new Map([...this.#matches].map(([a, b]) => [b, a]));
    this.#findMoved();
  }

  run(): GraphComparison {
    const removed = this.before.layers.filter((layer) => !this.#matches.has(layer)).map((layer): Difference => ({ change: 'removed', before: referenceTo(layer), details: [] }));
    const others = this.after.layers.flatMap((layer) => {
      const twin = this.#twins.get(layer);
      return twin ? this.#difference(twin, layer) : [{ change: 'added', after: referenceTo(layer), details: [] } satisfies Difference];
    });
    const differences = [...interfaceDifferences(this.before, this.after), ...removed, ...others];
    const same = this.after.layers.length - others.length;
    return { graph: this.after.name || this.after.path, differences, same, unreadable: this.#unreadable };
  }

  /** Out of order, and not merely because branches that run side by side are listed in another one. */
  #findMoved(): void {
    const place = new Map(this.after.layers.map((layer, index) => [layer, index]));
    const pairs = this.before.layers.flatMap((layer) => (this.#matches.has(layer) ? [[layer, place.get(this.#matches.get(layer)!)!] as const] : []));
    const rising = longestRising(pairs.map(([, index]) => index));
    pairs.forEach(([layer], index) => {
      if (!rising.has(index) && !this.#readsTheSame(layer, this.#matches.get(layer)!, () => false)) this.#moved.add(layer);
    });
  }

  #difference(before: Layer, after: Layer): readonly Difference[] {
    const details = settingsDifferences(before, after);
    const weights = this.#weightDifferences(before, after);
    const common = { before: referenceTo(before), after: referenceTo(after), details: [...details, ...weights] };
    if (this.#moved.has(before)) return [{ change: 'moved', ...common }];
    const isElided = (layer: Layer): boolean => this.#moved.has(layer) || this.#moved.has(this.#twins.get(layer) ?? layer) || (!this.#matches.has(layer) && !this.#twins.has(layer));
    if (!this.#readsTheSame(before, after, isElided)) return [{ change: 'rewired', ...common }];
    if (details.length > 0) return [{ change: 'reconfigured', ...common }];
    return weights.length > 0 ? [{ change: 'reweighted', ...common }] : [];
  }

  /** Whether the operands are the same, seen through layers that came, went or moved. */
  #readsTheSame(before: Layer, after: Layer, isElided: (layer: Layer) => boolean): boolean {
    const sources = (layer: Layer): readonly (Layer | Value)[] => layer.inputs.map((input) => sourceOf(input, isElided));
    const [a, b] = [sources(before), sources(after)];
    return a.length === b.length && a.every((source, index) => {
      const other = b[index]!;
      if ('kind' in source || 'kind' in other) return 'kind' in source && 'kind' in other && this.#matches.get(source) === other;
      // Names of inputs are part of the interface; those of other values say nothing.
      return source.name === other.name || (source.isGraphInput && other.isGraphInput && this.before.inputs.indexOf(source) === this.after.inputs.indexOf(other));
    });
  }

  #weightDifferences(before: Layer, after: Layer): readonly string[] {
    // The constants of a dropout are its settings.
    if (!this.weights || before.kind === 'dropout') return [];
    const [a, b] = [this.weights.before(before), this.weights.after(after)];
    const differences: string[] = [];
    for (let index = 0; index < Math.max(a.length, b.length); index += 1) {
      const [x, y] = [a[index], b[index]];
      if (!x || !y) differences.push(`${(x ?? y)!.name}: only ${x ? 'before' : 'after'}`);
      else if (String(x.shape) !== String(y.shape)) differences.push(`${y.name}: ${shapeText(x.shape)} → ${shapeText(y.shape)}`);
      else {
        const [digest, other] = [x.digest(), y.digest()];
        if (digest === undefined || other === undefined) this.#unreadable += 1;
        else if (digest !== other) differences.push(`${y.name} ${shapeText(y.shape)}: other values`);
      }
    }
    return differences;
  }
}

function sourceOf(value: Value, isElided: (layer: Layer) => boolean): Layer | Value {
  let at = value;
  for (;;) {
    const { producer } = at;
    if (!producer) return at;
    const [input] = producer.inputs;
    if (!isElided(producer) || !input) return producer;
    at = input;
  }
}

const shapeText = (shape: readonly number[] | undefined): string => (shape ? `[${shape.join(', ')}]` : '[?]');

function referenceTo(layer: Layer): LayerReference {
  const [input] = layer.inputs;
  const after = input?.producer ? `${describeLayer(input.producer)}${nameOf(input.producer)}` : (input?.name ?? 'nothing');
  return { name: layer.origin.name, path: layer.origin.path, description: describeLayer(layer), after };
}

const nameOf = (layer: Layer): string => (isCounter(layer.origin.name) ? '' : ` ${layer.origin.name}`);

/** Where a layer stands, what joins it and what it weighs are no settings. */
const NO_SETTING = new Set(['key', 'type', 'inputs', 'outputs', 'origin', 'graph', 'configuration', 'metadata', 'mask', 'rateName', 'rateIsConstant', 'placement']);

function settingsOf(layer: Layer): ReadonlyMap<string, string> {
  const settings = new Map<string, string>();
  for (const [name, value] of Object.entries(layer)) {
    if (!NO_SETTING.has(name) && value !== undefined && typeof value !== 'object') settings.set(name, String(value));
  }
  for (const [name, { value, text }] of layer.configuration?.entries ?? []) settings.set(name, value === undefined ? text : JSON.stringify(value));
  return settings;
}

function settingsDifferences(before: Layer, after: Layer): readonly string[] {
  const [a, b] = [settingsOf(before), settingsOf(after)];
  const names = [...new Set([...a.keys(), ...b.keys()])];
  return names.filter((name) => a.get(name) !== b.get(name)).map((name) => `${name}: ${a.get(name) ?? 'none'} → ${b.get(name) ?? 'none'}`);
}

function interfaceDifferences(before: Graph, after: Graph): readonly Difference[] {
  const describe = (values: readonly Value[]): readonly string[] => values.map(({ name, elementType, shape }) => `${name} ${elementType ?? ''}${shape ? `[${shape.map((dimension) => dimension ?? '?').join(', ')}]` : ''}`.trim());
  return ([['inputs', describe(before.inputs), describe(after.inputs)], ['outputs', describe(before.outputs), describe(after.outputs)]] as const)
    .filter(([, a, b]) => a.join() !== b.join())
    .map(([side, a, b]) => ({ change: 'interface', details: [`${side}: ${a.join(', ') || 'none'} → ${b.join(', ') || 'none'}`] }));
}
