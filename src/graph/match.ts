/** Which layer of one graph is which layer of another, although names, numbers, places and settings may have changed. */
import { diffArrays } from 'diff';
import type { Graph } from './graph.js';
import type { Layer } from './layers.js';
import { isCounter } from './names.js';
import { describeLayer } from './print.js';

/** The search for what is in the same order gives up beyond so many differences. */
const MOST_DIFFERENCES = 4000;

export type Matches = ReadonlyMap<Layer, Layer>;

/** From layers of `before` to layers of `after`, each at most once. */
export function matchLayers(before: Graph, after: Graph): Matches {
  const matching = new Matching(before.layers, after.layers);
  // A name that means something, and nothing else changed.
  matching.byIdentity((layer) => (isCounter(layer.origin.name) ? undefined : `${layer.origin.name}\n${describeLayer(layer)}`));
  matching.inOrder((layer) => describeLayer(layer));
  // Reconfigured.
  matching.byIdentity((layer) => (isCounter(layer.origin.name) ? undefined : `${layer.origin.name}\n${layer.kind}`));
  // Moved.
  matching.byIdentity((layer) => (layer.kind === 'reshape' ? undefined : describeLayer(layer)));
  // Reconfigured and renamed, between neighbours that are known.
  matching.between();
  return matching.pairs;
}

class Matching {
  readonly pairs = new Map<Layer, Layer>();
  readonly #taken = new Set<Layer>();

  constructor(readonly before: readonly Layer[], readonly after: readonly Layer[]) {}

  #pair(a: Layer, b: Layer): void {
    this.pairs.set(a, b);
    this.#taken.add(b);
  }

  get #openBefore(): readonly Layer[] {
    return this.before.filter((layer) => !this.pairs.has(layer));
  }

  get #openAfter(): readonly Layer[] {
    return this.after.filter((layer) => !this.#taken.has(layer));
  }

  byIdentity(identityOf: (layer: Layer) => string | undefined): void {
    const open = new Map<string, Layer[]>();
    for (const layer of this.#openAfter) {
      const identity = identityOf(layer);
      if (identity !== undefined) open.set(identity, [...(open.get(identity) ?? []), layer]);
    }
    for (const layer of this.#openBefore) {
      const twin = open.get(identityOf(layer) ?? '')?.shift();
      if (twin) this.#pair(layer, twin);
    }
  }

  inOrder(wordOf: (layer: Layer) => string): void {
    const [before, after] = [this.#openBefore, this.#openAfter];
    const changes = diffArrays(before.map(wordOf), after.map(wordOf), { maxEditLength: MOST_DIFFERENCES });
    let [a, b] = [0, 0];
    for (const { added, removed, count } of changes ?? []) {
      if (!added && !removed) for (let i = 0; i < count; i += 1) this.#pair(before[a + i]!, after[b + i]!);
      if (!added) a += count;
      if (!removed) b += count;
    }
  }

  between(): void {
    for (const layer of this.#openBefore) {
      const producer = layer.inputs[0]?.producer;
      const twin = (producer && this.pairs.get(producer)?.outputs[0]?.consumers) ?? [];
      const found = twin.find((each) => each.kind === layer.kind && !this.#taken.has(each));
      if (found) this.#pair(layer, found);
    }
  }
}

/** Indices of the longest subsequence that rises; what is not in it has moved. */
export function longestRising(numbers: readonly number[]): ReadonlySet<number> {
  const ends: number[] = [];
  const before = new Array<number>(numbers.length);
  for (const [index, number] of numbers.entries()) {
    let [low, high] = [0, ends.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (numbers[ends[middle]!]! < number) low = middle + 1;
      else high = middle;
    }
    before[index] = low > 0 ? ends[low - 1]! : -1;
    ends[low] = index;
  }
  const rising = new Set<number>();
  for (let index = ends.at(-1) ?? -1; index >= 0; index = before[index]!) rising.add(index);
  return rising;
}
