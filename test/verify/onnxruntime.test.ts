/** What src/verify relies on onnxruntime to do, measured again (design note: verification.md, What onnxruntime does). */
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { describe, expect, it } from 'vitest';
import { Model, float } from '../../fixtures/builders/onnx.js';
import type { Body, Tensor as Value } from '../../fixtures/builders/onnx.js';
import { literal } from '../../fixtures/builders/tensors.js';
import { encodeExternalTensor } from '../../src/verify/encode.js';

type Level = 'disabled' | 'basic' | 'extended' | 'all';
const KEEP = { optimization: { disable_specified_optimizers: 'EliminateDropout' } };

const create = (bytes: Uint8Array, graphOptimizationLevel: Level = 'disabled', extra: Record<string, unknown> = {}) =>
  InferenceSession.create(bytes, { graphOptimizationLevel, logSeverityLevel: 4, intraOpNumThreads: 1, extra });

const x = (n = 64, value = (i: number) => i + 1) => new Tensor('float32', Float32Array.from({ length: n }, (_, i) => value(i)), [n]);

async function run(bytes: Uint8Array, feed: Tensor = x(), level: Level = 'disabled', extra: Record<string, unknown> = {}): Promise<Record<string, Float32Array>> {
  const session = await create(bytes, level, extra);
  const results = await session.run({ input: feed });
  await session.release();
  return Object.fromEntries(Object.entries(results).map(([name, tensor]) => [name, tensor.data as Float32Array]));
}

/** x → Neg → `build` → Neg: what stands between is inner. */
function model(opset: number, build: (graph: Body, x: Value, model: Model) => Value): Uint8Array {
  const made = new Model({ opset });
  const input = made.graph.input('input', ['n']);
  made.graph.output(made.graph.node('Neg', [build(made.graph, made.graph.node('Neg', [input]), made)]), 'output');
  return made.encode();
}

const dropoutModel = (opset: number, { rate = 0.5, mode = 1, seed }: { rate?: number; mode?: number; seed?: number } = {}) => model(opset, (graph, value) => {
  if (opset < 12) return graph.node('Dropout', [value], { attributes: { ratio: float(rate) } });
  return graph.node('Dropout', [value, graph.constant(literal(rate)), graph.constant(literal(mode, 'bool'))], { attributes: { seed } });
});
const dropped = (values: Float32Array) => values.filter((value) => value === 0).length;

describe('Dropout', () => {
  it.each([12, 13, 22])('opset %i: live without optimisation, or without EliminateDropout; deleted otherwise', async (opset) => {
    const bytes = dropoutModel(opset, { seed: 1_234_567 });
    expect(dropped((await run(bytes)).output!)).toBeGreaterThan(10);
    expect(dropped((await run(bytes, x(), 'all', KEEP)).output!)).toBeGreaterThan(10);
    for (const level of ['basic', 'extended', 'all'] as const) expect(dropped((await run(bytes, x(), level)).output!)).toBe(0);
  });

  it.each([7, 10, 11])('opset %i is the identity', async (opset) => expect((await run(dropoutModel(opset))).output).toEqual(x().data));

  it('scales by fround(x / fround(1 − fround(p))), bit for bit', async () => {
    for (const rate of [0.1, 0.3, 0.5, 0.9]) {
      const feed = x(2000, (i) => Math.sin(i) * 3);
      const { output } = await run(dropoutModel(13, { rate, seed: 7_654_321 }), feed);
      const keep = Math.fround(1 - Math.fround(rate));
      for (const [i, value] of output!.entries()) if (value !== 0) expect(Math.abs(value - Math.fround((feed.data as Float32Array)[i]! / keep))).toBeLessThanOrEqual(Math.abs(value) * 2 ** -22);
    }
  });

  it('draws by the seed alone: fresh sessions agree, a session goes on, other seeds differ', async () => {
    const bytes = dropoutModel(13, { seed: 99_991 });
    const [first, again] = [await run(bytes), await run(bytes)];
    expect(again.output).toEqual(first.output);
    expect((await run(bytes, x(), 'all', KEEP)).output).toEqual(first.output);
    const session = await create(bytes);
    expect((await session.run({ input: x() })).output!.data).toEqual(first.output);
    expect((await session.run({ input: x() })).output!.data).not.toEqual(first.output);
    expect((await run(dropoutModel(13, { seed: 4_000_037 }))).output).not.toEqual(first.output);
  });

  it('drops the first element for every small seed: it is left out of statistics', async () => {
    for (const seed of [1, 2, 3, 50, 200, 400]) expect((await run(dropoutModel(13, { seed }))).output![0]).toBe(0);
  });

  it('a mask depends on the row-major index, not on the shape', async () => {
    const through = (reshape: boolean) => model(13, (graph, value) => {
      const wide = reshape ? graph.node('Reshape', [value, graph.constant(literal([8, 8], 'int64'))], { shape: [8, 8] }) : value;
      const y = graph.node('Dropout', [wide, graph.constant(literal(0.5)), graph.constant(literal(1, 'bool'))], { attributes: { seed: 31_337 } });
      return reshape ? graph.node('Reshape', [y, graph.constant(literal([-1], 'int64'))], { shape: ['n'] }) : y;
    });
    expect((await run(through(true))).output).toEqual((await run(through(false))).output);
  });

  it.each([1, 1.5, -0.5, Number.NaN])('refuses the rate %d when it runs, in inference too', async (rate) => {
    await expect(run(dropoutModel(13, { rate, mode: 0 }))).rejects.toThrow();
  });
});

