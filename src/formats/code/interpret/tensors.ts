/** Symbolic tensors of the functional API. */
import type { ts } from 'ts-morph';
import { factOf } from './machine.js';
import type { Machine } from './machine.js';
import { nextBirth } from './values.js';
import type { Application, ApplyCall, LayerInstance, ModelState, Placement, Tensor, Value } from './values.js';

const results = new WeakMap<Application, Tensor>();

/** The result of an application. */
export function tensorOf(machine: Machine, application: Application): Tensor {
  let tensor = results.get(application);
  if (!tensor) {
    tensor = { birth: nextBirth(), application, input: undefined, name: '', region: machine.region };
    results.set(application, tensor);
  }
  return tensor;
}

/** `what.apply(inputs)`. */
export function apply(machine: Machine, what: LayerInstance | ModelState, inputs: readonly Tensor[], placement: Placement, call?: ApplyCall): Value {
  const application: Application = { what, inputs, placement, ...(call && { call }), region: machine.region, phase: machine.phase, ordinal: machine.nextOrdinal() };
  if ('placements' in what) what.placements += 1;
  else what.nested = true;
  machine.applications.push(application);
  for (const input of inputs) machine.touch(input.birth);
  return { kind: 'tensor', tensor: tensorOf(machine, application) };
}

/** `what.apply(inputs, settings)` as a call of the code. */
export function applyByCall(machine: Machine, what: LayerInstance | ModelState, inputs: readonly Tensor[], settings: Value | undefined, node: ts.CallExpression): Value {
  const training = trainingOf(settings);
  const call: ApplyCall = {
    node,
    calledFrom: machine.originOf(node),
    training,
    ignored: false,
    symbolic: inputs.some(({ input, application }) => input !== undefined || application?.call?.symbolic === true),
    trains: training !== undefined && training !== 'default' && machine.trains(node),
  };
  return apply(machine, what, inputs, { kind: 'apply', node, path: machine.path }, call);
}

/** `model.predict(inputs, { training: true })`: what is meant is noted, and nothing comes of it. */
export function noteIgnored(machine: Machine, what: ModelState, inputs: readonly Tensor[], settings: Value | undefined, node: ts.CallExpression): void {
  if (trainingOf(settings) !== true) return;
  const call: ApplyCall = { node, calledFrom: machine.originOf(node), training: true, symbolic: false, ignored: true, trains: false };
  machine.applications.push({ what, inputs, call, placement: { kind: 'apply', node, path: machine.path }, region: machine.region, phase: machine.phase, ordinal: machine.nextOrdinal() });
}

/** Of the second argument of `apply`. */
function trainingOf(settings: Value | undefined): ApplyCall['training'] {
  if (!settings || (settings.kind === 'known' && !settings.value && !settings.assumed)) return 'default';
  if (settings.kind !== 'object') return undefined;
  const given = settings.properties.get('training')?.value;
  if (!given) return settings.open ? undefined : 'default';
  const fact = factOf(given);
  return typeof fact === 'boolean' ? fact : undefined;
}

/** The output of a Sequential, `model.output`. */
export function outputsOf(machine: Machine, model: ModelState): readonly Tensor[] {
  const placement: Placement = { kind: 'computed', node: model.node, path: machine.path };
  const value = apply(machine, model, [], placement);
  return value.kind === 'tensor' ? [value.tensor] : [];
}

/** A value used as a tensor: what is none comes from somewhere unknown. */
export function asTensor(machine: Machine, value: Value, name = 'x'): Tensor {
  if (value.kind === 'tensor') return value.tensor;
  if (value.kind === 'unknown') return (value.tensor ??= foreign(machine, value.name ?? name));
  return foreign(machine, name);
}

const foreign = (machine: Machine, name: string): Tensor => ({ birth: nextBirth(), application: undefined, input: undefined, name, region: machine.region });

/** One tensor, or several in an array. */
export function asTensors(machine: Machine, value: Value | undefined): readonly Tensor[] {
  if (!value) return [];
  return value.kind === 'array' ? value.items.map((item) => asTensor(machine, item.value)) : [asTensor(machine, value)];
}

/** A layer of which nothing is known but that it stands there. */
export function unknownLayer(machine: Machine, name: string, node: ts.Node): LayerInstance {
  return { type: name, custom: true, node, calledFrom: machine.originOf(node), configuration: undefined, configurationNode: undefined, path: machine.path, region: machine.region, placements: 0 };
}
