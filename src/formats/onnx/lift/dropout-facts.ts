/** What a file says of a dropout: where its rate and its mode come from. */
import type { DropoutLayer, DropoutState, DropoutUnit } from '../../../graph/layers.js';
import type { Template } from '../../../variants/template.js';
import type { NodeRecord } from '../wire/records.js';
import { scalar } from './patterns.js';
import type { Draw } from './recurrent-dropouts.js';
import { floatAttribute, intAttribute, isStandard, takesFromCall } from './tensors.js';
import type { Body } from './tensors.js';

export interface DropoutFacts {
  readonly form: 'operator' | 'decomposed';
  readonly law: DropoutLayer['law'];
  readonly rate: number | undefined;
  readonly rateName: string | undefined;
  readonly rateIsConstant: boolean;
  readonly state: DropoutState;
  readonly unit: DropoutUnit;
  readonly channelAxis: 1 | -1;
  readonly inverted: boolean;
  readonly seed: number | undefined;
  /** Name of the mask output, when something reads it. */
  readonly mask: string | undefined;
  /** Its mask takes the shape of whatever it drops. */
  readonly followsData: boolean;
  /** The Dropout operator, or the node that applies the mask. */
  readonly main: NodeRecord;
  /** A bias and a residual that a fused operator adds. */
  readonly fused: { readonly bias: string | undefined; readonly residual: string | undefined } | undefined;
  /** What it is spelled by, where a template of src/variants is; absent otherwise. */
  readonly template?: Template;
  /** Names of the template's parameter and of the value that switches it. */
  readonly parameter?: string;
  readonly trainingMode?: string;
  /** One mask for all steps: the axis that it is stretched over, where that is not the second. */
  readonly timeAxis?: number;
  /** It acts on the recurrence weights of an LSTM, GRU or RNN, beside the way that the data takes. */
  readonly isAside?: boolean;
  /** The Dropout outside of the loop that draws the mask: the dropout itself is but its product with the data. */
  readonly draw?: Draw;
  /** It draws masks for the bodies of loops, and drops nothing itself. */
  readonly drawsForLoops?: boolean;
}

export const MICROSOFT = 'com.microsoft';
export const FUSED = new Set(['BiasDropout', 'BitmaskBiasDropout']);

export const isDropoutOperator = (node: NodeRecord): boolean =>
  (node.opType === 'Dropout' && isStandard(node)) || (node.domain === MICROSOFT && (FUSED.has(node.opType) || node.opType === 'BitmaskDropout'));

/** Names of the operands that give rate and mode. */
export function dropoutOperands(node: { readonly opType: string; readonly inputs: readonly string[] }): { readonly ratio: string | undefined; readonly trainingMode: string | undefined } {
  const at = FUSED.has(node.opType) ? 3 : 1;
  return { ratio: node.inputs[at] || undefined, trainingMode: node.inputs[at + 1] || undefined };
}

const STEP_LIMIT = 64;

/**
 * Whether the run time gives a value: it is an input of the model, with a default or without, perhaps through Identity
 * or Cast, perhaps seen from a nested graph. Below IR version 4 every initializer is listed as an input and none is fed.
 */
export function feedOf(body: Body, name: string): 'input' | 'default' | undefined {
  let at: Body | undefined = body;
  let value = name;
  for (let steps = 0; at && steps < STEP_LIMIT; steps += 1) {
    const tensor = at.tensors.get(value);
    const producer = tensor?.producer;
    if (producer && (producer.opType === 'Identity' || producer.opType === 'Cast') && isStandard(producer)) value = producer.inputs[0];
    else if (producer) return undefined;
    else if (tensor?.isInput) return at.parent || at.record.kind === 'function' ? undefined : !tensor.constant ? 'input' : at.model.irVersion >= 4 ? 'default' : undefined;
    else if (tensor && !tensor.outer) return undefined;
    else at = at.parent;
  }
  return undefined;
}

/** float32 stores 0.2 as 0.20000000298: the shortest decimal that it stands for is what was meant. */
export function asWritten(rate: number | undefined): number | undefined {
  if (rate === undefined || !Number.isFinite(rate)) return rate;
  const short = Number(rate.toPrecision(7));
  return Math.abs(short - rate) < 1e-7 ? short : rate;
}

export function rateOf(body: Body, node: NodeRecord): Pick<DropoutFacts, 'rate' | 'rateName' | 'rateIsConstant'> {
  const { ratio } = dropoutOperands(node);
  if (isStandard(node) && body.opset < 12) {
    const reference = node.attributes.find((each) => each.name === 'ratio')?.refersTo;
    return { rate: reference ? undefined : (asWritten(floatAttribute(node, 'ratio')) ?? 0.5), rateName: undefined, rateIsConstant: !reference };
  }
  if (!ratio) return { rate: 0.5, rateName: undefined, rateIsConstant: true };
  const tensor = body.tensor(ratio);
  return { rate: asWritten(scalar(body, ratio)), rateName: ratio, rateIsConstant: tensor.constant !== undefined && feedOf(body, ratio) === undefined };
}

export function stateOf(body: Body, node: NodeRecord): DropoutState {
  if (isStandard(node) && body.opset < 7) return takesFromCall(node, 'is_test') ? 'unspecified' : intAttribute(node, 'is_test') ? 'off' : 'live';
  if (isStandard(node) && body.opset < 12) return 'unspecified';
  return stateUnder(body, dropoutOperands(node).trainingMode);
}

export function stateUnder(body: Body, trainingMode: string | undefined): DropoutState {
  if (!trainingMode) return 'unspecified';
  const feed = feedOf(body, trainingMode);
  const value = scalar(body, trainingMode);
  if (value !== undefined) return value !== 0 ? 'live' : feed === 'default' ? 'unspecified' : 'off';
  return feed === 'input' ? 'live' : 'unspecified';
}
