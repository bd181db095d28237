/** The arithmetic of shapes that TorchScript's exporter writes out: Shape → Gather → Mul → Concat → Reshape. */
import type { Dimension } from '../../../graph/layers.js';
import { INT32, INT64 } from '../data-types.js';
import { RANK_LIMIT, ints, normalise, numbers } from './shape-operands.js';
import type { Operands } from './shape-operands.js';
import { intAttribute } from './tensors.js';

const isInteger = (dataType: number | undefined) => dataType === INT64 || dataType === INT32;

/** Elements of small integer tensors, as far as they are known. */
export function intsOf(x: Operands): readonly Dimension[] | undefined {
  const data = x.in(0);
  switch (x.node.opType) {
    case 'Shape': {
      const [start, end] = [intAttribute(x.node, 'start') ?? 0, intAttribute(x.node, 'end')];
      return data?.shape?.slice(start, end);
    }
    case 'Gather': {
      const [values, indices] = [data?.ints, numbers(x.in(1)?.ints)];
      return values && indices && indices.length > 0 && indices.length <= RANK_LIMIT ? indices.map((index) => values[normalise(index, values.length)]) : undefined;
    }
    case 'Slice': {
      const [start, end, step] = [ints(x, 1, 'starts')?.[0], ints(x, 2, 'ends')?.[0], x.in(4) ? x.in(4)?.ints?.[0] : 1];
      return data?.ints && typeof start === 'number' && typeof end === 'number' && step === 1 ? data.ints.slice(start, end) : undefined;
    }
    case 'Concat': {
      const parts = x.node.inputs.map((_, k) => x.in(k)?.ints);
      const all = parts.includes(undefined) ? undefined : parts.flatMap((part) => part!);
      return all && all.length <= RANK_LIMIT ? all : undefined;
    }
    case 'Cast':
      return isInteger(intAttribute(x.node, 'to')) ? data?.ints : undefined;
    case 'Unsqueeze': case 'Squeeze': case 'Identity': case 'Reshape':
      return data?.ints;
    case 'Add': case 'Sub': case 'Mul': case 'Div': {
      const [a, b] = [numbers(data?.ints), numbers(x.in(1)?.ints)];
      if (!a || !b || a.length !== b.length) return undefined;
      const op = { Add: (p: number, q: number) => p + q, Sub: (p: number, q: number) => p - q, Mul: (p: number, q: number) => p * q, Div: (p: number, q: number) => Math.trunc(p / q) }[x.node.opType];
      return a.map((value, i) => op(value, b[i]));
    }
    default:
      return undefined;
  }
}
