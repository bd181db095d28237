/** A fully connected layer whose weights are dropped. */
import * as tf from '@tensorflow/tfjs';
import { type CallOptions, checkedRate, onlyTensor } from './noise-layer.js';

type DenseArgs = Parameters<typeof tf.layers.dense>[0];

export type DropConnectDenseArgs = DenseArgs & {
  /** p, the probability that a weight is dropped, in [0, 1). */
  rate: number;
  /**
   * `batch` (default): all examples of a batch share one mask. `example`: a mask for each example, as in the paper, which costs
   * batch × inputs × units random numbers.
   */
  maskPer?: 'batch' | 'example';
};

/**
 * DropConnect: y = f(x(M ⊙ W)/(1 − p) + b) in training with M ~ Bernoulli(1 − p) for each weight, y = f(xW + b) at inference
 * (Wan et al. 2013, Regularization of Neural Networks using DropConnect, ICML). The bias is not dropped, and inference takes
 * the mean of the weights where the paper samples a normal approximation of the pre-activation.
 *
 * Takes what `tf.layers.dense` takes, has the same weights (`kernel` [inputs, units], `bias` [units]) and the same inference.
 * Input: [batch, …, inputs]; output: [batch, …, units].
 *
 * @throws {RangeError} when the rate is not in [0, 1).
 */
export class DropConnectDense extends tf.layers.Layer {
  static className = 'DropConnectDense';
  readonly maskPer: 'batch' | 'example';
  /** Owns the weights, and is what this layer is at inference. */
  readonly #dense: tf.layers.Layer;
  readonly #activation: tf.layers.Layer;
  #rate: number;

  constructor(args: DropConnectDenseArgs) {
    super(args);
    this.#rate = checkedRate(args.rate, DropConnectDense.className);
    this.maskPer = args.maskPer ?? 'batch';
    this.#dense = tf.layers.dense({ ...args, name: this.name });
    this.#activation = tf.layers.activation({ activation: args.activation ?? 'linear' });
    // `inputDim` is another way to say `inputShape`.
    this.batchInputShape = this.#dense.batchInputShape;
    this.inputSpec = this.#dense.inputSpec;
    this.supportsMasking = true;
  }

  get rate(): number {
    return this.#rate;
  }

  set rate(rate: number) {
    this.#rate = checkedRate(rate, DropConnectDense.className);
  }

  override build(inputShape: tf.Shape | tf.Shape[]): void {
    this.#dense.build(inputShape);
    this.trainableWeights = this.#dense.trainableWeights;
    this.addLoss(this.#dense.losses);
    this.inputSpec = this.#dense.inputSpec;
    this.built = true;
  }

  override setFastWeightInitDuringBuild(value: boolean): void {
    super.setFastWeightInitDuringBuild(value);
    this.#dense.setFastWeightInitDuringBuild(value);
  }

  override computeOutputShape(inputShape: tf.Shape | tf.Shape[]): tf.Shape | tf.Shape[] {
    return this.#dense.computeOutputShape(inputShape);
  }

  override call(inputs: tf.Tensor | tf.Tensor[], options: CallOptions): tf.Tensor | tf.Tensor[] {
    return tf.tidy(() => {
      this.invokeCallHook(inputs, options);
      if (!options.training || this.rate === 0) return this.#dense.call(inputs, {});
      const x = onlyTensor(inputs, this.name);
      const [kernel, bias] = this.#dense.weights.map((weight) => weight.read());
      const sum = this.#product(x, kernel as tf.Tensor2D);
      return this.#activation.call(bias ? tf.add(sum, bias) : sum, {});
    });
  }

  #product(x: tf.Tensor, kernel: tf.Tensor2D): tf.Tensor {
    const [inputs, units] = kernel.shape;
    const outputShape = [...x.shape.slice(0, -1), units];
    if (this.maskPer === 'batch') {
      return tf.reshape(tf.matMul(tf.reshape(x, [-1, inputs]), tf.dropout(kernel, this.rate) as tf.Tensor2D), outputShape);
    }
    const batch = x.shape[0] as number;
    const kernels = tf.dropout(tf.tile(tf.expandDims(kernel, 0), [batch, 1, 1]), this.rate);
    return tf.reshape(tf.matMul(tf.reshape(x, [batch, -1, inputs]), kernels), outputShape);
  }

  override getConfig(): tf.serialization.ConfigDict {
    return { ...this.#dense.getConfig(), ...super.getConfig(), rate: this.rate, maskPer: this.maskPer };
  }
}

tf.serialization.registerClass(DropConnectDense);
