/** What calls of TensorFlow.js do: making layers and models, adding, applying, compiling. */
import type { ts as TS } from 'ts-morph';
import { ts } from '../typescript.js';
import { LAYER_NAMES, RUNTIME, RUNTIME_CLASSES } from '../catalogue.js';
import { nameOf, unwrap } from '../syntax.js';
import { callFunction, callUnknown } from './calls.js';
import type { Machine } from './machine.js';
import { stringOf } from './machine.js';
import { applyByCall, asTensor, asTensors, noteIgnored, unknownLayer } from './tensors.js';
import { UNDEFINED, known, nextBirth } from './values.js';
import type { Entry, Item, LayerInstance, ModelState, Placement, Tensor, Value } from './values.js';
import { lossNames } from './survey.js';

type Call = TS.CallExpression | TS.NewExpression;

/** A call of something reached from the `tf` namespace. */
export function callApi(machine: Machine, path: readonly string[], args: readonly Item[], call: Call): Value {
  const name = path.at(-1) ?? '';
  const owner = path.at(-2);
  const first = args[0]?.value;
  if (path[0] === RUNTIME) return callRuntime(machine, path, args, call);
  if (owner === 'layers') {
    if (name === 'input' || name === 'Input') return input(first, call);
    return constructLayer(machine, name, first, call);
  }
  switch (name) {
    case 'sequential':
    case 'Sequential': return sequential(machine, first, call);
    case 'model':
    case 'Model':
    case 'LayersModel': return functional(machine, first, call);
    case 'input':
    case 'Input': return input(first, call);
    case 'tidy':
    case 'profile': {
      const work = args.at(-1)?.value;
      return work?.kind === 'function' ? callFunction(machine, work, [], call) : machine.unknown(name);
    }
    case 'keep':
    case 'dispose': return first ?? UNDEFINED;
    default: return callUnknown(machine, name, args, call, true);
  }
}

/** `new AlphaDropout({ … })`, or a function of droplint/tfjs: those leave a model as it is. */
function callRuntime(machine: Machine, path: readonly string[], args: readonly Item[], call: Call): Value {
  const name = path.at(-1) ?? '';
  const isLayer = path.length === 2 && RUNTIME_CLASSES.has(name) && ts.isNewExpression(call);
  return isLayer ? constructLayer(machine, name, args[0]?.value, call, false) : callUnknown(machine, name, args, call, true);
}

export function constructLayer(machine: Machine, type: string, configuration: Value | undefined, call: Call, custom = !LAYER_NAMES.has(type)): Value {
  const layer: LayerInstance = {
    type,
    custom,
    node: call,
    calledFrom: machine.originOf(call),
    configuration,
    configurationNode: call.arguments?.[0],
    path: machine.path,
    region: machine.region,
    placements: 0,
  };
  machine.layers.push(layer);
  return { kind: 'layer', layer };
}

export function newModel(machine: Machine, kind: ModelState['kind'], node: TS.Node, more: Partial<Pick<ModelState, 'inputs' | 'outputs' | 'name'>> = {}): ModelState {
  const path = machine.path;
  const model: ModelState = {
    kind,
    birth: nextBirth(),
    key: `${node.getSourceFile().fileName}:${node.pos}@${path}`,
    node,
    name: more.name ?? nameOf(node) ?? 'model',
    phase: machine.phase,
    region: machine.region,
    entries: [],
    inputs: more.inputs,
    outputs: more.outputs,
    losses: [],
    fits: [],
    compiled: false,
    ended: false,
    nested: false,
    holders: new Set(),
  };
  machine.models.push(model);
  return model;
}

function sequential(machine: Machine, settings: Value | undefined, call: Call): Value {
  const model = newModel(machine, 'sequential', call);
  const layers = settings?.kind === 'object' ? settings.properties.get('layers')?.value : settings?.kind === 'unknown' ? settings : undefined;
  if (layers?.kind === 'array') for (const item of layers.items) addItem(machine, model, item, call);
  else if (layers && layers.kind !== 'known') addEntry(machine, model, unknownLayer(machine, layers.kind === 'unknown' ? (layers.name ?? 'layers') : 'layers', call), { kind: 'computed', node: call, path: machine.path });
  else if (settings?.kind === 'object' && settings.open) addEntry(machine, model, unknownLayer(machine, 'layers', call), { kind: 'computed', node: call, path: machine.path });
  return { kind: 'model', model };
}

/** A layer that was put into an array is placed where it stands in that array. */
function addItem(machine: Machine, model: ModelState, item: Item, call: Call): void {
  const placement: Placement = { kind: item.node ? 'element' : 'computed', node: item.node ?? call, path: machine.path };
  addEntry(machine, model, layerOf(machine, item.value, item.node ?? call), placement, item.region);
}

