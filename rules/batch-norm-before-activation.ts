import { blockOf, hasRunningStatistics, isWeighted } from '../src/graph/predicates.js';
import { follow, next, previous } from '../src/graph/traversal.js';
import { defineRule } from '../src/rule.js';

export default defineRule({
  id: 'batch-norm-before-activation',
  statement: 'In a block with dropout the order is convolution or linear → BatchNorm → activation.',
  levels: { recommended: 'off', strict: 'info' },
  fix: 'none',
  formats: ['onnx', 'code', 'topology'],
  precedence: 80,
  sources: [
    { title: 'Ioffe & Szegedy 2015, Batch Normalization, §3.2', url: 'https://arxiv.org/abs/1502.03167' },
    { title: 'Chen et al. 2019, Rethinking the Usage of Batch Normalization and Dropout (the IC layer)', url: 'https://arxiv.org/abs/1905.05928' },
  ],
  messages: {
    order: "BatchNorm '{batchNorm}' comes after the activation '{activation}', in a block with dropout: what is dropped is no longer what the activation gave. The usual order is weights → BatchNorm → activation → dropout.",
  },
  *check({ graph }) {
    for (const batchNorm of graph.layersOf('normalization')) {
      if (!hasRunningStatistics(batchNorm)) continue;
      const { end: activation } = follow(batchNorm, previous, (layer) => layer.kind === 'reshape');
      if (activation?.kind !== 'activation') continue;
      const { end: weighted } = follow(activation, previous, (layer) => layer.kind === 'reshape');
      const block = blockOf(batchNorm);
      const dropout = block.layers.find((layer) => layer.kind === 'dropout');
      if (!weighted || !isWeighted(weighted) || !dropout) continue;
      // ReLU → BatchNorm → dropout → weight is the IC layer, and weight behind BatchNorm is pre-activation.
      const { end } = follow(batchNorm, next, (layer) => layer.kind === 'reshape');
      if (end?.kind === 'dropout' && block.next) continue;
      yield { at: batchNorm, messageId: 'order', data: { batchNorm: batchNorm.origin.name, activation: activation.origin.name }, related: [activation, dropout] };
    }
  },
});
