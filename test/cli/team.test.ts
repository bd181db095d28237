/** What a team uses: configuration, baseline, changed files, shards, the cache, interruption. */
import { existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { afterEach, describe, expect, it } from 'vitest';
import { toOnnx } from '../../fixtures/chain/onnx.js';
import type { LintResult } from '../../src/lint/result.js';
import { Project } from '../support/project.js';

const GELU = toOnnx('linear(16) → dropout(0.5) → gelu → linear(4)');
const BATCH_NORM = toOnnx('conv2d(4) → dropout(0.5) → batch-norm → relu → global-avg-pool → flatten → linear(4)', { training: true });
const CLEAN = toOnnx('linear(16) → relu → dropout(0.5) → linear(4)');
const TRAINING = 'export default { mode: "training" };';

const projects: Project[] = [];
const project = (files: Readonly<Record<string, string | Uint8Array>>): Project => (projects.push(new Project(files)), projects.at(-1)!);
afterEach(() => projects.splice(0).forEach((each) => each.remove()));
const idsOf = (stdout: string): string[] => (JSON.parse(stdout) as LintResult[]).flatMap(({ messages }) => messages.map(({ ruleId }) => String(ruleId)));

describe('configuration', () => {
  it('holds for rules, mode, files and nodes, and gives way to the command line', async () => {
    const its = project({
      'droplint.config.mjs': `export default {
        mode: 'training', ignores: 'old', rules: { 'dropout-after-activation': 'error' },
        overrides: [{ files: 'soft/**', rules: { 'dropout-after-activation': 'info' } }, { nodes: '/net/drop0/**', rules: { 'dropout-after-batch-norm': 'off' } }],
      };`,
      'gelu.onnx': GELU, 'soft/gelu.onnx': GELU, 'old/gelu.onnx': GELU, 'bn.onnx': BATCH_NORM,
    });
    const { code, stdout } = await its.run('-f', 'json');
    const results = JSON.parse(stdout) as LintResult[];
    expect(code).toBe(1);
    expect(results.map(({ filePath, messages }) => [filePath.slice(its.folder.length + 1), messages.map(({ ruleId, level }) => `${ruleId} ${level}`)])).toEqual([
      ['bn.onnx', []], ['gelu.onnx', ['dropout-after-activation error']], ['soft/gelu.onnx', ['dropout-after-activation info']],
    ]);
    expect((await its.run('gelu.onnx', '--rule', 'dropout-after-activation: off')).code).toBe(0);
    expect((await its.run('gelu.onnx', '--no-config', '--mode', 'training')).code).toBe(0);
  });

  it('gives defaults of options', async () => {
    const its = project({ 'droplint.config.json': '{ "mode": "training", "settings": { "maxWarnings": 0, "format": ["json", "sarif=out.sarif"] } }', 'gelu.onnx': GELU });
    const { code, stdout } = await its.run();
    expect(code).toBe(1);
    expect(idsOf(stdout)).toEqual(['dropout-after-activation']);
    expect(existsSync(its.at('out.sarif'))).toBe(true);
    expect((await its.run('--max-warnings', '1', '-f', 'stylish')).code).toBe(0);
  });

  it('that is wrong ends with 2 and says where', async () => {
    const its = project({ 'droplint.config.json': '{ "ruls": {} }', 'gelu.onnx': GELU });
    expect(await its.run()).toEqual({ code: 2, stdout: '', stderr: 'droplint: droplint.config.json: "ruls" is not a key of a configuration. Did you mean "rules"?\n' });
  });

  it('--print-config says what holds for a file', async () => {
    const its = project({ 'droplint.config.mjs': `export default { extends: 'strict', overrides: [{ files: 'a/**', rules: { 'no-high-dropout-rate': ['warn', { max: 0.7 }] } }] };`, 'a/m.onnx': CLEAN });
    const printed = JSON.parse((await its.run('--print-config', 'a/m.onnx')).stdout) as { preset: string; rules: Record<string, unknown>; configurationFiles: string[] };
    expect(printed).toMatchObject({ preset: 'strict', mode: 'auto', ignored: false, configurationFiles: [its.at('droplint.config.mjs')] });
    expect(printed.rules['no-high-dropout-rate']).toEqual(['warn', { max: 0.7 }]);
    expect((await its.run('--print-config')).code).toBe(2);
  });

  it.each([
    [{}, [], 'droplint.config.mjs'],
    [{ 'package.json': '{ "type": "module" }' }, [], 'droplint.config.js'],
    [{ 'tsconfig.json': '{}' }, [], 'droplint.config.ts'],
    [{}, ['--language', 'json', '--preset', 'strict'], 'droplint.config.json'],
  ])('init beside %j %j writes %s, which works', async (files, args, name) => {
    const its = project({ ...files, 'bn.onnx': BATCH_NORM });
    expect(await its.run('init', ...args)).toMatchObject({ code: 0, stdout: expect.stringContaining(`Wrote ${name}`) as string });
    expect((await its.run('--print-config', 'bn.onnx')).stdout).toContain(`"preset": "${args.length > 0 ? 'strict' : 'recommended'}"`);
    expect((await its.run('bn.onnx')).code).toBe(1);
    expect(await its.run('init')).toMatchObject({ code: 2, stderr: `droplint: ${name} is there already.\n` });
  });

  it('says of a named file that is ignored why it is not linted', async () => {
    const its = project({ '.droplintignore': '*.onnx\n', 'gelu.onnx': GELU });
    const { code, stdout } = await its.run('gelu.onnx');
    expect(code).toBe(0);
    expect(stdout).toContain('not linted: .droplintignore leaves it out (--no-ignore lints it)');
    expect((await its.run('gelu.onnx', '--no-ignore', '-m', 'training')).stdout).toContain('dropout-after-activation');
  });
});

describe('baseline', () => {
  it('is written, hides what it knows, lets new findings through, and is pruned', async () => {
    const its = project({ 'droplint.config.mjs': TRAINING, 'models/gelu.onnx': GELU, 'models/bn.onnx': BATCH_NORM });
    expect((await its.run('--max-warnings', '0')).code).toBe(1);
    expect(await its.run('--write-baseline')).toEqual({ code: 0, stdout: '2 findings in droplint-baseline.json: they do not count any more.\n', stderr: '' });
    expect(await its.run('--max-warnings', '0')).toEqual({ code: 0, stdout: '✔ 2 files, no problems, 2 in the baseline\n', stderr: '' });
    expect((await its.run('--no-baseline', '--max-warnings', '0')).code).toBe(1);

    its.write('models/new.onnx', GELU);
    const { code, stdout } = await its.run('--max-warnings', '0');
    expect(code).toBe(1);
    expect(stdout).toMatch(/^models\/new\.onnx/);

    its.write('models/gelu.onnx', CLEAN);
    its.remove('models/new.onnx');
    expect((await its.run()).stderr).toBe('droplint: 1 finding of droplint-baseline.json is gone: --prune-baseline forgets them.\n');
    await its.run('--prune-baseline');
    expect(await its.run()).toEqual({ code: 0, stdout: '✔ 2 files, no problems, 1 in the baseline\n', stderr: '' });
    expect(JSON.parse(its.read('droplint-baseline.json'))).toMatchObject({ files: { 'models/bn.onnx': [{ rule: 'dropout-after-batch-norm' }] } });
  });

  it.each([
    [['--baseline', 'nothing.json'], 'There is no baseline nothing.json'],
    [['--write-baseline', '--fix'], '--write-baseline looks at files as they are'],
    [['--prune-baseline', '--shard', '1/2'], '--prune-baseline needs all files'],
    [['--write-baseline', '--no-baseline'], 'does not go with --no-baseline'],
  ])('%j makes no sense', async (args, reason) => {
    const { code, stderr } = await project({ 'gelu.onnx': GELU }).run(...args);
    expect(code).toBe(2);
    expect(stderr).toContain(reason);
  });
});

describe('--changed', () => {
  const files = async (its: Project, ...args: string[]): Promise<string[]> => (JSON.parse((await its.run('-f', 'json', ...args)).stdout || '[]') as LintResult[]).map(({ filePath }) => filePath.slice(its.folder.length + 1));

  it('lints what git says has changed: in the work tree, staged, new, and on the branch', async () => {
    const its = project({ 'models/a.onnx': CLEAN, 'models/b.onnx': CLEAN, 'models/c.onnx': CLEAN, '.gitignore': 'tmp/\n' });
    its.commitAll();
    expect(await files(its, '--changed')).toEqual([]);
    its.write('models/a.onnx', GELU);
    its.write('models/b.onnx', GELU);
    its.git('add', 'models/b.onnx');
    its.write('neu mit Umlaut ä.onnx', GELU);
    its.write('tmp/ignored.onnx', GELU);
    its.remove('models/c.onnx');
    expect(await files(its, '--changed')).toEqual(['models/a.onnx', 'models/b.onnx', 'neu mit Umlaut ä.onnx']);
    expect(await files(its, '--changed', 'models')).toEqual(['models/a.onnx', 'models/b.onnx']);
    its.git('checkout', '--quiet', '-b', 'topic');
    its.git('add', '--all');
    its.git('commit', '--quiet', '-m', 'topic');
    expect(await files(its, '--changed')).toEqual([]);
    expect(await files(its, '--changed', 'main')).toHaveLength(3);
    expect(await files(its, '--changed=main', 'models')).toHaveLength(2);
  });

  it('works before the first commit, and says where git cannot', async () => {
    const its = project({ 'a.onnx': CLEAN });
    expect(await its.run('--changed')).toMatchObject({ code: 2, stderr: expect.stringContaining('git says') as string });
    its.git('init', '--quiet');
    expect(await files(its, '--changed')).toEqual(['a.onnx']);
    expect(await its.run('--changed', 'no-such-ref')).toMatchObject({ code: 2, stderr: expect.stringContaining('No such file or folder: no-such-ref') as string });
  });
});

describe('many machines', () => {
  it('four shards, merged, are the report of one run, in every format', async () => {
    const its = project(Object.fromEntries([...Array.from({ length: 11 }, (_, index) => [`models/m${index}.onnx`, [GELU, BATCH_NORM, CLEAN][index % 3]!] as const), ['models/broken.onnx', 'no model'], ['droplint.config.mjs', TRAINING]]));
    const whole = await its.run('models', '-f', 'json=whole.json', '-f', 'html=whole.html', '-f', 'sarif=whole.sarif', '-f', 'stylish', '--pictures');
    mkdirSync(its.at('reports'));
    for (const index of [1, 2, 3, 4]) await its.run('models', '--shard', `${index}/4`, '-f', `json=reports/${index}.json`, '--pictures');
    const counts = [1, 2, 3, 4].map((index) => (JSON.parse(its.read(`reports/${index}.json`)) as LintResult[]).length);
    expect(counts.reduce((a, b) => a + b)).toBe(12);
    expect(Math.min(...counts)).toBeGreaterThan(0);
    const merged = await its.run('merge-reports', 'reports/*.json', '-f', 'json=merged.json', '-f', 'html=merged.html', '-f', 'sarif=merged.sarif', '-f', 'stylish');
    expect(merged).toEqual(whole);
    for (const extension of ['json', 'html', 'sarif']) expect(its.read(`merged.${extension}`)).toBe(its.read(`whole.${extension}`));
    expect(whole.code).toBe(2);
  });

  it('merge-reports refuses what is no report', async () => {
    const its = project({ 'a.json': '{}', 'b.json': '[{"x": 1}]', 'c.json': 'nothing' });
    for (const [file, reason] of [['a.json', 'is not a report'], ['b.json', 'is not a report'], ['c.json', 'is not a JSON report'], ['d.json', 'ENOENT'], ['x*.json', 'Nothing matches']] as const) {
      const { code, stderr } = await its.run('merge-reports', file);
      expect({ code, found: stderr.includes(reason) }, stderr).toEqual({ code: 2, found: true });
    }
  });
});

it('--cache leaves a file, and gives the same report again', async () => {
  const its = project({ 'droplint.config.mjs': TRAINING, 'gelu.onnx': GELU, 'bn.onnx': BATCH_NORM });
  const first = await its.run('--cache', '-f', 'json');
  expect(existsSync(its.at('.droplintcache'))).toBe(true);
  expect(await its.run('--cache', '-f', 'json')).toEqual(first);
  await its.run('--cache', '--cache-location', 'deep/er/cache', '--cache-strategy', 'metadata');
  expect(existsSync(its.at('deep/er/cache'))).toBe(true);
});

it('--concurrency does not change what is written: fixes, proofs, order', async () => {
  const files = Object.fromEntries(['a', 'b', 'c'].map((name) => [`${name}.onnx`, GELU]));
  const [alone, together] = [project({ ...files, 'droplint.config.mjs': TRAINING }), project({ ...files, 'droplint.config.mjs': TRAINING })];
  const [one, two] = [await alone.run('--fix', '--concurrency', '1'), await together.run('--fix', '--concurrency', '2')];
  expect(two).toEqual(one);
  for (const name of readdirSync(alone.folder)) expect(readFileSync(together.at(name)).equals(readFileSync(alone.at(name))), name).toBe(true);
});

it.each([1, 2])('Ctrl-C ends with what is known so far (concurrency %i)', async (concurrency) => {
  const its = project({ ...Object.fromEntries(Array.from({ length: 60 }, (_, index) => [`m${index}.onnx`, GELU])), 'droplint.config.mjs': TRAINING });
  const child = its.start('--fix', '--concurrency', String(concurrency));
  let [stdout, stderr] = ['', ''];
  child.stderr.on('data', (data: Buffer) => (stderr += data.toString()));
  child.stdout.on('data', (data: Buffer) => (stdout += data.toString()));
  while (readFileSync(its.at('m0.onnx')).equals(GELU)) await new Promise((resolve) => setTimeout(resolve, 20));
  child.kill('SIGINT');
  const code = await new Promise((resolve) => child.on('close', resolve));
  expect({ code, stderr }).toEqual({ code: 130, stderr: expect.stringMatching(/^droplint: interrupted; \d+ files? of 60 done\.\n$/) as string });
  const fixed = Array.from({ length: 60 }, (_, index) => index).filter((index) => !readFileSync(its.at(`m${index}.onnx`)).equals(GELU));
  expect(stdout).toMatch(new RegExp(`${fixed.length} file`));
  expect(fixed.length).toBeLessThan(60);
});

it('is quiet about progress where nobody watches', async () => {
  const its = project({ 'gelu.onnx': GELU });
  const child = its.start('gelu.onnx', '-m', 'training');
  let stderr = '';
  child.stderr.on('data', (data: Buffer) => (stderr += data.toString()));
  await new Promise((resolve) => child.on('close', resolve));
  expect(stderr).toBe('');
});
