/** What a format must offer: a document that gives graphs and turns edits into splices of its own bytes or characters. */
import type { Edit } from '../graph/edits.js';
import type { WeightReference } from '../graph/compare.js';
import type { Graph } from '../graph/graph.js';
import type { Layer } from '../graph/layers.js';
import type { ByteSource } from './onnx/wire/source.js';

/** Replaces `[start, end)` of the document. Splices of one fix never overlap. */
export interface Splice<Text> {
  readonly start: number;
  readonly end: number;
  readonly replacement: Text;
}

/**
 * One architecture. A graph file has one variant; code with branches and loops has one for each path through it, and
 * a finding counts only if it holds in every variant that contains its layer.
 */
export interface Model {
  readonly name: string;
  /** For each variant: the model's graph first, then its subgraphs and functions. */
  readonly variants: readonly (readonly Graph[])[];
}

/** What became of each fix of a `lower` call. */
export interface Lowered<Text> {
  readonly splices: readonly Splice<Text>[];
  /** For each fix in order: `undefined` when it is in the splices, else the reason why it is not. */
  readonly refusals: readonly (string | undefined)[];
}

export interface Document<Text = Uint8Array | string> {
  readonly file: string;
  readonly format: 'onnx' | 'code' | 'topology';
  readonly models: readonly Model[];
  /** Turns fixes (each a list of edits: all or none) into splices. Never throws for what cannot be realised: it refuses. */
  lower(fixes: readonly (readonly Edit[])[]): Lowered<Text>;
  /** The document as it would be with the splices applied; nothing is written. */
  withSplices(splices: readonly Splice<Text>[]): Document<Text>;
  /** Files beside the document that it refers to by relative path (ONNX external data): it must not move without them. */
  readonly externalFiles?: readonly string[];
  /** Absolute paths of other files that were read to understand it. */
  readonly dependencies?: readonly string[];
  /** The same document in a version of its format in which dropouts have a switch, or the reason why there is none; absent where there is but one. */
  raised?(): Document<Text> | string;
  /** The weights of one of its layers; absent where the format has none. */
  weightsOf?(layer: Layer): readonly WeightReference[];
}

/** A document of bytes. */
export interface BinaryDocument extends Document<Uint8Array> {
  /** Its whole content as it is now, splices included. */
  readonly source: ByteSource;
}

/** A document of characters: source code, a JSON configuration. */
export interface TextDocument extends Document<string> {
  readonly text: string;
}

/** A file that cannot be read as what it claims to be. `place` says where: a byte offset, a path, line and column. */
export class UnreadableError extends Error {
  constructor(readonly file: string, readonly reason: string, readonly place?: string) {
    super(`${file}${place ? ` (${place})` : ''}: ${reason}`);
    this.name = 'UnreadableError';
  }
}
