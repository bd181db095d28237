/** What several nodes together spell. */
import type { NodeRecord } from '../wire/records.js';
import type { Body } from './tensors.js';
import { scalarOf } from './constants.js';

/** Nodes that form one layer: only its operands come from outside, and only its results are read outside. */
export interface Pattern<Facts> {
  /** In topological order; the last one makes `output`. */
  readonly nodes: readonly NodeRecord[];
  /** Name of the live operand. */
  readonly input: string;
  readonly output: string;
  readonly facts: Facts;
}

/** The node that computes a value in this body. */
export const producerOf = (body: Body, name: string | undefined): NodeRecord | undefined => (name ? body.tensors.get(name)?.producer : undefined);

/** The node that alone reads a value, when nothing else sees it. */
export function soleReader(body: Body, name: string): NodeRecord | undefined {
  const tensor = body.tensors.get(name);
  if (!tensor || tensor.isOutput || tensor.captured || tensor.readers.length === 0) return undefined;
  const [first] = tensor.readers;
  return tensor.readers.every((reader) => reader === first) ? first : undefined;
}

export const scalar = (body: Body, name: string | undefined): number | undefined => (name ? scalarOf(body.tensor(name).constant) : undefined);

/** Of a binary node: the operand that is not `name`. */
export function otherOperand(node: NodeRecord, name: string): string | undefined {
  if (node.inputs.length !== 2) return undefined;
  return node.inputs[0] === name ? node.inputs[1] : node.inputs[1] === name ? node.inputs[0] : undefined;
}

/** No value inside is seen outside but `output`. */
export function isClosed(body: Body, nodes: ReadonlySet<NodeRecord>, output: string): boolean {
  for (const node of nodes) {
    for (const name of node.outputs) {
      if (name === '' || name === output) continue;
      const tensor = body.tensor(name);
      if (tensor.isOutput || tensor.captured || !tensor.readers.every((reader) => nodes.has(reader))) return false;
    }
  }
  return true;
}

export const inOrder = (body: Body, nodes: Iterable<NodeRecord>): NodeRecord[] => [...nodes].sort((a, b) => body.order.rank(a) - body.order.rank(b));
