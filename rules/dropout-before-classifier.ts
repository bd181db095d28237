import { insert } from '../src/graph/edits.js';
import type { Graph } from '../src/graph/graph.js';
import { classifierHead, hasRegressionLoss, isTransformer } from '../src/graph/predicates.js';
import type { ClassifierHead } from '../src/graph/predicates.js';
import { defineRule } from '../src/rule.js';

/** Below this a layer is too small to overfit by itself. */
const HEAVY = 1e5;

const isRegression = (graph: Graph, { classifier }: ClassifierHead) => classifier.units === 1 || hasRegressionLoss(graph);

/** The share of the model's parameters that the heaviest hidden layer of the head holds; `undefined` when unknown. */
function heaviestShare(graph: Graph, head: ClassifierHead): number | undefined {
  if (!graph.parameters || head.heaviest === undefined) return undefined;
  return head.heaviest >= HEAVY ? head.heaviest / graph.parameters : 0;
}

/** Distinct heads: several outputs may share one classifier. */
function* headsOf(graph: Graph): Generator<ClassifierHead> {
  const seen = new Set<unknown>();
  for (const output of graph.outputs) {
    const head = output.producer && classifierHead(output.producer);
    if (head && !seen.has(head.classifier)) {
      seen.add(head.classifier);
      yield head;
    }
  }
}

export default defineRule<'missing', { rate: number }>({
  id: 'dropout-before-classifier',
  statement: "The final classifier's fully connected layer has dropout before it.",
  levels: { recommended: 'info', strict: 'warn' },
  fix: 'inference-exact',
  formats: ['onnx', 'code', 'topology'],
  precedence: 20,
  options: {
    type: 'object',
    additionalProperties: false,
    properties: { rate: { type: 'number', minimum: 0, maximum: 1, default: 0.5, description: 'Rate of the dropout that the fix inserts.' } },
  },
  sources: [
    { title: 'Srivastava et al. 2014, Dropout: A Simple Way to Prevent Neural Networks from Overfitting', url: 'https://jmlr.org/papers/v15/srivastava14a.html' },
    { title: 'Krizhevsky, Sutskever & Hinton 2012, ImageNet Classification with Deep Convolutional Neural Networks, §4.2', url: 'https://papers.nips.cc/paper/4824' },
  ],
  messages: {
    missing: 'No dropout in the dense head before the classifier {classifier}{share}. Put Dropout({rate}) in front of it, after the activation.',
  },
  *check({ graph, strict, mode, options }) {
    if (mode !== 'training' || graph.role !== 'model') return;
    let attends: boolean | undefined;
    for (const head of headsOf(graph)) {
      if (head.isDropped) continue;
      const share = heaviestShare(graph, head);
      if (!strict && (share === undefined || share < 0.5 || head.isNormalized || isRegression(graph, head) || (attends ??= isTransformer(graph)))) continue;
      yield {
        at: head.classifier,
        messageId: 'missing',
        data: {
          classifier: `'${head.classifier.origin.name}'`,
          share: share !== undefined && share > 0 ? `; its heaviest hidden layer holds ${Math.round(100 * share)} % of the model's parameters` : '',
          rate: options.rate,
        },
        edits: [insert({ kind: 'dropout', rate: options.rate, unit: 'element', training: true }).before(head.classifier)],
      };
    }
  },
});
