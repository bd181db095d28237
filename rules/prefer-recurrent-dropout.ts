import type { Graph } from '../src/graph/graph.js';
import type { DropoutLayer, Layer } from '../src/graph/layers.js';
import { activationDropouts, follow, next, previous } from '../src/graph/traversal.js';
import { defineRule } from '../src/rule.js';
import type { Problem } from '../src/rule.js';

/** A recurrent layer right before or after the dropout. */
function recurrentBeside(dropout: DropoutLayer): Layer | undefined {
  const isBetween = (layer: Layer) => layer.kind === 'reshape';
  return [follow(dropout, next, isBetween).end, follow(dropout, previous, isBetween).end].find((layer) => layer?.kind === 'recurrent');
}

/** Values of a loop body that go back into its next step: what is carried comes first among its outputs. */
function carriedLayers(graph: Graph): ReadonlySet<Layer> {
  const reached = new Set<Layer>();
  const open = graph.outputs.filter((output) => output.producer).map((output) => output.producer!);
  while (open.length > 0) {
    const layer = open.pop()!;
    if (reached.has(layer)) continue;
    reached.add(layer);
    for (const input of layer.inputs) if (input.producer) open.push(input.producer);
  }
  return reached;
}

/** The dropout reads, directly or through elementwise layers, what the step before has left. */
function isOnState(dropout: DropoutLayer): boolean {
  const { passed, end } = follow(dropout, previous, (layer) => layer.kind === 'reshape' || layer.kind === 'activation');
  const first = end ?? passed.at(-1) ?? dropout;
  return first.inputs.some((input) => input.isGraphInput);
}

export default defineRule({
  id: 'prefer-recurrent-dropout',
  statement: 'Recurrent state is dropped with one mask for the whole sequence.',
  levels: { recommended: 'warn', strict: 'warn' },
  fix: 'none',
  formats: ['onnx', 'code', 'topology'],
  precedence: 64,
  sources: [
    { title: 'Gal & Ghahramani 2016, A Theoretically Grounded Application of Dropout in Recurrent Neural Networks', url: 'https://arxiv.org/abs/1512.05287' },
    { title: 'Zaremba, Sutskever & Vinyals 2014, Recurrent Neural Network Regularization', url: 'https://arxiv.org/abs/1409.2329' },
    { title: 'Semeniuta, Severyn & Barth 2016, Recurrent Dropout without Memory Loss', url: 'https://arxiv.org/abs/1603.05118' },
  ],
  messages: {
    state: 'A fresh mask at every step on the state that the loop carries: after t steps a unit has survived with probability {survival}, so memory is destroyed. Draw one mask for the sequence outside the loop (recurrent dropout).',
    around: "Plain dropout beside the recurrent layer '{layer}': fine between layers (Zaremba 2014); recurrent dropout, with one mask for the sequence, regularises the recurrence as well.",
  },
  *check({ graph, strict }): Iterable<Problem<'state' | 'around'>> {
    const carried = graph.role === 'loop' ? carriedLayers(graph) : undefined;
    for (const dropout of activationDropouts(graph)) {
      if (dropout.form === 'recurrent') continue;
      if (carried?.has(dropout) && isOnState(dropout)) {
        const survival = dropout.rate === undefined ? '(1 − p)^t' : `${(1 - dropout.rate).toPrecision(2)}^t`;
        yield { at: dropout, messageId: 'state', data: { survival } };
      } else if (strict && dropout.unit === 'element') {
        const layer = recurrentBeside(dropout);
        if (layer) yield { at: dropout, messageId: 'around', level: 'info', data: { layer: layer.origin.name }, related: [layer] };
      }
    }
  },
});
