/** What a model says, without places: once from our index, once from an independent reader's messages. */
import type { AttributeProto, FunctionProto, GraphProto, ModelProto, NodeProto, TensorProto, ValueInfoProto } from 'onnx-buf';
import type { AttributeRecord, FunctionRecord, GraphRecord, ModelRecord, NodeRecord, TensorRecord, ValueInfoRecord } from '../../../../src/formats/onnx/wire/records.js';

type Entries = readonly { readonly key: string; readonly value: string }[];

const MAX_LIST = 1 << 16;
const fold = (domain: string): string => (domain === 'ai.onnx' ? '' : domain);
const entries = (list: Entries): unknown => new Map(list.map(({ key, value }) => [key, value]));
const short = <T>(list: readonly T[]): readonly T[] | undefined => (list.length > 0 && list.length <= MAX_LIST ? list : undefined);

export function outlineOfRecord(model: ModelRecord): unknown {
  const { irVersion, producer, opsets, metadata, hasTrainingInfo } = model;
  return { irVersion, producer, opsets, metadata, hasTrainingInfo, graph: graphOf(model.graph), functions: model.functions.map(functionOf) };
}

function graphOf(graph: GraphRecord): unknown {
  return {
    name: graph.name,
    nodes: graph.nodes.map(nodeOf),
    inputs: graph.inputs.map(valueInfoOf),
    outputs: graph.outputs.map(valueInfoOf),
    valueInfos: [...graph.valueInfos.values()].map(valueInfoOf),
    initializers: [...graph.initializers.values()].map(tensorOf),
    sparse: graph.sparseInitializers,
    annotations: graph.quantizationAnnotations.map(({ tensorName }) => tensorName),
    metadata: graph.metadata,
  };
}

function functionOf({ name, domain, overload, inputs, outputs, attributes, defaults, opsets, metadata, nodes, valueInfos }: FunctionRecord): unknown {
  return {
    name, domain, overload, inputs, outputs, attributes, opsets, metadata,
    defaults: [...defaults.values()].map(attributeOf),
    nodes: nodes.map(nodeOf),
    valueInfos: [...valueInfos.values()].map(valueInfoOf),
  };
}

function nodeOf({ name, opType, domain, overload, inputs, outputs, attributes, metadata, docString }: NodeRecord): unknown {
  return { name, opType, domain, overload, inputs, outputs, attributes: attributes.map(attributeOf), metadata, docString };
}

function attributeOf({ name, type, refersTo, f, i, s, floats, ints, strings, tensor, graphs, sparse }: AttributeRecord): unknown {
  return { name, type, refersTo, f, i, s, floats, ints, strings, tensor: tensor && tensorOf(tensor), graphs: graphs.map(graphOf), sparse };
}

function tensorOf({ name, dataType, dims, external }: TensorRecord): unknown {
  return { name, dataType, dims, external };
}

function valueInfoOf({ name, type, elementType, shape }: ValueInfoRecord): unknown {
  return { name, type, elementType, shape };
}

export function outlineOfMessage(model: ModelProto): unknown {
  return {
    irVersion: Number(model.irVersion),
    producer: model.producerName,
    opsets: opsetsOf(model.opsetImport),
    metadata: entries(model.metadataProps),
    hasTrainingInfo: model.trainingInfo.length > 0,
    graph: graphMessage(model.graph!),
    functions: model.functions.map(functionMessage),
  };
}

const opsetsOf = (list: ModelProto['opsetImport']): unknown => new Map(list.map(({ domain, version }) => [fold(domain), Number(version)]));

/** The last of each name, where the first stood, as in a Map. */
const unique = <T extends { readonly name: string }>(list: readonly T[]): T[] => [...new Map(list.map((item) => [item.name, item])).values()];

function graphMessage(graph: GraphProto): unknown {
  return {
    name: graph.name,
    nodes: graph.node.map(nodeMessage),
    inputs: graph.input.map(valueInfoMessage),
    outputs: graph.output.map(valueInfoMessage),
    valueInfos: unique(graph.valueInfo).map(valueInfoMessage),
    initializers: unique(graph.initializer).map(tensorMessage),
    sparse: new Set(graph.sparseInitializer.map((tensor) => tensor.values?.name ?? '')),
    annotations: graph.quantizationAnnotation.map(({ tensorName }) => tensorName),
    metadata: entries(graph.metadataProps),
  };
}

function functionMessage(f: FunctionProto): unknown {
  return {
    name: f.name,
    domain: fold(f.domain),
    overload: f.overload,
    inputs: f.input,
    outputs: f.output,
    attributes: f.attribute,
    opsets: opsetsOf(f.opsetImport),
    metadata: entries(f.metadataProps),
    defaults: unique(f.attributeProto).map(attributeMessage),
    nodes: f.node.map(nodeMessage),
    valueInfos: unique(f.valueInfo).map(valueInfoMessage),
  };
}

function nodeMessage({ name, opType, domain, overload, input, output, attribute, metadataProps, docString }: NodeProto): unknown {
  return { name, opType, domain: fold(domain), overload, inputs: input, outputs: output, attributes: attribute.map(attributeMessage), metadata: entries(metadataProps), docString };
}

function attributeMessage(a: AttributeProto): unknown {
  const has = (field: string): boolean => Object.hasOwn(a, field);
  return {
    name: a.name,
    type: a.type || inferredType(a),
    refersTo: a.refAttrName,
    f: has('f') ? a.f : undefined,
    i: has('i') ? Number(a.i) : undefined,
    s: has('s') ? text(a.s) : undefined,
    floats: short(a.floats),
    ints: short(a.ints.map(Number)),
    strings: short(a.strings.map(text)),
    tensor: a.t && tensorMessage(a.t),
    graphs: [...(a.g ? [a.g] : []), ...a.graphs].map(graphMessage),
    sparse: a.sparseTensor !== undefined || a.sparseTensors.length > 0,
  };
}

/** For attributes of IR version 1, which populate one field and do not say which. */
function inferredType(a: AttributeProto): number {
  const populated: [boolean, number][] = [
    [Object.hasOwn(a, 'f'), 1], [Object.hasOwn(a, 'i'), 2], [Object.hasOwn(a, 's'), 3], [a.t !== undefined, 4], [a.g !== undefined, 5],
    [a.floats.length > 0, 6], [a.ints.length > 0, 7], [a.strings.length > 0, 8], [a.tensors.length > 0, 9], [a.graphs.length > 0, 10],
  ];
  return populated.find(([is]) => is)?.[1] ?? 0;
}

const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString();

function tensorMessage({ name, dataType, dims, externalData, dataLocation }: TensorProto): unknown {
  return { name, dataType, dims: dims.map(Number), external: dataLocation === 1 ? entries(externalData) : undefined };
}

function valueInfoMessage({ name, type }: ValueInfoProto): unknown {
  const KINDS = { tensorType: 'tensor', sequenceType: 'sequence', mapType: 'map', optionalType: 'optional', sparseTensorType: 'sparse-tensor' } as const;
  const value = type?.value;
  const tensor = value?.case === 'tensorType' ? value.value : undefined;
  return {
    name,
    type: value?.case && KINDS[value.case],
    elementType: tensor && Object.hasOwn(tensor, 'elemType') ? tensor.elemType : undefined,
    shape: tensor?.shape?.dim.map(({ value: extent }) => (extent.case === 'dimValue' ? positive(Number(extent.value)) : extent.value || undefined)),
  };
}

const positive = (extent: number): number | undefined => (extent < 0 ? undefined : extent);
