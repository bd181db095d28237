/** Structural predicates, in the field's names. Each is one line of definition and its source. */
import { functionOf, isOutputFunction, momentsOfStandardNormal } from './activations.js';
import type { Moments } from './activations.js';
import type { Graph } from './graph.js';
import type { ActivationFunction, ActivationLayer, Constant, DropoutLayer, Layer, LinearLayer, NormalizationLayer, WeightedLayer } from './layers.js';
import { ahead, chains, follow, isRead, next, onlyProducer, previous } from './traversal.js';

/** Has weights that mix its inputs: fully connected, convolution or recurrent. */
export const isWeighted = (layer: Layer): layer is WeightedLayer => layer.kind === 'linear' || layer.kind === 'convolution' || layer.kind === 'recurrent';

/** Stands in model code or in a model.json, not in a graph: TensorFlow.js makes it, and its weights are elsewhere. */
export const isConfigured = (layer: Layer): boolean => layer.configuration !== undefined;

/** BatchNorm: normalises with running statistics at inference (Ioffe & Szegedy 2015). */
export const hasRunningStatistics = (layer: Layer): layer is NormalizationLayer => layer.kind === 'normalization' && layer.of === 'batch';

const isReshape = (layer: Layer) => layer.kind === 'reshape';

/** Nothing reads the dropout's result, nor its mask. */
export const isDead = (dropout: DropoutLayer): boolean => dropout.mask === undefined && !dropout.outputs.some(isRead);

/** Softmax → dropout → MatMul of two live tensors (Vaswani et al. 2017, §3.2.1 and §5.4). */
export function isAttentionDropout(dropout: DropoutLayer): boolean {
  // The weights of the attention may be read elsewhere, too: some models give them out.
  let before = onlyProducer(dropout);
  while (before && isReshape(before)) before = onlyProducer(before);
  const { end: after } = follow(dropout, next, isReshape);
  return before?.kind === 'activation' && before.function === 'softmax' && after?.kind === 'merge' && after.of === 'matmul';
}

/** The graph attends: a Softmax whose result, dropped or not, is multiplied with a live tensor. */
export function isTransformer(graph: Graph): boolean {
  return graph.layersOf('activation').some((softmax) => {
    if (softmax.function !== 'softmax') return false;
    const { end } = follow(softmax, next, (layer) => layer.kind === 'dropout' || layer.kind === 'reshape');
    return end?.kind === 'merge' && end.of === 'matmul';
  });
}

/** Dropout → (reshape, normalization, scale)* → Add of a skip connection: the end of a residual branch (He et al. 2016; Vaswani et al. 2017). */
export function isResidualBranch(dropout: DropoutLayer): boolean {
  const { end } = follow(dropout, next, (layer) => layer.kind === 'reshape' || layer.kind === 'normalization' || (layer.kind === 'activation' && layer.function === 'scale'));
  return end?.kind === 'merge' && end.of === 'add';
}

/** Dropout behind an embedding, or behind the sum of embeddings (Devlin et al. 2019). */
export function isEmbeddingDropout(dropout: DropoutLayer): boolean {
  let at = dropout.inputs[0]?.producer;
  for (let steps = 0; at && steps < 8; steps += 1) {
    if (at.kind === 'embedding') return true;
    if (at.kind === 'merge') return at.inputs.some((input) => input.producer?.kind === 'embedding');
    // Embeddings are scaled (Vaswani et al. 2017, §3.4), and constant positions are added to them.
    const isAdded = at.kind === 'activation' && (at.function === 'scale' || at.type === 'Add');
    if (at.kind !== 'reshape' && at.kind !== 'normalization' && !isAdded) return false;
    at = at.inputs[0]?.producer;
  }
  return false;
}

/** A mask of one number for each example: stochastic depth (Huang et al. 2016). */
export const isStochasticDepth = (dropout: DropoutLayer): boolean => dropout.unit === 'sample';

/** The dropout of a wide residual block: inside a residual branch, after its last BatchNorm, before its last convolution (Zagoruyko & Komodakis 2016; Kim 2023). */
export function isWideResNetPosition(dropout: DropoutLayer): boolean {
  const { end: convolution } = follow(dropout, next, (layer) => layer.kind === 'activation' || layer.kind === 'pooling' || layer.kind === 'reshape');
  if (convolution?.kind !== 'convolution') return false;
  const { end } = follow(convolution, next, (layer) => layer.kind === 'dropout' || layer.kind === 'reshape' || (layer.kind === 'activation' && layer.function === 'scale'));
  return end?.kind === 'merge' && end.of === 'add';
}

/** An activation that models end with (Softmax, Sigmoid, Tanh …), with no weighted layer behind it; at the end of a function or branch nobody knows. */
export function isOutputActivation(activation: ActivationLayer): boolean {
  if (!isOutputFunction(activation)) return false;
  const beyond = ahead(activation);
  return !beyond.convolution && !beyond.linear && !beyond.recurrent;
}