/** What stands for a layer of a Sequential. */
function layerOf(machine: Machine, value: Value, node: TS.Node): LayerInstance | ModelState {
  if (value.kind === 'layer') return value.layer;
  if (value.kind === 'model') {
    value.model.nested = true;
    return value.model;
  }
  const expression = ts.isExpression(node) ? unwrap(node) : node;
  const name = value.kind === 'unknown' && value.name ? value.name : ts.isIdentifier(expression) ? expression.text : 'layer';
  return unknownLayer(machine, name, node);
}

function addEntry(machine: Machine, model: ModelState, what: LayerInstance | ModelState, placement: Placement, region = machine.region): void {
  if ('placements' in what) what.placements += 1;
  const entry: Entry = { what, placement, region, phase: machine.phase, ordinal: machine.nextOrdinal() };
  model.entries.push(entry);
  machine.touch(model.birth);
}

function functional(machine: Machine, settings: Value | undefined, call: Call): Value {
  const of = (name: string): readonly Tensor[] | undefined => {
    const value = settings?.kind === 'object' ? settings.properties.get(name)?.value : undefined;
    if (value?.kind === 'array') return value.items.map((item) => asTensor(machine, item.value));
    return value && value.kind !== 'known' ? [asTensor(machine, value)] : undefined;
  };
  const model = newModel(machine, 'functional', call, { inputs: of('inputs'), outputs: of('outputs') });
  return { kind: 'model', model };
}

function input(settings: Value | undefined, call: Call): Value {
  const properties = settings?.kind === 'object' ? settings.properties : undefined;
  const batched = properties?.has('batchShape') === true;
  const shape = (properties?.get('shape') ?? properties?.get('batchShape'))?.value;
  const tensor: Tensor = { birth: nextBirth(), application: undefined, input: { shape, batched, node: call }, name: nameOf(call) ?? 'input', region: -1 };
  return { kind: 'tensor', tensor };
}

/** Methods after which nothing is added any more. */
const FINISHING = new Set(['fit', 'fitDataset', 'evaluate', 'evaluateDataset', 'predict', 'predictOnBatch', 'trainOnBatch', 'save']);

export function callModel(machine: Machine, model: ModelState, name: string, args: readonly Item[], call: TS.CallExpression): Value {
  const first = args[0]?.value ?? UNDEFINED;
  if (name === 'add') {
    addEntry(machine, model, layerOf(machine, first, call.arguments[0] ?? call), { kind: 'add', node: call, path: machine.path });
    return UNDEFINED;
  }
  if (name === 'apply') return applyByCall(machine, model, asTensors(machine, first), args[1]?.value, call);
  if (name === 'compile') {
    model.compiled = true;
    const loss = first.kind === 'object' ? first.properties.get('loss') : undefined;
    if (loss) model.losses.push(...lossesOf(loss.value, loss.node));
    return UNDEFINED;
  }
  if (name === 'pop') addEntry(machine, model, unknownLayer(machine, 'pop', call), { kind: 'computed', node: call, path: machine.path });
  if (name === 'then' && first.kind === 'function') return callFunction(machine, first, [{ value: { kind: 'model', model }, node: undefined, region: machine.region }], call);
  if (name === 'predict') noteIgnored(machine, model, asTensors(machine, first), args[1]?.value, call);
  if (FINISHING.has(name)) model.ended = true;
  if (name === 'fit' || name === 'fitDataset') model.fits?.push(call);
  return machine.unknown(name);
}

function lossesOf(value: Value, node: TS.Node | undefined): string[] {
  const text = stringOf(value);
  if (text !== undefined) return [text];
  if (value.kind === 'api') return [value.path.at(-1) ?? ''];
  if (value.kind === 'array') return value.items.flatMap((item) => lossesOf(item.value, item.node));
  return node && ts.isExpression(node) ? lossNames(node) : [];
}

export function callLayer(machine: Machine, layer: LayerInstance, name: string, args: readonly Item[], call: TS.CallExpression): Value {
  if (name === 'apply') return applyByCall(machine, layer, asTensors(machine, args[0]?.value), args[1]?.value, call);
  return machine.unknown(name);
}

/** `model.layers.push(layer)`: it changes nothing, and the layer stands in no chain. */
export function pushIntoLayers(machine: Machine, model: ModelState, args: readonly Item[], call: TS.CallExpression): Value {
  args.forEach((item) => addEntry(machine, model, layerOf(machine, item.value, item.node ?? call), { kind: 'layers-push', node: call, path: machine.path }));
  return known(model.entries.length);
}

/** `x.add(layer)` where nothing is known of `x`: a model from elsewhere, of which neither beginning nor end is known. */
export function foreignModel(machine: Machine, value: Extract<Value, { kind: 'unknown' }>, node: TS.Node): ModelState {
  return (value.model ??= newModel(machine, 'foreign', node, { name: value.name ?? 'model' }));
}

/** Nothing is known any more of what follows in this model. */
export function escape(machine: Machine, model: ModelState, name: string, node: TS.Node): void {
  if (model.compiled || model.kind === 'functional') return;
  addEntry(machine, model, unknownLayer(machine, name, node), { kind: 'computed', node, path: machine.path });
}
