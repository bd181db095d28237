import { afterAll, describe, expect, it, vi } from 'vitest';
import { symlinkSync } from 'node:fs';
import path from 'node:path';
import { toOnnx } from '../../fixtures/chain/onnx.js';
import { Project } from '../support/project.js';

const project = new Project({
  'gelu.onnx': toOnnx('linear(16) → dropout(0.5) → gelu → linear(4)'),
  'relu.onnx': toOnnx('linear(16) → dropout(0.5) → relu → linear(4)'),
  'my-formatter.mjs': 'export default (results, { rulesMeta, cwd }) => results.flatMap(({ filePath, messages }) => messages.map(({ ruleId, severity }) => `${filePath.slice(cwd.length + 1)} ${ruleId} ${severity} ${rulesMeta[ruleId].docs.url}`)).join("\\n");',
  'broken.mjs': 'export default 1;',
});
symlinkSync(path.resolve(import.meta.dirname, '../../node_modules'), project.at('node_modules'));
afterAll(() => project.remove());
const lint = (...args: string[]) => project.run('--mode', 'training', 'gelu.onnx', 'relu.onnx', ...args);

describe('formatters of ESLint', () => {
  it('of ESLint itself', async () => {
    const [{ stdout: json }, { stdout: html }] = [await lint('-f', 'json-with-metadata'), await lint('-f', 'html=report.html')];
    const report = JSON.parse(json) as { results: { messages: { ruleId: string; message: string }[] }[]; metadata: { rulesMeta: Record<string, unknown> } };
    // Informational findings have no place in ESLint.
    expect(report.results.flatMap(({ messages }) => messages).map(({ ruleId }) => ruleId)).toEqual(['dropout-after-activation']);
    expect(report.results.flatMap(({ messages }) => messages)[0]!.message).toMatch(/^graph:node\[\d+\]/);
    expect(report.metadata.rulesMeta).toHaveProperty('dropout-after-activation');
    // `html` is our own.
    expect(html).toBe('');
    expect(project.read('report.html')).toContain('droplint report');
  });

  it('of a package', async () => {
    vi.stubEnv('CI_JOB_NAME', 'lint');
    vi.stubEnv('CI_PROJECT_DIR', project.folder);
    vi.stubEnv('ESLINT_CODE_QUALITY_REPORT', 'quality.json');
    const { stdout, code } = await lint('-f', 'gitlab');
    vi.unstubAllEnvs();
    expect({ code, stdout }).toEqual({ code: 0, stdout: expect.stringContaining('dropout-after-activation') as string });
    const [entry] = JSON.parse(project.read('quality.json')) as { check_name: string; location: { path: string } }[];
    expect(entry).toMatchObject({ check_name: 'dropout-after-activation', location: { path: expect.stringContaining('gelu.onnx') as string } });
  });

  it('of a file', async () => {
    expect((await lint('-f', './my-formatter.mjs')).stdout).toMatch(/^gelu\.onnx dropout-after-activation 1 https:.*dropout-after-activation\.md\n$/);
  });

  it.each([
    ['sarfi', 'Did you mean "sarif"?'],
    ['no-such-formatter', 'nor a formatter that ESLint finds'],
    ['unix', 'The unix formatter is no longer part of core ESLint'],
    ['./broken.mjs', 'Formatter must be a function'],
  ])('refuses %s before anything is linted', async (name, reason) => {
    const { code, stdout, stderr } = await lint('-f', name);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toContain(reason);
  });
});

describe('several reports', () => {
  it('at once, to files and to standard output', async () => {
    const { stdout, stderr } = await lint('-f', 'stylish', '-f', 'sarif=out/deep/r.sarif', '-f', 'junit=out/r.xml');
    expect(stderr).toBe('');
    expect(stdout).toContain('2 files: 1 warning');
    expect(JSON.parse(project.read('out/deep/r.sarif'))).toMatchObject({ version: '2.1.0' });
    expect(project.read('out/r.xml')).toMatch(/^<\?xml/);
  });

  it('--output-file takes the one without a file', async () => {
    expect(await lint('-f', 'markdown', '--output-file', 'o.md')).toMatchObject({ stdout: '' });
    expect(project.read('o.md')).toMatch(/^### droplint/);
  });

  it.each([
    [['-f', 'json', '-f', 'sarif'], 'json and sarif cannot both go to standard output'],
    [['-f', 'json=a', '--output-file', 'b'], '--output-file is for a format without a file'],
    [['-f', 'json='], 'neither a format nor format=file'],
    [['--diff', '-f', 'json'], '--diff has a form of its own'],
  ])('%j makes no sense', async (args, reason) => {
    const { code, stderr } = await lint(...args);
    expect(code).toBe(2);
    expect(stderr).toContain(reason);
  });
});
