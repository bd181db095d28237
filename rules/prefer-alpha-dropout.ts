import { replace } from '../src/graph/edits.js';
import { isConfigured } from '../src/graph/predicates.js';
import { activationDropouts, follow, previous } from '../src/graph/traversal.js';
import { defineRule } from '../src/rule.js';

export default defineRule({
  id: 'prefer-alpha-dropout',
  statement: 'Behind SELU dropout is AlphaDropout, which keeps mean 0 and variance 1.',
  levels: { recommended: 'warn', strict: 'warn' },
  fix: 'inference-exact',
  formats: ['onnx', 'code', 'topology'],
  precedence: 65,
  sources: [{ title: 'Klambauer et al. 2017, Self-Normalizing Neural Networks', url: 'https://arxiv.org/abs/1706.02515' }],
  messages: {
    alpha: "Plain dropout behind SELU '{selu}': dropped units become 0 instead of SELU's lower limit −1.758, and the variance {variance} of training leaves the fixed point 1 that SELU normalises to. Use AlphaDropout.",
    broken: "Plain dropout behind SELU '{selu}' breaks its normalisation; AlphaDropout would keep it, but TensorFlow.js's alphaDropout is wrong itself (a sign error shifts the mean). Use ReLU with dropout, or SELU without.",
  },
  *check({ graph }) {
    for (const dropout of activationDropouts(graph)) {
      if (dropout.law !== 'bernoulli' || dropout.form === 'recurrent') continue;
      const { rate } = dropout;
      const { end } = follow(dropout, previous, (layer) => layer.kind === 'reshape');
      if (end?.kind !== 'activation' || end.function !== 'selu') continue;
      const data = { selu: end.origin.name, variance: rate === undefined || rate >= 1 ? '1/(1 − p)' : (1 / (1 - rate)).toPrecision(3) };
      if (isConfigured(dropout)) yield { at: dropout, messageId: 'broken', data, related: [end] };
      else yield { at: dropout, messageId: 'alpha', data, related: [end], ...(dropout.unit === 'element' && { edits: [replace(dropout, { kind: 'dropout', rate: 'keep', unit: 'element', law: 'alpha' })] }) };
    }
  },
});
