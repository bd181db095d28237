/** Names that lead to names: what is reached from those that are marked, kept as both come in. */
export class Reach {
  readonly #reached = new Set<string>();
  readonly #edges = new Map<string, Set<string>>();

  has(name: string): boolean {
    return this.#reached.has(name);
  }

  mark(name: string): void {
    const pending = [name];
    for (let at = pending.pop(); at !== undefined; at = pending.pop()) {
      if (this.#reached.has(at)) continue;
      this.#reached.add(at);
      pending.push(...(this.#edges.get(at) ?? []));
    }
  }

  link(from: string, to: string): void {
    const edges = this.#edges.get(from);
    if (edges) edges.add(to);
    else this.#edges.set(from, new Set([to]));
    if (this.#reached.has(from)) this.mark(to);
  }
}
