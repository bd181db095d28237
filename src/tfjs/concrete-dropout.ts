/** Dropout that learns its own rate. */
import * as tf from '@tensorflow/tfjs';
import { checkedWeight } from './divergence.js';
import { checkedRate, type LayerArgs, NoiseLayer, onlyShape } from './noise-layer.js';

/** Keeps the logarithms finite. */
const EPSILON = 1e-7;
/** Layers behind which a kernel still sees the dropped units as they are. */
const MOVES_DATA = new Set(['Flatten', 'Reshape', 'Permute']);

export interface ConcreteDropoutArgs extends LayerArgs {
  /** The rate p that the layer starts from, in (0, 1). Default 0.1. */
  rate?: number;
  /**
   * The weight of the divergence in the loss: 1/N for N training examples when the loss is a mean negative log-likelihood in nats
   * (cross-entropy), 2σ²/N for mean squared error with noise variance σ². May be set during training, to warm up.
   */
  divergenceWeight: number;
  /** One mask per channel (the last axis), broadcast over time or space, for features that go into a convolution. Default false. */
  spatial?: boolean;
  /** t, of the concrete distribution. Default 0.1, and 2/3 when spatial, as in the authors' code. */
  temperature?: number;
  /** l, the prior length scale of the weights that follow: p(W) = N(0, l⁻²). Default 0.01. */
  lengthScale?: number;
}

/**
 * Concrete dropout: the Bernoulli mask of dropout is relaxed, so that its rate p can be learned by gradient descent. With
 * u ~ U(0, 1), z̃ = sigmoid((log p − log(1 − p) + log u − log(1 − u))/t) and y = x(1 − z̃)/(1 − p); the identity at inference
 * (Gal, Hron & Kendall 2017, Concrete Dropout, equation 5; arXiv 1705.07832).
 *
 * The divergence l²/(2(1 − p))·‖W‖² − K·H(p), H(p) = −p log p − (1 − p) log(1 − p), is added to the loss of the model (see
 * divergence.ts): K is the number of channels, W are the kernels of the layers that follow, directly or behind a flatten or
 * reshape. (The paper's l²(1 − p)/2·‖M‖² is of the weights M = W/(1 − p) that inverted dropout divides; equations 3 and 4.)
 *
 * Input and output: [batch, …, channels], any rank from 2. One trainable weight, `rate_logit`: [1].
 *
 * @throws {RangeError} when the rate is not in (0, 1), the temperature or length scale is not positive, or the weight is not ≥ 0.
 */
export class ConcreteDropout extends NoiseLayer {
  static className = 'ConcreteDropout';
  readonly initialRate: number;
  readonly spatial: boolean;
  readonly temperature: number;
  readonly lengthScale: number;
  divergenceWeight: number;
  #logit: tf.LayerVariable | undefined;
  #channels = 0;

  constructor(args: ConcreteDropoutArgs) {
    super(args);
    this.initialRate = checkedRate(args.rate ?? 0.1, ConcreteDropout.className);
    this.spatial = args.spatial ?? false;
    this.temperature = args.temperature ?? (this.spatial ? 2 / 3 : 0.1);
    this.lengthScale = args.lengthScale ?? 0.01;
    for (const [name, value] of Object.entries({ rate: this.initialRate, temperature: this.temperature, lengthScale: this.lengthScale })) {
      if (!(value > 0)) throw new RangeError(`ConcreteDropout: ${name} must be positive, not ${value}.`);
    }
    this.divergenceWeight = checkedWeight(args.divergenceWeight, ConcreteDropout.className);
  }

  override build(inputShape: tf.Shape | tf.Shape[]): void {
    const channels = onlyShape(inputShape).at(-1);
    if (channels == null) throw new RangeError(`${this.name}: the number of channels must be known, but the input is [${inputShape.join(', ')}].`);
    this.#channels = channels;
    const logit = Math.log(this.initialRate / (1 - this.initialRate));
    this.#logit = this.addWeight('rate_logit', [1], 'float32', tf.initializers.constant({ value: logit }));
    this.addLoss(() => tf.mul(this.divergenceWeight, this.divergence()) as tf.Scalar);
    super.build(inputShape);
  }

  /** p as it is now. */
  learnedRate(): number {
    return tf.tidy(() => tf.sigmoid(this.#readLogit()).dataSync()[0] as number);
  }

  /** l²/(2(1 − p))·‖W‖² − K·H(p) in nats, a scalar. */
  divergence(): tf.Scalar {
    return tf.tidy(() => {
      const logit = this.#readLogit();
      const p = tf.sigmoid(logit);
      // log p = −softplus(−logit), log(1 − p) = −softplus(logit): exact at both ends.
      const entropy = tf.add(tf.mul(p, tf.softplus(tf.neg(logit))), tf.mul(tf.sub(1, p), tf.softplus(logit)));
      const squares = [...this.#kernelsBehind()].map((kernel) => tf.sum(tf.square(kernel.read())));
      const weights = squares.length === 0 ? tf.scalar(0) : tf.div(tf.mul(this.lengthScale ** 2 / 2, tf.addN(squares)), tf.sub(1, p));
      return tf.sum(tf.sub(weights, tf.mul(this.#channels, entropy))) as tf.Scalar;
    });
  }

  protected perturb(x: tf.Tensor): tf.Tensor {
    const shape = this.spatial ? x.shape.map((extent, axis) => (axis === 0 || axis === x.rank - 1 ? extent : 1)) : x.shape;
    const logit = this.#readLogit();
    const u = tf.randomUniform(shape, EPSILON, 1 - EPSILON);
    const dropped = tf.sigmoid(tf.div(tf.add(logit, tf.sub(tf.log(u), tf.log(tf.sub(1, u)))), this.temperature));
    return tf.div(tf.mul(x, tf.sub(1, dropped)), tf.sub(1, tf.sigmoid(logit)));
  }

  #readLogit(): tf.Tensor {
    if (!this.#logit) throw new Error(`${this.name} has not been built.`);
    return this.#logit.read();
  }

  #kernelsBehind(): Set<tf.LayerVariable> {
    const kernels = new Set<tf.LayerVariable>();
    const layers: tf.layers.Layer[] = [this];
    for (const layer of layers) {
      for (const { outboundLayer } of layer.outboundNodes) {
        if (MOVES_DATA.has(outboundLayer.getClassName())) layers.push(outboundLayer);
        else for (const weight of outboundLayer.weights) if (/(^|\/)kernel$/.test(weight.originalName)) kernels.add(weight);
      }
    }
    return kernels;
  }

  override getConfig(): tf.serialization.ConfigDict {
    const { initialRate: rate, divergenceWeight, spatial, temperature, lengthScale } = this;
    return { ...super.getConfig(), rate, divergenceWeight, spatial, temperature, lengthScale };
  }
}

tf.serialization.registerClass(ConcreteDropout);
