/**
 * A model of opset 7 to 11 as one of opset 12, where a Dropout has its rate and its mode as operands. Done only where no
 * other operator of the model has changed its meaning on the way (ONNX's Changelog.md).
 */
import type { Splice } from '../../document.js';
import { FLOAT } from '../data-types.js';
import { attribute, floatAttribute, isStandard } from '../lift/tensors.js';
import { ModelEditor } from '../wire/editor.js';
import type { GraphRecord, ModelRecord, NodeRecord } from '../wire/records.js';

export const RAISED_FROM = 7;
export const RAISED_TO = 12;

/** The opset at which the form of an operator before it stopped to be valid, or to mean the same. */
const BROKEN_AT: Readonly<Record<string, number>> = { Upsample: 10, Scan: 9, Slice: 10, TopK: 10, Clip: 11, Pad: 11, Resize: 11, Scatter: 11 };

function* nodesOf(graph: GraphRecord): Generator<readonly [NodeRecord, GraphRecord]> {
  const open = [graph];
  for (let at = open.pop(); at; at = open.pop()) {
    for (const node of at.nodes) {
      yield [node, at];
      open.push(...node.attributes.flatMap(({ graphs }) => graphs));
    }
  }
}

/** Why operators of opset `from` do not mean the same under opset 12; `undefined` if they do. */
export function obstacleToRaising({ graph, functions }: ModelRecord, from: number): string | undefined {
  if (from < RAISED_FROM) return `the model has opset ${from}`;
  if (functions.length > 0) return 'the model has functions, with opsets of their own';
  for (const [node, body] of nodesOf(graph)) {
    if (!isStandard(node)) continue;
    if (from < (BROKEN_AT[node.opType] ?? 0) || (from < 9 && node.opType === 'BatchNormalization' && attribute(node, 'spatial'))) return `${node.opType} is another operator in opset 12 than in opset ${from}`;
    // Before opset 10 the mask was a number, and onnxruntime's is all zero at inference before opset 12.
    if (node.opType === 'Dropout' && node.outputs[1] && isRead(body, node.outputs[1])) return `the mask of ${node.name || node.outputs[0]} is read, and is another one in opset 12`;
  }
  return undefined;
}

const isRead = (body: GraphRecord, name: string): boolean => body.outputs.some((output) => output.name === name) || [...nodesOf(body)].some(([{ inputs }]) => inputs.includes(name));

/** The splices that raise the opset, or the reason why it cannot be raised. */
export function raiseOpset(model: ModelRecord): readonly Splice<Uint8Array>[] | string {
  const from = model.opsets.get('') ?? 1;
  const obstacle = obstacleToRaising(model, from);
  if (obstacle !== undefined) return obstacle;
  const editor = new ModelEditor(model);
  editor.setOpset('', RAISED_TO);
  for (const [node, body] of nodesOf(model.graph)) {
    if (node.opType !== 'Dropout' || !isStandard(node)) continue;
    const edit = editor.body(body);
    const editable = edit.nodeOf(node);
    const ratio = edit.freshName('ratio');
    edit.insert({ opType: 'Constant', name: edit.freshNodeName('ratio'), inputs: [], outputs: [ratio], attributes: [{ name: 'value', tensor: { dataType: FLOAT, dims: [], values: [floatAttribute(node, 'ratio') ?? 0.5] } }] }, { before: editable });
    editable.removeAttribute('ratio');
    editable.inputs[1] = ratio;
  }
  return editor.splices();
}
