import { configure } from '../src/graph/edits.js';
import type { Applied, DropoutLayer } from '../src/graph/layers.js';
import { fateInOnnxruntime, isMonteCarloDropout, trainsOnlyByDropout } from '../src/graph/predicates.js';
import { defineRule } from '../src/rule.js';
import type { Problem } from '../src/rule.js';

type MessageId = 'deleted' | 'drops' | 'decomposed' | 'applied' | 'forgotten' | 'ignored';

const messageOf = (dropout: DropoutLayer): MessageId => (dropout.form === 'decomposed' ? 'decomposed' : fateInOnnxruntime(dropout));

export default defineRule<MessageId>({
  id: 'no-training-dropout-at-inference',
  statement: 'A model that is deployed does not drop.',
  levels: { recommended: 'warn', strict: 'warn' },
  fix: 'suggestion',
  formats: ['onnx', 'code'],
  precedence: 60,
  sources: [
    { title: 'Gal & Ghahramani 2016, Dropout as a Bayesian Approximation', url: 'https://arxiv.org/abs/1506.02142' },
    { title: 'onnxruntime, EliminateDropout (measured: test/verify/onnxruntime.test.ts)', url: 'https://onnxruntime.ai/docs/performance/model-optimizations/graph-optimizations.html' },
    { title: 'TensorFlow.js, issue 7250: training=true on a layer is not kept (measured: test/tensorflowjs)', url: 'https://github.com/tensorflow/tfjs/issues/7250' },
  ],
  messages: {
    deleted: "Training dropout in a deployed model: onnxruntime deletes it at its default optimisation level (so Monte-Carlo dropout is silently off), and drops when that is disabled; other runtimes drop. Set training_mode to false, or state the intent with metadata droplint.intent = mc-dropout.",
    drops: 'Training dropout in a deployed model: onnxruntime keeps it at every optimisation level because of where it stands, so answers are random. Set training_mode to false, or state the intent with metadata droplint.intent = mc-dropout.',
    decomposed: 'Dropout spelled out in random operators: no runtime ever deletes it, so answers are random. Export the model in evaluation mode, or state the intent with metadata droplint.intent = mc-dropout.',
    applied: "apply(…, { training: true }) outside a training step: '{dropout}' drops, so answers are random. Set training to false, or say that Monte-Carlo dropout is meant in a comment: droplint-intent: mc-dropout.",
    ignored: "predict ignores { training: true }: '{dropout}' does not drop (Monte-Carlo dropout is silently off), and each answer is the same. Call apply(…, { training: true }) where it is to drop.",
    forgotten: "TensorFlow.js forgets the training: true of a layer that is applied to a symbolic tensor: '{dropout}' drops in fit and never in predict, as without it (Monte-Carlo dropout is silently off). Apply the whole model with training: true where it is to drop.",
  },
  *check({ graph, model, mode, configuredMode = 'auto' }) {
    const live = graph.layersOf('dropout').filter((dropout) => dropout.state === 'live' && dropout.rate !== 0 && !isMonteCarloDropout(dropout, model));
    if (configuredMode === 'auto' && !graph.isSource) {
      if (live.length > 0 && trainsOnlyByDropout(graph) && trainsOnlyByDropout(model)) yield { ...inGraph(live[0]), level: 'info' };
    } else if (mode === 'inference' || configuredMode === 'auto') {
      for (const dropout of live) {
        if (!dropout.applied) yield inGraph(dropout);
        else if (!dropout.applied.trains) yield inCode(dropout, dropout.applied, live);
      }
    }
  },
});

const inGraph = (dropout: DropoutLayer): Problem<MessageId> => ({
  at: dropout,
  messageId: messageOf(dropout),
  ...(dropout.form !== 'decomposed' && { edits: [configure(dropout, { trainingMode: false })], suggestion: true }),
});

/** Of the call, which may be that of a model with many dropouts. */
const inCode = (dropout: DropoutLayer, applied: Applied, live: readonly DropoutLayer[]): Problem<MessageId> => ({
  at: dropout,
  place: applied.origin,
  messageId: applied.ignored ? 'ignored' : applied.symbolic ? 'forgotten' : 'applied',
  data: { dropout: dropout.origin.name },
  ...(!applied.ignored && { edits: [configure(dropout, { trainingMode: false })], suggestion: true }),
  related: live.filter((other) => other !== dropout && other.applied?.origin.path === applied.origin.path),
});
