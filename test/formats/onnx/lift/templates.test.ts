/** Variants that a graph spells out, among other dropouts. */
import { expect, it } from 'vitest';
import { toOnnx } from '../../../../fixtures/chain/onnx.js';
import { replace } from '../../../../src/graph/edits.js';
import type { DropoutSpec } from '../../../../src/graph/edits.js';
import { describeLayer } from '../../../../src/graph/print.js';
import { graphsOf, rewrite } from '../lower/lowering.js';

const dropoutsOf = (document: Parameters<typeof graphsOf>[0]) => graphsOf(document).flatMap((graph) => graph.layersOf('dropout'));

it.each<[string, NonNullable<DropoutSpec['law']>]>([['behind', 'concrete'], ['behind', 'gaussian'], ['behind', 'alpha'], ['in front of', 'concrete'], ['in front of', 'gaussian'], ['in front of', 'alpha']])('%s a dropout in random operators: %s', (where, law) => {
  const written = toOnnx('linear(16) → relu → dropout(0.25) → linear(16) → relu → dropout(0.5) → linear(4)', { opset: 17, form: 'decomposed' });
  const chosen = where === 'behind' ? 1 : 0;
  const { after, refusals } = rewrite(written, (graphs) => [[replace(graphs[0]!.layersOf('dropout')[chosen]!, { kind: 'dropout', rate: 'keep', unit: 'element', law })]]);
  expect(refusals).toEqual([undefined]);
  const variant = `${law} dropout ${chosen === 1 ? 0.5 : 0.25} (live, decomposed)`;
  const plain = `dropout ${chosen === 1 ? 0.25 : 0.5} (live, decomposed)`;
  expect(dropoutsOf(after).map(describeLayer)).toEqual(chosen === 1 ? [plain, variant] : [variant, plain]);
});

it("PyTorch's AlphaDropout, opset for opset", () => {
  for (const opset of [12, 15, 18]) {
    const { before } = rewrite(toOnnx('linear(16) → selu → alpha-dropout(0.2) → linear(4)', { opset }), () => []);
    expect(dropoutsOf(before).map(describeLayer)).toEqual(['alpha dropout 0.2 (live, decomposed)']);
  }
});

it('numbers that are not those of AlphaDropout are none', () => {
  const written = toOnnx('linear(16) → selu → alpha-dropout(0.2) → linear(4)', { opset: 17 });
  // α″·a·p as float32, doubled: the mean is not kept.
  const saturation = 1.7580993408473766;
  const rate = 0.2;
  const shift = saturation * rate / Math.sqrt((saturation ** 2 * rate + 1) * (1 - rate));
  const wanted = Buffer.from(Float32Array.of(Math.fround(shift)).buffer);
  const at = Buffer.from(written).indexOf(wanted);
  expect(at).toBeGreaterThan(0);
  const changed = Buffer.from(written);
  Buffer.from(Float32Array.of(2 * shift).buffer).copy(changed, at);
  const { before } = rewrite(changed, () => []);
  expect(dropoutsOf(before)).toEqual([]);
});
