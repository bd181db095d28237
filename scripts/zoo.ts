/**
 * `npm run zoo [-- --rule <id>… --format <format> --no-fix --limit <n> --list]`: plants one fault at a time in respected
 * architectures and prints, by rule and format, how many were found, fixed and proven, and what else was reported.
 */
import { parseArgs } from 'node:util';
import pc from 'picocolors';
import { closeVerifier, prove } from '../src/verify/index.js';
import { allSpecimens, measure } from '../test/support/planting.js';
import type { Measured } from '../test/support/planting.js';

const { values: options } = parseArgs({
  options: {
    rule: { type: 'string', multiple: true },
    format: { type: 'string' },
    fix: { type: 'boolean', default: true },
    limit: { type: 'string' },
    list: { type: 'boolean', default: false },
  },
  allowNegative: true,
});

interface Row {
  planted: number;
  found: number;
  falseAlarms: number;
  fixable: number;
  fixed: number;
  refused: number;
  provable: number;
  proven: number;
}

const emptyRow = (): Row => ({ planted: 0, found: 0, falseAlarms: 0, fixable: 0, fixed: 0, refused: 0, provable: 0, proven: 0 });

function count(row: Row, { found, falseAlarms, fixed, refused, proven }: Measured): void {
  row.planted += 1;
  row.found += Number(found);
  row.falseAlarms += falseAlarms.length;
  row.fixable += Number(fixed !== undefined);
  row.fixed += Number(fixed === true);
  row.refused += Number(refused === true);
  row.provable += Number(proven !== undefined);
  row.proven += Number(proven === true);
}

const label = ({ specimen: { rule, format, site, planted, writing } }: Measured) => `${rule} in ${format}, ${site.architecture}: ${planted.what} at ${planted.at} ${pc.dim(writing)}`;

function complaints(measured: Measured): string[] {
  const what = label(measured);
  return [
    ...(measured.found ? [] : [`${pc.red('missed')}       ${what}\n             ${measured.specimen.gap ?? measured.note}`]),
    ...measured.falseAlarms.map((alarm) => `${pc.magenta('false alarm')}  ${what}\n             ${alarm}`),
    ...(measured.fixed === false ? [`${pc.yellow('not fixed')}    ${what}\n             ${measured.note}`] : []),
    ...(measured.proven === false ? [`${pc.red('not proven')}   ${what}`] : []),
  ];
}

const specimens = (await allSpecimens()).filter(({ rule, format }) => (!options.rule || options.rule.includes(rule)) && (!options.format || options.format === format));
const rows = new Map<string, Row>();
const lines: string[] = [];
for (const [n, specimen] of specimens.slice(0, Number(options.limit ?? specimens.length)).entries()) {
  if (process.stderr.isTTY) process.stderr.write(`\r${n + 1} of ${specimens.length} `);
  const measured = await measure(specimen, options.fix ? prove : undefined);
  if (!measured) continue;
  const key = `${specimen.rule}\t${specimen.format}`;
  const row = rows.get(key) ?? emptyRow();
  rows.set(key, row);
  count(row, measured);
  lines.push(...complaints(measured));
}
closeVerifier();
if (process.stderr.isTTY) process.stderr.write('\r');

const part = (some: number, all: number) => (all === 0 ? '–' : `${some}/${all}`).padStart(10);
const print = (rule: string, format: string, row: Row) =>
  console.log(`${rule.padEnd(34)} ${format.padEnd(9)}${String(row.planted).padStart(8)}${String(row.found).padStart(8)}${String(row.falseAlarms).padStart(14)}${part(row.fixed, row.fixable)}${String(row.refused || '–').padStart(9)}${part(row.proven, row.provable)}`);
for (const line of lines.slice(0, options.list ? lines.length : 40)) console.log(line);
if (!options.list && lines.length > 40) console.log(pc.dim(`… and ${lines.length - 40} more (--list)`));
console.log(pc.bold(`\n${'rule'.padEnd(34)} ${'format'.padEnd(9)}${'planted'.padStart(8)}${'found'.padStart(8)}${'false alarms'.padStart(14)}${'fixed'.padStart(10)}${'refused'.padStart(9)}${'proven'.padStart(10)}`));
const total = emptyRow();
for (const [key, row] of [...rows].sort(([a], [b]) => (a < b ? -1 : 1))) {
  const [rule, format] = key.split('\t') as [string, string];
  print(rule, format, row);
  for (const name of Object.keys(total) as (keyof Row)[]) total[name] += row[name];
}
print(pc.bold('all'.padEnd(34)), '', total);
console.log(`recall ${(total.found / Math.max(1, total.planted)).toFixed(4)}, ${total.falseAlarms} false alarms over ${total.planted} planted faults`);
process.exitCode = total.falseAlarms === 0 && total.found >= 0.98 * total.planted && total.fixed >= 0.98 * total.fixable && total.proven === total.provable ? 0 : 1;
