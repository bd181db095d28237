import { execFile } from 'node:child_process';
import { appendFileSync, cpSync, existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';

const ROOT = path.resolve(import.meta.dirname, '../..');
let copy: string;

beforeAll(() => {
  copy = mkdtempSync(path.join(tmpdir(), 'droplint-scripts-'));
  for (const name of ['src', 'rules', 'scripts', 'test/rules', 'README.md', 'package.json', 'tsconfig.json']) cpSync(path.join(ROOT, name), path.join(copy, name), { recursive: true });
  symlinkSync(path.join(ROOT, 'node_modules'), path.join(copy, 'node_modules'));
});
afterAll(() => rmSync(copy, { recursive: true }));

function script(name: string, ...args: string[]): Promise<{ code: number; output: string }> {
  return new Promise((resolve) => {
    execFile(process.execPath, ['--import', 'tsx', path.join(copy, 'scripts', `${name}.ts`), ...args], { cwd: copy }, (error, stdout, stderr) => {
      resolve({ code: error ? Number(error.code) : 0, output: stdout + stderr });
    });
  });
}
const read = (file: string): string => readFileSync(path.join(copy, file), 'utf8');

it('what is generated is what stands in the repository', async () => {
  expect(await script('update', '--check')).toEqual({ code: 0, output: '' });
});

it('new-rule writes rule, page and test, and enters the rule; update brings a changed file back', async () => {
  const made = await script('new-rule', 'no-such-dropout');
  expect(made).toMatchObject({ code: 0 });
  for (const file of ['rules/no-such-dropout.ts', 'rules/no-such-dropout.md', 'test/rules/no-such-dropout.test.ts']) expect(existsSync(path.join(copy, file)), file).toBe(true);
  expect(read('rules/index.ts')).toContain("import noSuchDropout from './no-such-dropout.js';");
  expect(read('README.md')).toContain('| [`no-such-dropout`](rules/no-such-dropout.md) |');
  const index = read('rules/index.ts');
  const names = [...index.matchAll(/from '\.\/(.+)\.js'/g)].map(([, name]) => name);
  expect(names).toEqual([...names].sort());

  appendFileSync(path.join(copy, 'rules/index.ts'), '// by hand\n');
  expect(await script('update', '--check')).toMatchObject({ code: 1, output: expect.stringContaining('rules/index.ts is not what') as string });
  expect(await script('update')).toMatchObject({ code: 0, output: expect.stringContaining('wrote rules/index.ts') as string });
  expect(read('rules/index.ts')).toBe(index);
});

it.each([
  ['NotKebab', 'usage'],
  ['single', 'usage'],
  ['dropout-after-activation', 'exists'],
])('new-rule refuses %s', async (id, reason) => {
  expect(await script('new-rule', id)).toMatchObject({ code: 1, output: expect.stringContaining(reason) as string });
});

it('update names a rule without its page and a rule whose id is not its file', async () => {
  rmSync(path.join(copy, 'rules/dropout-after-activation.md'), { force: true });
  expect(await script('update')).toMatchObject({ code: 1, output: expect.stringContaining('rules/dropout-after-activation.md is missing') as string });
  writeFileSync(path.join(copy, 'rules/other-name.ts'), "export { default } from './dropout-after-activation.js';\n");
  expect((await script('update')).output).toContain('rules/other-name.ts must export by default a rule whose id is "other-name"');
});
