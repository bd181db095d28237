import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { interleave, node, onnxChecker, run } from '../../bench/measure/process.js';
import { median, medianRatio } from '../../bench/measure/statistics.js';
import { bytes, count, formatQuantity, ratio, seconds } from '../../bench/report/quantity.js';
import { formatTable } from '../../bench/report/table.js';
import { bareChain } from '../../bench/models/chain.js';
import { checkerVersion } from '../support/onnx-checker.js';

const folder = mkdtempSync(path.join(tmpdir(), 'droplint-measuring-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const silent = { progress: () => undefined };

describe('statistics', () => {
  it.each([[[3], 3], [[3, 1, 2], 2], [[4, 1, 2, 3], 2.5], [[], NaN]] as const)('median of %j', (values, expected) => expect(median(values)).toBe(expected));

  it('compares round by round, so that a slow round does not count', () => expect(medianRatio([20, 200, 22], [10, 100, 11])).toBe(2));
});

describe('a measured process', () => {
  it('reports its peak memory: its own, not that of the process that started it', () => {
    const empty = run(node('empty', '--eval', '0')).peakBytes!;
    const busy = run(node('busy', '--eval', 'globalThis.kept = Buffer.alloc(3e8, 1)')).peakBytes!;
    expect(busy - empty).toBeGreaterThan(2.5e8);
    expect(empty).toBeLessThan(1e8);
  });

  it('reports what it read, where the system counts', () => {
    const file = path.join(folder, 'five-megabytes');
    writeFileSync(file, Buffer.alloc(5e6));
    const { readBytes } = run(node('reader', '--eval', `require('node:fs').readFileSync(${JSON.stringify(file)})`));
    if (process.platform === 'linux') expect(readBytes).toBeGreaterThan(5e6);
  });

  it('ends the benchmark when it fails', () => expect(() => run(node('broken', '--eval', 'console.error("no such luck"); process.exit(7)'))).toThrow(/broken ended with 7[^]*no such luck/));

  it('takes turns with the others, and does not count the first round', () => {
    const turns: string[] = [];
    const commands = ['a', 'b'].map((label) => node(label, '--eval', '0'));
    const runs = interleave(commands, { rounds: 2, progress: (text) => turns.push(text) });
    expect(turns.map((text) => text.at(-1)).join('')).toBe('abbaab');
    expect(runs.map((each) => each.length)).toEqual([2, 2]);
  });

  it.skipIf(checkerVersion() === '')('may be onnx.checker, which fails for what is no model', () => {
    const [model, other] = ['model.onnx', 'other.onnx'].map((name) => path.join(folder, name));
    writeFileSync(model!, bareChain(9));
    writeFileSync(other!, 'no model');
    const bench = { checker: { python: '/usr/bin/python3', version: '' } };
    expect(run(onnxChecker(bench, model!)[0]!).peakBytes).toBeGreaterThan(1e7);
    expect(() => run(onnxChecker(bench, other!)[0]!)).toThrow(/onnx.checker ended with 1/);
  });

  it('is left out where onnx is not installed', () => expect(interleave(onnxChecker({ checker: { missing: 'no Python' } }, 'model.onnx'), { rounds: 1, ...silent })).toEqual([]));
});

describe('a table', () => {
  it.each([
    [seconds(0.00123), '1.2 ms'],
    [seconds(0.0123), '12 ms'],
    [seconds(1.234), '1.23 s'],
    [seconds(123.4), '123 s'],
    [bytes(12), '12 B'],
    [bytes(1234), '1.23 kB'],
    [bytes(1.9e9), '1.90 GB'],
    [bytes(0), '0 B'],
    [ratio(0.16), '0.16×'],
    [ratio(9.87), '9.9×'],
    [ratio(72.4), '72×'],
    [count(100_000), '100 000'],
    [count(999), '999'],
  ])('%j is %s', (quantity, expected) => expect(formatQuantity(quantity)).toBe(expected));

  it('is aligned', () => {
    const table = { title: 'A title', columns: ['model', 'time', 'nodes'], rows: [['small', seconds(0.25), count(7)], ['much larger', seconds(12), '–']], notes: ['A note.'] };
    expect(formatTable(table)).toMatchInlineSnapshot(`
      "A title
        model          time  nodes
        ───────────  ──────  ─────
        small        250 ms      7
        much larger  12.0 s      –
        A note."
    `);
  });
});
