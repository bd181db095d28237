/** Random ONNX models as onnx-buf's messages: subgraphs, functions, tensors of every encoding, annotations. */
import { create, type MessageInitShape } from '@bufbuild/protobuf';
import fc from 'fast-check';
import {
  type AttributeProtoSchema, type FunctionProtoSchema, type GraphProtoSchema, ModelProtoSchema, type NodeProtoSchema, type OperatorSetIdProtoSchema, type TensorProtoSchema, type TrainingInfoProtoSchema, type ValueInfoProtoSchema, type GraphProto, type ModelProto,
} from 'onnx-buf';

type Init<T extends Parameters<typeof create>[0]> = MessageInitShape<T>;

const name = fc.constantFrom('', 'a', 'b', 'c', 'd', 'e', '/features/0/Dropout', 'größe', 'x'.repeat(130));
const names = fc.array(name, { maxLength: 4 });
const optional = <T>(arbitrary: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> => fc.option(arbitrary, { nil: undefined });
const float = fc.float({ noNaN: true });
const int64 = fc.oneof(fc.bigInt(-3n, 300n), fc.bigInt(-(2n ** 53n), 2n ** 53n));
const entries = fc.array(fc.record({ key: name, value: fc.string() }), { maxLength: 2 });

const dimension = fc.oneof(
  fc.record({ case: fc.constant('dimValue' as const), value: fc.bigInt(-1n, 500n) }),
  fc.record({ case: fc.constant('dimParam' as const), value: name }),
  fc.constant({ case: undefined }),
).map((value) => ({ value }));
const tensorType = fc.record({ elemType: fc.integer({ min: 0, max: 26 }), shape: optional(fc.record({ dim: fc.array(dimension, { maxLength: 3 }) })) }, { requiredKeys: [] });
const valueInfo: fc.Arbitrary<Init<typeof ValueInfoProtoSchema>> = fc.record({
  name,
  type: optional(fc.oneof(
    tensorType.map((value) => ({ value: { case: 'tensorType' as const, value } })),
    tensorType.map((value) => ({ value: { case: 'sparseTensorType' as const, value } })),
    fc.constant({ value: { case: 'sequenceType' as const, value: { elemType: {} } } }),
    fc.constant({ denotation: 'IMAGE' }),
  )),
  docString: optional(name),
  metadataProps: entries,
});

const tensor: fc.Arbitrary<Init<typeof TensorProtoSchema>> = fc.record({
  name,
  dims: fc.array(fc.bigInt(0n, 4n), { maxLength: 3 }),
  dataType: fc.integer({ min: 1, max: 26 }),
  rawData: optional(fc.uint8Array({ maxLength: 200 })),
  floatData: fc.array(float, { maxLength: 5 }),
  int64Data: fc.array(int64, { maxLength: 5 }),
  stringData: fc.array(fc.uint8Array({ maxLength: 5 }), { maxLength: 3 }),
  dataLocation: optional(fc.constantFrom(0, 1)),
  externalData: entries,
  docString: optional(name),
});

const { graph, node, attribute } = fc.letrec<{
  graph: Init<typeof GraphProtoSchema>;
  node: Init<typeof NodeProtoSchema>;
  attribute: Init<typeof AttributeProtoSchema>;
}>((tie) => ({
  graph: fc.record({
    name: optional(name),
    node: fc.array(tie('node'), { maxLength: 6, depthIdentifier: 'nesting' }),
    initializer: fc.array(tensor, { maxLength: 3 }),
    sparseInitializer: fc.array(fc.record({ values: tensor, dims: fc.constant([3n]) }), { maxLength: 1 }),
    input: fc.array(valueInfo, { maxLength: 2 }),
    output: fc.array(valueInfo, { maxLength: 2 }),
    valueInfo: fc.array(valueInfo, { maxLength: 3 }),
    quantizationAnnotation: fc.array(fc.record({ tensorName: name, quantParameterTensorNames: entries }), { maxLength: 2 }),
    docString: optional(name),
    metadataProps: entries,
  }),
  node: fc.record({
    opType: fc.constantFrom('Relu', 'Dropout', 'If', 'Constant'),
    input: names,
    output: names,
    name: optional(name),
    domain: optional(fc.constantFrom('', 'ai.onnx', 'com.microsoft')),
    overload: optional(name),
    attribute: fc.array(tie('attribute'), { maxLength: 3, depthIdentifier: 'nesting' }),
    docString: optional(fc.string({ maxLength: 150 })),
    metadataProps: entries,
  }),
  attribute: fc
    .tuple(
      fc.constantFrom('ratio', 'seed', 'axes', 'body'),
      fc.boolean(),
      fc.oneof(
        { depthIdentifier: 'nesting', maxDepth: 3 },
        fc.record({ f: float }).map((value) => ({ ...value, type: 1 })),
        fc.record({ i: int64 }).map((value) => ({ ...value, type: 2 })),
        fc.record({ s: fc.string().map((text) => new TextEncoder().encode(text)) }).map((value) => ({ ...value, type: 3 })),
        fc.record({ t: tensor }).map((value) => ({ ...value, type: 4 })),
        fc.record({ floats: fc.array(float, { minLength: 1, maxLength: 4 }) }).map((value) => ({ ...value, type: 6 })),
        fc.record({ ints: fc.array(int64, { minLength: 1, maxLength: 4 }) }).map((value) => ({ ...value, type: 7 })),
        fc.record({ strings: fc.array(fc.uint8Array({ max: 127 }), { minLength: 1, maxLength: 3 }) }).map((value) => ({ ...value, type: 8 })),
        fc.constant({ refAttrName: 'rate', type: 1 }),
        fc.record({ g: tie('graph') }).map((value) => ({ ...value, type: 5 })),
        fc.record({ graphs: fc.array(tie('graph'), { minLength: 1, maxLength: 2 }) }).map((value) => ({ ...value, type: 10 })),
      ),
    )
    .map(([attributeName, isTyped, { type, ...value }]) => ({ name: attributeName, ...(isTyped && { type }), ...value })),
}));

const modelFunction: fc.Arbitrary<Init<typeof FunctionProtoSchema>> = fc.record({
  name,
  domain: fc.constantFrom('local', 'ai.onnx'),
  overload: optional(name),
  input: names,
  output: names,
  attribute: names,
  attributeProto: fc.array(attribute, { maxLength: 2 }),
  node: fc.array(node, { maxLength: 4 }),
  opsetImport: fc.constant([{ version: 18n }]),
  valueInfo: fc.array(valueInfo, { maxLength: 2 }),
  metadataProps: entries,
});

export const arbitraryModel: fc.Arbitrary<ModelProto> = fc
  .record({
    irVersion: fc.bigInt(1n, 13n),
    producerName: optional(name),
    graph,
    functions: fc.array(modelFunction, { maxLength: 2 }),
    opsetImport: fc.constantFrom<Init<typeof OperatorSetIdProtoSchema>[]>([{ version: 17n }], [{ domain: 'ai.onnx', version: 22n }, { domain: 'com.microsoft', version: 1n }], []),
    metadataProps: entries,
    trainingInfo: fc.constantFrom<Init<typeof TrainingInfoProtoSchema>[]>([], [{ algorithm: { name: 'step' } }]),
  })
  .map((init) => unambiguous(create(ModelProtoSchema, init)));

/** onnx.proto wants what goes by a name to be unique; the index keeps one of each. */
function unambiguous(model: ModelProto): ModelProto {
  const bodies: { readonly node: GraphProto['node']; initializer?: GraphProto['initializer'] }[] = [model.graph!, ...model.functions];
  for (let body = bodies.pop(); body; body = bodies.pop()) {
    if (body.initializer) body.initializer = firstOfEachName(body.initializer);
    for (const item of body.node) {
      item.attribute = firstOfEachName(item.attribute);
      for (const { g, graphs } of item.attribute) bodies.push(...(g ? [g] : []), ...graphs);
    }
  }
  return model;
}

function firstOfEachName<T extends { readonly name: string }>(list: readonly T[]): T[] {
  return list.filter((item, index) => list.findIndex((other) => other.name === item.name) === index);
}
