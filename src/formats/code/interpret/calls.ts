/** Calls: of local functions (inlined), of methods of what the interpreter knows, and of everything else. */
import type { ts as TS } from 'ts-morph';
import { ts } from '../typescript.js';
import { lastName, unwrap } from '../syntax.js';
import type { FunctionNode } from '../syntax.js';
import { callArrayMethod, callArrayLike } from './arrays.js';
import { evaluate, evaluateArguments } from './expressions.js';
import type { Machine } from './machine.js';
import { findMethod, getMember } from './members.js';
import { requiredModule } from './modules.js';
import { bind, hoist } from './patterns.js';
import { Scope } from './scope.js';
import { execute } from './statements.js';
import { apply, asTensor, asTensors, unknownLayer } from './tensors.js';
import { callApi, callLayer, callModel, escape, foreignModel, newModel, pushIntoLayers } from './tensorflow.js';
import { UNDEFINED, array } from './values.js';
import type { ClassValue, FunctionValue, Item, ObjectValue, Value } from './values.js';

const DEEPEST = 5;
const MOST_IN_STACK = 24;
/** Functions of which one can tell by the name that they add no layers to a model that they are given. */
const HARMLESS = /^(log|info|debug|warn|error|print|show|plot|draw|render|display|summar|visuali[sz]e|train|fit|evaluat|predict|test|validat|save|export|dispose|compile|modelSummary|set[A-Z]|on[A-Z]|assert|expect|toBe|toEqual|tidy|resolve|send|json|download)/;

export function evaluateCall(machine: Machine, call: TS.CallExpression, scope: Scope): Value {
  const callee = unwrap(call.expression);
  if (callee.kind === ts.SyntaxKind.ImportKeyword) return requiredModule(machine, call);
  if (callee.kind === ts.SyntaxKind.SuperKeyword) return callSuper(machine, call, scope);
  if (ts.isIdentifier(callee) && callee.text === 'require' && !scope.has('require')) return requiredModule(machine, call);
  if (ts.isPropertyAccessExpression(callee) || ts.isElementAccessExpression(callee)) {
    const receiver = evaluate(machine, callee.expression, scope);
    const name = lastName(callee) ?? '';
    return callMethod(machine, receiver, name, evaluateArguments(machine, call.arguments, scope), call, callee);
  }
  const target = evaluate(machine, callee, scope);
  return callValue(machine, target, evaluateArguments(machine, call.arguments, scope), call, lastName(callee) ?? 'call');
}

function callValue(machine: Machine, target: Value, args: readonly Item[], call: TS.CallExpression, name: string): Value {
  if (target.kind === 'function') return callFunction(machine, target, args, call);
  if (target.kind === 'api') return callApi(machine, target.path, args, call);
  const arrayLike = callArrayLike(machine, name, args);
  return arrayLike ?? callUnknown(machine, name, args, call);
}

function callMethod(machine: Machine, receiver: Value, name: string, args: readonly Item[], call: TS.CallExpression, callee: TS.PropertyAccessExpression | TS.ElementAccessExpression): Value {
  const first = args[0]?.value;
  switch (receiver.kind) {
    case 'api': {
      const path = ts.isElementAccessExpression(callee) && !name ? undefined : [...receiver.path, name];
      if (path) return callApi(machine, path, args, call);
      // `tf.layers[kind](…)`: a layer, but which?
      return { kind: 'layer', layer: unknownLayer(machine, 'layer', call) };
    }
    case 'model': return callModel(machine, receiver.model, name, args, call);
    case 'layer': return callLayer(machine, receiver.layer, name, args, call);
    case 'array':
      if (receiver.layersOf) return name === 'push' || name === 'unshift' ? pushIntoLayers(machine, receiver.layersOf, args, call) : machine.unknown(name);
      return callArrayMethod(machine, receiver, name, args, call) ?? machine.unknown(name);
    case 'object':
    case 'class':
    case 'function': {
      if (receiver.kind === 'function' && (name === 'call' || name === 'bind')) return name === 'call' ? callFunction(machine, receiver, args.slice(1), call) : receiver;
      const member = receiver.kind === 'function' ? machine.unknown(name) : getMember(machine, receiver, name);
      if (member.kind === 'function') return callFunction(machine, { ...member, self: receiver }, args, call);
      if (member.kind !== 'unknown') return callValue(machine, member, args, call, name);
      break;
    }
    case 'unknown': {
      const member = receiver.members.get(name);
      if (member && member.kind !== 'unknown') return callValue(machine, member, args, call, name);
      if (name === 'add' && first && (first.kind === 'layer' || first.kind === 'model') && args.length === 1) return callModel(machine, foreignModel(machine, receiver, callee.expression), 'add', args, call);
      if (name === 'apply' && first && isTensorLike(first)) return apply(machine, unknownLayer(machine, receiver.name ?? 'layer', callee.expression), asTensors(machine, first), { kind: 'apply', node: call, path: machine.path });
      if (receiver.model) return callModel(machine, receiver.model, name, args, call);
      if (name === 'then' && first?.kind === 'function') return callFunction(machine, first, [{ value: receiver, node: undefined, region: machine.region }], call);
      const result = callArrayLike(machine, `${receiver.name ?? ''}.${name}`, args) ?? callArrayMethod(machine, receiver, name, args, call);
      if (result) return result;
      break;
    }
    default: break;
  }
  return callUnknown(machine, name, args, call);
}

