/** Graphs, nodes and attributes of the index. */
import type { Cursor } from './cursor.js';
import { ATTRIBUTE, ATTRIBUTE_TYPE, GRAPH, NODE } from './fields.js';
import { EMPTY_LIST, EMPTY_MAP, exact, finishTensor, foldDomain, readAnnotation, readEntry, readSparseTensorName, readTensorRecord, readValueInfo, type TensorDraft } from './read-values.js';
import type { AttributeRecord, NodeRecord, Span, TensorRecord, ValueInfoRecord } from './records.js';

/** A longer list in an attribute is payload (a tree ensemble, a table), not structure: it is left `undefined`. */
export const MAX_LIST = 1 << 16;

export interface GraphDraft {
  readonly kind: 'graph';
  span: Span;
  name: string;
  readonly nodes: NodeRecord[];
  readonly inputs: ValueInfoRecord[];
  readonly outputs: ValueInfoRecord[];
  readonly initializers: Map<string, TensorRecord>;
  readonly sparseInitializers: Set<string>;
  readonly valueInfos: Map<string, ValueInfoRecord>;
  readonly repeatedValueInfos: ValueInfoRecord[];
  readonly quantizationAnnotations: { readonly tensorName: string; readonly span: Span }[];
  readonly metadata: Map<string, string>;
}

/**
 * Reads the graph that is the current field; into `earlier` where a singular field occurs again and protobuf merges.
 * Its span is then that of the last piece.
 */
export function readGraph(cursor: Cursor, field: string, index?: number, earlier?: GraphDraft): GraphDraft {
  const span = cursor.open(field, index);
  const graph: GraphDraft = earlier ?? {
    kind: 'graph',
    span,
    name: '',
    nodes: [],
    inputs: [],
    outputs: [],
    initializers: new Map(),
    sparseInitializers: new Set(),
    valueInfos: new Map(),
    repeatedValueInfos: [],
    quantizationAnnotations: [],
    metadata: new Map(),
  };
  graph.span = span;
  while (cursor.next()) readGraphField(cursor, graph);
  cursor.close();
  return graph;
}

function readGraphField(cursor: Cursor, graph: GraphDraft): void {
  switch (cursor.key) {
    case GRAPH.node:
      graph.nodes.push(readNode(cursor, graph.nodes.length));
      break;
    case GRAPH.name:
      graph.name = cursor.string();
      break;
    case GRAPH.initializer: {
      const tensor = finishTensor(readTensorRecord(cursor, 'initializer', graph.initializers.size));
      graph.initializers.set(tensor.name, tensor);
      break;
    }
    case GRAPH.sparseInitializer:
      graph.sparseInitializers.add(readSparseTensorName(cursor, 'sparse_initializer', graph.sparseInitializers.size));
      break;
    case GRAPH.input:
      graph.inputs.push(readValueInfo(cursor, 'input', graph.inputs.length));
      break;
    case GRAPH.output:
      graph.outputs.push(readValueInfo(cursor, 'output', graph.outputs.length));
      break;
    case GRAPH.valueInfo:
      addValueInfo(cursor, graph);
      break;
    case GRAPH.quantizationAnnotation:
      graph.quantizationAnnotations.push(readAnnotation(cursor, graph.quantizationAnnotations.length));
      break;
    case GRAPH.metadataProps:
      graph.metadata.set(...readEntry(cursor, 'metadata_props'));
      break;
    default:
      cursor.skip(GRAPH);
  }
}

export function addValueInfo(cursor: Cursor, body: Pick<GraphDraft, 'valueInfos' | 'repeatedValueInfos'>): void {
  const info = readValueInfo(cursor, 'value_info', body.valueInfos.size);
  const earlier = body.valueInfos.get(info.name);
  if (earlier) body.repeatedValueInfos.push(earlier);
  body.valueInfos.set(info.name, info);
}

export function readNode(cursor: Cursor, index: number): NodeRecord {
  let inputs: string[] | undefined;
  let outputs: string[] | undefined;
  let attributes: AttributeRecord[] | undefined;
  let metadata: Map<string, string> | undefined;
  let name = '';
  let opType = '';
  let domain = '';
  let overload = '';
  let docString = '';
  const span = cursor.open('node', index);
  while (cursor.next()) {
    switch (cursor.key) {
      case NODE.input:
        (inputs ??= []).push(cursor.string());
        break;
      case NODE.output:
        (outputs ??= []).push(cursor.string());
        break;
      case NODE.name:
        name = cursor.string();
        break;
      case NODE.opType:
        opType = cursor.string();
        break;
      case NODE.attribute:
        (attributes ??= []).push(readAttribute(cursor, 'attribute', attributes.length));
        break;
      case NODE.docString:
        docString = cursor.text() ?? '';
        break;
      case NODE.domain:
        domain = foldDomain(cursor.string());
        break;
      case NODE.overload:
        overload = cursor.string();
        break;
      case NODE.metadataProps:
        (metadata ??= new Map<string, string>()).set(...readEntry(cursor, 'metadata_props'));
        break;
      default:
        cursor.skip(NODE);
    }
  }
  cursor.close();
  return {
    span,
    index,
    name,
    opType,
    domain,
    overload,
    inputs: exact(inputs ?? EMPTY_LIST),
    outputs: exact(outputs ?? EMPTY_LIST),
    attributes: exact(attributes ?? EMPTY_LIST),
    metadata: metadata ?? EMPTY_MAP,
    docString,
  };
}

