/** Wrong weights and wrong attributes. */
import type { onnx } from 'onnx-proto';
import type { Mutation } from './catalogue.js';
import { attribute, floats, setFloat, setInt, setInts } from './mutable.js';
import type { Mutable, Node } from './mutable.js';
import { mutationsThatChange } from './placed.js';

const changes = 'inference' as const;

interface Operand {
  readonly reader: Node;
  readonly k: number;
  readonly tensor: onnx.ITensorProto;
}

/** Initializers that a live layer reads as its weight. */
function weights(model: Mutable, ...types: string[]): Operand[] {
  return model.of(...types).flatMap((reader) => reader.input.flatMap((input, k) => {
    const tensor = k === 0 ? undefined : model.initializer(input);
    return tensor && floats(tensor) ? [{ reader, k, tensor }] : [];
  }));
}

const matrices = (model: Mutable): Operand[] => weights(model, 'Gemm', 'MatMul', 'Conv').filter(({ k }) => k === 1);

const at = mutationsThatChange(changes);

function scale(tensor: onnx.ITensorProto, factor: number): boolean {
  const values = floats(tensor);
  if (!values) return false;
  for (let i = 0; i < values.length; i++) values.set(i, values.get(i) * factor);
  return true;
}

export const ON_WEIGHTS: readonly Mutation[] = [
  at('weight scaled twice', matrices, ({ tensor }) => scale(tensor, 0.5)),
  at('weight scaled by 1 − 1e-6', matrices, ({ tensor }) => scale(tensor, 1 - 1e-6)),
  at('one weight changed', matrices, ({ tensor }, model) => {
    const values = floats(tensor)!;
    const i = Math.floor(model.random.next() * values.length);
    values.set(i, values.get(i) + 3);
  }),
  at('bias lost', (model) => model.of('Gemm', 'Conv').filter(({ input }) => input.length === 3 && input[2] !== ''), (layer) => {
    layer.input = layer.input.slice(0, 2);
  }),
  at('two weights swapped', (model) => matrices(model).flatMap((a, i, all) => all.slice(i + 1).filter((b) => b.tensor !== a.tensor && String(b.tensor.dims) === String(a.tensor.dims)).map((b) => [a, b] as const)), ([a, b]) => {
    [a.reader.input[a.k], b.reader.input[b.k]] = [b.tensor.name!, a.tensor.name!];
  }),
  at('weight of another layer', (model) => matrices(model).flatMap((a, _, all) => all.filter((b) => b.tensor !== a.tensor && String(b.tensor.dims) === String(a.tensor.dims)).map((b) => [a, b] as const)), ([a, b]) => {
    a.reader.input[a.k] = b.tensor.name!;
  }),
  at('running mean and variance swapped', (model) => model.of('BatchNormalization').filter(({ output }) => output.filter((name) => name !== '').length === 1), (norm) => {
    [norm.input[3], norm.input[4]] = [norm.input[4]!, norm.input[3]!];
  }),
  at('BatchNorm shift taken for scale', (model) => model.of('BatchNormalization'), (norm) => {
    [norm.input[1], norm.input[2]] = [norm.input[2]!, norm.input[1]!];
  }),
  at('running mean lowered twice', (model) => weights(model, 'BatchNormalization').filter(({ k, reader }) => k === 3 && reader.output.filter((name) => name !== '').length === 1), ({ tensor }) => {
    const values = floats(tensor)!;
    for (let i = 0; i < values.length; i++) values.set(i, values.get(i) - 0.25);
  }),
  at('embedding rows swapped', (model) => model.of('Gather').flatMap((reader) => {
    const tensor = model.initializer(reader.input[0]);
    return tensor && floats(tensor) && (tensor.dims?.length ?? 0) === 2 ? [tensor] : [];
  }), (tensor) => {
    const values = floats(tensor)!;
    const columns = Number(tensor.dims![1]);
    for (let row = 0; row + 1 < Number(tensor.dims![0]); row += 2) {
      for (let i = 0; i < columns; i++) {
        const [a, b] = [row * columns + i, (row + 1) * columns + i];
        const kept = values.get(a);
        values.set(a, values.get(b));
        values.set(b, kept);
      }
    }
  }),
  at('scalar constant changed', (model) => model.of('Mul', 'Div', 'Add', 'Pow', 'Clip').flatMap(({ input }) => input.slice(1).flatMap((name) => {
    const tensor = model.initializer(name);
    return tensor && tensor.dataType === 1 && (tensor.dims ?? []).length === 0 && floats(tensor) ? [tensor] : [];
  })), (tensor) => {
    const values = floats(tensor)!;
    values.set(0, values.get(0) * 0.75 + 0.125);
  }),
];

export const ON_ATTRIBUTES: readonly Mutation[] = [
  at('alpha of a Gemm', (model) => model.of('Gemm'), (gemm) => setFloat(gemm, 'alpha', 0.5)),
  at('weight transposed', (model) => model.of('Gemm').filter(({ input }) => {
    const dims = model.initializer(input[1])?.dims;
    return dims?.length === 2 && Number(dims[0]) === Number(dims[1]) && Number(dims[0]) > 1;
  }), (gemm) => setInt(gemm, 'transB', Number(attribute(gemm, 'transB')?.i ?? 0) === 0 ? 1 : 0)),
  at('padding shifted', (model) => model.of('Conv').filter((conv) => {
    const pads = attribute(conv, 'pads')?.ints?.map(Number);
    return pads !== undefined && pads.length === 4 && pads.every((pad) => pad > 0) && pads[0] === pads[2];
  }), (conv) => {
    const [top, left, bottom, right] = attribute(conv, 'pads')!.ints!.map(Number);
    setInts(conv, 'pads', [top! + bottom!, left!, 0, right!]);
  }),
  at('epsilon of a normalization', (model) => model.of('BatchNormalization', 'LayerNormalization', 'InstanceNormalization'), (norm) => setFloat(norm, 'epsilon', 0.05)),
  at('slope of a LeakyRelu', (model) => model.of('LeakyRelu', 'Elu'), (activation) => setFloat(activation, 'alpha', 0.7)),
  at('axis of a Softmax', (model) => model.of('Softmax').filter(({ input }) => (model.shape(input[0]!)?.length ?? 0) > 1 && (model.opset >= 13 || model.shape(input[0]!)!.length > 2)), (softmax, model) => setInt(softmax, 'axis', model.opset >= 13 ? 0 : 1)),
  at('transposed otherwise', (model) => model.of('Transpose').filter(({ input, output }) => model.sameShape(input[0]!, output[0]!)), (transpose, model) => setInts(transpose, 'perm', model.shape(transpose.input[0]!)!.map((_, axis) => axis))),
  at('axis of a ReduceMean', (model) => model.of('ReduceMean').filter((reduce) => attribute(reduce, 'axes')?.ints?.length === 1 && model.shape(reduce.input[0]!)?.length === 3 && Number(attribute(reduce, 'axes')!.ints![0]) === 1), (reduce) => setInts(reduce, 'axes', [2])),
  at('direction of a recurrent layer', (model) => model.of('LSTM', 'GRU', 'RNN'), (cell) => {
    const direction = attribute(cell, 'direction');
    if (direction && new TextDecoder().decode(direction.s as Uint8Array) === 'bidirectional') return false;
    cell.attribute = [...cell.attribute.filter(({ name }) => name !== 'direction'), { name: 'direction', s: new TextEncoder().encode('reverse'), type: 3 }];
    return undefined;
  }),
  at('size of an LRN', (model) => model.of('LRN'), (lrn) => setInt(lrn, 'size', 3)),
];
