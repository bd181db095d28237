import { configure } from '../src/graph/edits.js';
import { defineRule } from '../src/rule.js';

/** From here on a rate is a warning whatever `max` allows. */
const HIGH = 0.8;

export default defineRule<'high', { max: number }>({
  id: 'no-high-dropout-rate',
  statement: 'A high rate starves the network: it underfits.',
  levels: { recommended: 'warn', strict: 'warn' },
  fix: 'suggestion',
  formats: ['onnx', 'code', 'topology'],
  precedence: 3,
  options: {
    type: 'object',
    additionalProperties: false,
    properties: { max: { type: 'number', minimum: 0, maximum: 1, default: 0.5, description: 'The highest rate that is no finding, and what the suggestion sets.' } },
  },
  sources: [
    { title: 'Srivastava et al. 2014, §7.3: test error rises again for retention probabilities below about 0.4', url: 'https://jmlr.org/papers/v15/srivastava14a.html' },
    { title: "Szegedy et al. 2015, Going Deeper with Convolutions: 0.7 in the auxiliary heads", url: 'https://arxiv.org/abs/1409.4842' },
  ],
  messages: {
    high: 'Rate {rate}: {dropped} % of the units are silenced in every step and the rest are scaled by {scale}, which starves the layers behind them (underfitting). Rates above {max} are rare.',
  },
  *check({ graph, strict, options }) {
    for (const dropout of graph.layersOf('dropout')) {
      const { rate } = dropout;
      // Float32 writes 0.8 as 0.80000001.
      if (rate === undefined || !(rate > options.max + 1e-6) || rate >= 1) continue;
      yield {
        at: dropout,
        messageId: 'high',
        level: strict || rate >= HIGH - 1e-6 ? 'warn' : 'info',
        data: { rate: String(Math.round(rate * 1e4) / 1e4), dropped: Math.round(100 * rate), scale: (1 / (1 - rate)).toFixed(1), max: options.max },
        edits: [configure(dropout, { rate: options.max })],
        suggestion: true,
      };
    }
  },
});
