import type { Layer, NormalizationLayer } from '../src/graph/layers.js';
import { hasRunningStatistics, isInBlock } from '../src/graph/predicates.js';
import { activationDropouts, chains, next, previous } from '../src/graph/traversal.js';
import { defineRule } from '../src/rule.js';

/** The BatchNorm of the block that stands first on one side: the farthest one backwards, the nearest one onwards. */
const firstBatchNorm = (step: (layer: Layer) => Layer | undefined) =>
  chains<NormalizationLayer | undefined>(step, isInBlock, undefined, (layer, beyond) => {
    const own = hasRunningStatistics(layer) ? layer : undefined;
    return step === previous ? (beyond ?? own) : (own ?? beyond);
  });

export default defineRule({
  id: 'no-dropout-with-batch-norm',
  statement: 'BatchNorm and dropout disturb each other: if one will do, use one.',
  levels: { recommended: 'off', strict: 'info' },
  fix: 'none',
  formats: ['onnx', 'code', 'topology'],
  precedence: 81,
  sources: [
    { title: 'Li, Chen, Hu & Yang 2019, Understanding the Disharmony between Dropout and Batch Normalization by Variance Shift', url: 'https://arxiv.org/abs/1801.05134' },
    { title: 'Ioffe & Szegedy 2015, Batch Normalization, §4.2.1: remove dropout', url: 'https://arxiv.org/abs/1502.03167' },
  ],
  messages: {
    both: "Dropout and BatchNorm '{batchNorm}' in one block: BatchNorm regularises by itself, and each changes the statistics that the other relies on. Try without the dropout.",
  },
  *check({ graph }) {
    const before = firstBatchNorm(previous);
    const after = firstBatchNorm(next);
    for (const dropout of activationDropouts(graph)) {
      const batchNorm = before(dropout).facts ?? after(dropout).facts;
      if (batchNorm) yield { at: dropout, messageId: 'both', data: { batchNorm: batchNorm.origin.name }, related: [batchNorm] };
    }
  },
});
