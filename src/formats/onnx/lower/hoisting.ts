/** What must come along to the front when a node that reads it moves there. */
import type { EditableNode } from '../wire/editable-node.js';
import { refuse } from './refusal.js';
import type { Rewiring } from './rewiring.js';

/** More than a rate, a mode and the shape of a mask take. */
const LIMIT = 64;

/**
 * The nodes that compute `names` and stand behind the place before (after) `anchor`, in their order. Refuses when they
 * depend on a node of `forbidden` or read a value of `results`: what is only computed behind that place.
 */
export function nodesToHoist(rewiring: Rewiring, names: readonly string[], place: { readonly anchor: EditableNode; readonly where: 'after' | 'before' }, forbidden: ReadonlySet<EditableNode>, results: ReadonlySet<string>): readonly EditableNode[] {
  const open = names.flatMap((name) => rewiring.producerOf(name) ?? []);
  if (open.length === 0 && !names.some((name) => results.has(name))) return [];
  const cyclic = () => refuse('its rate, mode or mask is computed from what comes later');
  if (names.some((name) => results.has(name))) cyclic();
  const positions = rewiring.positions();
  const limit = positions.get(place.anchor)! + (place.where === 'after' ? 1 : 0);
  const late = new Set<EditableNode>();
  for (let node = open.pop(); node; node = open.pop()) {
    if (late.has(node) || positions.get(node)! < limit) continue;
    if (forbidden.has(node) || node.inputs.some((name) => results.has(name))) cyclic();
    if (late.size === LIMIT || node.record?.attributes.some(({ graphs }) => graphs.length > 0)) refuse('too much of the graph would have to move with it');
    late.add(node);
    open.push(...node.inputs.flatMap((name) => rewiring.producerOf(name) ?? []));
  }
  return [...late].sort((a, b) => positions.get(a)! - positions.get(b)!);
}
