/** Whether a rewritten ONNX file kept everything but its dropouts, by the judgement of a reader that droplint did not write. */
import { fromBinary, toBinary } from '@bufbuild/protobuf';
import type { DescMessage, MessageShape } from '@bufbuild/protobuf';
import { AttributeProtoSchema, ModelProtoSchema, NodeProtoSchema, TensorProtoSchema } from 'onnx-buf';
import type { ModelProto, NodeProto } from 'onnx-buf';
import { expect } from 'vitest';

const bytes = <D extends DescMessage>(schema: D, message: MessageShape<D>) => Buffer.from(toBinary(schema, message)).toString('base64');

/** All that a node says of itself but where its values come from and go to. */
const nodeText = (node: NodeProto) =>
  [node.name, node.opType, node.domain, node.docString, ...node.attribute.map((attribute) => bytes(AttributeProtoSchema, attribute)), bytes(NodeProtoSchema, { ...node, name: '', opType: '', docString: '', attribute: [], input: [], output: [] })].join(' ');

/** The model without its nodes, initializers, value_info and opset imports, which fixes may add to. */
function frame(model: ModelProto): string {
  const graph = { ...model.graph!, node: [], initializer: [], valueInfo: [] };
  return bytes(ModelProtoSchema, { ...model, opsetImport: [], graph });
}

/** Rates and modes that nothing but dropouts read before, and that nothing reads after: they may go with their dropout. */
function releasedBy(old: ModelProto, now: ModelProto): (name: string) => boolean {
  const others = old.graph!.node.flatMap((node) => (node.opType === 'Dropout' ? node.input.slice(0, 1) : node.input));
  const operands = new Set(old.graph!.node.flatMap((node) => (node.opType === 'Dropout' ? node.input.slice(1) : [])));
  const read = new Set([...others, ...now.graph!.node.flatMap(({ input }) => input), ...old.graph!.output.map(({ name }) => name)]);
  return (name) => operands.has(name) && !read.has(name);
}

/** Asserts that nodes other than Dropout, initializers, metadata and unknown fields are what they were. */
export function expectOnlyDropoutsChanged(before: Uint8Array, after: Uint8Array, context: string): void {
  const [old, now] = [before, after].map((file) => fromBinary(ModelProtoSchema, file)) as [ModelProto, ModelProto];
  expect(frame(now), `${context}: the model's own fields`).toBe(frame(old));
  const isReleased = releasedBy(old, now);
  const nodes = new Set(now.graph!.node.map(nodeText));
  expect(old.graph!.node.filter((node) => node.opType !== 'Dropout' && !nodes.has(nodeText(node)) && !(node.opType === 'Constant' && isReleased(node.output[0]!))).map(({ name }) => name), `${context}: nodes that changed`).toEqual([]);
  const tensors = new Map(now.graph!.initializer.map((tensor) => [tensor.name, bytes(TensorProtoSchema, tensor)]));
  expect(old.graph!.initializer.filter((tensor) => !isReleased(tensor.name) && tensors.get(tensor.name) !== bytes(TensorProtoSchema, tensor)).map(({ name }) => name), `${context}: initializers that changed`).toEqual([]);
}
