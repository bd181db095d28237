/**
 * Activations that exporters spell out (erf-GELU, tanh-GELU, SiLU, HardSwish, Mish, Softplus …) are recognised by what
 * they compute, not by how it is written: a region of elementwise nodes with one live operand and one result is
 * evaluated at sample points and compared with the functions of the field.
 */
import { erf } from '../../../graph/activations.js';
import type { ActivationFunction } from '../../../graph/layers.js';
import type { NodeRecord } from '../wire/records.js';
import { inOrder, isClosed, producerOf, scalar } from './patterns.js';
import type { Pattern } from './patterns.js';
import { floatAttribute, isStandard, takesFromCall } from './tensors.js';
import type { Body } from './tensors.js';

const sigmoid = (x: number) => 1 / (1 + Math.exp(-x));
const clip = (x: number, low: number, high: number) => Math.min(Math.max(x, low), high);
const softplus = (x: number) => (x > 30 ? x : Math.log1p(Math.exp(x)));

const UNARY: Readonly<Record<string, (x: number, node: NodeRecord, body: Body) => number>> = {
  Relu: (x) => Math.max(x, 0), Sigmoid: sigmoid, Tanh: Math.tanh, Erf: erf, Exp: Math.exp, Log: Math.log, Sqrt: Math.sqrt, Neg: (x) => -x, Abs: Math.abs,
  Reciprocal: (x) => 1 / x, Softplus: softplus, Identity: (x) => x,
  HardSigmoid: (x, node) => clip((floatAttribute(node, 'alpha') ?? 0.2) * x + (floatAttribute(node, 'beta') ?? 0.5), 0, 1),
  LeakyRelu: (x, node) => (x < 0 ? (floatAttribute(node, 'alpha') ?? 0.01) * x : x),
  Clip: (x, node, body) => clip(x, floatAttribute(node, 'min') ?? scalar(body, node.inputs[1]) ?? -Infinity, floatAttribute(node, 'max') ?? scalar(body, node.inputs[2]) ?? Infinity),
};
const BINARY: Readonly<Record<string, (x: number, y: number) => number>> = {
  Add: (x, y) => x + y, Sub: (x, y) => x - y, Mul: (x, y) => x * y, Div: (x, y) => x / y, Pow: Math.pow, Max: Math.max, Min: Math.min,
};

const cubic = Math.sqrt(2 / Math.PI);
const KNOWN: readonly (readonly [ActivationFunction, (x: number) => number])[] = [
  ['gelu', (x) => 0.5 * x * (1 + erf(x / Math.SQRT2))],
  ['gelu', (x) => 0.5 * x * (1 + Math.tanh(cubic * (x + 0.044715 * x ** 3)))],
  ['gelu', (x) => x * sigmoid(1.702 * x)],
  ['silu', (x) => x * sigmoid(x)],
  ['hard-swish', (x) => (x * clip(x + 3, 0, 6)) / 6],
  ['hard-swish', (x) => x * clip(0.2 * x + 0.5, 0, 1)],
  ['mish', (x) => x * Math.tanh(softplus(x))],
  ['softplus', softplus],
  ['softsign', (x) => x / (1 + Math.abs(x))],
  ['hard-sigmoid', (x) => clip(x + 3, 0, 6) / 6],
  ['hard-sigmoid', (x) => clip(0.2 * x + 0.5, 0, 1)],
  ['sigmoid', sigmoid],
  ['log-sigmoid', (x) => -softplus(-x)],
  ['relu6', (x) => clip(x, 0, 6)],
];
const SAMPLES = [-14.2, -7.3, -5.3, -3.1, -2.6, -1.7, -0.9, -0.31, 0.17, 0.74, 1.3, 2.2, 2.9, 3.7, 5.1, 6.4, 12.9];
/** The functions of the field are further apart than that, and a bfloat16 constant is nearer. */
const TOLERANCE = 2e-3;

/** Longer regions are no activation of the field. */
const CHAIN_LIMIT = 12;

/** One elementwise node seen as a function of one live value (its parent). */
interface Step {
  readonly node: NodeRecord;
  readonly parent: string;
}

class Regions {
  readonly #steps = new Map<string, Step>();

  constructor(readonly body: Body) {}

