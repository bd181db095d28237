/** From runs to the tables, verdicts and pictures of docs/dropout.md. */
import { lineChart, type Series } from '../../src/report/line-chart.js';
import { ratesOf, SCHEDULE_KINDS, schedules } from '../../src/variants/schedules.js';
import { claims } from './claims.js';
import { dotPlot } from './dot-plot.js';
import { FAMILIES } from './networks.js';
import { epochsToTarget, reachesTarget, TARGET_LOSS, type Results, type Setting } from './results.js';
import { deviation, mean } from './statistics.js';
import { table } from './table.js';

/** The generated parts of the page, by the names of their markers. */
export function blocks(results: Results): Record<string, string> {
  return {
    setting: settingText(results),
    claims: claims(results),
    ...Object.fromEntries(FAMILIES.map((_, family) => [`family-${family + 1}`, `${errorTable(results, family)}\n\n${costTable(results, family)}`])),
    'variance-shift': shiftTable(results),
    learned: learnedTable(results),
  };
}

export function pictures(results: Results): Record<string, string> {
  const largest = results.settings.at(-1)!;
  return {
    'dropout-test-error.svg': dotPlot({
      title: 'Test error in %, mean ± standard deviation over seeds',
      x: 'test error in %',
      panels: results.settings.map(({ size }) => `${size} examples`),
      groups: FAMILIES.map(({ title, networks }, family) => ({
        title,
        rows: networks.map(({ name }, network) => ({ name, dots: results.settings.map((setting) => dotOf(results.values(family, network, setting, ({ testError }) => 100 * testError))) })),
      })),
    }),
    'dropout-curves.svg': lineChart({ title: `Cross-entropy of the fully connected network, ${largest.size} examples`, x: 'epoch', y: 'nats, mean ± standard deviation', series: curves(results, largest) }),
    'dropout-schedules.svg': lineChart({
      title: 'Schedules: rate 0.5, 60 epochs',
      x: 'epoch',
      y: 'rate of dropout',
      series: SCHEDULE_KINDS.map((kind) => ({ name: kind, points: ratesOf(schedules[kind]({ rate: 0.5, epochs: 60 }), 60).map((rate, epoch) => [epoch, rate] as const) })),
    }),
  };
}

const dotOf = (values: readonly number[]): { mean: number; spread: number } => ({ mean: mean(values), spread: values.length > 1 ? deviation(values) : 0 });

function curves(results: Results, setting: Setting): Series[] {
  return [0, 1].flatMap((network) => (['trainingLoss', 'testLoss'] as const).map((field): Series => {
    const runs = results.of(0, network, setting).map((measured) => measured[field]);
    const dots = Array.from({ length: setting.epochs + 1 }, (_, epoch) => dotOf(runs.map((losses) => losses[epoch]!)));
    return {
      name: `${FAMILIES[0]!.networks[network]!.name}, ${field === 'trainingLoss' ? 'training' : 'test'}`,
      points: dots.map((dot, epoch) => [epoch, dot.mean]),
      band: dots.map((dot) => [dot.mean - dot.spread, dot.mean + dot.spread]),
    };
  }));
}

function settingText({ settings, all }: Results): string {
  const seeds = [...new Set(all.map(({ seed }) => seed))];
  const shortened = FAMILIES.filter(({ effort }) => effort < 1).map(({ title }) => title.toLowerCase());
  return [
    table(['training examples', 'epochs', 'updates'], settings.map(({ size, epochs }) => [size, epochs, epochs * Math.ceil(size / 50)].map(String))),
    '',
    `Every network is trained with each of the seeds ${seeds.join(', ')} (for data, initial weights and masks): ${all.length} trainings in all. The ${shortened.join(' and the ')} networks train for half of these epochs. ± is the standard deviation over the runs of a cell.`,
  ].join('\n');
}

function errorTable(results: Results, family: number): string {
  const percent = (network: number, setting: Setting, field: 'trainingError' | 'testError'): string => spread(results.values(family, network, setting, (measured) => 100 * measured[field]), 1);
  return table(
    ['errors in % after the last epoch', ...results.settings.flatMap(({ size }) => [`training, ${size}`, `**test, ${size}**`])],
    FAMILIES[family]!.networks.map(({ name }, network) => [name, ...results.settings.flatMap((setting) => [percent(network, setting, 'trainingError'), percent(network, setting, 'testError')])]),
  );
}

function costTable(results: Results, family: number): string {
  return table(
    [`epochs to training loss ${TARGET_LOSS} (times plain), and test loss at the end`, ...results.settings.flatMap(({ size }) => [`epochs, ${size}`, `test loss, ${size}`])],
    FAMILIES[family]!.networks.map(({ name }, network) => [name, ...results.settings.flatMap((setting) => [epochsCell(results, family, network, setting), spread(results.values(family, network, setting, ({ testLoss }) => testLoss.at(-1)!), 2)])]),
  );
}

function epochsCell(results: Results, family: number, network: number, setting: Setting): string {
  const [plain, own] = [results.of(family, 0, setting), results.of(family, network, setting)];
  const more = own.every(reachesTarget) ? '' : '> ';
  const epochs = mean(own.map(epochsToTarget));
  const ratio = mean(own.map((measured, index) => epochsToTarget(measured) / epochsToTarget(plain[index]!)));
  return `${more}${epochs.toFixed(1)}${network === 0 ? '' : ` (${more}${ratio.toFixed(1)}×)`}`;
}

function shiftTable(results: Results): string {
  const family = FAMILIES.findIndex(({ title }) => title === 'With BatchNorm');
  return table(
    ['variance of BatchNorm’s input at inference / in training', ...results.settings.map(({ size }) => `measured, ${size}`), 'predicted'],
    FAMILIES[family]!.networks.map(({ name }, network) => [
      name,
      ...results.settings.map((setting) => spread(results.values(family, network, setting, ({ varianceShift }) => varianceShift!.measured), 2)),
      network === 2 ? results.settings.map((setting) => mean(results.values(family, network, setting, ({ varianceShift }) => varianceShift!.predicted)).toFixed(2)).join(', ') : '–',
    ]),
  );
}

function learnedTable(results: Results): string {
  const learned = FAMILIES[0]!.networks.flatMap(({ name }, network) => (results.of(0, network, results.settings[0]!)[0]?.learnedRates ? [{ name, network }] : []));
  return table(
    ['rate learned from 0.3: first, second layer', ...results.settings.map(({ size }) => `${size} examples`)],
    learned.map(({ name, network }) => [
      name,
      ...results.settings.map((setting) => {
        const runs = results.of(0, network, setting);
        const pruned = mean(runs.map((run) => run.pruned ?? 0));
        return [0, 1].map((layer) => mean(runs.map(({ learnedRates }) => learnedRates![layer]!)).toFixed(2)).join(', ') + (name.includes('sparse') ? `; ${(100 * pruned).toFixed(0)} % pruned` : '');
      }),
    ]),
  );
}

function spread(values: readonly number[], digits: number): string {
  return mean(values).toFixed(digits) + (values.length > 1 ? ` ± ${deviation(values).toFixed(digits)}` : '');
}
