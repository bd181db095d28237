import { configure } from '../src/graph/edits.js';
import { hasRunningStatistics } from '../src/graph/predicates.js';
import { defineRule } from '../src/rule.js';

export default defineRule({
  id: 'consistent-training-mode',
  statement: 'The dropouts and BatchNorms of one graph train together or not at all.',
  levels: { recommended: 'warn', strict: 'warn' },
  fix: 'suggestion',
  formats: ['onnx'],
  precedence: 61,
  sources: [{ title: 'PyTorch, torch.onnx: attention dropout and BatchNorm of training exports (measured, see the page)', url: 'https://pytorch.org/docs/stable/onnx.html' }],
  messages: {
    dropout: "This dropout is {state} while '{live}' is on: one graph, two modes. PyTorch's TorchScript exporter writes attention dropout in inference form in a training export; set them alike.",
    batchNorm: "This BatchNorm uses its running statistics while '{live}' drops: one graph, two modes. PyTorch's current exporter writes BatchNorm without training_mode even in a training export.",
  },
  *check({ graph }) {
    const dropouts = graph.layersOf('dropout').filter((dropout) => dropout.rate !== 0);
    const live = dropouts.find((dropout) => dropout.state === 'live');
    if (!live) return;
    const data = { live: live.origin.name };
    for (const dropout of dropouts) {
      if (dropout.state === 'live') continue;
      const state = dropout.state === 'off' ? 'off' : 'left without a training mode (inference by default)';
      yield { at: dropout, messageId: 'dropout', data: { ...data, state }, edits: [configure(dropout, { trainingMode: true })], suggestion: true, related: [live] };
    }
    for (const batchNorm of graph.layersOf('normalization')) {
      if (hasRunningStatistics(batchNorm) && batchNorm.training === false) yield { at: batchNorm, messageId: 'batchNorm', level: 'info', data, related: [live] };
    }
  },
});
