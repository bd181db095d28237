/** Operators on values, and the truth of conditions. */
import type { ts as TS } from 'ts-morph';
import { ts } from '../typescript.js';
import type { ChoiceKind } from './choices.js';
import { assume, isKnown, settle } from './machine.js';
import type { Machine } from './machine.js';
import { known } from './values.js';
import type { Known, Primitive, Unknown, Value } from './values.js';

type Arithmetic = (left: never, right: never) => Primitive;

/* eslint-disable eqeqeq -- the operators of the language under study */
const OPERATIONS: Readonly<Record<string, Arithmetic>> = {
  '+': (a: number, b: number) => a + b,
  '-': (a: number, b: number) => a - b,
  '*': (a: number, b: number) => a * b,
  '/': (a: number, b: number) => a / b,
  '%': (a: number, b: number) => a % b,
  '**': (a: number, b: number) => a ** b,
  '<': (a: number, b: number) => a < b,
  '>': (a: number, b: number) => a > b,
  '<=': (a: number, b: number) => a <= b,
  '>=': (a: number, b: number) => a >= b,
  '===': (a: Primitive, b: Primitive) => a === b,
  '!==': (a: Primitive, b: Primitive) => a !== b,
  '==': (a: Primitive, b: Primitive) => a == b,
  '!=': (a: Primitive, b: Primitive) => a != b,
  '|': (a: number, b: number) => a | b,
  '&': (a: number, b: number) => a & b,
  '<<': (a: number, b: number) => a << b,
  '>>': (a: number, b: number) => a >> b,
  '>>>': (a: number, b: number) => a >>> b,
};
/* eslint-enable eqeqeq */

/** The operator of a compound assignment, `+` for `+=`. */
export const compoundOperator = (token: TS.SyntaxKind): string | undefined => {
  const text = ts.tokenToString(token);
  return text?.endsWith('=') && text.slice(0, -1) in OPERATIONS && !['=', '<', '>', '!', '=='].includes(text.slice(0, -1)) ? text.slice(0, -1) : undefined;
};

export function binary(machine: Machine, operator: string, left: Value, right: Value): Value {
  const [a, b] = [resolve(machine, left), resolve(machine, right)];
  const operation = OPERATIONS[operator];
  if (isKnown(a) && isKnown(b) && operation) return known((operation as (x: Primitive, y: Primitive) => Primitive)(a.value, b.value), a.assumed || b.assumed);
  // Objects are never equal to primitives: `layer === null`, `model !== undefined`.
  if (operator === '===' || operator === '!==' || operator === '==' || operator === '!=') {
    const same = a === b ? true : isDefinite(a) && isDefinite(b) && (isKnown(a) || isKnown(b)) ? false : undefined;
    if (same !== undefined) return known(operator.startsWith('=') ? same : !same);
    if (operator.startsWith('!')) return machine.term('!', machine.term(operator.replace('!', '='), a, b), undefined);
    return machine.term(operator, a, b);
  }
  if (operator === '>') return machine.term('<', b, a);
  if (operator === '>=') return machine.term('<=', b, a);
  return machine.term(operator, a, b);
}

const isDefinite = (value: Value): boolean => value.kind !== 'unknown';

/** The value of a symbol once a path has pinned down what it was made from. */
export function resolve(machine: Machine, value: Value): Value {
  const settled = settle(value);
  if (settled.kind !== 'unknown' || !settled.term) return settled;
  const { operator, left, right } = settled.term;
  if (!right || !(operator in OPERATIONS)) return settled;
  const [a, b] = [resolve(machine, left), resolve(machine, right)];
  return isKnown(a) && isKnown(b) ? binary(machine, operator, a, b) : settled;
}

export function negate(machine: Machine, value: Value): Value {
  const truth = truthOf(machine, value);
  if (truth !== undefined) return known(!truth, value.kind === 'known' && value.assumed);
  return value.kind === 'unknown' && value.term?.operator === '!' ? value.term.left : machine.term('!', value, undefined);
}

/** What is known of a condition without deciding it. */
export function truthOf(machine: Machine, value: Value): boolean | undefined {
  const at = resolve(machine, value);
  if (at.kind === 'known') return Boolean(at.value);
  if (at.kind !== 'unknown') return true;
  if (at.truth !== undefined) return at.truth;
  if (!at.term) return undefined;
  const left = truthOf(machine, at.term.left);
  const right = at.term.right && truthOf(machine, at.term.right);
  switch (at.term.operator) {
    case '!': return left === undefined ? undefined : !left;
    case '&&': return left === false || right === false ? false : left && right ? true : undefined;
    case '||': return left || right ? true : left === false && right === false ? false : undefined;
    default: return undefined;
  }
}

/** The truth on this path: known, decided before, or decided now; `every` when the paths are not told apart. */
export function decideTruth(machine: Machine, value: Value, kind: ChoiceKind): boolean | 'every' {
  const truth = truthOf(machine, value);
  if (truth !== undefined) return truth;
  const choice = machine.decide(2, kind);
  if (choice === 'every') return 'every';
  takeAs(machine, value, choice === 0);
  return choice === 0;
}

/** From here on the path takes the condition as true or false, with what follows from it. */
export function takeAs(machine: Machine, value: Value, truth: boolean): void {
  const at = resolve(machine, value);
  if (at.kind !== 'unknown') return;
  at.truth = truth;
  if (!at.term) return;
  const { operator, left, right } = at.term;
  if (operator === '!') takeAs(machine, left, !truth);
  else if ((operator === '&&' && truth) || (operator === '||' && !truth)) {
    takeAs(machine, left, truth);
    if (right) takeAs(machine, right, truth);
  } else if (truth && right && (operator === '===' || operator === '==')) pin(left, right);
}

function pin(left: Value, right: Value): void {
  const [symbol, value] = left.kind === 'unknown' ? [left, right] : [right as Unknown, left];
  if (symbol.kind === 'unknown' && isKnown(value)) symbol.refined = assume(value.value);
}

/** A count that the file does not say is 1, 2 or 0; it stays that on the whole path. */
export function decideCount(machine: Machine, count: Value, kind: ChoiceKind): number | 'every' {
  const at = resolve(machine, count);
  if (at.kind === 'known') return Math.max(0, Number(at.value) || 0);
  const choice = machine.decide(3, kind);
  if (choice === 'every') return 'every';
  const decided: Known = assume([1, 2, 0][choice]);
  if (at.kind === 'unknown') at.refined = decided;
  return decided.value as number;
}