  /** Values that this one is an elementwise function of, nearest first. */
  ancestors(name: string): string[] {
    const chain: string[] = [];
    let step = this.#steps.get(name);
    while (step && chain.length < CHAIN_LIMIT) {
      chain.push(step.parent);
      step = this.#steps.get(step.parent);
    }
    return chain;
  }

  enter(node: NodeRecord): void {
    if (!isStandard(node) || takesFromCall(node) || !(node.opType in UNARY || (node.opType in BINARY && node.inputs.length === 2))) return;
    const live: string[] = [];
    for (const name of node.inputs) {
      if (name === '') continue;
      if (!this.body.tensor(name).constant) live.push(name);
      else if (scalar(this.body, name) === undefined) return;
    }
    if (node.opType === 'Clip' && (live.length !== 1 || live[0] !== node.inputs[0])) return;
    const parent = live.length === 1 || live[0] === live[1] ? live[0] : live.length === 2 ? this.#common(live[0], live[1]) : undefined;
    if (parent) this.#steps.set(node.outputs[0], { node, parent });
  }

  /** The nearest value that both are functions of. */
  #common(a: string, b: string): string | undefined {
    const ofA = new Set([a, ...this.ancestors(a)]);
    return [b, ...this.ancestors(b)].find((name) => ofA.has(name));
  }

  /** The nodes between `root` and `output`; `undefined` when they are not all elementwise. */
  between(root: string, output: string): Set<NodeRecord> | undefined {
    const nodes = new Set<NodeRecord>();
    const open = [output];
    while (open.length > 0) {
      const name = open.pop()!;
      if (name === root || this.body.tensor(name).constant) continue;
      const node = this.#steps.get(name)?.node;
      if (!node || nodes.size > 2 * CHAIN_LIMIT) return undefined;
      if (nodes.has(node)) continue;
      nodes.add(node);
      open.push(...(node.opType === 'Clip' ? node.inputs.slice(0, 1) : node.inputs));
    }
    return nodes;
  }

  evaluate(nodes: readonly NodeRecord[], root: string, output: string, x: number): number {
    const values = new Map<string, number>([[root, x]]);
    const valueOf = (name: string) => values.get(name) ?? scalar(this.body, name) ?? NaN;
    for (const node of nodes) {
      const unary = UNARY[node.opType];
      values.set(node.outputs[0], unary ? unary(valueOf(node.inputs[0]), node, this.body) : BINARY[node.opType](valueOf(node.inputs[0]), valueOf(node.inputs[1])));
    }
    return values.get(output) ?? NaN;
  }
}

function nameOf(evaluate: (x: number) => number): ActivationFunction | undefined {
  let candidates = KNOWN;
  for (const x of SAMPLES) {
    const value = evaluate(x);
    candidates = candidates.filter(([, f]) => Math.abs(f(x) - value) <= TOLERANCE * (1 + Math.abs(value)));
    if (candidates.length === 0) return undefined;
  }
  return candidates[0][0];
}

/** A function of the field ends in one of these. */
const LAST = new Set(['Mul', 'Div', 'Log', 'Neg', 'Clip', 'Min', 'Max']);

/** Every activation that is spelled out in the body; no two share a node. */
export function findActivations(body: Body, claimed: ReadonlySet<NodeRecord>): readonly Pattern<ActivationFunction>[] {
  const regions = new Regions(body);
  const found = new Map<NodeRecord, Pattern<ActivationFunction>>();
  for (const node of body.order.nodes) {
    if (claimed.has(node)) continue;
    regions.enter(node);
    if (!LAST.has(node.opType) || !isStandard(node) || !producerOf(body, node.outputs[0])) continue;
    const pattern = recognise(regions, node);
    if (!pattern || pattern.nodes.some((each) => claimed.has(each))) continue;
    // x·(1 + erf …) is recognised only with its ½, so that a later, larger match replaces an earlier one.
    for (const each of pattern.nodes) found.delete(each);
    found.set(node, pattern);
  }
  return [...found.values()];
}

function recognise(regions: Regions, last: NodeRecord): Pattern<ActivationFunction> | undefined {
  const [output] = last.outputs;
  for (const root of regions.ancestors(output)) {
    const region = regions.between(root, output);
    if (!region || region.size < 2) continue;
    const nodes = inOrder(regions.body, region);
    const name = nameOf((x) => regions.evaluate(nodes, root, output, x));
    if (name && isClosed(regions.body, region, output)) return { nodes, input: root, output, facts: name };
  }
  return undefined;
}
