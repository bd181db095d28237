/** Rewrites that change nothing, and must not be accused. */
import type { Mutation } from './catalogue.js';
import { floats, node } from './mutable.js';
import type { Mutable, Node } from './mutable.js';
import { mutationsThatChange } from './placed.js';

const changes = 'nothing' as const;

const at = mutationsThatChange(changes);

/** Values that only the main graph names. */
const innerValues = (model: Mutable): string[] => model.live().filter(({ attribute }) => attribute.every(({ g }) => !g)).flatMap(({ output }) => output.slice(0, 1)).filter((name) => !model.isOutput(name) && model.readers(name).every((reader) => reader.input.includes(name)));

export const HARMLESS: readonly Mutation[] = [
  at('inner value renamed', innerValues, (name, model) => {
    const renamed = model.name('renamed');
    for (const each of model.graph.node) each.output = each.output.map((output) => (output === name ? renamed : output));
    model.rewire(name, renamed);
  }),
  at('weight renamed', (model) => model.graph.initializer.filter(({ name }) => !model.graph.input.some((input) => input.name === name) && model.graph.node.every((each) => each.attribute.every(({ g }) => !g))), (tensor, model) => {
    const renamed = model.name('renamed');
    model.rewire(tensor.name!, renamed);
    tensor.name = renamed;
  }),
  { kind: 'nodes in another order', changes, apply: reorder },
  at('unused node', (model) => model.of('Relu', 'Gemm', 'Conv', 'Add'), (layer, model) => {
    model.insertAfter(layer, node('Exp', [layer.output[0]!], [model.name('unused')]));
  }),
  { kind: 'unused initializer', changes, apply: (model) => model.scalar(3) !== '' },
  at('Identity inserted', (model) => model.of('Relu', 'Gemm', 'Conv', 'Add', 'MatMul'), (layer, model) => model.behind(layer.output[0]!, (input, output) => node('Identity', [input], [output])) !== undefined),
  at('initializer becomes a Constant', (model) => model.graph.initializer.filter(({ name }) => !model.graph.input.some((input) => input.name === name)), (tensor, model) => {
    model.graph.initializer.splice(model.graph.initializer.indexOf(tensor), 1);
    model.graph.node.unshift(node('Constant', [], [tensor.name!], [{ name: 'value', t: { ...tensor, name: '' }, type: 4 }]));
  }),
  at('raw_data becomes float_data', (model) => model.graph.initializer.filter((tensor) => tensor.dataType === 1 && (tensor.rawData?.length ?? 0) > 0), (tensor) => {
    const values = floats(tensor)!;
    tensor.floatData = Array.from({ length: values.length }, (_, i) => values.get(i));
    tensor.rawData = null;
  }),
  at('pure node twice, one reader each', (model) => model.of('Relu', 'Sigmoid', 'Tanh', 'Add', 'Gemm').filter(({ output }) => model.readers(output[0]!).length > 1 && !model.isOutput(output[0]!)), (original, model) => {
    const output = model.name('twin');
    const [reader] = model.readers(original.output[0]!);
    if (!reader!.input.includes(original.output[0]!)) return false;
    model.insertAfter(original, { ...original, name: '', input: [...original.input], output: [output], attribute: [...original.attribute] });
    reader!.input = reader!.input.map((input) => (input === original.output[0] ? output : input));
    return undefined;
  }),
  at('attributes in another order, doc strings', (model) => model.live().filter(({ attribute }) => attribute.length > 1), (each) => {
    each.attribute = each.attribute.toReversed();
    each.docString = 'a comment';
  }),
  { kind: 'value_info lost', changes, apply: (model) => ((model.graph.valueInfo = []), true) },
  { kind: 'metadata added', changes, apply: (model) => (model.model.metadataProps.push(metadata()), true) },
  at('dropout swapped with a ReLU', (model) => model.of('Dropout').filter(({ output }) => model.soleReader(output[0]!)?.opType === 'Relu'), (dropout, model) => {
    const relu = model.soleReader(dropout.output[0]!)!;
    const [x, between, y] = [dropout.input[0]!, dropout.output[0]!, relu.output[0]!];
    [relu.input, relu.output] = [[x], [between]];
    dropout.input[0] = between;
    dropout.output = [y, ...dropout.output.slice(1)];
    model.remove(dropout);
    model.insertAfter(relu, dropout);
  }),
  at('dropout of rate 0 inserted', (model) => (model.opset < 12 ? [] : model.of('Relu', 'Gemm', 'Conv')), (layer, model) => {
    const [ratio, mode] = [model.scalar(0), model.scalar(1, 9)];
    return model.behind(layer.output[0]!, (input, output) => node('Dropout', [input, ratio, mode], [output])) !== undefined;
  }),
];

function metadata() {
  return { key: 'note', value: 'nothing' } as Parameters<Mutable['model']['metadataProps']['push']>[0];
}

/** Moves a node as far to the front as its operands allow. */
function reorder(model: Mutable): boolean {
  const { node: nodes } = model.graph;
  const movable = nodes.flatMap((each, index) => {
    const earliest = Math.max(0, ...each.input.map((input) => nodes.findIndex((other) => other.output.includes(input)) + 1));
    const draws = (other: Node) => /^Random|Bernoulli|Dropout/.test(other.opType!);
    return earliest < index && each.attribute.every(({ g }) => !g) && !draws(each) ? [{ each, index, earliest }] : [];
  });
  const place = model.pick(movable);
  if (!place) return false;
  nodes.splice(place.index, 1);
  nodes.splice(place.earliest, 0, place.each);
  return true;
}
