/**
 * Kullback–Leibler divergences of the learned kinds of dropout, in nats, and how they reach the loss.
 *
 * A TensorFlow.js layer adds a term to the loss of its model with `Layer.addLoss(() => Scalar)`, the way by which
 * `kernelRegularizer` works: `fit`, `fitDataset` and `trainOnBatch` add the terms of all layers, nested models included, to
 * what they minimise and report as `loss`; `evaluate` leaves them out, as it leaves out every regularizer. No wrapper around the
 * loss is needed, and a compiled model stays serializable. In a training loop of one's own it is
 * `optimizer.minimize(() => tf.addN([dataLoss(), ...model.calculateLosses()]))`.
 */
import * as tf from '@tensorflow/tfjs';

/** k₁, k₂, k₃ of Molchanov et al. 2017, equation 14. */
const MOLCHANOV = [0.63576, 1.8732, 1.48695] as const;
/** c₁, c₂, c₃ of Kingma et al. 2015, equation 14. */
const KINGMA = [1.16145124, -1.50204118, 0.58629921] as const;

/**
 * KL(q ‖ log-uniform prior) of one scale with q = N(1, α), element by element, for any α > 0:
 * −KL ≈ k₁σ(k₂ + k₃ log α) − ½ log(1 + 1/α) − k₁ (Molchanov, Ashukha & Vetrov 2017, Variational Dropout Sparsifies Deep Neural
 * Networks, equation 14; arXiv 1701.05369). Falls from ∞ at α = 0 to 0 at α = ∞.
 */
export function sparseDivergence(logAlpha: tf.Tensor): tf.Tensor {
  const [k1, k2, k3] = MOLCHANOV;
  return tf.tidy(() => {
    const sigmoid = tf.sigmoid(tf.add(k2, tf.mul(k3, logAlpha)));
    return tf.add(tf.mul(k1, tf.sub(1, sigmoid)), tf.mul(0.5, tf.softplus(tf.neg(logAlpha))));
  });
}

/**
 * The same up to a constant, for 0 < α ≤ 1 only: −KL ≈ ½ log α + c₁α + c₂α² + c₃α³
 * (Kingma, Salimans & Welling 2015, Variational Dropout and the Local Reparameterization Trick, equation 14; arXiv 1506.02557).
 */
export function gaussianDivergence(logAlpha: tf.Tensor): tf.Tensor {
  const [c1, c2, c3] = KINGMA;
  return tf.tidy(() => {
    const alpha = tf.exp(logAlpha);
    const polynomial = tf.mul(alpha, tf.add(c1, tf.mul(alpha, tf.add(c2, tf.mul(alpha, c3)))));
    return tf.neg(tf.add(tf.mul(0.5, logAlpha), polynomial));
  });
}

/**
 * Clips to [min, max], and is the projection for gradient descent: where x lies outside, a gradient passes only if descent along
 * it leads back. (`tf.clipByValue` alone has gradient 0 outside, so that what once left would never return.)
 */
export function clipForDescent(x: tf.Tensor, min: number, max: number): tf.Tensor {
  const clip = tf.customGrad((value, save) => {
    const input = value as tf.Tensor;
    (save as tf.GradSaveFunc)([input]);
    return {
      value: tf.clipByValue(input, min, max),
      gradFunc: (dy: tf.Tensor, saved: tf.Tensor[]) => {
        const at = saved[0] as tf.Tensor;
        const escapes = tf.logicalOr(tf.logicalAnd(tf.greater(at, max), tf.less(dy, 0)), tf.logicalAnd(tf.less(at, min), tf.greater(dy, 0)));
        return tf.where(escapes, tf.zerosLike(dy), dy);
      },
    };
  });
  return clip(x);
}

/** @throws {RangeError} when it is no weight of a divergence. */
export function checkedWeight(weight: number, layer: string): number {
  if (!(typeof weight === 'number' && weight >= 0 && weight < Infinity)) throw new RangeError(`${layer}: divergenceWeight must be a number from 0 up, not ${String(weight)}.`);
  return weight;
}
