import { move } from '../src/graph/edits.js';
import type { ActivationLayer, DropoutLayer, Layer, NormalizationLayer, WeightedLayer } from '../src/graph/layers.js';
import { hasRunningStatistics, isWeighted, predictedMoments, varianceShift } from '../src/graph/predicates.js';
import { activationDropouts, chains, next } from '../src/graph/traversal.js';
import { alignments, varianceShiftThrough } from '../src/graph/weight-alignment.js';
import { defineRule } from '../src/rule.js';

const isPassed = (layer: Layer) => layer.kind === 'reshape' || layer.kind === 'activation' || layer.kind === 'pooling' || (layer.kind === 'merge' && layer.of === 'concat');

interface Passed {
  readonly activation: ActivationLayer | undefined;
  readonly concat: boolean;
  readonly pooling: boolean;
}

const NOTHING: Passed = { activation: undefined, concat: false, pooling: false };
const gather = (layer: Layer, { activation, concat, pooling }: Passed): Passed => ({ activation: layer.kind === 'activation' ? layer : activation, concat: concat || layer.kind === 'merge', pooling: pooling || layer.kind === 'pooling' });
const onwards = () => chains<Passed>(next, isPassed, NOTHING, gather);

interface Chain {
  readonly batchNorm: NormalizationLayer;
  readonly passed: Passed;
  readonly weighted: WeightedLayer | undefined;
  /** Between the weighted layer and the BatchNorm. */
  readonly further: Passed;
}

/** dropout → (reshape, activation, pooling, concat)* → BatchNorm; with `across`, one weighted layer may stand between. */
function followingBatchNorm(dropout: DropoutLayer, across: boolean, from: ReturnType<typeof onwards>): Chain | undefined {
  const { end, facts: passed } = from(dropout);
  if (!end) return undefined;
  if (hasRunningStatistics(end)) return { batchNorm: end, passed, weighted: undefined, further: NOTHING };
  if (!across || !isWeighted(end)) return undefined;
  const { end: batchNorm, facts: further } = from(end);
  if (!batchNorm || !hasRunningStatistics(batchNorm)) return undefined;
  return { batchNorm, passed, weighted: end, further };
}

/** Behind the BatchNorm, and behind the activation after it. */
function place(batchNorm: NormalizationLayer): Layer {
  const after = next(batchNorm);
  return after?.kind === 'activation' ? after : batchNorm;
}

function predict(dropout: DropoutLayer, { activation }: Passed): number | undefined {
  const { rate } = dropout;
  return rate !== undefined && rate > 0 && rate < 1 ? varianceShift(rate, predictedMoments(dropout, activation ? [activation] : [])) : undefined;
}

/** Two inputs of a layer that learned from the same data are rarely independent. */
const CORRELATION = 0.1;
const median = (sorted: Float64Array) => (sorted[(sorted.length - 1) >> 1] + sorted[sorted.length >> 1]) / 2;
const range = (sorted: Float64Array, digits: number) => [median(sorted), sorted[0], sorted[sorted.length - 1]].map((value) => value.toFixed(digits));

/** What the weights between say of the shift, over the output channels. */
function predictThrough(dropout: DropoutLayer, { passed, weighted, further }: Chain): Readonly<Record<string, string>> | undefined {
  const { rate, unit } = dropout;
  if (rate === undefined || !(rate > 0 && rate < 1) || unit !== 'element' || !weighted || weighted.kind === 'recurrent') return undefined;
  if (passed.concat || passed.pooling || further.activation || further.concat || further.pooling) return undefined;
  const aligned = alignments(weighted)?.sort();
  if (!aligned) return undefined;
  const moments = predictedMoments(dropout, passed.activation ? [passed.activation] : []);
  const [middle, low, high] = range(aligned.map((alignment) => varianceShiftThrough(rate, moments, alignment, CORRELATION)).sort(), 2);
  const [alignment, least, most] = range(aligned, 1);
  return { independent: varianceShift(rate, moments).toFixed(2), middle, low, high, alignment, least, most, channels: String(aligned.length), correlation: String(CORRELATION) };
}

export default defineRule({
  id: 'dropout-after-batch-norm',
  statement: 'With BatchNorm the order is convolution or linear → BatchNorm → activation → dropout.',
  levels: { recommended: 'error', strict: 'error' },
  fix: 'inference-exact',
  formats: ['onnx', 'code', 'topology'],
  precedence: 40,
  sources: [
    { title: 'Li, Chen, Hu & Yang 2019, Understanding the Disharmony between Dropout and Batch Normalization by Variance Shift', url: 'https://arxiv.org/abs/1801.05134' },
    { title: 'Hendrycks & Gimpel 2016, Adjusting for Dropout Variance in Batch Normalization and Weight Initialization', url: 'https://arxiv.org/abs/1607.02488' },
  ],
  messages: {
    shift: "Dropout stands before {batchNorm}: its running statistics are taken with dropout on. Predicted Var_test/Var_train = {ratio}, so at inference BatchNorm's output has standard deviation {deviation} instead of 1. Move the dropout behind BatchNorm and its activation.",
    order: 'Dropout stands before {batchNorm}: its running statistics are taken with dropout on and are wrong at inference. Move the dropout behind BatchNorm and its activation.',
    concat: 'Dropout reaches {batchNorm} through a concatenation, so the running statistics of its channels are taken with dropout on{shift}.',
    through: "Dropout stands before {weighted}, whose result {batchNorm} normalises: its running statistics are taken with dropout on. Predicted Var_test/Var_train = {independent} for independent inputs, and {middle} (median; {low} to {high} over {channels} output channels) for inputs of correlation {correlation}, from the weights' d·cos²θ = {alignment} ({least} to {most}).",
    across: 'Dropout stands before {weighted}, whose result {batchNorm} normalises: its running statistics are taken with dropout on (variance shift through the weights).',
  },
  *check({ graph, strict }) {
    const from = onwards();
    for (const dropout of activationDropouts(graph)) {
      const chain = followingBatchNorm(dropout, strict, from);
      if (!chain) continue;
      const { batchNorm, passed, weighted } = chain;
      const ratio = predict(dropout, passed);
      const data = { batchNorm: `BatchNorm '${batchNorm.origin.name}'`, weighted: weighted?.origin.name ?? '', ratio: ratio?.toFixed(2) ?? '', deviation: ratio === undefined ? '' : Math.sqrt(ratio).toFixed(2) };
      const related = [batchNorm];
      if (weighted) {
        const through = predictThrough(dropout, chain);
        yield { at: dropout, messageId: through ? 'through' : 'across', level: 'info', data: { ...data, ...through }, related };
      } else if (passed.concat) {
        const mild = dropout.rate === undefined || dropout.rate <= 0.2;
        const shift = ratio === undefined ? '' : `: predicted Var_test/Var_train = ${data.ratio}`;
        yield { at: dropout, messageId: 'concat', level: strict ? 'error' : mild ? 'info' : 'warn', data: { ...data, shift }, related };
      } else {
        yield {
          at: dropout,
          messageId: ratio === undefined ? 'order' : 'shift',
          level: strict || (ratio !== undefined && ratio < 0.8) ? 'error' : 'warn',
          data,
          edits: [move(dropout).after(place(batchNorm))],
          hint: 'Re-estimate the moving statistics with dropout off afterwards: run the training data through the network once without updating weights (Hendrycks & Gimpel 2016).',
          related,
        };
      }
    }
  },
});
