/**
 * The original, non-inverted dropout (Srivastava et al. 2014, §10) and the inverted one: a factor 1 − p goes from where
 * the dropout stands into the weights of the layer behind it, or before it, past whatever it commutes with.
 */
import { isHomogeneous } from './activations.js';
import type { ActivationLayer, DropoutLayer, Layer, WeightedLayer } from './layers.js';
import { isWeighted } from './predicates.js';
import { chains, follow, next, previous } from './traversal.js';

/** c·f(x) = f(c·x) for every c > 0. */
function passesFactor(layer: Layer): boolean {
  switch (layer.kind) {
    case 'activation': return isHomogeneous(layer);
    // A border of another value than 0 stays as it is.
    case 'reshape': return layer.type !== 'Pad' || layer.repeats !== true;
    case 'pooling': return true;
    case 'dropout': return layer.law === 'bernoulli' || layer.law === 'gaussian';
    default: return false;
  }
}

/** The single-consumer chain through a layer, as far as a positive factor passes, and the weighted layers at its ends. */
export interface FactorChain {
  readonly between: readonly Layer[];
  /** Reads what the chain gives, and nothing else (but for a recurrent layer's first state). */
  readonly ahead: WeightedLayer | undefined;
  /** Its weights and its bias give what the chain begins with. */
  readonly behind: WeightedLayer | undefined;
}

export function factorChain(layer: Layer): FactorChain {
  const [forth, back] = [next, previous].map((step) => follow(layer, step, passesFactor));
  return { between: [...back.passed, layer, ...forth.passed], ...ends(layer, forth, forth.passed.at(-1), back.end) };
}

function ends(layer: Layer, { end }: { readonly end: Layer | undefined }, last: Layer | undefined, first: Layer | undefined): Pick<FactorChain, 'ahead' | 'behind'> {
  const [value] = (last ?? layer).outputs;
  const ahead = end && isWeighted(end) && end.inputs[0] === value && (end.kind === 'recurrent' || end.inputs.length === 1) ? end : undefined;
  const behind = first && isWeighted(first) && first.kind !== 'recurrent' && first.inputs.length === 1 ? first : undefined;
  return { ahead, behind };
}

/** The layer whose weights take a factor up: the one behind, which has no bias to mind, or else the one before. For many layers of one graph. */
export function takersOfFactors(): (layer: Layer) => WeightedLayer | undefined {
  const [forth, back] = [next, previous].map((step) => chains<Layer | undefined>(step, passesFactor, undefined, (passed, beyond) => beyond ?? passed));
  return (layer) => {
    const { end, facts: last } = forth!(layer);
    const { ahead, behind } = ends(layer, { end }, last, back!(layer).end);
    return ahead ?? behind;
  };
}

export const takerOfFactor = (layer: Layer): WeightedLayer | undefined => takersOfFactors()(layer);

/** Multiplication by one number. */
function scaleOf(layer: Layer | undefined): number | undefined {
  if (layer?.kind !== 'activation' || layer.function !== 'scale' || layer.factor?.count !== 1) return undefined;
  const value = layer.factor.values(1)?.[0];
  return value === undefined ? undefined : layer.divides ? 1 / value : value;
}

/** The branch is scaled before it is added to its skip connection. */
const isResidualScale = (layer: Layer) => {
  const { end } = follow(layer, next, (each) => each.kind === 'reshape');
  return end?.kind === 'merge' && end.of === 'add';
};

/** A scale by 1 − p right beside the dropout, or of the next layer's weight, with nothing but reshaping between. */
export function scaleBeside(dropout: DropoutLayer): ActivationLayer | WeightedLayer | undefined {
  const { rate } = dropout;
  if (rate === undefined || !(rate > 0 && rate < 1)) return undefined;
  const isKeep = (scale: number | undefined) => scale !== undefined && Math.abs(scale - (1 - rate)) < 1e-4;
  const [after, before] = [next, previous].map((step) => follow(dropout, step, (layer) => layer.kind === 'reshape').end);
  const scale = [after, before].find((layer): layer is ActivationLayer => layer?.kind === 'activation' && isKeep(scaleOf(layer)));
  if (scale) return isResidualScale(scale === after ? scale : dropout) ? undefined : scale;
  if (after?.kind !== 'linear' && after?.kind !== 'convolution') return undefined;
  return after.weightFactors?.some((factor) => factor.count === 1 && isKeep(factor.values(1)?.[0])) ? after : undefined;
}
