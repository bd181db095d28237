/** AlphaDropout as PyTorch's exporter spells it: x·(a·m) + (α″·a·(m − 1) + α″·a·p) with α″ = −α′ (Klambauer et al. 2017, §2). */
import { ALPHA_PRIME } from '../../../variants/alpha.js';
import type { NodeRecord } from '../wire/records.js';
import { otherOperand, scalar, soleReader } from './patterns.js';
import { isStandard } from './tensors.js';
import type { Body } from './tensors.js';

/** The nodes behind the mask, and what they make of what. */
export interface AlphaMatch {
  readonly nodes: readonly NodeRecord[];
  readonly input: string;
  readonly output: string;
  /** Applies the mask. */
  readonly apply: NodeRecord;
}

const isNear = (a: number | undefined, b: number): boolean => a !== undefined && Math.abs(a - b) < 1e-3 * Math.abs(b);

/** A product or sum of `name` and one constant, which must be `value`. */
function withConstant(body: Body, node: NodeRecord | undefined, opType: string, name: string, value: number): string | undefined {
  const operand = node?.opType === opType && isStandard(node) ? otherOperand(node, name) : undefined;
  return operand !== undefined && isNear(scalar(body, operand), value) ? node!.outputs[0] : undefined;
}

/** `mask` is 1 with probability `keep`. */
export function alphaBehind(body: Body, mask: string, keep: number): AlphaMatch | undefined {
  const tensor = body.tensor(mask);
  if (tensor.isOutput || tensor.captured || tensor.readers.length !== 2) return undefined;
  const rate = 1 - keep;
  const a = (keep * (1 + rate * ALPHA_PRIME ** 2)) ** -0.5;
  const [first, second] = tensor.readers;
  for (const [scale, fall] of [[first!, second!], [second!, first!]] as const) {
    const scaled = withConstant(body, scale, 'Mul', mask, a);
    const fallen = withConstant(body, fall, 'Add', mask, -1) ?? withConstant(body, fall, 'Sub', mask, 1);
    const apply = scaled === undefined ? undefined : soleReader(body, scaled);
    const input = apply?.opType === 'Mul' && isStandard(apply) ? otherOperand(apply, scaled!) : undefined;
    const times = fallen === undefined ? undefined : soleReader(body, fallen);
    const limit = fallen === undefined ? undefined : withConstant(body, times, 'Mul', fallen, -ALPHA_PRIME * a);
    const plus = limit === undefined ? undefined : soleReader(body, limit);
    const shift = limit === undefined ? undefined : withConstant(body, plus, 'Add', limit, -ALPHA_PRIME * a * rate);
    const sum = apply && soleReader(body, apply.outputs[0]!);
    if (input === undefined || shift === undefined || sum?.opType !== 'Add' || otherOperand(sum, apply!.outputs[0]!) !== shift) continue;
    return { nodes: [scale, fall, apply!, times!, plus!, sum], input, output: sum.outputs[0]!, apply: apply! };
  }
  return undefined;
}
