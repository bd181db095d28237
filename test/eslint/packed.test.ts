/** The package as npm packs it, installed in clean projects with ESLint 8.57, 9 and 10. */
import { execFile, execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';

const ROOT = path.resolve(import.meta.dirname, '../..');
const TSC = path.join(ROOT, 'node_modules', 'typescript', 'bin', 'tsc');
let folder: string;
let tarball: string;

beforeAll(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'droplint-packed-'));
  const staged = path.join(folder, 'staged');
  mkdirSync(staged);
  // Types are checked elsewhere.
  execFileSync(process.execPath, [TSC, '-p', 'tsconfig.build.json', '--outDir', path.join(staged, 'dist'), '--noCheck'], { cwd: ROOT });
  for (const name of ['package.json', 'README.md', 'LICENSE', 'CHANGELOG.md', 'rules']) cpSync(path.join(ROOT, name), path.join(staged, name), { recursive: true });
  execFileSync('npm', ['pack', '--silent', '--pack-destination', folder], { cwd: staged });
  tarball = path.join(folder, readdirSync(folder).find((name) => name.endsWith('.tgz'))!);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** What `npm install` of the tarball gives: its files, its dependencies, and the user's ESLint. */
function install(eslint: string): string {
  const project = mkdtempSync(path.join(folder, `${eslint}-`));
  const droplint = path.join(project, 'node_modules', 'droplint');
  mkdirSync(droplint, { recursive: true });
  execFileSync('tar', ['-xzf', tarball, '-C', droplint, '--strip-components=1']);
  const { dependencies } = JSON.parse(readFileSync(path.join(droplint, 'package.json'), 'utf8')) as { dependencies: Record<string, string> };
  for (const name of [...Object.keys(dependencies), '@types/node', '@types/estree', '@types/json-schema']) link(project, name, name);
  link(project, eslint, 'eslint');
  writeFileSync(path.join(project, 'package.json'), '{ "type": "module" }');
  writeFileSync(path.join(project, 'model.js'), "import * as tf from '@tensorflow/tfjs';\nconst model = tf.sequential();\nmodel.add(tf.layers.dense({ units: 8, inputShape: [4] }));\nmodel.add(tf.layers.dropout(0.2));\nmodel.add(tf.layers.dense({ units: 3, activation: 'softmax' }));\nmodel.compile({ loss: 'categoricalCrossentropy', optimizer: 'adam' });\n");
  writeFileSync(path.join(project, 'eslint.config.js'), "import droplint from 'droplint/eslint';\nexport default [droplint.configs.recommended];\n");
  return project;
}

function link(project: string, from: string, as: string): void {
  const place = path.join(project, 'node_modules', as);
  mkdirSync(path.dirname(place), { recursive: true });
  symlinkSync(path.join(ROOT, 'node_modules', from), place);
}

function eslint(project: string, args: readonly string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  const main = path.join(project, 'node_modules', 'eslint', 'bin', 'eslint.js');
  return new Promise((resolve) => {
    execFile(process.execPath, [main, ...args], { cwd: project, env: { ...process.env, ESLINT_USE_FLAT_CONFIG: 'true' } }, (error, stdout, stderr) => resolve({ code: error ? Number(error.code) : 0, stdout, stderr }));
  });
}

it.each([['eslint8', '8.57'], ['eslint9', '9'], ['eslint', '10']])('reports and fixes under %s (%s)', async (name) => {
  const project = install(name);
  const found = await eslint(project, ['.']);
  expect(found).toMatchObject({ code: 1, stdout: expect.stringContaining('droplint/valid-dropout-config') as string });
  expect(await eslint(project, ['.', '--fix'])).toMatchObject({ code: 0, stdout: '' });
  expect(readFileSync(path.join(project, 'model.js'), 'utf8')).toContain('tf.layers.dropout({ rate: 0.2 })');
});

it('has types that TypeScript accepts in a configuration file', () => {
  const project = install('eslint');
  writeFileSync(path.join(project, 'eslint.config.ts'), "import type { Linter } from 'eslint';\nimport droplint, { type DroplintSettings } from 'droplint/eslint';\nconst settings: DroplintSettings = { info: true, fix: 'inference-exact' };\nexport default [droplint.configs.strict, { settings: { droplint: settings }, rules: { 'droplint/no-high-dropout-rate': ['error', { max: 0.6 }] } }] satisfies Linter.Config[];\n");
  const args = ['--noEmit', '--strict', '--module', 'nodenext', '--target', 'es2023', '--types', 'node', 'eslint.config.ts'];
  expect(() => execFileSync(process.execPath, [TSC, ...args], { cwd: project, encoding: 'utf8', stdio: 'pipe' })).not.toThrow();
});
