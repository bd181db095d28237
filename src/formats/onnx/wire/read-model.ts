import { UnreadableError } from '../../document.js';
import { Cursor } from './cursor.js';
import { MODEL } from './fields.js';
import { readFunction } from './read-function.js';
import { readGraph, type GraphDraft } from './read-graph.js';
import { readEntry, readOpset } from './read-values.js';
import type { FunctionRecord, ModelRecord } from './records.js';
import type { ByteSource } from './source.js';

/**
 * Indexes a binary ONNX model of any IR version. Reads its structure; tensor payloads are skipped by their length.
 * Throws UnreadableError for what is no ONNX model or is damaged, with the byte offset and the path of the message.
 */
export function readModel(file: string, source: ByteSource): ModelRecord {
  if (source.size === 0) throw new UnreadableError(file, 'the file is empty', 'byte 0');
  try {
    return readFields(file, source);
  } catch (error) {
    if (!(error instanceof UnreadableError)) throw error;
    const other = otherFormat(source.read(0, Math.min(source.size, HEAD)));
    throw other === undefined ? error : new UnreadableError(file, other, 'byte 0');
  }
}

function readFields(file: string, source: ByteSource): ModelRecord {
  const cursor = new Cursor(file, source);
  const { span } = cursor;
  const opsets = new Map<string, number>();
  const functions: FunctionRecord[] = [];
  const metadata = new Map<string, string>();
  let graph: GraphDraft | undefined;
  let irVersion = 0;
  let producer = '';
  let hasTrainingInfo = false;
  while (cursor.next()) {
    switch (cursor.key) {
      case MODEL.irVersion:
        irVersion = cursor.varint();
        break;
      case MODEL.producerName:
        producer = cursor.text() ?? '';
        break;
      case MODEL.graph:
        graph = readGraph(cursor, 'graph', undefined, graph);
        break;
      case MODEL.opsetImport:
        opsets.set(...readOpset(cursor));
        break;
      case MODEL.metadataProps:
        metadata.set(...readEntry(cursor, 'metadata_props'));
        break;
      case MODEL.trainingInfo:
        hasTrainingInfo = true;
        cursor.skip();
        break;
      case MODEL.functions:
        functions.push(readFunction(cursor, functions.length));
        break;
      default:
        cursor.skip(MODEL);
    }
  }
  if (!graph) return cursor.fail('not an ONNX model: it has no graph', 0);
  return { file, source, span, irVersion, producer, opsets, graph, functions, metadata, hasTrainingInfo };
}

const HEAD = 512;

/** What a file that is no readable ONNX model is instead, told by its first bytes. */
function otherFormat(head: Uint8Array): string | undefined {
  const text = Buffer.from(head).toString('latin1');
  if (text.startsWith('version https://git-lfs')) return 'a git-lfs pointer, not the model itself: run `git lfs pull`';
  if (/^\s*(ir_version|producer_name|graph|opset_import|domain|model_version)\s*[:{]/.test(text)) {
    return 'an ONNX model in protobuf text format: only the binary format is read';
  }
  if (/^\s*<\s*(ir_version|opset_import)/.test(text)) return "an ONNX model in onnx.parser's text format: only the binary format is read";
  if (text.startsWith('PK\x03\x04')) return 'a ZIP archive (a PyTorch checkpoint?), not an ONNX model';
  if (text.startsWith('\x1f\x8b')) return 'a gzip archive, not an ONNX model';
  if (text.startsWith('\x89HDF')) return 'an HDF5 file (Keras?), not an ONNX model';
  if (text.slice(4, 8) === 'ORTM') return "a model in onnxruntime's own format, not an ONNX model";
  if (text.slice(4, 8) === 'TFL3') return 'a TensorFlow Lite model, not an ONNX model';
  if (/^(\s*|<!doctype )[<{]/i.test(text) && isText(head)) return 'a text file (HTML, JSON?), not an ONNX model';
  return isText(head) ? 'a text file, not an ONNX model' : undefined;
}

/** UTF-8, perhaps cut off at the end, without control characters. */
function isText(head: Uint8Array): boolean {
  try {
    return !/[^\P{Cc}\s]/u.test(new TextDecoder('utf-8', { fatal: true }).decode(head, { stream: true }));
  } catch {
    return false;
  }
}
