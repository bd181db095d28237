/**
 * The laws of variants whose noise is no Bernoulli mask, measured on onnxruntime's kernels: noise of mean 1 and variance α
 * (Gaussian), the probability of dropping (concrete, alpha), mean 0 and variance 1 kept (alpha). The bounds are three
 * wide; see bounds.ts.
 */
import { ALPHA_PRIME } from '../variants/alpha.js';
import { NORMAL_QUANTILE, credibleDeviation, isCredibleCount } from './bounds.js';
import { encodeCopy } from './encode.js';
import type { ExecutionOptions } from './comparison.js';
import { candidateBindings, createFeed } from './feeds.js';
import type { FeedInput } from './feeds.js';
import type { RunJob } from './jobs.js';
import type { OnnxModel, RecognisedDropout } from './onnx-model.js';
import { ExecutionError } from './pool.js';
import type { Pool } from './pool.js';
import { NO_RANDOM_KERNEL_FROM, isRandom, reseed, switchTemplates, toRealKernel } from './randomness.js';
import { feedInputs } from './ranges.js';
import { ISOLATED_INPUT, isolate } from './region.js';
import { numberAt } from './tensors.js';
import type { TensorValue } from './tensors.js';

export interface Moments {
  readonly verdict: 'holds' | 'fails' | 'not-executable';
  readonly detail: string;
}

/** Draws; a deviation of the mean of 0.04 standard deviations is then found. */
const ENOUGH = 20_000;
const RUNS = 64;
const MOST_RUNS = 512;
/** Quotients of smaller numbers are rounding. */
const SMALLEST = 1e-2;

export async function measureMoments(model: OnnxModel, dropout: RecognisedDropout, pool: Pool, options: ExecutionOptions = {}): Promise<Moments> {
  const { rate, law } = dropout;
  if (rate === undefined) return { verdict: 'not-executable', detail: 'its rate comes from the run time' };
  const pairs = await draws(model, dropout, pool, options);
  if (typeof pairs === 'string') return { verdict: 'not-executable', detail: pairs };
  return law === 'gaussian' ? judgeGaussian(noiseOf(pairs), rate) : law === 'concrete' ? judgeConcrete(noiseOf(pairs), rate) : judgeAlpha(pairs, rate);
}

interface Pairs {
  readonly x: readonly number[];
  readonly y: readonly number[];
}

/** What it drops and what comes of it, with the switch on. A sentence says why there is nothing. */
async function draws(model: OnnxModel, dropout: RecognisedDropout, pool: Pool, options: ExecutionOptions): Promise<Pairs | string> {
  const copy = isolate(model, dropout);
  if (!copy) return 'it stands in a subgraph or function';
  if ((copy.opsets.get('') ?? 1) >= NO_RANDOM_KERNEL_FROM && copy.graph.operators.some(isRandom)) return `onnxruntime has no random operators of opset ${copy.opsets.get('')}`;
  copy.graph.inputs = copy.graph.inputs.map(({ name, elementType, shape }) => ({ name, elementType, ...(shape && { shape: shape.map((dimension, axis) => (axis === 0 ? 'examples' : dimension)) }) }));
  switchTemplates(copy, [dropout], true);
  toRealKernel(copy);
  reseed(copy, 1);
  const inputs = feedInputs(copy);
  const encoded = encodeCopy(copy);
  let refusal = '';
  for (const binding of candidateBindings(inputs)) {
    // A mask with a shape of its own fits one size alone.
    const perExample = Math.max(1, Math.min(...inputs.filter(({ shape }) => shape[0] === 'examples').map((input) => sizeOf(input, binding))));
    const many = Math.ceil(ENOUGH / RUNS / perExample);
    for (const [examples, runs] of [[many, RUNS], [binding.get('examples') ?? 2, Math.min(MOST_RUNS, Math.ceil(ENOUGH / perExample / 2))]] as const) {
      const sized = inputs.map((input) => (input.value === undefined && input.shape[0] === 'examples' ? { ...input, shape: [examples, ...input.shape.slice(1)] } : input));
      const feeds = Array.from({ length: runs }, (_, k) => createFeed(sized, { kind: 'normal', seed: 61 + k, binding: 0 }, binding));
      const result = await runAll({ kind: 'run', model: encoded, settings: { level: 'disabled', keepDropout: true }, feeds }, pool, options);
      if (typeof result !== 'string') return { x: valuesOf(result, ISOLATED_INPUT), y: valuesOf(result, dropout.output) };
      refusal ||= result;
    }
  }
  return refusal;
}

/** The outputs of each run, or why there are none. */
async function runAll(job: RunJob, pool: Pool, options: ExecutionOptions): Promise<readonly Readonly<Record<string, TensorValue>>[] | string> {
  try {
    const result = await pool.run<RunJob>(job, options.timeLimit);
    return result.outcome === 'failed' ? result.reason.split('\n')[0]! : result.outputs;
  } catch (error) {
    if (error instanceof ExecutionError) return error.message;
    throw error;
  }
}

