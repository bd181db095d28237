/** Expressions → values. */
import type { ts as TS } from 'ts-morph';
import { ts } from '../typescript.js';
import { isFunctionNode, lastName, unwrap } from '../syntax.js';
import { evaluateCall, evaluateNew, superMember } from './calls.js';
import { numberOf, stringOf } from './machine.js';
import type { Machine } from './machine.js';
import { getMember, unresolved } from './members.js';
import { binary, compoundOperator, decideTruth, negate, resolve, truthOf } from './operators.js';
import { assignTo } from './patterns.js';
import type { Scope } from './scope.js';
import { UNDEFINED, array, known } from './values.js';
import type { ClassValue, FunctionValue, Item, ObjectValue, Property, Value } from './values.js';

const GLOBALS: Readonly<Record<string, Value>> = { undefined: UNDEFINED, NaN: known(Number.NaN), Infinity: known(Number.POSITIVE_INFINITY) };

export function evaluate(machine: Machine, expression: TS.Expression, scope: Scope): Value {
  machine.step();
  const node = unwrap(expression);
  if (ts.isIdentifier(node)) return scope.get(node.text) ?? global(machine, node.text);
  if (ts.isStringLiteralLike(node)) return known(node.text);
  if (ts.isNumericLiteral(node)) return known(Number(node.text.replaceAll('_', '')));
  switch (node.kind) {
    case ts.SyntaxKind.TrueKeyword: return known(true);
    case ts.SyntaxKind.FalseKeyword: return known(false);
    case ts.SyntaxKind.NullKeyword: return known(null);
    case ts.SyntaxKind.ThisKeyword: return scope.self ?? global(machine, 'this');
    default: break;
  }
  if (ts.isCallExpression(node)) return evaluateCall(machine, node, scope);
  if (ts.isNewExpression(node)) return evaluateNew(machine, node, scope);
  if (ts.isPropertyAccessExpression(node)) return evaluateMember(machine, node, scope);
  if (ts.isElementAccessExpression(node)) return evaluateElement(machine, node, scope);
  if (ts.isObjectLiteralExpression(node)) return evaluateObject(machine, node, scope);
  if (ts.isArrayLiteralExpression(node)) return array(kept(evaluateArguments(machine, node.elements, scope)));
  if (isFunctionNode(node)) return closure(machine, node, scope);
  if (ts.isClassExpression(node)) return classOf(machine, node, scope);
  if (ts.isConditionalExpression(node)) return evaluateConditional(machine, node, scope);
  if (ts.isBinaryExpression(node)) return evaluateBinary(machine, node, scope);
  if (ts.isPrefixUnaryExpression(node) || ts.isPostfixUnaryExpression(node)) return evaluateUnary(machine, node, scope);
  if (ts.isTemplateExpression(node)) return evaluateTemplate(machine, node, scope);
  if (ts.isTypeOfExpression(node)) return typeOf(machine, evaluate(machine, node.expression, scope));
  visitClosures(machine, node, scope);
  return machine.unknown();
}

function global(machine: Machine, name: string): Value {
  if (Object.hasOwn(GLOBALS, name)) return GLOBALS[name];
  const value = unresolved(machine, name);
  machine.globals.declare(name, value);
  return value;
}

export function closure(machine: Machine, node: FunctionValue['node'], scope: Scope): FunctionValue {
  const value: FunctionValue = { kind: 'function', node, scope, self: scope.self };
  machine.closures.set(node, value);
  return value;
}

export function classOf(machine: Machine, node: TS.ClassLikeDeclaration, scope: Scope): ClassValue {
  const heritage = node.heritageClauses?.find((clause) => clause.token === ts.SyntaxKind.ExtendsKeyword)?.types[0];
  const value: ClassValue = { kind: 'class', node, scope, base: heritage && evaluate(machine, heritage.expression, scope) };
  machine.classes.set(node, value);
  return value;
}

/** Functions inside syntax that is not interpreted (JSX, tagged templates) can still be entry points. */
function visitClosures(machine: Machine, node: TS.Node, scope: Scope): void {
  ts.forEachChild(node, (child) => {
    if (isFunctionNode(child)) closure(machine, child, scope);
    else visitClosures(machine, child, scope);
  });
}

/** Arguments or array elements; a spread array gives its own items. */
export function evaluateArguments(machine: Machine, nodes: readonly TS.Expression[], scope: Scope): Item[] {
  return nodes.flatMap((node): Item[] => {
    if (ts.isOmittedExpression(node)) return [{ value: UNDEFINED, node: undefined, region: machine.region }];
    if (!ts.isSpreadElement(node)) {
      const value = evaluate(machine, node, scope);
      return [{ value, node, region: machine.region }];
    }
    const value = resolve(machine, evaluate(machine, node.expression, scope));
    if (value.kind === 'array') return value.items;
    // Nothing, several, anything: it stands for what cannot be known there.
    return value.kind === 'known' ? [] : [{ value: machine.unknown(lastName(node.expression) ?? 'spread'), node, region: machine.region }];
  });
}

