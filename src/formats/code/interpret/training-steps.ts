/** Which code runs in a training step: what is differentiated or given to an optimizer, what that calls, and what is named so. */
import type { ts as TS } from 'ts-morph';
import { ts } from '../typescript.js';
import { identifiersOf, isFunctionNode, lastName, nameOf } from '../syntax.js';
import { Reach } from './reach.js';

/** The functions of TensorFlow.js, and the methods of its optimizers, that differentiate what they are given. */
const GRADIENTS = new Set(['grad', 'grads', 'valueAndGrad', 'valueAndGrads', 'variableGrads', 'customGrad', 'minimize', 'computeGradients']);
/** A function may be differentiated in another file: then its name is all that tells. */
const NAMED_SO = /train|loss|grad|optimi[sz]|learn|backward|forward|update|step|^fit/i;

export class TrainingSteps {
  /** Of functions that are differentiated. Known by name only: a name too many costs a finding, and brings no false one. */
  readonly #names = new Reach();

  note(call: TS.CallExpression | TS.NewExpression, name: string): void {
    if (!GRADIENTS.has(name)) return;
    for (const argument of call.arguments ?? []) for (const each of identifiersOf(argument)) this.#names.mark(each);
  }

  /** What a training step calls belongs to it. */
  add(name: string, calls: ReadonlySet<string>): void {
    for (const called of calls) this.#names.link(name, called);
  }

  /** The node stands in code of a training step. */
  includes(node: TS.Node): boolean {
    let below = node;
    for (let at: TS.Node | undefined = node; at; below = at, at = at.parent) {
      const name = isFunctionNode(at) || ts.isClassLike(at) ? nameOf(at) : undefined;
      if (name !== undefined && (NAMED_SO.test(name) || this.#names.has(name))) return true;
      if (ts.isCallExpression(at) && at.expression !== below && GRADIENTS.has(lastName(at.expression) ?? '')) return true;
    }
    return false;
  }
}
