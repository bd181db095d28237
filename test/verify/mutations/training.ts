/** What happens to dropouts: the same at inference, another model in training. */
import type { Mutation } from './catalogue.js';
import { attribute, node, setFloat, setInt } from './mutable.js';
import type { Mutable, Node } from './mutable.js';
import { mutationsThatChange } from './placed.js';

const changes = 'training' as const;

const dropouts = (model: Mutable): Node[] => model.of('Dropout').filter(({ input }) => model.isData(input[0]!));
const rateOf = (model: Mutable, dropout: Node): number | undefined => {
  if (model.opset < 12) return Number(attribute(dropout, 'ratio')?.f ?? 0.5);
  return dropout.input[1] ? model.constantValues(dropout.input[1])?.[0] : 0.5;
};
/** Those that drop. */
const effective = (model: Mutable): Node[] => dropouts(model).filter((dropout) => rateOf(model, dropout) !== 0);

const at = mutationsThatChange(changes);

export const ON_DROPOUT: readonly Mutation[] = [
  at('dropout lost', effective, (dropout, model) => {
    if (model.isOutput(dropout.output[0]!)) return false;
    model.rewire(dropout.output[0]!, dropout.input[0]!);
    model.remove(dropout);
    return undefined;
  }),
  at('ratio lost', (model) => effective(model).filter((dropout) => rateOf(model, dropout) !== 0.5), (dropout, model) => {
    if (model.opset < 12) dropout.attribute = dropout.attribute.filter(({ name }) => name !== 'ratio');
    else dropout.input[1] = '';
  }),
  at('another ratio', effective, (dropout, model) => {
    const old = rateOf(model, dropout) ?? 0.5;
    const rate = old > 0.3 ? old / 2 : old + 0.2;
    if (model.opset < 12) setFloat(dropout, 'ratio', rate);
    else dropout.input[1] = model.scalar(rate);
  }),
  at('training_mode flipped', (model) => (model.opset < 12 ? [] : effective(model).filter(({ input }) => input.length > 2 && model.isConstant(input[2]!))), (dropout, model) => {
    const on = Number(model.constantValues(dropout.input[2]!)?.[0] ?? 0);
    dropout.input[2] = model.scalar(on ? 0 : 1, 9);
  }),
  at('training_mode lost', (model) => (model.opset < 12 ? [] : effective(model).filter(({ input }) => input.length > 2)), (dropout) => {
    dropout.input = dropout.input.slice(0, 2);
  }),
  at('seed added or changed', (model) => (model.opset < 12 ? [] : effective(model)), (dropout) => {
    setInt(dropout, 'seed', Number(attribute(dropout, 'seed')?.i ?? 0) + 7);
  }),
  at('dropout twice', effective, (dropout, model) => {
    const copy = { ...dropout, name: '', output: [], input: [...dropout.input], attribute: [...dropout.attribute] } as Node;
    return model.behind(dropout.output[0]!, (input, output) => ({ ...copy, input: [input, ...copy.input.slice(1)], output: [output] })) !== undefined;
  }),
  at('dropout in front of a fork', effective, (dropout, model) => {
    const [x, y] = [dropout.input[0]!, dropout.output[0]!];
    const producer = model.producer(x);
    if (!producer || model.isOutput(x) || model.isOutput(y) || model.readers(x).filter((reader) => reader !== dropout && !['Shape'].includes(reader.opType!)).length === 0) return false;
    model.rewire(x, y, dropout);
    model.remove(dropout);
    model.insertAfter(producer, dropout);
    return undefined;
  }),
  at('dropout across a layer that is not homogeneous', (model) => effective(model).filter(({ output }) => ['Sigmoid', 'Tanh', 'Gemm', 'Conv', 'Softplus', 'HardSwish', 'Elu', 'Gelu', 'BatchNormalization'].includes(model.soleReader(output[0]!)?.opType ?? '')), (dropout, model) => {
    const layer = model.soleReader(dropout.output[0]!)!;
    if (layer.input[0] !== dropout.output[0] || layer.output.filter((name) => name !== '').length !== 1) return false;
    const [x, between, y] = [dropout.input[0]!, model.name('between'), layer.output[0]!];
    layer.input[0] = x;
    layer.output = [between];
    dropout.input[0] = between;
    dropout.output = [y, ...dropout.output.slice(1)];
    model.remove(dropout);
    model.insertAfter(layer, dropout);
    return undefined;
  }),
  at('new dropout', (model) => model.of('Relu', 'Gemm', 'Conv'), (layer, model) => {
    const [ratio, mode] = model.opset < 12 ? [] : [model.scalar(0.3), model.scalar(1, 9)];
    return model.behind(layer.output[0]!, (input, output) => node('Dropout', model.opset < 12 ? [input] : [input, ratio!, mode!], [output])) !== undefined;
  }),
  at('mask shared by two dropouts', (model) => effective(model).filter((dropout) => twinOf(model, dropout) !== undefined), (dropout, model) => {
    const twin = twinOf(model, dropout)!;
    model.rewire(twin.output[0]!, dropout.output[0]!);
    if (model.isOutput(twin.output[0]!)) return false;
    model.remove(twin);
    return undefined;
  }),
  at('one mask becomes two', (model) => effective(model).filter(({ output }) => model.readers(output[0]!).length > 1 && !model.isOutput(output[0]!)), (dropout, model) => {
    const [reader] = model.readers(dropout.output[0]!);
    const output = model.name('second');
    model.insertAfter(dropout, { ...dropout, name: '', input: [...dropout.input], output: [output], attribute: [...dropout.attribute] });
    reader!.input = reader!.input.map((input) => (input === dropout.output[0] ? output : input));
  }),
  at('elements become channels', (model) => effective(model).filter(({ input }) => model.opset >= 13 && (model.shape(input[0]!)?.length ?? 0) >= 3 && model.shape(input[0]!)!.every((extent) => typeof extent === 'number') && model.shape(input[0]!)!.slice(2).some((extent) => Number(extent) > 1)), (dropout, model) => {
    const shape = model.shape(dropout.input[0]!)!.map((extent, axis) => (axis < 2 ? Number(extent) : 1));
    const [ones, mask] = [model.name('ones'), model.name('mask')];
    const count = shape.reduce((product, extent) => product * extent, 1);
    model.graph.initializer.push({ name: ones, dims: shape, dataType: 1, rawData: new Uint8Array(new Float32Array(count).fill(1).buffer) });
    const [x, y] = [dropout.input[0]!, dropout.output[0]!];
    dropout.input[0] = ones;
    dropout.output = [mask];
    model.insertAfter(dropout, node('Mul', [x, mask], [y]));
  }),
];

/** Another dropout of the same value and rate. */
function twinOf(model: Mutable, dropout: Node): Node | undefined {
  return effective(model).find((other) => other !== dropout && other.input[0] === dropout.input[0] && rateOf(model, other) === rateOf(model, dropout));
}
