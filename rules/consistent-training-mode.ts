import { configure } from '../src/graph/edits.js';
import type { Graph } from '../src/graph/graph.js';
import { hasRunningStatistics } from '../src/graph/predicates.js';
import { onOneWay } from '../src/graph/traversal.js';
import { defineRule } from '../src/rule.js';
import type { Problem } from '../src/rule.js';

type MessageId = 'dropout' | 'applied' | 'batchNorm';

export default defineRule<MessageId>({
  id: 'consistent-training-mode',
  statement: 'The dropouts and BatchNorms of one graph train together or not at all.',
  levels: { recommended: 'warn', strict: 'warn' },
  fix: 'suggestion',
  formats: ['onnx', 'code'],
  precedence: 61,
  sources: [
    { title: 'PyTorch, torch.onnx: attention dropout and BatchNorm of training exports (measured, see the page)', url: 'https://pytorch.org/docs/stable/onnx.html' },
    { title: 'TensorFlow.js, a layer that is applied without training: true does not drop (test/tensorflowjs)' },
  ],
  messages: {
    dropout: "This dropout is {state} while '{live}' is on: one graph, two modes. PyTorch's TorchScript exporter writes attention dropout in inference form in a training export; set them alike.",
    applied: "This dropout is applied {state} while '{live}' is applied with it, in one training step: it never drops. Apply it with { training: true }, too.",
    batchNorm: "This BatchNorm uses its running statistics while '{live}' drops: one graph, two modes. PyTorch's current exporter writes BatchNorm without training_mode even in a training export.",
  },
  *check({ graph }) {
    if (graph.isSource) yield* inCode(graph);
    else yield* inGraph(graph);
  },
});

function* inGraph(graph: Graph): Generator<Problem<MessageId>> {
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
}

/** Layers that a training step applies one after the other, each by a call of its own. */
function* inCode(graph: Graph): Generator<Problem<MessageId>> {
  const dropouts = graph.layersOf('dropout').filter(({ rate, applied }) => rate !== 0 && applied?.byItself === true && !applied.symbolic);
  const liveBeside = onOneWay(graph, new Set(dropouts.filter(({ state, applied }) => state === 'live' && applied?.trains)));
  for (const dropout of dropouts) {
    const training = dropout.applied?.training;
    if (training !== false && training !== 'default') continue;
    const other = liveBeside(dropout);
    if (!other) continue;
    const state = training === false ? 'with training: false' : 'without training: true';
    yield { at: dropout, place: dropout.applied!.origin, messageId: 'applied', data: { state, live: other.origin.name }, edits: [configure(dropout, { trainingMode: true })], suggestion: true, related: [other] };
  }
}
