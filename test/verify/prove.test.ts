import { afterAll, describe, expect, it } from 'vitest';
import { readOnnxBytes } from '../../src/formats/onnx/document.js';
import type { FixClass } from '../../src/graph/edits.js';
import { closeVerifier, prove } from '../../src/verify/index.js';
import type { Proof } from '../../src/verify/proof.js';
import { toOnnx } from '../support/chain.js';
import type { OnnxOptions } from '../support/chain.js';

afterAll(closeVerifier);

/** The whole model and the changed part alone must come to the same verdict. */
async function proofOf(before: string, after: string, claim: FixClass, options: OnnxOptions = {}): Promise<Proof> {
  const [x, y] = [readOnnxBytes(toOnnx(before, options)), readOnnxBytes(toOnnx(after, options))];
  const whole = await prove(x, y, claim, { scope: 'whole' });
  const part = await prove(x, y, claim, { scope: 'changed' });
  expect(verdicts(part), part.reason).toEqual(verdicts(whole));
  return whole;
}

const verdicts = ({ checks }: Proof): Record<string, string> => Object.fromEntries(checks.map(({ check, verdict }) => [check, verdict]));

/** What stands in place of … in `input(8) → linear(6) → … → linear(4)`. */
const dense = (middle: string): string => `input(8) → linear(6) → ${middle} → linear(4)`;
const conv = (middle: string): string => `input(3, 8, 8) → conv2d(4) → ${middle} → conv2d(4) → global-avg-pool → flatten → linear(3)`;

describe('exact: a swap with what is positively homogeneous', () => {
  it.each(['relu', 'leaky-relu', 'prelu', 'scale(-0.25)', 'scale', 'identity', 'reshape(6)'])('%s', async (layer) => {
    const proof = await proofOf(dense(`dropout(0.3) → ${layer}`), dense(`${layer} → dropout(0.3)`), 'exact', { opset: 17 });
    expect(proof.reason).toBeUndefined();
    expect(verdicts(proof)).toEqual({ erasure: 'holds', inference: 'holds', 'same-mask': 'holds' });
    expect(proof.checks.every(({ check, largest }) => check === 'same-mask' || largest === undefined)).toBe(true);
  });

  it.each(['relu6', 'hard-swish', 'gelu', 'silu', 'elu', 'selu', 'tanh', 'sigmoid', 'hard-sigmoid', 'softplus', 'softsign', 'mish', 'celu'])('%s is not, but the inference is the same', async (layer) => {
    const [before, after] = [dense(`dropout(0.3) → ${layer}`), dense(`${layer} → dropout(0.3)`)];
    const exact = await proofOf(before, after, 'exact', { opset: 17 });
    expect(verdicts(exact)).toEqual({ erasure: 'holds', inference: 'holds', 'same-mask': 'fails' });
    expect(exact.verdict).toBe('refuted');
    expect((await proofOf(before, after, 'inference-exact', { opset: 17 })).verdict).toBe('proven');
  });
});

describe('every form of the operator', () => {
  const forms: OnnxOptions[] = [
    { opset: 7 }, { opset: 8 }, { opset: 9 }, { opset: 10 }, { opset: 11 },
    ...[12, 13, 17, 21, 22].flatMap((opset) => (['initializer', 'constant', 'input', 'input-default', 'absent'] as const).map((form) => ({ opset, form }))),
    { opset: 10, mask: 'unused' as const }, { opset: 13, mask: 'unused' as const }, { opset: 13, state: 'off' as const }, { opset: 13, state: 'unspecified' as const },
    { opset: 13, batch: 'symbolic' as const }, { opset: 13, naming: 'keras' as const }, { opset: 18, naming: 'dynamo' as const },
  ];
  it.each(forms)('$opset $form $state $mask $batch', async (options) => {
    expect((await proofOf(dense('dropout(0.5) → relu'), dense('relu → dropout(0.5)'), 'exact', options)).reason).toBeUndefined();
    expect(verdicts(await proofOf(dense('dropout(0.5) → sigmoid'), dense('sigmoid → dropout(0.5)'), 'exact', options))).toMatchObject({ 'same-mask': 'fails' });
    expect((await proofOf(dense('dropout(0.5) → relu → dropout(0.5)'), dense('relu → dropout(0.5)'), 'inference-exact', options)).reason).toBeUndefined();
  });
});

