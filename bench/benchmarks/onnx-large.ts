import { statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { Bench, Benchmark } from '../benchmark.js';
import { droplint, interleave, onnxChecker } from '../measure/process.js';
import { readingOf } from '../measure/reading.js';
import { linearChain } from '../models/chain.js';
import { writeWithHoles } from '../models/sparse-file.js';
import { transformer, type TransformerSize } from '../models/transformer.js';
import { bytes, count, formatQuantity } from '../report/quantity.js';
import { medianPeak, versus, type Contest } from '../report/versus.js';

/** 12 · 1280² weights for each block: 1.9 GB, under protobuf's limit of 2 GiB. */
const LARGE: TransformerSize = { blocks: 24, features: 1280, vocabulary: 2048 };
const TINY: TransformerSize = { blocks: 24, features: 4, vocabulary: 16 };
const CHAIN = 100_000;

const benchmark: Benchmark = {
  name: 'onnx-large',
  about: 'A 100 000-node chain and 1.9 GB of inline weights, linted by the command line, beside Python\'s onnx.load and onnx.checker.check_model',
  run(bench) {
    const chain = path.join(bench.folder, 'chain.onnx');
    writeFileSync(chain, linearChain(CHAIN));
    const contests = [contest(bench, 'chain', chain, CHAIN)];
    const [large, tiny] = ([['large', LARGE], ['tiny', TINY]] as const).map(([name, size]) => {
      const file = path.join(bench.folder, `${name}.onnx`);
      const built = transformer(size);
      writeWithHoles(built, file);
      contests.push(contest(bench, name === 'large' ? 'transformer, 1.9 GB' : 'the same graph, tiny weights', file, built.model.graph.nodes.length));
      return file;
    });
    // Runs differ by some megabytes: it takes many to tell 1 % apart.
    const memory = interleave([droplint(bench, large!), droplint(bench, tiny!)], { rounds: 4 * bench.rounds, progress: (text) => bench.progress(`memory, ${text}`) });
    const [largePeak, tinyPeak] = memory.map(medianPeak) as [number, number];
    const { bytes: read, reads } = readingOf(large!);
    const share = (100 * read) / statSync(large!).size;
    return [
      versus(benchmark.about, contests, [
        `Peak memory of droplint, 1.9 GB over tiny weights: ${(largePeak / tinyPeak).toFixed(3)} (${formatQuantity(bytes(largePeak))}, ${formatQuantity(bytes(tinyPeak))}; medians of ${4 * bench.rounds} runs each).`,
        `Read of the 1.9 GB file: ${formatQuantity(count(read))} bytes in ${formatQuantity(count(reads))} reads, ${share.toPrecision(2)} % of it. All that the process read, its own code included: ${formatQuantity(bytes(memory[0]![0]!.readBytes ?? NaN))}.`,
        'The weights are a hole in the file: reading them costs Python no disk, only memory.',
      ]),
    ];
  },
};

function contest(bench: Bench, model: string, file: string, nodes: number): Contest {
  const [own, checker] = interleave([droplint(bench, file), ...onnxChecker(bench, file)], { rounds: bench.rounds, progress: (text) => bench.progress(`${model}, ${text}`) });
  return { model, nodes, fileBytes: statSync(file).size, droplint: own!, checker };
}

export default benchmark;
