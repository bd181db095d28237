import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { toOnnx } from '../../fixtures/chain/onnx.js';
import type { Benchmark } from '../benchmark.js';
import { droplint, interleave, node, onnxChecker } from '../measure/process.js';
import { median } from '../measure/statistics.js';
import { bytes, seconds } from '../report/quantity.js';
import { medianPeak } from '../report/versus.js';

/** Short runs are noisy. */
const ROUNDS = 4;

const benchmark: Benchmark = {
  name: 'startup',
  about: 'What a run costs before it does any work',
  run(bench) {
    const file = path.join(bench.folder, 'mlp.onnx');
    writeFileSync(file, toOnnx('input(32) → linear(48) → relu → dropout(0.3) → linear(10)', { opset: 17 }));
    const commands = [
      { ...node('node, an empty program', '--eval', '0') },
      { ...droplint(bench, '--version'), label: 'droplint --version' },
      { ...droplint(bench, 'rules'), label: 'droplint rules' },
      { ...droplint(bench, file), label: 'droplint model.onnx (5 nodes)' },
      ...onnxChecker(bench, file).map((command) => ({ ...command, label: 'onnx.checker (5 nodes)' })),
    ];
    const runs = interleave(commands, { rounds: bench.rounds * ROUNDS, progress: bench.progress });
    return [
      {
        title: benchmark.about,
        columns: ['', 'time', 'peak memory'],
        rows: commands.map(({ label }, index) => [label, seconds(median(runs[index]!.map((run) => run.seconds))), bytes(medianPeak(runs[index]!))]),
      },
    ];
  },
};

export default benchmark;
