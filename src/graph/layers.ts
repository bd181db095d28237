/**
 * The layers of an architecture graph, in the field's standard terms. A layer may span several nodes of a file
 * (an erf-GELU is five) and several layers may share one place (`dense({ activation: 'relu' })` is two).
 */
import type { Graph } from './graph.js';

/** A dimension: its extent, its symbolic name, or unknown. */
export type Dimension = number | string | undefined;
/** Outermost first, as stored; `undefined` where even the rank is unknown. */
export type Shape = readonly Dimension[];

/** A tensor computed from initializers and constants alone. */
export interface Constant {
  readonly shape: readonly number[] | undefined;
  /** Number of elements, when the shape is known. */
  readonly count: number | undefined;
  /**
   * The values in row-major order, read only when called for; `undefined` when they cannot be read or when there
   * are more than `limit` of them (default 65 536).
   */
  values(limit?: number): ArrayLike<number> | undefined;
}

/** What joins layers: a named tensor. */
export interface Value {
  readonly name: string;
  shape: Shape | undefined;
  /** 'float32', 'float16', 'int64', …; `undefined` when unknown. */
  elementType: string | undefined;
  constant: Constant | undefined;
  /** The layer that computes it; `undefined` for graph inputs, constants and values of an outer graph. */
  producer: Layer | undefined;
  /** The layers that read its data, one entry for each operand. A Shape that reads it carries no data and is absent. */
  readonly consumers: Layer[];
  isGraphInput: boolean;
  isGraphOutput: boolean;
  /** A subgraph reads it, or something that the graph does not model. */
  captured: boolean;
}

/** Where a layer stands. */
export interface Origin {
  /** `graph:node[12](/classifier/2/Dropout)` in a graph; `12:5` in a source file, `/path/helper.ts:12:5` in another one. */
  readonly path: string;
  /** The node's or layer's own name; the operator when it has none. */
  readonly name: string;
  /** Sorts findings by their place in the document. */
  readonly order: number;
  /** Range in the document's own bytes or characters; of what stands in another file that of `via`. */
  readonly range?: { readonly start: number; readonly end: number };
  /** The user's source line that the file says it came from (PyTorch's stack trace, or the source file itself). */
  readonly source?: SourceLine;
  /** Of what stands in another file of the code: the call or import in this one that leads there. */
  readonly via?: SourceLine;
}

export interface SourceLine {
  readonly file: string;
  /** From 1. */
  readonly line: number;
  readonly column?: number;
  readonly endLine?: number;
  readonly endColumn?: number;
  readonly text?: string;
}

/** Code only: the call `apply(x, { training })` of a layer, or of a model that it is part of. */
export interface Applied {
  /** Where the call stands. */
  readonly origin: Origin;
  /** `default`: it says nothing, and TensorFlow.js takes that as false. `undefined`: the file does not determine it. */
  readonly training: boolean | 'default' | undefined;
  /** The layer is applied by itself, not with a model. */
  readonly byItself: boolean;
  /** To a symbolic tensor: of that call TensorFlow.js forgets what it says of training. */
  readonly symbolic: boolean;
  /** It is a call of `predict`, which ignores it. */
  readonly ignored: boolean;
  /** In a training step. */
  readonly trains: boolean;
}

/** How source code or a configuration spelled a layer's arguments; absent for graphs. */
export interface Configuration {
  /** `{…}`, a bare literal such as `dropout(0.2)`, an expression that could not be resolved, or nothing at all. */
  readonly form: 'object' | 'literal' | 'expression' | 'none';
  readonly entries: ReadonlyMap<string, ConfigurationEntry>;
}

export interface ConfigurationEntry {
  /** The folded value (`null` is a value); `undefined` where it could not be resolved. */
  readonly value: unknown;
  /** The identifiers of the expression, in order: `1 - keepProb` gives `['keepProb']`. */
  readonly identifiers: readonly string[];
  /** The expression as written. */
  readonly text: string;
}

