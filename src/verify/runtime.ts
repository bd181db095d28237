/** Where onnxruntime-node is: an optional peer, found beside droplint or in the folder that it is run from. */
import { createRequire } from 'node:module';
import path from 'node:path';

let found: string | null | undefined;

/** `undefined` where it is not installed. */
export function onnxruntimePath(): string | undefined {
  if (found === undefined) found = resolveFrom(import.meta.url) ?? resolveFrom(path.join(process.cwd(), 'package.json')) ?? null;
  return found ?? undefined;
}

function resolveFrom(place: string): string | undefined {
  try {
    return createRequire(place).resolve('onnxruntime-node');
  } catch {
    return undefined;
  }
}

export function isOnnxruntimeInstalled(): boolean {
  return onnxruntimePath() !== undefined;
}
