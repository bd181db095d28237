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

  describe('dropouts inside other layers', () => {
    const dropped = (layer: string) => source(`import { AlphaDropout, DropConnectDense, VariationalDropout } from 'droplint/tfjs';
const model = tf.sequential();
model.add(tf.layers.embedding({ inputDim: 9, outputDim: 4, inputLength: 5 }));
${layer}
model.add(tf.layers.dense({ units: 1 }));`);
    const add = (layer: string) => dropped(`model.add(${layer});`);
    const DENSE = "tf.layers.dense({ units: 4, activation: 'relu' })";
    const LSTM = 'tf.layers.lstm({ units: 4 })';

    it.each([
      ['the weights of a dense layer', DENSE, "new DropConnectDense({ units: 4, activation: 'relu', rate: 0.5 })"],
      ['each example by itself', DENSE, "new DropConnectDense({ rate: 0.5, maskPer: 'example', units: 4, activation: 'relu' })"],
      ['inside timeDistributed', `tf.layers.timeDistributed({ layer: ${DENSE} })`, "tf.layers.timeDistributed({ layer: new DropConnectDense({ units: 4, activation: 'relu', rate: 0.5 }) })"],
      ['inputs and state', LSTM, 'tf.layers.lstm({ units: 4, dropout: 0.5, recurrentDropout: 0.5 })'],
      ['inside bidirectional', `tf.layers.bidirectional({ layer: ${LSTM} })`, 'tf.layers.bidirectional({ layer: tf.layers.lstm({ units: 4, recurrentDropout: 0.5 }) })'],
      ['inside a cell', 'tf.layers.rnn({ cell: tf.layers.gruCell({ units: 4 }) })', 'tf.layers.rnn({ cell: tf.layers.gruCell({ units: 4, dropout: 0.5 }) })'],
      ['in front of it', LSTM, `new VariationalDropout({ rate: 0.5, divergenceWeight: 1 }));\nmodel.add(${LSTM}`],
    ])('are erased: %s', (_, without, withDropout) => expect(proveErasure(add(without), add(withDropout))).toMatchObject({ verdict: 'holds' }));

    it.each([
      ['another width', DENSE, "new DropConnectDense({ units: 5, activation: 'relu', rate: 0.5 })"],
      ['another activation', DENSE, "new DropConnectDense({ units: 4, activation: 'tanh', rate: 0.5 })"],
      ['an activation less', DENSE, 'new DropConnectDense({ units: 4, rate: 0.5 })'],
      ['no bias', DENSE, "new DropConnectDense({ units: 4, activation: 'relu', useBias: false, rate: 0.5 })"],
      ['another layer', LSTM, 'tf.layers.gru({ units: 4, dropout: 0.5 })'],
      ['another setting beside it', LSTM, 'tf.layers.lstm({ units: 4, dropout: 0.5, returnSequences: true })'],
      ['another setting, deep inside', `tf.layers.bidirectional({ layer: ${LSTM} })`, 'tf.layers.bidirectional({ layer: tf.layers.lstm({ units: 5, recurrentDropout: 0.5 }) })'],
      ['a name that stands for another value', 'tf.layers.bidirectional({ layer: tf.layers.lstm({ units: a }) })', 'tf.layers.bidirectional({ layer: tf.layers.lstm({ units: b }) })'],
      ['a layer lost with its dropout', `new AlphaDropout({ rate: 0.5 }));\nmodel.add(${LSTM}`, 'new AlphaDropout({ rate: 0.5 })'],
      ['the rate of a layer that is no dropout', 'tf.layers.blur({ rate: 0.5 })', 'tf.layers.blur({ rate: 0.1 })'],
    ])('hide nothing: %s', (_, before, after) => expect(proveErasure(add(before), add(after))).toMatchObject({ verdict: 'fails' }));
  });

  describe('paths through the code', () => {
    const paths = (...layers: string[]) => source(`export function build(drop, deep) {
const model = tf.sequential();
model.add(tf.layers.dense({ units: 8, inputShape: [3] }));
${layers.join('\n')}
model.add(tf.layers.dense({ units: 1 }));
return model;
}`);
    const DROP = 'if (drop) model.add(tf.layers.dropout({ rate: 0.5 }));';
    const DEEP = 'if (deep) model.add(tf.layers.dense({ units: 4 }));';

    it.each([
      ['a conditional dropout goes, and its condition', [DROP], []],
      ['one of two conditions goes', [DROP, DEEP], [DEEP]],
      ['the other one', [DEEP, DROP], [DEEP]],
    ])('are the same: %s', (_, before, after) => {
      expect(proveErasure(paths(...before), paths(...after))).toMatchObject({ verdict: 'holds' });
      expect(proveErasure(paths(...after), paths(...before))).toMatchObject({ verdict: 'holds' });
    });

    it.each([
      ['a path is gone', [DEEP], [], 'A path through model has no counterpart after'],
      ['a path is new', [DROP], [DROP, DEEP], 'A path through model has no counterpart before'],
      ['a path is another one', [DROP, DEEP], [DEEP.replace('4', '5')], 'A path through model has no counterpart after'],
      ['as many paths, for other conditions', [`${DEEP} else model.add(tf.layers.reLU());`], ["if (deep) model.add(tf.layers.reLU()); else model.add(tf.layers.dense({ units: 4 }));"], 'is computed differently'],
    ])('are not: %s', (_, before, after, detail) => {
      const check = proveErasure(paths(...before), paths(...after));
      expect(check.verdict).toBe('fails');
      expect(check.detail).toContain(detail);
    });
  });

  it('a model more or less', () => {
    const one = 'const a = tf.sequential(); a.add(tf.layers.dense({ units: 4, inputShape: [3] }));';
    expect(proveErasure(source(one), source(`${one}\nconst b = tf.sequential(); b.add(tf.layers.dense({ units: 4, inputShape: [3] }));`)).detail).toBe('Models: 1 before, 2 after.');
  });
});

it('onnxruntime is found beside droplint', () => expect(isOnnxruntimeInstalled()).toBe(true));