/** Layers that are kept in an array remember where they stand in it. */
export function kept(items: Item[]): Item[] {
  for (const { value, node } of items) if (value.kind === 'layer') value.layer.item ??= node;
  return items;
}

function evaluateMember(machine: Machine, node: TS.PropertyAccessExpression, scope: Scope): Value {
  if (node.expression.kind === ts.SyntaxKind.SuperKeyword) return superMember(scope, node, node.name.text) ?? machine.unknown(node.name.text);
  return getMember(machine, evaluate(machine, node.expression, scope), node.name.text);
}

function evaluateElement(machine: Machine, node: TS.ElementAccessExpression, scope: Scope): Value {
  const owner = evaluate(machine, node.expression, scope);
  const key = resolve(machine, evaluate(machine, node.argumentExpression, scope));
  if (key.kind === 'known') return getMember(machine, owner, String(key.value));
  if (owner.kind === 'api') return machine.unknown(owner.path.at(-1));
  // The same symbol for the same key.
  return owner.kind === 'unknown' ? machine.term('[]', owner, key) : machine.unknown();
}

function evaluateObject(machine: Machine, node: TS.ObjectLiteralExpression, scope: Scope): ObjectValue {
  const properties = new Map<string, Property>();
  const result: ObjectValue = { kind: 'object', properties, open: false };
  for (const property of node.properties) {
    if (ts.isSpreadAssignment(property)) {
      const value = evaluate(machine, property.expression, scope);
      if (value.kind === 'object' && !value.class) {
        for (const [key, each] of value.properties) properties.set(key, each);
        result.open ||= value.open;
      } else if (value.kind !== 'known') result.open = true;
      continue;
    }
    const name = property.name && (ts.isComputedPropertyName(property.name) ? stringOf(evaluate(machine, property.name.expression, scope)) : ts.isIdentifier(property.name) || ts.isStringLiteralLike(property.name) || ts.isNumericLiteral(property.name) ? property.name.text : undefined);
    if (name === undefined) result.open = true;
    else if (ts.isPropertyAssignment(property)) properties.set(name, { value: evaluate(machine, property.initializer, scope), node: property.initializer });
    else if (ts.isShorthandPropertyAssignment(property)) properties.set(name, { value: evaluate(machine, property.name, scope), node: property.name });
    else if (ts.isMethodDeclaration(property)) {
      const method: FunctionValue = { kind: 'function', node: property, scope, self: result };
      machine.closures.set(property, method);
      properties.set(name, { value: method, node: property });
    }
  }
  return result;
}

function evaluateConditional(machine: Machine, node: TS.ConditionalExpression, scope: Scope): Value {
  const condition = evaluate(machine, node.condition, scope);
  const truth = truthOf(machine, condition);
  if (truth !== undefined) return evaluate(machine, truth ? node.whenTrue : node.whenFalse, scope);
  const structural = machine.survey.isStructural(node.whenTrue) || machine.survey.isStructural(node.whenFalse);
  if (!structural) {
    const [whenTrue, whenFalse] = [evaluate(machine, node.whenTrue, scope), evaluate(machine, node.whenFalse, scope)];
    if (whenTrue === whenFalse) return whenTrue;
    // Numbers that differ are just unknown; what names a function or a layer is worth telling apart.
    if (isPlain(whenTrue) && isPlain(whenFalse)) return machine.unknown();
    const chosen = decideTruth(machine, condition, [whenTrue, whenFalse].some((value) => value.kind === 'layer' || value.kind === 'tensor' || value.kind === 'model' || value.kind === 'api') ? 'structural' : 'value');
    return chosen === 'every' ? machine.unknown() : chosen ? whenTrue : whenFalse;
  }
  const chosen = decideTruth(machine, condition, 'structural');
  if (chosen !== 'every') return evaluate(machine, chosen ? node.whenTrue : node.whenFalse, scope);
  everyExpression(machine, [node.whenTrue, node.whenFalse], scope);
  return machine.unknown();
}

const isPlain = (value: Value): boolean => value.kind === 'unknown' || (value.kind === 'known' && typeof value.value !== 'string');

/** Evaluates alternatives of which nobody knows which one runs, each kept apart. */
function everyExpression(machine: Machine, nodes: readonly TS.Expression[], scope: Scope): void {
  const outside = machine.region;
  for (const node of nodes) {
    machine.enterRegion();
    evaluate(machine, node, scope);
  }
  machine.region = outside;
}

