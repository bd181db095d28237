/** Check 3: training outputs of the same law. The laws are held against each other, then measured on onnxruntime's kernels. */
import { ERROR_PROBABILITY, NORMAL_QUANTILE, credibleDeviation, isCredibleCount } from './bounds.js';
import { operator, replaceOperators } from './copy.js';
import type { ModelCopy } from './copy.js';
import { encodeCopy, encodeTensor } from './encode.js';
import { differenceOfLaws } from './erasure.js';
import { candidateBindings } from './feeds.js';
import { DOUBLE } from '../formats/onnx/data-types.js';
import { readBody } from '../formats/onnx/lift/tensors.js';
import type { ExecutedCheck, ExecutionOptions } from './comparison.js';
import type { StatisticsJob, StatisticsResult } from './jobs.js';
import { measureMoments } from './moments.js';
import type { OnnxModel, RecognisedDropout } from './onnx-model.js';
import type { Check } from './proof.js';
import { ExecutionError } from './pool.js';
import type { Pool } from './pool.js';
import { DROPOUT_INPUTS_FROM, NO_RANDOM_KERNEL_FROM, isDropout, isRandom, reseed, switchTemplates, toRealKernel } from './randomness.js';
import { feedInputs } from './ranges.js';
import { ISOLATED_INPUT, isolate } from './region.js';

export interface Measurement {
  /** What is measured, for people. */
  readonly name: string;
  readonly verdict: 'holds' | 'fails' | 'not-executable';
  readonly detail: string;
  readonly dropped?: number;
  readonly units?: number;
}

/** Units to draw; a deviation of 0.03 at p = ½ is then found with the stated error probability. */
const ENOUGH = 20_000;
const SESSIONS = 200;
/** The rates that a run-time rate is measured at. */
const SCHEDULE = [0.25, 0.5];

export async function checkStatistics(before: OnnxModel, after: OnnxModel, pool: Pool, options: ExecutionOptions = {}): Promise<ExecutedCheck> {
  const difference = differenceOfLaws(before, after);
  if (difference) return { check: { check: 'statistics', verdict: 'fails', detail: difference } };
  const measured: Measurement[] = [];
  for (const [model, dropout] of changedDropouts(before, after)) measured.push(await measureDropout(model, dropout, pool, options));
  return { check: checkOf(measured, 'The laws are the same.') };
}

/** The dropouts that stand in the model after alone, or differ: each drops as it says (verification.md, check 3). */
export async function checkNewDropouts(before: OnnxModel, after: OnnxModel, pool: Pool, options: ExecutionOptions = {}): Promise<ExecutedCheck> {
  const measured: Measurement[] = [];
  for (const [model, dropout] of changedDropouts(before, after)) if (model === after) measured.push(await measureDropout(model, dropout, pool, options));
  if (measured.length === 0) return { check: { check: 'statistics', verdict: 'not-applicable', detail: 'There is no new dropout.' } };
  const left = measured.filter(({ verdict }) => verdict === 'not-executable');
  const reasons = [...new Set(left.map(({ detail }) => detail))].join('; ');
  return { check: { ...checkOf(measured), ...(left.length > 0 && { unmeasured: `${left.length < measured.length ? `${left.length} of ${measured.length}: ` : ''}${reasons}` }) } };
}

function checkOf(measured: readonly Measurement[], first?: string): Check {
  const fault = measured.find(({ verdict }) => verdict === 'fails');
  if (fault) return { check: 'statistics', verdict: 'fails', detail: `${fault.name}: ${fault.detail}.` };
  const list = (verdict: Measurement['verdict']): string => measured.filter((each) => each.verdict === verdict).map(({ name, detail: each }) => `${name} ${each}`).join('; ');
  const sentences = first === undefined ? [] : [first];
  if (list('holds')) sentences.push(`Measured (error probability ${ERROR_PROBABILITY} per test): ${list('holds')}.`);
  if (list('not-executable')) sentences.push(`Not measured: ${list('not-executable')}.`);
  return { check: 'statistics', verdict: first === undefined && !list('holds') ? 'not-applicable' : 'holds', detail: sentences.join(' ') };
}

