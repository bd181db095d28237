/** What the graphs must be after edits: the edits made on the graphs themselves, compared by structure. */
import type { Document } from '../../document.js';
import type { DropoutSpec, Edit } from '../../../graph/edits.js';
import type { Graph } from '../../../graph/graph.js';
import type { DropoutLayer, Layer, Value } from '../../../graph/layers.js';
import { siteOf } from '../lift/assemble.js';
import { refuse } from './refusal.js';

/** The factory's call that a layer comes from, and which part of it: the same in every copy that helpers and loops make. */
export function sameSource(a: Layer, b: Layer): boolean {
  const [left, right] = [siteOf(a), siteOf(b)];
  return left && right ? left.instance.node === right.instance.node && left.part === right.part : a.key === b.key;
}

export const graphsOf = (document: Document): readonly Graph[] => document.models.flatMap((model) => model.variants.flat());

/** Every layer of the document that the same source text makes. */
export const copiesOf = (graphs: readonly Graph[], layer: Layer): readonly Layer[] => graphs.flatMap((graph) => graph.layers.filter((each) => sameSource(each, layer)));

type Source = Node | string;

interface Node {
  readonly layer: Layer | undefined;
  label: string;
  inputs: Source[];
}

/** A graph that edits can be made on. */
class Sketch {
  readonly nodes: Node[];
  readonly outputs: Source[];
  readonly #byLayer = new Map<Layer, Node>();

