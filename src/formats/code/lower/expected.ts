/** What the graphs must be after edits: the edits made on the graphs themselves, compared by structure. */
import type { Document } from '../../document.js';
import type { DropoutSpec, Edit } from '../../../graph/edits.js';
import type { Graph } from '../../../graph/graph.js';
import type { ConfigurationEntry, DropoutLayer, Layer, Value } from '../../../graph/layers.js';
import { ownSettings, undroppedType } from '../../../graph/settings.js';
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
    const gone = new Set([node]);
    // What is placed nowhere stands alone between two gaps.
    if (node.layer?.placement === 'unplaced') for (const other of this.nodes) if (other === before || other.inputs.includes(before)) gone.add(other);
    for (const each of gone) this.nodes.splice(this.nodes.indexOf(each), 1);
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

  /** A dropout of a weight or a state stands in no chain. */
  beside(label: string): void {
    this.nodes.push({ layer: undefined, label, inputs: ['in:-1'] });
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

const rateText = (layer: DropoutLayer): number | string | undefined => layer.rate ?? layer.configuration?.entries.get(rateKey(layer))?.text;

/** The property that holds the rate of a dropout. */
const rateKey = (layer: DropoutLayer): string => (layer.form === 'recurrent' ? (siteOf(layer)?.part ?? 'rate') : 'rate');

/** In the words of an edit: a dropout of the state has one draw for all steps, too. */
const unitOf = (layer: DropoutLayer): string => (siteOf(layer)?.part === 'recurrentDropout' ? 'state' : layer.unit);

/** Everything that an edit of one layer must leave as it is in the others. */
function labelOf(layer: Layer): string {
  if (layer.kind === 'dropout') return dropoutLabel(rateText(layer), unitOf(layer), layer.law);
  const settings = ownSettings(layer).map(([key, entry]) => `${key}=${settingText(entry)}`).join(' ');
  return layer.kind === 'activation' ? `activation ${layer.function} ${layer.type === 'activation' ? '' : settings}` : `${layer.kind} ${undroppedType(layer.type)} ${settings}`;
}

/** As it is written; a layer inside another without its dropouts. */
const settingText = ({ value, text }: ConfigurationEntry): string => ([value].flat().some(isLayer) ? JSON.stringify(value) : text);
const isLayer = (value: unknown): boolean => typeof value === 'object' && value !== null && 'layer' in value;

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

/** The layer that an edit is of, or that it puts something beside. */
const placeOf = (edit: Edit): Layer | undefined => (edit.type === 'insert' ? edit.target : 'layer' in edit ? edit.layer : undefined);

/** The same is done to both layers. */
export function isSameEdit(edit: Edit, other: Edit, isSame: (a: Layer, b: Layer) => boolean): boolean {
  const [a, b] = [placeOf(edit), placeOf(other)];
  if (!a || !b || edit.type !== other.type || !isSame(a, b)) return false;
  const [left, right] = [edit, other].map((each) => JSON.stringify(Object.entries(each).filter(([key]) => key === 'spec' || key === 'where' || key === 'settings')));
  return left === right && (edit.type !== 'move' || other.type !== 'move' || isSame(edit.target, other.target));
}

/** Copies of one line must be in the same situation, or the edit is right for only some of them; unless it is meant for them all. */
export function requireAgreement(graphs: readonly Graph[], edit: Edit, meant: readonly Edit[]): void {
  const layer = placeOf(edit);
  const copies = layer ? copiesOf(graphs, layer) : [];
  if (copies.every((copy) => meant.some((other) => isSameEdit(other, edit, sameSource) && placeOf(other)?.key === copy.key))) return;
  const situations = new Map<string, Set<string>>();
  for (const copy of copies) {
    const set = situations.get(copy.key) ?? new Set();
    situations.set(copy.key, set.add(surroundings(copy)));
  }
  const all = [...situations.values()].map((set) => [...set].sort().join('\n'));
  if (new Set(all).size > 1) refuse('this line makes several layers, and the edit is right for only some of them');
}

function edited(sketch: Sketch, edits: readonly Edit[]): Sketch {
  for (const edit of edits) {
    if (edit.type !== 'move' && edit.type !== 'remove' && edit.type !== 'insert' && edit.type !== 'replace') continue;
    const own = edit.type === 'insert' ? edit.target : edit.layer;
    for (const copy of sketch.graph.layers.filter((layer) => sameSource(layer, own))) {
      const node = sketch.of(copy);
      if (edit.type === 'remove') sketch.remove(node);
      else if (edit.type === 'replace') node.label = labelOfSpec(edit.spec, copy);
      else if (edit.type === 'insert' && hasAlready(copy, edit.spec)) continue;
      else if (edit.type === 'insert' && isAside(edit.spec)) sketch.beside(labelOfSpec(edit.spec));
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

/** The setting that the edit asks for stands there, and is one dropout with what it says. */
function hasAlready(target: Layer, spec: DropoutSpec): boolean {
  const isOfSame = (layer: DropoutLayer) => siteOf(layer)?.instance === siteOf(target)?.instance && siteOf(layer)?.part !== 'self' && unitOf(layer) === spec.unit;
  return (spec.unit === 'time' || spec.unit === 'state') && target.graph.layersOf('dropout').some(isOfSame);
}

const isAside = ({ unit }: DropoutSpec): boolean => unit === 'weight' || unit === 'state';

const labelOfSpec = ({ rate, unit, law = 'bernoulli' }: DropoutSpec, replaced?: Layer): string =>
  dropoutLabel(rate === 'keep' && replaced?.kind === 'dropout' ? rateText(replaced) : rate, unit, law);

/** Whether the document after the edits is the one before, with the edits made on its graphs. */
export function isAsExpected(before: Document, after: Document, edits: readonly Edit[]): boolean {
  const coarse = edits.some((edit) => edit.type === 'configure');
  const label = coarse ? coarseLabel : labelOf;
  const ids = new Map<string, number>();
  const spec = coarse ? (sketch: Sketch): Sketch => { for (const node of sketch.nodes) if (node.label.startsWith('dropout')) node.label = 'dropout'; return sketch; } : (sketch: Sketch): Sketch => sketch;
  const expected = new Set(graphsOf(before).map((graph) => spec(edited(new Sketch(graph, label), edits)).signature(ids)));
  const actual = new Set(graphsOf(after).map((graph) => new Sketch(graph, label).signature(ids)));
  return expected.size === actual.size && [...expected].every((each) => actual.has(each));
}
