/** AlphaDropout as its authors define it; TensorFlow.js's own adds the saturation value with the wrong sign. */
import * as tf from '@tensorflow/tfjs';
import { type DropoutArgs, RatedDropout } from './noise-layer.js';

/** α′ = −λα of SELU, its limit at −∞, with α = 1.6732632423543772, λ = 1.0507009873554805 (Klambauer et al. 2017, equation 14). */
export const SELU_SATURATION = -1.7580993408473766;

export interface AlphaDropoutArgs extends DropoutArgs {
  /** The shape of the mask, broadcast over the input; `null` stands for the input's extent. Default: the input's shape. */
  noiseShape?: (number | null)[];
}

/**
 * The affine map that restores mean 0 and variance 1 after units are set to α′ with probability p: with q = 1 − p,
 * a = (q + α′²q(1 − q))^(−1/2) and b = −a(1 − q)α′ (Klambauer et al. 2017, section "New dropout technique").
 */
export function alphaDropoutAffine(rate: number): { readonly a: number; readonly b: number } {
  const keep = 1 - rate;
  const a = (keep + SELU_SATURATION ** 2 * keep * rate) ** -0.5;
  return { a, b: -a * rate * SELU_SATURATION };
}

/**
 * AlphaDropout, the dropout of self-normalizing networks: y = a(x·m + α′(1 − m)) + b, m ~ Bernoulli(1 − p). An input of
 * mean 0 and variance 1 gives an output of mean 0 and variance 1; the identity at inference
 * (Klambauer et al. 2017, Self-Normalizing Neural Networks; arXiv 1706.02515).
 *
 * `tf.layers.alphaDropout` computes a(x·m − α′(1 − m)) + b instead, whose mean is −2apα′ ≈ +0.6 at p = 0.2. This class takes
 * over the class name `AlphaDropout` (Keras's too), so that a model which contains either is loaded with the right law.
 *
 * Input and output: any shape, the batch axis first.
 *
 * @throws {RangeError} when the rate is not in [0, 1).
 */
export class AlphaDropout extends RatedDropout {
  static className = 'AlphaDropout';
  readonly noiseShape: readonly (number | null)[] | undefined;

  constructor(args: AlphaDropoutArgs) {
    super(args);
    this.noiseShape = args.noiseShape ?? undefined;
  }

  protected perturb(x: tf.Tensor): tf.Tensor {
    if (this.rate === 0) return x;
    const shape = this.noiseShape?.map((extent, axis) => extent ?? (x.shape[axis] as number)) ?? x.shape;
    const kept = tf.cast(tf.greaterEqual(tf.randomUniform(shape), this.rate), x.dtype);
    const { a, b } = alphaDropoutAffine(this.rate);
    const saturated = tf.mul(tf.sub(1, kept), SELU_SATURATION);
    return tf.add(tf.mul(tf.add(tf.mul(x, kept), saturated), a), b);
  }

  override getConfig(): tf.serialization.ConfigDict {
    return { ...super.getConfig(), ...(this.noiseShape && { noiseShape: [...this.noiseShape] }) };
  }
}

tf.serialization.registerClass(AlphaDropout);
