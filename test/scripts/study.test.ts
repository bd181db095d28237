/** The study of docs/dropout.md: its statistics, and the whole of it with a few updates per training. */
import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { XMLValidator } from 'fast-xml-parser';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { FAMILIES } from '../../scripts/study/networks.js';
import { compared, deviation, epochOf, interval } from '../../scripts/study/statistics.js';
import { ticks } from '../../src/report/line-chart.js';

const ROOT = path.resolve(import.meta.dirname, '../..');

describe('statistics', () => {
  it('mean, deviation and the 95 % interval of Student', () => {
    const { mean, low, high } = interval([1, 2, 3, 4, 5]);
    expect(deviation([1, 2, 3, 4, 5])).toBeCloseTo(1.5811, 4);
    expect([mean, low, high].map((value) => Number(value.toFixed(3)))).toEqual([3, 1.037, 4.963]);
    expect(interval([3])).toEqual({ mean: 3, low: -Infinity, high: Infinity });
  });

  it.each([
    [[1, 2, 3], 0, 'undecided'],
    [[1, 1.1, 1.2], 0, 'above'],
    [[-1, -1.1, -1.2], 0, 'below'],
    [[5], 0, 'undecided'],
  ] as const)('%j against %d: %s', (values, value, verdict) => expect(compared(interval(values), value)).toBe(verdict));

  it.each([
    [[2, 1.5, 0.5], 1, 1.5],
    [[2, 1.5, 1.2], 1, undefined],
    [[0.9, 0.5], 1, 0],
    // A loss that rises again has been there.
    [[2, 0.5, 2], 1, 2 / 3],
  ])('%j reaches %d at epoch %d', (losses, target, epoch) => (epoch === undefined ? expect(epochOf(losses, target)).toBeUndefined() : expect(epochOf(losses, target)).toBeCloseTo(epoch, 10)));

  it.each([
    [[0, 0.5], [0, 0.1, 0.2, 0.3, 0.4, 0.5]],
    [[3, 97], [0, 20, 40, 60, 80, 100]],
    [[0, 0], [0, 0.2, 0.4, 0.6, 0.8, 1]],
    [[-1.2, 1.1], [-1.5, -1, -0.5, 0, 0.5, 1, 1.5]],
  ])('the axis of %j has ticks at round numbers', (values, expected) => expect(ticks(values)).toEqual(expected));
});

describe('--quick', () => {
  let folder: string;
  const study = (...args: string[]): string => execFileSync(process.execPath, ['--import', 'tsx', path.join(ROOT, 'scripts/study.ts'), '--docs', folder, ...args], { cwd: ROOT, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
  const contents = (): string[] => readdirSync(folder).sort().map((name) => readFileSync(path.join(folder, name), 'utf8'));

  beforeAll(() => {
    folder = mkdtempSync(path.join(tmpdir(), 'droplint-study-'));
    copyFileSync(path.join(ROOT, 'docs/dropout.md'), path.join(folder, 'dropout.md'));
    study('--quick');
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it('trains every network, fills every table, draws every picture', () => {
    const page = readFileSync(path.join(folder, 'dropout.md'), 'utf8');
    for (const { networks } of FAMILIES) for (const { name } of networks) expect(page).toMatch(new RegExp(String.raw`^\| ${name.replace(/[()'.+≤]/g, '.')} \| (?:\d|> )`, 'm'));
    expect(page).not.toMatch(/NaN|undefined/);
    for (const name of ['dropout-curves.svg', 'dropout-schedules.svg', 'dropout-test-error.svg']) {
      const picture = readFileSync(path.join(folder, name), 'utf8');
      expect(XMLValidator.validate(picture)).toBe(true);
      expect(picture).not.toMatch(/NaN|undefined/);
      // The page shows them.
      expect(page).toContain(`](${name})`);
    }
  });

  it('outside its markers the page stays as it is, and --render repeats what is between them', () => {
    const outside = (page: string): string => page.replace(/(<!-- study:([\w-]+):start[^\n]*\n).*?(<!-- study:\2:end -->)/gs, '$1$3');
    const page = path.join(folder, 'dropout.md');
    expect(outside(readFileSync(page, 'utf8'))).toBe(outside(readFileSync(path.join(ROOT, 'docs/dropout.md'), 'utf8')));
    const before = contents();
    writeFileSync(page, outside(readFileSync(page, 'utf8')));
    study('--render');
    expect(contents()).toEqual(before);
  });
});

it('the page and its pictures are those of the stored numbers', () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'droplint-study-'));
  const names = ['dropout.md', 'dropout-study.json', 'dropout-curves.svg', 'dropout-schedules.svg', 'dropout-test-error.svg'];
  for (const name of names.slice(0, 2)) copyFileSync(path.join(ROOT, 'docs', name), path.join(folder, name));
  execFileSync(process.execPath, ['--import', 'tsx', path.join(ROOT, 'scripts/study.ts'), '--docs', folder, '--render'], { cwd: ROOT, stdio: 'ignore' });
  for (const name of names) expect(readFileSync(path.join(folder, name), 'utf8') === readFileSync(path.join(ROOT, 'docs', name), 'utf8'), name).toBe(true);
  rmSync(folder, { recursive: true });
});