/** What stands in an attribute, before it is known which of it counts. */
interface AttributeDraft {
  name: string;
  type: number;
  refersTo: string;
  f?: number;
  i?: number;
  s?: string;
  floats?: number[];
  ints?: number[];
  strings?: string[];
  tensor?: TensorDraft;
  graph?: GraphDraft;
  graphs?: GraphDraft[];
  /** The type that the field populated last stands for. */
  populated: number;
}

export function readAttribute(cursor: Cursor, field: string, index: number): AttributeRecord {
  const draft: AttributeDraft = { name: '', type: ATTRIBUTE_TYPE.undefined, refersTo: '', populated: ATTRIBUTE_TYPE.undefined };
  const span = cursor.open(field, index);
  while (cursor.next()) readAttributeField(cursor, draft);
  cursor.close();
  const { name, refersTo, f, i, s, tensor, graph } = draft;
  const graphs = graph ? [graph, ...(draft.graphs ?? [])] : draft.graphs;
  return {
    span,
    name,
    type: draft.type || draft.populated,
    refersTo,
    f,
    i,
    s,
    floats: within(draft.floats),
    ints: within(draft.ints),
    strings: within(draft.strings),
    tensor: tensor && finishTensor(tensor),
    sparse: draft.populated === ATTRIBUTE_TYPE.sparseTensor || draft.populated === ATTRIBUTE_TYPE.sparseTensors,
    graphs: graphs ?? EMPTY_LIST,
  };
}

function within<T>(list: readonly T[] | undefined): readonly T[] | undefined {
  return list && list.length <= MAX_LIST ? exact(list) : undefined;
}

function readAttributeField(cursor: Cursor, draft: AttributeDraft): void {
  const populated = POPULATES.get(cursor.key);
  if (populated !== undefined) draft.populated = populated;
  switch (cursor.key) {
    case ATTRIBUTE.name:
      draft.name = cursor.string();
      break;
    case ATTRIBUTE.type:
      draft.type = cursor.int32();
      break;
    case ATTRIBUTE.refAttrName:
      draft.refersTo = cursor.string();
      break;
    case ATTRIBUTE.f:
      draft.f = cursor.float();
      break;
    case ATTRIBUTE.i:
      draft.i = cursor.varint();
      break;
    case ATTRIBUTE.s:
      draft.s = cursor.text();
      break;
    case ATTRIBUTE.t:
      draft.tensor = readTensorRecord(cursor, 't', undefined, draft.tensor);
      break;
    case ATTRIBUTE.g:
      draft.graph = readGraph(cursor, 'g', undefined, draft.graph);
      break;
    case ATTRIBUTE.graphs:
      (draft.graphs ??= []).push(readGraph(cursor, 'graphs', draft.graphs.length));
      break;
    default:
      readAttributeList(cursor, draft);
  }
}

function readAttributeList(cursor: Cursor, draft: AttributeDraft): void {
  switch (cursor.key) {
    case ATTRIBUTE.floats:
      addTo((draft.floats ??= []), cursor.float());
      break;
    case ATTRIBUTE.floatsPacked: {
      const list = (draft.floats ??= []);
      cursor.packed(list.length <= MAX_LIST, () => addTo(list, cursor.float()));
      break;
    }
    case ATTRIBUTE.ints:
      addTo((draft.ints ??= []), cursor.varint());
      break;
    case ATTRIBUTE.intsPacked: {
      const list = (draft.ints ??= []);
      cursor.packed(list.length <= MAX_LIST, () => addTo(list, cursor.varint()));
      break;
    }
    case ATTRIBUTE.strings:
      addTo((draft.strings ??= []), cursor.text() ?? '');
      break;
    default:
      cursor.skip(ATTRIBUTE);
  }
}

/** Takes in one more than the maximum, which tells that there are more. */
function addTo<T>(list: T[], item: T): void {
  if (list.length <= MAX_LIST) list.push(item);
}

const POPULATES = new Map<number, number>([
  [ATTRIBUTE.f, ATTRIBUTE_TYPE.float],
  [ATTRIBUTE.i, ATTRIBUTE_TYPE.int],
  [ATTRIBUTE.s, ATTRIBUTE_TYPE.string],
  [ATTRIBUTE.t, ATTRIBUTE_TYPE.tensor],
  [ATTRIBUTE.g, ATTRIBUTE_TYPE.graph],
  [ATTRIBUTE.floats, ATTRIBUTE_TYPE.floats],
  [ATTRIBUTE.floatsPacked, ATTRIBUTE_TYPE.floats],
  [ATTRIBUTE.ints, ATTRIBUTE_TYPE.ints],
  [ATTRIBUTE.intsPacked, ATTRIBUTE_TYPE.ints],
  [ATTRIBUTE.strings, ATTRIBUTE_TYPE.strings],
  [ATTRIBUTE.tensors, ATTRIBUTE_TYPE.tensors],
  [ATTRIBUTE.graphs, ATTRIBUTE_TYPE.graphs],
  [ATTRIBUTE.tp, ATTRIBUTE_TYPE.typeProto],
  [ATTRIBUTE.typeProtos, ATTRIBUTE_TYPE.typeProtos],
  [ATTRIBUTE.sparseTensor, ATTRIBUTE_TYPE.sparseTensor],
  [ATTRIBUTE.sparseTensors, ATTRIBUTE_TYPE.sparseTensors],
]);
