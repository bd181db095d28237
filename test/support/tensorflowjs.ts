/** Small TensorFlow.js files around one statement, for the rules that only code can break. */
import type { Document, TextDocument } from '../../src/formats/document.js';

/** dense → `statement` → dense; `rate` and `options` are not known. */
export const withLayer = (statement: string, inputShape: readonly number[] = [16]): string => `import * as tf from '@tensorflow/tfjs';

export function build(rate: number, options: { rate: number }) {
  const model = tf.sequential();
  model.add(tf.layers.dense({ units: 8, activation: 'relu', inputShape: [${inputShape.join(', ')}] }));
  ${statement}
  model.add(tf.layers.dense({ units: 2, activation: 'softmax' }));
  return model;
}
`;

/** The statement as it is now; everything around it must be as it was. */
export function textAfter(document: Document, inputShape?: readonly number[]): string {
  const { text } = document as TextDocument;
  const [before, after] = withLayer('·', inputShape).split('·') as [string, string];
  if (!text.startsWith(before) || !text.endsWith(after)) throw new Error(`other lines changed:\n${text}`);
  return text.slice(before.length, text.length - after.length);
}
