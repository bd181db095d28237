/** Masks per channel where Transposes put the channels last. */
import { toBinary } from '@bufbuild/protobuf';
import { ModelProtoSchema } from 'onnx-buf';
import { afterAll, describe, expect, it } from 'vitest';
import { chainModel } from '../../../../fixtures/chain/onnx.js';
import type { OnnxOptions } from '../../../../fixtures/chain/onnx.js';
import { readOnnxBytes } from '../../../../src/formats/onnx/document.js';
import { insert, move, replace, schedule } from '../../../../src/graph/edits.js';
import type { DropoutSpec, Edit } from '../../../../src/graph/edits.js';
import type { Graph } from '../../../../src/graph/graph.js';
import { prove } from '../../../../src/verify/index.js';
import { Pool } from '../../../../src/verify/pool.js';
import { measureDropout } from '../../../../src/verify/statistics.js';
import { decode, expectSound, graphsOf, rewrite } from './lowering.js';
import type { Rewritten } from './lowering.js';

const workers = new Pool({ size: 2 });
afterAll(() => workers.close());

const spec = (more: Partial<DropoutSpec> = {}): DropoutSpec => ({ kind: 'dropout', rate: 'keep', unit: 'channel', ...more });
const LAST = 'conv2d(4) → relu → transpose(0,2,3,1) → dropout(0.25) → transpose(0,3,1,2) → conv2d(4)';
const edited = (chain: string, options: OnnxOptions, edits: (graph: Graph) => readonly Edit[]): Rewritten => rewrite(chainModel(chain, options).encode(), ([graph]) => [edits(graph!)]);
const toSpatial = (more: Partial<DropoutSpec> = {}) => (graph: Graph): readonly Edit[] => [replace(graph.layersOf('dropout')[0]!, spec(more))];

async function expectChannelsLast(rewritten: Rewritten): Promise<void> {
  expect(rewritten.refusals).toEqual([undefined]);
  const [dropout] = graphsOf(rewritten.after)[0]!.layersOf('dropout');
  expect(dropout).toMatchObject({ unit: 'channel', channelAxis: -1, rate: 0.25 });
  await expectSound(rewritten, '', { lost: /./ });
  const { verdict, reason, checks } = await prove(rewritten.before, rewritten.after, 'inference-exact', { pool: workers, measuresNew: true });
  expect([verdict, reason]).toEqual(['proven', undefined]);
  expect(checks.find(({ check }) => check === 'statistics')?.detail).toMatch(/^Measured/);
}

const settings: readonly OnnxOptions[] = [
  { opset: 7 }, { opset: 8 },
  ...[9, 10, 11, 12, 13, 17].flatMap((opset) => [{ opset }, { opset, batch: 'symbolic' as const }]),
];

describe('elementwise to spatial', () => {
  it.each(settings)('%o', async (options) => {
    await expectChannelsLast(edited(LAST, options, toSpatial()));
  });

  it.each([12, 17])('with a mode of its own, opset %i', async (opset) => {
    await expectChannelsLast(edited(LAST, { opset, batch: 'symbolic' }, toSpatial({ mode: 'input' })));
  });

  it('in random operators', async () => {
    await expectChannelsLast(edited(LAST.replace('0.25', '0.25,form=decomposed'), { opset: 18 }, toSpatial()));
  });

  it('of sequences', async () => {
    await expectChannelsLast(edited('conv1d(4) → transpose(0,2,1) → dropout(0.25) → transpose(0,2,1) → conv1d(4)', { batch: 'symbolic' }, toSpatial()));
  });

  it('writes [N, 1, 1, C]', () => {
    const { bytes } = edited(LAST, {}, toSpatial());
    const { node } = decode(bytes).graph!;
    const mask = node.find(({ output }) => output[0] === node.find(({ opType }) => opType === 'Dropout')!.input[0])!;
    expect(mask.attribute[0]!.t!.dims.map(Number)).toEqual([2, 1, 1, 4]);
  });
});

describe('inserted', () => {
  const bare = LAST.replace(' → dropout(0.25)', '');
  it.each(settings)('%o', (options) => {
    const { after, refusals } = edited(bare, options, (graph) => [insert(spec({ rate: 0.25, training: true })).after(graph.layersOf('reshape')[0]!)]);
    expect(refusals).toEqual([undefined]);
    expect(graphsOf(after)[0]!.layersOf('dropout')[0]).toMatchObject({ unit: 'channel', channelAxis: -1 });
  });
});

