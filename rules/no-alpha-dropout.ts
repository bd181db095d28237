import { defineRule } from '../src/rule.js';

export default defineRule({
  id: 'no-alpha-dropout',
  statement: "TensorFlow.js's alphaDropout is not used: it shifts the mean.",
  levels: { recommended: 'warn', strict: 'warn' },
  fix: 'none',
  formats: ['code', 'topology'],
  precedence: 67,
  sources: [
    { title: 'TensorFlow.js, tfjs-layers/src/layers/noise.ts: keptIdx − 1 where 1 − keptIdx is meant (test/tensorflowjs)', url: 'https://github.com/tensorflow/tfjs/blob/master/tfjs-layers/src/layers/noise.ts' },
    { title: 'Klambauer et al. 2017, Self-Normalizing Neural Networks', url: 'https://arxiv.org/abs/1706.02515' },
  ],
  messages: {
    alpha: "TensorFlow.js's alphaDropout has a sign error: dropped units get +1.758 instead of −1.758, which shifts the mean (by +0.62 at rate 0.2). Use dropout behind ReLU, gaussianDropout, or SELU without dropout.",
  },
  *check({ graph }) {
    for (const dropout of graph.layersOf('dropout')) {
      // That of droplint/tfjs has the right sign.
      if (dropout.law === 'alpha' && dropout.library === undefined) yield { at: dropout, messageId: 'alpha' };
    }
  },
});
