/** The erasure check for source code and topologies, on the architecture graph with all settings. */
import type { Document, Model } from '../formats/document.js';
import type { Graph } from '../graph/graph.js';
import type { Constant, Layer, Value } from '../graph/layers.js';
import { ownSettings, undroppedType } from '../graph/settings.js';
import { Expressions } from './expressions.js';
import type { Check } from './proof.js';

export function eraseArchitecture(before: Document, after: Document): Check {
  const difference = differenceOf(before, after);
  if (difference) return { check: 'erasure', verdict: 'fails', detail: difference };
  return { check: 'erasure', verdict: 'holds', detail: 'Without dropout both architectures are the same, with all settings.' };
}

function differenceOf(before: Document, after: Document): string | undefined {
  if (before.models.length !== after.models.length) return `Models: ${before.models.length} before, ${after.models.length} after.`;
  for (const [k, model] of before.models.entries()) {
    const other = after.models[k]!;
    if (model.variants.length !== other.variants.length) {
      const difference = compareSets(model, other);
      if (difference) return difference;
      continue;
    }
    for (const [v, graphs] of model.variants.entries()) {
      const difference = compareGraphs(graphs, other.variants[v]!);
      if (difference) return difference;
    }
  }
  return undefined;
}

/** A condition of dropout alone goes with it, and without dropout the paths that it parted are the same. */
function compareSets({ name, variants: before }: Model, { variants: after }: Model): string | undefined {
  const expressions = new Expressions();
  const [old, now] = [before, after].map((variants) => new Set(variants.map((graphs) => graphs.map((graph) => outputsOf(graph, expressions).join()).join('|'))));
  const counts = `(${before.length} ${before.length === 1 ? 'path' : 'paths'} before, ${after.length} after)`;
  if ([...old!].some((each) => !now!.has(each))) return `A path through ${name} has no counterpart after ${counts}.`;
  return [...now!].some((each) => !old!.has(each)) ? `A path through ${name} has no counterpart before ${counts}.` : undefined;
}

function compareGraphs(before: readonly Graph[], after: readonly Graph[]): string | undefined {
  if (before.length !== after.length) return `Graphs: ${before.length} before, ${after.length} after.`;
  const expressions = new Expressions();
  for (const [k, graph] of before.entries()) {
    const [a, b] = [graph, after[k]!].map((each) => outputsOf(each, expressions));
    if (a!.length !== b!.length) return `Outputs of ${graph.name || graph.path}: ${a!.length} before, ${b!.length} after.`;
    for (const [index, value] of a!.entries()) {
      if (value === b![index]) continue;
      const [left, right] = expressions.parting(value, b![index]!);
      return `Output ${index} of ${graph.name || graph.path} is computed differently: ${left.label === right.label ? `${left.label} differs` : `${left.label} before, ${right.label} after`}.`;
    }
  }
  return undefined;
}

/** The graph's outputs as expressions; where the format names none, the values that nothing reads. */
function outputsOf(graph: Graph, expressions: Expressions): readonly number[] {
  const numbers = new Map<Value, number>();
  graph.inputs.forEach((value, k) => numbers.set(value, expressions.number(`input ${k} ${shapeOf(value)}`, [], `the input ${value.name}`)));
  const numberOf = (value: Value): number => {
    const known = numbers.get(value);
    if (known !== undefined) return known;
    const number = expressions.number(value.constant ? constantOf(value.constant) : `outer ${value.name}`, [], `the value ${value.name}`);
    numbers.set(value, number);
    return number;
  };
  for (const layer of graph.layers) {
    const inputs = layer.inputs.map(numberOf);
    if (layer.kind === 'dropout') {
      layer.outputs.forEach((output) => numbers.set(output, output === layer.mask ? expressions.number('mask', inputs, 'a mask') : inputs[0]!));
      continue;
    }
    const number = expressions.number(settingsOf(layer), inputs, labelOf(layer));
    layer.outputs.forEach((output, k) => numbers.set(output, k === 0 ? number : expressions.number(`output ${k}`, [number], layer.type)));
  }
  const ends = graph.outputs.length > 0 ? graph.outputs : endsOf(graph);
  return ends.map(numberOf);
}

function labelOf({ type, origin: { name }, ...layer }: Layer): string {
  const own = name === type ? type : `${type} ${name}`;
  return layer.kind === 'activation' && layer.function !== type.toLowerCase() ? `${own} (${layer.function})` : own;
}

/** A dropout that nothing reads is no end where something else reads what it is given. */
function endsOf(graph: Graph): readonly Value[] {
  const isBeside = ({ kind, inputs: [input] }: Layer): boolean => kind === 'dropout' && input !== undefined && input.consumers.length > 1;
  return graph.layers.flatMap((layer) => (isBeside(layer) ? [] : layer.outputs)).filter((value) => value.consumers.length === 0);
}

/** Where a layer stands and what joins it are no settings; neither are its dropout's own rates. */
const NO_SETTING = new Set(['key', 'type', 'inputs', 'outputs', 'origin', 'graph', 'configuration', 'parameters']);

function settingsOf(layer: Layer): string {
  const facts = Object.entries(layer)
    .filter(([name, value]) => !NO_SETTING.has(name) && value !== undefined)
    .map(([name, value]) => `${name}=${isConstant(value) ? constantOf(value) : JSON.stringify(value)}`);
  const settings = ownSettings(layer)
    .map(([name, { value, text }]) => `${name}:${value === undefined ? text : JSON.stringify(value)}`);
  return [undroppedType(layer.type), ...facts.sort(), layer.configuration?.form ?? '', ...settings.sort()].join(';');
}

function isConstant(value: unknown): value is Constant {
  return typeof value === 'object' && value !== null && 'values' in value && typeof value.values === 'function';
}

function constantOf(constant: Constant): string {
  const values = constant.values();
  return `constant [${constant.shape?.join() ?? '?'}] ${values ? Array.from(values).join() : constant.count ?? '?'}`;
}

function shapeOf(value: Value): string {
  return `${value.elementType ?? ''}[${value.shape?.map((dimension) => dimension ?? '?').join() ?? ''}]`;
}