/** Dropouts that stand on one side only, or differ. */
function changedDropouts(before: OnnxModel, after: OnnxModel): readonly (readonly [OnnxModel, RecognisedDropout])[] {
  const textOf = ({ record: { source } }: OnnxModel, { nodes }: RecognisedDropout): string =>
    nodes.map(({ span }) => Buffer.from(source.read(span.start, span.end)).toString('latin1')).join('|');
  const [old, now] = [before, after].map((model) => new Map(model.dropouts().map((dropout) => [textOf(model, dropout), dropout])));
  const only = (model: OnnxModel, own: Map<string, RecognisedDropout>, other: Map<string, RecognisedDropout>) =>
    [...own].filter(([text]) => !other.has(text)).map(([, dropout]) => [model, dropout] as const);
  return [...only(before, old!, now!), ...only(after, now!, old!)];
}

/**
 * Runs one dropout alone with live kernels and tests: the fraction that it drops, the scale of what survives, the mean,
 * that whole units are dropped, and that neighbouring units are independent.
 */
export async function measureDropout(model: OnnxModel, recognised: RecognisedDropout, pool: Pool, options: ExecutionOptions = {}): Promise<Measurement> {
  // A mask that is drawn outside of a loop is measured there: that it holds for all steps is how the graph is made.
  const dropout: RecognisedDropout = recognised.drawn ? { ...recognised, ...recognised.drawn, unit: 'element' } : recognised;
  // Of a variant that is spelled out the last node has the layer's name.
  const name = (dropout.trainingMode === undefined ? dropout.nodes[0] : dropout.nodes.at(-1))?.name || dropout.output;
  const not = (detail: string): Measurement => ({ name, verdict: 'not-executable', detail });
  if (dropout.unit === 'unknown') return not('its unit of dropping is unknown');
  if (dropout.law !== 'bernoulli') return { name, ...(await measureMoments(model, dropout, pool, options)) };
  const copy = liveCopy(model, dropout);
  if (typeof copy === 'string') return not(copy);
  if (dropout.rate === undefined && !isFed(copy, dropout)) return not('its rate is computed in the graph');
  const rates = dropout.rate === undefined ? SCHEDULE : [dropout.rate];
  let last: Measurement = not('nothing was measured');
  for (const rate of rates) {
    if (rate < 0 || rate >= 1 || Number.isNaN(rate)) return not(`onnxruntime refuses to run rate ${rate}`);
    const result = await run(copy, dropout, rate, pool, options);
    last = { name, ...judge(result, rate) };
    if (last.verdict !== 'holds') break;
  }
  return last;
}

/** The rate is an input of the copy. */
const isFed = (copy: ModelCopy, { nodes }: RecognisedDropout): boolean => copy.graph.inputs.some(({ name }) => nodes.some(({ inputs }) => inputs[1] === name));

/** The dropout alone, live, with any number of examples. */
function liveCopy(model: OnnxModel, dropout: RecognisedDropout): ModelCopy | string {
  const copy = isolate(model, dropout);
  if (!copy) return 'it stands in a subgraph or function';
  const opset = copy.opsets.get('') ?? 1;
  if (opset < DROPOUT_INPUTS_FROM && !carryAlone(copy)) return `onnxruntime has no training form of opset ${opset}`;
  if (opset >= NO_RANDOM_KERNEL_FROM && copy.graph.operators.some(isRandom)) return `onnxruntime has no random operators of opset ${opset}`;
  copy.graph.inputs = copy.graph.inputs.map(({ name, elementType, shape }) => ({ name, elementType, ...(shape && { shape: shape.map((dimension, axis) => (axis === 0 ? 'examples' : dimension)) }) }));
  switchTemplates(copy, [dropout], true);
  toRealKernel(copy);
  return copy;
}

/** Operators of the dropouts that are spelled with a mask, whose meaning is the same from opset 7 to 13. */
const UNCHANGED_TO_13 = new Set(['Identity', 'Constant', 'Mul', 'Shape', 'ConstantOfShape', 'Concat', 'Gather', 'Cast', 'Expand']);

