/** Expressions that are the same object when they are equal: what values of models are compared by. */

/** What an expression is made of, for telling people where two of them part. */
export interface Expression {
  readonly label: string;
  readonly head: string;
  readonly operands: readonly number[];
}

/** Hash-consing: equal expressions have equal numbers, without collisions. */
export class Expressions {
  private readonly numbers = new Map<string, number>();
  private readonly list: Expression[] = [];

  number(head: string, operands: readonly number[], label: string): number {
    const key = `${operands.join(',')}|${head}`;
    const known = this.numbers.get(key);
    if (known !== undefined) return known;
    this.numbers.set(key, this.list.length);
    this.list.push({ label, head, operands });
    return this.list.length - 1;
  }

  of(number: number): Expression {
    return this.list[number]!;
  }

  /** The deepest pair of expressions that differ in themselves, on the way down from two different values. */
  parting(a: number, b: number): readonly [Expression, Expression] {
    let [x, y] = [this.list[a]!, this.list[b]!];
    while (x.head === y.head && x.operands.length === y.operands.length) {
      const k = x.operands.findIndex((operand, index) => operand !== y.operands[index]);
      if (k < 0) break;
      [x, y] = [this.list[x.operands[k]!]!, this.list[y.operands[k]!]!];
    }
    return [x, y];
  }
}
