/** BN(Wx + b) = BN(Wx) once the running mean is lowered by b. */
import { floatAttribute } from '../lift/tensors.js';
import type { Body } from '../lift/tensors.js';
import type { Current } from './current.js';
import { checkImport } from './dropout-nodes.js';
import { refuse } from './refusal.js';

/** Channels beyond this are no layer of the field. */
const LIMIT = 1 << 20;
const STEP_LIMIT = 16;
const ROW_MAJOR = new Set(['Identity', 'Reshape', 'Flatten', 'Squeeze', 'Unsqueeze']);

interface Bias {
  readonly name: string;
  /** Gemm multiplies its bias by beta. */
  readonly factor: number;
  /** Takes the bias away. */
  remove(): void;
}

function biasOf({ rewiring, place, nodes: [node, sum] }: Current): Bias {
  const [main, add] = place.nodes;
  if (add) {
    const bias = add.inputs.find((name) => name !== main.outputs[0])!;
    return {
      name: bias,
      factor: 1,
      remove() {
        rewiring.takeOut({ nodes: [sum], input: node.outputs[0], output: sum.outputs[0] });
      },
    };
  }
  if (main.opType === 'QLinearConv' || !main.inputs[2]) refuse('its bias is not an operand of its own');
  return {
    name: main.inputs[2],
    factor: main.opType === 'Gemm' ? (floatAttribute(main, 'beta') ?? 1) : 1,
    remove() {
      rewiring.dropInput(node, 2);
      rewiring.sweep([main.inputs[2]]);
    },
  };
}

/** The BatchNorm alone reads the sum, perhaps through reshapes. */
function isReadAlone({ rewiring, output }: Current, batchNorm: Current): boolean {
  let name = output;
  for (let steps = 0; steps < STEP_LIMIT; steps += 1) {
    const readers = [...rewiring.readersOf(name)].filter((node) => node.opType !== 'Shape');
    if (readers.length !== 1 || rewiring.isOutput(name) || rewiring.isCaptured(name)) return false;
    if (readers[0] === batchNorm.nodes[0]) return readers[0].inputs[0] === name;
    if (!ROW_MAJOR.has(readers[0].opType) || readers[0].domain !== '') return false;
    [name] = readers[0].outputs;
  }
  return false;
}

function isSeen(body: Body, name: string): boolean {
  const { readers, isOutput, captured } = body.tensor(name);
  return readers.length > 0 || isOutput || captured;
}

/** Folds the bias of `weighted` into the running mean of `batchNorm`; Gemm's bias is optional from opset 11 on. */
export function foldBias(weighted: Current, batchNorm: Current): void {
  const { rewiring } = weighted;
  const { body } = rewiring;
  const [norm] = batchNorm.place.nodes;
  if (rewiring !== batchNorm.rewiring) refuse('the two layers stand in different graphs');
  checkImport(body);
  if (norm.opType !== 'BatchNormalization') refuse('it is no BatchNormalization operator');
  if (weighted.place.nodes[0].opType === 'Gemm' && weighted.nodes.length === 1 && body.opset < 11) refuse('Gemm needs its bias below opset 11');
  if (!isReadAlone(weighted, batchNorm)) refuse('something else reads what it adds to');
  const bias = biasOf(weighted);
  const meanName = norm.inputs[3];
  const [b, mean] = [bias.name, meanName].map((name) => body.tensor(name).constant?.values(LIMIT));
  const meanTensor = body.tensor(meanName);
  if (!b || !mean || meanTensor.dataType === undefined) refuse('its bias or the running mean is not a constant that can be read');
  if (meanTensor.isOutput || meanTensor.captured) refuse('the running mean is read elsewhere');
  if (norm.outputs.slice(1).some((name) => name !== '' && isSeen(body, name))) refuse('its updated statistics are read');
  if (b.length !== mean.length && b.length !== 1) refuse('the bias has another length than the running mean');
  const values = Array.from(mean, (value, i) => value - bias.factor * b[b.length === 1 ? 0 : i]);
  const [node] = batchNorm.nodes;
  rewiring.setInput(node, 3, rewiring.insertConstant(`${meanName}_without_bias`, { dataType: meanTensor.dataType, dims: [values.length], values }, { before: node }));
  rewiring.sweep([meanName]);
  bias.remove();
}
