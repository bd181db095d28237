/**
 * Nodes in topological order. The specification demands that order of a file; onnxruntime also runs files that do not
 * keep it. A graph with a cycle is none: the nodes on the cycle are left out, so that what they touch is unknown.
 */
import type { NodeRecord } from '../wire/records.js';

export interface NodeOrder {
  /** The file's own order wherever that is topological. */
  readonly nodes: readonly NodeRecord[];
  readonly cyclic: ReadonlySet<NodeRecord>;
  readonly isFileOrder: boolean;
  /** Position among `nodes`. */
  rank(node: NodeRecord): number;
}

type Needs = (node: NodeRecord) => readonly NodeRecord[];

/** `needs` gives the nodes of the same body that a node depends on, through its operands and its subgraphs. */
export function inTopologicalOrder(nodes: readonly NodeRecord[], needs: Needs): NodeOrder {
  if (nodes.every((node) => needs(node).every((need) => need.index < node.index))) return { nodes, cyclic: new Set(), isFileOrder: true, rank: (node) => node.index };
  const { order, cyclic } = sort(nodes, needs);
  const ranks = new Map(order.map((node, rank) => [node, rank]));
  return { nodes: order, cyclic, isFileOrder: false, rank: (node) => ranks.get(node) ?? nodes.length };
}

/** Depth first and iterative: a chain may be 100 000 nodes long. */
function sort(nodes: readonly NodeRecord[], needs: Needs): { readonly order: readonly NodeRecord[]; readonly cyclic: ReadonlySet<NodeRecord> } {
  const order: NodeRecord[] = [];
  const cyclic = new Set<NodeRecord>();
  const done = new Set<NodeRecord>();
  const open = new Map<NodeRecord, number>();
  for (const root of nodes) {
    const stack: { readonly node: NodeRecord; readonly needs: readonly NodeRecord[]; next: number }[] = [];
    const enter = (node: NodeRecord) => {
      open.set(node, stack.length);
      stack.push({ node, needs: needs(node), next: 0 });
    };
    if (!done.has(root)) enter(root);
    for (let top = stack.at(-1); top; top = stack.at(-1)) {
      if (top.next === top.needs.length) {
        stack.pop();
        open.delete(top.node);
        done.add(top.node);
        if (!cyclic.has(top.node)) order.push(top.node);
        continue;
      }
      const need = top.needs[top.next++];
      const depth = open.get(need);
      if (depth !== undefined) for (const { node } of stack.slice(depth)) cyclic.add(node);
      else if (!done.has(need)) enter(need);
    }
  }
  return { order, cyclic };
}
