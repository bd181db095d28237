/** An ONNX file as a document: architecture graphs out, edits in, everything else untouched. */
import type { WeightReference } from '../../graph/compare.js';
import type { Edit } from '../../graph/edits.js';
import type { DropoutLayer, DropoutUnit, Layer } from '../../graph/layers.js';
import type { BinaryDocument, Lowered, Model, Splice } from '../document.js';
import { externalFilesOf } from './external-files.js';
import { lift } from './lift/lift.js';
import type { Lifted } from './lift/lift.js';
import type { Draw } from './lift/recurrent-dropouts.js';
import { lower } from './lower/lower.js';
import { RAISED_TO } from './lift/opset-changes.js';
import { raiseOpset } from './lower/raise-opset.js';
import { readModel } from './wire/read-model.js';
import type { FunctionRecord, GraphRecord, ModelRecord, NodeRecord } from './wire/records.js';
import type { ByteSource } from './wire/source.js';
import { BufferSource, FileSource, SplicedSource } from './wire/sources.js';
import { weightsAt } from './weights.js';

/** A dropout of any form, as the nodes that make it up. */
export interface RecognisedDropout {
  readonly body: GraphRecord | FunctionRecord;
  /** In the body's order. */
  readonly nodes: readonly NodeRecord[];
  /** Names of what it drops and of the result. */
  readonly input: string;
  readonly output: string;
  readonly mask: string | undefined;
  readonly rate: number | undefined;
  readonly unit: DropoutUnit;
  readonly form: 'operator' | 'decomposed';
  /** Survivors are scaled by 1/(1 − p); otherwise the result is multiplied by 1 − p at inference. */
  readonly inverted: boolean;
  /** TensorProto.DataType of what it drops. */
  readonly dataType: number | undefined;
  readonly law: DropoutLayer['law'];
  /** The value that switches it on, where it is a variant that has a switch of its own. */
  readonly trainingMode?: string;
  /** Of a unit `channel`: the axis of the channels. */
  readonly channelAxis: 1 | -1;
  /** Of a unit `time`: the axis of the steps, where that is not the second. */
  readonly timeAxis?: number;
  /** In the body of a loop: the Dropout outside that draws its mask. */
  readonly drawn?: Pick<RecognisedDropout, 'body' | 'nodes' | 'input' | 'output'>;
}

export class OnnxDocument implements BinaryDocument {
  readonly format = 'onnx';
  #lifted: Lifted | undefined;

  constructor(readonly file: string, readonly record: ModelRecord) {}

  get #graphs(): Lifted {
    return (this.#lifted ??= lift(this.record));
  }

  get models(): readonly Model[] {
    return [{ name: this.record.graph.name, variants: [this.#graphs.graphs] }];
  }

  get source(): ByteSource {
    return this.record.source;
  }

  get externalFiles(): readonly string[] {
    return externalFilesOf(this.record);
  }

  dropouts(): readonly RecognisedDropout[] {
    return this.#graphs.dropouts.map(({ body, pattern }) => ({
      body: body.record,
      nodes: pattern.nodes,
      input: pattern.input,
      output: pattern.output,
      mask: pattern.facts.mask,
      rate: pattern.facts.rate,
      unit: pattern.facts.unit,
      channelAxis: pattern.facts.channelAxis,
      form: pattern.facts.form,
      inverted: pattern.facts.inverted,
      dataType: body.tensor(pattern.input).dataType,
      law: pattern.facts.law,
      ...(pattern.facts.trainingMode !== undefined && { trainingMode: pattern.facts.trainingMode }),
      ...(pattern.facts.timeAxis !== undefined && { timeAxis: pattern.facts.timeAxis }),
      ...(pattern.facts.draw && { drawn: drawnAt(pattern.facts.draw) }),
    }));
  }

  weightsOf(layer: Layer): readonly WeightReference[] {
    const place = this.#graphs.places.get(layer);
    return place ? weightsAt(this.record, place) : [];
  }

  lower(fixes: readonly (readonly Edit[])[]): Lowered<Uint8Array> {
    return lower(this.record, this.#graphs, fixes);
  }

  /** The same model with an opset at which a Dropout has its rate and mode as operands, or the reason why there is none. */
  raised(): OnnxDocument | string {
    if ((this.record.opsets.get('') ?? 1) >= RAISED_TO) return this;
    const splices = raiseOpset(this.record);
    return typeof splices === 'string' ? splices : this.withSplices(splices);
  }

  withSplices(splices: readonly Splice<Uint8Array>[]): OnnxDocument {
    return OnnxDocument.from(this.file, new SplicedSource(this.record.source, splices));
  }

  /** Throws UnreadableError for what is no ONNX model. */
  static from(file: string, source: ByteSource): OnnxDocument {
    return new OnnxDocument(file, readModel(file, source));
  }
}

const drawnAt = ({ body, node }: Draw): RecognisedDropout['drawn'] => ({ body: body.record, nodes: [node], input: node.inputs[0], output: node.outputs[0] });

/** Reads a file's structure; its weights stay on disk. Throws UnreadableError. */
export const readOnnx = (file: string): OnnxDocument => OnnxDocument.from(file, new FileSource(file));

/** The same for bytes in memory; `file` names them in messages. */
export const readOnnxBytes = (bytes: Uint8Array, file = 'model.onnx'): OnnxDocument => OnnxDocument.from(file, new BufferSource(bytes, file));
