/** Gaussian dropout that learns its own variance. */
import * as tf from '@tensorflow/tfjs';
import { checkedWeight, clipForDescent, gaussianDivergence, sparseDivergence } from './divergence.js';
import { checkedRate, type LayerArgs, NoiseLayer, onlyShape } from './noise-layer.js';

/** log α from which a unit is pruned: its equivalent rate α/(1 + α) is above 0.95 (Molchanov et al. 2017, section 4.3). */
export const PRUNING_THRESHOLD = 3;

/** Bounds on log α: Kingma et al. demand α ≤ 1; those of the sparse form keep the gradients finite. */
const BOUNDS = { gaussian: [-8, 0], sparse: [-8, 8] } as const;

export interface VariationalDropoutArgs extends LayerArgs {
  /** The rate p that the layer starts from: α = p/(1 − p), as dropout of rate p has the same variance. In (0, 1). */
  rate: number;
  /**
   * The weight of the divergence in the loss. With 1/N for N training examples, a loss that is a mean negative log-likelihood in
   * nats (cross-entropy) becomes −ELBO/N; with mean squared error and noise variance σ² it is 2σ²/N. May be set during training, to warm up.
   */
  divergenceWeight: number;
  /** `gaussian` (default): α ≤ 1, Kingma et al. 2015. `sparse`: any α, units with log α ≥ 3 are pruned at inference, Molchanov et al. 2017. */
  form?: 'gaussian' | 'sparse';
  /**
   * What has an α of its own. `channel` (default): each index of the last axis; the noise is drawn for each example and channel and
   * broadcast between. `element`: each element, and so the noise. `layer`: one α, noise as for `channel`.
   */
  alphaPer?: 'channel' | 'element' | 'layer';
}

/**
 * Variational dropout: y = x ⊙ ξ with ξ ~ N(1, α) and log α learned together with the weights, by the reparameterization
 * ξ = 1 + √α·ε, ε ~ N(0, 1); the identity at inference (Kingma, Salimans & Welling 2015, section 3.1, correlated weight noise;
 * arXiv 1506.02557). The divergence from the log-uniform prior, one term for each noise variable of an example, is added to
 * the loss of the model (see divergence.ts); without it α would shrink to nothing.
 *
 * The sparse form (Molchanov, Ashukha & Vetrov 2017; arXiv 1701.05369) lets α grow without bound; units with log α ≥ 3 are
 * noise, and are multiplied by 0 at inference. Theirs has an α per weight; here it is one per unit, so that whole units go.
 *
 * Input and output: [batch, …, channels], any rank from 2. One trainable weight, `log_alpha`: [1, …, channels] without the batch
 * axis, the input's shape without it (`element`), or [1] (`layer`).
 *
 * @throws {RangeError} when the rate is not in (0, 1) (in (0, 0.5] for `gaussian`, which is α ≤ 1), or the weight is not ≥ 0.
 */
export class VariationalDropout extends NoiseLayer {
  static className = 'VariationalDropout';
  readonly rate: number;
  readonly form: 'gaussian' | 'sparse';
  readonly alphaPer: 'channel' | 'element' | 'layer';
  divergenceWeight: number;
  #logAlpha: tf.LayerVariable | undefined;
  /** Noise variables of an example for each α. */
  #variables = 1;

  constructor(args: VariationalDropoutArgs) {
    super(args);
    this.form = args.form ?? 'gaussian';
    this.alphaPer = args.alphaPer ?? 'channel';
    const highest = this.form === 'gaussian' ? 0.5 : 1;
    this.rate = checkedRate(args.rate, VariationalDropout.className);
    if (this.rate === 0 || this.rate > highest) throw new RangeError(`VariationalDropout: the ${this.form} form starts from a rate in (0, ${highest === 1 ? '1)' : '0.5]'}, not ${args.rate}.`);
    this.divergenceWeight = checkedWeight(args.divergenceWeight, VariationalDropout.className);
  }

  override build(inputShape: tf.Shape | tf.Shape[]): void {
    const [, ...extents] = onlyShape(inputShape);
    const channels = extents.at(-1);
    const owned = this.alphaPer === 'element' ? extents : extents.map((extent, axis) => (axis === extents.length - 1 ? extent : 1));
    if (channels == null || owned.includes(null)) throw new RangeError(`${this.name}: the extents that have an alpha of their own must be known, but the input is [${inputShape.join(', ')}].`);
    if (this.alphaPer === 'layer') this.#variables = channels;
    const initial = tf.initializers.constant({ value: Math.log(this.rate / (1 - this.rate)) });
    this.#logAlpha = this.addWeight('log_alpha', this.alphaPer === 'layer' ? [1] : owned, 'float32', initial);
    this.addLoss(() => tf.mul(this.divergenceWeight, this.divergence()) as tf.Scalar);
    super.build(inputShape);
  }

  /** log α within its bounds, in the shape of the weight. */
  logAlpha(): tf.Tensor {
    if (!this.#logAlpha) throw new Error(`${this.name} has not been built.`);
    const [min, max] = BOUNDS[this.form];
    return clipForDescent(this.#logAlpha.read(), min, max);
  }

  /** KL(q ‖ prior) over all noise variables of an example, in nats; up to a constant for the Gaussian form. A scalar. */
  divergence(): tf.Scalar {
    return tf.tidy(() => {
      const each = (this.form === 'sparse' ? sparseDivergence : gaussianDivergence)(this.logAlpha());
      return tf.mul(this.#variables, tf.sum(each)) as tf.Scalar;
    });
  }

  /** 1 where a unit is kept, 0 where log α ≥ 3; the shape of the weight. */
  pruningMask(): tf.Tensor {
    return tf.tidy(() => tf.cast(tf.less(this.logAlpha(), PRUNING_THRESHOLD), 'float32'));
  }

  protected perturb(x: tf.Tensor): tf.Tensor {
    const shape = this.alphaPer === 'element' ? x.shape : x.shape.map((extent, axis) => (axis === 0 || axis === x.rank - 1 ? extent : 1));
    const deviation = tf.exp(tf.mul(0.5, this.logAlpha()));
    return tf.mul(x, tf.add(1, tf.mul(deviation, tf.randomNormal(shape))));
  }

  protected override infer(x: tf.Tensor): tf.Tensor {
    return this.form === 'sparse' ? tf.mul(x, this.pruningMask()) : x;
  }

  override getConfig(): tf.serialization.ConfigDict {
    return { ...super.getConfig(), rate: this.rate, divergenceWeight: this.divergenceWeight, form: this.form, alphaPer: this.alphaPer };
  }
}

tf.serialization.registerClass(VariationalDropout);