const valuesOf = (runs: readonly Readonly<Record<string, TensorValue>>[], name: string): number[] => runs.flatMap((outputs) => numbersOf(outputs[name])).slice(0, 4 * ENOUGH);

const sizeOf = ({ shape }: FeedInput, binding: ReadonlyMap<string, number>): number => shape.slice(1).reduce<number>((size, extent) => size * (typeof extent === 'number' ? extent : (binding.get(extent) ?? 2)), 1);

function numbersOf(value: TensorValue | undefined): number[] {
  if (!value || Array.isArray(value.data)) return [];
  const { type, data } = value;
  return Array.from({ length: data.length }, (_, k) => numberAt(type, data, k));
}

const noiseOf = ({ x, y }: Pairs): number[] => y.flatMap((value, k) => (Math.abs(x[k]!) < SMALLEST ? [] : [value / x[k]!]));

function momentsOf(values: readonly number[]): { readonly mean: number; readonly variance: number } {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  return { mean, variance: values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (values.length - 1) };
}

const text = (value: number): string => String(Number(value.toPrecision(4)));

/** The variance of n normal draws of variance α has the variance 2α²/(n − 1). */
function judgeGaussian(noise: readonly number[], rate: number): Moments {
  const alpha = rate / (1 - rate);
  const { mean, variance } = momentsOf(noise);
  const [byMean, byVariance] = [Math.sqrt(alpha / noise.length), alpha * Math.sqrt(2 / noise.length)].map((deviation) => NORMAL_QUANTILE * deviation + 1e-3);
  const measured = `noise of mean ${text(mean)} (1 ± ${text(byMean!)}) and variance ${text(variance)} (α = ${text(alpha)} ± ${text(byVariance!)}) in ${noise.length} draws`;
  return { verdict: Math.abs(mean - 1) <= byMean! && Math.abs(variance - alpha) <= byVariance! ? 'holds' : 'fails', detail: measured };
}

/** (1 − z)/(1 − p) is below ½/(1 − p) with probability p. */
function judgeConcrete(noise: readonly number[], rate: number): Moments {
  const dropped = noise.filter((value) => value * (1 - rate) < 0.5).length;
  const bounded = noise.every((value) => value >= -1e-3 && value * (1 - rate) <= 1 + 1e-3);
  const measured = `drops ${text(dropped / noise.length)} of ${noise.length} units more than half (${text(rate)} ± ${text(credibleDeviation(noise.length, rate))})`;
  return { verdict: bounded && isCredibleCount(dropped, noise.length, rate) ? 'holds' : 'fails', detail: bounded ? measured : `${measured}; some noise is outside [0, 1/(1 − p)]` };
}

/**
 * a·α′ + b where it drops, a·x + b elsewhere. Of inputs with mean μ and variance v the outputs have, with q = 1 − p, the mean
 * a(qμ + pα′) + b and the variance a²(q(v + μ²) + pα′² − (qμ + pα′)²): 0 and 1 for μ = 0, v = 1.
 */
function judgeAlpha({ x, y }: Pairs, rate: number): Moments {
  const a = ((1 - rate) * (1 + rate * ALPHA_PRIME ** 2)) ** -0.5;
  const b = -a * ALPHA_PRIME * rate;
  const limit = a * ALPHA_PRIME + b;
  const isLimit = (value: number): boolean => Math.abs(value - limit) < 2e-3;
  const dropped = y.filter(isLimit).length;
  const wrong = y.filter((value, k) => !isLimit(value) && Math.abs(value - (a * x[k]! + b)) > 2e-3 * (1 + Math.abs(value))).length;
  const [of, from] = [momentsOf(y), momentsOf(x)];
  const squares = momentsOf(y.map((value) => (value - of.mean) ** 2));
  const [byMean, byVariance] = [Math.sqrt(of.variance / y.length), Math.sqrt(squares.variance / y.length)].map((deviation) => 1.5 * NORMAL_QUANTILE * deviation + 1e-3);
  const measured = `drops ${text(dropped / y.length)} of ${y.length} units to ${text(limit)} (${text(rate)} ± ${text(credibleDeviation(y.length, rate))}), mean ${text(of.mean)} and variance ${text(of.variance)} of inputs with ${text(from.mean)} and ${text(from.variance)}`;
  const blend = (1 - rate) * from.mean + rate * ALPHA_PRIME;
  const expected = { mean: a * blend + b, variance: a ** 2 * ((1 - rate) * (from.variance + from.mean ** 2) + rate * ALPHA_PRIME ** 2 - blend ** 2) };
  const kept = Math.abs(of.mean - expected.mean) <= byMean! && Math.abs(of.variance - expected.variance) <= byVariance!;
  // Survivors near the limit are counted as dropped: 0.4 % of a normal law lie so close.
  const credible = isCredibleCount(dropped, y.length, rate) || isCredibleCount(dropped, y.length, Math.min(1, rate + 0.002));
  return { verdict: wrong === 0 && kept && credible ? 'holds' : 'fails', detail: wrong > 0 ? `${measured}; ${wrong} survivors are not a·x + b` : measured };
}
