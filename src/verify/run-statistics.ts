/**
 * In the child: how a dropout really drops. One run of a fresh session for each seed, because onnxruntime reseeds a
 * Dropout with s + k − 1 in run k, and its generator (a linear congruential one) makes such runs depend on each other.
 */
import { createFeed } from './feeds.js';
import type { FeedInput } from './feeds.js';
import type { StatisticsJob, StatisticsResult } from './jobs.js';
import { Session } from './session.js';
import { isFloat, numberAt, ulpDistance } from './tensors.js';
import type { TensorData, TensorValue } from './tensors.js';

type Values = Record<string, TensorValue>;

/** onnxruntime drops the first element of almost every first draw, and the second one depends on it. */
const LEFT_OUT = 2;
/** 1/(1−p) is rounded once, its product once more. */
const SCALE_ULP = 4;

export async function measure(job: StatisticsJob): Promise<StatisticsResult> {
  const counts = new Counts(job);
  const sizes = new Sizes(job);
  try {
    for (const model of job.models) {
      const session = await Session.create(model, { level: 'disabled', keepDropout: true });
      const outputs = await sizes.run(session);
      await session.release();
      const fault = counts.add(outputs[job.input], outputs[job.output]);
      if (fault) return { outcome: 'fault', reason: fault };
      if (counts.units >= job.enough) break;
    }
  } catch (error) {
    return { outcome: 'failed', reason: error instanceof Error ? error.message : String(error) };
  }
  return counts.result();
}

/** The first size at which the first session runs is the size of all. */
class Sizes {
  private chosen: Values | undefined;

  constructor(private readonly job: StatisticsJob) {}

  async run(session: Session): Promise<Values> {
    if (this.chosen) return session.run(this.chosen);
    const { inputs, bindings } = this.job;
    const examples = examplesFor(this.job);
    const enlarged = inputs.map((input) => (isEnlargeable(input) ? { ...input, shape: [examples, ...input.shape.slice(1)] } : input));
    let refusal: unknown;
    for (const candidate of [enlarged, inputs]) {
      for (const binding of bindings) {
        try {
          const values = createFeed(candidate, { kind: 'normal', seed: 41, binding: 0 }, binding);
          const outputs = await session.run(values);
          this.chosen = values;
          return outputs;
        } catch (error) {
          refusal ??= error;
        }
      }
    }
    throw refusal;
  }
}

/** As many examples as give the wanted number of units, the same for every input. */
function examplesFor({ inputs, unit, enlarge }: StatisticsJob): number {
  const perExample = inputs.filter(isEnlargeable).map(({ shape }) => shape.slice(1).reduce<number>((product, extent) => product * (typeof extent === 'number' ? extent : 2), 1));
  return unit === 'sample' ? enlarge : Math.ceil(enlarge / Math.max(1, Math.min(...perExample)));
}

const isEnlargeable = ({ type, shape, value }: FeedInput): boolean => isFloat(type) && shape.length > 0 && value === undefined;

class Counts {
  units = 0;
  private dropped = 0;
  private pairs = 0;
  private agreeing = 0;
  private scale: number | undefined;
  private sum = 0;
  private expectedSum = 0;
  private squares = 0;

  constructor(private readonly job: StatisticsJob) {}

  /** Adds one run; a sentence where it is no dropout of this unit. */
  add(input: TensorValue | undefined, output: TensorValue | undefined): string | undefined {
    if (!input || !output || !isFloat(output.type) || input.type !== output.type || input.dims.join() !== output.dims.join()) return 'its output has not the shape and type of its input';
    const [x, y] = [numbersOf(input), numbersOf(output)];
    const fault = this.checkScale(output.type, x, y);
    if (fault) return fault;
    const unitOf = this.unitOf(output.dims, x, y);
    if (!unitOf) return `not everything of one ${this.job.unit} is dropped together`;
    this.count(x, y, unitOf);
    return undefined;
  }