interface LayerBase {
  /** Stable within its document and across the variants of a model: a finding is rule + key. */
  readonly key: string;
  /** The operator or layer class, as the document spells it: `Gemm`, `dense`. */
  readonly type: string;
  /** Live data operands. Weights and other constants are fields of the kinds. */
  readonly inputs: Value[];
  readonly outputs: Value[];
  readonly origin: Origin;
  readonly graph: Graph;
  /** Number of trainable parameters; 0 for layers without, `undefined` when unknown. */
  readonly parameters: number | undefined;
  readonly configuration?: Configuration;
  /**
   * Code only: how the layer came to its place. `layers-push`: into `model.layers`, which adds nothing; `computed`: by code
   * that has no place of its own for it; `unplaced`: the file makes it and places it nowhere.
   */
  readonly placement?: 'add' | 'element' | 'apply' | 'layers-push' | 'computed' | 'unplaced';
  /** Names and values that the document attaches to the layer (an ONNX node's metadata_props). */
  readonly metadata?: ReadonlyMap<string, string>;
}

/** A fully connected layer: Gemm, MatMul by a constant (with the Add of its bias), dense. */
export interface LinearLayer extends LayerBase {
  readonly kind: 'linear';
  readonly units: number | undefined;
  /** The constants whose product the weight is, where a file multiplies it out. */
  readonly weightFactors?: readonly Constant[];
  readonly weight: Constant | undefined;
  /** The axis of the weight along which the units stand, where that is known. */
  readonly unitsAxis?: 'first' | 'last';
  readonly bias: Constant | undefined;
  /** `true`, `false`, or unknown. */
  readonly hasBias: boolean | undefined;
}

export interface ConvolutionLayer extends LayerBase {
  readonly kind: 'convolution';
  /** 1 for sequences, 2 for images, 3 for volumes. */
  readonly spatialRank: number | undefined;
  readonly filters: number | undefined;
  readonly transposed: boolean;
  /** Axis of the channels: 1 (default; ONNX, channelsFirst) or −1 (channelsLast). */
  readonly channelAxis?: 1 | -1;
  readonly depthwise: boolean;
  readonly weight: Constant | undefined;
  /** The constants whose product the weight is, where a file multiplies it out. */
  readonly weightFactors?: readonly Constant[];
  readonly bias: Constant | undefined;
  readonly hasBias: boolean | undefined;
}

export interface RecurrentLayer extends LayerBase {
  readonly kind: 'recurrent';
  readonly cell: 'lstm' | 'gru' | 'rnn' | undefined;
  readonly units: number | undefined;
  readonly returnSequences: boolean | undefined;
}

export interface EmbeddingLayer extends LayerBase {
  readonly kind: 'embedding';
  readonly rows: number | undefined;
  readonly units: number | undefined;
}

/** Elementwise, or Softmax. `function` is normalised over formats: see activations.ts. */
export interface ActivationLayer extends LayerBase {
  readonly kind: 'activation';
  readonly function: ActivationFunction;
  /** What a `scale` multiplies by (or, with `divides`, divides by). */
  readonly factor?: Constant;
  readonly divides?: boolean;
}

export type ActivationFunction =
  | 'relu' | 'leaky-relu' | 'prelu' | 'abs' | 'negate' | 'scale' | 'linear'
  | 'relu6' | 'clip' | 'thresholded-relu' | 'hard-swish' | 'gelu' | 'silu' | 'mish' | 'elu' | 'selu' | 'celu' | 'tanh' | 'softsign' | 'erf' | 'shrink' | 'sin'
  | 'sigmoid' | 'hard-sigmoid' | 'softplus' | 'exp'
  | 'softmax' | 'log-softmax' | 'hardmax' | 'log-sigmoid'
  | 'other';

export interface NormalizationLayer extends LayerBase {
  readonly kind: 'normalization';
  readonly of: 'batch' | 'layer' | 'instance' | 'group' | 'rms' | 'lrn' | 'lp' | 'mean-variance';
  /** BatchNorm that uses the batch's own statistics; `undefined` when the file does not say. */
  readonly training: boolean | undefined;
  /** BatchNorm's running statistics and affine parameters. */
  readonly mean?: Constant;
  readonly variance?: Constant;
  readonly scale?: Constant;
  readonly shift?: Constant;
}

