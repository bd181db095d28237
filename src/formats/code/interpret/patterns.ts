/** Destructuring, hoisting, and what a piece of code assigns. */
import type { ts as TS } from 'ts-morph';
import { ts } from '../typescript.js';
import { isFunctionNode, unwrap } from '../syntax.js';
import { evaluate } from './expressions.js';
import type { Machine } from './machine.js';
import { getMember, setMember } from './members.js';
import type { Scope } from './scope.js';
import { UNDEFINED, array } from './values.js';
import type { FunctionValue, Value } from './values.js';

/** Declares the names of a binding: an identifier or a pattern. */
export function bind(machine: Machine, name: TS.BindingName, value: Value, scope: Scope): void {
  if (ts.isIdentifier(name)) {
    if (value.kind === 'model') value.model.holders.add(name.text);
    // A parameter named `tf` is TensorFlow.js.
    scope.declare(name.text, name.text === 'tf' && value.kind === 'unknown' ? { kind: 'api', path: [] } : value);
    return;
  }
  name.elements.forEach((element, index) => {
    if (ts.isOmittedExpression(element)) return;
    let part: Value;
    if (element.dotDotDotToken) part = value.kind === 'array' ? array(value.items.slice(index)) : machine.unknown();
    else if (ts.isArrayBindingPattern(name)) part = getMember(machine, value, String(index));
    else {
      const key = element.propertyName ?? element.name;
      part = ts.isIdentifier(key) || ts.isStringLiteral(key) ? getMember(machine, value, key.text) : machine.unknown();
    }
    if (element.initializer && part.kind === 'known' && part.value === undefined) part = evaluate(machine, element.initializer, scope);
    bind(machine, element.name, part, scope);
  });
}

/** Functions and classes are there before the statements run. */
export function hoist(machine: Machine, statements: readonly TS.Statement[], scope: Scope): void {
  for (const statement of statements) {
    if (ts.isFunctionDeclaration(statement) && statement.body) {
      const value: FunctionValue = { kind: 'function', node: statement, scope, self: undefined };
      machine.closures.set(statement, value);
      scope.declare(statement.name?.text ?? 'default', value);
    }
  }
}

/** It is, or may hold, something of a model: numbers and strings are not. */
const mayCarryLayers = (value: Value): boolean => value.kind !== 'known' && (value.kind !== 'unknown' || value.model !== undefined || value.tensor !== undefined);

/** Assigns to whatever stands on the left of `=`. */
export function assignTo(machine: Machine, target: TS.Expression, value: Value, scope: Scope): void {
  const at = unwrap(target);
  if (ts.isIdentifier(at)) {
    if (value.kind === 'model') value.model.holders.add(at.text);
    const owner = scope.assign(at.text, value);
    if (mayCarryLayers(value)) machine.touch(owner.birth);
  } else if (ts.isPropertyAccessExpression(at)) {
    if (mayCarryLayers(value)) machine.touch(0);
    if (value.kind === 'model') value.model.holders.add(at.getText());
    setMember(evaluate(machine, at.expression, scope), at.name.text, value, undefined);
  } else if (ts.isElementAccessExpression(at)) {
    const index = evaluate(machine, at.argumentExpression, scope);
    const owner = evaluate(machine, at.expression, scope);
    if (index.kind === 'known') setMember(owner, String(index.value), value, undefined);
    else if (owner.kind === 'object') owner.open = true;
  } else if (ts.isArrayLiteralExpression(at)) {
    at.elements.forEach((element, index) => assignTo(machine, element, getMember(machine, value, String(index)), scope));
  } else if (ts.isObjectLiteralExpression(at)) {
    for (const property of at.properties) {
      if (ts.isShorthandPropertyAssignment(property)) scope.assign(property.name.text, getMember(machine, value, property.name.text));
      else if (ts.isPropertyAssignment(property) && ts.isIdentifier(property.name)) assignTo(machine, property.initializer, getMember(machine, value, property.name.text), scope);
    }
  }
}

const MUTATORS = new Set(['push', 'unshift', 'pop', 'shift', 'splice', 'reverse', 'sort', 'fill']);

/** What a piece of code may assign: variables, fields, arrays that it changes. Functions inside it are not entered. */
export function assignedTargets(node: TS.Node): TS.Expression[] {
  const targets: TS.Expression[] = [];
  const visit = (at: TS.Node): void => {
    if (isFunctionNode(at) && at !== node && !ts.isArrowFunction(at)) return;
    if (ts.isBinaryExpression(at) && at.operatorToken.kind >= ts.SyntaxKind.FirstAssignment && at.operatorToken.kind <= ts.SyntaxKind.LastAssignment) targets.push(at.left);
    else if ((ts.isPrefixUnaryExpression(at) || ts.isPostfixUnaryExpression(at)) && (at.operator === ts.SyntaxKind.PlusPlusToken || at.operator === ts.SyntaxKind.MinusMinusToken)) targets.push(at.operand);
    else if (ts.isCallExpression(at) && ts.isPropertyAccessExpression(at.expression) && MUTATORS.has(at.expression.name.text)) targets.push(at.expression.expression);
    ts.forEachChild(at, visit);
  };
  visit(node);
  return targets.map(unwrap);
}

/** Nothing is known any more of what the code may have assigned. */
export function forget(machine: Machine, node: TS.Node, scope: Scope): void {
  for (const target of assignedTargets(node)) {
    if (ts.isIdentifier(target)) {
      if (scope.has(target.text) && target.text !== 'tf') scope.assign(target.text, machine.unknown(target.text));
    } else if (ts.isPropertyAccessExpression(target) && target.name.text !== 'layers') {
      const owner = evaluate(machine, target.expression, scope);
      if (owner.kind === 'object' || owner.kind === 'unknown') setMember(owner, target.name.text, machine.unknown(target.name.text), undefined);
    } else if (ts.isElementAccessExpression(target)) assignTo(machine, target, machine.unknown(), scope);
    else if (ts.isArrayLiteralExpression(target) || ts.isObjectLiteralExpression(target)) assignTo(machine, target, UNDEFINED, scope);
  }
}

/** The current values of what a piece of code may assign, and how to put them back. */
export function snapshot(node: TS.Node, scope: Scope): () => void {
  const saved = assignedTargets(node).filter(ts.isIdentifier).map(({ text }) => {
    const value = scope.get(text);
    return { text, value, items: value?.kind === 'array' ? [...value.items] : undefined };
  });
  return () => {
    for (const { text, value, items } of saved) {
      if (!value) continue;
      if (items && value.kind === 'array') value.items.splice(0, value.items.length, ...items);
      scope.assign(text, value);
    }
  };
}
