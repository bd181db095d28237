/** Everything that the paths made → the document's models, each with one graph for each path. */
import type { ts } from 'ts-morph';
import type { Model } from '../../document.js';
import type { Graph } from '../../../graph/graph.js';
import type { Layer } from '../../../graph/layers.js';
import { printGraph } from '../../../graph/print.js';
import type { Analysis, Root, Run } from '../interpret/roots.js';
import { isModelState } from '../interpret/values.js';
import type { Application, LayerInstance, ModelState, Tensor, Value } from '../interpret/values.js';
import { Assembler, assembleModel, isFirst, siteOf } from './assemble.js';
import { isUnread } from './unread.js';

interface Collected {
  readonly name: string;
  readonly node: ts.Node;
  readonly order: number;
  readonly variants: Graph[];
}

export function modelsOf({ roots, survey }: Analysis, source: ts.SourceFile): readonly Model[] {
  const collected = new Map<string, Collected>();
  const add = (key: string, name: string, node: ts.Node, graph: Graph): void => {
    // Of a model of which the file shows no layer there is nothing to say.
    if (!graph.layers.some((layer) => siteOf(layer) && !siteOf(layer)!.instance.custom)) return;
    let model = collected.get(key);
    if (!model) collected.set(key, (model = { name, node, order: node.pos, variants: [] }));
    if (!model.variants.some((variant) => signatureOf(variant) === signatureOf(graph))) model.variants.push(graph);
  };
  const adders = addersOf(roots);
  const placed = placedIn(roots);
  roots.forEach((root, index) => {
    for (const run of root.runs) {
      const shown = new Set<Application>();
      for (const model of run.models) {
        if (model.nested && !model.compiled && !model.ended) continue;
        // A model that several functions add to: nobody knows in which order, and how often.
        const continued = model.phase === 'setup';
        const others = [...(adders.get(model.key) ?? [])].filter((each) => each !== index).length > 0;
        const elsewhere = [...model.holders].filter((holder) => holder.startsWith('this.') || root.node === source).flatMap((holder) => (survey.compiled.has(holder) ? [survey.compiled.get(holder)!] : []));
        const finished = model.compiled || model.ended || elsewhere.length > 0;
        const whole = !continued || model.compiled || model.ended || beginsHere(model);
        const ends = (last: Layer | undefined) => !run.cut && (finished || (model.kind !== 'foreign' && whole && looksFinished(last)));
        const unread = unreadBeside(model, run);
        unread.forEach((application) => shown.add(application));
        add(model.key, model.name, model.node, assembleModel(model, { source, shared: others || !whole, ends, losses: [...new Set([...model.losses, ...elsewhere.flat()])], unread: unread.map(resultOf) }));
      }
      const rest = assembleRest(root, run, source, { shown, placed });
      if (rest) add(`rest of ${root.node.pos}`, root.name || 'layers', root.node, rest);
    }
  });
  return withoutRepetitions([...collected.values()]).sort((a, b) => a.order - b.order).map(({ name, variants }) => ({ name, variants: variants.map((graph) => [graph]) }));
}

/**
 * A Sequential that nobody compiles here is taken to end where models end: with a layer that has weights, its activation,
 * or a dropout behind them.
 */
const looksFinished = (last: Layer | undefined): boolean => last !== undefined && (['linear', 'convolution', 'recurrent', 'activation', 'dropout'].includes(last.kind) || last.type === 'activation');

/** The function under study adds the first layer of a model that was made before it. */
function beginsHere({ entries: [first] }: ModelState): boolean {
  return first !== undefined && first.phase === 'root' && !isModelState(first.what) && isFirst(first.what);
}

/** The functions that add to a model. */
function addersOf(roots: readonly Root[]): ReadonlyMap<string, ReadonlySet<number>> {
  const adders = new Map<string, Set<number>>();
  roots.forEach((root, index) => {
    for (const { models } of root.runs) {
      for (const model of models) {
        if (!model.entries.some((entry) => entry.phase === 'root')) continue;
        const set = adders.get(model.key) ?? new Set();
        adders.set(model.key, set.add(index));
      }
    }
  });
  return adders;
}

/** The constructions of layers that some function places: a layer of the module may be placed by one alone. */
function placedIn(roots: readonly Root[]): ReadonlySet<ts.Node> {
  const runs = roots.flatMap((root) => root.runs);
  return new Set(runs.flatMap(({ layers, models, applications }) => [
    ...layers.filter(({ placements }) => placements > 0),
    ...models.flatMap(({ entries }) => entries.map(({ what }) => what)),
    ...applications.map(({ what }) => what),
  ]).map(({ node }) => node));
}

