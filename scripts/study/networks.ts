/** What is compared: families of networks, each with its plain form first. */
import * as tf from '@tensorflow/tfjs';
import { AlphaDropout, annealed, ConcreteDropout, curriculum, DropConnectDense, early, late, scheduledDropout, SpatialDropout2D, VariationalDropout, type Schedule } from '../../src/tfjs/index.js';
import { CLASSES, SIDE } from './problem.js';

export interface Training {
  /** N, the number of examples. */
  readonly size: number;
  readonly epochs: number;
}

export interface Network {
  readonly name: string;
  readonly build: (training: Training) => tf.Sequential;
  readonly schedule?: (training: Training) => Schedule;
}

export interface Family {
  readonly title: string;
  /** Part of the epochs: TensorFlow.js's CPU backend takes ten times as long for a convolution or a recurrent layer. */
  readonly effort: number;
  /** Of Adam; what trains for fewer epochs moves faster. */
  readonly learningRate: number;
  readonly networks: readonly Network[];
}

const UNITS = 96;
/** Of dropout in the fully connected networks: the p = 0.5 that Srivastava et al. 2014 recommend for hidden units. */
const RATE = 0.5;
/** What learned rates start from. */
const START = 0.3;

type Layers = readonly tf.layers.Layer[];
const none = (): Layers => [];
const dropout = (rate = RATE) => (): Layers => [tf.layers.dropout({ rate })];

function stack(...layers: Layers): tf.Sequential {
  const model = tf.sequential();
  model.add(tf.layers.inputLayer({ inputShape: [SIDE, SIDE] }));
  for (const layer of layers) model.add(layer);
  return model;
}

const classifier = (): tf.layers.Layer => tf.layers.dense({ units: CLASSES, activation: 'softmax' });

/** flatten → (fully connected → ReLU → `after`) twice → classifier. */
function dense(after: (training: Training) => Layers) {
  return (training: Training) => stack(tf.layers.flatten(), ...[1, 2].flatMap(() => [tf.layers.dense({ units: UNITS, activation: 'relu' }), ...after(training)]), classifier());
}

/** Hidden layers whose weights are dropped. */
const dropConnect = (): tf.Sequential => stack(tf.layers.flatten(), ...[1, 2].map(() => new DropConnectDense({ units: UNITS, activation: 'relu', rate: RATE })), classifier());

const scheduled = (name: string, schedule: (training: Training) => Schedule): Network => ({ name, build: dense(dropout()), schedule });

/** flatten → (fully connected → `before` → BatchNorm → ReLU → `after`) twice → classifier. The statistics move fast: training is short. */
function normalized(before: () => Layers, after: () => Layers) {
  return () => stack(tf.layers.flatten(), ...[1, 2].flatMap(() => [tf.layers.dense({ units: UNITS }), ...before(), tf.layers.batchNormalization({ momentum: 0.9 }), tf.layers.reLU(), ...after()]), classifier());
}

function selu(after: () => Layers) {
  return () => stack(tf.layers.flatten(), ...[1, 2].flatMap(() => [tf.layers.dense({ units: UNITS, activation: 'selu', kernelInitializer: 'leCunNormal' }), ...after()]), classifier());
}

/** Two convolutions with `between` them, and a head that can memorise. */
function convolutional(between: () => Layers) {
  const convolution = (): tf.layers.Layer => tf.layers.conv2d({ filters: 6, kernelSize: 3, activation: 'relu' });
  return () => stack(tf.layers.reshape({ targetShape: [SIDE, SIDE, 1] }), convolution(), ...between(), convolution(), tf.layers.flatten(), tf.layers.dense({ units: 64, activation: 'relu' }), classifier());
}

/** Reads an image row by row. */
function recurrent(rates: { dropout?: number; recurrentDropout?: number }, before: () => Layers = none) {
  return () => stack(...before(), tf.layers.lstm({ units: 32, ...rates }), classifier());
}

export const FAMILIES: readonly Family[] = [
  {
    title: 'Fully connected',
    effort: 1,
    learningRate: 0.003,
    networks: [
      { name: 'no dropout', build: dense(none) },
      { name: 'dropout 0.5', build: dense(dropout()) },
      { name: 'DropConnect 0.5', build: dropConnect },
      { name: 'variational, α ≤ 1', build: dense(({ size }) => [new VariationalDropout({ rate: START, divergenceWeight: 1 / size })]) },
      { name: 'variational, sparse', build: dense(({ size }) => [new VariationalDropout({ rate: START, divergenceWeight: 1 / size, form: 'sparse' })]) },
      { name: 'concrete, learned p', build: dense(({ size }) => [new ConcreteDropout({ rate: START, divergenceWeight: 1 / size })]) },
      scheduled('curriculum to 0.5', ({ epochs }) => curriculum({ rate: RATE, epochs })),
      scheduled('annealed from 0.5', ({ epochs }) => annealed({ rate: RATE, epochs })),
      scheduled('early, 0.5', ({ epochs }) => early({ rate: RATE, epochs })),
      scheduled('late, 0.5', ({ epochs }) => late({ rate: RATE, epochs })),
    ],
  },
  {
    title: 'With BatchNorm',
    effort: 1,
    learningRate: 0.003,
    networks: [
      { name: 'no dropout', build: normalized(none, none) },
      { name: 'dropout 0.5 after the activation', build: normalized(none, dropout()) },
      { name: 'dropout 0.5 before BatchNorm (misplaced)', build: normalized(dropout(), none) },
    ],
  },
  {
    title: 'SELU',
    effort: 1,
    learningRate: 0.003,
    networks: [
      { name: 'no dropout', build: selu(none) },
      { name: 'dropout 0.2', build: selu(dropout(0.2)) },
      { name: 'AlphaDropout 0.2', build: selu(() => [new AlphaDropout({ rate: 0.2 })]) },
      { name: "TensorFlow.js's alphaDropout 0.2", build: selu(() => [tf.layers.alphaDropout({ rate: 0.2 })]) },
    ],
  },
  {
    title: 'Convolutional',
    effort: 0.5,
    learningRate: 0.01,
    networks: [
      { name: 'no dropout', build: convolutional(none) },
      { name: 'dropout 0.3 between (misplaced)', build: convolutional(dropout(0.3)) },
      { name: 'spatial dropout 0.3 between', build: convolutional(() => [new SpatialDropout2D({ rate: 0.3 })]) },
    ],
  },
  {
    title: 'Recurrent',
    effort: 0.5,
    learningRate: 0.01,
    networks: [
      { name: 'no dropout', build: recurrent({}) },
      { name: 'dropout 0.3 on each step', build: recurrent({}, dropout(0.3)) },
      { name: 'recurrent dropout 0.3', build: recurrent({ dropout: 0.3, recurrentDropout: 0.3 }) },
    ],
  },
];

/** The callbacks that a network trains with. */
export function callbacksOf(network: Network, model: tf.Sequential, training: Training): tf.CustomCallback[] {
  return network.schedule ? [scheduledDropout(model, network.schedule(training))] : [];
}
