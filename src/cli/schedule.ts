/** `droplint schedule`: the rate of dropout in each epoch. */
import { Argument, Command, Option } from 'commander';
import { ConfigurationError } from '../lint/configuration-error.js';
import { lineChart, type Point } from '../report/line-chart.js';
import { ratesOf, SCHEDULE_KINDS, type CurriculumOptions, type CutoffOptions, type ScheduleKind } from '../variants/schedules.js';
import { colors } from './colors.js';
import { OWN_OPTIONS, parseNumber, scheduleFrom } from './schedule-flags.js';

type ScheduleFlags = CurriculumOptions & CutoffOptions & { readonly json?: boolean; readonly svg?: boolean };

export function scheduleCommand(): Command {
  return new Command('schedule')
    .description('print the rate of dropout in each epoch')
    .addArgument(new Argument('<kind>', 'how the rate moves').choices(SCHEDULE_KINDS))
    .requiredOption('--epochs <number>', 'length of the training', parseNumber)
    .requiredOption('--rate <p>', 'the rate, in [0, 1), that it starts from, ends at or tends to', parseNumber)
    .option('--gamma <number>', 'curriculum: how fast, per epoch (default 10/epochs)', parseNumber)
    .option('--cutoff <epochs>', 'early, late: length of the first phase (default epochs/6)', parseNumber)
    .addOption(new Option('--json', 'as JSON').conflicts('svg'))
    .option('--svg', 'as a picture')
    .addHelpText('after', EXAMPLES)
    .action((kind: ScheduleKind, flags: ScheduleFlags) => console.log(render(kind, flags)));
}

const EXAMPLES = `
Examples:
  droplint schedule curriculum --epochs 20 --rate 0.5
  droplint schedule early --epochs 60 --rate 0.1 --cutoff 10 --json
  droplint schedule annealed --epochs 100 --rate 0.5 --svg > annealed.svg`;

function render(kind: ScheduleKind, { json, svg, ...options }: ScheduleFlags): string {
  checkOptions(kind, options);
  const rates = ratesOf(scheduleFrom(kind, options), options.epochs);
  if (json) return JSON.stringify({ kind, ...options, rates }, undefined, 2);
  if (svg) return lineChart({ title: titleOf(kind, options), x: 'epoch', y: 'rate of dropout', series: [{ name: kind, points: pointsOf(rates), steps: true }] }).trimEnd();
  return bars(rates, process.stdout.columns || 80);
}

function checkOptions(kind: ScheduleKind, options: CurriculumOptions & CutoffOptions): void {
  for (const [name, kinds] of Object.entries<readonly ScheduleKind[]>(OWN_OPTIONS)) {
    if (options[name as keyof typeof OWN_OPTIONS] !== undefined && !kinds.includes(kind)) throw new ConfigurationError(`--${name} is for ${kinds.join(' and ')}, not for ${kind}.`);
  }
}

const titleOf = (kind: string, { rate, epochs }: CurriculumOptions): string => `${kind}: rate ${rate}, ${epochs} epoch${epochs === 1 ? '' : 's'}`;

/** Each rate holds until the epoch ends, the last one too. */
const pointsOf = (rates: readonly number[]): Point[] => [...rates, ...rates.slice(-1)].map((rate, epoch) => [epoch, rate]);

/** A line per epoch: its number, the rate, and a bar whose full width is the highest rate, in eighths of a character. */
function bars(rates: readonly number[], width: number): string {
  const digits = String(rates.length - 1).length;
  const cells = Math.max(10, Math.min(60, width - digits - 12));
  const highest = Math.max(...rates) || 1;
  const lines = rates.map((rate, epoch) => {
    const eighths = Math.round((rate / highest) * cells * 8);
    const bar = '█'.repeat(Math.floor(eighths / 8)) + ['', '▏', '▎', '▍', '▌', '▋', '▊', '▉'][eighths % 8]!;
    return `${String(epoch).padStart(Math.max(digits, 5))}  ${rate.toFixed(4)}  ${colors.cyan(bar)}`.trimEnd();
  });
  return [colors.dim('epoch  rate'), ...lines].join('\n');
}
