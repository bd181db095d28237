import { insert } from '../src/graph/edits.js';
import type { ActivationLayer, LinearLayer } from '../src/graph/layers.js';
import { blockOf, hasRunningStatistics, isTransformer } from '../src/graph/predicates.js';
import { ahead, follow, next } from '../src/graph/traversal.js';
import { defineRule } from '../src/rule.js';

/** Share of the model's parameters from which on a layer is heavy. */
const SHARE = 0.2;

/** The activation of a hidden fully connected layer, when no dropout stands before the next weighted layer. */
function undroppedActivation(layer: LinearLayer): ActivationLayer | undefined {
  const { end: activation } = follow(layer, next, (each) => each.kind === 'reshape' || (each.kind === 'normalization' && !hasRunningStatistics(each)));
  if (activation?.kind !== 'activation') return undefined;
  const block = blockOf(activation);
  const hidden = ahead(activation);
  const hasOther = block.layers.some((each) => each.kind === 'dropout' || hasRunningStatistics(each));
  return hasOther || block.next?.kind === 'recurrent' || hidden.unknown || !(hidden.linear || hidden.convolution) ? undefined : activation;
}

export default defineRule<'missing', { rate: number }>({
  id: 'dropout-after-dense',
  statement: 'Fully connected layers, the heavy ones first, are where dropout belongs.',
  levels: { recommended: 'off', strict: 'warn' },
  fix: 'inference-exact',
  formats: ['onnx', 'code', 'topology'],
  precedence: 45,
  options: {
    type: 'object',
    additionalProperties: false,
    properties: { rate: { type: 'number', minimum: 0, maximum: 1, default: 0.5, description: 'Rate of the dropout that the fix inserts.' } },
  },
  sources: [{ title: 'Hinton et al. 2012, Improving neural networks by preventing co-adaptation of feature detectors', url: 'https://arxiv.org/abs/1207.0580' }],
  messages: {
    missing: "The fully connected layer '{layer}' holds {share} % of the model's parameters and nothing is dropped behind its activation. Put Dropout({rate}) behind '{activation}'.",
  },
  *check({ graph, mode, options }) {
    if (mode !== 'training' || graph.role !== 'model' || !graph.parameters || isTransformer(graph)) return;
    for (const layer of graph.layersOf('linear')) {
      const share = layer.parameters === undefined ? 0 : layer.parameters / graph.parameters;
      if (share < SHARE) continue;
      const activation = undroppedActivation(layer);
      if (!activation) continue;
      yield {
        at: layer,
        messageId: 'missing',
        data: { layer: layer.origin.name, share: Math.round(100 * share), rate: options.rate, activation: activation.origin.name },
        edits: [insert({ kind: 'dropout', rate: options.rate, unit: 'element', training: true }).after(activation)],
        related: [activation],
      };
    }
  },
});
