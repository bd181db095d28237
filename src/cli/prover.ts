/** The verifier, loaded when a fix is to be proven and not before. */
import { ConfigurationError } from '../lint/configuration-error.js';
import type { Prove } from '../lint/proving.js';
import { howToInstall } from './install.js';

export interface Prover {
  readonly prove: Prove;
  /** Ends its processes. */
  close(): Promise<void>;
}

export interface ProverRequest {
  /** Models are executed; source code is proven by erasure, which needs no runtime. */
  readonly executes: boolean;
  /** Nothing is written. */
  readonly isPreview: boolean;
  /** The command line. */
  readonly args: readonly string[];
}

/** Writing needs a prover. A preview says that it has none, where onnxruntime-node is needed and not installed: `undefined`. */
export async function proverFor({ executes, isPreview, args }: ProverRequest): Promise<Prover | undefined> {
  const { closeVerifier, isOnnxruntimeInstalled, prove } = await import('../verify/index.js');
  if (!executes || isOnnxruntimeInstalled()) return { prove, close: async () => closeVerifier() };
  if (!isPreview) throw new ConfigurationError(howToInstall(args));
  console.error('droplint: onnxruntime-node is not installed: what follows is not proven.');
  return undefined;
}
