/** `droplint diff` and `droplint print` as drivers of git, in a real repository, set up as docs/diff.md says. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { toOnnx } from '../../fixtures/chain/onnx.js';
import { droplintCommand, Project } from '../support/project.js';

const BEFORE = toOnnx('linear(16) → dropout(0.5) → gelu → linear(4)');
const AFTER = toOnnx('linear(16) → gelu → dropout(0.5) → linear(4)');
const PAGE = readFileSync(path.resolve(import.meta.dirname, '../../docs/diff.md'), 'utf8');

let project: Project;
beforeAll(() => {
  project = new Project({ 'net.onnx': BEFORE, 'other.onnx': BEFORE, '.gitattributes': '*.onnx diff=onnx\n' });
  project.commitAll();
  project.write('net.onnx', AFTER);
});
afterAll(() => project.remove());

/** The line of the page that begins like this, with the command of this checkout. */
function configured(start: string): readonly string[] {
  const line = PAGE.split('\n').find((each) => each.startsWith(start));
  const [, name, value] = /^git config (\S+) "(.*)"$/.exec(line ?? '') ?? [];
  expect(PAGE).toContain('*.onnx diff=onnx');
  return ['config', name!, value!.replace(/^npx droplint/, droplintCommand())];
}

it('as a textconv: git diff and git log -p show the architecture', () => {
  project.git(...configured('git config diff.onnx.textconv'));
  const diff = project.git('diff', '--no-color', 'net.onnx');
  expect(diff).toMatch(/^-.*dropout 0\.5 \(live\)/m);
  expect(diff).toMatch(/^\+.*dropout 0\.5 \(live\)/m);
  expect(diff).not.toContain('Binary files');
  expect(diff.split('\n').filter((line) => /^[-+] /.test(line))).toHaveLength(2);
  project.git('config', '--unset', 'diff.onnx.textconv');
});

it('as a diff driver: git diff shows what droplint diff says', () => {
  project.git(...configured('git config diff.onnx.command'));
  expect(project.git('diff', '--ext-diff', 'net.onnx')).toMatch(/^net\.onnx\nmain_graph\n {2}> moved {9}dropout 0\.5 \(live\) .*: after linear 16.* → after gelu/);
  project.write('new.onnx', BEFORE);
  project.git('add', '--all');
  const staged = project.git('diff', '--cached', '--ext-diff', 'new.onnx');
  expect(staged).toMatch(/^ {2}\+ added .*dropout 0\.5/m);
  project.git('mv', 'other.onnx', 'renamed.onnx');
  expect(project.git('diff', '--cached', '--ext-diff', '-M', '--', 'other.onnx', 'renamed.onnx')).toContain('other.onnx → renamed.onnx: the same architecture and weights');
});

describe('droplint diff', () => {
  it('says what differs, as text and as JSON', async () => {
    project.write('a.onnx', BEFORE);
    project.write('b.onnx', AFTER);
    expect(await project.run('diff', 'a.onnx', 'a.onnx')).toEqual({ code: 0, stdout: 'a.onnx → a.onnx: the same architecture and weights\n', stderr: '' });
    const { stdout, code } = await project.run('diff', 'a.onnx', 'b.onnx');
    expect(code).toBe(0);
    expect(stdout).toContain('> moved');
    const json = JSON.parse((await project.run('diff', 'a.onnx', 'b.onnx', '-f', 'json')).stdout) as { graphs: { differences: { change: string }[] }[] };
    expect(json.graphs.flatMap(({ differences }) => differences.map(({ change }) => change))).toEqual(['moved']);
    expect((await project.run('diff', 'a.onnx', 'b.onnx', '--exit-code')).code).toBe(1);
    expect((await project.run('diff', 'a.onnx', 'a.onnx', '--exit-code')).code).toBe(0);
  });

  it('says what docs/diff.md shows', async () => {
    project.write('old.onnx', toOnnx('linear(16) → dropout(0.5) → gelu → linear(16) → relu → linear(4)'));
    project.write('new.onnx', toOnnx('linear(16) → gelu → dropout(0.5) → linear(32) → tanh → dropout(0.2) → linear(4)'));
    expect(PAGE).toContain(`\`\`\`\n${(await project.run('diff', 'old.onnx', 'new.onnx')).stdout}\`\`\``);
  });

  it.each([
    [['a.onnx'], 'diff takes two files, not 1'],
    [['a.onnx', 'nothing.onnx'], 'nothing.onnx: no such file'],
  ])('refuses %j', async (args, reason) => {
    const { code, stderr } = await project.run('diff', ...args);
    expect(code).toBe(2);
    expect(stderr).toContain(reason);
  });
});
