import type { Layer, LayerKind, LayerOf, Value } from './layers.js';

/** What a graph is to the file: the model itself, or a part whose end is not the end of the model. */
export type GraphRole = 'model' | 'branch' | 'loop' | 'function' | 'fragment';

/** A DAG of layers joined by values. Subgraphs, local functions and nested models are graphs of their own with a parent. */
export interface Graph {
  /** `graph`, `graph:node[3]:then_branch`, `function:domain.name`; the model's variable in code. */
  readonly path: string;
  readonly name: string;
  readonly role: GraphRole;
  readonly parent: Graph | undefined;
  readonly inputs: readonly Value[];
  readonly outputs: readonly Value[];
  /** Bodies of Loop and Scan: what a step reads of the one before, and what it leaves for the next. */
  readonly carried?: readonly { readonly input: Value; readonly output: Value }[];
  /** In topological order. */
  readonly layers: readonly Layer[];
  layersOf<K extends LayerKind>(kind: K): readonly LayerOf<K>[];
  /** What in the graph says that it is being trained (a live dropout, a training-mode BatchNorm, a loss); empty if nothing does. */
  readonly trainingEvidence: readonly string[];
  /**
   * Trainable parameters, subgraphs and functions included; `undefined` if a layer's count is unknown.
   */
  readonly parameters: number | undefined;
  /** Names and values of metadata that stand in the document (graph and model level). */
  readonly metadata: ReadonlyMap<string, string>;
  /** A property of the document that rules.md's `mode: auto` counts as training: true for source code. */
  readonly isSource: boolean;
  /** The regression losses, or other losses, that the document names (code: `compile({ loss })`). */
  readonly losses: readonly string[];
}

/** A graph under construction: what formats fill. */
export class GraphBuilder implements Graph {
  readonly inputs: Value[] = [];
  readonly outputs: Value[] = [];
  readonly carried: { readonly input: Value; readonly output: Value }[] = [];
  readonly layers: Layer[] = [];
  readonly trainingEvidence: string[] = [];
  readonly metadata = new Map<string, string>();
  readonly losses: string[] = [];
  parameters: number | undefined = 0;
  #byKind: Map<LayerKind, Layer[]> | undefined;

  constructor(
    readonly path: string,
    readonly name: string,
    public role: GraphRole,
    readonly parent: Graph | undefined = undefined,
    readonly isSource = false,
  ) {}

  layersOf<K extends LayerKind>(kind: K): readonly LayerOf<K>[] {
    if (!this.#byKind) {
      this.#byKind = new Map();
      for (const layer of this.layers) {
        const list = this.#byKind.get(layer.kind);
        if (list) list.push(layer);
        else this.#byKind.set(layer.kind, [layer]);
      }
    }
    return (this.#byKind.get(kind) ?? []) as LayerOf<K>[];
  }

  /** Adds a layer and enters it at its operands and results. `reads` are operands beyond `inputs` (a dropped weight). */
  add<L extends Layer>(layer: L, reads: readonly Value[] = []): L {
    this.layers.push(layer);
    this.#byKind = undefined;
    for (const value of layer.inputs) value.consumers.push(layer);
    for (const value of reads) value.consumers.push(layer);
    for (const value of layer.outputs) value.producer = layer;
    return layer;
  }
}

export function createValue(name: string, facts: Partial<Omit<Value, 'name' | 'consumers'>> = {}): Value {
  return {
    name,
    shape: undefined,
    elementType: undefined,
    constant: undefined,
    producer: undefined,
    consumers: [],
    isGraphInput: false,
    isGraphOutput: false,
    captured: false,
    ...facts,
  };
}
