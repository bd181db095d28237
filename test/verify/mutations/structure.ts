/** Wrong edges, wrong nodes, wrong interfaces. */
import type { Mutation } from './catalogue.js';
import { node } from './mutable.js';
import type { Mutable, Node } from './mutable.js';

const changes = 'inference' as const;
const ACTIVATIONS = ['Relu', 'Sigmoid', 'Tanh', 'LeakyRelu', 'Elu', 'Softplus', 'HardSigmoid', 'Gelu', 'Selu'];
/** Whose results have both signs. */
const SIGNED = ['Gemm', 'MatMul', 'Conv', 'BatchNormalization', 'Add', 'LayerNormalization', 'ConvTranspose'];

/** Activations whose operand has both signs, so that losing them matters. */
const activations = (model: Mutable): Node[] => model.of(...ACTIVATIONS).filter(({ input }) => SIGNED.includes(model.producer(skipDropout(model, input[0]!))?.opType ?? ''));

function skipDropout(model: Mutable, name: string): string {
  const producer = model.producer(name);
  return producer?.opType === 'Dropout' ? skipDropout(model, producer.input[0]!) : name;
}

/** Binary nodes with two live operands of one shape. */
const merges = (model: Mutable, ...types: string[]): Node[] => model.of(...types).filter(({ input: [a, b] }) => a !== b && model.isData(a!) && model.isData(b!) && model.sameShape(a!, b!));

function mutation(kind: string, apply: Mutation['apply']): Mutation {
  return { kind, changes, apply };
}

/** Applies `change` to a random one of the places. */
function somewhere<T>(places: (model: Mutable) => readonly T[], change: (place: T, model: Mutable) => boolean | void): Mutation['apply'] {
  return (model) => {
    const place = model.pick(places(model));
    return place !== undefined && change(place, model) !== false;
  };
}

