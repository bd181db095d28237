import { nodeBytes, fieldBytes } from './encode.js';
import { EditableNode } from './editable-node.js';
import type { Patches } from './patches.js';
import type { NodeRecord, Span } from './records.js';
import type { NodeSpec } from './specs.js';

export type NodePlace = { readonly before: EditableNode } | { readonly after: EditableNode } | 'end';

/** The nodes of a body in their order, as a linked list: an edit costs the same in a graph of 100 000 nodes. */
export class NodeOrder {
  readonly #ofRecords: readonly EditableNode[];
  #first: EditableNode | undefined;
  #last: EditableNode | undefined;
  #current: readonly EditableNode[] | undefined;
  #isChanged = false;

  constructor(records: readonly NodeRecord[]) {
    this.#ofRecords = records.map((record) => EditableNode.ofRecord(record));
    for (const node of this.#ofRecords) this.#link(node, 'end');
  }

  get current(): readonly EditableNode[] {
    if (!this.#current) {
      const nodes: EditableNode[] = [];
      for (let node = this.#first; node; node = node.next) nodes.push(node);
      this.#current = nodes;
    }
    return this.#current;
  }

  of(record: NodeRecord): EditableNode {
    const node = this.#ofRecords[record.index];
    if (node?.record !== record) throw new RangeError(`node ${record.index} (${record.opType}) is not of this body`);
    return node;
  }

  insert(spec: NodeSpec, place: NodePlace): EditableNode {
    const node = EditableNode.ofSpec(spec);
    this.#assertPlace(place);
    this.#link(node, place);
    this.#isChanged = true;
    return node;
  }

  remove(node: EditableNode): void {
    this.#unlink(node);
    node.state = 'removed';
    this.#isChanged = true;
  }

  moveTo(node: EditableNode, place: NodePlace): void {
    if (neighbourOf(place) === node) return;
    this.#assertPlace(place);
    this.#unlink(node);
    this.#link(node, place);
    if (node.record) node.state = 'moved';
    this.#isChanged = true;
  }

  /** Nodes that came in, went and moved; `key` is the field of nodes in the message, `end` a message for a first node. */
  collect(patches: Patches, key: number, end: Span): void {
    if (!this.#isChanged) return;
    for (const node of this.#ofRecords) if (node.state === 'removed') patches.replaceMessage(node.record!.span);
    const staying = this.#staying();
    const firstSpan = this.current.find((node) => staying.has(node))?.record?.span;
    let owner = firstSpan?.parent ?? end;
    let at = firstSpan?.tag ?? end.end;
    for (const node of this.current) {
      if (staying.has(node)) {
        owner = node.record!.span.parent!;
        at = node.record!.span.end;
      } else if (node.record) patches.move(node.record.span, owner, at);
      else patches.insert(owner, at, fieldBytes(key, nodeBytes(node.finalSpec)));
    }
  }

  /** Nodes whose bytes stay where they are: those never moved, and those moved to where they stood between them. */
  #staying(): ReadonlySet<EditableNode> {
    const nodes = this.current;
    const following = new Array<number>(nodes.length);
    let bound = Infinity;
    for (let index = nodes.length - 1; index >= 0; index--) {
      following[index] = bound;
      if (nodes[index]!.state === 'kept') bound = nodes[index]!.record!.index;
    }
    const staying = new Set<EditableNode>();
    let previous = -1;
    for (const [index, node] of nodes.entries()) {
      if (!node.record || node.record.index <= previous || node.record.index >= following[index]!) continue;
      staying.add(node);
      previous = node.record.index;
    }
    return staying;
  }

  #assertPlace(place: NodePlace): void {
    const neighbour = neighbourOf(place);
    if (neighbour && neighbour.owner !== this) throw new RangeError(`node ${neighbour.name} (${neighbour.opType}) is not in this body`);
  }

  #link(node: EditableNode, place: NodePlace): void {
    const next = place === 'end' ? undefined : 'before' in place ? place.before : place.after.next;
    const previous = place === 'end' ? this.#last : 'before' in place ? place.before.previous : place.after;
    node.owner = this;
    node.previous = previous;
    node.next = next;
    if (previous) previous.next = node;
    else this.#first = node;
    if (next) next.previous = node;
    else this.#last = node;
    this.#current = undefined;
  }

  #unlink(node: EditableNode): void {
    if (node.owner !== this) throw new RangeError(`node ${node.name} (${node.opType}) is not in this body`);
    const { previous, next } = node;
    if (previous) previous.next = next;
    else this.#first = next;
    if (next) next.previous = previous;
    else this.#last = previous;
    node.owner = node.previous = node.next = undefined;
    this.#current = undefined;
  }
}

function neighbourOf(place: NodePlace): EditableNode | undefined {
  if (place === 'end') return undefined;
  return 'before' in place ? place.before : place.after;
}
