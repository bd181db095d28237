/** The weights of a layer by their content, without ever holding them: what tells whether two models' weights are the same. */
import type { WeightReference } from '../../graph/compare.js';
import type { OnnxConstant } from './lift/constants.js';
import type { Place } from './lift/lift.js';
import type { ModelRecord, TensorRecord } from './wire/records.js';
import { contentIdentity } from './wire/tensors.js';

/** Computed constants of computed constants are not followed for ever. */
const DEPTH = 32;

/** The constant operands of the layer's nodes, in their order. */
export function weightsAt(model: ModelRecord, { body, nodes }: Place): readonly WeightReference[] {
  const names = [...new Set(nodes.flatMap((node) => node.inputs).filter((name) => name !== ''))];
  return names.flatMap((name) => {
    const { constant } = body.tensor(name);
    return constant ? [{ name, shape: constant.shape, digest: () => digestOf(model, constant, DEPTH) }] : [];
  });
}

/** Bytes are read in pieces and hashed; `undefined` where they cannot be reached. */
function digestOf(model: ModelRecord, constant: OnnxConstant, depth: number): string | undefined {
  if (constant.tensor) return contentOf(model, constant.tensor);
  const values = constant.values(1024);
  if (values) return `${constant.dataType ?? '?'}[${constant.shape?.join() ?? '?'}] ${Array.from(values).join()}`;
  if (!('operands' in constant) || depth === 0) return undefined;
  const { operands, node } = constant as OnnxConstant & { readonly operands: readonly OnnxConstant[]; readonly node?: { readonly opType: string } };
  const parts = operands.map((operand) => digestOf(model, operand, depth - 1));
  return parts.includes(undefined) ? undefined : `${node?.opType ?? '?'}(${parts.join('; ')})`;
}

const digests = new WeakMap<TensorRecord, string | undefined>();

function contentOf(model: ModelRecord, tensor: TensorRecord): string | undefined {
  if (!digests.has(tensor)) digests.set(tensor, contentIdentity(model, tensor));
  return digests.get(tensor);
}
