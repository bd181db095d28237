import { move } from '../src/graph/edits.js';
import type { DropoutLayer, Layer, NormalizationLayer } from '../src/graph/layers.js';
import { hasRunningStatistics, isWeighted, predictedMoments, varianceShift } from '../src/graph/predicates.js';
import { activationDropouts, follow, next } from '../src/graph/traversal.js';
import { defineRule } from '../src/rule.js';

const isPassed = (layer: Layer) => layer.kind === 'reshape' || layer.kind === 'activation' || layer.kind === 'pooling' || (layer.kind === 'merge' && layer.of === 'concat');

interface Chain {
  readonly batchNorm: NormalizationLayer;
  readonly passed: readonly Layer[];
  readonly weighted: Layer | undefined;
}

/** dropout → (reshape, activation, pooling, concat)* → BatchNorm; with `across`, one weighted layer may stand between. */
function followingBatchNorm(dropout: DropoutLayer, across: boolean): Chain | undefined {
  const first = follow(dropout, next, isPassed);
  if (!first.end) return undefined;
  if (hasRunningStatistics(first.end)) return { batchNorm: first.end, passed: first.passed, weighted: undefined };
  if (!across || !isWeighted(first.end)) return undefined;
  const second = follow(first.end, next, isPassed);
  return second.end && hasRunningStatistics(second.end) ? { batchNorm: second.end, passed: [...first.passed, ...second.passed], weighted: first.end } : undefined;
}

/** Behind the BatchNorm, and behind the activation after it. */
function place(batchNorm: NormalizationLayer): Layer {
  const after = next(batchNorm);
  return after?.kind === 'activation' ? after : batchNorm;
}

function predict(dropout: DropoutLayer, passed: readonly Layer[]): number | undefined {
  const { rate } = dropout;
  return rate !== undefined && rate > 0 && rate < 1 ? varianceShift(rate, predictedMoments(dropout, passed)) : undefined;
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
    for (const dropout of activationDropouts(graph)) {
      const chain = followingBatchNorm(dropout, strict);
      if (!chain) continue;
      const { batchNorm, passed, weighted } = chain;
      const ratio = predict(dropout, passed);
      const data = { batchNorm: `BatchNorm '${batchNorm.origin.name}'`, weighted: weighted?.origin.name ?? '', ratio: ratio?.toFixed(2) ?? '', deviation: ratio === undefined ? '' : Math.sqrt(ratio).toFixed(2) };
      const related = [batchNorm];
      if (weighted) {
        yield { at: dropout, messageId: 'across', level: 'info', data, related };
      } else if (passed.some((layer) => layer.kind === 'merge')) {
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
