/** Which files droplint reads, and how. A format's module is imported when the first file of it is read. */
import { readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { UnreadableError, type BinaryDocument, type Document, type TextDocument } from './document.js';
import type { ModuleResolver } from './code/interpret/machine.js';
import { CODE_EXTENSIONS, mayContainModel } from './code/gate.js';
import { BufferSource } from './onnx/wire/sources.js';
import { writeSource } from './onnx/wire/write-source.js';

export interface Format {
  readonly name: Document['format'];
  /** In lower case, with the dot. */
  readonly extensions: readonly string[];
  /** Of files with a common extension, those that a search of a folder takes; all of them where it is absent. */
  mayBe?(file: string): boolean;
  /** Throws `UnreadableError` for a file that is not what its extension says. */
  read(file: string): Promise<Document>;
}

export const formats: readonly Format[] = [
  { name: 'onnx', extensions: ['.onnx'], read: async (file) => (await import('./onnx/document.js')).readOnnx(file) as Document },
  { name: 'code', extensions: CODE_EXTENSIONS, read: async (file) => readCodeFile(file, readFileSync(file, 'utf8')) },
  {
    name: 'topology',
    extensions: ['.json'],
    // Most JSON is something else, and is not loaded for.
    mayBe: (file) => readFileSync(file, 'utf8').includes('"class_name"'),
    read: async (file) => (await import('./topology/document.js')).readTopology(file, readFileSync(file, 'utf8')) as Document,
  },
];

/** One for the run: files that several models import are read once. */
let resolver: ModuleResolver | undefined;

/** Parsing is for files that may hold a model; all others are documents without one. */
async function readCodeFile(file: string, text: string): Promise<Document> {
  if (mayContainModel(text)) {
    const [{ readCode }, { projectResolver }] = await Promise.all([import('./code/document.js'), import('./code/project.js')]);
    const find = (resolver ??= projectResolver());
    const dependencies = new Set<string>();
    const resolve: ModuleResolver = (specifier, from) => {
      const source = find(specifier, from);
      if (source) dependencies.add(path.resolve(source.fileName));
      return source;
    };
    const document = readCode(file, text, { resolve }) as Document;
    return Object.assign(document, { dependencies: [...dependencies] });
  }
  const document: TextDocument = { file, text, format: 'code', models: [], lower: (fixes) => ({ splices: [], refusals: fixes.map(() => 'there is no model in it') }), withSplices: () => document };
  return document as Document;
}

/** Every extension that a folder is searched for. */
export const extensions: readonly string[] = formats.flatMap((format) => format.extensions);

/** Whether a search of a folder takes the file. */
export const isSearched = (file: string): boolean => {
  const format = formatOf(file);
  return format !== undefined && (format.mayBe?.(file) ?? true);
};

export function formatOf(file: string): Format | undefined {
  const extension = path.extname(file).toLowerCase();
  return formats.find((format) => format.extensions.includes(extension));
}

/** Reads a file by its extension. Throws `UnreadableError` for one that does not exist or that no format claims. */
export async function readDocument(file: string): Promise<Document> {
  if (!statSync(file, { throwIfNoEntry: false })) throw new UnreadableError(file, 'no such file');
  const format = formatOf(file);
  if (!format) throw new UnreadableError(file, `not a file that droplint reads (it reads ${extensions.join(', ')})`);
  try {
    return await format.read(file);
  } catch (error) {
    if (error instanceof Error && 'syscall' in error) throw new UnreadableError(file, reasonOf(error));
    throw error;
  }
}

/** Writes a document whole or not at all, over itself or to another place. */
export function writeDocument(document: Document, file: string): void {
  writeSource('text' in document ? new BufferSource(Buffer.from((document as TextDocument).text)) : (document as Document as BinaryDocument).source, file);
}

/** What the operating system says of a file, for people. */
function reasonOf(error: Error): string {
  const code = 'code' in error ? String(error.code) : '';
  const reasons: Record<string, string> = { EACCES: 'no permission to read it', EISDIR: 'a folder, not a file', ENOENT: 'no such file' };
  return reasons[code] ?? error.message;
}
