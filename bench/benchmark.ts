/** What a benchmark is, and what it gives back. Each file of benchmarks/ is one, and is found there by `run.ts`. */
import type { Quantity } from './report/quantity.js';

export interface Benchmark {
  /** `npm run bench -- <name>` runs every benchmark whose name begins with it. */
  readonly name: string;
  /** What is measured, in a sentence. */
  readonly about: string;
  run(bench: Bench): readonly Table[];
}

/** What a benchmark runs with. */
export interface Bench {
  /** Measured rounds of interleaved runs; one more goes before them, unmeasured. */
  readonly rounds: number;
  /** The built command line. */
  readonly cli: string;
  /** The built public API. */
  readonly api: string;
  /** An empty folder for models; deleted afterwards. */
  readonly folder: string;
  /** onnx.checker of Python, or why there is none. */
  readonly checker: Checker;
  /** Says what is going on. */
  progress(text: string): void;
}

export type Checker = { readonly python: string; readonly version: string } | { readonly missing: string };

export interface Table {
  readonly title: string;
  readonly columns: readonly string[];
  /** The first cell is the row's name. */
  readonly rows: readonly (readonly Cell[])[];
  readonly notes?: readonly string[];
  /** For results.json alone. */
  readonly details?: unknown;
}

export type Cell = string | Quantity;
