/** Whether the operators of a model of opset 7 to 11 mean the same under opset 12 (ONNX's Changelog.md). */
import { bodiesIn, isReadIn } from '../wire/bodies.js';
import type { ModelRecord } from '../wire/records.js';
import { attribute, isStandard } from './tensors.js';

export const RAISED_FROM = 7;
/** From which on a Dropout has its rate and its mode as operands. */
export const RAISED_TO = 12;

/** The opset at which the form of an operator before it stopped to be valid, or to mean the same. */
const BROKEN_AT: Readonly<Record<string, number>> = { Upsample: 10, Scan: 9, Slice: 10, TopK: 10, Clip: 11, Pad: 11, Resize: 11, Scatter: 11 };

/** Why operators of opset `from` do not mean the same under opset 12; `undefined` if they do. */
export function obstacleToRaising({ graph, functions }: ModelRecord, from: number): string | undefined {
  if (from < RAISED_FROM) return `the model has opset ${from}`;
  if (functions.length > 0) return 'the model has functions, with opsets of their own';
  for (const body of bodiesIn(graph)) {
    for (const node of body.nodes) {
      if (!isStandard(node)) continue;
      if (from < (BROKEN_AT[node.opType] ?? 0) || (from < 9 && node.opType === 'BatchNormalization' && attribute(node, 'spatial'))) return `${node.opType} is another operator in opset 12 than in opset ${from}`;
      // Before opset 10 the mask was a number, and onnxruntime's is all zero at inference before opset 12.
      if (node.opType === 'Dropout' && node.outputs[1] && isReadIn(body, node.outputs[1])) return `the mask of ${node.name || node.outputs[0]} is read, and is another one in opset 12`;
    }
  }
  return undefined;
}
