/** What the rules and the commutation classes need to know of activation functions. */
import type { ActivationFunction, ActivationLayer } from './layers.js';

interface ActivationFacts {
  /** f(x) = a·max(x, 0) + b·min(x, 0): commutes with dropout for every mask and every scale (verification.md). */
  readonly homogeneous: boolean;
  /** f(0) = 0, so that a silenced unit stays silent; `undefined` when it depends on parameters. */
  readonly zeroAtZero: boolean | undefined;
  /** Usual on a model's output. */
  readonly output?: boolean;
  /** The function with its usual parameters, for predicting moments. */
  readonly of?: (x: number) => number;
}

const SELU = { alpha: 1.6732632423543772, lambda: 1.0507009873554805 };
const sigmoid = (x: number) => 1 / (1 + Math.exp(-x));
const softplus = (x: number) => (x > 30 ? x : Math.log1p(Math.exp(x)));
const clip = (x: number, low: number, high: number) => Math.min(Math.max(x, low), high);

/** Abramowitz and Stegun 7.1.26, |error| ≤ 1.5e-7. */
export function erf(x: number): number {
  const t = 1 / (1 + 0.3275911 * Math.abs(x));
  const y = 1 - ((((1.061405429 * t - 1.453152027) * t + 1.421413741) * t - 0.284496736) * t + 0.254829592) * t * Math.exp(-x * x);
  return Math.sign(x) * y;
}

const FACTS: Record<ActivationFunction, ActivationFacts> = {
  relu: { homogeneous: true, zeroAtZero: true, of: (x) => Math.max(x, 0) },
  'leaky-relu': { homogeneous: true, zeroAtZero: true, of: (x) => (x < 0 ? 0.01 * x : x) },
  prelu: { homogeneous: true, zeroAtZero: true, of: (x) => (x < 0 ? 0.25 * x : x) },
  abs: { homogeneous: true, zeroAtZero: true, of: Math.abs },
  negate: { homogeneous: true, zeroAtZero: true, of: (x) => -x },
  scale: { homogeneous: true, zeroAtZero: true, of: (x) => x },
  linear: { homogeneous: true, zeroAtZero: true, of: (x) => x },
  relu6: { homogeneous: false, zeroAtZero: true, of: (x) => clip(x, 0, 6) },
  clip: { homogeneous: false, zeroAtZero: undefined },
  'thresholded-relu': { homogeneous: false, zeroAtZero: true, of: (x) => (x > 1 ? x : 0) },
  'hard-swish': { homogeneous: false, zeroAtZero: true, of: (x) => (x * clip(x + 3, 0, 6)) / 6 },
  gelu: { homogeneous: false, zeroAtZero: true, of: (x) => 0.5 * x * (1 + erf(x / Math.SQRT2)) },
  silu: { homogeneous: false, zeroAtZero: true, of: (x) => x * sigmoid(x) },
  mish: { homogeneous: false, zeroAtZero: true, of: (x) => x * Math.tanh(softplus(x)) },
  elu: { homogeneous: false, zeroAtZero: true, of: (x) => (x < 0 ? Math.expm1(x) : x) },
  selu: { homogeneous: false, zeroAtZero: true, of: (x) => SELU.lambda * (x < 0 ? SELU.alpha * Math.expm1(x) : x) },
  celu: { homogeneous: false, zeroAtZero: true, of: (x) => (x < 0 ? Math.expm1(x) : x) },
  tanh: { homogeneous: false, zeroAtZero: true, output: true, of: Math.tanh },
  softsign: { homogeneous: false, zeroAtZero: true, of: (x) => x / (1 + Math.abs(x)) },
  erf: { homogeneous: false, zeroAtZero: true, of: erf },
  shrink: { homogeneous: false, zeroAtZero: true },
  sin: { homogeneous: false, zeroAtZero: true, of: Math.sin },
  sigmoid: { homogeneous: false, zeroAtZero: false, output: true, of: sigmoid },
  'hard-sigmoid': { homogeneous: false, zeroAtZero: false, output: true, of: (x) => clip(0.2 * x + 0.5, 0, 1) },
  softplus: { homogeneous: false, zeroAtZero: false, output: true, of: softplus },
  exp: { homogeneous: false, zeroAtZero: false, output: true, of: Math.exp },
  softmax: { homogeneous: false, zeroAtZero: false, output: true },
  'log-softmax': { homogeneous: false, zeroAtZero: false, output: true },
  hardmax: { homogeneous: false, zeroAtZero: false, output: true },
  'log-sigmoid': { homogeneous: false, zeroAtZero: false, output: true, of: (x) => -softplus(-x) },
  other: { homogeneous: false, zeroAtZero: undefined },
};

/** Positively homogeneous: dropout before it and dropout after it are the same function of the same mask. */
export const isHomogeneous = (layer: ActivationLayer): boolean => FACTS[layer.function].homogeneous;

/** Whether a silenced unit is still silent behind the activation; `undefined` when unknown. */
export const isZeroAtZero = (layer: ActivationLayer): boolean | undefined => FACTS[layer.function].zeroAtZero;

/** Softmax, Sigmoid, Tanh and the like, which models end with. ReLU is none of them. */
export const isOutputFunction = (layer: ActivationLayer): boolean => FACTS[layer.function].output === true;

/** f as a function of one number, with its usual parameters; `undefined` where it is not elementwise or depends on more. */
export const functionOf = (name: ActivationFunction): ((x: number) => number) | undefined => FACTS[name].of;

/** Mean and variance. */
export interface Moments {
  readonly mean: number;
  readonly variance: number;
}

/** Mean and variance of f(x), x ~ N(0, 1), by the trapezoid rule on [−8, 8] (error < 1e-9 for smooth f). */
export function momentsOfStandardNormal(f: (x: number) => number): Moments {
  const step = 1 / 64;
  let mean = 0;
  let square = 0;
  for (let x = -8; x <= 8; x += step) {
    const density = (Math.exp(-x * x / 2) / Math.sqrt(2 * Math.PI)) * step;
    mean += f(x) * density;
    square += f(x) ** 2 * density;
  }
  return { mean, variance: square - mean * mean };
}
