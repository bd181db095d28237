/** A dropout as operators, in one place: what the lowering writes is, line by line, what the reader recognises. */
import type { DropoutLayer } from '../graph/layers.js';

/** The type of a template's numbers. `data`: that of the tensor that it drops. */
export type NumberType = 'data' | 'int64';

export type TemplateNode =
  | { readonly opType: 'Constant'; readonly outputs: readonly [string]; readonly value: number | readonly number[]; readonly type: NumberType }
  | {
    readonly opType: string;
    /** Names of this template; the free ones are `x`, the parameter and `training_mode`. */
    readonly inputs: readonly string[];
    readonly outputs: readonly string[];
    readonly floats?: Readonly<Record<string, number>>;
    readonly ints?: Readonly<Record<string, number>>;
    /** One number in the data's type: what a ConstantOfShape fills with. */
    readonly fill?: number;
  };

/** What a template does with its parameter, a scalar. */
export interface Parameter {
  readonly name: 'ratio' | 'log_alpha' | 'logit_p';
  /** The probability of dropping that it stands for, and back. */
  rateOf(value: number): number;
  valueOf(rate: number): number;
  /** A trainer may move it: it is an initializer with a name of its own. */
  readonly isLearned: boolean;
}

export interface Template {
  /** Of the function in the domain `droplint` that `--as-function` writes. */
  readonly name: string;
  readonly law: DropoutLayer['law'];
  readonly unit: 'element' | 'channel' | 'weight' | 'time';
  /** The axis of the steps, where one mask holds for all of them. */
  readonly timeAxis?: number;
  /** It stands on recurrence weights, beside the chain of layers. */
  readonly isAside?: true;
  readonly parameter: Parameter;
  /** The rank of what it drops, where the template depends on it. */
  readonly rank?: number;
  /** The operator that the reader looks for first. */
  readonly anchor: string;
  /** Its result is `y`. Where the mode is false, y = x · 1 (+ 0), bit for bit. */
  readonly nodes: readonly TemplateNode[];
  /** What it is, with its source: the function's doc string. */
  readonly statement: string;
}

/** The opset from which on a Dropout takes its mode as an operand. */
export const TEMPLATE_OPSET = 12;

export const isConstantNode = (node: TemplateNode): node is Extract<TemplateNode, { readonly opType: 'Constant' }> => 'value' in node;
