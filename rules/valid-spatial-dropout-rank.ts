import { configure } from '../src/graph/edits.js';
import type { DropoutLayer } from '../src/graph/layers.js';
import { defineRule } from '../src/rule.js';
import type { Problem } from '../src/rule.js';

type MessageId = 'rank' | 'noiseRank' | 'batch';

function problemOf(dropout: DropoutLayer): Omit<Problem<MessageId>, 'at'> | undefined {
  const rank = dropout.inputs[0]?.shape?.length;
  if (dropout.type === 'spatialDropout1d') {
    if (rank === undefined || rank === 3) return undefined;
    const fix = rank === 2 ? { edits: [configure(dropout, { type: 'dropout' })], repair: true } : {};
    return { messageId: 'rank', data: { rank }, ...fix };
  }
  const noise = dropout.configuration?.entries.get('noiseShape')?.value;
  if (!Array.isArray(noise)) return undefined;
  if (rank !== undefined && noise.length !== rank) return { messageId: 'noiseRank', data: { rank, noise: noise.length } };
  if (typeof noise[0] !== 'number' || noise[0] === 1) return undefined;
  return { messageId: 'batch', data: { batch: noise[0] }, edits: [configure(dropout, { freeBatch: true })], repair: true };
}

export default defineRule<MessageId>({
  id: 'valid-spatial-dropout-rank',
  statement: 'The mask of spatial dropout has the rank of what it drops, and any batch size.',
  levels: { recommended: 'error', strict: 'error' },
  fix: 'repair',
  formats: ['code', 'topology'],
  precedence: 4,
  sources: [{ title: 'TensorFlow.js, SpatialDropout1D and Dropout.getNoiseShape (test/tensorflowjs)', url: 'https://github.com/tensorflow/tfjs/blob/master/tfjs-layers/src/layers/core.ts' }],
  messages: {
    rank: 'spatialDropout1d takes sequences of rank 3 and is given rank {rank}: building the model throws. Use dropout for vectors, and dropout with a noiseShape for images.',
    noiseRank: 'The noiseShape has {noise} extents for data of rank {rank}: it is broadcast silently, so other units share a mask than it says.',
    batch: 'The noiseShape fixes the batch size to {batch}: the last, smaller batch crashes. Write null for the batch.',
  },
  *check({ graph }) {
    for (const dropout of graph.layersOf('dropout')) {
      const problem = dropout.form === 'recurrent' ? undefined : problemOf(dropout);
      if (problem) yield { at: dropout, ...problem };
    }
  },
});
