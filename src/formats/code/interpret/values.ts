/** The values that the interpreter computes with. What it cannot know is a symbol, never a guess. */
import type { ts } from 'ts-morph';
import type { FunctionNode } from '../syntax.js';
import type { Scope } from './scope.js';

export type Primitive = string | number | boolean | null | undefined;

export interface Known {
  readonly kind: 'known';
  readonly value: Primitive;
  /** Taken on for one path (a loop's count, a compared string): it steers control flow and is no fact of a configuration. */
  readonly assumed: boolean;
}

/** A value that the file does not determine. Equal terms of equal symbols are one symbol, so equal conditions decide alike. */
export interface Unknown {
  readonly kind: 'unknown';
  readonly id: number;
  readonly name: string | undefined;
  readonly members: Map<string, Value>;
  readonly term?: { readonly operator: string; readonly left: Value; readonly right: Value | undefined };
  refined?: Known;
  truth?: boolean;
  /** What `.add(layer)` on it makes it: a model that came from elsewhere. */
  model?: ModelState;
  /** What `layer.apply(it)` makes it. */
  tensor?: Tensor;
}

export interface Property {
  readonly value: Value;
  readonly node: ts.Node | undefined;
}

export interface ObjectValue {
  readonly kind: 'object';
  readonly properties: Map<string, Property>;
  /** May have other properties, or others of these. */
  open: boolean;
  readonly class?: ClassValue;
}

export interface Item {
  readonly value: Value;
  /** The array element or argument that put it there. */
  readonly node: ts.Node | undefined;
  readonly region: number;
}

export interface ArrayValue {
  readonly kind: 'array';
  readonly items: Item[];
  readonly birth: number;
  /** The `layers` of this model. */
  readonly layersOf?: ModelState;
}

export interface FunctionValue {
  readonly kind: 'function';
  readonly node: FunctionNode;
  readonly scope: Scope;
  readonly self: Value | undefined;
}

export interface ClassValue {
  readonly kind: 'class';
  readonly node: ts.ClassLikeDeclaration;
  readonly scope: Scope;
  readonly base: Value | undefined;
}

/** Something of TensorFlow.js: `[]` is the namespace, `['layers', 'dense']` a factory. */
export interface ApiValue {
  readonly kind: 'api';
  readonly path: readonly string[];
}

export interface LayerValue {
  readonly kind: 'layer';
  readonly layer: LayerInstance;
}

export interface ModelValue {
  readonly kind: 'model';
  readonly model: ModelState;
}

export interface TensorValue {
  readonly kind: 'tensor';
  readonly tensor: Tensor;
}

export type Value = Known | Unknown | ObjectValue | ArrayValue | FunctionValue | ClassValue | ApiValue | LayerValue | ModelValue | TensorValue;

/** A layer object. `type` is the factory's name; a layer that is none of TensorFlow.js's own is `custom`. */
export interface LayerInstance {
  readonly type: string;
  readonly custom: boolean;
  /** Its construction, or the expression that stands for a layer of which nothing is known. */
  readonly node: ts.Node;
  /** Where that stands in another file: the call or import in the file under study that led there. */
  readonly calledFrom?: ts.Node;
  readonly configuration: Value | undefined;
  readonly configurationNode: ts.Expression | undefined;
  /** The way that control took to its construction: call sites and iterations. */
  readonly path: string;
  readonly region: number;
  /** The array element that holds it. */
  item?: ts.Node;
  placements: number;
}

export interface Placement {
  /** `layers-push`: into `model.layers`, which adds nothing. `computed`: made by code that has no place of its own for it. */
  readonly kind: 'add' | 'element' | 'apply' | 'layers-push' | 'computed' | 'unplaced';
  /** The call of `add`, the array element, the call of `apply`. */
  readonly node: ts.Node;
  readonly path: string;
}

export interface Entry {
  readonly what: LayerInstance | ModelState;
  readonly placement: Placement;
  /** Entries of different regions are not known to be neighbours. */
  readonly region: number;
  readonly phase: Phase;
  readonly ordinal: number;
}

/** `setup`: what ran before the function under study, in its module or constructor. */
export type Phase = 'setup' | 'root';

export interface ModelState {
  readonly kind: 'sequential' | 'functional' | 'foreign';
  readonly key: string;
  readonly birth: number;
  readonly node: ts.Node;
  readonly name: string;
  readonly phase: Phase;
  readonly region: number;
  readonly entries: Entry[];
  /** Of `tf.model`: `undefined` when they could not be resolved. */
  readonly inputs: readonly Tensor[] | undefined;
  readonly outputs: readonly Tensor[] | undefined;
  /** Of a saved topology: results of its dropouts that nothing reads. */
  readonly unread?: readonly Tensor[];
  /** The loss of each `compile`; an expression that is no string stands as its text. */
  readonly losses: string[];
  /** The calls that train it. */
  readonly fits?: ts.CallExpression[];
  compiled: boolean;
  /** It is trained, evaluated or saved as it is. */
  ended: boolean;
  /** It is part of another model. */
  nested: boolean;
  /** The variables and fields that hold it. */
  readonly holders: Set<string>;
}

/** What a call `apply(x, { training })` says, or one of `predict` that has the flag as well. */
export interface ApplyCall {
  readonly node: ts.CallExpression;
  /** As of a layer. */
  readonly calledFrom: ts.Node | undefined;
  /** `default`: nothing is said, which TensorFlow.js takes as false. `undefined`: the file does not determine it. */
  readonly training: boolean | 'default' | undefined;
  /** What it is applied to comes from `tf.input`: of such a call TensorFlow.js forgets what it says of training. */
  readonly symbolic: boolean;
  /** It is a call of `predict`, which heeds no such flag. */
  readonly ignored: boolean;
  /** It runs in a training step. */
  readonly trains: boolean;
}

export interface Application {
  readonly what: LayerInstance | ModelState;
  readonly inputs: readonly Tensor[];
  readonly placement: Placement;
  /** Absent where the code has no call of `apply` for it. */
  readonly call?: ApplyCall;
  readonly region: number;
  readonly phase: Phase;
  readonly ordinal: number;
}

/** A symbolic tensor. Without `application` it is an input of the model (`input`) or comes from somewhere unknown. */
export interface Tensor {
  readonly birth: number;
  readonly application: Application | undefined;
  readonly input: { readonly shape: Value | undefined; readonly batched: boolean; readonly node: ts.Node } | undefined;
  readonly name: string;
  readonly region: number;
}

let births = 0;
/** Numbers models, tensors, arrays and scopes in the order in which they come to be. */
export const nextBirth = (): number => {
  births += 1;
  return births;
};

export const known = (value: Primitive, assumed = false): Known => ({ kind: 'known', value, assumed });
export const UNDEFINED = known(undefined);
export const array = (items: Item[]): ArrayValue => ({ kind: 'array', items, birth: nextBirth() });
export const isModelState = (what: LayerInstance | ModelState): what is ModelState => 'entries' in what;
