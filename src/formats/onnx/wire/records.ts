/**
 * What the wire-format index keeps of an ONNX file: structure and places, never weights. Field numbers and meaning
 * follow onnx.proto (IR version 13); fields that are not listed are skipped and stay where they are.
 */
import type { ByteSource } from './source.js';

/** A message's body `[start, end)` and the start of the tag in front of its length. The model itself has no tag. */
export interface Span {
  readonly tag: number;
  readonly start: number;
  readonly end: number;
  /** The message that encloses it, whose length prefix changes when this one grows. */
  readonly parent: Span | undefined;
}

export interface ModelRecord {
  readonly file: string;
  readonly source: ByteSource;
  readonly span: Span;
  readonly irVersion: number;
  readonly producer: string;
  /** Opset of each domain; '' is ai.onnx ('ai.onnx' is folded into ''). */
  readonly opsets: ReadonlyMap<string, number>;
  readonly graph: GraphRecord;
  readonly functions: readonly FunctionRecord[];
  readonly metadata: ReadonlyMap<string, string>;
  readonly hasTrainingInfo: boolean;
}

/** What a graph and a function have in common. */
export interface BodyRecord {
  readonly span: Span;
  readonly name: string;
  readonly nodes: readonly NodeRecord[];
  readonly valueInfos: ReadonlyMap<string, ValueInfoRecord>;
  /** Earlier entries for names that occur again in `valueInfos`. */
  readonly repeatedValueInfos: readonly ValueInfoRecord[];
  readonly metadata: ReadonlyMap<string, string>;
}

export interface GraphRecord extends BodyRecord {
  readonly kind: 'graph';
  readonly inputs: readonly ValueInfoRecord[];
  readonly outputs: readonly ValueInfoRecord[];
  /** Dense initializers by name, in file order. */
  readonly initializers: ReadonlyMap<string, TensorRecord>;
  readonly sparseInitializers: ReadonlySet<string>;
  readonly quantizationAnnotations: readonly { readonly tensorName: string; readonly span: Span }[];
}

export interface FunctionRecord extends BodyRecord {
  readonly kind: 'function';
  readonly domain: string;
  readonly overload: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  /** Names of the attributes without a default. */
  readonly attributes: readonly string[];
  /** Attributes with a default (attribute_proto), by name. */
  readonly defaults: ReadonlyMap<string, AttributeRecord>;
  readonly opsets: ReadonlyMap<string, number>;
}

export interface NodeRecord {
  readonly span: Span;
  /** Its index among the nodes of its body. */
  readonly index: number;
  readonly name: string;
  readonly opType: string;
  /** 'ai.onnx' is folded into ''. */
  readonly domain: string;
  readonly overload: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes: readonly AttributeRecord[];
  readonly metadata: ReadonlyMap<string, string>;
  readonly docString: string;
}

export interface AttributeRecord {
  readonly span: Span;
  readonly name: string;
  /** AttributeProto.AttributeType; inferred from the populated field when the file (IR < 2) does not say. */
  readonly type: number;
  /** In a function body: the function's attribute that it takes its value from. */
  readonly refersTo: string;
  readonly f: number | undefined;
  /** Beyond 2^53 the nearest number. */
  readonly i: number | undefined;
  /** `undefined` too when it is longer than 1 MiB (an embedded blob); lists when longer than 65 536. */
  readonly s: string | undefined;
  readonly floats: readonly number[] | undefined;
  readonly ints: readonly number[] | undefined;
  readonly strings: readonly string[] | undefined;
  readonly tensor: TensorRecord | undefined;
  readonly sparse: boolean;
  readonly graphs: readonly GraphRecord[];
}

export interface TensorRecord {
  readonly span: Span;
  readonly name: string;
  /** TensorProto.DataType. */
  readonly dataType: number;
  readonly dims: readonly number[];
  /**
   * Where its values stand, in file order; raw_data is one piece. Packed and unpacked fields both occur: a packed piece
   * is the bare values, an unpacked one a run of elements each with its tag (and strings with their length).
   */
  readonly payload: readonly { readonly field: 'raw' | 'float' | 'int32' | 'string' | 'int64' | 'double' | 'uint64'; readonly start: number; readonly end: number; readonly packed: boolean }[];
  readonly external: ReadonlyMap<string, string> | undefined;
}

export interface ValueInfoRecord {
  readonly span: Span;
  readonly name: string;
  /** Element type (TensorProto.DataType) and shape of a tensor; `undefined` for other types and where absent. */
  readonly elementType: number | undefined;
  readonly shape: readonly (number | string | undefined)[] | undefined;
  /** 'tensor' | 'sparse-tensor' | 'sequence' | 'optional' | 'map' | 'opaque' | undefined. */
  readonly type: 'tensor' | 'sparse-tensor' | 'sequence' | 'optional' | 'map' | 'opaque' | undefined;
}
