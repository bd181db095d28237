/** Array methods with their callbacks, and the globals that make arrays, objects and numbers. */
import { callFunction } from './calls.js';
import { kept } from './expressions.js';
import { numberOf, stringOf } from './machine.js';
import type { Machine } from './machine.js';
import { getMember } from './members.js';
import { decideCount, decideTruth, resolve } from './operators.js';
import { UNDEFINED, array, known } from './values.js';
import type { ArrayValue, FunctionValue, Item, Unknown, Value } from './values.js';
import type { ts } from 'ts-morph';

const MOST_ITERATIONS = 64;

const item = (machine: Machine, value: Value, node?: ts.Node): Item => ({ value, node, region: machine.region });

/** Methods of arrays; of a symbol, those whose callback has to do with layers. `undefined`: not understood. */
export function callArrayMethod(machine: Machine, receiver: ArrayValue | Unknown, name: string, args: readonly Item[], call: ts.CallExpression): Value | undefined {
  const first = args[0]?.value;
  if (first?.kind === 'function' && ['forEach', 'map', 'flatMap', 'reduce', 'filter', 'find', 'some', 'every'].includes(name)) return iterate(machine, receiver, name, first, args, call);
  if (receiver.kind === 'unknown') return asSequence(machine, receiver, name);
  const { items } = receiver;
  switch (name) {
    case 'push':
      machine.touch(receiver.birth);
      items.push(...kept([...args]).map((each) => ({ ...each, region: machine.region })));
      return known(items.length);
    case 'unshift':
      machine.touch(receiver.birth);
      items.unshift(...kept([...args]).map((each) => ({ ...each, region: machine.region })));
      return known(items.length);
    case 'pop': return items.pop()?.value ?? UNDEFINED;
    case 'shift': return items.shift()?.value ?? UNDEFINED;
    case 'concat': return array([...items, ...args.flatMap((each) => (each.value.kind === 'array' ? each.value.items : [each]))]);
    case 'slice': {
      const [start, end] = [numberOf(args[0]?.value), numberOf(args[1]?.value)];
      return args.length === 0 || start !== undefined ? array(items.slice(start, end)) : machine.unknown(name);
    }
    case 'reverse': items.reverse(); return receiver;
    case 'fill': return array(items.map(() => item(machine, first ?? UNDEFINED)));
    case 'flat': return array(items.flatMap((each) => (each.value.kind === 'array' ? each.value.items : [each])));
    case 'at': return (first && numberOf(first) !== undefined ? items.at(numberOf(first)!)?.value : undefined) ?? machine.unknown(name);
    case 'keys': return array(items.map((_, index) => item(machine, known(index))));
    case 'values': return receiver;
    case 'entries': return array(items.map((each, index) => item(machine, array([item(machine, known(index)), each]))));
    case 'includes': return items.every((each) => each.value.kind === 'known') && first?.kind === 'known' ? known(items.some((each) => each.value.kind === 'known' && each.value.value === first.value)) : machine.unknown(name);
    case 'join': return items.every((each) => each.value.kind === 'known') ? known(items.map((each) => String((each.value as { value: unknown }).value)).join(stringOf(first) ?? ',')) : machine.unknown(name);
    default: return machine.unknown(name);
  }
}

/** `n` symbols that a symbolic array yields. */
export function itemsOf(machine: Machine, sequence: Value, structural: boolean): Item[] | 'every' | undefined {
  const at = resolve(machine, sequence);
  if (at.kind === 'array') return at.items;
  if (at.kind !== 'unknown') return undefined;
  const count = decideCount(machine, getMember(machine, at, 'length'), structural ? 'structural' : 'value');
  if (count === 'every') return 'every';
  return Array.from({ length: Math.min(count, MOST_ITERATIONS) }, (_, index) => item(machine, getMember(machine, at, String(index))));
}

function asSequence(machine: Machine, receiver: Unknown, name: string): Value | undefined {
  if (!['keys', 'values', 'entries', 'fill', 'slice', 'reverse', 'concat', 'flat'].includes(name)) return undefined;
  const result = machine.unknown(name);
  if (name !== 'slice' && name !== 'concat' && name !== 'flat') result.members.set('length', getMember(machine, receiver, 'length'));
  return result;
}

