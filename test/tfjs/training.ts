/** What the tests of droplint/tfjs share: the CPU backend, seeded randomness, small problems. */
import * as tf from '@tensorflow/tfjs';
import { afterEach, beforeEach, vi } from 'vitest';
import { Random } from '../../fixtures/builders/random.js';

/** TensorFlow.js draws initial weights, shuffles and unseeded masks from Math.random: the tests repeat themselves. */
export function seedTensorFlow(seed = 1): void {
  beforeEach(async () => {
    await tf.setBackend('cpu');
    const random = new Random(seed);
    vi.spyOn(Math, 'random').mockImplementation(() => random.next());
    tf.engine().startScope();
  });
  afterEach(() => {
    tf.engine().endScope();
    tf.disposeVariables();
    vi.restoreAllMocks();
  });
}

/** The output in training or at inference, as numbers. */
export function outputOf(layer: tf.layers.Layer, x: tf.Tensor, training: boolean): Float32Array {
  return tf.tidy(() => (layer.apply(x, { training }) as tf.Tensor).dataSync() as Float32Array);
}

/** Points of the plane, labelled by the side of x₀ + x₁ = 0 on which they lie. */
export function halves(count = 64): { x: tf.Tensor2D; y: tf.Tensor2D } {
  const random = new Random(7);
  const points = Array.from({ length: count }, () => [2 * random.next() - 1, 2 * random.next() - 1] as const);
  return { x: tf.tensor2d(points.map((point) => [...point])), y: tf.tensor2d(points.map(([a, b]) => (a + b > 0 ? [0, 1] : [1, 0]))) };
}

/** Saved and loaded again, without a file. */
export async function reloaded(model: tf.LayersModel): Promise<tf.LayersModel> {
  let saved: tf.io.ModelArtifacts | undefined;
  await model.save(tf.io.withSaveHandler(async (artifacts) => {
    saved = artifacts;
    return { modelArtifactsInfo: { dateSaved: new Date(0), modelTopologyType: 'JSON' } };
  }));
  // As it would come from a file.
  const topology = JSON.parse(JSON.stringify(saved?.modelTopology)) as object;
  return tf.loadLayersModel(tf.io.fromMemory({ ...saved, modelTopology: topology }));
}

export const finiteDifference = (f: (x: number) => number, x: number, step = 1e-2): number => (f(x + step) - f(x - step)) / (2 * step);
