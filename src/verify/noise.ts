/**
 * Deterministic noise spelled out in the graph, for random operators that onnxruntime has no kernel for (opset 22 on).
 * Element i (row-major) of the k-th operator gets u = frac((i + ½)·aₖ), aₖ irrational (a Weyl sequence, equidistributed
 * in (0, 1)), mapped to the operator's law.
 */
import { attributeOf, operator } from './copy.js';
import type { CopyAttribute, Operator } from './copy.js';
import { encodeTensor } from './encode.js';

const FLOAT = 1;
const INT32 = 6;
const INT64 = 7;
const DOUBLE = 11;

/** `undefined` when an attribute is bound only where a function is called: it then stays as it is. */
export function noiseInPlaceOf(candidate: Operator, seed: number): Operator[] | undefined {
  if (candidate.attributes.some((attribute) => 'record' in attribute && attribute.record.refersTo !== '')) return undefined;
  const builder = new NoiseBuilder(candidate, seed);
  switch (candidate.opType) {
    case 'RandomUniformLike': case 'RandomUniform': builder.uniform(); break;
    case 'RandomNormalLike': case 'RandomNormal': builder.normal(); break;
    case 'Bernoulli': builder.bernoulli(); break;
    case 'Multinomial': builder.multinomial(); break;
    default: return undefined;
  }
  return builder.operators;
}

class NoiseBuilder {
  readonly operators: Operator[] = [];
  private readonly input: string;
  private readonly output: string;
  private count = 0;

  constructor(private readonly candidate: Operator, private readonly seed: number) {
    this.input = candidate.inputs[0] ?? '';
    this.output = candidate.outputs[0] ?? '';
  }

  uniform(): void {
    const low = this.float('low', 0);
    const high = this.float('high', 1);
    const scaled = this.add('Mul', [this.unit(this.shape()), this.double(high - low)]);
    this.finish(this.add('Add', [scaled, this.double(low)]));
  }

  /** The logistic law of the same mean and standard deviation: smooth, monotone, and one draw per element. */
  normal(): void {
    const unit = this.unit(this.shape());
    const logit = this.add('Log', [this.add('Div', [unit, this.add('Sub', [this.double(1), unit])])]);
    const scaled = this.add('Mul', [logit, this.double((this.float('scale', 1) * Math.sqrt(3)) / Math.PI)]);
    this.finish(this.add('Add', [scaled, this.double(this.float('mean', 0))]));
  }

  bernoulli(): void {
    const probability = this.add('Cast', [this.input], [{ name: 'to', int: DOUBLE }]);
    this.finish(this.add('Less', [this.unit(this.shape()), probability]));
  }

  /** Uniform over the classes: [batch, classes] → [batch, sample_size]. */
  multinomial(): void {
    const shape = this.add('Shape', [this.input]);
    const batch = this.add('Gather', [shape, this.integers([0])]);
    const classes = this.add('Cast', [this.add('Gather', [shape, this.integers([1])])], [{ name: 'to', int: DOUBLE }]);
    const samples = attributeOf(this.candidate, 'sample_size')?.i ?? 1;
    const drawn = this.add('Concat', [batch, this.integers([samples])], [{ name: 'axis', int: 0 }]);
    const unit = this.unit({ shape: drawn, size: this.add('ReduceProd', [drawn], [{ name: 'keepdims', int: 0 }]) });
    this.finish(this.add('Floor', [this.add('Mul', [unit, classes])]), INT32);
  }

  /** u in (0, 1), of the given shape. */
  private unit({ shape, size }: { shape: string; size: string }): string {
    const index = this.add('Range', [this.scalar(0), size, this.scalar(1)]);
    const real = this.add('Cast', [index], [{ name: 'to', int: DOUBLE }]);
    const shifted = this.add('Add', [real, this.double(0.5)]);
    const turns = this.add('Mul', [shifted, this.double(Math.sqrt(this.seed + 2.3) % 1 || 0.6180339887)]);
    const fraction = this.add('Sub', [turns, this.add('Floor', [turns])]);
    return this.add('Reshape', [fraction, shape]);
  }

  private shape(): { shape: string; size: string } {
    if (this.input) return { shape: this.add('Shape', [this.input]), size: this.add('Size', [this.input]) };
    const extents = attributeOf(this.candidate, 'shape')?.ints ?? [];
    return { shape: this.integers(extents), size: this.scalar(extents.reduce((product, extent) => product * extent, 1)) };
  }

  private finish(value: string, fallback?: number): void {
    const dtype = attributeOf(this.candidate, 'dtype')?.i ?? fallback ?? (this.input ? undefined : FLOAT);
    if (dtype === undefined) this.operators.push(operator('CastLike', [value, this.input], [this.output], [], this.candidate.node));
    else this.operators.push(operator('Cast', [value], [this.output], [{ name: 'to', int: dtype }], this.candidate.node));
  }

  private add(opType: string, inputs: readonly string[], attributes: readonly CopyAttribute[] = []): string {
    const output = `__droplint/${this.seed}/${this.count++}`;
    this.operators.push(operator(opType, inputs, [output], attributes));
    return output;
  }

  private constant(tensor: Uint8Array): string {
    return this.add('Constant', [], [{ name: 'value', tensor }]);
  }

  private double(value: number): string {
    return this.constant(encodeTensor('', DOUBLE, [], Float64Array.of(value)));
  }

  private scalar(value: number): string {
    return this.constant(encodeTensor('', INT64, [], BigInt64Array.of(BigInt(value))));
  }

  private integers(values: readonly number[]): string {
    return this.constant(encodeTensor('', INT64, [values.length], BigInt64Array.from(values, BigInt)));
  }

  private float(name: string, fallback: number): number {
    return attributeOf(this.candidate, name)?.f ?? fallback;
  }
}
