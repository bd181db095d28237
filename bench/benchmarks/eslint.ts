import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { toTensorFlowJs } from '../../fixtures/chain/tensorflowjs.js';
import type { Bench, Benchmark, Table } from '../benchmark.js';
import { interleave, node } from '../measure/process.js';
import { median } from '../measure/statistics.js';
import { seconds } from '../report/quantity.js';

/** Paired runs of the whole folder; their median is what counts. */
const PAIRS = 11;
const FILES = 1_000;
const MODELS = 60;
const ROOT = path.resolve(import.meta.dirname, '../..');
const ESLINT = path.join(ROOT, 'node_modules', 'eslint');

/** Plain code, of a usual length, with nothing in it that could be a model. */
function plainSource(index: number): string {
  const blocks = Array.from({ length: 12 }, (_, k) => `/** Adds what is due in step ${k}. */
export function step${index}_${k}(values, limit = ${k + 1}) {
  const kept = values.filter((value) => value > limit && value % ${k + 2} !== 0);
  return kept.reduce((total, value, position) => total + value * position, ${index});
}`);
  return `import { join } from 'node:path';\n\n${blocks.join('\n\n')}\n\nexport const place${index} = join('a', '${index}');\n`;
}

function writeFolder(folder: string, plugin: string): void {
  mkdirSync(path.join(folder, 'src'), { recursive: true });
  for (let index = 0; index < FILES; index += 1) writeFileSync(path.join(folder, 'src', `file${index}.js`), plainSource(index));
  const recommended = `import js from ${JSON.stringify(pathToFileURL(path.join(ROOT, 'node_modules', '@eslint', 'js', 'src', 'index.js')).href)};\n`;
  writeFileSync(path.join(folder, 'without.config.mjs'), `${recommended}export default [js.configs.recommended];\n`);
  writeFileSync(path.join(folder, 'with.config.mjs'), `${recommended}import droplint from ${JSON.stringify(pathToFileURL(plugin).href)};\nexport default [js.configs.recommended, droplint.configs.recommended];\n`);
}

/** A run in one process: the first file, then the mean of the others, with the plugin and without (milliseconds). */
function perFileScript(plugin: string, sources: readonly string[]): string {
  return `
import { Linter } from ${JSON.stringify(pathToFileURL(path.join(ESLINT, 'lib', 'api.js')).href)};
import droplint from ${JSON.stringify(pathToFileURL(plugin).href)};
const sources = ${JSON.stringify(sources)};
const linter = new Linter({ configType: 'flat' });
const time = (code, config) => { const start = performance.now(); linter.verify(code, config, { filename: 'model.js' }); return performance.now() - start; };
time('let x = 1;\\n', [{}]);
const first = time(sources[0], [droplint.configs.recommended]);
const own = sources.slice(1).map((code) => time(code, [droplint.configs.recommended]) - time(code, [{}])).sort((a, b) => a - b);
console.log(JSON.stringify({ first, median: own[own.length >> 1], worst: own.at(-1) }));
`;
}

function folderTable(bench: Bench, plugin: string): Table {
  const folder = path.join(bench.folder, 'eslint');
  writeFolder(folder, plugin);
  const run = (label: string, config: string) => node(label, path.join(ESLINT, 'bin', 'eslint.js'), '--config', path.join(folder, config), path.join(folder, 'src'));
  const commands = [run('without the plugin', 'without.config.mjs'), run('with the plugin', 'with.config.mjs')];
  const [without, withPlugin] = interleave(commands, { rounds: PAIRS, progress: bench.progress }).map((runs) => runs.map((each) => each.seconds));
  const overhead = median(without.map((time, index) => withPlugin[index] / time - 1));
  return {
    title: `ESLint over ${FILES} files without model code, its recommended rules`,
    columns: ['', 'time'],
    rows: [['without the plugin', seconds(median(without))], ['with the plugin', seconds(median(withPlugin))]],
    notes: [`The plugin costs ${(100 * overhead).toFixed(1)} % (median of ${PAIRS} pairs).`],
    details: { overhead },
  };
}

function modelTable(bench: Bench, plugin: string): Table {
  const layers = Array.from({ length: 24 }, (_, k) => `linear(${16 + k}) → relu → dropout(0.3)`).join(' → ');
  const sources = Array.from({ length: MODELS }, (_, k) => `${toTensorFlowJs(`input(${8 + k}) → ${layers} → linear(10) → softmax`, { idiom: 'add', language: 'js' })}\n// ${k}\n`.padEnd(200, '\n'));
  const file = path.join(bench.folder, 'per-file.mjs');
  writeFileSync(file, perFileScript(plugin, sources));
  const [runs] = interleave([node('model files', file)], { rounds: bench.rounds, progress: bench.progress });
  const measured = runs.map((run) => JSON.parse(run.stdout.trim().split('\n').at(-1)!) as { first: number; median: number; worst: number });
  const lines = sources[0].split('\n').length;
  const of = (key: 'first' | 'median' | 'worst') => seconds(median(measured.map((each) => each[key])) / 1000);
  return {
    title: `What the plugin adds to ESLint for a model file of ${lines} lines`,
    columns: ['', 'time'],
    rows: [['the first file (TypeScript is loaded)', of('first')], ['each further file, median', of('median')], ['each further file, worst', of('worst')]],
  };
}

const benchmark: Benchmark = {
  name: 'eslint',
  about: 'What the ESLint plugin costs',
  run(bench) {
    const plugin = path.join(path.dirname(bench.api), 'eslint', 'index.js');
    return [folderTable(bench, plugin), modelTable(bench, plugin)];
  },
};

export default benchmark;