function evaluateBinary(machine: Machine, node: TS.BinaryExpression, scope: Scope): Value {
  const token = node.operatorToken.kind;
  if (token === ts.SyntaxKind.EqualsToken) {
    const value = evaluate(machine, node.right, scope);
    assignTo(machine, node.left, value, scope);
    return value;
  }
  if (token === ts.SyntaxKind.CommaToken) {
    evaluate(machine, node.left, scope);
    return evaluate(machine, node.right, scope);
  }
  const compound = compoundOperator(token);
  if (compound) {
    const value = binary(machine, compound, evaluate(machine, node.left, scope), evaluate(machine, node.right, scope));
    assignTo(machine, node.left, value, scope);
    return value;
  }
  if (token === ts.SyntaxKind.AmpersandAmpersandToken || token === ts.SyntaxKind.BarBarToken || token === ts.SyntaxKind.QuestionQuestionToken) return evaluateLogical(machine, node, scope);
  if (token === ts.SyntaxKind.BarBarEqualsToken || token === ts.SyntaxKind.QuestionQuestionEqualsToken) {
    const left = resolve(machine, evaluate(machine, node.left, scope));
    const value = left.kind === 'unknown' || (left.kind === 'known' && !left.value) ? evaluate(machine, node.right, scope) : left;
    assignTo(machine, node.left, value, scope);
    return value;
  }
  return binary(machine, ts.tokenToString(token) ?? '?', evaluate(machine, node.left, scope), evaluate(machine, node.right, scope));
}

function evaluateLogical(machine: Machine, node: TS.BinaryExpression, scope: Scope): Value {
  const left = resolve(machine, evaluate(machine, node.left, scope));
  const token = node.operatorToken.kind;
  if (token === ts.SyntaxKind.QuestionQuestionToken) {
    if (left.kind === 'known') return left.value === null || left.value === undefined ? evaluate(machine, node.right, scope) : left;
    return left.kind === 'unknown' ? defaulted(machine, left, node.right, scope) : left;
  }
  const isAnd = token === ts.SyntaxKind.AmpersandAmpersandToken;
  const truth = truthOf(machine, left);
  if (truth !== undefined) return truth === isAnd ? evaluate(machine, node.right, scope) : left;
  if (machine.survey.isStructural(node.right)) {
    const chosen = decideTruth(machine, left, 'structural');
    if (chosen !== 'every') return chosen === isAnd ? evaluate(machine, node.right, scope) : known(!isAnd, true);
    everyExpression(machine, [node.right], scope);
    return machine.unknown();
  }
  if (!isAnd) return defaulted(machine, left, node.right, scope, '||');
  return machine.term('&&', left, evaluate(machine, node.right, scope));
}

/** `x ?? 0.5` and `x || 0.5` of an unknown `x`: unknown, but the same wherever it is asked. */
function defaulted(machine: Machine, left: Value, right: TS.Expression, scope: Scope, operator = '??'): Value {
  if (machine.survey.isStructural(right)) {
    everyExpression(machine, [right], scope);
    return machine.unknown();
  }
  return machine.term(operator, left, evaluate(machine, right, scope));
}

function evaluateUnary(machine: Machine, node: TS.PrefixUnaryExpression | TS.PostfixUnaryExpression, scope: Scope): Value {
  const value = resolve(machine, evaluate(machine, node.operand, scope));
  switch (node.operator) {
    case ts.SyntaxKind.PlusPlusToken:
    case ts.SyntaxKind.MinusMinusToken: {
      const next = binary(machine, node.operator === ts.SyntaxKind.PlusPlusToken ? '+' : '-', value, known(1));
      assignTo(machine, node.operand, next, scope);
      return ts.isPrefixUnaryExpression(node) ? next : value;
    }
    case ts.SyntaxKind.MinusToken: return numberOf(value) === undefined ? machine.term('-', known(0), value) : known(-numberOf(value)!, value.kind === 'known' && value.assumed);
    case ts.SyntaxKind.PlusToken: return value.kind === 'known' ? known(Number(value.value), value.assumed) : value;
    case ts.SyntaxKind.ExclamationToken: return negate(machine, value);
    default: return machine.unknown();
  }
}

function evaluateTemplate(machine: Machine, node: TS.TemplateExpression, scope: Scope): Value {
  let text = node.head.text;
  for (const span of node.templateSpans) {
    const value = evaluate(machine, span.expression, scope);
    if (value.kind !== 'known') return machine.unknown();
    text += `${String(value.value)}${span.literal.text}`;
  }
  return known(text);
}

function typeOf(machine: Machine, value: Value): Value {
  if (value.kind === 'known') return known(value.value === null ? 'object' : typeof value.value);
  if (value.kind === 'unknown') return machine.term('typeof', value, undefined);
  return known(value.kind === 'function' || value.kind === 'class' ? 'function' : 'object');
}