export interface PoolingLayer extends LayerBase {
  readonly kind: 'pooling';
  readonly of: 'max' | 'average' | 'lp';
  readonly global: boolean;
}

/** Pure data movement. */
export interface ReshapeLayer extends LayerBase {
  readonly kind: 'reshape';
  /** `row-major`: the elements keep their order (Flatten, Reshape, Squeeze, Identity, Cast); `permuting`: Transpose, Slice, Split, DepthToSpace. */
  readonly order: 'row-major' | 'permuting';
  /** Some elements occur more than once in the result (a reflecting Pad): a mask before it has no counterpart behind it. */
  readonly repeats?: boolean;
  /** Turns feature maps into vectors: Flatten, or a Reshape that ends at rank 2. */
  readonly flattens: boolean;
}

/** Two or more live operands. */
export interface MergeLayer extends LayerBase {
  readonly kind: 'merge';
  readonly of: 'add' | 'concat' | 'multiply' | 'subtract' | 'average' | 'maximum' | 'minimum' | 'matmul' | 'divide' | 'other';
}

/** What one draw of the mask silences together. */
export type DropoutUnit = 'element' | 'channel' | 'sample' | 'time' | 'weight' | 'unknown';
/** rules.md: every dropout has a state. */
export type DropoutState = 'live' | 'off' | 'unspecified';

export interface DropoutLayer extends LayerBase {
  readonly kind: 'dropout';
  /** Probability of dropping; `undefined` when it comes from the run time. May be outside [0, 1): a fault is a fact. */
  readonly rate: number | undefined;
  readonly state: DropoutState;
  readonly unit: DropoutUnit;
  /** Axis of the channels in what it drops: 1 (default; ONNX, channelsFirst) or −1 (channelsLast). */
  readonly channelAxis?: 1 | -1;
  /** `gaussian`: multiplied by ξ ~ N(1, α) with α = p/(1 − p); `concrete`: a relaxed Bernoulli; `alpha`: what is dropped becomes SELU's lower limit. */
  readonly law: 'bernoulli' | 'gaussian' | 'alpha' | 'concrete';
  /** `operator`: one Dropout; `decomposed`: spelled out in random operators; `recurrent`: the `dropout:` of a recurrent layer. */
  readonly form: 'operator' | 'decomposed' | 'recurrent';
  /** Code only: the package whose class it is, where that is not TensorFlow.js itself. */
  readonly library?: 'droplint/tfjs';
  readonly applied?: Applied;
  /** Code only: set in a cell of `rnn({ cell })`, where TensorFlow.js never renews the mask. */
  readonly insideCell?: boolean;
  /** Survivors are scaled by 1/(1−p). False for the original, non-inverted dropout. */
  readonly inverted: boolean;
  readonly seed: number | undefined;
  /** The mask output, when something reads it. */
  readonly mask: Value | undefined;
  /** Name of the value that gives the rate (an initializer, a graph input), or the identifier in code. */
  readonly rateName: string | undefined;
  /** The values that rate and mode come from, for sharing them with an inserted dropout. */
  readonly rateIsConstant: boolean;
}

/** Everything else. It ends every chain. */
export interface OpaqueLayer extends LayerBase {
  readonly kind: 'opaque';
  /** Known to be elementwise arithmetic, a random source, a loss, control flow…; only for messages and mode. */
  readonly role?: 'random' | 'loss' | 'control-flow' | 'call' | 'unknown';
}

export type Layer =
  | LinearLayer | ConvolutionLayer | RecurrentLayer | EmbeddingLayer | ActivationLayer | NormalizationLayer
  | PoolingLayer | ReshapeLayer | MergeLayer | DropoutLayer | OpaqueLayer;
export type LayerKind = Layer['kind'];
export type LayerOf<K extends LayerKind> = Extract<Layer, { kind: K }>;
/** Layers with a weight that mixes its inputs. */
export type WeightedLayer = LinearLayer | ConvolutionLayer | RecurrentLayer;
