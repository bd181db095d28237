import { move } from '../src/graph/edits.js';
import { activationDropouts, follow, next } from '../src/graph/traversal.js';
import { defineRule } from '../src/rule.js';

export default defineRule({
  id: 'dropout-before-pooling',
  statement: 'Dropout comes after max pooling: before it, elementwise dropout changes what the maximum is taken of.',
  levels: { recommended: 'off', strict: 'info' },
  fix: 'inference-exact',
  formats: ['onnx', 'code', 'topology'],
  precedence: 35,
  sources: [
    { title: 'Wu & Gu 2015, Towards Dropout Training for Convolutional Neural Networks (max-pooling dropout)', url: 'https://arxiv.org/abs/1512.00242' },
    { title: 'Nikanjam & Khomh 2021, Design Smells in Deep Learning Programs (useless dropout)', url: 'https://arxiv.org/abs/2107.02279' },
  ],
  messages: {
    pooling: "Dropout right before max pooling '{pooling}': the maximum of a window takes the place of what was dropped, so far fewer than {rate} are silenced. Move the dropout behind the pooling.",
  },
  *check({ graph }) {
    for (const dropout of activationDropouts(graph)) {
      if (dropout.unit !== 'element') continue;
      const { end: pooling } = follow(dropout, next, (layer) => layer.kind === 'activation' && layer.function === 'relu');
      if (pooling?.kind !== 'pooling' || pooling.of !== 'max') continue;
      const rate = dropout.rate === undefined ? 'its rate' : `${Math.round(100 * dropout.rate)} %`;
      yield { at: dropout, messageId: 'pooling', data: { pooling: pooling.origin.name, rate }, edits: [move(dropout).after(pooling)], related: [pooling] };
    }
  },
});
