/** One path through the code, and the enumeration of all of them: a path is replayed with a list of decisions. */

/** `structural`: layers depend on it. `value`: only values that configurations may use do. */
export type ChoiceKind = 'structural' | 'value';

/**
 * How far paths are told apart. `all`: at every condition; `structural`: only where layers depend on it; `budget`: there
 * too, until the paths of one run could exceed the limit, and from then on every alternative runs in a region of its own.
 */
export type Precision = 'all' | 'structural' | 'budget';

export const MOST_VARIANTS = 32;

export class Choices {
  readonly #taken: { readonly alternatives: number; readonly choice: number }[] = [];
  #spent = 1;

  constructor(readonly prefix: readonly number[], readonly precision: Precision) {}

  /** The alternative to take, or `every`: all of them, kept apart. */
  decide(alternatives: number, kind: ChoiceKind): number | 'every' {
    if (kind === 'value' && this.precision !== 'all') return 'every';
    if (this.precision === 'budget') {
      if (this.#spent * alternatives > MOST_VARIANTS) return 'every';
      this.#spent *= alternatives;
    }
    const choice = this.prefix[this.#taken.length] ?? 0;
    this.#taken.push({ alternatives, choice });
    return choice;
  }

  /** The decisions of the next path in depth-first order; `undefined` after the last. */
  next(): number[] | undefined {
    for (let i = this.#taken.length - 1; i >= 0; i -= 1) {
      if (this.#taken[i].choice + 1 < this.#taken[i].alternatives) return [...this.#taken.slice(0, i).map((each) => each.choice), this.#taken[i].choice + 1];
    }
    return undefined;
  }
}
