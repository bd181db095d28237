/**
 * A throw-away copy of a model: the structure of the file, in which operators can be put in place of others, with the
 * weights left where they are. Nothing of it is ever written to disk (see encode.ts).
 */
import type {
  AttributeRecord, BodyRecord, FunctionRecord, GraphRecord, ModelRecord, NodeRecord, TensorRecord, ValueInfoRecord,
} from '../formats/onnx/wire/records.js';

/** An attribute of a new operator, or one of the file, whose subgraphs (if any) may have changed. */
export type CopyAttribute =
  | { readonly name: string; readonly float: number }
  | { readonly name: string; readonly int: number }
  | { readonly name: string; readonly ints: readonly number[] }
  | { readonly name: string; readonly tensor: Uint8Array }
  | { readonly name: string; readonly record: AttributeRecord; readonly graphs: readonly GraphCopy[] };

export interface Operator {
  readonly name: string;
  readonly opType: string;
  readonly domain: string;
  readonly overload: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes: readonly CopyAttribute[];
  /** The node of the file that it stands for, for matching; new operators have the node that they replace. */
  readonly node: NodeRecord | undefined;
}

export interface BodyCopy {
  readonly body: BodyRecord;
  /** `graph`, `graph:node[3]:then_branch`, `function:domain.name`. */
  readonly path: string;
  operators: Operator[];
}

/** A declared input or output: a record of the file, or a name with a type (TensorProto.DataType) where one is known. */
export type Declaration = ValueInfoRecord | { readonly name: string; readonly elementType: number | undefined; readonly shape?: readonly (number | string | undefined)[] };

export interface GraphCopy extends BodyCopy {
  readonly body: GraphRecord;
  inputs: Declaration[];
  outputs: Declaration[];
  /** Those of the file, and new ones as encoded TensorProtos. */
  readonly initializers: Map<string, TensorRecord | Uint8Array>;
}

export interface FunctionCopy extends BodyCopy {
  readonly body: FunctionRecord;
}

/** Float32 values drawn uniformly in [low, high), by the seed alone. */
export interface GeneratedWeights {
  /** Stands for a file of external data. */
  readonly location: string;
  readonly count: number;
  readonly seed: number;
  readonly low: number;
  readonly high: number;
}

export interface ModelCopy {
  readonly record: ModelRecord;
  readonly opsets: Map<string, number>;
  readonly graph: GraphCopy;
  readonly functions: readonly FunctionCopy[];
  readonly generated: GeneratedWeights[];
}

export function copyOf(record: ModelRecord): ModelCopy {
  return {
    record,
    opsets: new Map(record.opsets),
    graph: copyGraph(record.graph, 'graph'),
    generated: [],
    functions: record.functions.map((body) => {
      const path = `function:${body.domain}.${body.name}`;
      return { body, path, operators: body.nodes.map((node) => copyNode(node, path)) };
    }),
  };
}

function copyGraph(body: GraphRecord, path: string): GraphCopy {
  return {
    body,
    path,
    operators: body.nodes.map((node) => copyNode(node, path)),
    inputs: [...body.inputs],
    outputs: [...body.outputs],
    initializers: new Map(body.initializers),
  };
}

function copyNode(node: NodeRecord, path: string): Operator {
  return {
    name: node.name,
    opType: node.opType,
    domain: node.domain,
    overload: node.overload,
    inputs: node.inputs,
    outputs: node.outputs,
    attributes: node.attributes.map((record) => ({
      name: record.name,
      record,
      graphs: record.graphs.map((graph) => copyGraph(graph, `${path}:node[${node.index}]:${record.name}`)),
    })),
    node,
  };
}

/** Every body of the copy: the graph, its subgraphs at any depth, the functions and theirs. */
export function* bodiesOf(copy: ModelCopy): Generator<BodyCopy> {
  const stack: BodyCopy[] = [...copy.functions, copy.graph];
  for (let body = stack.pop(); body; body = stack.pop()) {
    yield body;
    for (const operator of body.operators) {
      for (const attribute of operator.attributes) if ('graphs' in attribute) stack.push(...attribute.graphs);
    }
  }
}

/** Puts operators in place of others, in every body. `undefined` leaves an operator as it is. */
export function replaceOperators(copy: ModelCopy, replace: (operator: Operator, body: BodyCopy) => readonly Operator[] | undefined): void {
  for (const body of bodiesOf(copy)) {
    let changed = false;
    const operators: Operator[] = [];
    for (const operator of body.operators) {
      const replacement = replace(operator, body);
      if (replacement) {
        changed = true;
        operators.push(...replacement);
      } else operators.push(operator);
    }
    if (changed) body.operators = operators;
  }
}

/** A new operator of ai.onnx. */
export function operator(
  opType: string,
  inputs: readonly string[],
  outputs: readonly string[],
  attributes: readonly CopyAttribute[] = [],
  node?: NodeRecord,
): Operator {
  return { name: node?.name ?? '', opType, domain: '', overload: '', inputs, outputs, attributes, node };
}

/** The opset of ai.onnx that holds in a body: a function imports its own. */
export function opsetOf(copy: ModelCopy, body: BodyCopy): number {
  const { body: record } = body;
  const own = 'kind' in record && record.kind === 'function' ? (record as FunctionRecord).opsets.get('') : undefined;
  return own ?? copy.opsets.get('') ?? 1;
}

export function attributeOf(operator: Operator, name: string): AttributeRecord | undefined {
  for (const attribute of operator.attributes) if (attribute.name === name && 'record' in attribute) return attribute.record;
  return undefined;
}
