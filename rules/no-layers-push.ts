import { configure } from '../src/graph/edits.js';
import { defineRule } from '../src/rule.js';

export default defineRule({
  id: 'no-layers-push',
  statement: 'Layers are added with model.add, not pushed onto model.layers.',
  levels: { recommended: 'error', strict: 'error' },
  fix: 'repair',
  formats: ['code'],
  precedence: 0,
  sources: [{ title: 'TensorFlow.js, Sequential.add builds the layer and its connections (test/tensorflowjs)', url: 'https://github.com/tensorflow/tfjs/blob/master/tfjs-layers/src/models.ts' }],
  messages: {
    push: 'model.layers.push adds nothing: the layer is not connected, and the model is built without it. Use model.add.',
  },
  *check({ graph }) {
    for (const layer of graph.layers) {
      if (layer.placement === 'layers-push') yield { at: layer, messageId: 'push', edits: [configure(layer, { placement: 'add' })], repair: true };
    }
  },
});
