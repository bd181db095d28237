/** A graph, or the surroundings of a layer, as boxes and arrows: plain data that outlives the graph and is drawn later. */
import type { Graph } from './graph.js';
import type { Layer, LayerKind, Value } from './layers.js';
import { describeLayer } from './print.js';

/** What is special about a box: a finding stands there, a finding speaks of it, the fix put it there. */
export type Mark = 'found' | 'related' | 'changed';

export interface Box {
  /** Its index among the boxes. */
  readonly id: number;
  /** What the layer is: `dropout 0.5 (live)`. */
  readonly label: string;
  /** Its name in the document, or what a fold holds. */
  readonly detail?: string;
  /** `more`: the graph goes on beyond what is drawn. */
  readonly kind: LayerKind | 'input' | 'output' | 'fold' | 'more';
  readonly mark?: Mark;
}

export interface Diagram {
  /** Of the graph: `graph main`, `function:local.block`. */
  readonly title: string;
  readonly boxes: readonly Box[];
  /** From box to box, by id. */
  readonly arrows: readonly (readonly [from: number, to: number])[];
}

/** Layers that are drawn as one box. */
export interface Group {
  readonly layers: readonly Layer[];
  /** Absent for one layer that stands for itself. */
  readonly label?: string;
  readonly detail?: string;
}

export type Marks = ReadonlyMap<Layer, Mark>;

/** Draws the groups, the graph's inputs and outputs, and what joins them. Groups are in topological order. */
export function diagramOf(graph: Graph, groups: readonly Group[], marks: Marks): Diagram {
  const drawing = new Drawing(graph.name ? `${graph.path} ${graph.name}` : graph.path);
  const boxOf = new Map<Layer, number>();
  for (const group of groups) {
    const box = group.label === undefined ? layerBox(group.layers[0]!, marks) : { label: group.label, kind: 'fold' as const, ...(group.detail !== undefined && { detail: group.detail }) };
    const id = drawing.box(box);
    for (const layer of group.layers) boxOf.set(layer, id);
  }
  const sources = new Map<Value, number>();
  const sourceOf = (value: Value): number | undefined => {
    const producer = value.producer && boxOf.get(value.producer);
    if (producer !== undefined || value.constant) return producer;
    if (!sources.has(value)) sources.set(value, drawing.box({ label: valueText(value), kind: 'input' }));
    return sources.get(value);
  };
  for (const [layer, to] of boxOf) for (const input of layer.inputs) drawing.arrow(sourceOf(input), to);
  for (const output of graph.outputs) drawing.arrow(sourceOf(output), drawing.box({ label: valueText(output), kind: 'output' }));
  return drawing.finish();
}

/** The layer and what stands at most `reach` layers away from it; where the graph goes on there is a box that says so. */
export function neighbourhoodOf(layer: Layer, marks: Marks, reach = 2): Diagram {
  const near = layersWithin([layer], reach);
  const groups = layer.graph.layers.filter((each) => near.has(each));
  const drawing = new Drawing(layer.graph.path);
  const boxOf = new Map(groups.map((each) => [each, drawing.box(layerBox(each, marks))]));
  for (const each of groups) {
    const to = boxOf.get(each);
    for (const input of each.inputs) {
      if (input.constant) continue;
      const known = input.producer && boxOf.get(input.producer);
      drawing.arrow(known ?? drawing.box(input.producer ? { label: '…', kind: 'more' } : { label: input.name, kind: 'input' }), to);
    }
    for (const output of each.outputs) {
      const beyond = output.consumers.filter((consumer) => !boxOf.has(consumer)).length;
      if (beyond > 0) drawing.arrow(to, drawing.box({ label: beyond === 1 ? '…' : `… ${beyond}`, kind: 'more' }));
      if (output.isGraphOutput) drawing.arrow(to, drawing.box({ label: output.name, kind: 'output' }));
    }
  }
  return drawing.finish();
}

/** Those that at most `reach` steps along the arrows, in either direction, join to one of the given layers. */
export function layersWithin(from: Iterable<Layer>, reach: number): ReadonlySet<Layer> {
  const within = new Set(from);
  let edge = [...within];
  for (let step = 0; step < reach && edge.length > 0; step += 1) {
    const reached = edge.flatMap((layer) => [...layer.inputs.flatMap(({ producer }) => producer ?? []), ...layer.outputs.flatMap(({ consumers }) => consumers)]);
    edge = [...new Set(reached)].filter((layer) => !within.has(layer));
    for (const layer of edge) within.add(layer);
  }
  return within;
}

class Drawing {
  readonly #boxes: Box[] = [];
  readonly #arrows = new Map<string, readonly [number, number]>();

  constructor(readonly title: string) {}

  box(box: Omit<Box, 'id'>): number {
    return this.#boxes.push({ id: this.#boxes.length, ...box }) - 1;
  }

  /** Two layers are joined once, and a fold is not joined to itself. */
  arrow(from: number | undefined, to: number | undefined): void {
    if (from !== undefined && to !== undefined && from !== to) this.#arrows.set(`${from} ${to}`, [from, to]);
  }

  finish(): Diagram {
    return { title: this.title, boxes: this.#boxes, arrows: [...this.#arrows.values()] };
  }
}

function layerBox(layer: Layer, marks: Marks): Omit<Box, 'id'> {
  const mark = marks.get(layer);
  return { label: describeLayer(layer), kind: layer.kind, ...(layer.origin.name !== layer.type && { detail: layer.origin.name }), ...(mark && { mark }) };
}

const valueText = ({ name, shape }: Value): string => `${name}${shape ? ` [${shape.map((dimension) => dimension ?? '?').join(', ')}]` : ''}`.trim();