describe('decomposed dropout', () => {
  it.each([13, 17, 18, 21, 22])('per channel, opset %i', async (opset) => {
    const before = conv('spatial-dropout(0.25) → batch-norm → relu');
    expect((await proofOf(before, conv('batch-norm → relu → spatial-dropout(0.25)'), 'inference-exact', { opset })).reason).toBeUndefined();
    expect((await proofOf(conv('spatial-dropout(0.25) → relu'), conv('relu → spatial-dropout(0.25)'), 'exact', { opset })).reason).toBeUndefined();
    expect((await proofOf(conv('spatial-dropout(0.25) → sigmoid'), conv('sigmoid → spatial-dropout(0.25)'), 'exact', { opset })).verdict).toBe('refuted');
  });

  it.each(['decomposed', 'operator'] as const)('put in place of an elementwise one, %s', async (spatial) => {
    const proof = await proofOf(conv('relu → dropout(0.25)'), conv('relu → spatial-dropout(0.25)'), 'inference-exact', { opset: 13, spatial });
    expect(verdicts(proof)).toEqual({ erasure: 'holds', inference: 'holds' });
  });
});

describe('refuted', () => {
  const cases: [name: string, before: string, after: string, claim: FixClass, check: string][] = [
    ['another rate', dense('dropout(0.5) → relu'), dense('relu → dropout(0.4)'), 'exact', 'same-mask'],
    ['a dropout that is gone', dense('dropout(0.5) → relu'), dense('relu'), 'exact', 'same-mask'],
    ['a dropout that is new', dense('relu'), dense('relu → dropout(0.5)'), 'exact', 'same-mask'],
    ['an activation that is gone', dense('dropout(0.5) → relu'), dense('dropout(0.5)'), 'inference-exact', 'erasure'],
    ['another activation', dense('dropout(0.5) → relu'), dense('softplus → dropout(0.5)'), 'inference-exact', 'erasure'],
    ['an activation twice', dense('dropout(0.5) → sigmoid'), dense('sigmoid → dropout(0.5) → sigmoid'), 'inference-exact', 'erasure'],
    ['a dropout after another layer', dense('dropout(0.5) → relu'), 'input(8) → linear(6) → relu → linear(4) → dropout(0.5)', 'exact', 'same-mask'],
  ];
  it.each(cases)('%s', async (_, before, after, claim, check) => {
    const proof = await proofOf(before, after, claim);
    expect(proof.verdict).toBe('refuted');
    expect(proof.checks.find(({ verdict }) => verdict === 'fails')?.check).toBe(check);
    expect(proof.reason).toMatch(/\w/);
  });
});

it('says what cannot be executed, and why', async () => {
  const old = await proofOf(dense('dropout(0.5) → relu'), dense('relu → dropout(0.5)'), 'exact', { opset: 6 });
  expect(old.verdict).toBe('unverifiable');
  expect(old.reason).toBe('Not executable: opset 6 has no CPU kernels in onnxruntime (they begin at opset 7).');
});

it('states everything that is needed to repeat it', async () => {
  const proof = await proofOf(dense('dropout(0.5) → relu'), dense('relu → dropout(0.5)'), 'inference-exact', { batch: 'symbolic' });
  expect(proof.runtime).toMatchObject({ node: process.version });
  const inference = proof.checks.find(({ check }) => check === 'inference')!;
  expect(inference.levels).toEqual(['disabled', 'all']);
  expect(new Set(inference.feeds!.map(({ shapes }) => shapes.input![0]))).toEqual(new Set([2, 3]));
  expect(inference.feeds!.map(({ kind }) => kind)).toContain('large');
});
