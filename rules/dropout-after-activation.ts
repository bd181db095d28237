import { isHomogeneous, isZeroAtZero } from '../src/graph/activations.js';
import { move } from '../src/graph/edits.js';
import type { ActivationLayer, DropoutLayer } from '../src/graph/layers.js';
import { isAttentionDropout, isOutputActivation, isWeighted } from '../src/graph/predicates.js';
import { activationDropouts, follow, next, previous } from '../src/graph/traversal.js';
import { defineRule } from '../src/rule.js';

/** weighted layer → (BatchNorm, reshape)* → dropout → (reshape)* → activation */
function followingActivation(dropout: DropoutLayer): ActivationLayer | undefined {
  const { end: before } = follow(dropout, previous, (layer) => layer.kind === 'reshape' || (layer.kind === 'normalization' && layer.of === 'batch'));
  if (!before || !isWeighted(before) || isAttentionDropout(dropout)) return undefined;
  const { end: after } = follow(dropout, next, (layer) => layer.kind === 'reshape');
  return after?.kind === 'activation' && isActivating(after) && !isOutputActivation(after) ? after : undefined;
}

/** A scale or a change of sign is no activation, and of an unknown function nothing is known. */
const isActivating = (layer: ActivationLayer) => !['scale', 'negate', 'linear', 'other'].includes(layer.function);

const distortion = (activation: ActivationLayer): 'order' | 'scale' | 'nothingDropped' =>
  isHomogeneous(activation) ? 'order' : isZeroAtZero(activation) === false ? 'nothingDropped' : 'scale';

/** What is spelled out in several nodes goes by its function, not by its last operator. */
const label = (layer: ActivationLayer) => (layer.origin.name === layer.type ? layer.function : `${layer.function} '${layer.origin.name}'`);

export default defineRule({
  id: 'dropout-after-activation',
  statement: 'Dropout comes after the activation: linear → (BatchNorm) → activation → dropout.',
  levels: { recommended: 'warn', strict: 'warn' },
  fix: 'exact or inference-exact',
  formats: ['onnx', 'code', 'topology'],
  precedence: 10,
  sources: [
    { title: 'Srivastava et al. 2014, Dropout: A Simple Way to Prevent Neural Networks from Overfitting', url: 'https://jmlr.org/papers/v15/srivastava14a.html' },
  ],
  messages: {
    order: 'Dropout stands before {activation}. The result is the same here, because {function} commutes with it, but the order hides that units are dropped after their activation; move it behind.',
    scale: 'Dropout stands before {activation}: survivors are scaled by 1/(1−p){scale} before {function}, which does not keep that scale, so training and inference see different activations. Move the dropout behind it.',
    nothingDropped: 'Dropout stands before {activation}: {function}(0) is not 0, so a dropped unit still answers with a constant and nothing is dropped at all. Move the dropout behind it.',
  },
  *check({ graph, strict }) {
    for (const dropout of activationDropouts(graph)) {
      const activation = followingActivation(dropout);
      if (!activation) continue;
      const messageId = distortion(activation);
      const scale = dropout.rate !== undefined && dropout.rate > 0 && dropout.rate < 1 ? ` = ${(1 / (1 - dropout.rate)).toFixed(2)}` : '';
      yield {
        at: dropout,
        messageId,
        level: messageId === 'order' && !strict ? 'info' : 'warn',
        data: { activation: label(activation), function: activation.function, scale },
        edits: [move(dropout).after(activation)],
        related: [activation],
      };
    }
  },
});
