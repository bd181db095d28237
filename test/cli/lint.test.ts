import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { chainModel, toOnnx } from '../../fixtures/chain/onnx.js';
import type { LintResult } from '../../src/lint/result.js';
import { commandLine } from '../support/command-line.js';
import { withExternalData } from '../support/external-data.js';

const MODELS = {
  'clean.onnx': toOnnx('linear(16) → relu → dropout(0.5) → linear(4)'),
  'gelu.onnx': toOnnx('linear(16) → dropout(0.5) → gelu → linear(4)'),
  'relu.onnx': toOnnx('linear(16) → dropout(0.5) → relu → linear(4)'),
  'batch-norm.onnx': toOnnx('conv2d(4) → dropout(0.5) → batch-norm → relu → global-avg-pool → flatten → linear(4)'),
  'deployed.onnx': toOnnx('linear(16) → relu → linear(4)'),
  'broken.onnx': Buffer.from('this is no protobuf at all'),
  'empty.onnx': Buffer.alloc(0),
};
type Name = keyof typeof MODELS;

const master = mkdtempSync(path.join(tmpdir(), 'droplint-cli-'));
for (const [name, bytes] of Object.entries(MODELS)) writeFileSync(path.join(master, name), bytes);
const folder = `${master}-work`;
beforeEach(() => {
  rmSync(folder, { recursive: true, force: true });
  cpSync(master, folder, { recursive: true });
});
afterAll(() => [master, folder].forEach((each) => rmSync(each, { recursive: true, force: true })));

const at = (name: Name | (string & {})): string => path.join(folder, name);
const bytes = (name: string): Buffer => readFileSync(at(name));
const unchanged = (name: Name): boolean => bytes(name).equals(MODELS[name]);
/** In training mode nothing is said of dropouts that are live. */
const lint = (...args: string[]) => commandLine('--mode', 'training', ...args);
const json = async (...args: string[]): Promise<{ code: number; results: LintResult[] }> => {
  const { code, stdout } = await lint('--format', 'json', ...args);
  return { code, results: JSON.parse(stdout) as LintResult[] };
};

describe('linting', () => {
  it('a clean model is clean', async () => {
    expect(await lint(at('clean.onnx'))).toEqual({ code: 0, stdout: '✔ 1 file, no problems\n', stderr: '' });
  });

  it('reports warnings without failing, unless there are too many', async () => {
    const { code, stdout } = await lint(at('gelu.onnx'));
    expect(code).toBe(0);
    expect(stdout).toContain('dropout-after-activation');
    expect(stdout).toContain('[fix: inference-exact]');
    expect(stdout).toMatch(/✖ 1 file: 1 warning \(1 fixable with --fix\)/);
    expect((await lint(at('gelu.onnx'), '--max-warnings', '0')).code).toBe(1);
  });

  it('errors fail; a level that is given replaces a computed one', async () => {
    expect((await lint(at('batch-norm.onnx'))).code).toBe(1);
    const { code, results } = await json(at('batch-norm.onnx'), '--rule', 'dropout-after-batch-norm: info');
    expect(code).toBe(0);
    expect(results[0]?.errorCount).toBe(0);
    expect(results[0]?.messages.find(({ ruleId }) => ruleId === 'dropout-after-batch-norm')).toMatchObject({ level: 'info', severity: 0 });
  });

  it('JSON has what a machine needs', async () => {
    const { results } = await json(at('gelu.onnx'));
    expect(results).toMatchObject([{
      filePath: at('gelu.onnx'), errorCount: 0, warningCount: 1, fixableWarningCount: 1,
      messages: [{ ruleId: 'dropout-after-activation', severity: 1, level: 'warn', column: 1, nodeName: expect.stringContaining('Dropout') as string, graphPath: expect.stringMatching(/^graph:node\[\d+\]/) as string, fixClass: 'inference-exact' }],
    }]);
  });

  it('says of a model without dropout what it is', async () => {
    const { code, stdout } = await lint(at('deployed.onnx'));
    expect(code).toBe(0);
    expect(stdout).toContain('no dropout in this graph');
  });

  it('names unreadable files and lints the others', async () => {
    const { code, results } = await json(folder);
    expect(code).toBe(2);
    const fatal = results.filter(({ fatalErrorCount }) => fatalErrorCount > 0).map(({ filePath }) => path.basename(filePath));
    expect(fatal).toEqual(['broken.onnx', 'empty.onnx']);
    expect(results).toHaveLength(Object.keys(MODELS).length);
  });

  it('--quiet reports errors only, and the exit code stays', async () => {
    const { code, stdout } = await lint('--quiet', '--max-warnings', '0', at('gelu.onnx'), at('deployed.onnx'));
    expect({ code, stdout }).toEqual({ code: 1, stdout: '✔ 2 files, no problems\n' });
  });

  it('prints the architecture', async () => {
    const { code, stdout } = await commandLine('print', at('gelu.onnx'));
    expect(code).toBe(0);
    expect(stdout).toMatch(/linear 16[\s\S]*dropout 0\.5 \(live\)[\s\S]*gelu[\s\S]*linear 4/);
  });
});

