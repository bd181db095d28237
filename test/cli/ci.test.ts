/** The building blocks for CI: what they say must be true, and what they run must work. */
import { execFileSync, spawnSync } from 'node:child_process';
import { chmodSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { toOnnx } from '../../fixtures/chain/onnx.js';
import { extensions } from '../../src/formats/registry.js';
import { droplintCommand, Project } from '../support/project.js';

const ROOT = path.resolve(import.meta.dirname, '../..');
const yaml = (file: string): unknown => parse(readFileSync(path.join(ROOT, file), 'utf8'));

let project: Project;
beforeAll(() => {
  project = new Project({
    'models/gelu.onnx': toOnnx('linear(16) → dropout(0.5) → gelu → linear(4)'),
    'models/a b.onnx': toOnnx('linear(16) → relu → dropout(0.5) → linear(4)'),
    'droplint.config.json': '{ "mode": "training" }',
    // What `npx droplint@version` and `npx --no-install droplint` stand for: this checkout.
    'bin/npx': `#!/bin/sh\nwhile [ $# -gt 0 ]; do case "$1" in droplint*) shift; break;; *) shift;; esac; done\nexec ${droplintCommand()} "$@"\n`,
  });
  chmodSync(project.at('bin/npx'), 0o755);
  project.commitAll();
  project.write('models/new.onnx', toOnnx('linear(16) → dropout(0.5) → gelu → linear(4)'));
});
afterAll(() => project.remove());
const env = (more: NodeJS.ProcessEnv = {}): NodeJS.ProcessEnv => ({ ...process.env, PATH: `${project.at('bin')}:${process.env.PATH}`, ...more });

interface Action {
  readonly inputs: Readonly<Record<string, { readonly default: string; readonly description: string }>>;
  readonly runs: { readonly using: string; readonly steps: readonly { readonly shell?: string; readonly run?: string; readonly env?: Readonly<Record<string, string>>; readonly uses?: string }[] };
}

describe('action.yml', () => {
  const action = yaml('action.yml') as Action;
  const step = action.runs.steps.find(({ run }) => run !== undefined)!;
  const runStep = (inputs: Readonly<Record<string, string>>) => {
    const given = (expression: string): string => expression.replace(/\$\{\{ inputs\.([\w-]+) \}\}/g, (_, name: string) => {
      expect(Object.keys(action.inputs)).toContain(name);
      return inputs[name] ?? action.inputs[name]!.default;
    });
    const variables = Object.fromEntries(Object.entries(step.env ?? {}).map(([name, value]) => [name, given(value)]));
    // As GitHub runs `shell: bash`.
    return spawnSync('bash', ['--noprofile', '--norc', '-eo', 'pipefail', '-c', step.run!], { cwd: project.folder, encoding: 'utf8', env: env(variables) });
  };

  it('is a composite action whose every input is described', () => {
    expect(action.runs.using).toBe('composite');
    for (const { description } of Object.values(action.inputs)) expect(description).toMatch(/\.$/);
    expect(action.runs.steps.every(({ shell, uses }) => shell === 'bash' || /^[\w-]+\/[\w/-]+@v\d+$/.test(uses ?? ''))).toBe(true);
  });

  it('annotates, writes SARIF, and fails as droplint does', () => {
    const ran = runStep({ files: 'models', args: '--max-warnings 0' });
    expect(ran).toMatchObject({ status: 1, stderr: '' });
    expect(ran.stdout).toContain('::warning file=models/gelu.onnx,title=dropout-after-activation::');
    expect(JSON.parse(project.read('droplint.sarif'))).toMatchObject({ version: '2.1.0', runs: [{ results: { length: 2 } }] });
  });

  it('lints what has changed', () => {
    const ran = runStep({ files: 'models', changed: 'HEAD', sarif: 'changed.sarif' });
    expect(ran).toMatchObject({ status: 0, stderr: '' });
    expect(ran.stdout.trim().split('\n')).toEqual([expect.stringContaining('file=models/new.onnx') as string]);
  });
});

describe('.pre-commit-hooks.yaml', () => {
  const hooks = yaml('.pre-commit-hooks.yaml') as readonly { readonly id: string; readonly entry: string; readonly files: string; readonly language: string }[];

  it.each(hooks.map((hook) => [hook.id, hook] as const))('%s takes every file that droplint reads', (_, { files, language }) => {
    const pattern = new RegExp(files);
    for (const extension of extensions.filter((each) => each !== '.json')) expect(pattern.test(`a/b${extension}`), extension).toBe(true);
    expect(['model.json', 'a/model.json', 'package.json', 'net.py', 'a.onnx.bak'].map((file) => pattern.test(file))).toEqual([true, true, false, false, false]);
    expect(language).toBe('system');
  });

  it('runs on the files that it is given', () => {
    const [hook] = hooks;
    const ran = spawnSync('/bin/sh', ['-c', `${hook!.entry} "$@"`, 'sh', 'models/gelu.onnx', 'models/a b.onnx'], { cwd: project.folder, encoding: 'utf8', env: env() });
    expect(ran).toMatchObject({ status: 0, stderr: '', stdout: expect.stringContaining('2 files: 1 warning') as string });
  });
});

it('the lint-staged example of docs/ci.md names files that droplint reads', () => {
  const page = readFileSync(path.join(ROOT, 'docs/ci.md'), 'utf8');
  const [, example] = /```json\n(\{\n {2}"lint-staged"[\s\S]*?)```/.exec(page) ?? [];
  const { 'lint-staged': staged } = JSON.parse(example!) as { 'lint-staged': Record<string, string> };
  expect(Object.values(staged)).toEqual(['droplint']);
  for (const glob of Object.keys(staged)) expect(extensions.some((extension) => glob.includes(extension.slice(1)))).toBe(true);
});

it.each(['docs/ci.md', 'docs/scale.md'])('the YAML of %s is YAML', (file) => {
  const blocks = [...readFileSync(path.join(ROOT, file), 'utf8').matchAll(/```yaml\n([\s\S]*?)```/g)].map(([, text]) => text!);
  expect(blocks.length).toBeGreaterThan(0);
  for (const block of blocks) expect(parse(block)).toBeTypeOf('object');
});

it('the Slurm script of docs/scale.md is a shell script that hands its shard to droplint', () => {
  const [, script] = /```sh\n(#!\/bin\/bash\n[\s\S]*?)```/.exec(readFileSync(path.join(ROOT, 'docs/scale.md'), 'utf8')) ?? [];
  project.write('job.sh', script!);
  execFileSync('bash', ['job.sh'], { cwd: project.folder, env: env({ SLURM_ARRAY_TASK_ID: '1', SLURM_ARRAY_TASK_MIN: '0', SLURM_ARRAY_TASK_COUNT: '2' }) });
  expect(JSON.parse(project.read('reports/1.json'))).toBeInstanceOf(Array);
});
