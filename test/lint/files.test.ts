import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { findFiles } from '../../src/lint/files.js';

let folder: string;

beforeAll(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'droplint-files-'));
  const files = ['b.onnx', 'a.onnx', 'readme.txt', 'sub/c.onnx', 'sub/D.ONNX', 'sub/[x].onnx', '.cache/e.onnx', 'node_modules/m/f.onnx', 'sub/node_modules/g.onnx', 'empty/notes.md', '.hidden.onnx'];
  for (const file of files) {
    mkdirSync(path.dirname(path.join(folder, file)), { recursive: true });
    writeFileSync(path.join(folder, file), '');
  }
});
afterAll(() => rmSync(folder, { recursive: true }));

const find = async (...patterns: string[]): Promise<readonly string[]> => (await findFiles(patterns, folder)).map((file) => path.relative(folder, file).split(path.sep).join('/'));

it.each([
  ['the current folder', [], ['a.onnx', 'b.onnx', 'sub/D.ONNX', 'sub/[x].onnx', 'sub/c.onnx']],
  ['a folder', ['sub'], ['sub/D.ONNX', 'sub/[x].onnx', 'sub/c.onnx']],
  ['files in their order, each once', ['b.onnx', './b.onnx', 'a.onnx', '*.onnx'], ['b.onnx', 'a.onnx']],
  ['a glob, with unknown kinds left out', ['**/*'], ['a.onnx', 'b.onnx', 'sub/D.ONNX', 'sub/[x].onnx', 'sub/c.onnx']],
  ['a file whose name looks like a glob', ['sub/[x].onnx'], ['sub/[x].onnx']],
  ['a hidden folder and node_modules that are named', ['.cache', 'node_modules'], ['.cache/e.onnx', 'node_modules/m/f.onnx']],
  ['a file of an unknown kind that is named', ['readme.txt'], ['readme.txt']],
])('finds %s', async (_, patterns, expected) => {
  expect(await find(...patterns)).toEqual(expected);
});

it.each([
  ['nothing.onnx', 'No such file or folder: nothing.onnx'],
  ['empty', 'No models in empty (droplint reads .onnx'],
  ['x*.onnx', 'Nothing matches x*.onnx'],
])('refuses %s', async (pattern, message) => {
  await expect(find(pattern)).rejects.toThrow(message);
});
