/** What both executing checks share: making the two throw-away copies comparable, and telling what came of the runs. */
import os from 'node:os';
import { encodeElements } from '../formats/onnx/wire/element-types.js';
import { copyOf, operator, replaceOperators } from './copy.js';
import type { ModelCopy, Operator } from './copy.js';
import { encodeTensor } from './encode.js';
import type { Check } from './proof.js';
import type { OnnxModel, RecognisedDropout } from './onnx-model.js';
import { switchTemplates } from './randomness.js';
import { changedRegion, restrictTo } from './region.js';
import { randomWeights } from './weights.js';

/** onnxruntime's CPU kernels of most operators begin here. */
export const FIRST_OPSET = 7;

/** What of the models is executed. `auto`: the changed part where the whole is large, the whole otherwise. */
export type Scope = 'auto' | 'whole' | 'changed';

export interface CopyPair {
  readonly before: ModelCopy;
  readonly after: ModelCopy;
  /** How many threads it is worth. */
  readonly threads: number;
  /** Where only a part is executed: how many nodes of how many. */
  readonly part: { readonly nodes: number; readonly of: number } | undefined;
}

export function copyPair(before: OnnxModel, after: OnnxModel, scope: Scope): CopyPair {
  const pair = { before: copyOf(before.record), after: copyOf(after.record) };
  const region = scope === 'whole' || (scope === 'auto' && !isLarge(before)) ? undefined : changedRegion(before, after);
  if (region) {
    restrictTo(pair.before, region.before, region);
    restrictTo(pair.after, region.after, region);
  }
  randomWeights(pair.before);
  randomWeights(pair.after);
  // A part that was cut out of a large model may be small: then threads cost more than they save.
  const threads = isLarge(before) && (!region || weighs(pair.before)) ? os.availableParallelism() : 1;
  return { ...pair, threads, part: region && { nodes: region.after.size, of: after.record.graph.nodes.length } };
}

const LARGE_PARAMETERS = 2_000_000;
const LARGE_NODES = 2000;

const sizeOf = (dims: readonly number[]): number => dims.reduce((product, extent) => product * extent, 1);

function weighs({ graph: { initializers } }: ModelCopy): boolean {
  return [...initializers.values()].reduce((sum, tensor) => sum + (tensor instanceof Uint8Array ? tensor.length / 4 : sizeOf(tensor.dims)), 0) > LARGE_PARAMETERS;
}

function isLarge({ record: { graph }, models }: OnnxModel): boolean {
  const stored = [...graph.initializers.values()].reduce((sum, { dims }) => sum + sizeOf(dims), 0);
  return stored > LARGE_PARAMETERS || graph.nodes.length > LARGE_NODES || (models[0]?.variants[0]?.[0]?.parameters ?? 0) > LARGE_PARAMETERS;
}

/** What is known without trying: a model that cannot be executed, or one after that needs what the one before does not. */
export function obstacleCheck(check: Check['check'], before: OnnxModel, after: OnnxModel): Check | undefined {
  const obstacle = obstacleOf(before);
  if (obstacle) return { check, verdict: 'not-executable', detail: `Not executable: ${obstacle}.` };
  const change = obstacleOf(after) ?? newInputOf(before, after);
  return change === undefined ? undefined : { check, verdict: 'fails', detail: `The model before runs, the model after does not: ${change}.` };
}

function newInputOf(before: OnnxModel, after: OnnxModel): string | undefined {
  const known = new Set(before.record.graph.inputs.map(({ name }) => name));
  const { inputs, initializers } = after.record.graph;
  const added = inputs.find(({ name }) => !known.has(name) && !initializers.has(name));
  return added && `it wants the input ${added.name}, which the model before does not have`;
}

function obstacleOf({ record }: OnnxModel): string | undefined {
  const opset = record.opsets.get('');
  if (opset !== undefined && opset < FIRST_OPSET) return `opset ${opset} has no CPU kernels in onnxruntime (they begin at opset ${FIRST_OPSET})`;
  for (const { name, type } of record.graph.inputs) {
    if (type !== undefined && type !== 'tensor') return `the input ${name} is a ${type}, which onnxruntime-node cannot be fed`;
  }
  return undefined;
}

/**
 * A decomposed dropout has no inference form to be put into: it is left out. Its draws are what the same-mask check runs.
 * One with a switch of its own is switched off, and runs. `scalesBare`: a mask without a scale, which is the original
 * dropout, becomes what that one is at inference: a multiplication by 1 − p.
 */
export function eraseDecomposed(copy: ModelCopy, dropouts: readonly RecognisedDropout[], { scalesBare = false }: { readonly scalesBare?: boolean | undefined } = {}): void {
  const inputs = new Map<object, RecognisedDropout>();
  for (const dropout of dropouts) {
    const { form, body, output, trainingMode } = dropout;
    const producer = form === 'decomposed' && trainingMode === undefined ? body.nodes.find((node) => node.outputs[0] === output) : undefined;
    if (producer) inputs.set(producer, dropout);
  }
  switchTemplates(copy, dropouts, false);
  if (inputs.size === 0) return;
  replaceOperators(copy, ({ node, outputs }) => {
    const dropout = node && inputs.get(node);
    return dropout && ((scalesBare && scaledByKeep(dropout, outputs)) || [operator('Identity', [dropout.input], outputs)]);
  });
}

function scaledByKeep({ input, output, inverted, rate, dataType }: RecognisedDropout, outputs: readonly string[]): readonly Operator[] | undefined {
  if (inverted || rate === undefined || dataType === undefined) return undefined;
  const keep = `__droplint/keep/${output}`;
  const tensor = encodeTensor('', dataType, [], encodeElements(dataType, [1 - rate]));
  return [operator('Constant', [], [keep], [{ name: 'value', tensor }]), operator('Mul', [input, keep], outputs)];
}
