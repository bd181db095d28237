import { isOutputFunction } from '../src/graph/activations.js';
import { move } from '../src/graph/edits.js';
import type { Graph } from '../src/graph/graph.js';
import type { DropoutLayer, Layer } from '../src/graph/layers.js';
import { hasRegressionLoss } from '../src/graph/predicates.js';
import { activationDropouts, ahead, chains, follow, next, previous } from '../src/graph/traversal.js';
import { defineRule } from '../src/rule.js';

const isHarmless = (layer: Layer) => layer.kind === 'reshape' || layer.kind === 'dropout' || layer.kind === 'activation' || layer.kind === 'pooling';
const isInner = (layer: Layer) => layer.kind === 'activation' && !isOutputFunction(layer) && !['scale', 'linear', 'negate'].includes(layer.function);

const isOnTheWay = (layer: Layer) => isHarmless(layer) && !isInner(layer);

/** Layers whose result meets nothing but output activations and movement, on every way to the output. */
function finalLayers(graph: Graph): ReadonlySet<Layer> {
  const final = new Set<Layer>();
  for (const layer of graph.layers.toReversed()) {
    if (layer.outputs.every(({ consumers }) => consumers.every((consumer) => isOnTheWay(consumer) && final.has(consumer)))) final.add(layer);
  }
  return final;
}

/** The last layer of the model with weights, when only output activations stand between it and the output. */
function outputLayer(dropout: DropoutLayer, back: (from: Layer) => { readonly end: Layer | undefined }, isFinal: (layer: Layer) => boolean): Layer | undefined {
  const beyond = ahead(dropout);
  if (!beyond.boundary || beyond.unknown || beyond.merge || beyond.convolution || beyond.linear || beyond.recurrent) return undefined;
  const { end } = back(dropout);
  // A recurrent layer ends in an activation of its own: what it gives is a truncated model's features.
  if (end?.kind !== 'linear' && end?.kind !== 'convolution') return undefined;
  return isFinal(dropout) ? end : undefined;
}

export default defineRule({
  id: 'no-dropout-on-output',
  statement: "Dropout does not act on the model's answer.",
  levels: { recommended: 'warn', strict: 'error' },
  fix: 'inference-exact',
  formats: ['onnx', 'code', 'topology'],
  precedence: 8,
  sources: [{ title: 'Srivastava et al. 2014: dropout is applied to input and hidden units', url: 'https://jmlr.org/papers/v15/srivastava14a.html' }],
  messages: {
    output: "Dropout on the model's answer: nothing with weights comes after '{layer}', so in training {dropped} of its outputs are set to 0 and the loss is computed from a corrupted answer. Drop before '{layer}' instead.",
    regression: "Dropout right before the regression output '{layer}': what it predicts is scaled by the units that happen to survive.",
  },
  *check({ graph, strict }) {
    if (graph.role !== 'model') return;
    const back = chains(previous, isOnTheWay, undefined, () => undefined);
    let final: ReadonlySet<Layer> | undefined;
    for (const dropout of activationDropouts(graph)) {
      const layer = outputLayer(dropout, back, (each) => (final ??= finalLayers(graph)).has(each));
      const data = { dropped: dropout.rate === undefined ? 'some' : `${Math.round(100 * dropout.rate)} %`, layer: layer?.origin.name ?? '' };
      if (layer) yield { at: dropout, messageId: 'output', data, edits: [move(dropout).before(layer)], related: [layer] };
      else if (strict) {
        const { end: output } = follow(dropout, next, (each) => each.kind === 'reshape');
        if (output?.kind === 'linear' && (output.units === 1 || hasRegressionLoss(graph)) && isLinearOutput(output)) yield { at: dropout, messageId: 'regression', level: 'info', data: { ...data, layer: output.origin.name }, related: [output] };
      }
    }
  },
});

/** Nothing but reshaping stands between the layer and the model's output. */
function isLinearOutput(layer: Layer): boolean {
  const { end, passed } = follow(layer, next, (each) => each.kind === 'reshape');
  return end === undefined && (passed.at(-1) ?? layer).outputs[0].isGraphOutput;
}
