/** The verifier, loaded when a fix is to be proven and not before. */
import type { Prove } from '../lint/proving.js';

export interface Prover {
  readonly prove: Prove;
  /** Ends its processes. */
  close(): Promise<void>;
}

/** `undefined` where models are to be executed and onnxruntime-node is not installed. */
export async function openProver({ executes }: { readonly executes: boolean }): Promise<Prover | undefined> {
  const { closeVerifier, isOnnxruntimeInstalled, prove } = await import('../verify/index.js');
  if (executes && !isOnnxruntimeInstalled()) return undefined;
  return { prove, close: async () => closeVerifier() };
}
