/** Walks graphs with the graphs that are nested in the attributes of their nodes. */
import type { BodyRecord, FunctionRecord, GraphRecord, NodeRecord } from './records.js';

/** The branches of an If, the body of a Loop or Scan. */
export const subgraphsOf = ({ attributes }: NodeRecord): readonly GraphRecord[] => attributes.flatMap(({ graphs }) => graphs);

/** The bodies, and the graphs nested in them at any depth, from the outside in. */
export function* bodiesIn<B extends BodyRecord>(...roots: readonly B[]): Generator<B | GraphRecord> {
  const open: (B | GraphRecord)[] = [...roots];
  for (const body of open) {
    yield body;
    for (const node of body.nodes) open.push(...subgraphsOf(node));
  }
}

/** Whether a node of the body or of a graph nested in it reads the value, or one of them gives it as its output. */
export function isReadIn(body: GraphRecord | FunctionRecord, name: string): boolean {
  for (const { outputs, nodes } of bodiesIn<GraphRecord | FunctionRecord>(body)) {
    if (outputs.some((output) => (typeof output === 'string' ? output : output.name) === name)) return true;
    if (nodes.some(({ inputs }) => inputs.includes(name))) return true;
  }
  return false;
}
