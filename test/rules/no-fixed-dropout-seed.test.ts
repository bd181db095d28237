import { afterAll, describe, expect, it } from 'vitest';
import { dropout } from '../../fixtures/builders/dropout-forms.js';
import { Model } from '../../fixtures/builders/onnx.js';
import type { Body, Tensor } from '../../fixtures/builders/onnx.js';
import rule from '../../rules/no-fixed-dropout-seed.js';
import { closeVerifier } from '../../src/verify/index.js';
import { cases } from '../support/cases.js';
import { codeOf, dropoutsIn, findings, fixed, graphOf, messages } from '../support/one-rule.js';
import { runModel } from '../support/runtime.js';

afterAll(closeVerifier);

const formats = ['onnx'] as const;
const onnx = [{ opset: 12 }, { opset: 17, form: 'constant' }, { opset: 22, naming: 'dynamo' }] as const;
const chain = (...seeds: string[]) => `linear → relu → ${seeds.map((seed) => `dropout(0.5${seed}) → linear`).join(' → relu → ')}`;

cases(rule, [
  { chain: chain(',seed=7', ',seed=7'), flags: ['dropout#2'], level: 'warn', class: 'inference-exact', formats, onnx: onnx[0], fixed: chain(',seed=7', '') },
  { chain: chain(',seed=7', ',seed=7'), flags: ['dropout#2'], level: 'warn', class: 'inference-exact', formats, onnx: onnx[1], preset: 'strict', fixed: chain(',seed=7', '') },
  { chain: chain(',seed=0', ',seed=0'), flags: ['dropout#2'], formats, onnx: onnx[0], fixed: chain(',seed=0', '') },
  { chain: chain(',seed=7', ',seed=8', ',seed=7', ',seed=7'), flags: ['dropout#3', 'dropout#4'], formats, onnx: onnx[1], fixed: chain(',seed=7', ',seed=8', '', '') },
  { chain: chain(',seed=7', ',seed=8'), flags: [], formats, onnx, because: 'a seed of its own makes runs repeatable' },
  { chain: chain(',seed=7', ''), flags: [], formats, onnx },
  { chain: chain('', ''), flags: [], preset: 'strict' },
]);

function twins(seeds: readonly [number | undefined, number | undefined]): Model {
  const model = new Model({ opset: 17 });
  const g = model.graph;
  const x = g.input('input', [1, 4096]);
  const drop = (body: Body, value: Tensor, scope: string, seed: number | undefined) => dropout(body, value, { rate: 0.5, state: 'live', scope, ...(seed !== undefined && { seed }) });
  g.output(drop(g, g.node('Abs', [x], { scope: 'a' }), 'first', seeds[0]), 'a').output(drop(g, g.node('Abs', [x], { scope: 'b' }), 'second', seeds[1]), 'b');
  return model;
}

/** Share of elements that the two dropouts treat alike; the first ones of a draw are no evidence. */
async function agreement(bytes: Uint8Array): Promise<number> {
  const { a, b } = await runModel(bytes, 'disabled');
  const [x, y] = [a!.data as Float32Array, b!.data as Float32Array];
  return x.subarray(64).filter((value, i) => (value === 0) === (y[i + 64] === 0)).length / (x.length - 64);
}

describe('onnxruntime', () => {
  it('shares the mask between equal seeds, and no longer after the fix', async () => {
    const document = graphOf(twins([5, 5]));
    expect(findings(rule, document)).toEqual(['/second/Dropout warn inference-exact']);
    expect(await agreement(twins([5, 5]).encode())).toBe(1);
    const after = await fixed(rule, document);
    expect(dropoutsIn(after).map(({ seed }) => seed)).toEqual([5, undefined]);
    expect(await agreement(after.source.read(0, after.source.size))).toBeLessThan(0.6);
  });

  it('does not between others', async () => {
    expect(findings(rule, graphOf(twins([5, 6])))).toEqual([]);
    expect(await agreement(twins([5, 6]).encode())).toBeLessThan(0.6);
  });
});

const code = `import * as tf from '@tensorflow/tfjs';
const model = tf.sequential();
model.add(tf.layers.dense({ units: 64, activation: 'relu', inputShape: [8] }));
model.add(tf.layers.dropout({ rate: 0.5, seed: 42 }));
model.add(tf.layers.dense({ units: 3 }));
`;

describe('TensorFlow.js', () => {
  it.each(['model.ts', 'src/model.js', 'latest/model.mjs', 'contest.ts'])('is reported in %s', (file) => {
    expect(findings(rule, codeOf(code, file))).toHaveLength(1);
  });

  it.each(['model.test.ts', 'src/model_spec.js', 'test/model.ts', 'tests/model.ts', 'src/__tests__/model.ts', 'C:\\project\\test\\model.ts'])('is left alone in %s', (file) => {
    expect(findings(rule, codeOf(code, file))).toEqual([]);
  });
});

it('says what the seed does', () => {
  expect(messages(rule, graphOf(twins([5, 5])))).toMatchInlineSnapshot(`
    [
      "The same seed as '/first/Dropout': in onnxruntime the two dropouts share their mask. Remove one seed.",
    ]
  `);
  expect(messages(rule, codeOf(code))).toMatchInlineSnapshot(`
    [
      "The seed makes TensorFlow.js draw the same mask on every batch: the same units are silenced for ever, and the rest is all that is trained. Remove it.",
    ]
  `);
});
