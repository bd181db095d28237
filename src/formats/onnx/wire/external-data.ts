import path from 'node:path';
import { FileSource } from './sources.js';

/** An opened file of external data and the range of a tensor in it; the caller closes it. */
export interface ExternalData {
  readonly source: FileSource;
  readonly start: number;
  readonly end: number;
}

/**
 * Opens what `external_data` names: `location` relative to the model's folder, `offset` (default 0) and `length`
 * (default: the rest), in bytes. `undefined` where the file is missing or too short, and for a location that is
 * absolute or leaves the folder: a model must not make a reader look at other files.
 */
export function openExternal(modelFile: string, entries: ReadonlyMap<string, string>): ExternalData | undefined {
  const file = externalPath(modelFile, entries.get('location') ?? '');
  const offset = bytesOf(entries.get('offset') ?? '0');
  if (file === undefined || offset === undefined) return undefined;
  const source = open(file);
  if (!source) return undefined;
  const length = entries.has('length') ? bytesOf(entries.get('length')!) : source.size - offset;
  if (length === undefined || length < 0 || offset + length > source.size) {
    source.close();
    return undefined;
  }
  return { source, start: offset, end: offset + length };
}

/** Absolute path of a location; `undefined` where it leaves the model's folder. */
export function externalPath(modelFile: string, location: string): string | undefined {
  // Models of Windows are read elsewhere too, and the other way round: both kinds of separators and roots count.
  const parts = location.split(/[/\\]/);
  if (location === '' || location.includes('\0') || parts.includes('..') || path.posix.isAbsolute(location) || path.win32.isAbsolute(location) || /^[a-z]:/i.test(location)) return undefined;
  const folder = path.dirname(path.resolve(modelFile));
  const file = path.join(folder, ...parts);
  return file === folder ? undefined : file;
}

function bytesOf(text: string): number | undefined {
  const value = Number(text);
  return /^\d+$/.test(text) && Number.isSafeInteger(value) ? value : undefined;
}

function open(file: string): FileSource | undefined {
  try {
    return new FileSource(file);
  } catch {
    return undefined;
  }
}
