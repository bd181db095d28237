/** onnxruntime, loaded only in the child process. */
import { createRequire } from 'node:module';
import type { InferenceSession, Tensor } from 'onnxruntime-node';
import type { GeneratedWeights } from './copy.js';
import type { ExecutableModel } from './encode.js';
import { Random } from './feeds.js';
import type { SessionSettings } from './jobs.js';
import type { TensorData, TensorValue } from './tensors.js';
import { onnxruntimePath } from './runtime.js';

interface Onnxruntime {
  readonly InferenceSession: { create(model: Uint8Array, options: InferenceSession.SessionOptions): Promise<InferenceSession> };
  readonly Tensor: new (type: string, data: TensorData, dims: readonly number[]) => Tensor;
  readonly env: { readonly versions: { readonly node?: string; readonly common: string } };
}

let loaded: Onnxruntime | undefined;

function runtime(): Onnxruntime {
  if (!loaded) {
    const location = onnxruntimePath();
    if (!location) throw new Error('onnxruntime-node is not installed');
    loaded = createRequire(import.meta.url)(location) as Onnxruntime;
  }
  return loaded;
}

export function runtimeVersion(): string {
  const { versions } = runtime().env;
  return versions.node ?? versions.common;
}

/** Weights of the last models, which both sides of a comparison share. */
const drawnWeights = new Map<string, Uint8Array>();

export function forgetDrawnWeights(): void {
  drawnWeights.clear();
}

function drawn(law: GeneratedWeights): Uint8Array {
  const key = JSON.stringify(law);
  let bytes = drawnWeights.get(key);
  if (!bytes) {
    const random = new Random(law.seed);
    const values = new Float32Array(law.count);
    for (let i = 0; i < values.length; i++) values[i] = law.low + (law.high - law.low) * random.uniform();
    bytes = new Uint8Array(values.buffer);
    drawnWeights.set(key, bytes);
  }
  return bytes;
}

/** One session of onnxruntime: a fixed number of threads, quiet. */
export class Session {
  private constructor(private readonly session: InferenceSession) {}

  /** Throws onnxruntime's own error for a model that does not load. */
  static async create(model: ExecutableModel, { level, keepDropout, threads = 1 }: SessionSettings): Promise<Session> {
    const session: Record<string, string> = {
      model_external_initializers_file_folder_path: model.folder,
      // Constant weights would be packed for kernels of their own, which round otherwise than those for a weight that a mask makes a value.
      ...(level === 'disabled' && { disable_prepacking: '1' }),
    };
    const extra = keepDropout && level !== 'disabled' ? { session, optimization: { disable_specified_optimizers: 'EliminateDropout' } } : { session };
    return new Session(await runtime().InferenceSession.create(model.bytes, {
      executionProviders: ['cpu'],
      graphOptimizationLevel: level,
      intraOpNumThreads: threads,
      interOpNumThreads: 1,
      executionMode: 'sequential',
      logSeverityLevel: 4,
      ...(model.generated && { externalData: model.generated.map((law) => ({ path: law.location, data: drawn(law) })) }),
      extra,
    }));
  }

  get inputNames(): readonly string[] {
    return this.session.inputNames;
  }

  get outputNames(): readonly string[] {
    return this.session.outputNames;
  }

  /** Inputs that the session does not have are left out. */
  async run(values: Readonly<Record<string, TensorValue>>): Promise<Record<string, TensorValue>> {
    const feeds: Record<string, Tensor> = {};
    for (const name of this.inputNames) {
      const value = values[name];
      if (value) feeds[name] = new (runtime().Tensor)(value.type, value.data, value.dims);
    }
    const results = await this.session.run(feeds);
    const outputs: Record<string, TensorValue> = {};
    for (const name of this.outputNames) {
      const tensor = results[name] as Tensor;
      outputs[name] = { type: tensor.type, dims: tensor.dims, data: tensor.data as TensorData };
    }
    return outputs;
  }

  async release(): Promise<void> {
    await this.session.release();
  }
}