const isTensorLike = (value: Value): boolean => value.kind === 'tensor' || (value.kind === 'unknown' && value.tensor !== undefined) || (value.kind === 'array' && value.items.some((item) => isTensorLike(item.value)));

/** A call of something that the interpreter cannot see: models and tensors that it is given are not known afterwards. */
export function callUnknown(machine: Machine, name: string, args: readonly Item[], call: TS.Node, harmless = HARMLESS.test(name)): Value {
  const tensors: Value[] = [];
  const look = (value: Value, depth: number): void => {
    if (value.kind === 'model' && !harmless) escape(machine, value.model, name, call);
    else if (value.kind === 'unknown' && value.model && !harmless) escape(machine, value.model, name, call);
    else if (value.kind === 'tensor') tensors.push(value);
    else if (depth > 0 && value.kind === 'array') value.items.forEach((item) => look(item.value, depth - 1));
    else if (depth > 0 && value.kind === 'object' && !value.class) for (const { value: inner } of value.properties.values()) look(inner, depth - 1);
  };
  args.forEach((item) => look(item.value, 2));
  if (tensors.length > 0 && !harmless) return apply(machine, unknownLayer(machine, name, call), tensors.map((value) => asTensor(machine, value)), { kind: 'computed', node: call, path: machine.path });
  return machine.unknown(name);
}

/** Inlines a function that has to do with layers; what it makes belongs to this call site. */
export function callFunction(machine: Machine, target: FunctionValue, args: readonly Item[], call: TS.Node): Value {
  const { node } = target;
  machine.step();
  if (!node.body || isGenerator(node) || machine.stack.includes(node)) return callUnknown(machine, 'call', args, call, false);
  const relevant = machine.survey.isRelevant(node) || args.some((item) => carriesLayers(item.value, 2));
  const inner = relevant && machine.survey.isRelevant(node) ? 1 : 0;
  if (machine.stack.length >= MOST_IN_STACK || machine.depth + inner > DEEPEST) return callUnknown(machine, 'call', args, call, false);
  if (!relevant && !isSimple(node)) return machine.unknown((ts.isFunctionDeclaration(node) && node.name?.text) || 'call');
  machine.executed.add(node);
  machine.stack.push(node);
  machine.depth += inner;
  try {
    return machine.calling(call, () => runBody(machine, target, args));
  } finally {
    machine.depth -= inner;
    machine.stack.pop();
  }
}

const isGenerator = (node: FunctionNode): boolean => 'asteriskToken' in node && node.asteriskToken !== undefined;

/** One expression: cheap to evaluate, and worth it for constants. */
const isSimple = (node: FunctionNode): boolean =>
  node.body !== undefined && (!ts.isBlock(node.body) || (node.body.statements.length === 1 && ts.isReturnStatement(node.body.statements[0])) || ts.isConstructorDeclaration(node));

function carriesLayers(value: Value, depth: number): boolean {
  switch (value.kind) {
    case 'layer':
    case 'model':
    case 'tensor': return true;
    case 'unknown': return value.model !== undefined || value.tensor !== undefined;
    case 'array': return depth > 0 && value.items.some((item) => carriesLayers(item.value, depth - 1));
    case 'object': return depth > 0 && [...value.properties.values()].some((each) => carriesLayers(each.value, depth - 1));
    case 'function': return depth > 0;
    default: return false;
  }
}

