/**
 * Weights for models that carry none: the light models of onnx/onnx compute each weight as a ConstantOfShape, one value
 * everywhere, which makes them numerically almost blind. In a copy such weights become random numbers, the same for the
 * same name.
 */
import type { GraphRecord, TensorRecord } from '../formats/onnx/wire/records.js';
import { FUNCTION_DOMAIN } from '../variants/templates.js';
import { readTensor } from '../formats/onnx/wire/tensors.js';
import type { GeneratedWeights, ModelCopy, Operator } from './copy.js';
import { encodeExternalTensor } from './encode.js';

/** Operand numbers that are weights. */
const WEIGHTS: Readonly<Record<string, readonly number[]>> = {
  Conv: [1, 2], ConvTranspose: [1, 2], Gemm: [1, 2], MatMul: [1], BatchNormalization: [1, 2, 3, 4], InstanceNormalization: [1, 2], PRelu: [1],
  LSTM: [1, 2, 3], GRU: [1, 2, 3], RNN: [1, 2, 3],
};
const FLOAT = 1;

export function randomWeights(copy: ModelCopy): void {
  const { graph, record } = copy;
  const uses = weightUses(graph.operators);
  const kept: Operator[] = [];
  for (const operator of graph.operators) {
    const [name = ''] = operator.outputs;
    const use = operator.opType === 'ConstantOfShape' && operator.domain === '' ? uses.get(name) : undefined;
    const dims = use && dimsOf(operator, graph.body, record);
    if (dims && fillType(operator) === FLOAT) {
      const law = lawOf(name, dims, use);
      copy.generated.push(law);
      graph.initializers.set(name, encodeExternalTensor(name, FLOAT, dims, { location: law.location, offset: 0, length: 4 * law.count }));
    } else kept.push(operator);
  }
  if (kept.length < graph.operators.length) graph.operators = kept;
}

/** Values that are read as weights and as nothing else; `variance` must be positive. */
function weightUses(operators: readonly Operator[]): ReadonlyMap<string, 'weight' | 'variance'> {
  const uses = new Map<string, 'weight' | 'variance'>();
  const others = new Set<string>();
  // A weight under a dropout (DropConnect), by what comes of it.
  const dropped = new Map<string, string>();
  for (const { opType, domain, inputs, outputs } of operators) {
    const places = domain === '' ? WEIGHTS[opType] : undefined;
    const drops = (domain === '' && opType === 'Dropout') || domain === FUNCTION_DOMAIN;
    inputs.forEach((input, k) => {
      if (drops && k === 0) dropped.set(outputs[0]!, input);
      else if (!places?.includes(k)) others.add(input);
      else uses.set(input, opType === 'BatchNormalization' && k === 4 ? 'variance' : 'weight');
    });
  }
  for (const [result, weight] of dropped) {
    const use = uses.get(result);
    if (use && !others.has(result)) uses.set(weight, use);
    else others.add(weight);
  }
  for (const name of others) uses.delete(name);
  return uses;
}

function dimsOf(operator: Operator, body: GraphRecord, model: ModelCopy['record']): readonly number[] | undefined {
  const [shape = ''] = operator.inputs;
  const tensor: TensorRecord | undefined = body.initializers.get(shape)
    ?? body.nodes.find((node) => node.opType === 'Constant' && node.outputs[0] === shape)?.attributes.find(({ name }) => name === 'value')?.tensor;
  const dims = tensor && readTensor(model, tensor, 16);
  return dims && Array.from(dims);
}

/** ConstantOfShape without a value is float32 zero. */
function fillType(operator: Operator): number {
  const value = operator.attributes.find(({ name }) => name === 'value');
  return value && 'record' in value ? value.record.tensor?.dataType ?? FLOAT : FLOAT;
}

/** He's initialisation for weights, so that values neither vanish nor overflow through many layers: variance 2 / fan-in. */
function lawOf(name: string, dims: readonly number[], use: 'weight' | 'variance'): GeneratedWeights {
  const seed = [...name].reduce((hash, character) => (Math.imul(hash, 31) + character.codePointAt(0)!) | 0, 7);
  const fanIn = dims.slice(1).reduce((product, extent) => product * extent, 1);
  const bound = dims.length > 1 ? Math.sqrt(6 / fanIn) : 0.5;
  const [low, high] = use === 'variance' ? [0.5, 1.5] : [-bound, bound];
  const count = dims.reduce((product, extent) => product * extent, 1);
  return { location: `droplint-weights-${seed >>> 0}-${count}`, count, seed, low, high };
}
