/** The noise of the variants, measured on onnxruntime: right at its own rate, and found wrong at any other. */
import { afterAll, describe, expect, it } from 'vitest';
import { toOnnx } from '../../fixtures/chain/onnx.js';
import { replace } from '../../src/graph/edits.js';
import type { DropoutSpec } from '../../src/graph/edits.js';
import { measureMoments } from '../../src/verify/moments.js';
import { Pool } from '../../src/verify/pool.js';
import { rewrite } from '../formats/onnx/lower/lowering.js';

const pool = new Pool({ size: 1 });
afterAll(() => pool.close());

function variant(law: NonNullable<DropoutSpec['law']>, rate: number, asFunction: boolean) {
  const model = toOnnx(`linear(64) → relu → dropout(${rate}) → linear(10)`, { opset: 17 });
  const { after } = rewrite(model, (graphs) => graphs.flatMap((graph) => graph.layersOf('dropout')).map((layer) => [replace(layer, { kind: 'dropout', rate: 'keep', unit: 'element', law, asFunction })]));
  return { model: after, dropout: after.dropouts()[0]! };
}

describe.each(['gaussian', 'concrete', 'alpha'] as const)('%s', (law) => {
  it.each([[0.1, false], [0.25, true], [0.5, false], [0.8, true]])('rate %f, as a function: %s', async (rate, asFunction) => {
    const { model, dropout } = variant(law, rate, asFunction);
    expect(dropout.rate).toBeCloseTo(rate, 6);
    expect(await measureMoments(model, dropout, pool)).toMatchObject({ verdict: 'holds' });
  });

  it.each([0.2, 0.35])('a rate that is said to be 0.25 ± is found to be none: %f', async (said) => {
    const { model, dropout } = variant(law, 0.25, false);
    expect(await measureMoments(model, { ...dropout, rate: said }, pool)).toMatchObject({ verdict: 'fails' });
  });

  it('another law is found to be none', async () => {
    const { model, dropout } = variant(law, 0.25, false);
    expect(await measureMoments(model, { ...dropout, law: law === 'alpha' ? 'gaussian' : 'alpha' }, pool)).toMatchObject({ verdict: 'fails' });
  });
});

it('says so where the rate comes from the run time', async () => {
  const { model, dropout } = variant('gaussian', 0.25, false);
  expect(await measureMoments(model, { ...dropout, rate: undefined }, pool)).toEqual({ verdict: 'not-executable', detail: 'its rate comes from the run time' });
});