describe('random operators', () => {
  const noise = (opset: number, seed: number, operator = 'RandomUniformLike') => model(opset, (graph, value) => graph.node(operator, [value], { attributes: { seed: float(seed) } }));

  it.each([7, 13, 21])('opset %i: the seed alone decides, at every level', async (opset) => {
    const { output } = await run(noise(opset, 5_000_011));
    expect((await run(noise(opset, 5_000_011))).output).toEqual(output);
    expect((await run(noise(opset, 5_000_011), x(), 'all')).output).toEqual(output);
    expect((await run(noise(opset, 6_000_014))).output).not.toEqual(output);
  });

  it.each(['RandomUniformLike', 'RandomNormalLike'])('%s has no kernel at opset 22', async (operator) => {
    await expect(run(noise(22, 1, operator))).rejects.toThrow(/Could not find an implementation/);
  });
});

describe('models from bytes', () => {
  it('an output needs no declared type', async () => {
    const made = new Model({ opset: 13 });
    made.graph.output(made.graph.node('Shape', [made.graph.input('input', ['n'])], { type: 'float16' }), 'output');
    // The declared type is wrong here, which is refused; left out, it is inferred.
    await expect(run(made.encode())).rejects.toThrow();
  });

  it('weights stay in a file: any offset, the folder given as an option', async () => {
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'droplint-weights-'));
    try {
      const weights = Float32Array.from({ length: 64 }, (_, i) => i / 8);
      fs.writeFileSync(path.join(folder, 'model.onnx'), Buffer.concat([Buffer.alloc(13), Buffer.from(weights.buffer)]));
      const made = new Model({ opset: 13 });
      const input = made.graph.input('input', ['n']);
      made.graph.output(made.graph.node('Mul', [input, { name: 'w', type: 'float32', shape: [64] }]), 'output');
      made.graph.after = field(5, encodeExternalTensor('w', 1, [64], { location: 'model.onnx', offset: 13, length: 256 }));
      const bytes = made.encode();
      for (const level of ['disabled', 'all'] as const) {
        const { output } = await run(bytes, x(), level, { session: { model_external_initializers_file_folder_path: folder } });
        expect(output).toEqual(Float32Array.from(weights, (weight, i) => weight * (i + 1)));
      }
      await expect(run(bytes)).rejects.toThrow(/[Ee]xternal/);
      const session = await InferenceSession.create(bytes, { logSeverityLevel: 4, externalData: [{ path: 'model.onnx', data: new Uint8Array(fs.readFileSync(path.join(folder, 'model.onnx'))) }] });
      expect((await session.run({ input: x() })).output!.data).toEqual(Float32Array.from(weights, (weight, i) => weight * (i + 1)));
    } finally {
      fs.rmSync(folder, { recursive: true });
    }
  });

  it('a training BatchNormalization wants three outputs from opset 14 on, and runs with five before', async () => {
    const norm = (opset: number, outputs: number) => {
      const made = new Model({ opset });
      const input = made.graph.input('input', [4, 2]);
      const parameters = ['scale', 'shift', 'mean', 'variance'].map((name) => made.graph.initializer(name, literal([1, 1])));
      made.graph.output(made.graph.nodeWithOutputs('BatchNormalization', [input, ...parameters], { outputs, attributes: opset >= 14 ? { training_mode: 1 } : {} })[0]!, 'output');
      return made.encode();
    };
    const feed = new Tensor('float32', Float32Array.from([1, 2, 3, 4, 5, 6, 7, 8]), [4, 2]);
    await expect(run(norm(17, 1), feed)).rejects.toThrow();
    expect((await run(norm(17, 3), feed)).output![0]).toBeCloseTo(-0.342, 2);
    expect((await run(norm(9, 5), feed)).output![0]).toBeCloseTo(-0.342, 2);
    expect((await run(norm(9, 1), feed)).output![0]).toBeCloseTo(1, 3);
  });

  it('float16 crosses as bits', async () => {
    const made = new Model({ opset: 13 });
    made.graph.output(made.graph.node('Neg', [made.graph.input('input', ['n'], 'float16')]), 'output');
    const { output } = await run(made.encode(), new Tensor('float16', Uint16Array.of(0x3c00, 0x4000), [2]));
    expect([...output!]).toEqual([0xbc00, 0xc000]);
  });
});

function field(number: number, body: Uint8Array): Uint8Array {
  return Buffer.concat([Buffer.from([(number << 3) | 2, body.length]), body]);
}
