/**
 * TypeScript's compiler, which ts-morph bundles, loaded when the first file is parsed: importing it costs every user
 * of the ESLint plugin a third of a second and 80 MB, whether or not there is a model to look at.
 */
import { createRequire } from 'node:module';
import type { ts as TypeScript } from 'ts-morph';

/** Undefined before `loadTypeScript`: nothing may use it while a module is being loaded. */
export let ts: typeof TypeScript;

export function loadTypeScript(): void {
  ts ??= (createRequire(import.meta.url)('ts-morph') as { ts: typeof TypeScript }).ts;
}
