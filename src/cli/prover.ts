/** The verifier, loaded when a fix is to be proven and not before. */
import type { Prove } from '../lint/proving.js';

export interface Prover {
  readonly prove: Prove;
  /** Ends its processes. */
  close(): Promise<void>;
}

/** `undefined` where onnxruntime-node is not installed. */
export async function openProver(): Promise<Prover | undefined> {
  const { closeVerifier, isOnnxruntimeInstalled, prove } = await import('../verify/index.js');
  if (!isOnnxruntimeInstalled()) return undefined;
  return { prove, close: async () => closeVerifier() };
}
