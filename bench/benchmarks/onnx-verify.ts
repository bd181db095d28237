import path from 'node:path';
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';
import type { Benchmark, Table } from '../benchmark.js';
import { interleave, node } from '../measure/process.js';
import { median } from '../measure/statistics.js';
import { writeWithHoles } from '../models/sparse-file.js';
import { vgg16 } from '../models/vgg16.js';
import { bytes, ratio, seconds } from '../report/quantity.js';

const SCRIPT = path.join(import.meta.dirname, '../measure/verification.ts');
const TSX = pathToFileURL(createRequire(import.meta.url).resolve('tsx')).href;
const MEASUREMENTS = ['region', 'whole', 'two passes', 'bare sessions'] as const;
/** Each takes seconds to minutes. */
const ROUNDS = 1;

/** One fix in VGG-16, proven: the part that it changes, and the whole, against onnxruntime alone. */
const benchmark: Benchmark = {
  name: 'onnx-verify',
  about: 'Proof of one fix in VGG-16 with weights of real size',
  run(bench): readonly Table[] {
    const file = path.join(bench.folder, 'vgg16.onnx');
    const size = writeWithHoles(vgg16(), file);
    const commands = MEASUREMENTS.map((what) => node(what, '--import', TSX, SCRIPT, what, file));
    const runs = interleave(commands, { ...bench, rounds: Math.min(bench.rounds, ROUNDS) });
    const times = runs.map((each) => median(each.map(({ stdout }) => Number(stdout))));
    const peaks = runs.map((each) => median(each.map(({ peakBytes = 0 }) => peakBytes)));
    const [, , passes, bare] = times as [number, number, number, number];
    return [{
      title: `${benchmark.about} (${Math.round(size / 1e6)} MB)`,
      columns: ['what runs', 'time', 'against two passes', 'against bare sessions', 'peak memory of the parent'],
      rows: [
        ['droplint, the part that the fix changes', ...cells(times[0]!, peaks[0]!)],
        ['droplint, the whole model: 4 sessions, 20 runs', ...cells(times[1]!, peaks[1]!)],
        ['onnxruntime: 2 sessions from the file, 2 runs', ...cells(times[2]!, peaks[2]!)],
        ['onnxruntime: 4 sessions from the file, 20 runs', ...cells(times[3]!, peaks[3]!)],
      ],
      notes: ['Weights are zero. droplint lets onnxruntime map them from the file and does not copy them.'],
    }];

    function cells(time: number, peak: number) {
      return [seconds(time), ratio(time / passes), ratio(time / bare), bytes(peak)] as const;
    }
  },
};

export default benchmark;
