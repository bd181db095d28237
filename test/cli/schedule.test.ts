import { XMLParser, XMLValidator } from 'fast-xml-parser';
import { describe, expect, it } from 'vitest';
import { ratesOf, SCHEDULE_KINDS, schedules } from '../../src/variants/schedules.js';
import { commandLine } from '../support/command-line.js';

const schedule = (...args: string[]): ReturnType<typeof commandLine> => commandLine('schedule', ...args);

describe.each(SCHEDULE_KINDS)('%s', (kind) => {
  const options = ['--epochs', '8', '--rate', '0.4'];
  const rates = ratesOf(schedules[kind]({ epochs: 8, rate: 0.4 }), 8);

  it('text: a line and a bar per epoch', async () => {
    const { code, stdout, stderr } = await schedule(kind, ...options);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const [head, ...lines] = stdout.trimEnd().split('\n');
    expect(head).toBe('epoch  rate');
    expect(lines.map((line) => /^ +(\d+) {2}(\d\.\d{4})/.exec(line)?.slice(1))).toEqual(rates.map((rate, epoch) => [String(epoch), rate.toFixed(4)]));
    // The bars are as long as the rates.
    const cells = lines.map((line) => [...line].filter((character) => character === '█').length);
    const full = Math.max(...cells);
    for (const [epoch, rate] of rates.entries()) expect(Math.abs(cells[epoch]! - (full * rate) / Math.max(...rates))).toBeLessThanOrEqual(1);
  });

  it('JSON', async () => {
    expect(JSON.parse((await schedule(kind, ...options, '--json')).stdout)).toEqual({ kind, epochs: 8, rate: 0.4, rates });
  });

  it('SVG: well-formed, with the rates as a line', async () => {
    const { stdout } = await schedule(kind, ...options, '--svg');
    expect(XMLValidator.validate(stdout)).toBe(true);
    const { svg } = new XMLParser({ ignoreAttributes: false, attributeNamePrefix: '' }).parse(stdout) as { svg: { title: string; polyline: { points: string } } };
    expect(svg.title).toBe(`${kind}: rate 0.4, 8 epochs`);
    const points = svg.polyline.points.split(' ').map((point) => point.split(',').map(Number));
    // The drawn heights are the rates on one scale; down on the page is less.
    const [drawn, highest] = [points.map(([, height]) => height!), Math.max(...rates)];
    const [top, bottom] = [Math.min(...drawn), Math.max(...drawn)];
    const seen = new Set(drawn.map((height) => ((bottom - height) / (bottom - top || 1)) * (highest - Math.min(...rates)) + Math.min(...rates)).map((rate) => rate.toFixed(2)));
    for (const rate of rates) expect(seen).toContain(rate.toFixed(2));
  });
});

describe('examples of --help', async () => {
  const { stdout } = await commandLine('schedule', '--help');
  const examples = stdout.split('\n').filter((line) => line.startsWith('  droplint '));
  it('there are some', () => expect(examples.length).toBeGreaterThan(2));
  it.each(examples)('%s', async (example) => {
    const args = example.trim().split(' ').slice(1);
    const redirected = args.indexOf('>');
    const { code, stderr, stdout: printed } = await commandLine(...(redirected < 0 ? args : args.slice(0, redirected)));
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(printed).not.toBe('');
  });
});

describe('a command line that makes no sense ends with 2 and says why', () => {
  it.each([
    [['curriculum', '--epochs', '10'], "required option '--rate <p>' not specified"],
    [['wavy', '--epochs', '10', '--rate', '0.5'], 'constant, linear, curriculum, annealed, early, late'],
    [['linear', '--epochs', 'ten', '--rate', '0.5'], 'It must be a number.'],
    [['linear', '--epochs', '2.5', '--rate', '0.5'], 'droplint: The number of epochs must be a positive integer, not 2.5.'],
    [['linear', '--epochs', '10', '--rate', '1'], 'droplint: The rate must be in [0, 1), not 1.'],
    [['early', '--epochs', '10', '--rate', '0.5', '--cutoff', '12'], 'The cutoff must be in (0, 10]'],
    [['linear', '--epochs', '10', '--rate', '0.5', '--gamma', '1'], '--gamma is for curriculum, not for linear.'],
    [['linear', '--epochs', '10', '--rate', '0.5', '--cutoff', '1'], '--cutoff is for early and late, not for linear.'],
    [['linear', '--epochs', '10', '--rate', '0.5', '--json', '--svg'], 'cannot be used with'],
  ])('%j', async (args, reason) => {
    const { code, stdout, stderr } = await schedule(...args);
    expect(stderr).toContain(reason);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
  });
});
