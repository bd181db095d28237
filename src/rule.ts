/** All that a rule may import besides `graph/`. */
import type { Edit } from './graph/edits.js';
import type { Graph } from './graph/graph.js';
import type { Layer, Origin } from './graph/layers.js';

export const LEVELS = ['off', 'info', 'warn', 'error'] as const;
export type Level = (typeof LEVELS)[number];
export type Preset = 'recommended' | 'strict' | 'all';
/** What a graph is for (rules.md, Mode). `unspecified` is what `auto` says of a graph without evidence of training. */
export type Mode = 'training' | 'inference' | 'unspecified';

/** What a rule says of one layer. */
export interface Problem<MessageId extends string = string> {
  readonly at: Layer;
  /** Where it is reported, when that is not the place of the layer (code: the call that applies it). */
  readonly place?: Origin;
  readonly messageId: MessageId;
  readonly data?: Readonly<Record<string, string | number>>;
  /** Replaces the level of the preset; itself replaced by a level that the user gave. */
  readonly level?: Exclude<Level, 'off'>;
  /** One fix: all of these edits or none. */
  readonly edits?: readonly Edit[];
  /** The edits change behaviour, and a person must choose. */
  readonly suggestion?: boolean;
  /** Today's behaviour cannot be meant. */
  readonly repair?: boolean;
  /** Other layers that the message speaks of. */
  readonly related?: readonly Layer[];
  /** Why there is no fix, or what to do after it. */
  readonly hint?: string;
}

/** Where a problem is reported. */
export const placeOf = ({ place, at }: Problem): Origin => place ?? at.origin;

export interface RuleContext<Options> {
  readonly graph: Graph;
  /** Every graph of the document: the model first, then subgraphs and functions. */
  readonly model: Graph;
  readonly options: Options;
  /** The placement rules exactly as the founding article states them. */
  readonly strict: boolean;
  readonly mode: Mode;
  /** The mode as the user gave it; `auto` when none was given. */
  readonly configuredMode?: 'auto' | 'training' | 'inference';
}

/** A JSON schema for the options, with a default for each. */
export interface OptionsSchema {
  readonly type: 'object';
  readonly additionalProperties: false;
  readonly properties: Readonly<Record<string, { readonly type?: string; readonly enum?: readonly unknown[]; readonly default: unknown; readonly description: string; readonly minimum?: number; readonly maximum?: number }>>;
}

export interface RuleSource {
  readonly title: string;
  readonly url?: string;
}

export interface Rule<MessageId extends string = string, Options = Record<string, unknown>> {
  readonly id: string;
  /** One line, true of every good architecture. */
  readonly statement: string;
  readonly levels: { readonly recommended: Level; readonly strict: Level };
  /** The class that its fix usually has; the class of each fix is computed from the edit. */
  readonly fix: string;
  /** What documents it can speak of. */
  readonly formats: readonly ('onnx' | 'code' | 'topology')[];
  readonly options?: OptionsSchema;
  readonly sources: readonly RuleSource[];
  /** `{name}` is replaced from a problem's data. */
  readonly messages: Readonly<Record<MessageId, string>>;
  /** Its order among overlapping fixes: rules.md, the order of the table. */
  readonly precedence: number;
  check(context: RuleContext<Options>): Iterable<Problem<MessageId>>;
}

/** Declares a rule; the identity function, for its types. */
export function defineRule<const MessageId extends string, Options = Record<string, unknown>>(rule: Rule<MessageId, Options>): Rule<MessageId, Options> {
  return rule;
}

/** A rule's message with its data filled in. */
export function formatMessage(template: string, data: Readonly<Record<string, string | number>> = {}): string {
  return template.replace(/\{(\w+)\}/g, (whole, name: string) => (name in data ? String(data[name]) : whole));
}
