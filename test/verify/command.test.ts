import fs from 'node:fs';
import { describe, expect, it } from 'vitest';
import { Model } from '../../fixtures/builders/onnx.js';
import { toOnnx } from '../support/chain.js';
import type { OnnxOptions } from '../support/chain.js';
import { commandLine } from '../support/command-line.js';
import { temporaryFolder } from './temporary.js';

const folder = temporaryFolder();
let count = 0;
function write(bytes: Uint8Array): string {
  const file = folder(`model${count++}.onnx`);
  fs.writeFileSync(file, bytes);
  return file;
}
const chain = (text: string, options: OnnxOptions = {}) => write(toOnnx(text, { opset: 13, ...options }));
const dense = (middle: string, options: OnnxOptions = {}) => chain(`input(6) → linear(6) → ${middle} → linear(3)`, options);

describe('droplint verify', () => {
  it.each([
    ['the same', 'relu', 'relu', 'exact'],
    ['an exact swap', 'dropout(0.3) → relu', 'relu → dropout(0.3)', 'exact'],
    ['a merge', 'dropout(0.5) → dropout(0.5) → relu', 'dropout(0.75) → relu', 'exact-in-distribution'],
    ['a swap with GELU', 'dropout(0.3) → gelu', 'gelu → dropout(0.3)', 'inference-exact'],
  ])('names the strongest class: %s', async (_, before, after, strongest) => {
    const { code, stdout } = await commandLine('verify', dense(before), dense(after));
    expect(stdout).toMatch(new RegExp(`^equal {2}.* \\(${strongest}\\)\n`));
    expect(code).toBe(0);
  });

  it('tells the difference: output, place, both values', async () => {
    const { code, stdout } = await commandLine('verify', dense('relu'), dense('tanh'));
    expect(code).toBe(1);
    expect(stdout).toMatch(/^different {2}.*model\d+\.onnx and .*model\d+\.onnx\n/);
    expect(stdout).toMatch(/The output output differs by \d+ ulp \(relative [\d.e+-]+\) at optimisation level disabled\./);
    expect(stdout).toMatch(/output\[\d, \d\]: -?[\d.e-]+ before, -?[\d.e-]+ after/);
  });

  it('other graphs with equal outputs are equal', async () => {
    const { code, stdout } = await commandLine('verify', dense('relu'), dense('relu', { opset: 17 }));
    expect(stdout).toContain('(inference-exact)');
    expect(code).toBe(0);
  });

  it('--class asks for one class', async () => {
    const pair = [dense('dropout(0.3) → gelu'), dense('gelu → dropout(0.3)')];
    expect((await commandLine('verify', ...pair, '--class', 'inference-exact')).code).toBe(0);
    const exact = await commandLine('verify', ...pair, '--class', 'exact');
    expect(exact.code).toBe(1);
    expect(exact.stdout).toContain('same-mask: fails');
  });

  it('--tolerance, in ulps or relative', async () => {
    const scaled = (factor: number) => dense(`scale(${factor})`);
    const pair = [scaled(1), scaled(1.001)];
    expect((await commandLine('verify', ...pair)).code).toBe(1);
    expect((await commandLine('verify', ...pair, '--tolerance', '0.01')).code).toBe(0);
    expect((await commandLine('verify', ...pair, '--tolerance', '10ulp')).code).toBe(1);
    const { code, stderr } = await commandLine('verify', ...pair, '--tolerance', 'little');
    expect(code).toBe(2);
    expect(stderr).toContain('8ulp');
  });

  it('--runs and --format json: everything to repeat it', async () => {
    const { code, stdout } = await commandLine('verify', dense('relu', { batch: 'symbolic' }), dense('relu', { batch: 'symbolic' }), '--runs', '12', '--format', 'json');
    expect(code).toBe(0);
    const report = JSON.parse(stdout);
    expect(report).toMatchObject({ verdict: 'equal', strongest: 'exact', runtime: { node: process.version } });
    const inference = report.checks.find(({ check }: { check: string }) => check === 'inference');
    expect(inference.feeds).toHaveLength(12);
    expect(inference.feeds[1]).toEqual({ kind: 'normal', seed: 2, shapes: { input: [3, 6] } });
    expect(inference.levels).toEqual(['disabled', 'all']);
  });

  it('--feeds decides what is seen', async () => {
    const header = "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 6), }";
    const padded = `${header.padEnd(117)}\n`;
    const npy = (fill: number) => Buffer.concat([Buffer.from('\x93NUMPY\x01\x00', 'latin1'), Buffer.from([padded.length, 0]), Buffer.from(padded), Buffer.from(new Float32Array(12).fill(fill).buffer)]);
    fs.writeFileSync(folder('input.npy'), npy(0.25));
    // Equal where a Clip does not bite.
    const pair = [chain('input(6) → scale(1)'), chain('input(6) → scale(1) → relu6')];
    expect((await commandLine('verify', ...pair)).code).toBe(1);
    const { code, stdout } = await commandLine('verify', ...pair, '--feeds', folder('input.npy'));
    expect(stdout).toContain('Bit-exact on 1 feed');
    expect(code).toBe(0);
  });

  it('other outputs, other inputs', async () => {
    const build = (input: string, output: string) => {
      const model = new Model({ opset: 13 });
      model.graph.output(model.graph.node('Relu', [model.graph.input(input, [2, 3])]), output);
      return write(model.encode());
    };
    expect((await commandLine('verify', build('x', 'y'), build('x', 'z'))).code).toBe(1);
    const { code, stdout } = await commandLine('verify', build('x', 'y'), build('w', 'y'));
    expect(code).toBe(1);
    expect(stdout).toContain('it wants the input w, which the model before does not have');
  });

  it('2 for what cannot be executed or read', async () => {
    const old = await commandLine('verify', dense('relu', { opset: 6 }), dense('relu', { opset: 6 }));
    expect(old.code).toBe(2);
    expect(old.stdout).toContain('not executable');
    expect(old.stdout).toContain('erasure: holds');
    expect((await commandLine('verify', dense('relu'), folder('missing.onnx'))).code).toBe(2);
  });
});
