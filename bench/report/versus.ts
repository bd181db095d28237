/** The table of droplint beside onnx.checker, a model a row. */
import type { Cell, Table } from '../benchmark.js';
import type { Run } from '../measure/process.js';
import { median, medianRatio } from '../measure/statistics.js';
import { bytes, count, ratio, seconds } from './quantity.js';

export interface Contest {
  readonly model: string;
  readonly nodes: number;
  readonly fileBytes: number;
  readonly droplint: readonly Run[];
  /** Absent: onnx.checker is not installed. */
  readonly checker: readonly Run[] | undefined;
}

const NOTHING = '–';
const times = (runs: readonly Run[]): number[] => runs.map((run) => run.seconds);
const peaks = (runs: readonly Run[]): number[] => runs.map((run) => run.peakBytes ?? NaN);

export const medianPeak = (runs: readonly Run[]): number => median(peaks(runs));

export function versus(title: string, contests: readonly Contest[], notes: readonly string[] = []): Table {
  return {
    title,
    columns: ['model', 'nodes', 'file', 'droplint', 'onnx.checker', '÷ droplint', 'peak memory: droplint', 'onnx.checker', '÷ droplint'],
    rows: contests.map(({ model, nodes, fileBytes, droplint, checker }): Cell[] => [
      model,
      count(nodes),
      bytes(fileBytes),
      seconds(median(times(droplint))),
      checker ? seconds(median(times(checker))) : NOTHING,
      checker ? ratio(medianRatio(times(checker), times(droplint))) : NOTHING,
      bytes(medianPeak(droplint)),
      checker ? bytes(medianPeak(checker)) : NOTHING,
      checker ? ratio(medianRatio(peaks(checker), peaks(droplint))) : NOTHING,
    ]),
    notes,
  };
}
