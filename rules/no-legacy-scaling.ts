import { foldScale } from '../src/graph/edits.js';
import type { Edit } from '../src/graph/edits.js';
import type { ActivationLayer, DropoutLayer, WeightedLayer } from '../src/graph/layers.js';
import { scaleBeside, takersOfFactors } from '../src/graph/legacy-scaling.js';
import { isStochasticDepth } from '../src/graph/predicates.js';
import { activationDropouts } from '../src/graph/traversal.js';
import { defineRule } from '../src/rule.js';

/** W′ = (1 − p)·W in the layer behind, or before: where the scale goes that stands there, or that is missing. */
function folding(dropout: DropoutLayer, scale: ActivationLayer | WeightedLayer | undefined, taker: ReturnType<typeof takersOfFactors>): readonly Edit[] | undefined {
  const { rate, law, inverted } = dropout;
  if (rate === undefined || !(rate > 0 && rate < 1) || law !== 'bernoulli') return undefined;
  if (scale && scale.kind !== 'activation') return inverted ? [foldScale(dropout, scale)] : undefined;
  const into = taker(dropout);
  // A bare mask and a scale beside it shrink twice: what is meant, nobody knows.
  return into && (inverted || !scale) ? [foldScale(dropout, into, scale)] : undefined;
}

export default defineRule({
  id: 'no-legacy-scaling',
  statement: 'Dropout is inverted: survivors are scaled by 1/(1 − p) in training, and nothing is scaled at inference.',
  levels: { recommended: 'info', strict: 'info' },
  fix: 'inference-exact',
  formats: ['onnx'],
  precedence: 63,
  sources: [{ title: 'Srivastava et al. 2014, §10: scaling at training time instead of test time', url: 'https://jmlr.org/papers/v15/srivastava14a.html' }],
  messages: {
    mask: "Non-inverted dropout: survivors keep their value in training, so at inference the result must be multiplied by {keep}. Use inverted dropout (scale by {scale} in training); with W′ = (1 − p)·W plain SGD stays the same with learning rate lr′ = (1 − p)²·lr.",
    scale: "A multiplication by {keep} = 1 − p stands beside this dropout ('{layer}'): the scaling of non-inverted dropout on top of one that scales by itself. Remove it, or fold it into the weights (W′ = (1 − p)·W; plain SGD stays the same with learning rate lr′ = (1 − p)²·lr).",
  },
  *check({ graph }) {
    const taker = takersOfFactors();
    for (const dropout of activationDropouts(graph)) {
      const { rate } = dropout;
      const data = rate === undefined || rate >= 1 ? { keep: '1 − p', scale: '1/(1 − p)' } : { keep: (1 - rate).toPrecision(3), scale: (1 / (1 - rate)).toPrecision(3) };
      // Stochastic depth as its authors wrote it has a mask for each sample, and scales at inference.
      if (isStochasticDepth(dropout)) continue;
      const scale = scaleBeside(dropout);
      const fix = () => {
        const edits = folding(dropout, scale, taker);
        return edits && { edits };
      };
      if (!dropout.inverted) yield { at: dropout, messageId: 'mask', data, ...fix() };
      else if (scale) yield { at: dropout, messageId: 'scale', data: { ...data, layer: scale.origin.name }, related: [scale], ...fix() };
    }
  },
});
