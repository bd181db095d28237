import { configure } from '../src/graph/edits.js';
import type { DropoutLayer } from '../src/graph/layers.js';
import { fateInOnnxruntime, isMonteCarloDropout, trainsOnlyByDropout } from '../src/graph/predicates.js';
import { defineRule } from '../src/rule.js';
import type { Problem } from '../src/rule.js';

type MessageId = 'deleted' | 'drops' | 'decomposed' | 'applied';

const messageOf = (dropout: DropoutLayer): MessageId =>
  dropout.graph.isSource ? 'applied' : dropout.form === 'decomposed' ? 'decomposed' : fateInOnnxruntime(dropout);

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
  ],
  messages: {
    deleted: "Training dropout in a deployed model: onnxruntime deletes it at its default optimisation level (so Monte-Carlo dropout is silently off), and drops when that is disabled; other runtimes drop. Set training_mode to false, or state the intent with metadata droplint.intent = mc-dropout.",
    drops: 'Training dropout in a deployed model: onnxruntime keeps it at every optimisation level because of where it stands, so answers are random. Set training_mode to false, or state the intent with metadata droplint.intent = mc-dropout.',
    decomposed: 'Dropout spelled out in random operators: no runtime ever deletes it, so answers are random. Export the model in evaluation mode, or state the intent with metadata droplint.intent = mc-dropout.',
    applied: 'apply(…, { training: true }) outside a training step: dropout is on, so answers are random. If that is meant (Monte-Carlo dropout), say so in a comment: droplint-intent: mc-dropout.',
  },
  *check({ graph, model, mode, configuredMode = 'auto' }) {
    const live = graph.layersOf('dropout').filter((dropout) => dropout.state === 'live' && dropout.rate !== 0 && !isMonteCarloDropout(dropout, model));
    if (configuredMode === 'auto' && !graph.isSource) {
      if (live.length > 0 && trainsOnlyByDropout(graph) && trainsOnlyByDropout(model)) yield { ...problem(live[0]), level: 'info' };
    } else if (mode === 'inference' || configuredMode === 'auto') {
      for (const dropout of live) yield problem(dropout);
    }
  },
});

const problem = (dropout: DropoutLayer): Problem<MessageId> => ({
  at: dropout,
  messageId: messageOf(dropout),
  ...(dropout.form === 'operator' && !dropout.graph.isSource && { edits: [configure(dropout, { trainingMode: false })], suggestion: true }),
});