export const ON_STRUCTURE: readonly Mutation[] = [
  mutation('dropped edge', somewhere((model) => merges(model, 'Add', 'Sum'), (merge) => {
    merge.input = [merge.input[0]!, merge.input[0]!, ...merge.input.slice(2)];
  })),
  mutation('residual branch lost', somewhere((model) => merges(model, 'Add'), (merge) => {
    const skip = merge.input[1]!;
    merge.opType = 'Identity';
    merge.input = [skip];
  })),
  mutation('sum becomes product', somewhere((model) => merges(model, 'Add'), (merge) => {
    merge.opType = 'Mul';
  })),
  mutation('wrong operand order', somewhere((model) => model.of('Sub', 'Div', 'Pow').concat(model.of('Concat').filter(({ input: [a, b] }) => a !== b && model.sameShape(a!, b!))), (binary) => {
    binary.input = binary.input.toReversed();
  })),
  mutation('MatMul operands swapped', somewhere((model) => model.of('MatMul').filter(({ input: [a, b] }) => isSquare(model, a!) && model.sameShape(a!, b!) && a !== b), (product) => {
    product.input = product.input.toReversed();
  })),
  mutation('activation lost', somewhere(activations, (activation) => {
    activation.opType = 'Identity';
    activation.attribute = [];
  })),
  mutation('activation replaced', somewhere(activations, (activation) => {
    activation.opType = activation.opType === 'Tanh' ? 'Sigmoid' : 'Tanh';
    activation.attribute = [];
  })),
  mutation('activation twice', somewhere((model) => model.of('Sigmoid', 'Tanh', 'HardSigmoid', 'Softplus', 'Elu'), (activation, model) =>
    model.behind(activation.output[0]!, (input, output) => node(activation.opType!, [input], [output], activation.attribute)) !== undefined)),
  mutation('activation inserted', somewhere((model) => model.of('Gemm', 'MatMul', 'Conv', 'BatchNormalization'), (layer, model) => {
    if (isRectified(model, layer.output[0]!)) return false;
    return model.behind(layer.output[0]!, (input, output) => node('Relu', [input], [output])) !== undefined;
  })),
  mutation('sign flipped', somewhere((model) => model.of('Gemm', 'Conv', 'MatMul', 'BatchNormalization'), (layer, model) =>
    model.behind(layer.output[0]!, (input, output) => node('Neg', [input], [output])) !== undefined)),
  mutation('off-by-one consumer', somewhere((model) => model.live().flatMap((reader) => reader.input.flatMap((input, k) => {
    const skipped = model.producer(input);
    const [previous] = skipped?.input ?? [];
    const moves = skipped && previous && !['Dropout', 'Identity', 'Cast', 'Reshape'].includes(skipped.opType!) && model.isData(input) && model.sameShape(previous, input);
    const idle = skipped?.opType === 'Relu' && !SIGNED.includes(model.producer(skipDropout(model, previous ?? ''))?.opType ?? '');
    return moves && !idle && model.isData(previous) ? [{ reader, k, previous }] : [];
  })), ({ reader, k, previous }) => {
    reader.input[k] = previous;
  })),
  mutation('reads a layer of another block', somewhere((model) => model.live().flatMap((reader) => reader.input.flatMap((input, k) =>
    (model.isData(input) && !['Dropout', 'Identity'].includes(reader.opType!) ? earlierTwins(model, reader, input).map((other) => ({ reader, k, other })) : []))), ({ reader, k, other }) => {
    reader.input[k] = other;
  })),
  mutation('renamed output', somewhere((model) => model.graph.output, (output, model) => {
    const name = model.name('renamed');
    for (const each of model.graph.node) {
      each.output = each.output.map((value) => (value === output.name ? name : value));
      each.input = each.input.map((value) => (value === output.name ? name : value));
    }
    output.name = name;
  })),
  mutation('output of an inner layer', somewhere((model) => model.graph.output.flatMap((output) => {
    const last = model.producer(output.name!);
    const [previous] = last?.input ?? [];
    return last && previous && !['Identity', 'Dropout', 'Relu'].includes(last.opType!) && model.sameShape(previous, output.name!) && model.isData(previous) ? [{ output, last, previous }] : [];
  }), ({ last, previous }) => {
    last.opType = 'Identity';
    last.input = [previous];
    last.attribute = [];
  })),
  mutation('output lost', somewhere((model) => (model.graph.output.length > 1 ? model.graph.output : []), (output, model) => {
    model.graph.output.splice(model.graph.output.indexOf(output), 1);
  })),
  mutation('renamed input', somewhere((model) => model.graph.input.filter(({ name }) => !model.initializer(name!)), (input, model) => {
    const name = model.name('renamed');
    model.rewire(input.name!, name);
    input.name = name;
  })),
  mutation('new input without a default', (model) => {
    model.graph.input.push({ name: model.name('input'), type: { tensorType: { elemType: 1, shape: { dim: [] } } } });
    return true;
  }),
  mutation('duplicated node', somewhere((model) => model.of('Relu', 'Gemm', 'Conv', 'Add', 'MatMul'), (original, model) => {
    model.insertAfter(original, { ...original, input: [...original.input], output: [...original.output], attribute: [...original.attribute] });
  })),
  mutation('node lost, its result read', somewhere((model) => model.live().filter(({ output }) => model.readers(output[0]!).length > 0), (lost, model) => {
    model.remove(lost);
  })),
  mutation('broken opset import', (model) => {
    const own = model.model.opsetImport.find(({ domain }) => !domain);
    if (!own) return false;
    own.version = model.opset > 12 ? 1 : 99;
    return true;
  }),
  mutation('pooling of another kind', somewhere((model) => model.of('MaxPool', 'GlobalAveragePool'), (pool) => {
    pool.opType = pool.opType === 'MaxPool' ? 'AveragePool' : 'GlobalMaxPool';
    pool.attribute = pool.attribute.filter(({ name }) => !['storage_order', 'dilations'].includes(name!));
  })),
  mutation('branches of an If swapped', somewhere((model) => model.of('If'), (branch) => {
    for (const each of branch.attribute) each.name = each.name === 'then_branch' ? 'else_branch' : 'then_branch';
  })),
  mutation('BatchNorm in another place', somewhere((model) => model.of('Relu').filter(({ input }) => {
    const norm = model.producer(input[0]!);
    // A BatchNorm that shifts nothing is homogeneous itself.
    return norm?.opType === 'BatchNormalization' && model.soleReader(input[0]!) && Array.from(model.constantValues(norm.input[2]!) ?? []).some((shift) => shift !== 0);
  }), (relu, model) => {
    const norm = model.producer(relu.input[0]!)!;
    const [x, between, y] = [norm.input[0]!, norm.output[0]!, relu.output[0]!];
    [relu.input, relu.output] = [[x], [between]];
    norm.input = [between, ...norm.input.slice(1)];
    norm.output = [y, ...norm.output.slice(1)];
    model.remove(relu);
    model.insertBefore(norm, relu);
  })),
];

/** A ReLU follows, at once or behind what keeps zeros and order. */
function isRectified(model: Mutable, name: string): boolean {
  return model.readers(name).some(({ opType, output }) => opType === 'Relu' || (['Dropout', 'MaxPool', 'Reshape', 'Flatten', 'Identity'].includes(opType!) && isRectified(model, output[0]!)));
}

function isSquare(model: Mutable, name: string): boolean {
  const shape = model.shape(name);
  return shape !== undefined && shape.length >= 2 && typeof shape.at(-1) === 'number' && shape.at(-1) === shape.at(-2) && shape.at(-1) !== 1;
}

/** Earlier results of weighted layers with the same shape. */
function earlierTwins(model: Mutable, reader: Node, input: string): string[] {
  const before = model.graph.node.slice(0, model.graph.node.indexOf(reader));
  return before.flatMap(({ opType, output }) => (['Gemm', 'Conv', 'MatMul', 'BatchNormalization'].includes(opType!) && output[0] !== skipDropout(model, input) && output[0] !== input && model.sameShape(output[0]!, input) ? [output[0]!] : []));
}
