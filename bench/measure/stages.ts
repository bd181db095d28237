/**
 * A process of its own that times the stages of linting: `stages.ts <api> <rounds> <small file> <large file>`. Prints,
 * as JSON, for each stage the median seconds on each file. Every round reads afresh.
 */
import { pathToFileURL } from 'node:url';
import type { Graph } from '../../src/graph/graph.js';
import { median } from './statistics.js';

type Api = typeof import('../../src/index.js');

/** A stage that takes this long on the small file is not run on the large one: a quadratic one would not end. */
const LIMIT = 0.5;
/** A stage that takes this long is not repeated. */
const LONG = 5;

const [api = '', rounds = '', ...files] = process.argv.slice(2);
const { readDocument, rulesFor } = (await import(pathToFileURL(api).href)) as Api;
const small = 0;

class Stage {
  readonly #times = files.map((): number[] => []);

  /** Without round 0, which is for the compiler, where there are others. */
  get medians(): readonly (number | null)[] {
    return this.#times.map(([first, ...others]) => (others.length > 0 ? median(others) : (first ?? null)));
  }

  async time<T>(file: number, work: () => T | Promise<T>): Promise<T> {
    const start = performance.now();
    const result = await work();
    this.#times[file]!.push((performance.now() - start) / 1e3);
    return result;
  }

  isTooSlow(file: number): boolean {
    const slowest = (times: readonly number[]): number => Math.max(0, ...times);
    return (file !== small && slowest(this.#times[small]!) > LIMIT) || slowest(this.#times[file]!) > LONG;
  }
}

const rules = rulesFor({ preset: 'all' }).filter(({ rule }) => rule.formats.includes('onnx'));
const [read, lift] = [new Stage(), new Stage()];
const checks = rules.map((enabled) => ({ enabled, stage: new Stage() }));

/** All problems that a rule yields on all graphs. */
function check({ rule, options, strict }: (typeof rules)[number], graphs: readonly Graph[]): number {
  return graphs.reduce((problems, graph) => problems + [...rule.check({ graph, model: graphs[0]!, options, strict, mode: 'training', configuredMode: 'training' })].length, 0);
}

for (let round = 0; round <= Number(rounds); round += 1) {
  for (const file of files.keys()) {
    const document = await read.time(file, () => readDocument(files[file]!));
    const [model] = await lift.time(file, () => document.models);
    for (const { enabled, stage } of checks) {
      if (!stage.isTooSlow(file)) await stage.time(file, () => check(enabled, model!.variants[0]!));
    }
    // With --expose-gc: no stage pays for another's garbage.
    globalThis.gc?.();
  }
}
const stages: readonly (readonly [string, Stage])[] = [['read', read], ['lift', lift], ...checks.map(({ enabled, stage }) => [enabled.rule.id, stage] as const)];
console.log(JSON.stringify(stages.map(([stage, { medians }]) => ({ stage, seconds: medians }))));
