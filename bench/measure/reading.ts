/** Counts what linting reads of a file. */
import { lintDocument } from '../../src/lint/findings.js';
import { rulesFor } from '../../src/lint/configuration.js';
import { OnnxDocument } from '../../src/formats/onnx/document.js';
import type { ByteSource } from '../../src/formats/onnx/wire/source.js';
import { FileSource } from '../../src/formats/onnx/wire/sources.js';

class CountingSource implements ByteSource {
  bytes = 0;
  reads = 0;

  constructor(readonly source: ByteSource) {}

  get size(): number {
    return this.source.size;
  }

  read(start: number, end: number): Uint8Array {
    this.bytes += end - start;
    this.reads += 1;
    return this.source.read(start, end);
  }

  originOf: ByteSource['originOf'] = (start, end) => this.source.originOf(start, end);
}

/** Bytes and calls of reading when the file is linted with every rule. */
export function readingOf(file: string): { readonly bytes: number; readonly reads: number } {
  const source = new FileSource(file);
  const counting = new CountingSource(source);
  try {
    lintDocument(OnnxDocument.from(file, counting), { rules: rulesFor({ preset: 'strict' }), mode: 'training' });
  } finally {
    source.close();
  }
  return { bytes: counting.bytes, reads: counting.reads };
}
