import { configure } from '../src/graph/edits.js';
import { defineRule } from '../src/rule.js';

export default defineRule({
  id: 'no-frozen-recurrent-mask',
  statement: 'A recurrent cell with dropout stands in its own layer, not in rnn({ cell }).',
  levels: { recommended: 'warn', strict: 'warn' },
  fix: 'suggestion',
  formats: ['code', 'topology'],
  precedence: 66,
  sources: [
    { title: 'TensorFlow.js, tfjs-layers/src/layers/recurrent.ts: only LSTM, GRU and SimpleRNN dispose of their masks (test/tensorflowjs)', url: 'https://github.com/tensorflow/tfjs/blob/master/tfjs-layers/src/layers/recurrent.ts' },
    { title: 'tensorflow/tensorflow#32543, the same fault in Python, fixed there', url: 'https://github.com/tensorflow/tensorflow/issues/32543' },
  ],
  messages: {
    frozen: 'Inside rnn({ cell }) TensorFlow.js draws the dropout mask once and keeps it for ever, and crashes when the batch size changes. Use the layer itself: lstm, gru or simpleRNN with the same settings.',
  },
  *check({ graph }) {
    for (const dropout of graph.layersOf('dropout')) {
      if (!dropout.insideCell || dropout.rate === 0) continue;
      yield { at: dropout, messageId: 'frozen', edits: [configure(dropout, { unwrapCell: true })], suggestion: true };
    }
  },
});
