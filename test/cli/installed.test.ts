/** The built program in a project of its own, as npm would install it: with its dependencies, and at first without onnxruntime-node. */
import { execFile, execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { toOnnx } from '../../fixtures/chain/onnx.js';

const ROOT = path.resolve(import.meta.dirname, '../..');
let project: string;

beforeAll(() => {
  project = mkdtempSync(path.join(tmpdir(), 'droplint-installed-'));
  const installed = path.join(project, 'node_modules', 'droplint');
  mkdirSync(installed, { recursive: true });
  // Types are checked elsewhere.
  const tsc = ['-p', 'tsconfig.build.json', '--outDir', path.join(installed, 'dist'), '--noCheck', '--declaration', 'false', '--declarationMap', 'false'];
  execFileSync(process.execPath, [path.join('node_modules', 'typescript', 'bin', 'tsc'), ...tsc], { cwd: ROOT });
  cpSync(path.join(ROOT, 'package.json'), path.join(installed, 'package.json'));
  cpSync(path.join(ROOT, 'rules'), path.join(installed, 'rules'), { recursive: true, filter: (file) => !file.endsWith('.ts') });
  const { dependencies } = JSON.parse(readFileSync(path.join(ROOT, 'package.json'), 'utf8')) as { dependencies: Record<string, string> };
  for (const name of Object.keys(dependencies)) link(name);
  writeFileSync(path.join(project, 'model.onnx'), toOnnx('linear(16) → dropout(0.5) → gelu → linear(4)'));
});
afterAll(() => rmSync(project, { recursive: true, force: true }));

function link(name: string): void {
  const place = path.join(project, 'node_modules', name);
  mkdirSync(path.dirname(place), { recursive: true });
  symlinkSync(path.join(ROOT, 'node_modules', name), place);
}

interface Ran {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

function droplint(args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<Ran> {
  const main = path.join(project, 'node_modules/droplint/dist/src/cli/main.js');
  const { FORCE_COLOR: _, NO_COLOR: __, ...inherited } = process.env;
  return new Promise((resolve) => {
    execFile(process.execPath, [main, ...args], { cwd: project, env: { ...inherited, ...env } }, (error, stdout, stderr) => {
      resolve({ code: error ? Number(error.code) : 0, stdout, stderr });
    });
  });
}
// eslint-disable-next-line no-control-regex
const ESCAPE = /\u001b/;

it('finds its version and its pages', async () => {
  expect((await droplint(['--version'])).stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
  expect((await droplint(['explain', 'dropout-after-activation'])).stdout).toContain('dropout-after-activation');
});

it('lints without onnxruntime-node, in CI without colours and progress', async () => {
  const ran = await droplint([], { CI: 'true' });
  expect(ran).toMatchObject({ code: 0, stderr: '', stdout: expect.stringContaining('dropout-after-activation') as string });
  expect(ran.stdout).not.toMatch(ESCAPE);
  expect((await droplint([], { FORCE_COLOR: '1' })).stdout).toMatch(ESCAPE);
});

it('says what to do where onnxruntime-node is missing, then fixes once it is there', async () => {
  const before = readFileSync(path.join(project, 'model.onnx'));
  const missing = await droplint(['--fix', '--rule', 'dropout-after-activation: error', 'model.onnx']);
  expect(missing).toMatchObject({ code: 2, stdout: '' });
  expect(missing.stderr).toContain('  npm install onnxruntime-node\n');
  expect(missing.stderr).toContain("  npx -p onnxruntime-node -p droplint droplint --fix --rule 'dropout-after-activation: error' model.onnx\n");
  const preview = await droplint(['--diff', 'model.onnx']);
  expect(preview.stderr).toContain('not proven');
  expect(preview.stdout).toMatch(/^\+ .*dropout/m);
  expect(readFileSync(path.join(project, 'model.onnx')).equals(before)).toBe(true);

  link('onnxruntime-node');
  const fixed = await droplint(['--fix', '--mode', 'training', 'model.onnx']);
  expect(fixed).toMatchObject({ code: 0, stderr: '', stdout: expect.stringContaining('inference bit-exact') as string });
  expect(await droplint(['--mode', 'training'])).toEqual({ code: 0, stdout: '✔ 1 file, no problems\n', stderr: '' });
});

it('reads a configuration that imports it, in JavaScript and in TypeScript, and works in several threads', async () => {
  const text = "import { defineConfig } from 'droplint';\n\nexport default defineConfig({ mode: 'training', rules: { 'dropout-after-activation': 'error' } });\n";
  for (const index of [1, 2, 3]) writeFileSync(path.join(project, `model-${index}.onnx`), toOnnx('linear(16) → dropout(0.5) → gelu → linear(4)'));
  for (const name of ['droplint.config.mjs', 'droplint.config.ts']) {
    writeFileSync(path.join(project, name), text);
    const [alone, together] = [await droplint(['--concurrency', '1', '-f', 'json']), await droplint(['--concurrency', '3', '-f', 'json'])];
    expect(alone).toMatchObject({ code: 1, stderr: '' });
    expect(together).toEqual(alone);
    rmSync(path.join(project, name));
  }
});

it('writes an HTML report with its pages and pictures', async () => {
  expect((await droplint(['--mode', 'training', '-f', 'html=report.html'])).stderr).toBe('');
  const html = readFileSync(path.join(project, 'report.html'), 'utf8');
  expect(html).toContain('<svg');
  expect(html).toContain('Srivastava et al. 2014');
  rmSync(path.join(project, 'report.html'));
});
