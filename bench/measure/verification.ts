/** In a process of its own: one fix of a model, proven, or as many bare sessions of onnxruntime. Prints seconds as JSON. */
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { readOnnx } from '../../src/formats/onnx/document.js';
import { move } from '../../src/graph/edits.js';
import { closeVerifier, prove } from '../../src/verify/index.js';

const [, , what = 'region', file = ''] = process.argv;

/** The feeds of a proof of a model with fixed sizes. */
const FEEDS = 5;
const start = performance.now();
switch (what) {
  case 'region': await proof('changed'); break;
  case 'whole': await proof('whole'); break;
  case 'two passes': for (let pass = 0; pass < 2; pass += 1) await session('all', 1); break;
  // Before and after, without optimisation and with it.
  case 'bare sessions': for (const level of ['disabled', 'disabled', 'all', 'all'] as const) await session(level, FEEDS); break;
  default: throw new Error(`unknown measurement ${what}`);
}
console.log(JSON.stringify((performance.now() - start) / 1e3));

async function proof(scope: 'changed' | 'whole'): Promise<void> {
  const before = readOnnx(file);
  const [dropout] = before.models[0]!.variants[0]![0]!.layersOf('dropout');
  const { splices } = before.lower([[move(dropout!).after(dropout!.outputs[0]!.consumers[0]!)]]);
  const { verdict, reason } = await prove(before, before.withSplices(splices), 'inference-exact', { scope, budget: Infinity, timeLimit: 600_000 });
  closeVerifier();
  if (verdict !== 'proven') throw new Error(reason);
}

async function session(level: 'disabled' | 'all', runs: number): Promise<void> {
  const bare = await InferenceSession.create(file, { graphOptimizationLevel: level, logSeverityLevel: 4 });
  const image = new Tensor('float32', new Float32Array(3 * 224 * 224).fill(0.5), [1, 3, 224, 224]);
  for (let run = 0; run < runs; run += 1) await bare.run({ image });
  await bare.release();
}