function iterate(machine: Machine, receiver: ArrayValue | Unknown, method: string, callback: FunctionValue, args: readonly Item[], call: ts.CallExpression): Value {
  const structural = machine.survey.isRelevant(callback.node);
  if (!structural && (receiver.kind === 'unknown' || receiver.items.length > MOST_ITERATIONS)) {
    const result = machine.unknown(method);
    if (method === 'map') result.members.set('length', getMember(machine, receiver, 'length'));
    return result;
  }
  const items = itemsOf(machine, receiver, true);
  if (items === 'every' || items === undefined || items.length > MOST_ITERATIONS) {
    const outside = machine.region;
    machine.enterRegion();
    machine.within('#', () => callFunction(machine, callback, [item(machine, machine.unknown('item')), item(machine, machine.unknown('index'))], call));
    machine.region = outside;
    return machine.unknown(method);
  }
  const run = (each: Item, index: number, before: readonly Item[] = []): Value =>
    machine.within(`#${index}`, () => callFunction(machine, callback, [...before, each, item(machine, known(index)), item(machine, receiver)], call));
  switch (method) {
    case 'reduce': {
      let result = args[1]?.value ?? items[0]?.value ?? UNDEFINED;
      items.slice(args[1] ? 0 : 1).forEach((each, index) => { result = run(each, index, [item(machine, result)]); });
      return result;
    }
    case 'filter': {
      const kept = items.map((each, index) => ({ each, keep: decideTruth(machine, run(each, index), 'structural') }));
      return kept.some(({ keep }) => keep === 'every') ? machine.unknown(method) : array(kept.filter(({ keep }) => keep === true).map(({ each }) => each));
    }
    case 'find':
    case 'some':
    case 'every': items.forEach((each, index) => run(each, index)); return machine.unknown(method);
    default: {
      const results = items.map((each, index) => ({ ...item(machine, run(each, index)) }));
      if (method === 'forEach') return UNDEFINED;
      return array(method === 'flatMap' ? results.flatMap((each) => (each.value.kind === 'array' ? each.value.items : [each])) : results);
    }
  }
}

/** Globals by their spelling: `Array.from`, `new Array`, `Object.keys`, `Math.round`. */
export function callArrayLike(machine: Machine, name: string, args: readonly Item[]): Value | undefined {
  const first = args[0]?.value;
  switch (name) {
    case 'Array':
    case 'new Array': {
      if (args.length !== 1) return array([...args]);
      return sized(machine, first!);
    }
    case 'Array.of': return array([...args]);
    case 'Array.from': return arrayFrom(machine, first, args[1]?.value);
    case 'Object.keys':
    case 'Object.values':
    case 'Object.entries': return entriesOf(machine, name, first);
    case 'Object.freeze':
    case 'structuredClone':
    case 'Promise.resolve': return first ?? UNDEFINED;
    case 'Object.assign': return assigned(first, args.slice(1));
    case 'Promise.all': return first?.kind === 'array' ? first : undefined;
    case 'Number':
    case 'parseFloat':
    case 'parseInt':
    case 'Number.parseFloat': {
      const at = first && resolve(machine, first);
      return at?.kind === 'known' ? known(name.endsWith('Int') ? Number.parseInt(String(at.value), 10) : Number(at.value), at.assumed) : undefined;
    }
    default: return name.startsWith('Math.') ? mathematics(machine, name.slice(5), args) : undefined;
  }
}

function sized(machine: Machine, length: Value): Value {
  const at = resolve(machine, length);
  const count = numberOf(at);
  if (count !== undefined && count <= MOST_ITERATIONS) return array(Array.from({ length: Math.max(0, count) }, () => item(machine, UNDEFINED)));
  const result = machine.unknown('array');
  result.members.set('length', at);
  return result;
}

function arrayFrom(machine: Machine, source: Value | undefined, callback: Value | undefined): Value {
  let items: Value | undefined = source;
  if (source?.kind === 'object') {
    const length = source.properties.get('length')?.value ?? machine.unknown('length');
    items = sized(machine, length);
    if (items.kind === 'unknown' && callback?.kind === 'function' && machine.survey.isRelevant(callback.node)) {
      const count = decideCount(machine, length, 'structural');
      if (count !== 'every') items = sized(machine, known(count));
    }
  }
  if (items?.kind !== 'array') return items?.kind === 'unknown' ? items : machine.unknown('array');
  if (callback?.kind !== 'function') return array([...items.items]);
  return array(items.items.map((each, index) => item(machine, machine.within(`#${index}`, () => callFunction(machine, callback, [each, item(machine, known(index))], callback.node)))));
}

function entriesOf(machine: Machine, name: string, of: Value | undefined): Value {
  if (of?.kind !== 'object' || of.open || of.class) return machine.unknown(name);
  return array([...of.properties].map(([key, { value }]) => {
    if (name === 'Object.keys') return item(machine, known(key));
    return item(machine, name === 'Object.values' ? value : array([item(machine, known(key)), item(machine, value)]));
  }));
}

function assigned(target: Value | undefined, sources: readonly Item[]): Value | undefined {
  if (target?.kind !== 'object') return undefined;
  for (const { value } of sources) {
    if (value.kind !== 'object') target.open = true;
    else for (const [key, property] of value.properties) target.properties.set(key, property);
  }
  return target;
}

const FUNCTIONS: Readonly<Record<string, (...values: number[]) => number>> = {
  round: Math.round, floor: Math.floor, ceil: Math.ceil, trunc: Math.trunc, abs: Math.abs, sqrt: Math.sqrt, log2: Math.log2, log: Math.log, exp: Math.exp, min: Math.min, max: Math.max, pow: Math.pow,
};

function mathematics(machine: Machine, name: string, args: readonly Item[]): Value | undefined {
  const operation = Object.hasOwn(FUNCTIONS, name) ? FUNCTIONS[name] : undefined;
  const values = args.map((each) => resolve(machine, each.value));
  const numbers = values.map(numberOf);
  if (!operation || numbers.includes(undefined)) return undefined;
  return known(operation(...(numbers as number[])), values.some((value) => value.kind === 'known' && value.assumed));
}
