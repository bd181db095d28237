import { nextBirth } from './values.js';
import type { Value } from './values.js';

/** Variables, innermost first. */
export class Scope {
  readonly #variables = new Map<string, Value>();
  readonly birth = nextBirth();

  constructor(readonly parent: Scope | undefined, readonly self: Value | undefined = parent?.self) {}

  declare(name: string, value: Value): void {
    this.#variables.set(name, value);
  }

  has(name: string): boolean {
    return this.#owner(name) !== undefined;
  }

  get(name: string): Value | undefined {
    // TypeScript 6.0's emitter crashes on `return …?.#variables`.
    const owner = this.#owner(name);
    return owner && owner.#variables.get(name);
  }

  /** Assigns to the variable wherever it is declared; an undeclared one becomes global. Gives the scope that has it. */
  assign(name: string, value: Value): Scope {
    const owner = this.#owner(name) ?? this.#root();
    owner.#variables.set(name, value);
    return owner;
  }

  #owner(name: string): Scope | undefined {
    for (let at: Scope | undefined = this; at; at = at.parent) if (at.#variables.has(name)) return at;
    return undefined;
  }

  #root(): Scope {
    let at: Scope = this;
    while (at.parent) at = at.parent;
    return at;
  }
}
