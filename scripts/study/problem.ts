/** An overfitting problem from a seeded generator: small images of ten classes, some of them wrongly labelled for training. */
import * as tf from '@tensorflow/tfjs';
import { Random } from '../../fixtures/builders/random.js';

export const SIDE = 8;
export const CLASSES = 10;
/** How far an image may be shifted, in pixels. */
const SHIFT = 4;
/** Standard deviation of each pixel's noise; the pattern below has 1. */
const NOISE = 0.7;
/** Part of the training labels that are drawn at random. The labels of the test set are all right. */
export const WRONG_LABELS = 0.2;

/** Images [count, 8, 8] and one-hot labels [count, 10]. */
export interface Examples {
  readonly images: tf.Tensor3D;
  readonly labels: tf.Tensor2D;
}

/** Each class is one smooth pattern, seen through a shifted window, at a contrast of 0.5 to 1.5, with noise on every pixel. */
export function examples(count: number, seed: number, wrongLabels: number): Examples {
  const random = new Random(seed);
  const pixels = new Float32Array(count * SIDE * SIDE);
  const labels = new Int32Array(count);
  for (let index = 0; index < count; index++) {
    const pattern = integer(random, CLASSES);
    labels[index] = random.next() < wrongLabels ? integer(random, CLASSES) : pattern;
    const [down, right, contrast] = [integer(random, SHIFT + 1), integer(random, SHIFT + 1), 0.5 + random.next()];
    for (let row = 0; row < SIDE; row++) {
      for (let column = 0; column < SIDE; column++) {
        pixels[(index * SIDE + row) * SIDE + column] = contrast * PATTERNS[pattern]![(row + down) * EXTENT + column + right]! + NOISE * normal(random);
      }
    }
  }
  return { images: tf.tensor3d(pixels, [count, SIDE, SIDE]), labels: tf.tidy(() => tf.oneHot(tf.tensor1d(labels, 'int32'), CLASSES).toFloat() as tf.Tensor2D) };
}

const EXTENT = SIDE + SHIFT;
const PATTERNS = ((random) => Array.from({ length: CLASSES }, () => smooth(smooth(Float64Array.from({ length: EXTENT ** 2 }, () => normal(random))))))(new Random(5));

/** The mean over 3 × 3 neighbours, brought back to variance 1. */
function smooth(field: Float64Array): Float64Array {
  const means = field.map((_, place) => {
    const [row, column] = [Math.floor(place / EXTENT), place % EXTENT];
    const near = field.filter((_, other) => Math.abs(Math.floor(other / EXTENT) - row) <= 1 && Math.abs((other % EXTENT) - column) <= 1);
    return near.reduce((sum, value) => sum + value, 0) / near.length;
  });
  const deviation = Math.sqrt(means.reduce((sum, value) => sum + value ** 2, 0) / means.length);
  return means.map((value) => value / deviation);
}

const integer = (random: Random, below: number): number => Math.floor(random.next() * below);

/** Nearly: the sum of twelve uniform numbers has variance 1, and is the same on every machine. */
function normal(random: Random): number {
  let sum = -6;
  for (let draw = 0; draw < 12; draw++) sum += random.next();
  return sum;
}
