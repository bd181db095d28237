import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ByteSource } from '../../../../src/formats/onnx/wire/source.js';
import { BufferSource, FileSource, SplicedSource } from '../../../../src/formats/onnx/wire/sources.js';
import { writeSource } from '../../../../src/formats/onnx/wire/write-source.js';

const BIG = 9 * 1024 * 1024;

describe('writeSource', () => {
  let folder: string;
  let target: string;
  beforeEach(() => {
    folder = fs.mkdtempSync(path.join(os.tmpdir(), 'droplint-write-'));
    target = path.join(folder, 'model.onnx');
  });
  afterEach(() => fs.rmSync(folder, { recursive: true }));

  const source = (text: string): ByteSource => new BufferSource(Buffer.from(text));

  it('writes a new file', () => {
    writeSource(source('new'), target);
    expect(fs.readFileSync(target, 'utf8')).toBe('new');
    expect(fs.readdirSync(folder)).toEqual(['model.onnx']);
  });

  it('writes many chunks of a spliced file over that file itself', () => {
    const content = Buffer.alloc(BIG, 'abcdefghijk');
    fs.writeFileSync(target, content);
    const base = new FileSource(target);
    writeSource(new SplicedSource(base, [{ start: 5, end: 6, replacement: Buffer.from('XYZ') }]), target);
    base.close();
    expect(Buffer.concat([content.subarray(0, 5), Buffer.from('XYZ'), content.subarray(6)]).equals(fs.readFileSync(target))).toBe(true);
  });

  it('keeps the mode', () => {
    fs.writeFileSync(target, 'old', { mode: 0o640 });
    fs.chmodSync(target, 0o666);
    writeSource(source('new'), target);
    expect(fs.statSync(target).mode & 0o7777).toBe(0o666);
  });

  it('follows a symbolic link, which stays', () => {
    fs.mkdirSync(path.join(folder, 'store'));
    fs.writeFileSync(path.join(folder, 'store', 'blob'), 'old');
    fs.symlinkSync(path.join('store', 'blob'), target);
    writeSource(source('new'), target);
    expect(fs.readlinkSync(target)).toBe(path.join('store', 'blob'));
    expect(fs.readFileSync(path.join(folder, 'store', 'blob'), 'utf8')).toBe('new');
    expect(fs.readdirSync(path.join(folder, 'store'))).toEqual(['blob']);
  });

  it('writes what a dangling link points to', () => {
    fs.symlinkSync('later.onnx', target);
    writeSource(source('new'), target);
    expect(fs.readFileSync(path.join(folder, 'later.onnx'), 'utf8')).toBe('new');
    expect(fs.lstatSync(target).isSymbolicLink()).toBe(true);
  });

  it('refuses links in a circle and what is not a file', () => {
    fs.symlinkSync('model.onnx', target);
    expect(() => writeSource(source('new'), target)).toThrow('symbolic links');
    expect(() => writeSource(source('new'), folder)).toThrow('not a regular file');
  });

  it('leaves the old file and nothing else behind when reading fails on the way', () => {
    fs.writeFileSync(target, 'old');
    const short = path.join(folder, 'short');
    fs.writeFileSync(short, Buffer.alloc(BIG));
    const base = new FileSource(short);
    fs.truncateSync(short, BIG - 1);
    expect(() => writeSource(base, target)).toThrow(RangeError);
    base.close();
    expect(fs.readFileSync(target, 'utf8')).toBe('old');
    expect(fs.readdirSync(folder).toSorted()).toEqual(['model.onnx', 'short']);
  });

  it('leaves the old file as it is for who reads it meanwhile', () => {
    fs.writeFileSync(target, 'old');
    const reader = new FileSource(target);
    writeSource(source('new!'), target);
    expect(Buffer.from(reader.read(0, 3)).toString()).toBe('old');
    reader.close();
  });
});
