import type { ActivationLayer, DropoutLayer, Layer } from '../src/graph/layers.js';
import { activationDropouts, follow, next, previous } from '../src/graph/traversal.js';
import { defineRule } from '../src/rule.js';

/** Multiplication by one number. */
function scaleOf(layer: Layer | undefined): number | undefined {
  if (layer?.kind !== 'activation' || layer.function !== 'scale' || layer.factor?.count !== 1) return undefined;
  const value = layer.factor.values(1)?.[0];
  return value === undefined ? undefined : layer.divides ? 1 / value : value;
}

/** A scale by 1 − p right beside the dropout, with nothing but reshaping between. */
function scaleBeside(dropout: DropoutLayer): ActivationLayer | undefined {
  const { rate } = dropout;
  if (rate === undefined || !(rate > 0 && rate < 1)) return undefined;
  const isBetween = (layer: Layer) => layer.kind === 'reshape';
  return [follow(dropout, next, isBetween).end, follow(dropout, previous, isBetween).end].find((layer): layer is ActivationLayer => {
    const scale = scaleOf(layer);
    return scale !== undefined && Math.abs(scale - (1 - rate)) < 1e-4;
  });
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
    scale: "A multiplication by {keep} = 1 − p stands beside this dropout ('{layer}'): the scaling of non-inverted dropout on top of one that scales by itself. Fold it into the weights.",
  },
  *check({ graph }) {
    for (const dropout of activationDropouts(graph)) {
      const { rate } = dropout;
      const data = rate === undefined || rate >= 1 ? { keep: '1 − p', scale: '1/(1 − p)' } : { keep: (1 - rate).toPrecision(3), scale: (1 / (1 - rate)).toPrecision(3) };
      const scale = scaleBeside(dropout);
      // A mask for each sample without a scale is stochastic depth as its authors wrote it.
      if (!dropout.inverted && dropout.unit !== 'sample') yield { at: dropout, messageId: 'mask', data };
      else if (scale && dropout.inverted) yield { at: dropout, messageId: 'scale', data: { ...data, layer: scale.origin.name }, related: [scale] };
    }
  },
});
