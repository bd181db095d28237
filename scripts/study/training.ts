/** One network, trained once on one training set. */
import * as tf from '@tensorflow/tfjs';
import { Random } from '../../fixtures/builders/random.js';
import { ConcreteDropout, VariationalDropout } from '../../src/tfjs/index.js';
import { callbacksOf, FAMILIES, type Training } from './networks.js';
import { examples, WRONG_LABELS, type Examples } from './problem.js';

export interface Run extends Training {
  /** Places in FAMILIES and in its networks. */
  readonly family: number;
  readonly network: number;
  readonly seed: number;
  readonly testSize: number;
  /** Whether the test loss of every epoch is wanted, which takes longer than training. */
  readonly curve: boolean;
}

export interface Measured {
  /** Parts of the examples that are classified wrongly after the last epoch, at inference. */
  readonly trainingError: number;
  readonly testError: number;
  /** Cross-entropies in nats at inference: before training, then after each epoch; of the test set the last alone, unless a curve is wanted. */
  readonly trainingLoss: readonly number[];
  readonly testLoss: readonly number[];
  /** BatchNorm: the variance that its input has at inference as a part of the one it divides by, and the part that theory predicts; means over units. */
  readonly varianceShift?: { readonly measured: number; readonly predicted: number };
  /** Learned rates p, or α/(1 + α), means over the units of a layer. */
  readonly learnedRates?: readonly number[];
  /** Part of the units that sparse variational dropout removes. */
  readonly pruned?: number;
}

const BATCH = 50;
/** Keep probability of the misplaced dropout, for the prediction. */
const KEEP = 0.5;

export async function measure(run: Run): Promise<Measured> {
  await tf.setBackend('cpu');
  // TensorFlow.js draws initial weights, the order of examples and masks from Math.random. All networks get the same
  // data for a seed, and those with the same weights the same initial ones.
  const random = new Random(1000 + run.seed);
  Math.random = () => random.next();
  const { networks, learningRate } = FAMILIES[run.family]!;
  const network = networks[run.network]!;
  const training = examples(run.size, 10_000 * run.size + run.seed, WRONG_LABELS);
  const test = examples(run.testSize, 7_777_777 + run.seed, 0);
  const model = network.build(run);
  model.compile({ optimizer: tf.train.adam(learningRate), loss: 'categoricalCrossentropy' });

  const [trainingLoss, testLoss]: [number[], number[]] = [[], []];
  const record = (): void => {
    trainingLoss.push(scoreOf(model, training).loss);
    if (run.curve) testLoss.push(scoreOf(model, test).loss);
  };
  record();
  const recorder = new tf.CustomCallback({ onEpochEnd: async () => record() }, 'never');
  await model.fit(training.images, training.labels, { epochs: run.epochs, batchSize: BATCH, verbose: 0, yieldEvery: 'never', callbacks: [...callbacksOf(network, model, run), recorder] });
  const atEnd = scoreOf(model, test);
  if (!run.curve) testLoss.push(atEnd.loss);
  const measured = { trainingError: scoreOf(model, training).error, testError: atEnd.error, trainingLoss, testLoss, ...insights(model, training) };
  tf.disposeVariables();
  tf.dispose([training.images, training.labels, test.images, test.labels]);
  return measured;
}

function scoreOf(model: tf.Sequential, { images, labels }: Examples): { loss: number; error: number } {
  return tf.tidy(() => {
    const probabilities = model.predict(images, { batchSize: 500 }) as tf.Tensor2D;
    const loss = tf.mean(tf.metrics.categoricalCrossentropy(labels, probabilities)).dataSync()[0]!;
    const right = tf.mean(tf.metrics.categoricalAccuracy(labels, probabilities)).dataSync()[0]!;
    return { loss, error: 1 - right };
  });
}

function insights(model: tf.Sequential, { images }: Examples): Pick<Measured, 'varianceShift' | 'learnedRates' | 'pruned'> {
  return tf.tidy(() => {
    const concrete = model.layers.filter((layer) => layer instanceof ConcreteDropout);
    const variational = model.layers.filter((layer) => layer instanceof VariationalDropout);
    const normalizations = model.layers.filter((layer) => layer.getClassName() === 'BatchNormalization');
    const learnedRates = [...concrete.map((layer) => layer.learnedRate()), ...variational.map((layer) => meanOf(tf.sigmoid(layer.logAlpha())))];
    return {
      ...(learnedRates.length > 0 && { learnedRates }),
      ...(variational.length > 0 && { pruned: 1 - variational.reduce((sum, layer) => sum + meanOf(layer.pruningMask()), 0) / variational.length }),
      ...(normalizations.length > 0 && { varianceShift: varianceShift(model, normalizations, images) }),
    };
  });
}

/** Li et al. 2019 (arXiv 1801.05134): Var_test/Var_train = v/((c² + v)/k − c²) for an input of mean c and variance v. */
function varianceShift(model: tf.Sequential, normalizations: readonly tf.layers.Layer[], images: tf.Tensor3D): { measured: number; predicted: number } {
  const shifts = normalizations.map((normalization) => {
    const before = tf.model({ inputs: model.inputs, outputs: normalization.input as tf.SymbolicTensor }).predict(images) as tf.Tensor2D;
    const { mean, variance } = tf.moments(before, 0);
    const moving = normalization.weights.find(({ originalName }) => originalName.endsWith('moving_variance'))!.read();
    const square = tf.square(mean);
    return { measured: meanOf(tf.div(variance, moving)), predicted: meanOf(tf.div(variance, tf.sub(tf.div(tf.add(square, variance), KEEP), square))) };
  });
  const over = (key: 'measured' | 'predicted'): number => shifts.reduce((sum, shift) => sum + shift[key], 0) / shifts.length;
  return { measured: over('measured'), predicted: over('predicted') };
}

const meanOf = (values: tf.Tensor): number => tf.mean(values).dataSync()[0]!;