describe('what cannot be proven', () => {
  /** onnxruntime has no kernel for it. */
  function withCustomOperator(): Uint8Array {
    const model = chainModel('linear(16) → dropout(0.5) → gelu → linear(4)').use('example.custom');
    model.graph.output(model.graph.node('Custom', [model.graph.input('other', [2, 4])], { domain: 'example.custom' }), 'other_output');
    return model.encode();
  }

  it('stays as it is, with the reason, and the exit code is 1', async () => {
    writeFileSync(at('custom.onnx'), withCustomOperator());
    const { code, results } = await json('--fix', at('custom.onnx'));
    expect(code).toBe(1);
    expect(results[0]).toMatchObject({ fixed: [], messages: [{ ruleId: 'dropout-after-activation', proof: { verdict: 'unverifiable', reason: expect.stringContaining('Custom') as string } }] });
    expect(bytes('custom.onnx').equals(withCustomOperator())).toBe(true);
    expect((await lint('--fix', at('custom.onnx'))).stdout).toContain('not fixed, it could not be verified');
  });

  it('is written with --no-verify', async () => {
    writeFileSync(at('custom.onnx'), withCustomOperator());
    expect((await lint('--fix', '--no-verify', at('custom.onnx'))).code).toBe(0);
    expect(bytes('custom.onnx').equals(withCustomOperator())).toBe(false);
  });
});

describe('a model with external data', () => {
  const name = 'external.onnx';
  beforeEach(() => {
    const { model, weights } = withExternalData('linear(16) → dropout(0.5) → gelu → linear(4)', 'weights.bin');
    writeFileSync(at(name), model);
    writeFileSync(at('weights.bin'), weights);
  });

  it('is fixed and proven in place, and beside itself', async () => {
    expect(await lint('--fix', '-o', at('fixed.onnx'), at(name))).toMatchObject({ code: 0, stdout: expect.stringContaining('inference bit-exact') as string });
    expect((await json(at('fixed.onnx'))).results[0]).toMatchObject({ messages: [] });
    expect(await lint('--fix', at(name))).toMatchObject({ code: 0, stdout: expect.stringContaining('inference bit-exact') as string });
  });

  it('is not written to another folder; the way out is named', async () => {
    const output = path.join(master, 'moved.onnx');
    const { code, stderr } = await lint('--fix', '-o', output, at(name));
    expect(code).toBe(2);
    expect(stderr).toContain('keeps weights in weights.bin');
    expect(stderr).toContain(`--output ${at('moved.onnx')}`);
    expect(existsSync(output)).toBe(false);
  });
});

describe('fixing', () => {
  it('proves, writes, and reports the proof', async () => {
    const { code, results } = await json('--fix', at('gelu.onnx'));
    expect(code).toBe(0);
    expect(results[0]).toMatchObject({ messages: [], fixed: [{ ruleId: 'dropout-after-activation', fixClass: 'inference-exact', proof: { class: 'inference-exact', verdict: 'proven' } }] });
    expect((await commandLine('print', at('gelu.onnx'))).stdout).toMatch(/linear 16[\s\S]*gelu[\s\S]*dropout 0\.5 \(live\)[\s\S]*linear 4/);
    expect((await lint(at('gelu.onnx'))).stdout).toBe('✔ 1 file, no problems\n');
  });

  it('says so in one line', async () => {
    const { stdout } = await lint('--fix', '--fix-level', 'info', at('relu.onnx'));
    expect(stdout).toMatch(/proven {2}1 fix, inference bit-exact on \d+ feeds at 2 optimisation levels,\s+training same-mask exact/);
  });

  it('leaves files without fixes untouched, and infos unless asked', async () => {
    const { code } = await lint('--fix', at('clean.onnx'), at('relu.onnx'), at('deployed.onnx'));
    expect(code).toBe(0);
    expect((['clean.onnx', 'relu.onnx', 'deployed.onnx'] as const).every(unchanged)).toBe(true);
  });

  it('--fix-class exact leaves the rest', async () => {
    const { results } = await json('--fix', '--fix-class', 'exact', at('gelu.onnx'));
    expect(results[0]).toMatchObject({ fixed: [], messages: [{ ruleId: 'dropout-after-activation' }] });
    expect(unchanged('gelu.onnx')).toBe(true);
  });

  it('--output writes there, and copies what needs no fix', async () => {
    await lint('--fix', '-o', at('out.onnx'), at('gelu.onnx'));
    expect(unchanged('gelu.onnx')).toBe(true);
    expect(bytes('out.onnx').equals(MODELS['gelu.onnx'])).toBe(false);
    await lint('--fix', '-o', at('copy.onnx'), at('clean.onnx'));
    expect(bytes('copy.onnx').equals(MODELS['clean.onnx'])).toBe(true);
  });

  it('--no-verify writes without proof, and says so', async () => {
    const { stdout } = await lint('--fix', '--no-verify', at('gelu.onnx'));
    expect(stdout).toContain('1 fix, not verified');
    expect(unchanged('gelu.onnx')).toBe(false);
  });

  it('--diff shows the fix and writes nothing', async () => {
    const { code, stdout } = await lint('--diff', '--max-warnings', '0', at('gelu.onnx'), at('clean.onnx'));
    expect(stdout).toMatch(/^-.*dropout 0\.5/m);
    expect(stdout).toMatch(/^\+.*dropout 0\.5/m);
    expect(stdout).toContain('1 fix in 1 file would be made, 0 findings would stay.');
    expect(code).toBe(1);
    expect(readdirSync(folder).sort()).toEqual(Object.keys(MODELS).sort());
    expect(unchanged('gelu.onnx')).toBe(true);
  });
});