  constructor(readonly graph: Graph, label: (layer: Layer) => string) {
    this.nodes = graph.layers.map((layer) => ({ layer, label: label(layer), inputs: [] }));
    this.nodes.forEach((node) => this.#byLayer.set(node.layer!, node));
    const source = (value: Value): Source => (value.producer ? this.#byLayer.get(value.producer)! : `in:${graph.inputs.indexOf(value)}`);
    for (const node of this.nodes) node.inputs = node.layer!.inputs.map(source);
    this.outputs = graph.outputs.map(source);
  }

  of(layer: Layer): Node {
    return this.#byLayer.get(layer)!;
  }

  remove(node: Node): void {
    const [before] = node.inputs;
    this.#redirect(node, before);
    this.nodes.splice(this.nodes.indexOf(node), 1);
  }

  put(node: Node, where: 'after' | 'before', target: Node): void {
    if (!this.nodes.includes(node)) this.nodes.push(node);
    if (where === 'after') {
      this.#redirect(target, node);
      node.inputs = [target];
    } else {
      node.inputs = [target.inputs[0]];
      target.inputs = [node, ...target.inputs.slice(1)];
    }
  }

  #redirect(from: Source, to: Source): void {
    for (const node of this.nodes) node.inputs = node.inputs.map((input) => (input === from ? to : input));
    this.outputs.forEach((output, index) => { if (output === from) this.outputs[index] = to; });
  }

  /** The graph up to the names and the order of independent layers. `ids` gives equal subgraphs equal numbers. */
  signature(ids: Map<string, number>): string {
    const numbers = new Map<Source, number>();
    const intern = (text: string): number => {
      const known = ids.get(text);
      if (known !== undefined) return known;
      ids.set(text, ids.size);
      return ids.size - 1;
    };
    const open = new Set<Node>(this.nodes);
    const number = (source: Source): number | undefined => (typeof source === 'string' ? intern(source) : numbers.get(source));
    for (let progress = true; progress && open.size > 0;) {
      progress = false;
      for (const node of open) {
        const inputs = node.inputs.map(number);
        if (inputs.includes(undefined)) continue;
        numbers.set(node, intern(`${node.label}(${inputs.join()})`));
        open.delete(node);
        progress = true;
      }
    }
    return `${this.graph.role} ${[...numbers.values()].sort((a, b) => a - b).join()} → ${this.outputs.map(number).join()}`;
  }
}

const dropoutLabel = (rate: number | string | undefined, unit: string, law: string): string => `dropout ${rate ?? '?'} ${unit} ${law}`;

const rateText = (layer: DropoutLayer): number | string | undefined => layer.rate ?? layer.configuration?.entries.get('rate')?.text;

const ELSEWHERE = /^(?:dropout|recurrentDropout)$/;

/** Everything that an edit of one layer must leave as it is in the others. */
function labelOf(layer: Layer): string {
  if (layer.kind === 'dropout' && layer.form === 'operator') return dropoutLabel(rateText(layer), layer.unit, layer.law);
  // Dropouts inside a recurrent layer are layers of their own.
  const settings = [...(layer.configuration?.entries ?? [])].filter(([key]) => !ELSEWHERE.test(key)).map(([key, { text }]) => `${key}=${text}`).join(' ');
  return layer.kind === 'activation' ? `activation ${layer.function} ${layer.type === 'activation' ? '' : settings}` : `${layer.kind} ${layer.type} ${settings}`;
}

/** Configured layers are compared by their kind alone: what they become is the concern of the edit. */
const coarseLabel = (layer: Layer): string => layer.kind;

/** The layer of `source` nearest to `from` along the chain. */
function nearby(from: Layer, source: Layer, direction: 'after' | 'before'): Layer | undefined {
  let at: Layer | undefined = from;
  for (let steps = 0; at && steps < 32; steps += 1) {
    const { consumers }: Value = at.outputs[0];
    at = direction === 'after' ? (consumers.length === 1 ? consumers[0] : undefined) : at.inputs[0]?.producer;
    if (at && sameSource(at, source)) return at;
  }
  return undefined;
}

function target(copy: Layer, edit: Extract<Edit, { type: 'move' }>): Layer {
  const found = nearby(copy, edit.target, 'after') ?? nearby(copy, edit.target, 'before');
  return found ?? refuse('on another path through this code the layers do not stand like that');
}

/** The layers beside one that tell whether its copies are in the same situation. */
function surroundings(layer: Layer): string {
  const name = (other: Layer | undefined): string => {
    const site = other && siteOf(other);
    return site ? `${site.instance.node.pos} ${site.part}` : '-';
  };
  return `${name(layer.inputs[0]?.producer)} | ${layer.outputs[0].consumers.map(name).join()}`;
}

/** Copies of one line must be in the same situation, or the edit is right for only some of them. */
export function requireAgreement(graphs: readonly Graph[], layer: Layer): void {
  const situations = new Map<string, Set<string>>();
  for (const copy of copiesOf(graphs, layer)) {
    const set = situations.get(copy.key) ?? new Set();
    situations.set(copy.key, set.add(surroundings(copy)));
  }
  const all = [...situations.values()].map((set) => [...set].sort().join('\n'));
  if (new Set(all).size > 1) refuse('this line makes several layers, and the edit is right for only some of them');
}

function edited(sketch: Sketch, edits: readonly Edit[]): Sketch {
  for (const edit of edits) {
    if (edit.type === 'configure' || edit.type === 'replace' || edit.type === 'fold-bias') continue;
    const own = edit.type === 'insert' ? edit.target : edit.layer;
    for (const copy of sketch.graph.layers.filter((layer) => sameSource(layer, own))) {
      const node = sketch.of(copy);
      if (edit.type === 'remove') sketch.remove(node);
      else if (edit.type === 'insert') sketch.put({ layer: undefined, label: labelOfSpec(edit.spec), inputs: [] }, edit.where, node);
      else {
        const beside = sketch.of(target(copy, edit));
        sketch.remove(node);
        sketch.put(node, edit.where, beside);
      }
    }
  }
  return sketch;
}

const labelOfSpec = (spec: DropoutSpec): string => dropoutLabel(spec.rate, spec.unit, 'bernoulli');

/** Whether the document after the edits is the one before, with the edits made on its graphs. */
export function isAsExpected(before: Document, after: Document, edits: readonly Edit[]): boolean {
  const coarse = edits.some((edit) => edit.type === 'configure' || edit.type === 'replace');
  const label = coarse ? coarseLabel : labelOf;
  const ids = new Map<string, number>();
  const spec = coarse ? (sketch: Sketch): Sketch => { for (const node of sketch.nodes) if (!node.layer) node.label = 'dropout'; return sketch; } : (sketch: Sketch): Sketch => sketch;
  const expected = new Set(graphsOf(before).map((graph) => spec(edited(new Sketch(graph, label), edits)).signature(ids)));
  const actual = new Set(graphsOf(after).map((graph) => new Sketch(graph, label).signature(ids)));
  return expected.size === actual.size && [...expected].every((each) => actual.has(each));
}
