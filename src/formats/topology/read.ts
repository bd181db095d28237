/** The models of a topology as the interpreter of code would have made them. */
import type { ts } from 'ts-morph';
import type { Application, LayerInstance, ModelState, Placement, Tensor, Value } from '../code/interpret/values.js';
import { factoryOf, isModelClass } from './classes.js';
import { elements, member, numberAt, stringAt, valueOf } from './json.js';

/** A layer or model of the JSON: `{ "class_name": …, "config": … }`. */
export interface Described {
  readonly node: ts.Expression;
  readonly className: string;
  readonly config: ts.Expression | undefined;
}

export function describe(node: ts.Expression | undefined): Described | undefined {
  const className = stringAt(member(node, 'class_name'));
  return node && className !== undefined ? { node, className, config: member(node, 'config') } : undefined;
}

/** The model's own description, wherever the file keeps it: Keras's `to_json()`, TensorFlow.js's model.json, a saved `model_config`. */
export function topologyOf(root: ts.Expression | undefined): Described | undefined {
  const topology = member(root, 'modelTopology') ?? member(root, 'model_topology') ?? root;
  const description = describe(member(topology, 'model_config') ?? topology);
  return description && isModelClass(description.className) ? description : undefined;
}

/** The layers of a model, in the order of the file. */
export const layersOf = ({ config }: Described): readonly ts.Expression[] => elements(member(config, 'layers') ?? config);

/** A layer's name in functional models. */
export const nameOf = (node: ts.Expression): string | undefined => stringAt(member(node, 'name')) ?? stringAt(member(member(node, 'config'), 'name'));

/** One use of a layer: the tensors that it reads, as places of their names. */
export interface Inbound {
  readonly name: string;
  readonly nodeIndex: number;
  readonly nameNode: ts.Expression;
}

/** The uses of a layer, in Keras 2's form (`[["dense", 0, 0, {}]]`) and Keras 3's (`keras_history`). */
export function inboundOf(layer: ts.Expression): readonly (readonly Inbound[])[] {
  return elements(member(layer, 'inbound_nodes')).map((use) => {
    const args = member(use, 'args');
    return args ? historiesIn(args) : elements(use).flatMap((reference) => inbound(elements(reference)));
  });
}

function inbound([name, nodeIndex]: readonly ts.Expression[]): Inbound[] {
  const text = stringAt(name);
  return text === undefined ? [] : [{ name: text, nodeIndex: numberAt(nodeIndex) ?? 0, nameNode: name }];
}

function historiesIn(node: ts.Expression): readonly Inbound[] {
  const history = member(member(node, 'config'), 'keras_history');
  return history ? inbound(elements(history)) : elements(node).flatMap(historiesIn);
}

/** References of `input_layers` and `output_layers`: one, or a list of them. */
export function references(node: ts.Expression | undefined): readonly Inbound[] {
  const list = elements(node);
  return stringAt(list[0]) !== undefined ? inbound(list) : list.flatMap((each) => inbound(elements(each)));
}

const placementOf = (node: ts.Node): Placement => ({ kind: 'element', node, path: '' });

function instanceOf(described: Described): LayerInstance {
  const { type, custom } = factoryOf(described.className);
  return {
    type,
    custom,
    node: described.node,
    configuration: described.config && valueOf(described.config, wrapped),
    configurationNode: described.config,
    path: '',
    region: 0,
    placements: 0,
  };
}

/** The layer inside a wrapper: `bidirectional`'s `layer`, `rnn`'s `cell`. */
function wrapped(node: ts.Node): Value | undefined {
  const described = describe(node as ts.Expression);
  return described && described.config ? { kind: 'layer', layer: instanceOf(described) } : undefined;
}

let ordinal = 0;
const nextOrdinal = (): number => { ordinal += 1; return ordinal; };

/** A layer, or a model that stands in the place of one. */
function content(node: ts.Expression): LayerInstance | ModelState | undefined {
  const described = describe(node);
  return described && (isModelClass(described.className) ? modelOf(described) : instanceOf(described));
}

/** The model state of a description. `undefined` parts are what the file does not say. */
export function modelOf(described: Described, losses: readonly string[] = []): ModelState {
  const { node, config } = described;
  const base = {
    key: `model:${node.pos}`, birth: 0, node, name: stringAt(member(config, 'name')) ?? 'model', phase: 'root' as const, region: 0, losses: [...losses], compiled: true, ended: true, nested: false, holders: new Set<string>(),
  };
  if (described.className === 'Sequential') {
    const entries = layersOf(described).flatMap((layer) => {
      const what = content(layer);
      return what ? [{ what, placement: placementOf(layer), region: 0, phase: 'root' as const, ordinal: nextOrdinal() }] : [];
    });
    return { ...base, kind: 'sequential', entries, inputs: undefined, outputs: undefined };
  }
  return { ...base, kind: 'functional', entries: [], ...tensorsOf(described) };
}

/** The tensors of a functional model, its layers applied in whatever order the file lists them. */
function tensorsOf(described: Described): Required<Pick<ModelState, 'inputs' | 'outputs' | 'unread'>> {
  const tensors = new Map<string, Tensor>();
  let pending: { readonly layer: ts.Expression; readonly what: LayerInstance | ModelState; readonly uses: readonly (readonly Inbound[])[]; readonly name: string }[] = [];
  for (const layer of layersOf(described)) {
    const name = nameOf(layer) ?? '';
    const what = content(layer);
    if (what && 'type' in what && what.type === 'inputLayer') {
      const properties = what.configuration?.kind === 'object' ? what.configuration.properties : undefined;
      const shape = (properties?.get('batchInputShape') ?? properties?.get('batchShape'))?.value;
      tensors.set(`${name}/0`, { birth: 0, application: undefined, input: { shape, batched: true, node: layer }, name, region: -1 });
    } else if (what) pending.push({ layer, what, uses: inboundOf(layer), name });
  }
  for (let progress = true; progress;) {
    progress = false;
    pending = pending.filter(({ layer, what, uses, name }) => {
      const inputs = uses.map((use) => use.map((reference) => tensors.get(`${reference.name}/${reference.nodeIndex}`)));
      if (inputs.some((use) => use.includes(undefined))) return true;
      inputs.forEach((use, index) => {
        const application: Application = { what, inputs: use as Tensor[], placement: placementOf(layer), region: 0, phase: 'root', ordinal: nextOrdinal() };
        tensors.set(`${name}/${index}`, { birth: 0, application, input: undefined, name, region: 0 });
      });
      progress = true;
      return false;
    });
  }
  const resolve = (key: string): Tensor[] => references(member(described.config, key)).flatMap(({ name, nodeIndex }) => tensors.get(`${name}/${nodeIndex}`) ?? []);
  const outputs = resolve('output_layers');
  const read = new Set<Tensor>(outputs);
  for (const { application } of tensors.values()) application?.inputs.forEach((input) => read.add(input));
  const used = new Set([...read].map(({ application }) => application?.what));
  const unread = [...tensors.values()].filter(({ application }) => application && !used.has(application.what) && 'type' in application.what && /dropout/i.test(application.what.type));
  return { inputs: resolve('input_layers'), outputs, unread };
}