/** A Dropout of opset 7 to 11 means what one of opset 13 means. */
function carryAlone(copy: ModelCopy): boolean {
  const { graph } = copy;
  if (!graph.operators.every((candidate) => isDropout(candidate) || UNCHANGED_TO_13.has(candidate.opType))) return false;
  copy.opsets.set('', 13);
  replaceOperators(copy, (candidate) => {
    if (!isDropout(candidate)) return undefined;
    const attribute = candidate.node?.attributes.find(({ name }) => name === 'ratio');
    const ratio = '__droplint/ratio';
    return [
      operator('Constant', [], [ratio], [{ name: 'value', tensor: encodeTensor('', 1, [], Float32Array.of(attribute?.f ?? 0.5)) }]),
      operator('Dropout', [candidate.inputs[0] ?? '', ratio], candidate.outputs.slice(0, 1), [], candidate.node),
    ];
  });
  return true;
}

/** In the precision of what is dropped. */
function scaleOf(rate: number, copy: ModelCopy, data: string): number {
  const keep = Math.fround(1 - Math.fround(rate));
  return readBody(copy.record, copy.record.graph, undefined).tensor(data).dataType === DOUBLE ? 1 / keep : Math.fround(1 / keep);
}

async function run(copy: ModelCopy, { input, output, unit, channelAxis, timeAxis, rate: known, form }: RecognisedDropout, rate: number, pool: Pool, options: ExecutionOptions): Promise<StatisticsResult> {
  const inputs = feedInputs(copy).map((input) => (input.value === undefined ? input : { ...input, value: rate }));
  try {
    return await pool.run<StatisticsJob>({
      kind: 'statistics',
      models: Array.from({ length: SESSIONS }, (_, k) => encodeCopy(reseed(copy, k))),
      inputs,
      bindings: candidateBindings(inputs),
      input: ISOLATED_INPUT,
      output,
      unit,
      channelAxis,
      ...(timeAxis !== undefined && { timeAxis }),
      // A decomposed dropout may be the original one, which does not scale.
      ...(form === 'operator' && known !== undefined && { scale: scaleOf(rate, copy, input) }),
      enough: ENOUGH,
      enlarge: ENOUGH / 4,
    }, options.timeLimit);
  } catch (error) {
    if (error instanceof ExecutionError) return { outcome: 'failed', reason: error.message };
    throw error;
  }
}

function judge(result: StatisticsResult, rate: number): Omit<Measurement, 'name'> {
  if (result.outcome === 'failed') return { verdict: 'not-executable', detail: result.reason.split('\n')[0]! };
  if (result.outcome === 'fault') return { verdict: 'fails', detail: result.reason };
  const { units, dropped, pairs, agreeing, scale, sum, expectedSum, squares } = result;
  if (units === 0) return { verdict: 'not-executable', detail: 'it has too few units to measure' };
  const facts = { units, dropped };
  const fraction = dropped / units;
  if (!isCredibleCount(dropped, units, rate)) {
    return { verdict: 'fails', detail: `drops ${fraction.toFixed(4)} of ${units} units, not ${rate} ± ${credibleDeviation(units, rate).toFixed(4)}`, ...facts };
  }
  const agreement = rate ** 2 + (1 - rate) ** 2;
  if (!isCredibleCount(agreeing, pairs, agreement)) {
    return { verdict: 'fails', detail: `neighbouring units agree in ${agreeing} of ${pairs} pairs: they do not drop independently`, ...facts };
  }
  // Var Σ s·m·x = p/(1−p) · Σ (Σ of a unit)² for the inverted scale s = 1/(1−p).
  const inverted = scale !== undefined && Math.abs(scale * (1 - rate) - 1) < 1e-3;
  const deviation = Math.sqrt((rate / (1 - rate)) * squares);
  if (inverted && Math.abs(sum - expectedSum) > NORMAL_QUANTILE * deviation + 1e-6 * Math.abs(expectedSum)) {
    return { verdict: 'fails', detail: `the mean is not kept: the outputs sum to ${sum}, the inputs to ${expectedSum}`, ...facts };
  }
  const kept = scale === undefined ? 'nothing survives' : `survivors × ${Number(scale.toPrecision(7))}${inverted || rate === 0 ? ', mean kept' : ' (not inverted: the mean is not kept)'}`;
  return { verdict: 'holds', detail: `drops ${fraction.toFixed(4)} of ${units} units (${rate} ± ${credibleDeviation(units, rate).toFixed(4)}), ${kept}`, ...facts };
}
