/** What a mask drops together where Transposes put the channels elsewhere than ONNX does. */
import { describe, expect, it } from 'vitest';
import { dropout } from '../../../../fixtures/builders/dropout-forms.js';
import type { DropoutOptions } from '../../../../fixtures/builders/dropout-forms.js';
import { batchNorm, binary, convolution, pool, reshape, transpose } from '../../../../fixtures/builders/layers.js';
import type { Body, Tensor } from '../../../../fixtures/builders/onnx.js';
import { literal } from '../../../../fixtures/builders/tensors.js';
import { build, onlyDropout } from './lifting.js';

const IMAGE = [2, 4, 8, 8] as const;
const [TO_LAST, TO_FIRST] = [[0, 2, 3, 1], [0, 3, 1, 2]];

/** A Dropout over ones of this shape, times x. */
const masked = (shape: readonly number[]) => (g: Body, x: Tensor) => {
  const ones = g.constant(literal(new Float32Array(shape.reduce((a, b) => a * b, 1)).fill(1), 'float32', shape));
  return binary(g, 'Mul', x, dropout(g, ones, { rate: 0.25, state: 'live' }));
};
const drop = (options: Partial<DropoutOptions> = {}) => (g: Body, x: Tensor) => dropout(g, x, { rate: 0.25, state: 'live', ...options });

type Step = (g: Body, x: Tensor) => Tensor;
const conv: Step = (g, x) => convolution(g, x, 4);
const relu: Step = (g, x) => g.node('Relu', [x]);
const turn = (perm: readonly number[]): Step => (g, x) => transpose(g, x, perm);
const facts = (steps: readonly Step[], shape: readonly (number | string)[] = IMAGE) => {
  const { unit, channelAxis } = onlyDropout(build((g, x) => steps.reduce((value, step) => step(g, value), x), { shape }));
  return `${unit} ${channelAxis}`;
};

describe('channels last', () => {
  const around = (step: Step): readonly Step[] => [conv, relu, turn(TO_LAST), step, turn(TO_FIRST), conv];
  const onlyBefore = (step: Step): readonly Step[] => [conv, relu, turn(TO_LAST), relu, step];
  const onlyBehind = (step: Step): readonly Step[] => [turn([0, 1, 2, 3]), step, relu, turn(TO_FIRST), conv];

  it.each([['around', around, IMAGE], ['before', onlyBefore, IMAGE], ['behind', onlyBehind, [2, 8, 8, 4]]] as const)('convolutions %s it', (_, of, shape) => {
    expect(facts(of(drop()), shape)).toBe('element -1');
    expect(facts(of(masked([2, 1, 1, 4])), shape)).toBe('channel -1');
    expect(facts(of(drop({ unit: 'channel', last: true, form: 'decomposed' })), shape)).toBe('channel -1');
    expect(facts(of(masked([2, 8, 1, 1])), shape)).toBe('unknown 1');
    expect(facts(of(drop({ unit: 'channel', form: 'decomposed' })), shape)).toBe('unknown 1');
    expect(facts(of(masked([2, 1, 1, 1])), shape)).toBe('sample 1');
  });

  it('a batch that is not fixed', () => {
    const shape = ['batch', 4, 8, 8];
    expect(facts(around(drop({ unit: 'channel', last: true })), shape)).toBe('channel -1');
    expect(facts(around(drop({ unit: 'channel' })), shape)).toBe('unknown 1');
  });

  it('sequences', () => {
    const around1d = (step: Step): readonly Step[] => [conv, turn([0, 2, 1]), step, turn([0, 2, 1]), conv];
    expect(facts(around1d(masked([2, 1, 4])), [2, 4, 16])).toBe('channel -1');
    expect(facts(around1d(masked([2, 16, 1])), [2, 4, 16])).toBe('unknown 1');
  });

  it('through pooling, BatchNormalization, a residual and a Reshape', () => {
    expect(facts([conv, (g, x) => batchNorm(g, x), turn(TO_LAST), masked([2, 8, 1, 1])])).toBe('unknown 1');
    expect(facts([conv, (g, x) => pool(g, x, 'max', 2), turn(TO_LAST), masked([2, 1, 1, 4])])).toBe('channel -1');
    expect(facts([conv, turn(TO_LAST), (g, x) => binary(g, 'Add', x, relu(g, x)), masked([2, 1, 1, 4])])).toBe('channel -1');
    const flat: Step = (g, x) => reshape(g, x, [2, 64, 4], { shape: [2, 64, 4] });
    expect(facts([conv, turn(TO_LAST), flat, masked([2, 1, 4])])).toBe('channel -1');
    expect(facts([conv, turn(TO_LAST), flat, masked([2, 64, 1])])).toBe('unknown 1');
    const anyBatch: Step = (g, x) => reshape(g, x, [-1, 64, 4], { shape: ['batch', 64, 4] });
    expect(facts([conv, turn(TO_LAST), anyBatch, drop()], ['batch', 4, 8, 8])).toBe('element -1');
    expect(facts([conv, turn(TO_LAST), anyBatch, drop({ unit: 'channel' })], ['batch', 4, 8, 8])).toBe('unknown 1');
  });
});

describe('channels elsewhere', () => {
  it('between the axes of space, or in front of the examples, no mask is per channel', () => {
    expect(facts([conv, turn([0, 2, 1, 3]), masked([2, 8, 1, 1])])).toBe('unknown 1');
    expect(facts([conv, turn([0, 2, 1, 3]), masked([2, 1, 4, 1])])).toBe('unknown 1');
    expect(facts([conv, turn([1, 0, 2, 3]), masked([4, 2, 1, 1])])).toBe('unknown 1');
  });

  it('where the convolutions around disagree, nobody knows', () => {
    for (const shape of [[2, 8, 1, 1], [2, 1, 1, 4]]) expect(facts([conv, turn(TO_LAST), masked(shape), conv])).toBe('unknown 1');
    expect(facts([conv, turn(TO_LAST), drop(), conv])).toBe('element 1');
  });
});

it('channels first', () => {
  expect(facts([conv, relu, masked([2, 4, 1, 1]), conv])).toBe('channel 1');
  expect(facts([conv, relu, masked([2, 1, 1, 8]), conv])).toBe('unknown 1');
  expect(facts([conv, turn(TO_LAST), relu, turn(TO_FIRST), masked([2, 4, 1, 1])])).toBe('channel 1');
});

it('where nothing says it, the mask does', () => {
  expect(facts([masked([2, 4, 1, 1])])).toBe('channel 1');
  expect(facts([masked([2, 1, 1, 8])])).toBe('channel -1');
  expect(facts([relu, masked([2, 1, 8])], [2, 6, 8])).toBe('time 1');
});
