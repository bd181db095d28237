/**
 * Check 0: without their dropouts, which are the identity at inference, the model before and the model after must be
 * the same expressions of the same inputs and weights. Proves inference equality for every input, and executes nothing.
 */
import type { Document } from '../formats/document.js';
import { bodiesIn } from '../formats/onnx/wire/bodies.js';
import type { FunctionRecord, GraphRecord, ModelRecord, TensorRecord, ValueInfoRecord } from '../formats/onnx/wire/records.js';
import { readBody } from '../formats/onnx/lift/tensors.js';
import { eraseArchitecture } from './erasure-architecture.js';
import { RAISED_TO, obstacleToRaising } from '../formats/onnx/lift/opset-changes.js';
import { Expressions } from './expressions.js';
import { LawNumbering } from './law-numbering.js';
import { Numbering } from './numbering.js';
import type { OnnxModel } from './onnx-model.js';
import type { Check } from './proof.js';
import { contentOf, placeOf } from './tensor-content.js';

/** Documents of the same format; see erasure-architecture.ts for code and topologies. */
export function proveErasure(before: Document, after: Document): Check {
  if (before.format !== 'onnx' || after.format !== 'onnx') return eraseArchitecture(before, after);
  return proveErasureOfOnnx(before as unknown as OnnxModel, after as unknown as OnnxModel);
}

export function proveErasureOfOnnx(before: OnnxModel, after: OnnxModel): Check {
  const difference = interfaceDifference(before.record, after.record) ?? ambiguity(after.record) ?? expressionDifference(before, after);
  if (difference) return { check: 'erasure', verdict: 'fails', detail: difference };
  return { check: 'erasure', verdict: 'holds', detail: 'Without dropout both models are the same graph.' };
}

function expressionDifference(before: OnnxModel, after: OnnxModel): string | undefined {
  const byPlace = partingOutput(before, after, placeOf, 'inference');
  // The same content may stand at another place; contents are read only then.
  const parting = byPlace && partingOutput(before, after, contentOf, 'inference');
  return parting && `The output ${parting.output} is computed differently: ${parting.how}.`;
}

/** What differs in the laws of the training outputs (law.ts). */
export function differenceOfLaws(before: OnnxModel, after: OnnxModel): string | undefined {
  const byPlace = partingOutput(before, after, placeOf, 'law');
  const parting = byPlace && partingOutput(before, after, contentOf, 'law');
  return parting && `The output ${parting.output} has another law in training: ${parting.how}.`;
}

function partingOutput(before: OnnxModel, after: OnnxModel, identify: typeof placeOf, of: 'inference' | 'law'): { output: string; how: string } | undefined {
  const expressions = new Expressions();
  const [x, y] = [before, after].map((model) => {
    const { record } = model;
    const identity = remembered((tensor) => identify(record, tensor));
    return of === 'inference' ? new Numbering(record, expressions, identity, model.dropouts()) : new LawNumbering(record, expressions, identity, model.dropouts(), shapesOf(model));
  });
  for (const { name } of before.record.graph.outputs) {
    const [a, b] = [x!.numberOf(name), y!.numberOf(name)];
    if (a === b) continue;
    const [left, right] = expressions.parting(a, b);
    return { output: name, how: left.label === right.label ? `${left.label} differs` : `${left.label} before, ${right.label} after` };
  }
  return undefined;
}

function shapesOf({ record }: OnnxModel): (a: string, b: string) => boolean {
  const body = readBody(record, record.graph, undefined);
  return (a, b) => {
    const [x, y] = [body.tensor(a).shape, body.tensor(b).shape];
    return x !== undefined && x.length === y?.length && x.every((extent, axis) => extent !== undefined && extent === y[axis]);
  };
}

function remembered(identify: (tensor: TensorRecord) => string): (tensor: TensorRecord) => string {
  const known = new Map<TensorRecord, string>();
  return (tensor) => {
    let identity = known.get(tensor);
    if (identity === undefined) known.set(tensor, (identity = identify(tensor)));
    return identity;
  };
}

/** What a user of the model sees: inputs, outputs and operator sets. */
function interfaceDifference(before: ModelRecord, after: ModelRecord): string | undefined {
  for (const [domain, version] of before.opsets) {
    // Raised where every operator means the same.
    if (domain === '' && after.opsets.get('') === RAISED_TO && version < RAISED_TO && obstacleToRaising(before, version) === undefined) continue;
    if (after.opsets.get(domain) !== version) return `Operators of ${domain || 'ai.onnx'} have opset ${version} before and ${after.opsets.get(domain) ?? 'none'} after.`;
  }
  const given = new Map(after.graph.inputs.map((input) => [input.name, input]));
  for (const input of before.graph.inputs) {
    const other = given.get(input.name);
    if (!other) return `The input ${input.name} is gone.`;
    if (typeOf(input) !== typeOf(other)) return `The input ${input.name} is ${typeOf(input)} before and ${typeOf(other)} after.`;
    given.delete(input.name);
  }
  for (const { name } of given.values()) if (!after.graph.initializers.has(name)) return `The input ${name} is new and has no default.`;
  const [old, now] = [before.graph.outputs, after.graph.outputs];
  if (old.length !== now.length) return `There are ${old.length} outputs before and ${now.length} after.`;
  for (const [k, output] of old.entries()) {
    if (now[k]!.name !== output.name) return `Output ${k} is ${output.name} before and ${now[k]!.name} after.`;
    if (output.elementType !== undefined && now[k]!.elementType !== undefined && output.elementType !== now[k]!.elementType) return `The output ${output.name} has another element type.`;
  }
  return undefined;
}

/** A value that two nodes compute: no valid graph, and whatever is said of the value holds of one of them only. */
function ambiguity({ graph, functions }: ModelRecord): string | undefined {
  for (const body of bodiesIn<GraphRecord | FunctionRecord>(graph, ...functions)) {
    const names = new Set<string>();
    for (const { outputs } of body.nodes) {
      for (const output of outputs) {
        if (output !== '' && names.has(output)) return `Two nodes compute ${output} after the edit.`;
        names.add(output);
      }
    }
  }
  return undefined;
}

function typeOf({ type, elementType, shape }: ValueInfoRecord): string {
  return `${type ?? 'untyped'} ${elementType ?? ''}${shape ? `[${shape.map((dimension) => dimension ?? '?').join(', ')}]` : ''}`;
}