const signatures = new WeakMap<Graph, string>();

/** The whole graph as text; asked for only where there are two to compare. */
function signatureOf(graph: Graph): string {
  let signature = signatures.get(graph);
  if (signature === undefined) {
    signature = `${graph.losses.join()}\n${printGraph(graph)}\n${graph.layers.map((layer) => layer.key).join(' ')}`;
    signatures.set(graph, signature);
  }
  return signature;
}

const withoutPaths = (signature: string): string => signature.replace(/@[\d/#]*/g, '');

/** A model that several call sites make alike is one model. */
function withoutRepetitions(models: readonly Collected[]): Collected[] {
  const signature = ({ variants }: Collected): string => variants.map((each) => withoutPaths(signatureOf(each))).sort().join('\n');
  const kept: Collected[] = [];
  for (const model of models) {
    if (!kept.some((other) => other.node === model.node && other.variants.length === model.variants.length && signature(other) === signature(model))) kept.push(model);
  }
  return kept;
}

const resultOf = (application: Application): Tensor => ({ birth: 0, application, input: undefined, name: '', region: application.region });

/** Dropouts of a functional model's own tensors whose results nothing reads. */
function unreadBeside(model: ModelState, run: Run): readonly Application[] {
  if (model.kind !== 'functional') return [];
  const unread = run.applications.filter(({ what, call, inputs }) => !isModelState(what) && /dropout/i.test(what.type) && call !== undefined && inputs.length === 1 && isUnread(call.node));
  if (unread.length === 0) return [];
  const applications = new Set<Application>();
  const stack = [...(model.outputs ?? [])];
  for (let tensor = stack.pop(); tensor; tensor = stack.pop()) {
    const { application } = tensor;
    if (!application || applications.has(application)) continue;
    applications.add(application);
    stack.push(...application.inputs);
  }
  return unread.filter(({ inputs: [input] }) => (input.application ? applications.has(input.application) : model.inputs?.includes(input) === true));
}

/** Layers that are joined or lie about without being part of a model that the file shows. */
function assembleRest(root: Root, run: Run, source: ts.SourceFile, { shown, placed }: { readonly shown: ReadonlySet<Application>; readonly placed: ReadonlySet<ts.Node> }): Graph | undefined {
  const covered = coveredBy(run);
  const loose = run.applications.filter((application) => !shown.has(application) && !covered.applications.has(application) && !(isModelState(application.what) && application.inputs.length === 0));
  const unplaced = run.layers.filter((layer) => layer.placements === 0 && !placed.has(layer.node) && !covered.inner.has(layer) && !layer.custom);
  if (loose.length === 0 && unplaced.length === 0) return undefined;
  const assembler = new Assembler(root.name || 'layers', source);
  assembler.asFragment();
  assembler.tensors(loose.map(resultOf), new Map());
  for (const layer of unplaced) assembler.place(layer, [assembler.gap([], 'unknown', layer.node, layer.path)], { kind: 'unplaced', node: layer.node, path: layer.path });
  assembler.seal();
  return assembler.builder;
}

/** What the models of a path already show, and the layers inside wrappers (`bidirectional({ layer })`). */
function coveredBy(run: Run): { readonly applications: ReadonlySet<Application>; readonly inner: ReadonlySet<LayerInstance> } {
  const applications = new Set<Application>();
  const visited = new Set<ModelState>();
  const stack: Tensor[] = [];
  const visitModel = (model: ModelState): void => {
    if (visited.has(model)) return;
    visited.add(model);
    stack.push(...(model.outputs ?? []));
    for (const entry of model.entries) if (isModelState(entry.what)) visitModel(entry.what);
  };
  run.models.forEach(visitModel);
  for (let tensor = stack.pop(); tensor; tensor = stack.pop()) {
    const { application } = tensor;
    if (!application || applications.has(application)) continue;
    applications.add(application);
    stack.push(...application.inputs);
    if (isModelState(application.what)) visitModel(application.what);
  }
  const inner = new Set<LayerInstance>();
  const look = (value: Value, depth: number): void => {
    if (value.kind === 'layer') inner.add(value.layer);
    else if (depth > 0 && value.kind === 'array') value.items.forEach((item) => look(item.value, depth - 1));
  };
  for (const { configuration } of run.layers) if (configuration?.kind === 'object') for (const { value } of configuration.properties.values()) look(value, 1);
  return { applications, inner };
}
