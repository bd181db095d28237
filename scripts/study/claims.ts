/** The founding article's claims, held against the runs: each is a paired difference or ratio with its 95 % interval. */
import { epochsToTarget, reachesTarget, type Results, type Setting } from './results.js';
import { compared, interval, type Interval } from './statistics.js';
import { table } from './table.js';
import type { Measured } from './training.js';

/** Places in FAMILIES. */
const [DENSE, BATCH_NORM, , CONVOLUTIONAL, RECURRENT] = [0, 1, 2, 3, 4] as const;

interface Held {
  readonly measured: string;
  readonly verdict: string;
}

export function claims(results: Results): string {
  const { settings } = results;
  const testError = ({ testError }: Measured): number => 100 * testError;
  const gap = (measured: Measured): number => 100 * (measured.testError - measured.trainingError);
  const rows: readonly (readonly [claim: string, held: (setting: Setting) => Held])[] = [
    ['Dropout lowers the test error', (setting) => lower(difference(results, DENSE, setting, [1, 0], testError))],
    ['Dropout narrows the gap between training and test error', (setting) => lower(difference(results, DENSE, setting, [1, 0], gap))],
    ['Dropout needs about twice the epochs to an equal training loss (Srivastava: 2–3 times)', (setting) => longer(results, setting)],
    ['Dropout before BatchNorm lowers the variance at inference', (setting) => shift(results, setting)],
    ['Dropout after the activation has a lower test error than before BatchNorm', (setting) => lower(difference(results, BATCH_NORM, setting, [1, 2], testError))],
    ['Between convolutions spatial dropout has a lower test error than elementwise dropout', (setting) => lower(difference(results, CONVOLUTIONAL, setting, [2, 1], testError))],
    ['Recurrent dropout has a lower test error than a fresh mask on each step', (setting) => lower(difference(results, RECURRENT, setting, [2, 1], testError))],
  ];
  const held = table(
    ['claim', ...settings.map(({ size }) => `${size} examples`)],
    rows.map(([claim, hold]) => [claim, ...settings.map((setting) => (({ measured, verdict }) => `**${verdict}**: ${measured}`)(hold(setting)))]),
  );
  return `${held}\n\n${scarcity(results, testError)}`;
}

/** Of the same seeds: first minus second. */
function paired(results: Results, family: number, setting: Setting, [first, second]: readonly [number, number], value: (measured: Measured) => number): number[] {
  const others = results.values(family, second, setting, value);
  return results.values(family, first, setting, value).map((own, index) => own - others[index]!);
}

const difference = (results: Results, family: number, setting: Setting, networks: readonly [number, number], value: (measured: Measured) => number): Interval => interval(paired(results, family, setting, networks, value));

function lower(measured: Interval): Held {
  return { measured: `${signed(measured, 1)} points`, verdict: { below: 'yes', above: 'no, the opposite', undecided: 'not seen' }[compared(measured, 0)] };
}

function longer(results: Results, setting: Setting): Held {
  const [plain, dropped] = [results.of(DENSE, 0, setting), results.of(DENSE, 1, setting)];
  const measured = interval(dropped.map((run, index) => epochsToTarget(run) / epochsToTarget(plain[index]!)));
  const censored = dropped.every(reachesTarget) ? '' : 'at least ';
  const verdict = measured.low > 3 ? 'longer still' : measured.low > 1 ? 'yes' : 'not seen';
  return { measured: `${censored}${unsigned(measured, 1)} times`, verdict };
}

function shift(results: Results, setting: Setting): Held {
  const measured = interval(results.values(BATCH_NORM, 2, setting, ({ varianceShift }) => varianceShift!.measured));
  return { measured: `to ${unsigned(measured, 2)} of it`, verdict: measured.high < 1 ? 'yes' : 'not seen' };
}

/** The gain is the test error without dropout minus that with it. */
function scarcity(results: Results, testError: (measured: Measured) => number): string {
  const gains = results.settings.map((setting) => paired(results, DENSE, setting, [0, 1], testError));
  const more = interval(gains[0]!.map((gain, index) => gain - gains.at(-1)![index]!));
  const verdict = { above: 'It does show here', below: 'It does not show here, the opposite does', undecided: 'It does not show here' }[compared(more, 0)];
  const [fewest, most] = [results.settings[0]!.size, results.settings.at(-1)!.size];
  return `**Dropout gains most where data are scarce?** ${verdict}: with ${fewest} examples the gain is ${signed(interval(gains[0]!), 1)} points, with ${most} it is ${signed(interval(gains.at(-1)!), 1)}; the difference is ${signed(more, 1)} points.`;
}

const signed = ({ mean, low, high }: Interval, digits: number): string => `${sign(mean, digits)} (${sign(low, digits)} to ${sign(high, digits)})`;
const unsigned = (measured: Interval, digits: number): string => signed(measured, digits).replaceAll('+', '');

function sign(value: number, digits: number): string {
  const size = Number.isFinite(value) ? Math.abs(value).toFixed(digits) : '∞';
  return `${Number(size) === 0 ? '' : value > 0 ? '+' : '−'}${size}`;
}
