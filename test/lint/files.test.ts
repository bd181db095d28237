import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ConfigLoader } from '../../src/lint/config-file/load.js';
import { findFiles, type FindOptions } from '../../src/lint/files.js';

let folder: string;
const write = (files: Readonly<Record<string, string>>): void => {
  for (const [file, text] of Object.entries(files)) {
    mkdirSync(path.dirname(path.join(folder, file)), { recursive: true });
    writeFileSync(path.join(folder, file), text);
  }
};
const relative = (file: string): string => path.relative(folder, file).split(path.sep).join('/');
const find = async (patterns: readonly string[], options: FindOptions = {}) => {
  const { files, ignored } = await findFiles(patterns, { cwd: folder, ...options });
  return { files: files.map(relative), ignored: Object.fromEntries([...ignored].map(([file, by]) => [relative(file), by])) };
};

describe('what is named', () => {
  beforeAll(() => {
    folder = mkdtempSync(path.join(tmpdir(), 'droplint-files-'));
    const files = ['b.onnx', 'a.onnx', 'readme.txt', 'sub/c.onnx', 'sub/D.ONNX', 'sub/[x].onnx', '.cache/e.onnx', 'node_modules/m/f.onnx', 'sub/node_modules/g.onnx', 'empty/notes.md', '.hidden.onnx'];
    write(Object.fromEntries(files.map((file) => [file, ''])));
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  it.each([
    ['the current folder', [], ['a.onnx', 'b.onnx', 'sub/D.ONNX', 'sub/[x].onnx', 'sub/c.onnx']],
    ['a folder', ['sub'], ['sub/D.ONNX', 'sub/[x].onnx', 'sub/c.onnx']],
    ['files in their order, each once', ['b.onnx', './b.onnx', 'a.onnx', '*.onnx'], ['b.onnx', 'a.onnx']],
    ['a glob, with unknown kinds left out', ['**/*'], ['a.onnx', 'b.onnx', 'sub/D.ONNX', 'sub/[x].onnx', 'sub/c.onnx']],
    ['a file whose name looks like a glob', ['sub/[x].onnx'], ['sub/[x].onnx']],
    ['a hidden folder and node_modules that are named', ['.cache', 'node_modules'], ['.cache/e.onnx', 'node_modules/m/f.onnx']],
    ['a file of an unknown kind that is named', ['readme.txt'], ['readme.txt']],
  ])('finds %s', async (_, patterns, expected) => {
    expect((await find(patterns)).files).toEqual(expected);
  });

  it('of JSON takes what may be a topology', async () => {
    write({ 'json/model.json': '{"class_name": "Sequential", "config": {"layers": []}}', 'json/package.json': '{}' });
    expect((await find(['json'])).files).toEqual(['json/model.json']);
    expect((await find(['json/*.json'])).files).toEqual(['json/model.json']);
    expect((await find(['json/package.json'])).files).toEqual(['json/package.json']);
    rmSync(path.join(folder, 'json'), { recursive: true });
  });

  it.each([
    ['nothing.onnx', 'No such file or folder: nothing.onnx'],
    ['empty', 'No models in empty (droplint reads .onnx'],
    ['x*.onnx', 'Nothing matches x*.onnx'],
  ])('refuses %s', async (pattern, message) => {
    await expect(find([pattern])).rejects.toThrow(message);
  });

  it('only what is among the changed files counts, and that nothing is left is no error', async () => {
    const among = new Set([path.join(folder, 'sub', 'c.onnx'), path.join(folder, 'gone.onnx')]);
    expect((await find([], { among })).files).toEqual(['sub/c.onnx']);
    expect((await find(['a.onnx', 'sub'], { among })).files).toEqual(['sub/c.onnx']);
    expect((await find(['a.onnx'], { among })).files).toEqual([]);
  });
});

describe('what is ignored', () => {
  beforeAll(() => {
    folder = mkdtempSync(path.join(tmpdir(), 'droplint-ignored-'));
    write({
      '.git/HEAD': '',
      '.gitignore': '# heavy\n/build/\n*.tmp.onnx\n!keep.tmp.onnx\n',
      '.droplintignore': 'vendor/\n',
      'droplint.config.json': '{ "ignores": ["legacy/**", "*.old.onnx"], "files": "**/*.onnx" }',
      'a.onnx': '', 'a.tmp.onnx': '', 'keep.tmp.onnx': '', 'a.old.onnx': '', 'code.ts': '',
      'build/b.onnx': '', 'build/sub/.gitignore': 'c.onnx\n', 'build/sub/c.onnx': '', 'build/sub/d.onnx': '',
      'vendor/v.onnx': '', 'legacy/deep/l.onnx': '',
      'sub/.gitignore': 'own.onnx\n!again.tmp.onnx\n', 'sub/own.onnx': '', 'sub/s.onnx': '', 'sub/again.tmp.onnx': '', 'sub/x.tmp.onnx': '',
    });
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  const found = (patterns: readonly string[], options: FindOptions = {}) => {
    const configs = new ConfigLoader();
    return find(patterns, { configFor: (at) => configs.forFolder(at), ...options });
  };

  it.each([
    ['by ignore files of every folder, and by the configuration', [], ['a.onnx', 'keep.tmp.onnx', 'sub/again.tmp.onnx', 'sub/s.onnx']],
    ['a folder that git ignores is searched when it is named, with its own ignore files', ['build'], ['build/b.onnx', 'build/sub/d.onnx']],
    ['a file that git ignores is linted when it is named', ['a.tmp.onnx', 'build/b.onnx'], ['a.tmp.onnx', 'build/b.onnx']],
    ['`files` says nothing of what is named', ['code.ts'], ['code.ts']],
  ])('%s', async (_, patterns, expected) => {
    expect((await found(patterns)).files).toEqual(expected);
  });

  it('names what is not linted although it was named, and who says so', async () => {
    expect(await found(['vendor/v.onnx', 'legacy/deep/l.onnx', 'a.old.onnx', 'a.onnx'])).toEqual({
      files: ['a.onnx'],
      ignored: { 'vendor/v.onnx': '.droplintignore', 'legacy/deep/l.onnx': 'ignores of the configuration', 'a.old.onnx': 'ignores of the configuration' },
    });
  });

  it('--no-ignore lints all of it', async () => {
    const { files } = await found(['.'], { ignore: false });
    expect(files).toHaveLength(14);
  });

  it('says why nothing is found', async () => {
    await expect(found(['vendor'])).rejects.toThrow('No models in vendor that are not ignored; --no-ignore lints the one that is');
  });
});
