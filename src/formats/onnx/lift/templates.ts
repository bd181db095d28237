/** Recognises the variants of src/variants where a graph spells them out, or calls the function that does. */
import { FUNCTION_DOMAIN, spelledOut, templates } from '../../../variants/templates.js';
import { isConstantNode } from '../../../variants/template.js';
import type { Template, TemplateNode } from '../../../variants/template.js';
import type { FunctionRecord, ModelRecord, NodeRecord } from '../wire/records.js';
import { fillOf } from './constants.js';
import { inOrder, isClosed, producerOf, scalar } from './patterns.js';
import { floatAttribute, intAttribute, isStandard, readBody } from './tensors.js';
import type { Body } from './tensors.js';

/** A template in a graph. */
export interface TemplateMatch {
  readonly template: Template;
  /** In topological order; a call alone, where a function spells it out. */
  readonly nodes: readonly NodeRecord[];
  readonly input: string;
  readonly output: string;
  readonly parameter: string;
  readonly trainingMode: string;
}

/** How many nodes behind its anchor a template ends. */
const REACH = 32;

/** The matches of the templates that are no Dropout operators as they stand. */
export function spelledOutAt(body: Body, node: NodeRecord): TemplateMatch | undefined {
  if (!isStandard(node)) return undefined;
  for (const template of spelledOut) {
    if (template.anchor !== node.opType || node.outputs.length < anchorOf(template).outputs.length) continue;
    for (const end of reachable(body, node)) {
      const match = matchAt(body, template, end.outputs[0]!);
      // What lies behind another one is for that one.
      if (match?.nodes.includes(node) && isClosed(body, new Set(match.nodes), match.output)) return match;
    }
  }
  return undefined;
}

const anchorOf = ({ nodes, anchor }: Template): TemplateNode => nodes.find(({ opType }) => opType === anchor)!;

function reachable(body: Body, start: NodeRecord): ReadonlySet<NodeRecord> {
  const seen = new Set([start]);
  for (const node of seen) {
    for (const name of node.outputs) for (const reader of body.tensors.get(name)?.readers ?? []) if (seen.size < REACH) seen.add(reader);
  }
  return seen;
}

/** The template whose result is the value, if it is one. */
function matchAt(body: Body, template: Template, output: string): TemplateMatch | undefined {
  const makers = new Map(template.nodes.flatMap((node) => node.outputs.map((name, index) => [name, { node, index }] as const)));
  const bound = new Map<string, string>([['y', output]]);
  const nodes = new Set<NodeRecord>();
  const open = ['y'];
  for (let name = open.pop(); name !== undefined; name = open.pop()) {
    const maker = makers.get(name);
    if (!maker) continue;
    const actual = bound.get(name)!;
    if (isConstantNode(maker.node)) {
      if (!holdsValue(body, actual, maker.node.value)) return undefined;
      const constant = producerOf(body, actual);
      if (constant) nodes.add(constant);
      continue;
    }
    const node = producerOf(body, actual);
    if (!node || node.outputs[maker.index] !== actual || !isSame(body, maker.node, node)) return undefined;
    nodes.add(node);
    for (const [index, formal] of maker.node.inputs.entries()) {
      const operand = node.inputs[index] ?? '';
      const known = bound.get(formal);
      if (operand === '' || (known !== undefined && known !== operand && !isConstantName(makers, formal))) return undefined;
      if (known !== undefined) continue;
      bound.set(formal, operand);
      open.push(formal);
    }
  }
  const [input, parameter, trainingMode] = ['x', template.parameter.name, 'training_mode'].map((name) => bound.get(name));
  if (!input || !parameter || !trainingMode) return undefined;
  // Constants may be shared with others: they are not the template's own then.
  const own = [...nodes].filter((node) => node.opType !== 'Constant' || body.tensor(node.outputs[0]!).readers.every((reader) => nodes.has(reader)));
  return { template, nodes: inOrder(body, own), input, output, parameter, trainingMode };
}

const isConstantName = (makers: ReadonlyMap<string, { readonly node: TemplateNode }>, name: string): boolean => {
  const maker = makers.get(name);
  return maker !== undefined && isConstantNode(maker.node);
};

function holdsValue(body: Body, name: string, value: number | readonly number[]): boolean {
  if (typeof value === 'number') return isNear(scalar(body, name), value);
  const values = body.tensor(name).constant?.values(value.length);
  return values !== undefined && values.length === value.length && value.every((each, i) => Number(values[i]) === each);
}

/** float16 keeps eleven bits. */
const isNear = (a: number | undefined, b: number): boolean => a !== undefined && Math.abs(a - b) <= 1e-3 * Math.abs(b);

function isSame(body: Body, template: Exclude<TemplateNode, { readonly opType: 'Constant' }>, node: NodeRecord): boolean {
  if (!isStandard(node) || node.opType !== template.opType || node.inputs.length !== template.inputs.length) return false;
  for (const [name, value] of Object.entries(template.floats ?? {})) if (!isNear(floatAttribute(node, name), value)) return false;
  for (const [name, value] of Object.entries(template.ints ?? {})) if (intAttribute(node, name) !== value) return false;
  return template.fill === undefined || fillOf(node, body.model).value === template.fill;
}

/** A call of a function that is nothing but a template. */
export function calledAt(body: Body, node: NodeRecord): TemplateMatch | undefined {
  if (node.domain !== FUNCTION_DOMAIN) return undefined;
  const called = body.model.functions.find(({ domain, name, overload }) => domain === node.domain && name === node.opType && overload === node.overload);
  const template = called && templateOfFunction(body.model, called);
  const [input, parameter, trainingMode] = node.inputs;
  const [output] = node.outputs;
  return template && input && parameter && trainingMode && output ? { template, nodes: [node], input, output, parameter, trainingMode } : undefined;
}

const known = new WeakMap<FunctionRecord, { readonly template: Template | undefined }>();

/** The template that a function of the model spells out, input by input: its calls are the dropouts, and it is none itself. */
export function templateOfFunction(model: ModelRecord, called: FunctionRecord): Template | undefined {
  if (called.domain !== FUNCTION_DOMAIN || called.outputs.length !== 1) return undefined;
  let entry = known.get(called);
  if (!entry) known.set(called, (entry = { template: spelledBy(readBody(model, called, undefined), called) }));
  return entry.template;
}

const spelledBy = (body: Body, { name, inputs, outputs, nodes }: FunctionRecord): Template | undefined => templates.find((template) => {
  // Of the same operators the name tells what they are for; another element type stands behind it.
  if (name !== template.name && !name.startsWith(`${template.name}_`)) return false;
  const match = matchAt(body, template, outputs[0]!);
  return match && match.nodes.length === nodes.length && [match.input, match.parameter, match.trainingMode].every((each, index) => inputs[index] === each);
});