  result(): StatisticsResult {
    const { units, dropped, pairs, agreeing, scale, sum, expectedSum, squares } = this;
    return { outcome: 'measured', units, dropped, pairs, agreeing, scale, sum, expectedSum, squares };
  }

  private checkScale(type: string, x: ArrayLike<number>, y: ArrayLike<number>): string | undefined {
    for (let i = 0; i < y.length; i++) {
      if (y[i] === 0 || x[i] === 0) continue;
      this.scale ??= this.job.scale ?? y[i]! / x[i]!;
      const ulp = ulpDistance(type, x[i]! * this.scale, y[i]!);
      if (ulp > SCALE_ULP * (this.job.scale === undefined ? 4 : 1)) return `a survivor is ${y[i]}, not ${x[i]} times ${this.scale}`;
    }
    return undefined;
  }

  /** The unit of each element. */
  private unitOf(dims: readonly number[], x: ArrayLike<number>, y: ArrayLike<number>): Int32Array | undefined {
    const units = unitsOf(this.job, dims);
    return isUniform(units, x, y) ? units : undefined;
  }

  private count(x: ArrayLike<number>, y: ArrayLike<number>, unitOf: Int32Array): void {
    const fates: (0 | 1 | undefined)[] = [];
    const sums: number[] = [];
    for (let i = 0; i < y.length; i++) {
      const unit = unitOf[i]!;
      if (unit < LEFT_OUT || x[i] === 0) continue;
      fates[unit] = y[i] === 0 ? 0 : 1;
      sums[unit] = (sums[unit] ?? 0) + x[i]!;
      this.sum += y[i]!;
      this.expectedSum += x[i]!;
    }
    for (let unit = LEFT_OUT; unit < fates.length; unit++) {
      if (fates[unit] === undefined) continue;
      this.units++;
      if (fates[unit] === 0) this.dropped++;
      this.squares += sums[unit]! ** 2;
      if (unit % 2 === 0 && fates[unit + 1] !== undefined) {
        this.pairs++;
        if (fates[unit] === fates[unit + 1]) this.agreeing++;
      }
    }
  }
}

function numbersOf({ type, data }: TensorValue): ArrayLike<number> {
  if (type !== 'float16') return data as unknown as ArrayLike<number>;
  const bits = data as Exclude<TensorData, string[]>;
  return Float64Array.from({ length: bits.length }, (_, i) => numberAt(type, bits, i));
}

/** Which unit, in row-major order of the mask, each element belongs to. */
function unitsOf({ unit, channelAxis, timeAxis = 1 }: StatisticsJob, dims: readonly number[]): Int32Array {
  const own = dims.map((_, axis) => {
    switch (unit) {
      case 'channel': return axis === 0 || axis === (channelAxis === 1 ? 1 : dims.length - 1);
      case 'sample': return axis === 0;
      case 'time': return axis !== timeAxis;
      default: return true;
    }
  });
  const count = dims.reduce((product, extent) => product * extent, 1);
  const units = new Int32Array(count);
  const strides = dims.map(() => 0);
  for (let axis = dims.length - 1, stride = 1; axis >= 0; axis--) {
    if (!own[axis]) continue;
    strides[axis] = stride;
    stride *= dims[axis]!;
  }
  const index = dims.map(() => 0);
  for (let i = 0, unitIndex = 0; i < count; i++) {
    units[i] = unitIndex;
    for (let axis = dims.length - 1; axis >= 0; axis--) {
      unitIndex += strides[axis]!;
      if (++index[axis]! < dims[axis]!) break;
      unitIndex -= strides[axis]! * dims[axis]!;
      index[axis] = 0;
    }
  }
  return units;
}

function isUniform(unitOf: Int32Array, x: ArrayLike<number>, y: ArrayLike<number>): boolean {
  const fates = new Map<number, boolean>();
  for (let i = 0; i < y.length; i++) {
    if (x[i] === 0) continue;
    const dropped = y[i] === 0;
    const known = fates.get(unitOf[i]!);
    if (known === undefined) fates.set(unitOf[i]!, dropped);
    else if (known !== dropped) return false;
  }
  return true;
}
