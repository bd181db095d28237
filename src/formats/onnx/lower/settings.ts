/** Where a new dropout takes its rate and its mode from. */
import type { DropoutSpec } from '../../../graph/edits.js';
import { BOOL } from '../data-types.js';
import { dropoutOperands, feedOf } from '../lift/dropout-facts.js';
import { scalar } from '../lift/patterns.js';
import type { Place } from '../lift/lift.js';
import type { EditableNode } from '../wire/editable-node.js';
import type { ModelWide } from './model-wide.js';
import { refuse } from './refusal.js';
import type { Rewiring } from './rewiring.js';

type Where = { readonly before: EditableNode };

/** A dropout of the same graph that a new one takes after. */
export type Sibling = Place | undefined;

/** Where a new dropout takes its rate from: the value that gave it before, or a number. */
export interface Rate {
  readonly operand?: string;
  readonly value: number | undefined;
}

/** What an inserted dropout drops, and the dropout that it takes after. */
export interface Insertion {
  readonly rate: Rate;
  readonly unit: DropoutSpec['unit'];
  readonly law?: DropoutSpec['law'];
  readonly asFunction?: boolean;
  readonly training: boolean | 'input';
  readonly mode?: DropoutSpec['mode'];
  readonly sibling: Sibling;
}

/** A value that switches a dropout: the model's one input for it, a constant, or none, which is off. */
export function modeOperand(rewiring: Rewiring, training: boolean | 'input' | undefined, wide: ModelWide, place: Where): string | undefined {
  if (training === 'input') return wide.modeInput(rewiring.body);
  return training ? rewiring.insertConstant('training_mode', { dataType: BOOL, dims: [], values: [1] }, place) : undefined;
}

/** What a dropout is switched by: an operand of its own, or the constant that it always is. */
function modeOf({ dropout, body }: Place, rewiring: Rewiring): string | boolean | undefined {
  if (!dropout) return undefined;
  if (dropout.trainingMode !== undefined) return dropout.trainingMode;
  if (dropout.form !== 'operator') return dropout.state === 'live';
  const isHere = !dropout.draw && body === rewiring.body;
  return dropoutOperands(isHere ? rewiring.nodeOf(dropout.main) : (dropout.draw?.node ?? dropout.main)).trainingMode;
}

/** Where an inserted dropout takes its mode from: what is demanded, else what the other dropout has, else `training`. */
export function trainingModeOf(rewiring: Rewiring, { sibling: other, training, mode }: Insertion, wide: ModelWide, place: Where): string | undefined {
  const { body } = rewiring;
  if (mode !== undefined || !other?.dropout) return modeOperand(rewiring, mode ?? training, wide, place);
  const own = modeOf(other, rewiring);
  if (typeof own !== 'string') return modeOperand(rewiring, own, wide, place);
  const value = scalar(body, own);
  // One switch for all stays one switch; of constants each dropout has its own where they are nodes.
  const isShared = value === undefined || feedOf(body, own) !== undefined || !body.tensor(own).producer;
  return isShared ? own : rewiring.insertConstant('training_mode', { dataType: BOOL, dims: [], values: [value] }, place);
}

/** `keep`: the rate of the dropout whose place is taken, as the operand that it is where the operator has operands. */
export function rateLike(rate: number | 'keep', like: Sibling, { body }: Rewiring): Rate {
  if (rate !== 'keep') return { value: rate };
  const facts = like?.dropout ?? refuse('an inserted dropout needs a rate');
  const operand = body.opset >= 12 && facts.form === 'operator' && !facts.draw && like?.body === body ? (facts.parameter ?? dropoutOperands(facts.main).ratio) : undefined;
  return { value: facts.rate, ...(operand !== undefined && { operand }) };
}

/** The dropout that an inserted one copies its mode from. */
export const siblingAmong = (others: readonly Place[], rewiring: Rewiring): Sibling => others.find((each) => each.dropout?.form === 'operator' && !each.dropout.draw && each.nodes.every((node) => rewiring.nodeOf(node).isPresent));

/** The values that a new dropout takes over from the other: they must stand before it. */
export function operandsOf({ rate, mode, sibling }: Insertion, rewiring: Rewiring): readonly string[] {
  if (rewiring.body.opset < 12) return [];
  const own = mode === undefined && sibling ? modeOf(sibling, rewiring) : undefined;
  return [...(typeof own === 'string' ? [own] : []), ...(rate.operand !== undefined ? [rate.operand] : [])];
}
