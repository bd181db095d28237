import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import pc from 'picocolors';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { rules } from '../../rules/index.js';
import { renderMarkdown } from '../../src/cli/explain.js';
import { commandLine } from '../support/command-line.js';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'droplint-usage-'));
  for (const name of ['a.onnx', 'b.onnx']) writeFileSync(path.join(folder, name), '');
  writeFileSync(path.join(folder, 'notes.txt'), 'no model');
});
afterAll(() => rmSync(folder, { recursive: true }));

describe('a command line that makes no sense ends with 2 and says why', () => {
  it.each([
    [['--rule', 'dropout-after-activatoin: warn', '.'], 'Did you mean "dropout-after-activation"?'],
    [['--rule', 'dropout-after-activation: wran', '.'], 'is not a level'],
    [['--rule', 'dropout-after-activation: [warn, {"x": 1}]', '.'], 'has no option "x"'],
    [['--preset', 'best', '.'], 'recommended, strict, all'],
    [['--mode', 'eval', '.'], 'auto, training, inference'],
    [['--format', 'xml', '.'], 'stylish, json'],
    [['--max-warnings', 'none', '.'], 'must be a number'],
    [['--fixx', '.'], "unknown option '--fixx'"],
    [['--fix-suggestions', '.'], '--fix-suggestions needs --fix or --diff'],
    [['--fix-level', 'info', '.'], '--fix-level needs --fix or --diff'],
    [['--fix-class', 'suggestion', '--fix', '.'], 'exact, exact-in-distribution, inference-exact, repair'],
    [['--output', 'x.onnx', '.'], '--output needs --fix'],
    [['--fix', '--diff', '--output', 'x.onnx', '.'], '--output needs --fix'],
    [['no-such-file.onnx'], 'No such file or folder: no-such-file.onnx'],
    [['explain', 'dropout-after-activatio'], 'Did you mean "dropout-after-activation"?'],
    [['explain'], "missing required argument 'rule'"],
    [['print', 'no-such-file.onnx'], 'no-such-file.onnx: no such file'],
  ])('%j', async (args, reason) => {
    const { code, stdout, stderr } = await commandLine(...args);
    expect(stderr).toContain(reason);
    expect(stderr).not.toMatch(/^\s+at /m);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
  });

  it('--output with two files', async () => {
    const { code, stderr } = await commandLine('--fix', '-o', 'x.onnx', folder);
    expect({ code, stderr }).toEqual({ code: 2, stderr: 'droplint: --output takes one file, but there are 2.\n' });
  });

  it('a file that droplint does not read', async () => {
    const { code, stdout } = await commandLine(path.join(folder, 'notes.txt'));
    expect(stdout).toContain('not a file that droplint reads (it reads .onnx');
    expect(code).toBe(2);
  });
});

it('--help fits a screen, --version is that of the package', async () => {
  const help = await commandLine('--help');
  expect(help).toMatchObject({ code: 0, stderr: '' });
  expect(help.stdout.split('\n').length).toBeLessThanOrEqual(40);
  for (const word of ['--fix', 'rules', 'explain', 'print', 'Exit codes']) expect(help.stdout).toContain(word);
  const all = (await commandLine('--help-all')).stdout;
  for (const word of ['--fix-class', '--cache-strategy', '--no-verify', '--prune-baseline']) expect(all).toContain(word);
  expect(await commandLine('--version')).toMatchObject({ code: 0, stdout: expect.stringMatching(/^\d+\.\d+\.\d+\n$/) as string });
});

describe('rules and explain', () => {
  it('rules lists every rule, and its JSON is complete', async () => {
    const { stdout } = await commandLine('rules');
    for (const { id, statement } of rules) for (const text of [id, statement]) expect(stdout).toContain(text);
    const listed = JSON.parse((await commandLine('rules', '--json')).stdout) as { id: string }[];
    expect(listed.map(({ id }) => id)).toEqual(rules.map(({ id }) => id));
    expect(listed[0]).toEqual({
      id: expect.any(String) as string, statement: expect.any(String) as string, presets: { recommended: expect.any(String) as string, strict: expect.any(String) as string },
      fix: expect.any(String) as string, formats: expect.any(Array) as string[], options: expect.any(Object) as object, sources: expect.any(Array) as object[],
    });
  });

  it.each(rules.map(({ id }) => id))('explain %s', async (id) => {
    const { code, stdout } = await commandLine('explain', id);
    expect(code).toBe(0);
    expect(stdout).toContain(id);
    expect(stdout).not.toMatch(/^#|^```/m);
  });

  it('shows a page as a terminal can', () => {
    const page = '# Title\n\nSee [the paper](https://a.b/c) and [a rule](x.md): **never** `a*b**c**`.\n\n```ts\n# code **stays**\n```\n';
    expect(renderMarkdown(page, pc.createColors(false))).toBe('Title\n\nSee the paper (https://a.b/c) and a rule: never a*b**c**.\n\n    # code **stays**\n');
  });
});
