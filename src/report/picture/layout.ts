/** Places for boxes and arrows, by a library for layered graphs. */
import { Graph, layout } from '@dagrejs/dagre';
import type { Box, Diagram } from '../../graph/diagram.js';

export interface Point {
  readonly x: number;
  readonly y: number;
}

/** Its place is that of its middle. */
export interface PlacedBox extends Box, Point {
  readonly width: number;
  readonly height: number;
  /** Shortened to fit. */
  readonly lines: readonly string[];
}

export interface PlacedArrow {
  readonly from: number;
  readonly to: number;
  readonly points: readonly Point[];
}

export interface Placed {
  readonly title: string;
  readonly width: number;
  readonly height: number;
  readonly boxes: readonly PlacedBox[];
  readonly arrows: readonly PlacedArrow[];
}

/** Of a sans-serif letter at 12 pixels, on the wide side: what fits here fits with any font. */
const CHARACTER = 7;
const LONGEST = 38;
const PADDING = 12;
const MARGIN = 8;

/** Shortened in the middle: names begin and end with what tells them apart. */
export function shortened(text: string, longest = LONGEST): string {
  const characters = [...text];
  if (characters.length <= longest) return text;
  const head = Math.ceil((longest - 1) / 2);
  return `${characters.slice(0, head).join('')}…${characters.slice(characters.length - (longest - 1 - head)).join('')}`;
}

export function placed(diagram: Diagram): Placed {
  const graph = new Graph();
  graph.setGraph({ rankdir: 'TB', nodesep: 24, ranksep: 28, edgesep: 12, marginx: MARGIN, marginy: MARGIN });
  graph.setDefaultEdgeLabel(() => ({}));
  const lines = diagram.boxes.map(linesOf);
  for (const { id, kind } of diagram.boxes) {
    const longest = Math.max(...lines[id]!.map((line) => [...line].length));
    graph.setNode(String(id), { width: kind === 'more' ? 36 : Math.max(48, longest * CHARACTER + 2 * PADDING), height: kind === 'more' ? 20 : lines[id]!.length === 1 ? 30 : 44 });
  }
  for (const [from, to] of diagram.arrows) graph.setEdge(String(from), String(to));
  layout(graph);
  const boxes = diagram.boxes.map((box): PlacedBox => ({ ...box, ...placeIn(graph, box.id), lines: lines[box.id]! }));
  const arrows = diagram.arrows.map(([from, to]): PlacedArrow => ({ from, to, points: (graph.edge(String(from), String(to)) as { points: readonly Point[] }).points }));
  return inFrame(diagram.title, boxes, arrows);
}

function placeIn(graph: Graph, id: number): Pick<PlacedBox, 'x' | 'y' | 'width' | 'height'> {
  const { x, y, width, height } = graph.node(String(id)) as PlacedBox;
  return { x, y, width, height };
}

/** The library counts boxes alone; arrows may go round them. */
function inFrame(title: string, boxes: readonly PlacedBox[], arrows: readonly PlacedArrow[]): Placed {
  const xs = [...boxes.flatMap(({ x, width }) => [x - width / 2, x + width / 2]), ...arrows.flatMap(({ points }) => points.map(({ x }) => x))];
  const ys = [...boxes.flatMap(({ y, height }) => [y - height / 2, y + height / 2]), ...arrows.flatMap(({ points }) => points.map(({ y }) => y))];
  const [left, top] = [least(xs) - MARGIN, least(ys) - MARGIN];
  const shifted = <T extends Point>(point: T): T => ({ ...point, x: point.x - left, y: point.y - top });
  return {
    title,
    width: Math.ceil(-least(xs.map((x) => -x)) - left + MARGIN),
    height: Math.ceil(-least(ys.map((y) => -y)) - top + MARGIN),
    boxes: boxes.map(shifted),
    arrows: arrows.map((arrow) => ({ ...arrow, points: arrow.points.map(shifted) })),
  };
}

const least = (numbers: readonly number[]): number => numbers.reduce((a, b) => Math.min(a, b), numbers[0] ?? 0);

function linesOf({ label, detail }: Box): readonly string[] {
  return [shortened(label), ...(detail === undefined ? [] : [shortened(detail)])];
}
