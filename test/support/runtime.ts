/** Models run on onnxruntime-node, for tests that must not rest on src/verify. */
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { Random } from '../../fixtures/builders/random.js';

export type Level = 'disabled' | 'all';

/** Loads the model and runs it once on seeded feeds; symbolic dimensions become 2. Rejects as onnxruntime does. */
export async function runModel(bytes: Uint8Array, level: Level = 'all', seed = 1): Promise<Record<string, Tensor>> {
  const session = await InferenceSession.create(bytes, { graphOptimizationLevel: level, logSeverityLevel: 3 });
  try {
    const random = new Random(seed);
    const feeds: Record<string, Tensor> = {};
    for (const metadata of session.inputMetadata) {
      if (!metadata.isTensor) throw new Error(`${metadata.name}: not a tensor`);
      const dims = metadata.shape.map((dim) => (typeof dim === 'number' && dim > 0 ? dim : 2));
      const count = dims.reduce((product, dim) => product * dim, 1);
      feeds[metadata.name] = feed(metadata.name, metadata.type, dims, count, random);
    }
    return (await session.run(feeds)) as Record<string, Tensor>;
  } finally {
    await session.release();
  }
}

function feed(name: string, type: string, dims: number[], count: number, random: Random): Tensor {
  if (name === 'ratio') return new Tensor('float32', Float32Array.of(0.5), dims);
  switch (type) {
    case 'float32':
      return new Tensor('float32', random.uniform(count, -1, 1), dims);
    case 'float64':
      return new Tensor('float64', Float64Array.from(random.uniform(count, -1, 1)), dims);
    case 'int64':
      return new Tensor('int64', BigInt64Array.from({ length: count }, () => BigInt(Math.floor(random.next() * 2))), dims);
    case 'bool':
      return new Tensor('bool', new Uint8Array(count), dims);
    default:
      throw new Error(`${name}: no feed for ${type}`);
  }
}
