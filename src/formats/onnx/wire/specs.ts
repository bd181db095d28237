/** What an edit adds to a model: new nodes, tensors, functions. Field meanings are those of onnx.proto. */

/** Values in row-major order, or the bytes of `raw_data` (little endian). */
export type TensorSpec = {
  readonly name?: string;
  /** TensorProto.DataType. */
  readonly dataType: number;
  readonly dims: readonly number[];
} & ({ readonly values: readonly number[] } | { readonly raw: Uint8Array });

/** `refersTo` (with the AttributeType) takes the value from an attribute of the enclosing function. */
export type AttributeSpec = { readonly name: string } & (
  | { readonly i: number }
  | { readonly f: number }
  | { readonly s: string }
  | { readonly ints: readonly number[] }
  | { readonly floats: readonly number[] }
  | { readonly strings: readonly string[] }
  | { readonly tensor: TensorSpec }
  | { readonly graph: GraphSpec }
  | { readonly refersTo: string; readonly type: number }
);

export interface NodeSpec {
  readonly opType: string;
  /** '' (or absent) is ai.onnx. */
  readonly domain?: string;
  readonly name?: string;
  /** '' is an absent optional input. */
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes?: readonly AttributeSpec[];
  /** metadata_props; IR version 10 and later. */
  readonly metadata?: Readonly<Record<string, string>>;
  readonly docString?: string;
}

/** A dimension: its extent, its symbolic name, or unknown. */
export type DimensionSpec = number | string | undefined;

export interface ValueInfoSpec {
  readonly name: string;
  /** TensorProto.DataType; absent leaves the type out. */
  readonly elementType?: number;
  /** Absent where even the rank is unknown. */
  readonly shape?: readonly DimensionSpec[];
}

/** A new subgraph: the body of a Loop, Scan or If. */
export interface GraphSpec {
  readonly name: string;
  readonly inputs: readonly ValueInfoSpec[];
  readonly outputs: readonly ValueInfoSpec[];
  readonly initializers?: readonly (TensorSpec & { readonly name: string })[];
  readonly nodes: readonly NodeSpec[];
}

/** A new model-local function; needs IR version 8. */
export interface FunctionSpec {
  readonly domain: string;
  readonly name: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  /** Names of required attributes, which nodes take up with `refersTo`. */
  readonly attributes?: readonly string[];
  /** Opset by domain, '' for ai.onnx: the function's own imports. */
  readonly opsets: Readonly<Record<string, number>>;
  readonly nodes: readonly NodeSpec[];
  readonly docString?: string;
}
