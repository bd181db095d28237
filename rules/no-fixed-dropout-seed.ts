import { configure } from '../src/graph/edits.js';
import type { DropoutLayer } from '../src/graph/layers.js';
import { isConfigured } from '../src/graph/predicates.js';
import { defineRule } from '../src/rule.js';

const TEST_FILE = /(?:^|[\\/])(?:__tests__|tests?|specs?)[\\/]|[._-](?:test|spec)\.[cm]?[jt]sx?$/i;

/** Dropouts of one graph that share a seed, beyond the first of each. */
function sharedSeeds(dropouts: readonly DropoutLayer[]): readonly (readonly [DropoutLayer, DropoutLayer])[] {
  const first = new Map<number, DropoutLayer>();
  return dropouts.flatMap((dropout): (readonly [DropoutLayer, DropoutLayer])[] => {
    if (dropout.seed === undefined) return [];
    const earlier = first.get(dropout.seed);
    if (earlier) return [[dropout, earlier]];
    first.set(dropout.seed, dropout);
    return [];
  });
}

export default defineRule({
  id: 'no-fixed-dropout-seed',
  statement: 'A dropout draws its mask anew each time and for itself.',
  levels: { recommended: 'warn', strict: 'warn' },
  fix: 'inference-exact',
  formats: ['onnx', 'code', 'topology'],
  precedence: 50,
  sources: [
    { title: 'TensorFlow.js, dropout with a seed gives the same mask on every batch (test/tensorflowjs)' },
    { title: 'ONNX operator specification, Dropout: attribute seed', url: 'https://onnx.ai/onnx/operators/onnx__Dropout.html' },
  ],
  messages: {
    repeated: 'The seed makes TensorFlow.js draw the same mask on every batch: the same units are silenced for ever, and the rest is all that is trained. Remove it.',
    shared: "The same seed as '{other}': in onnxruntime the two dropouts share their mask. Remove one seed.",
  },
  *check({ graph }) {
    const dropouts = graph.layersOf('dropout');
    for (const dropout of dropouts.filter(isConfigured)) {
      if (dropout.seed === undefined || TEST_FILE.test(dropout.origin.source?.file ?? '')) continue;
      yield { at: dropout, messageId: 'repeated', edits: [configure(dropout, { removeSeed: true })] };
    }
    for (const [dropout, other] of sharedSeeds(dropouts.filter((each) => !isConfigured(each)))) {
      yield { at: dropout, messageId: 'shared', data: { other: other.origin.name }, edits: [configure(dropout, { removeSeed: true })], related: [other] };
    }
  },
});
