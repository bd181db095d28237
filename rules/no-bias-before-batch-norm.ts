import { configure, foldBias } from '../src/graph/edits.js';
import type { ConvolutionLayer, LinearLayer, NormalizationLayer } from '../src/graph/layers.js';
import { hasRunningStatistics, isConfigured } from '../src/graph/predicates.js';
import { follow, next } from '../src/graph/traversal.js';
import { defineRule } from '../src/rule.js';

type Biased = LinearLayer | ConvolutionLayer;

/** Where in a result the layer's units are: BatchNorm must normalise along that axis. */
function unitsAreChannels(layer: Biased, batchNorm: NormalizationLayer): boolean {
  if (isConfigured(layer)) return true;
  const rank = layer.outputs[0].shape?.length;
  const [units, channels] = [layer.kind === 'linear' ? layer.units : layer.filters, batchNorm.inputs[0].shape?.[1]];
  // ONNX normalises along axis 1, where a fully connected layer has its units at rank 2 alone.
  return (layer.kind === 'convolution' || rank === 2) && (units === undefined || channels === undefined || units === channels);
}

function batchNormBehind(layer: Biased): NormalizationLayer | undefined {
  const { end } = follow(layer, next, (each) => each.kind === 'reshape' && each.order === 'row-major');
  return end && hasRunningStatistics(end) && unitsAreChannels(layer, end) ? end : undefined;
}

export default defineRule({
  id: 'no-bias-before-batch-norm',
  statement: 'A layer before BatchNorm has no bias: BatchNorm subtracts it again.',
  levels: { recommended: 'info', strict: 'info' },
  fix: 'exact (code: suggestion)',
  formats: ['onnx', 'code', 'topology'],
  precedence: 70,
  sources: [{ title: 'Ioffe & Szegedy 2015, Batch Normalization, §3.2: the bias is subsumed by β', url: 'https://arxiv.org/abs/1502.03167' }],
  messages: {
    bias: "The bias of '{layer}' is subtracted again by BatchNorm '{batchNorm}': it is trained and stored for nothing. BN(Wx + b) = BN(Wx) once the running mean is lowered by b.",
  },
  *check({ graph }) {
    for (const layer of [...graph.layersOf('linear'), ...graph.layersOf('convolution')]) {
      if (layer.hasBias !== true) continue;
      const batchNorm = batchNormBehind(layer);
      if (!batchNorm) continue;
      // Weights that were saved with the bias would no longer load.
      const fix = isConfigured(layer) ? { edits: [configure(layer, { useBias: false })], suggestion: true } : { edits: [foldBias(layer, batchNorm)] };
      yield { at: layer, messageId: 'bias', data: { layer: layer.origin.name, batchNorm: batchNorm.origin.name }, related: [batchNorm], ...fix };
    }
  },
});
