/** What a model is fed: kinds of values, seeds, and sizes for the dimensions that the file leaves open. */
import { allocate, isFloat, toFloat16 } from './tensors.js';
import type { TensorData, TensorValue } from './tensors.js';

/** What values an input may take; see ranges.ts. Inclusive, for integers. */
export interface IntegerRange {
  readonly low: number;
  readonly high: number;
}

export interface FeedInput {
  readonly name: string;
  /** onnxruntime's name of the element type. */
  readonly type: string;
  /** Outermost first; symbols are bound alike everywhere. */
  readonly shape: readonly (number | string)[];
  readonly range?: IntegerRange;
  /** Fed with this and nothing else: a dropout's training_mode or ratio. */
  readonly value?: number;
}

/** `tiny` stays clear of denormals, which some kernels flush to zero. */
export const FEED_KINDS = ['normal', 'large', 'zeros', 'tiny'] as const;
export type FeedKind = (typeof FEED_KINDS)[number];

/** One run: values of a kind drawn with a seed, at one of the sizes that the symbols may have. */
export interface Feed {
  readonly kind: FeedKind;
  readonly seed: number;
  readonly binding: number;
}

/** A feed that was not drawn. */
export interface GivenFeed {
  /** For people: the file or folder. */
  readonly name: string;
  readonly values: Readonly<Record<string, TensorValue>>;
}

/** A size for each symbol. */
export type Binding = ReadonlyMap<string, number>;

/** Every kind and two sizes where sizes are free; further ones are normal draws. */
export function plannedFeeds(inputs: readonly FeedInput[], runs?: number): readonly Feed[] {
  const free = inputs.some(({ shape }) => shape.some((dimension) => typeof dimension === 'string'));
  const feeds: Feed[] = [
    { kind: 'normal', seed: 1, binding: 0 },
    ...(free ? [{ kind: 'normal', seed: 2, binding: 1 } as const] : []),
    { kind: 'large', seed: 3, binding: 0 },
    { kind: 'zeros', seed: 4, binding: 0 },
    { kind: 'tiny', seed: 5, binding: 0 },
    { kind: 'normal', seed: 6, binding: 0 },
    ...(free ? [{ kind: 'large', seed: 7, binding: 1 } as const] : []),
  ];
  if (runs === undefined) return feeds;
  while (feeds.length < runs) feeds.push({ kind: 'normal', seed: 8 + feeds.length, binding: free ? feeds.length % 2 : 0 });
  return feeds.slice(0, runs);
}

const BATCH = /^(n|b|bs|batch.*|.*batch|none|unk__0|dynamic_axes_0|s0)$/i;
const SPATIAL = /height|width|^[hw]$|depth|size|pixel/i;
const TIME = /seq|len|time|step|tokens|past|^[tls]$/i;

/**
 * Sizes to try, the likeliest first: small, then the ones that networks with hard-wired strides and windows need.
 * A model decides for itself: the first that runs is taken, then the next that differs and runs.
 */
export function candidateBindings(inputs: readonly FeedInput[]): readonly Binding[] {
  const symbols = new Map<string, { axis: number; rank: number }>();
  for (const { shape } of inputs) {
    shape.forEach((dimension, axis) => {
      if (typeof dimension === 'string' && !symbols.has(dimension)) symbols.set(dimension, { axis, rank: shape.length });
    });
  }
  if (symbols.size === 0) return [new Map()];
  const bind = (batch: number, spatial: number, time: number, other: number): Binding => new Map([...symbols].map(([symbol, { axis, rank }]) => {
    if (BATCH.test(symbol)) return [symbol, batch];
    if (SPATIAL.test(symbol)) return [symbol, spatial];
    if (TIME.test(symbol)) return [symbol, time];
    if (axis === 0) return [symbol, batch];
    if (rank >= 3 && axis >= 2) return [symbol, spatial];
    return [symbol, other];
  }));
  return [
    bind(2, 32, 6, 4), bind(3, 64, 7, 5), bind(2, 2, 2, 2), bind(3, 3, 3, 3), bind(2, 16, 8, 16), bind(2, 64, 16, 32), bind(2, 128, 64, 64),
    bind(2, 224, 77, 128), bind(1, 224, 128, 256), bind(1, 299, 128, 512), bind(1, 256, 256, 3), bind(1, 28, 1, 1), bind(1, 1, 1, 1), bind(1, 512, 512, 768), bind(4, 4, 4, 4),
  ];
}

/** The values of one feed. `undefined` names an input that onnxruntime-node cannot be fed. */
export function createFeed(inputs: readonly FeedInput[], feed: Feed, binding: Binding): Record<string, TensorValue> {
  const values: Record<string, TensorValue> = {};
  inputs.forEach((input, k) => {
    const dims = input.shape.map((dimension) => (typeof dimension === 'number' ? dimension : binding.get(dimension) ?? 2));
    const data = allocate(input.type, dims.reduce((product, extent) => product * extent, 1));
    if (!data) throw new Error(`input ${input.name} is ${input.type}, which onnxruntime-node cannot be fed`);
    fill(data, input, feed.kind, new Random(feed.seed * 1009 + k));
    values[input.name] = { type: input.type, dims, data };
  });
  return values;
}

const SCALE: Readonly<Record<Exclude<FeedKind, 'zeros'>, number>> = { normal: 1, large: 256, tiny: 2 ** -12 };

function fill(data: TensorData, input: FeedInput, kind: FeedKind, random: Random): void {
  if (Array.isArray(data)) {
    for (let i = 0; i < data.length; i++) data[i] = `w${kind === 'zeros' ? 0 : random.integer(0, 9)}`;
    return;
  }
  const write = writerOf(input.type, data);
  if (input.value !== undefined) {
    for (let i = 0; i < data.length; i++) write(i, input.value);
  } else if (isFloat(input.type)) {
    for (let i = 0; i < data.length; i++) write(i, kind === 'zeros' ? 0 : SCALE[kind] * random.normal());
  } else {
    const { low, high } = input.range ?? defaultRange(input.type);
    for (let i = 0; i < data.length; i++) write(i, kind === 'zeros' ? low : random.integer(low, high));
  }
}

function writerOf(type: string, data: Exclude<TensorData, string[]>): (index: number, value: number) => void {
  if (data instanceof BigInt64Array || data instanceof BigUint64Array) return (index, value) => { data[index] = BigInt(Math.trunc(value)); };
  if (type === 'float16') return (index, value) => { data[index] = toFloat16(value); };
  return (index, value) => { data[index] = value; };
}

/** Bytes are pixels; other integers, when nothing is known of them, are flags. */
function defaultRange(type: string): IntegerRange {
  if (type === 'uint8') return { low: 0, high: 255 };
  if (type === 'int8') return { low: -128, high: 127 };
  return { low: 0, high: 1 };
}

/** Mulberry32: 32 bits of state, good enough for feeds and the same everywhere. */
export class Random {
  constructor(private state: number) {}

  /** In [0, 1). */
  uniform(): number {
    this.state = (this.state + 0x6d2b79f5) | 0;
    let t = Math.imul(this.state ^ (this.state >>> 15), 1 | this.state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  }

  /** Standard normal, by Box and Muller. */
  normal(): number {
    return Math.sqrt(-2 * Math.log(1 - this.uniform())) * Math.cos(2 * Math.PI * this.uniform());
  }

  /** Both ends included. */
  integer(low: number, high: number): number {
    return low + Math.floor(this.uniform() * (high - low + 1));
  }
}
