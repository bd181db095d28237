import { configure } from '../src/graph/edits.js';
import type { DropoutLayer } from '../src/graph/layers.js';
import { defineRule } from '../src/rule.js';

const KEEP = /keep[_-]?(?:prob|rate|p\b)|(?:prob|rate|probability)[_-]?(?:of[_-]?)?keep|retain(?:[_-]?(?:prob|rate))?\b|retention/i;
/** `1 - keepProb` is right. */
const IS_COMPLEMENT = /^\(*\s*1(?:\.0*)?\s*-/;

/** The name that says that the rate is a probability of keeping. */
function keepName(dropout: DropoutLayer): string | undefined {
  const entry = dropout.configuration?.entries.get('rate');
  if (entry) return IS_COMPLEMENT.test(entry.text) ? undefined : entry.identifiers.find((name) => KEEP.test(name));
  return dropout.rateName !== undefined && KEEP.test(dropout.rateName) ? dropout.rateName : undefined;
}

export default defineRule({
  id: 'no-keep-probability-as-rate',
  statement: 'A keep probability is not passed as a rate.',
  levels: { recommended: 'warn', strict: 'warn' },
  fix: 'suggestion',
  formats: ['onnx', 'code', 'topology'],
  precedence: 2,
  sources: [{ title: 'TensorFlow 2 migration notes: tf.nn.dropout takes rate = 1 − keep_prob', url: 'https://www.tensorflow.org/api_docs/python/tf/compat/v1/nn/dropout' }],
  messages: {
    keep: "'{name}' names the probability of keeping a unit, but a dropout takes the probability of dropping it{now}. Pass 1 − {name}.",
  },
  *check({ graph }) {
    for (const dropout of graph.layersOf('dropout')) {
      const name = keepName(dropout);
      if (!name) continue;
      const now = dropout.rate === undefined ? '' : `: ${Math.round(100 * dropout.rate)} % of the units are dropped`;
      yield { at: dropout, messageId: 'keep', data: { name, now }, edits: [configure(dropout, { complementRate: true })], suggestion: true };
    }
  },
});
