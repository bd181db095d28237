/**
 * `npm run bench [-- <name>… [--rounds <number>] [--list]]`: runs the benchmarks whose names begin with a given one, or
 * all. Prints tables, and writes the same numbers to bench/work/results.json. Models are generated and deleted again.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import type { Bench, Benchmark, Checker } from './benchmark.js';
import { bytes, formatQuantity } from './report/quantity.js';
import { formatTable } from './report/table.js';

const ROOT = path.resolve(import.meta.dirname, '..');
const WORK = path.join(ROOT, 'bench', 'work');
/** Debian's, whose package is python3-onnx; one in an environment may be another. */
const PYTHON = '/usr/bin/python3';

async function benchmarks(): Promise<readonly Benchmark[]> {
  const folder = path.join(import.meta.dirname, 'benchmarks');
  const files = readdirSync(folder).filter((file) => file.endsWith('.ts')).sort();
  return Promise.all(files.map(async (file) => ((await import(path.join(folder, file))) as { default: Benchmark }).default));
}

/** A build of its own: one that is renewed while the benchmark runs changes nothing. */
function build(folder: string): void {
  const tsc = path.join(ROOT, 'node_modules', 'typescript', 'bin', 'tsc');
  const { status, stdout } = spawnSync(process.execPath, [tsc, '-p', 'tsconfig.build.json', '--outDir', folder], { cwd: ROOT, encoding: 'utf8' });
  if (status === 0) return;
  // Types do not change what is measured.
  if (!existsSync(path.join(folder, 'src', 'cli', 'main.js'))) throw new Error(`the build failed:\n${stdout}`);
  console.error(`The build has type errors:\n${stdout}`);
}

function findChecker(): Checker {
  const { status, stdout } = spawnSync(PYTHON, ['-c', 'import sys, onnx; print(onnx.__version__, "of Python", sys.version.split()[0])'], { encoding: 'utf8' });
  return status === 0 ? { python: PYTHON, version: stdout.trim() } : { missing: `${PYTHON} has no onnx (Debian and Ubuntu: python3-onnx): droplint is measured alone` };
}

function environment(cli: string, checker: Checker): Readonly<Record<string, string>> {
  const { stdout: version } = spawnSync(process.execPath, [cli, '--version'], { encoding: 'utf8' });
  const { stdout: commit } = spawnSync('git', ['describe', '--always', '--dirty'], { cwd: ROOT, encoding: 'utf8' });
  return {
    droplint: [version.trim(), commit?.trim()].filter(Boolean).join(' '),
    node: process.version,
    onnx: 'missing' in checker ? checker.missing : checker.version,
    machine: `${os.cpus()[0]?.model.trim() ?? os.arch()}, ${os.availableParallelism()} cores, ${formatQuantity(bytes(os.totalmem()))}, ${os.type()} ${os.release()}`,
    date: new Date().toISOString(),
  };
}

const { values, positionals } = parseArgs({ allowPositionals: true, options: { rounds: { type: 'string', default: '5' }, list: { type: 'boolean', default: false } } });
const all = await benchmarks();
const chosen = all.filter(({ name }) => positionals.length === 0 || positionals.some((prefix) => name.startsWith(prefix)));
const rounds = Number(values.rounds);
if (!Number.isInteger(rounds) || rounds < 1) throw new Error(`--rounds takes a number from 1 up, not ${values.rounds}`);
if (chosen.length === 0) throw new Error(`No benchmark is called ${positionals.join(' or ')}; there are ${all.map(({ name }) => name).join(', ')}.`);

if (values.list) {
  for (const { name, about } of chosen) console.log(`${name.padEnd(18)} ${about}`);
} else {
  const progress = (text: string): void => void (process.stderr.isTTY && process.stderr.write(`\r\x1b[2K${text}`));
  mkdirSync(WORK, { recursive: true });
  const folder = mkdtempSync(path.join(WORK, 'run-'));
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1));
  const [dist, models] = [path.join(folder, 'dist'), path.join(folder, 'models')];
  progress('building');
  build(dist);
  const checker = findChecker();
  const bench: Bench = { rounds, cli: path.join(dist, 'src', 'cli', 'main.js'), api: path.join(dist, 'src', 'index.js'), folder: models, checker, progress };
  const about = environment(bench.cli, checker);
  progress('');
  for (const [key, value] of Object.entries(about)) console.log(`${key.padEnd(8)} ${value}`);
  console.log(`Medians of ${rounds} interleaved runs, each in a process of its own; a ratio is the median of the ratios of the rounds.`);

  const results = [];
  for (const { name, run } of chosen) {
    rmSync(models, { recursive: true, force: true });
    mkdirSync(models);
    const tables = run(bench);
    progress('');
    for (const table of tables) console.log(`\n${formatTable(table)}`);
    results.push({ name, tables });
    writeFileSync(path.join(WORK, 'results.json'), `${JSON.stringify({ ...about, rounds, results }, undefined, 2)}\n`);
  }
}
