/** When two tensors count as the same weights. */
import { createHash } from 'node:crypto';
import { contentIdentity, readTensor, tensorIdentity } from '../formats/onnx/wire/tensors.js';
import type { ModelRecord, TensorRecord } from '../formats/onnx/wire/records.js';

/** Tensors up to this many elements are compared by value, whatever field holds them. */
const BY_VALUE = 1 << 20;
const WIDE_INTEGERS = new Set([7, 13]);

/** By place in the file, which reads nothing: enough wherever both models are versions of one file. */
export function placeOf(model: ModelRecord, tensor: TensorRecord): string {
  return tensorIdentity(model, tensor) ?? unreachable(model, tensor);
}

/** By content, in whatever encoding it is stored. */
export function contentOf(model: ModelRecord, tensor: TensorRecord): string {
  const values = WIDE_INTEGERS.has(tensor.dataType) ? undefined : readTensor(model, tensor, BY_VALUE);
  if (!values) return contentIdentity(model, tensor) ?? unreachable(model, tensor);
  const hash = createHash('sha256').update(new Uint8Array(values.buffer, values.byteOffset, values.byteLength)).digest('hex');
  return `${tensor.dataType}[${tensor.dims.join()}] values ${hash}`;
}

/** External data that cannot be read is what its entries say. */
function unreachable({ file }: ModelRecord, { dataType, dims, external }: TensorRecord): string {
  return `${dataType}[${dims.join()}] ${file} ${[...(external ?? [])].join(';')}`;
}