/** Normalised by the batch, or by anything else, between two dense layers. */
export const isNormalization = (layer: Layer): layer is NormalizationLayer => layer.kind === 'normalization';

/** The dense head of a model, from the last flatten or pooling to the classifier. */
export interface ClassifierHead {
  readonly classifier: LinearLayer;
  /** Fully connected layers before the classifier, nearest first. */
  readonly hidden: readonly LinearLayer[];
  readonly dropouts: readonly DropoutLayer[];
  readonly normalizations: readonly NormalizationLayer[];
  readonly isDropped: boolean;
  readonly isNormalized: boolean;
  /** Parameters of the heaviest hidden layer; `undefined` when there is none or one of them is not known. */
  readonly heaviest: number | undefined;
}

const isElementwise = (layer: Layer) => layer.kind === 'activation' || layer.kind === 'normalization' || layer.kind === 'reshape' || layer.kind === 'dropout';
const isEntry = (layer: Layer) => layer.kind === 'pooling' || (layer.kind === 'reshape' && layer.flattens);

/** Layers, nearest first, whose end several heads share. */
interface Linked {
  readonly layer: Layer;
  readonly rest: Linked | undefined;
}

function* layersIn(list: Linked | undefined): Generator<Layer> {
  for (let at = list; at; at = at.rest) yield at.layer;
}

/** What stands before a classifier or behind it, summed up. */
interface Stretch {
  readonly layers: Linked | undefined;
  readonly isDropped: boolean;
  readonly isNormalized: boolean;
  /** 0 when there is no hidden layer. */
  readonly heaviest: number | undefined;
}

const NOTHING: Stretch = { layers: undefined, isDropped: false, isNormalized: false, heaviest: 0 };

const extend = (layer: Layer, { layers, isDropped, isNormalized, heaviest }: Stretch): Stretch => ({
  layers: { layer, rest: layers },
  isDropped: isDropped || layer.kind === 'dropout',
  isNormalized: isNormalized || layer.kind === 'normalization',
  heaviest: layer.kind !== 'linear' ? heaviest : heaviest === undefined || layer.parameters === undefined ? undefined : Math.max(heaviest, layer.parameters),
});

/** The ways back from outputs and from classifiers, which many heads on one trunk share. */
const waysOf = new WeakMap<Graph, { readonly toClassifier: ReturnType<typeof chains<Stretch>>; readonly toEntry: ReturnType<typeof chains<Stretch>>; readonly beforeEntry: ReturnType<typeof chains<undefined>> }>();

function waysBack(graph: Graph) {
  let ways = waysOf.get(graph);
  if (!ways) {
    ways = {
      toClassifier: chains(onlyProducer, isElementwise, NOTHING, extend),
      toEntry: chains(onlyProducer, (layer) => layer.kind === 'linear' || (isElementwise(layer) && !isEntry(layer)), NOTHING, extend),
      beforeEntry: chains(onlyProducer, (layer) => layer.kind === 'pooling' || layer.kind === 'reshape', undefined, () => undefined),
    };
    waysOf.set(graph, ways);
  }
  return ways;
}

/**
 * The classifier head in front of one output: the last weighted layer is fully connected, and all that stands before
 * it up to the last flatten or pooling. A dropout right before or after that flatten or pooling belongs to it.
 * `undefined` when the last weighted layer is no fully connected one, or is not known.
 */
export function classifierHead(output: Layer): ClassifierHead | undefined {
  const { toClassifier, toEntry, beforeEntry } = waysBack(output.graph);
  const { end, facts } = toClassifier(output);
  const [classifier, behind] = isElementwise(output) ? [end, extend(output, facts)] : [output, NOTHING];
  if (classifier?.kind !== 'linear' || classifier.inputs.length !== 1) return undefined;
  const { end: entry, facts: before } = toEntry(classifier);
  const first = entry && isEntry(entry) ? beforeEntry(entry).end : undefined;
  const dropoutBefore = first?.kind === 'dropout' ? first : undefined;
  const all = () => [...layersIn(behind.layers), ...layersIn(before.layers), ...(dropoutBefore ? [dropoutBefore] : [])];
  return {
    classifier,
    get hidden() {
      return [...layersIn(before.layers)].filter((layer) => layer.kind === 'linear');
    },
    get dropouts() {
      return all().filter((layer) => layer.kind === 'dropout');
    },
    get normalizations() {
      return [...layersIn(before.layers)].filter((layer) => layer.kind === 'normalization');
    },
    isDropped: behind.isDropped || before.isDropped || dropoutBefore !== undefined,
    isNormalized: before.isNormalized,
    heaviest: before.heaviest || undefined,
  };
}

/** The quadrature is the same for every dropout behind one function. */
const momentsOf = new Map<ActivationFunction, Moments>();