it('stays on its axis when its rate becomes an input', async () => {
  const chain = LAST.replace('dropout(0.25)', 'spatial-dropout(0.25,form=decomposed,last=true)');
  for (const options of [{ opset: 18 }, { opset: 18, batch: 'symbolic' as const }]) {
    const { after, refusals } = edited(chain, options, (graph) => [schedule(graph.layersOf('dropout'), { kind: 'linear', epochs: 10 })]);
    expect(refusals).toEqual([undefined]);
    expect(graphsOf(after)[0]!.layersOf('dropout')[0]).toMatchObject({ unit: 'channel', channelAxis: -1, form: 'operator' });
  }
});

describe('refused', () => {
  const refusal = (chain: string, options: OnnxOptions, edits: (graph: Graph) => readonly Edit[]) => edited(chain, options, edits).refusals[0];

  it('as a function, which drops along the second axis', () => {
    expect(refusal(LAST, {}, toSpatial({ asFunction: true }))).toMatch(/channels are the last axis/);
    expect(edited(LAST.replaceAll(/ → transpose\([0-9,]*\)/g, ''), {}, toSpatial({ asFunction: true })).refusals).toEqual([undefined]);
  });

  it('channels that are neither the second axis nor the last, and axes that nobody knows', () => {
    expect(refusal('conv2d(4) → transpose(0,2,1,3) → dropout(0.25) → transpose(0,2,1,3) → conv2d(4)', {}, toSpatial())).toMatch(/channels axis 2/);
    expect(refusal('conv2d(4) → transpose(1,0,2,3) → dropout(0.25) → transpose(1,0,2,3) → conv2d(4)', {}, toSpatial())).toMatch(/examples of what it drops are axis 1/);
    expect(refusal('conv2d(4) → transpose(0,2,3,1) → dropout(0.25) → conv2d(4)', {}, toSpatial())).toMatch(/on different axes/);
  });

  it('before opset 7 nothing broadcasts along the last axis', () => {
    expect(refusal(LAST, { opset: 6 }, toSpatial())).toMatch(/needs opset 7/);
  });

  it('a move across a Transpose, though the shape is the same', () => {
    const square = 'input(8,8,8) → conv2d(8) → spatial-dropout(0.25) → transpose(0,2,3,1) → relu → transpose(0,3,1,2) → conv2d(8)';
    expect(refusal(square, {}, (graph) => [move(graph.layersOf('dropout')[0]!).after(graph.layersOf('reshape')[0]!)])).toMatch(/another axis/);
  });
});

describe('a mask on another axis', () => {
  /** Rewritten, with the mask over the rows instead of the channels. */
  function mutated(batch: 'static' | 'symbolic'): Pick<Rewritten, 'before' | 'after'> {
    const { before, bytes } = edited(LAST, { batch }, toSpatial());
    const model = decode(bytes);
    for (const { opType, output, attribute: [first] } of model.graph!.node) {
      const { t } = first ?? {};
      if (opType !== 'Constant' || !t) continue;
      if (t.dims.join() === '2,1,1,4') Object.assign(t, { dims: [2n, 16n, 1n, 1n], rawData: new Uint8Array(new Float32Array(32).fill(1).buffer) });
      if (output[0]!.includes('axes')) t.rawData = new Uint8Array(BigInt64Array.of(0n, 1n, 4n, 4n).buffer);
    }
    return { before, after: readOnnxBytes(toBinary(ModelProtoSchema, model)) };
  }

  it.each(['static', 'symbolic'] as const)('is not called one per channel, and nothing is measured of it (%s)', async (batch) => {
    const { before, after } = mutated(batch);
    const [dropout] = after.dropouts();
    expect(dropout).toMatchObject({ unit: 'unknown' });
    const { checks } = await prove(before, after, 'inference-exact', { pool: workers, measuresNew: true });
    expect(checks.find(({ check }) => check === 'statistics')?.detail).toContain('its unit of dropping is unknown');
    expect(await measureDropout(after, { ...dropout!, unit: 'channel', channelAxis: -1 }, workers)).toMatchObject({ verdict: 'fails', detail: 'not everything of one channel is dropped together' });
    expect(await measureDropout(after, { ...dropout!, unit: 'channel', channelAxis: 1 }, workers)).toMatchObject({ verdict: 'holds' });
  });
});
