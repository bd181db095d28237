/** Large graphs, folded for drawing: repeated blocks, and everything far from what matters. */
import type { Group } from './diagram.js';
import { layersWithin } from './diagram.js';
import type { Graph } from './graph.js';
import type { Layer } from './layers.js';
import { describeLayer } from './print.js';

export interface FoldOptions {
  /** Graphs with at most so many layers are drawn whole. */
  readonly limit?: number;
  /** How far from what matters layers are still drawn. */
  readonly reach?: number;
}

/** Fewer layers than this are not worth a fold. */
const SMALLEST_FOLD = 3;
/** Where so many findings stand that more than this many times the limit would be drawn, less is drawn around each. */
const MOST_TIMES = 4;
/** Layers of the longest block that is looked for. */
const LONGEST_BLOCK = 64;

/**
 * Groups in topological order; each fold is a run of neighbours in it, so that folding makes no cycle. Layers in
 * `matters` and around them stay as they are.
 */
export function foldGraph(graph: Graph, matters: ReadonlySet<Layer>, { limit = 60, reach = 3 }: FoldOptions = {}): readonly Group[] {
  const { layers } = graph;
  if (layers.length <= limit) return layers.map((layer) => ({ layers: [layer] }));
  const own = [...matters].filter((layer) => layer.graph === graph);
  if (own.length > 0) {
    const near = layersWithin(own, reach);
    const groups = runsOf(layers, (layer) => near.has(layer)).flatMap(({ kept, run }) => (kept ? run.map((layer) => ({ layers: [layer] })) : foldRun(run)));
    return groups.length > MOST_TIMES * limit && reach > 0 ? foldGraph(graph, matters, { limit, reach: reach - 1 }) : groups;
  }
  const unrolled = foldRepeats(layers);
  return unrolled.length <= limit ? unrolled : thin(unrolled, limit);
}

function runsOf(layers: readonly Layer[], keeps: (layer: Layer) => boolean): { kept: boolean; run: Layer[] }[] {
  const runs: { kept: boolean; run: Layer[] }[] = [];
  for (const layer of layers) {
    const kept = keeps(layer);
    const last = runs.at(-1);
    if (last?.kept === kept) last.run.push(layer);
    else runs.push({ kept, run: [layer] });
  }
  return runs;
}

function foldRun(run: readonly Layer[]): readonly Group[] {
  if (run.length < SMALLEST_FOLD) return run.map((layer) => ({ layers: [layer] }));
  return [{ layers: run, label: `${run.length} layers`, detail: summaryOf(run) }];
}

/** `3 × (convolution, batch-norm, relu)`, or the most frequent kinds. */
function summaryOf(run: readonly Layer[]): string {
  const kinds = run.map(kindOf);
  const block = smallestPeriod(kinds);
  if (block < kinds.length && block <= 8) return `${kinds.length / block} × ${block === 1 ? kinds[0] : `(${kinds.slice(0, block).join(', ')})`}`;
  const counts = new Map<string, number>();
  for (const kind of kinds) counts.set(kind, (counts.get(kind) ?? 0) + 1);
  const frequent = [...counts].sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1));
  return `${frequent.slice(0, 4).map(([kind, times]) => (times > 1 ? `${times} ${kind}` : kind)).join(', ')}${frequent.length > 4 ? ', …' : ''}`;
}

/** Without sizes and names. */
function kindOf(layer: Layer): string {
  if (layer.kind === 'linear' || layer.kind === 'convolution' || layer.kind === 'dropout' || layer.kind === 'recurrent' || layer.kind === 'embedding') return layer.kind;
  return describeLayer(layer);
}

function smallestPeriod(words: readonly string[]): number {
  for (let period = 1; period <= Math.min(LONGEST_BLOCK, words.length / 2); period += 1) {
    if (words.length % period === 0 && words.every((word, index) => word === words[index % period])) return period;
  }
  return words.length;
}

/** The first of equal blocks in a row is drawn, the others are one fold. */
function foldRepeats(layers: readonly Layer[]): readonly Group[] {
  const words = layers.map(kindOf);
  const groups: Group[] = [];
  for (let at = 0; at < layers.length;) {
    const { period, times } = repeatAt(words, at);
    if (times < 2 || (times - 1) * period < SMALLEST_FOLD) {
      groups.push({ layers: [layers[at]!] });
      at += 1;
      continue;
    }
    const block = layers.slice(at, at + period);
    groups.push(...block.map((layer) => ({ layers: [layer] })));
    const others = layers.slice(at + period, at + times * period);
    groups.push({ layers: others, label: `the same ${times - 1} more ${times === 2 ? 'time' : 'times'}`, detail: `${others.length} layers` });
    at += times * period;
  }
  return groups;
}

/** The block at `at` whose repetitions cover most. */
function repeatAt(words: readonly string[], at: number): { readonly period: number; readonly times: number } {
  let best = { period: 1, times: 1 };
  for (let period = 1; period <= Math.min(LONGEST_BLOCK, (words.length - at) / 2); period += 1) {
    let equal = 0;
    while (at + period + equal < words.length && words[at + equal] === words[at + period + equal]) equal += 1;
    const times = 1 + Math.floor(equal / period);
    if ((times - 1) * period > (best.times - 1) * best.period) best = { period, times };
  }
  return best;
}

/** What is still too much to look at: beginning and end stay, and folds of equal size stand between them. */
function thin(groups: readonly Group[], limit: number): readonly Group[] {
  const ends = Math.floor(limit / 3);
  const middle = groups.slice(ends, groups.length - ends);
  const size = Math.ceil(middle.length / Math.max(1, limit - 2 * ends));
  const folds = Array.from({ length: Math.ceil(middle.length / size) }, (_, index) => foldRun(middle.slice(index * size, (index + 1) * size).flatMap((group) => group.layers)));
  return [...groups.slice(0, ends), ...folds.flat(), ...groups.slice(groups.length - ends)];
}
