import type { BodyRecord, FunctionRecord, GraphRecord } from './records.js';

/** The names of values and nodes in a model's graph or a function, with all subgraphs: one scope, so that no name shadows another. */
export class NameScope {
  readonly values = new Set<string>();
  readonly nodes = new Set<string>();
  readonly #counters = new Map<string, number>();

  /** Collects the names of `root` and of every body within it, and enters each of those into `scopes`. */
  constructor(root: GraphRecord | FunctionRecord, scopes: Map<BodyRecord, NameScope>) {
    const pending: (GraphRecord | FunctionRecord)[] = [root];
    for (let body = pending.pop(); body; body = pending.pop()) {
      scopes.set(body, this);
      this.#collect(body);
      for (const node of body.nodes) {
        for (const attribute of node.attributes) {
          for (const graph of attribute.graphs) pending.push(graph);
        }
      }
    }
  }

  /** A value name that nothing has; it is taken from then on. */
  freshValue(stem: string): string {
    return this.#fresh(this.values, stem || 'value');
  }

  freshNode(stem: string): string {
    return this.#fresh(this.nodes, stem || 'node');
  }

  #fresh(taken: Set<string>, stem: string): string {
    let name = stem;
    let count = this.#counters.get(stem) ?? 0;
    while (taken.has(name)) name = `${stem}_${++count}`;
    this.#counters.set(stem, count);
    taken.add(name);
    return name;
  }

  #collect(body: GraphRecord | FunctionRecord): void {
    for (const node of body.nodes) {
      this.nodes.add(node.name);
      for (const name of node.inputs) this.values.add(name);
      for (const name of node.outputs) this.values.add(name);
    }
    for (const name of body.valueInfos.keys()) this.values.add(name);
    if (body.kind === 'function') {
      for (const name of [...body.inputs, ...body.outputs]) this.values.add(name);
      return;
    }
    for (const { name } of [...body.inputs, ...body.outputs]) this.values.add(name);
    for (const name of body.initializers.keys()) this.values.add(name);
    for (const name of body.sparseInitializers) this.values.add(name);
    for (const { tensorName } of body.quantizationAnnotations) this.values.add(tensorName);
  }
}