/**
 * Mean and variance of what the dropout silences, predicted: behind an activation those of f(N(0, 1)), else those of
 * N(0, 1). An activation between the dropout and `reader` counts as if it stood before the dropout.
 */
export function predictedMoments(dropout: DropoutLayer, passed: readonly Layer[]): Moments {
  const { end: before } = follow(dropout, previous, (layer) => layer.kind === 'reshape' || layer.kind === 'dropout');
  const activation = passed.find((layer): layer is ActivationLayer => layer.kind === 'activation') ?? (before?.kind === 'activation' ? before : undefined);
  const name = activation?.function;
  const f = name && functionOf(name);
  if (!f) return { mean: 0, variance: 1 };
  const moments = momentsOf.get(name) ?? momentsOfStandardNormal(f);
  momentsOf.set(name, moments);
  return moments;
}

/**
 * Var_test/Var_train of what BatchNorm sees when its input was dropped: v / ((c² + v)/k − c²), k = 1 − p
 * (Li, Chen, Hu & Yang 2019, "Understanding the Disharmony between Dropout and Batch Normalization by Variance Shift", §3).
 */
export function varianceShift(rate: number, { mean, variance }: Moments): number {
  return variance / ((mean * mean + variance) / (1 - rate) - mean * mean);
}

/** The document names a loss of regression (squared or absolute error, Huber, cosine). */
export const hasRegressionLoss = (graph: Graph): boolean => graph.losses.some((loss) => /mean_?squared|mean_?absolute|\bmse\b|\bmae\b|huber|cosine/i.test(loss));

/** All that tells that the graph is trained is dropout that is on. */
export const trainsOnlyByDropout = (graph: Graph): boolean => graph.trainingEvidence.every((evidence) => evidence.startsWith('live dropout'));

/** The layer, or its graph or model, is meant to drop at inference: Monte-Carlo dropout (Gal & Ghahramani 2016). */
export function isMonteCarloDropout(layer: Layer, model: Graph): boolean {
  const intents = [layer.metadata?.get('droplint.intent'), layer.graph.metadata.get('droplint.intent'), model.metadata.get('droplint.intent')];
  return intents.includes('mc-dropout');
}

/**
 * What onnxruntime makes of a live dropout at its default optimisation level (measured, verification.md): a Dropout
 * between inner values whose mask is unused is deleted, one at the model's edge or over a constant still drops, and
 * random operators are never deleted.
 */
export function fateInOnnxruntime(dropout: DropoutLayer): 'deleted' | 'drops' {
  const [input] = dropout.inputs;
  const [output] = dropout.outputs;
  const atTheEdge = input.isGraphInput || input.constant !== undefined || output.isGraphOutput || dropout.mask !== undefined || dropout.unit !== 'element';
  return dropout.form === 'decomposed' || atTheEdge ? 'drops' : 'deleted';
}

/** Neither mixes nor merges nor is unknown. */
export const isInBlock = (layer: Layer): boolean => !isWeighted(layer) && layer.kind !== 'opaque' && layer.kind !== 'merge';

/** The layers of the block that a layer stands in: between the weighted layer before it and the next one, along a single-consumer chain. */
export function blockOf(layer: Layer): { readonly weighted: Layer | undefined; readonly layers: readonly Layer[]; readonly next: Layer | undefined } {
  const before = follow(layer, previous, isInBlock);
  const after = follow(layer, next, isInBlock);
  return { weighted: before.end && isWeighted(before.end) ? before.end : undefined, layers: [...[...before.passed].reverse(), layer, ...after.passed], next: after.end && isWeighted(after.end) ? after.end : undefined };
}

/** Largest constant that is read in search of a mask (elements). */
const MASK_LIMIT = 65_536;
/** Fewer elements are no evidence. */
const MASK_MINIMUM = 8;

/**
 * A dropout mask that was drawn once: every value is 0 or one s > 1, both occur, and the share of zeros is what
 * dropping with p = 1 − 1/s gives, within 5 standard deviations. Gives p. One-hot tables have s = 1; scales have no zeros.
 */
export function frozenMaskRate(constant: Constant): number | undefined {
  if (constant.count === undefined || constant.count < MASK_MINIMUM || constant.count > MASK_LIMIT) return undefined;
  const values = constant.values(MASK_LIMIT);
  if (!values) return undefined;
  let scale = 0;
  let zeros = 0;
  for (let i = 0; i < values.length; i += 1) {
    if (values[i] === 0) zeros += 1;
    else if (scale === 0) scale = values[i];
    else if (values[i] !== scale) return undefined;
  }
  if (zeros === 0 || !(scale > 1 + 1e-3)) return undefined;
  const rate = 1 - 1 / scale;
  const deviation = Math.sqrt((rate * (1 - rate)) / values.length);
  return Math.abs(zeros / values.length - rate) <= 5 * deviation ? rate : undefined;
}
