import { statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { Benchmark } from '../benchmark.js';
import { droplint, interleave, onnxChecker } from '../measure/process.js';
import { bareChain } from '../models/chain.js';
import { versus } from '../report/versus.js';

const NODES = 20_000;

/** Graph rewriters take from 44 s (OnnxSlim) to more than 300 s (onnxscript's optimizer) for a graph of this size. */
const benchmark: Benchmark = {
  name: 'onnx-bare',
  about: 'A 20 000-node graph of short names and shared operands',
  run(bench) {
    const file = path.join(bench.folder, 'bare.onnx');
    writeFileSync(file, bareChain(NODES));
    const [own, checker] = interleave([droplint(bench, file), ...onnxChecker(bench, file)], bench);
    return [versus(benchmark.about, [{ model: 'chain of Add, Relu, Dropout', nodes: NODES, fileBytes: statSync(file).size, droplint: own!, checker }])];
  },
};

export default benchmark;