/** Runs a function's body with its parameters bound, in the region it is called in unless an exit in it was uncertain. */
export function runBody(machine: Machine, { node, scope, self }: FunctionValue, args: readonly Item[]): Value {
  const own = new Scope(scope, ts.isArrowFunction(node) ? scope.self : self);
  node.parameters.forEach((parameter, index) => {
    if (parameter.dotDotDotToken) bind(machine, parameter.name, array(args.slice(index).map((item) => ({ ...item }))), own);
    else {
      const given = args[index]?.value ?? UNDEFINED;
      const missing = given.kind === 'known' && given.value === undefined;
      bind(machine, parameter.name, missing && parameter.initializer ? evaluate(machine, parameter.initializer, own) : given, own);
      // TypeScript's `constructor(private units: number)`.
      if (self && ts.isParameterPropertyDeclaration(parameter, parameter.parent) && ts.isIdentifier(parameter.name) && self.kind === 'object') self.properties.set(parameter.name.text, { value: own.get(parameter.name.text) ?? UNDEFINED, node: undefined });
    }
  });
  const { body } = node;
  if (!body) return machine.unknown();
  if (!ts.isBlock(body)) return evaluate(machine, body, own);
  hoist(machine, body.statements, own);
  for (const statement of body.statements) {
    const completion = execute(machine, statement, own);
    if (completion?.type === 'return') return completion.value;
    if (completion?.type === 'uncertain') return machine.unknown('result');
  }
  return UNDEFINED;
}

export function evaluateNew(machine: Machine, call: TS.NewExpression, scope: Scope): Value {
  const target = evaluate(machine, call.expression, scope);
  const args = evaluateArguments(machine, call.arguments ?? ts.factory.createNodeArray(), scope);
  const name = lastName(call.expression) ?? 'new';
  if (target.kind === 'api') return callApi(machine, target.path, args, call);
  if (target.kind === 'class') return construct(machine, target, args, call);
  return callArrayLike(machine, `new ${name}`, args) ?? callUnknown(machine, name, args, call);
}

/** An object of a local class: fields, then the constructor. A class that extends `tf.layers.Layer` makes layers of its own. */
export function construct(machine: Machine, target: ClassValue, args: readonly Item[], call: TS.Node): Value {
  if (rootBase(target)?.kind === 'api') {
    const isModel = (rootBase(target) as { path: readonly string[] }).path.at(-1)?.match(/^(Sequential|LayersModel|Model)$/);
    if (isModel) return { kind: 'model', model: newModel(machine, 'foreign', call) };
    const layer = unknownLayer(machine, target.node.name?.text ?? 'Layer', call);
    machine.layers.push(layer);
    return { kind: 'layer', layer };
  }
  const self: ObjectValue = { kind: 'object', properties: new Map(), open: true, class: target };
  initialise(machine, target, self, args, call);
  return self;
}

const rootBase = (target: ClassValue): Value | undefined => (target.base?.kind === 'class' ? rootBase(target.base) : target.base);

export function initialise(machine: Machine, target: ClassValue, self: ObjectValue, args: readonly Item[], call: TS.Node): void {
  const scope = new Scope(target.scope, self);
  const constructor = target.node.members.find((member): member is TS.ConstructorDeclaration => ts.isConstructorDeclaration(member) && member.body !== undefined);
  if (target.base?.kind === 'class' && !constructor) initialise(machine, target.base, self, args, call);
  for (const member of target.node.members) {
    if (!ts.isPropertyDeclaration(member) || !member.initializer || !(ts.isIdentifier(member.name) || ts.isPrivateIdentifier(member.name))) continue;
    self.properties.set(member.name.text, { value: evaluate(machine, member.initializer, scope), node: member.initializer });
  }
  if (constructor && !machine.stack.includes(constructor)) {
    machine.executed.add(constructor);
    machine.stack.push(constructor);
    try {
      machine.calling(call, () => runBody(machine, { kind: 'function', node: constructor, scope: target.scope, self }, args));
    } finally {
      machine.stack.pop();
    }
  }
}

function callSuper(machine: Machine, call: TS.CallExpression, scope: Scope): Value {
  const { self } = scope;
  const args = evaluateArguments(machine, call.arguments, scope);
  const owner = ts.findAncestor(call, ts.isClassLike);
  for (let at = self?.kind === 'object' ? self.class : undefined; at; at = at.base?.kind === 'class' ? at.base : undefined) {
    if (at.node === owner && at.base?.kind === 'class' && self?.kind === 'object') initialise(machine, at.base, self, args, call);
  }
  return UNDEFINED;
}

/** `super.build()`. */
export function superMember(scope: Scope, node: TS.Node, name: string): Value | undefined {
  const { self } = scope;
  const owner = ts.findAncestor(node, ts.isClassLike);
  for (let at = self?.kind === 'object' ? self.class : undefined; at; at = at.base?.kind === 'class' ? at.base : undefined) {
    if (at.node !== owner || at.base?.kind !== 'class') continue;
    const method = findMethod(at.base, name);
    return method && { kind: 'function', node: method.node, scope: method.scope, self };
  }
  return undefined;
}
