import type { DropoutLayer, Layer } from '../src/graph/layers.js';
import { isStochasticDepth } from '../src/graph/predicates.js';
import { activationDropouts, follow, next, previous } from '../src/graph/traversal.js';
import { defineRule } from '../src/rule.js';

/** Multiplication by one number. */
function scaleOf(layer: Layer | undefined): number | undefined {
  if (layer?.kind !== 'activation' || layer.function !== 'scale' || layer.factor?.count !== 1) return undefined;
  const value = layer.factor.values(1)?.[0];
  return value === undefined ? undefined : layer.divides ? 1 / value : value;
}

/** The branch is scaled before it is added to its skip connection. */
const isResidualScale = (layer: Layer) => {
  const { end } = follow(layer, next, (each) => each.kind === 'reshape');
  return end?.kind === 'merge' && end.of === 'add';
};

/** A scale by 1 − p right beside the dropout, or of the next layer's weight, with nothing but reshaping between. */
function scaleBeside(dropout: DropoutLayer): Layer | undefined {
  const { rate } = dropout;
  if (rate === undefined || !(rate > 0 && rate < 1)) return undefined;
  const isKeep = (scale: number | undefined) => scale !== undefined && Math.abs(scale - (1 - rate)) < 1e-4;
  const [after, before] = [next, previous].map((step) => follow(dropout, step, (layer) => layer.kind === 'reshape').end);
  const scale = [after, before].find((layer) => isKeep(scaleOf(layer)));
  if (scale) return isResidualScale(scale === after ? scale : dropout) ? undefined : scale;
  const factors = after?.kind === 'linear' || after?.kind === 'convolution' ? (after.weightFactors ?? []) : [];
  return factors.some((factor) => factor.count === 1 && isKeep(factor.values(1)?.[0])) ? after : undefined;
}

export default defineRule({
  id: 'no-legacy-scaling',
  statement: 'Dropout is inverted: survivors are scaled by 1/(1 − p) in training, and nothing is scaled at inference.',
  levels: { recommended: 'info', strict: 'info' },
  fix: 'none',
  formats: ['onnx'],
  precedence: 63,
  sources: [{ title: 'Srivastava et al. 2014, §10: scaling at training time instead of test time', url: 'https://jmlr.org/papers/v15/srivastava14a.html' }],
  messages: {
    mask: "Non-inverted dropout: survivors keep their value in training, so at inference the result must be multiplied by {keep}. Use inverted dropout (scale by {scale} in training); with W′ = (1 − p)·W plain SGD stays the same with learning rate lr′ = (1 − p)²·lr.",
    scale: "A multiplication by {keep} = 1 − p stands beside this dropout ('{layer}'): the scaling of non-inverted dropout on top of one that scales by itself. Remove it, or fold it into the weights.",
  },
  *check({ graph }) {
    for (const dropout of activationDropouts(graph)) {
      const { rate } = dropout;
      const data = rate === undefined || rate >= 1 ? { keep: '1 − p', scale: '1/(1 − p)' } : { keep: (1 - rate).toPrecision(3), scale: (1 / (1 - rate)).toPrecision(3) };
      // Stochastic depth as its authors wrote it has a mask for each sample, and scales at inference.
      if (isStochasticDepth(dropout)) continue;
      const scale = scaleBeside(dropout);
      if (!dropout.inverted) yield { at: dropout, messageId: 'mask', data };
      else if (scale) yield { at: dropout, messageId: 'scale', data: { ...data, layer: scale.origin.name }, related: [scale] };
    }
  },
});
