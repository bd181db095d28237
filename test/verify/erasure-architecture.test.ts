import { describe, expect, it } from 'vitest';
import { readCode } from '../../src/formats/code/document.js';
import type { Document } from '../../src/formats/document.js';
import { isOnnxruntimeInstalled, prove, proveErasure } from '../../src/verify/index.js';
import { parseChain, toTensorFlowJs } from '../support/chain.js';

const code = (chain: string): Document => readCode('model.ts', toTensorFlowJs(parseChain(chain))!) as unknown as Document;
const source = (text: string): Document => readCode('model.ts', `import * as tf from '@tensorflow/tfjs';\n${text}`) as unknown as Document;
const dense = (middle: string) => `input(8) → linear(6) → ${middle} → linear(4)`;

describe('source code, without its dropouts', () => {
  it.each([
    ['moved', dense('dropout(0.5) → relu'), dense('relu → dropout(0.5)')],
    ['gone', dense('dropout(0.5) → relu'), dense('relu')],
    ['another rate', dense('dropout(0.5)'), dense('dropout(0.2)')],
    ['per channel', 'input(8,8,3) → conv2d(4) → dropout(0.5) → conv2d(4)', 'input(8,8,3) → conv2d(4) → spatial-dropout(0.5) → conv2d(4)'],
  ])('is the same: %s', async (_, before, after) => {
    expect(proveErasure(code(before), code(after))).toMatchObject({ check: 'erasure', verdict: 'holds' });
    expect(await prove(code(before), code(after), 'inference-exact')).toMatchObject({ verdict: 'proven' });
  });

  it.each([
    ['another activation', dense('relu'), dense('tanh'), /reLU before, activation \(tanh\) after/],
    ['another width', dense('linear(5)'), dense('linear(6)'), /differs/],
    ['a layer more', dense('relu'), dense('linear(6) → relu'), /differ/],
    ['another order of the others', dense('batch-norm → relu'), dense('relu → batch-norm'), /differ/],
  ])('is not: %s', (_, before, after, detail) => {
    const check = proveErasure(code(before), code(after));
    expect(check.verdict).toBe('fails');
    expect(check.detail).toMatch(detail);
  });

  it('every setting counts, but those of dropout', () => {
    const model = (dense: string, lstm: string) => source(`const model = tf.sequential();
model.add(tf.layers.lstm({ units: 8, inputShape: [5, 3], ${lstm} }));
model.add(tf.layers.dense({ units: 4, ${dense} }));`);
    expect(proveErasure(model("activation: 'relu'", 'dropout: 0.2'), model("activation: 'relu'", 'dropout: 0.5'))).toMatchObject({ verdict: 'holds' });
    expect(proveErasure(model("activation: 'relu'", ''), model("activation: 'relu', useBias: false", ''))).toMatchObject({ verdict: 'fails' });
    expect(proveErasure(model("kernelInitializer: 'heNormal'", ''), model("kernelInitializer: 'glorotUniform'", ''))).toMatchObject({ verdict: 'fails' });
  });

  it('a model more or less', () => {
    const one = 'const a = tf.sequential(); a.add(tf.layers.dense({ units: 4, inputShape: [3] }));';
    expect(proveErasure(source(one), source(`${one}\nconst b = tf.sequential(); b.add(tf.layers.dense({ units: 4, inputShape: [3] }));`)).detail).toBe('Models: 1 before, 2 after.');
  });
});

it('onnxruntime is found beside droplint', () => expect(isOnnxruntimeInstalled()).toBe(true));
