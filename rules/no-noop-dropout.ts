import { remove } from '../src/graph/edits.js';
import { isDead } from '../src/graph/predicates.js';
import { defineRule } from '../src/rule.js';

export default defineRule({
  id: 'no-noop-dropout',
  statement: 'A dropout can drop: its rate is not 0 and its output goes somewhere.',
  levels: { recommended: 'info', strict: 'info' },
  fix: 'exact',
  formats: ['onnx', 'code', 'topology'],
  precedence: 5,
  sources: [{ title: 'ONNX operator specification, Dropout', url: 'https://onnx.ai/onnx/operators/onnx__Dropout.html' }],
  messages: {
    zero: 'The rate is 0: this dropout never drops anything. Remove it.',
    dead: 'Nothing reads the output of this dropout. Remove it.',
  },
  *check({ graph }) {
    for (const dropout of graph.layersOf('dropout')) {
      const dead = isDead(dropout);
      // A rate of 0 that a graph input may replace is where a schedule starts or ends.
      const zero = dropout.rate === 0 && dropout.rateIsConstant;
      if (!zero && !dead) continue;
      yield { at: dropout, messageId: dead ? 'dead' : 'zero', edits: [remove(dropout)] };
    }
  },
});
