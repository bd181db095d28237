/** Reading and writing properties. */
import type { ts as TS } from 'ts-morph';
import { ts } from '../typescript.js';
import type { Machine } from './machine.js';
import { outputsOf, tensorOf } from './tensors.js';
import { UNDEFINED, array, isModelState, known } from './values.js';
import type { ClassValue, Item, ModelState, Value } from './values.js';

const API: Value = { kind: 'api', path: [] };

/** An unresolved thing named `tf` is TensorFlow.js: a global, a parameter, a field, an import of a local wrapper. */
export const unresolved = (machine: Machine, name: string): Value => (name === 'tf' ? API : machine.unknown(name));

export function getMember(machine: Machine, target: Value, name: string): Value {
  switch (target.kind) {
    case 'api': return { kind: 'api', path: [...target.path, name] };
    case 'object': {
      const own = target.properties.get(name);
      if (own) return own.value;
      const method = target.class && findMethod(target.class, name);
      if (method) return { kind: 'function', node: method.node, scope: method.scope, self: target };
      if (!target.open && !target.class) return UNDEFINED;
      const value = unresolved(machine, name);
      target.properties.set(name, { value, node: undefined });
      return value;
    }
    case 'array':
      if (name === 'length') return known(target.items.length);
      return target.items[Number(name)]?.value ?? (Number.isInteger(Number(name)) ? UNDEFINED : machine.unknown(name));
    case 'unknown': {
      const found = target.members.get(name);
      if (found) return found;
      const value = unresolved(machine, name);
      target.members.set(name, value);
      return value;
    }
    case 'class': {
      const member = target.node.members.find((each) => ts.isMethodDeclaration(each) && isStatic(each) && ts.isIdentifier(each.name) && each.name.text === name);
      return member && ts.isMethodDeclaration(member) ? { kind: 'function', node: member, scope: target.scope, self: target } : machine.unknown(name);
    }
    case 'model': return getModelMember(machine, target.model, name);
    case 'layer': {
      if (name !== 'output') return machine.unknown(name);
      const application = machine.applications.findLast((each) => each.what === target.layer);
      return application ? { kind: 'tensor', tensor: tensorOf(machine, application) } : machine.unknown(name);
    }
    case 'known': return typeof target.value === 'string' && name === 'length' ? known(target.value.length, target.assumed) : machine.unknown(name);
    case 'function':
    case 'tensor': return machine.unknown(name);
  }
}

const isStatic = (node: TS.ClassElement): boolean => ts.canHaveModifiers(node) && ts.getModifiers(node)?.some((each) => each.kind === ts.SyntaxKind.StaticKeyword) === true;

/** A method of the class or of the local classes that it extends. */
export function findMethod(owner: ClassValue, name: string): { readonly node: TS.MethodDeclaration; readonly scope: ClassValue['scope'] } | undefined {
  for (const member of owner.node.members) {
    if (ts.isMethodDeclaration(member) && member.body && !isStatic(member) && memberName(member) === name) return { node: member, scope: owner.scope };
  }
  return owner.base?.kind === 'class' ? findMethod(owner.base, name) : undefined;
}

export function memberName(member: TS.ClassElement): string | undefined {
  const { name } = member;
  return name && (ts.isIdentifier(name) || ts.isPrivateIdentifier(name) || ts.isStringLiteral(name)) ? name.text : undefined;
}

function getModelMember(machine: Machine, model: ModelState, name: string): Value {
  if (name === 'layers') {
    const items: Item[] = model.entries.map((entry) => ({
      value: isModelState(entry.what) ? { kind: 'model', model: entry.what } : { kind: 'layer', layer: entry.what },
      node: entry.placement.node,
      region: entry.region,
    }));
    return model.kind === 'sequential' ? { ...array(items), layersOf: model } : { ...machine.unknown('layers') };
  }
  if (model.kind === 'functional') {
    const tensors = name === 'output' || name === 'outputs' ? model.outputs : name === 'input' || name === 'inputs' ? model.inputs : undefined;
    if (tensors?.length) {
      const values = tensors.map((tensor): Value => ({ kind: 'tensor', tensor }));
      return name.endsWith('s') ? array(values.map((value) => ({ value, node: undefined, region: machine.region }))) : values[0];
    }
  }
  if (model.kind === 'sequential' && (name === 'output' || name === 'outputs')) {
    const [tensor] = outputsOf(machine, model);
    const value: Value = { kind: 'tensor', tensor };
    return name === 'output' ? value : array([{ value, node: undefined, region: machine.region }]);
  }
  return machine.unknown(name);
}

export function setMember(target: Value, name: string, value: Value, node: TS.Node | undefined): void {
  if (target.kind === 'object') target.properties.set(name, { value, node });
  else if (target.kind === 'unknown') target.members.set(name, value);
  else if (target.kind === 'array' && Number.isInteger(Number(name))) {
    const index = Number(name);
    if (index >= 0 && index <= target.items.length) target.items[index] = { value, node, region: 0 };
  }
}
