/** Symbolic tensors of the functional API. */
import type { ts } from 'ts-morph';
import type { Machine } from './machine.js';
import { nextBirth } from './values.js';
import type { Application, LayerInstance, ModelState, Placement, Tensor, Value } from './values.js';

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
export function apply(machine: Machine, what: LayerInstance | ModelState, inputs: readonly Tensor[], placement: Placement): Value {
  const application: Application = { what, inputs, placement, region: machine.region, phase: machine.phase, ordinal: machine.nextOrdinal() };
  if ('placements' in what) what.placements += 1;
  else what.nested = true;
  machine.applications.push(application);
  for (const input of inputs) machine.touch(input.birth);
  return { kind: 'tensor', tensor: tensorOf(machine, application) };
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
  return { type: name, custom: true, node, configuration: undefined, configurationNode: undefined, path: machine.path, region: machine.region, placements: 0 };
}
