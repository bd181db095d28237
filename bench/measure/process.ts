/** Runs commands, each in a process of its own, and measures them from outside. */
import { spawnSync } from 'node:child_process';
import path from 'node:path';
import type { Bench } from '../benchmark.js';

export interface Command {
  readonly label: string;
  readonly program: string;
  readonly args: readonly string[];
  /** Other exit codes end the benchmark. */
  readonly exitCodes: readonly number[];
}

export interface Run {
  /** Wall-clock time, from the start of the process to its end. */
  readonly seconds: number;
  /** Peak resident set size; undefined for a program that does not report it. */
  readonly peakBytes: number | undefined;
  /** All that it read from files, its own code included; undefined where the system does not count. */
  readonly readBytes: number | undefined;
  readonly stdout: string;
}

const SELF_REPORT = path.join(import.meta.dirname, 'self-report.cjs');
const CHECK = path.join(import.meta.dirname, 'check.py');

/** `droplint` as it was built. Findings are no failure. */
export const droplint = ({ cli }: Pick<Bench, 'cli'>, ...args: readonly string[]): Command => node('droplint', cli, ...args);

export const node = (label: string, ...args: readonly string[]): Command => ({ label, program: process.execPath, args: ['--require', SELF_REPORT, ...args], exitCodes: [0, 1] });

/** `onnx.load` and `onnx.checker.check_model`; nothing where Python's onnx is not installed. */
export const onnxChecker = ({ checker }: Pick<Bench, 'checker'>, ...files: readonly string[]): readonly Command[] =>
  'missing' in checker ? [] : [{ label: 'onnx.checker', program: checker.python, args: [CHECK, ...files], exitCodes: [0] }];

/** Throws when the command fails. */
export function run({ label, program, args, exitCodes }: Command): Run {
  const start = performance.now();
  const { status, signal, output, error } = spawnSync(program, args, { stdio: ['ignore', 'pipe', 'pipe', 'pipe'], encoding: 'utf8', maxBuffer: 1 << 28 });
  const seconds = (performance.now() - start) / 1e3;
  if (error) throw error;
  const [, stdout = '', stderr = '', report = ''] = output as (string | null)[] as string[];
  if (status === null || !exitCodes.includes(status)) throw new Error(`${label} ended with ${status ?? signal}:\n${(stderr || stdout).slice(-2000)}`);
  const { peakBytes, readBytes } = (report ? JSON.parse(report) : {}) as Partial<Run>;
  return { seconds, peakBytes, readBytes, stdout };
}

/**
 * Runs all commands once unmeasured (files into the page cache), then `rounds` times in turn, every other time in
 * reverse: a machine that gets busier slows all of them. The runs of each command, in the order of the commands.
 */
export function interleave(commands: readonly Command[], { rounds, progress }: Pick<Bench, 'rounds' | 'progress'>): readonly (readonly Run[])[] {
  const runs = commands.map((): Run[] => []);
  const order = [...commands.keys()];
  for (let round = 0; round <= rounds; round += 1) {
    for (const index of round % 2 === 0 ? order : order.toReversed()) {
      const command = commands[index]!;
      progress(`${round === 0 ? 'warming up' : `round ${round} of ${rounds}`}: ${command.label}`);
      const result = run(command);
      if (round > 0) runs[index]!.push(result);
    }
  }
  return runs;
}
