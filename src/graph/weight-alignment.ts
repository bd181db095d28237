/** How dropout shifts the variance of what a weighted layer gives, from the layer's own weights (Li, Chen, Hu & Yang 2019, §3.1). */
import type { Moments } from './activations.js';
import type { ConvolutionLayer, LinearLayer } from './layers.js';

/** Weights that are read for it; larger ones say nothing. */
const LIMIT = 1 << 22;

/**
 * d·cos²θ = (Σw)²/Σw² of each output channel's weight vector w in d dimensions, θ its angle to (1, …, 1): from 0 for weights
 * that cancel out to d for equal ones. `undefined` where the weights or their layout are not known.
 */
export function alignments({ weight, ...layer }: LinearLayer | ConvolutionLayer): Float64Array | undefined {
  const { shape } = weight ?? {};
  const values = weight?.values(LIMIT);
  if (!shape || shape.length < 2 || !values) return undefined;
  if (layer.kind === 'linear' ? layer.unitsAxis === undefined || shape.length !== 2 : layer.transposed) return undefined;
  const isFirst = layer.kind === 'convolution' || layer.unitsAxis === 'first';
  const channels = isFirst ? shape[0] : shape[shape.length - 1];
  const inputs = values.length / channels;
  const result = new Float64Array(channels);
  for (let channel = 0; channel < channels; channel += 1) {
    let [sum, squares] = [0, 0];
    for (let i = 0; i < inputs; i += 1) {
      const w = Number(values[isFirst ? channel * inputs + i : i * channels + channel]);
      sum += w;
      squares += w * w;
    }
    if (squares === 0) return undefined;
    result[channel] = (sum * sum) / squares;
  }
  return result;
}

/**
 * Var_test/Var_train of X = Σ wᵢ·aᵢ·xᵢ/k for inputs of mean c and variance v, any two of correlation ρ, with independent
 * masks aᵢ of keep probability k. A mask adds to the variance of each input and nothing to the covariance of two, so that
 * Var_test = v·Σw² + ρ·v·((Σw)² − Σw²) and Var_train = ((c² + v)/k − c²)·Σw² + ρ·v·((Σw)² − Σw²); divided by Σw² that is the
 * paper's formula for its case (b), with `alignment` = d·cos²θ. Independent inputs: the ratio without a layer between.
 */
export function varianceShiftThrough(rate: number, { mean, variance }: Moments, alignment: number, correlation: number): number {
  const shared = correlation * variance * (alignment - 1);
  return (variance + shared) / ((mean * mean + variance) / (1 - rate) - mean * mean + shared);
}
