/** What the layers of `droplint/tfjs` share. */
import * as tf from '@tensorflow/tfjs';

/** The arguments of every TensorFlow.js layer: `name`, `inputShape`, `trainable` … */
export type LayerArgs = NonNullable<ConstructorParameters<typeof tf.layers.Layer>[0]>;

export interface CallOptions {
  /** True inside `fit` and `trainOnBatch`; false, or absent, inside `predict` and `evaluate`. */
  readonly training?: boolean;
}

/** A layer whose output has the shape of its input, and that adds noise in training only. */
export abstract class NoiseLayer extends tf.layers.Layer {
  constructor(args: LayerArgs) {
    super(args);
    this.supportsMasking = true;
  }

  override computeOutputShape(inputShape: tf.Shape | tf.Shape[]): tf.Shape | tf.Shape[] {
    return inputShape;
  }

  override call(inputs: tf.Tensor | tf.Tensor[], options: CallOptions): tf.Tensor {
    return tf.tidy(() => {
      this.invokeCallHook(inputs, options);
      const x = onlyTensor(inputs, this.name);
      return options.training ? this.perturb(x) : this.infer(x);
    });
  }

  /** The output in training. */
  protected abstract perturb(x: tf.Tensor): tf.Tensor;

  /** The output at inference: the identity, unless a layer prunes. */
  protected infer(x: tf.Tensor): tf.Tensor {
    return x;
  }
}

export interface DropoutArgs extends LayerArgs {
  /** The probability that a unit is dropped, in [0, 1). */
  rate: number;
}

/** A noise layer whose rate is given, and may be set during training (see `scheduledDropout`). */
export abstract class RatedDropout extends NoiseLayer {
  #rate: number;

  /** @throws {RangeError} when the rate is not in [0, 1); TensorFlow.js's own layers then silently drop nothing. */
  constructor(args: DropoutArgs) {
    super(args);
    this.#rate = checkedRate(args.rate, this.getClassName());
  }

  get rate(): number {
    return this.#rate;
  }

  set rate(rate: number) {
    this.#rate = checkedRate(rate, this.getClassName());
  }

  override getConfig(): tf.serialization.ConfigDict {
    return { ...super.getConfig(), rate: this.rate };
  }
}

export function checkedRate(rate: number, layer: string): number {
  if (!(typeof rate === 'number' && rate >= 0 && rate < 1)) throw new RangeError(`${layer}: the rate must be a number in [0, 1), not ${String(rate)}.`);
  return rate;
}

export function onlyTensor(inputs: tf.Tensor | tf.Tensor[], layer: string): tf.Tensor {
  const [tensor, ...others] = Array.isArray(inputs) ? inputs : [inputs];
  if (!tensor || others.length > 0) throw new RangeError(`${layer} takes one tensor, not ${others.length + (tensor ? 1 : 0)}.`);
  return tensor;
}

/** The one shape that a layer with one input is built for; the batch axis comes first. */
export function onlyShape(inputShape: tf.Shape | tf.Shape[]): tf.Shape {
  return (Array.isArray(inputShape[0]) ? inputShape[0] : inputShape) as tf.Shape;
}
