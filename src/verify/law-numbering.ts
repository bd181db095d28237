/** Values by the law of what they are in training: the numbering of a model with its dropouts in normal form (law.ts). */
import type { FunctionRecord, GraphRecord, ModelRecord, NodeRecord, TensorRecord } from '../formats/onnx/wire/records.js';
import { readTensor } from '../formats/onnx/wire/tensors.js';
import type { Expressions } from './expressions.js';
import { SHAPE_READERS, headOf, lawsOf, passesThrough, unitBehind, withDropout } from './law.js';
import type { DropoutLaw } from './law.js';
import { Numbering, constantOf, labelOf, trimmed } from './numbering.js';
import type { Erased, Scope } from './numbering.js';

export class LawNumbering extends Numbering {
  /** How often each value of a body is read for its data. */
  private readonly readers = new Map<Scope, ReadonlyMap<string, number>>();

  /** `sameShape`: whether two values of the model's graph have the same shape, as far as that is known. */
  constructor(
    model: ModelRecord,
    expressions: Expressions,
    identify: (tensor: TensorRecord) => string,
    dropouts: readonly Erased[],
    private readonly sameShape: (a: string, b: string) => boolean,
  ) {
    super(model, expressions, identify, dropouts);
  }

  /** D(x) of a law. */
  protected override dropped(scope: Scope, x: number, { input, rate, unit, law, nodes }: Erased): number {
    if (rate === 0) return x;
    // Other laws neither move nor merge.
    if (law !== 'bernoulli') return this.expressions.number(`${law} ${unit} ${rate ?? `at ${nodes[0]?.inputs[1] ?? ''}`}#${this.occurrence(`${law}|${x}`)}`, [x], `a ${law} dropout`);
    const keep = rate === undefined ? `at ${nodes[0]?.inputs[1] ?? ''}` : 1 - rate;
    const { laws, base } = this.split(scope, input, x);
    const producer = scope.producers.get(input);
    return this.drawn(withDropout(laws, { unit: producer ? unitBehind(producer.opType, unit) : unit, keep }), base);
  }

  /** A value as the dropouts behind it and what they drop: none where something else reads the value as well. */
  private split(scope: Scope, name: string, number: number): { laws: readonly DropoutLaw[]; base: number } {
    const { head, operands } = this.expressions.of(number);
    const laws = lawsOf(head);
    if (laws.length === 0 || this.readersOf(scope, name) !== 1) return { laws: [], base: number };
    // The draw is taken up into another one: its number is free again.
    const mark = head.lastIndexOf('#');
    this.occurrences.get(`${head.slice(0, mark)}|${operands[0]}`)?.delete(Number(head.slice(mark + 1)));
    return { laws, base: operands[0]! };
  }

  private readersOf(scope: Scope, name: string): number {
    let readers = this.readers.get(scope);
    if (!readers) {
      const counts = new Map<string, number>();
      const { nodes, outputs } = scope.body as GraphRecord | FunctionRecord;
      const read = nodes.filter(({ opType }) => !SHAPE_READERS.has(opType)).flatMap((node) => this.readsOf(node));
      for (const each of [...read, ...outputs.map((output) => (typeof output === 'string' ? output : output.name))]) counts.set(each, (counts.get(each) ?? 0) + 1);
      this.readers.set(scope, (readers = counts));
    }
    return readers.get(name) ?? 0;
  }

  /** Each draw from a law is a value of its own. */
  private drawn(laws: readonly DropoutLaw[], x: number): number {
    if (laws.length === 0) return x;
    const head = headOf(laws);
    const label = laws.map(({ unit, keep }) => `a dropout per ${unit}${typeof keep === 'number' ? ` that keeps ${Number(keep.toPrecision(5))}` : ''}`).join(' and ');
    return this.expressions.number(`${head}#${this.occurrence(`${head}|${x}`)}`, [x], label);
  }

  /** f(D(x)) as D(f(x)) where that is the same law and nothing else reads D(x). */
  protected override rewritten(scope: Scope, node: NodeRecord, head: string, inputs: readonly number[]): number | undefined {
    if (node.domain !== '' || inputs[0] === undefined || trimmed(node.outputs).length !== 1) return undefined;
    const { laws, base } = this.split(scope, node.inputs[0] ?? '', inputs[0]);
    if (laws.length === 0) return undefined;
    const homogeneous = (node.opType === 'Clip' && this.isRectifier(scope, node)) || (SCALINGS.has(node.opType) && this.isScaling(scope, node));
    const passing = laws.filter(({ unit }) => homogeneous || passesThrough(node.opType, unit));
    const operand = this.drawn(laws.filter((law) => !passing.includes(law)), base);
    const moved = this.expressions.number(head, [operand, ...inputs.slice(1)], labelOf(node));
    return this.drawn(passing.map(({ unit, keep }) => ({ unit: unitBehind(node.opType, unit), keep })), moved);
  }

  /** Clip(0, ∞) is a ReLU. */
  private isRectifier(scope: Scope, { inputs, attributes }: NodeRecord): boolean {
    const bound = (index: number, name: string): number | undefined => {
      const operand = inputs[index];
      if (!operand) return attributes.find((attribute) => attribute.name === name)?.f;
      const tensor = constantIn(scope, operand);
      return tensor ? readTensor(this.model, tensor, 1)?.[0] : Number.NaN;
    };
    return bound(1, 'min') === 0 && (bound(2, 'max') ?? Infinity) > 3.4e38;
  }

  /** A multiplication by a constant that has one element, or leaves the shape as it is. */
  private isScaling(scope: Scope, { inputs, outputs }: NodeRecord): boolean {
    const factor = constantIn(scope, inputs[1] ?? '');
    if (!factor) return false;
    return factor.dims.every((extent) => extent === 1) || (scope.parent === undefined && this.sameShape(inputs[0]!, outputs[0]!));
  }
}

const SCALINGS = new Set(['Mul', 'Div']);

/** A tensor that stands in the file. */
function constantIn({ producers, body }: Scope, name: string): TensorRecord | undefined {
  const producer = producers.get(name);
  return producer ? constantOf(producer) : 'initializers' in body ? (body as GraphRecord).initializers.get(name) : undefined;
}
