/** VGG-16 (Simonyan & Zisserman 2014) at its real size: 138 million parameters, 553 MB; opset 17. */
import { activation } from '../../fixtures/builders/activations.js';
import { dropout } from '../../fixtures/builders/dropout-forms.js';
import { convolution, flatten, linear, pool } from '../../fixtures/builders/layers.js';
import { unweighted, type UnweightedModel } from './unweighted.js';

const STAGES = [[2, 64], [2, 128], [3, 256], [3, 512], [3, 512]] as const;

/** With a fault: the first dropout stands in front of its ReLU. */
export function vgg16(): UnweightedModel {
  const unfilled = unweighted({ opset: 17 });
  const g = unfilled.model.graph;
  let x = g.input('image', [1, 3, 224, 224]);
  let index = 0;
  for (const [convolutions, width] of STAGES) {
    for (let i = 0; i < convolutions; i += 1) x = activation(g, convolution(g, x, width, { scope: `features.${index++}` }), 'relu', { scope: `features.${index++}` });
    x = pool(g, x, 'max', 2, { scope: `features.${index++}` });
  }
  x = linear(g, flatten(g, x), 4096, { scope: 'classifier.0' });
  x = activation(g, dropout(g, x, { rate: 0.5, state: 'live', scope: 'classifier.1' }), 'relu', { scope: 'classifier.2' });
  x = activation(g, linear(g, x, 4096, { scope: 'classifier.3' }), 'relu', { scope: 'classifier.4' });
  x = dropout(g, x, { rate: 0.5, state: 'live', scope: 'classifier.5' });
  g.output(linear(g, x, 1000, { scope: 'classifier.6' }), 'logits');
  return unfilled;
}
