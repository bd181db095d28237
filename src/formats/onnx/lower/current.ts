/** A layer as it stands now: earlier edits of the same pass may have renamed its values. */
import type { Place } from '../lift/lift.js';
import type { EditableNode } from '../wire/editable-node.js';
import { refuse } from './refusal.js';
import type { Rewiring } from './rewiring.js';

export interface Current {
  readonly place: Place;
  readonly rewiring: Rewiring;
  /** In topological order. */
  readonly nodes: readonly EditableNode[];
  readonly input: string;
  readonly output: string;
  /** The first of its nodes that reads `input`. */
  readonly reader: EditableNode;
  /** The node that makes `output`. */
  readonly maker: EditableNode;
}

export function currentOf(place: Place, rewiring: Rewiring): Current {
  if (!rewiring.body.order.isFileOrder) refuse("the graph's nodes are not in topological order, which the specification demands");
  const nodes = place.nodes.map(rewiring.nodeOf);
  if (nodes.some((node) => !node.isPresent)) refuse('another fix of the same pass has taken it out');
  const at = place.nodes.findIndex((node) => place.input !== '' && node.inputs.includes(place.input));
  const end = place.nodes.findLastIndex((node) => node.outputs.includes(place.output));
  const reader = nodes[Math.max(at, 0)];
  const maker = nodes[end];
  const input = at === -1 ? '' : reader.inputs[place.nodes[at].inputs.indexOf(place.input)];
  return { place, rewiring, nodes, input, output: maker.outputs[place.nodes[end].outputs.indexOf(place.output)], reader, maker };
}

/** A dropout that stands by itself. */
export interface CurrentDropout extends Current {
  readonly dropout: NonNullable<Place['dropout']>;
  readonly main: EditableNode;
}

export function dropoutOf(current: Current): CurrentDropout {
  const { dropout } = current.place;
  if (!dropout) refuse('it is no dropout');
  if (dropout.draw) refuse('its mask is drawn outside of the loop that it stands in');
  if (dropout.fused) refuse(`${dropout.main.opType} adds a bias or a residual in the same operator`);
  return { ...current, dropout, main: current.rewiring.nodeOf(dropout.main) };
}

/** What a dropout reads besides its data: rate, mode, the shape of its mask. */
export function sideInputsOf({ nodes, input, main, dropout }: CurrentDropout): readonly string[] {
  const inside = new Set(nodes.flatMap((node) => node.outputs));
  return nodes.flatMap((node) => node.inputs.filter((name, index) => name !== '' && !inside.has(name) && (name !== input || isSide(node, index, main, dropout.form))));
}

/** Rate and mode of a Dropout operator, whatever value they are. */
export const isSide = (node: EditableNode, index: number, main: EditableNode, form: 'operator' | 'decomposed'): boolean => form === 'operator' && node === main && index > 0;
