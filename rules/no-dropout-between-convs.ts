import { remove, replace } from '../src/graph/edits.js';
import type { DropoutLayer } from '../src/graph/layers.js';
import { isResidualBranch, isWideResNetPosition } from '../src/graph/predicates.js';
import { activationDropouts, ahead, behind } from '../src/graph/traversal.js';
import { defineRule } from '../src/rule.js';

/** Rank 4 for images, 5 for volumes, 3 for sequences: the mask has a place for every position in space. */
function hasSpace(dropout: DropoutLayer): boolean {
  const shape = dropout.inputs[0].shape;
  if (!shape || shape.length < 3) return false;
  const space = dropout.channelAxis === -1 ? shape.slice(1, -1) : shape.slice(2);
  return !space.every((extent) => extent === 1);
}

/** The nearest weighted layers on both sides are convolutions, all of them, and none ahead is the model's last. */
function standsBetweenConvolutions(dropout: DropoutLayer): boolean {
  const before = behind(dropout);
  const after = ahead(dropout);
  const onlyConvolutions = (side: typeof before) => side.convolution && !side.linear && !side.recurrent && !side.embedding && !side.unknown && !side.boundary;
  return onlyConvolutions(before) && onlyConvolutions(after) && !after.last;
}

export default defineRule<'wasted', { fix: 'spatial' | 'remove' }>({
  id: 'no-dropout-between-convs',
  statement: 'Between convolutions elementwise dropout is wasted, because neighbouring pixels give it away; use spatial dropout.',
  levels: { recommended: 'info', strict: 'warn' },
  fix: 'inference-exact',
  formats: ['onnx', 'code', 'topology'],
  precedence: 30,
  options: {
    type: 'object',
    additionalProperties: false,
    properties: { fix: { enum: ['spatial', 'remove'], default: 'spatial', description: 'Put spatial dropout in its place, or remove it.' } },
  },
  sources: [
    { title: 'Tompson et al. 2015, Efficient Object Localization Using Convolutional Networks, §3.2', url: 'https://arxiv.org/abs/1411.4280' },
    { title: 'Kim et al. 2023, How to Use Dropout Correctly on Residual Networks with Batch Normalization', url: 'https://arxiv.org/abs/2302.06112' },
  ],
  messages: {
    wasted: 'Elementwise dropout between convolutions: neighbouring pixels are correlated, so what one loses its neighbours still tell, and little but the learning rate is dampened. Drop whole channels instead (spatial dropout), or remove it.',
  },
  *check({ graph, strict, options }) {
    for (const dropout of activationDropouts(graph)) {
      if (dropout.unit !== 'element' || !hasSpace(dropout) || !standsBetweenConvolutions(dropout)) continue;
      if (!strict && (ahead(dropout).merge || isWideResNetPosition(dropout) || isResidualBranch(dropout))) continue;
      yield {
        at: dropout,
        messageId: 'wasted',
        edits: [options.fix === 'remove' ? remove(dropout) : replace(dropout, { kind: 'dropout', rate: 'keep', unit: 'channel' })],
      };
    }
  },
});
