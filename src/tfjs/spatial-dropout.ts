/** Spatial dropout in two and three dimensions, which TensorFlow.js lacks (it has spatialDropout1d). */
import * as tf from '@tensorflow/tfjs';
import { type DropoutArgs, RatedDropout } from './noise-layer.js';

export interface SpatialDropoutArgs extends DropoutArgs {
  /** Where the channel axis is. Default `channelsLast`. */
  dataFormat?: 'channelsFirst' | 'channelsLast';
}

abstract class SpatialDropout extends RatedDropout {
  readonly dataFormat: 'channelsFirst' | 'channelsLast';

  constructor(args: SpatialDropoutArgs, rank: number) {
    super(args);
    this.dataFormat = args.dataFormat ?? 'channelsLast';
    this.inputSpec = [new tf.InputSpec({ ndim: rank })];
  }

  protected perturb(x: tf.Tensor): tf.Tensor {
    const channels = this.dataFormat === 'channelsFirst' ? 1 : x.rank - 1;
    return tf.dropout(x, this.rate, x.shape.map((extent, axis) => (axis === 0 || axis === channels ? extent : 1)));
  }

  override getConfig(): tf.serialization.ConfigDict {
    return { ...super.getConfig(), dataFormat: this.dataFormat };
  }
}

/**
 * Drops whole feature maps: one Bernoulli variable for each example and channel, broadcast over height and width,
 * y[n,h,w,c] = x[n,h,w,c] · m[n,c]/(1 − p), m ~ Bernoulli(1 − p); the identity at inference
 * (Tompson et al. 2015, Efficient Object Localization Using Convolutional Networks, section 3.2; arXiv 1411.4280).
 *
 * Input and output: [batch, height, width, channels], or [batch, channels, height, width] with `channelsFirst`.
 * Has the class name of Keras's layer, so that `tf.loadLayersModel` reads Keras models that contain it.
 *
 * @throws {RangeError} when the rate is not in [0, 1).
 */
export class SpatialDropout2D extends SpatialDropout {
  static className = 'SpatialDropout2D';

  constructor(args: SpatialDropoutArgs) {
    super(args, 4);
  }
}

/**
 * The same over volumes: one Bernoulli variable for each example and channel, broadcast over depth, height and width
 * (Tompson et al. 2015; arXiv 1411.4280).
 *
 * Input and output: [batch, depth, height, width, channels], or [batch, channels, depth, height, width] with `channelsFirst`.
 *
 * @throws {RangeError} when the rate is not in [0, 1).
 */
export class SpatialDropout3D extends SpatialDropout {
  static className = 'SpatialDropout3D';

  constructor(args: SpatialDropoutArgs) {
    super(args, 5);
  }
}

tf.serialization.registerClass(SpatialDropout2D);
tf.serialization.registerClass(SpatialDropout3D);
