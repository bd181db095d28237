/** BatchNormalization that trains, in a throw-away copy: it stays as it is wherever that means something. */
import { attributeOf, bodiesOf, opsetOf, operator, replaceOperators } from './copy.js';
import type { BodyCopy, ModelCopy, Operator } from './copy.js';

const isBatchNormalization = ({ opType, domain }: Operator): boolean => opType === 'BatchNormalization' && domain === '';

/** From opset 14 on by an attribute, before by having more than one output. */
function isTraining(candidate: Operator, copy: ModelCopy, body: BodyCopy): boolean {
  if (!isBatchNormalization(candidate)) return false;
  return opsetOf(copy, body) >= 14 ? attributeOf(candidate, 'training_mode')?.i === 1 : candidate.outputs.length > 1;
}

/** onnxruntime wants exactly three outputs of a training BatchNormalization (opset 14 on): absent ones get names. */
export function normaliseTrainingOutputs(copy: ModelCopy): void {
  replaceOperators(copy, (candidate, body) => {
    if (opsetOf(copy, body) < 14 || !isTraining(candidate, copy, body)) return undefined;
    const [y = '', mean = '', variance = ''] = candidate.outputs;
    if (mean && variance) return undefined;
    return [{ ...candidate, outputs: [y, mean || `__droplint/${y}/mean`, variance || `__droplint/${y}/variance`] }];
  });
}

/** In inference form: running statistics, which are also what its further outputs then are. */
export function toRunningStatistics(copy: ModelCopy): void {
  replaceOperators(copy, (candidate, body) => {
    if (!isTraining(candidate, copy, body)) return undefined;
    const [y = '', ...statistics] = candidate.outputs;
    const plain: Operator = { ...candidate, outputs: [y], attributes: candidate.attributes.filter(({ name }) => name !== 'training_mode') };
    const passed = statistics.flatMap((name, k) => (name ? [operator('Identity', [candidate.inputs[3 + (k % 2)] ?? ''], [name])] : []));
    return [plain, ...passed];
  });
}

export function trainsBatchNormalization(copy: ModelCopy): boolean {
  return [...bodiesOf(copy)].some((body) => body.operators.some((candidate) => isTraining(candidate, copy, body)));
}

/** A batch that is fixed at one element: the variance over it may be zero everywhere. */
export function hasSingletonBatch({ graph: { body } }: ModelCopy): boolean {
  return body.inputs.some(({ name, shape }) => !body.initializers.has(name) && shape !== undefined && shape.length > 1 && shape[0] === 1);
}
