import { writeFileSync } from 'node:fs';
import path from 'node:path';
import type { Bench, Benchmark, Cell } from '../benchmark.js';
import { run } from '../measure/process.js';
import { SHAPES } from '../models/shapes.js';
import { formatQuantity, ratio, seconds } from '../report/quantity.js';

const SMALL = 10_000;
const LARGE = 100_000;
/** Linear is 10; caches and garbage of ten times the size cost some more. */
const SUSPECT = 20;
/** Shorter times say nothing: what is quadratic in 100 000 takes seconds at least. */
const NOISE = 0.5;

interface Stage {
  readonly stage: string;
  /** On the small and on the large file; null where it would take too long. */
  readonly seconds: readonly [number, number | null];
}

const STAGES = path.join(import.meta.dirname, '..', 'measure', 'stages.ts');

const benchmark: Benchmark = {
  name: 'onnx-linearity',
  about: 'Reading, lifting and every rule on graphs of 10 000 and of 100 000 nodes (10× is linear)',
  run(bench) {
    const shapes = Object.entries(SHAPES).map(([shape, build]) => ({ shape, stages: stagesOf(bench, shape, build) }));
    return [
      {
        title: benchmark.about,
        columns: ['shape', 'read, 100 000', 'ratio', 'lift, 100 000', 'ratio', 'all rules, 100 000', 'ratio', 'slowest rule, 100 000', ''],
        rows: shapes.map(({ shape, stages: [read, lift, ...rules] }) => [shape, ...timeAndRatio(read!), ...timeAndRatio(lift!), ...timeAndRatio(sumOf(rules)), ...slowest(rules)]),
        notes: shapes.flatMap(({ shape, stages }) => stages.flatMap((stage) => suspicion(stage).map((text) => `${shape}, ${stage.stage}: ${text}.`))),
        details: shapes,
      },
    ];
  },
};

const timeAndRatio = ({ seconds: [small, large] }: Stage): Cell[] => (large === null ? ['…', '…'] : [seconds(large), ratio(large / small)]);

/** Of the rules that were run on both files. */
function sumOf(rules: readonly Stage[]): Stage {
  const measured = rules.filter((rule) => rule.seconds[1] !== null);
  const total = (file: 0 | 1): number => measured.reduce((sum, rule) => sum + rule.seconds[file]!, 0);
  return { stage: '', seconds: [total(0), total(1)] };
}

function slowest(rules: readonly Stage[]): Cell[] {
  const [first] = rules.filter(({ seconds: [, large] }) => large !== null).sort((a, b) => b.seconds[1]! - a.seconds[1]!);
  return first ? [seconds(first.seconds[1]!), first.stage] : ['…', ''];
}

function suspicion({ seconds: [small, large] }: Stage): string[] {
  if (large === null) return [`${formatQuantity(seconds(small))} on 10 000 nodes, so slow that it was not run on more`];
  return large > NOISE && large / small > SUSPECT ? [`more than linear (${formatQuantity(seconds(small))}, ${formatQuantity(seconds(large))})`] : [];
}

function stagesOf(bench: Bench, shape: string, build: (nodes: number) => Uint8Array): readonly Stage[] {
  bench.progress(shape);
  const files = [SMALL, LARGE].map((nodes) => {
    const file = path.join(bench.folder, `${shape}-${nodes}.onnx`);
    writeFileSync(file, build(nodes));
    return file;
  });
  const { stdout } = run({
    label: `the stages of ${shape}`,
    program: process.execPath,
    args: ['--expose-gc', '--import', import.meta.resolve('tsx'), STAGES, bench.api, String(bench.rounds), ...files],
    exitCodes: [0],
  });
  return JSON.parse(stdout) as readonly Stage[];
}

export default benchmark;
