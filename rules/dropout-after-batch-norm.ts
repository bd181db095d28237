import { move } from '../src/graph/edits.js';
import type { ActivationLayer, DropoutLayer, Layer, NormalizationLayer } from '../src/graph/layers.js';
import { hasRunningStatistics, isWeighted, predictedMoments, varianceShift } from '../src/graph/predicates.js';
import { activationDropouts, chains, next } from '../src/graph/traversal.js';
import { defineRule } from '../src/rule.js';

const isPassed = (layer: Layer) => layer.kind === 'reshape' || layer.kind === 'activation' || layer.kind === 'pooling' || (layer.kind === 'merge' && layer.of === 'concat');

interface Passed {
  readonly activation: ActivationLayer | undefined;
  readonly concat: boolean;
}

const gather = (layer: Layer, { activation, concat }: Passed): Passed => ({ activation: layer.kind === 'activation' ? layer : activation, concat: concat || layer.kind === 'merge' });
const onwards = () => chains<Passed>(next, isPassed, { activation: undefined, concat: false }, gather);

interface Chain {
  readonly batchNorm: NormalizationLayer;
  readonly passed: Passed;
  readonly weighted: Layer | undefined;
}

/** dropout → (reshape, activation, pooling, concat)* → BatchNorm; with `across`, one weighted layer may stand between. */
function followingBatchNorm(dropout: DropoutLayer, across: boolean, from: ReturnType<typeof onwards>): Chain | undefined {
  const { end, facts: passed } = from(dropout);
  if (!end) return undefined;
  if (hasRunningStatistics(end)) return { batchNorm: end, passed, weighted: undefined };
  if (!across || !isWeighted(end)) return undefined;
  const { end: batchNorm, facts: further } = from(end);
  if (!batchNorm || !hasRunningStatistics(batchNorm)) return undefined;
  return { batchNorm, passed: { activation: passed.activation ?? further.activation, concat: passed.concat || further.concat }, weighted: end };
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
        yield { at: dropout, messageId: 'across', level: 'info', data, related };
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
