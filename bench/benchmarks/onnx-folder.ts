import { statSync } from 'node:fs';
import type { Benchmark, Cell } from '../benchmark.js';
import { droplint, interleave, onnxChecker, type Run } from '../measure/process.js';
import { median, medianRatio } from '../measure/statistics.js';
import { writeSmallModels } from '../models/folder.js';
import { bytes, ratio, seconds } from '../report/quantity.js';
import { medianPeak } from '../report/versus.js';

const FILES = 500;

const benchmark: Benchmark = {
  name: 'onnx-folder',
  about: 'A folder of 500 small models: respected architectures with narrow layers, five namings, five opsets',
  run(bench) {
    const files = writeSmallModels(FILES, bench.folder);
    const [own, one, ...others] = interleave(
      [droplint(bench, bench.folder), droplint(bench, files[0]!), ...onnxChecker(bench, ...files), ...onnxChecker(bench, files[0]!)],
      bench,
    );
    /** What each further file takes, round by round. */
    const perFile = (all: readonly Run[], first: readonly Run[]): number[] => all.map((run, round) => (run.seconds - first[round]!.seconds) / (FILES - 1));
    const ownPerFile = perFile(own!, one!);
    const row = (label: string, all: readonly Run[], first: readonly Run[]): Cell[] => {
      const each = perFile(all, first);
      return [label, seconds(median(all.map((run) => run.seconds))), seconds(median(first.map((run) => run.seconds))), seconds(median(each)), ratio(medianRatio(each, ownPerFile)), bytes(medianPeak(all))];
    };
    const [checker, checkerOne] = others;
    return [
      {
        title: benchmark.about,
        columns: ['', `${FILES} files`, 'the first alone', 'each further file', '÷ droplint', 'peak memory'],
        rows: [row('droplint', own!, one!), ...(checker && checkerOne ? [row('onnx.checker, one process', checker, checkerOne)] : [])],
        notes: [`${Math.round(files.reduce((total, file) => total + statSync(file).size, 0) / FILES / 1e3)} kB a file on average.`],
      },
    ];
  },
};

export default benchmark;
