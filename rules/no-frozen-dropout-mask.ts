import type { Constant, Layer } from '../src/graph/layers.js';
import { frozenMaskRate } from '../src/graph/predicates.js';
import { defineRule } from '../src/rule.js';

/** Constants that a layer multiplies its data or its weight with. */
function factorsOf(layer: Layer): readonly Constant[] {
  if (layer.kind === 'activation') return layer.factor && !layer.divides ? [layer.factor] : [];
  return layer.kind === 'linear' || layer.kind === 'convolution' ? (layer.weightFactors ?? []) : [];
}

export default defineRule({
  id: 'no-frozen-dropout-mask',
  statement: 'A dropout mask is drawn at run time, not written into the file.',
  levels: { recommended: 'warn', strict: 'warn' },
  fix: 'none',
  formats: ['onnx'],
  precedence: 62,
  sources: [{ title: 'PyTorch, torch.onnx (dynamo): dropout of constants is evaluated at export time (measured, see the page)', url: 'https://pytorch.org/docs/stable/onnx.html' }],
  messages: {
    frozen: 'A constant of zeros and {scale}: a dropout mask of rate {rate} that the exporter drew once, so that the same {zeros} are silenced for ever. Export with the mask drawn in the graph (a Dropout over the weight; torch.onnx.export with dynamo=False keeps it), or in evaluation mode.',
  },
  *check({ graph }) {
    for (const layer of graph.layers) {
      for (const factor of factorsOf(layer)) {
        const rate = frozenMaskRate(factor);
        if (rate === undefined) continue;
        yield {
          at: layer,
          messageId: 'frozen',
          data: { scale: (1 / (1 - rate)).toPrecision(3), rate: rate.toFixed(2), zeros: layer.kind === 'activation' ? 'units' : 'weights' },
          hint: 'There is no fix: what the mask silenced is not in the file.',
        };
        break;
      }
    }
  },
});
