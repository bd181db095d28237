import { randomUUID } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import type { ByteSource } from './source.js';

const CHUNK = 1 << 22;
const MAX_LINKS = 40;

/**
 * Streams a source into a file. At every moment the target is the old file or the whole new one: a temporary file in
 * its folder is written, synced and renamed over it. Keeps mode (and owner, where allowed) of an existing target; a
 * symbolic link stays and its target is replaced. Throws what `fs` throws (a read-only target too), and leaves nothing
 * behind then.
 */
export function writeSource(source: ByteSource, file: string): void {
  const target = resolveLinks(file);
  const previous = fs.statSync(target, { throwIfNoEntry: false });
  if (previous && !previous.isFile()) throw new Error(`${file} is not a regular file`);
  // Renaming over it would not ask.
  if (previous) fs.accessSync(target, fs.constants.W_OK);
  const temporary = path.join(path.dirname(target), `.${path.basename(target).slice(0, 100)}.${randomUUID()}.tmp`);
  const descriptor = fs.openSync(temporary, 'wx', previous ? previous.mode & 0o777 : 0o666);
  try {
    try {
      for (let position = 0; position < source.size; position += CHUNK) {
        writeAll(descriptor, source.read(position, Math.min(source.size, position + CHUNK)));
      }
      if (previous) takeOver(descriptor, previous);
      fs.fsyncSync(descriptor);
    } finally {
      fs.closeSync(descriptor);
    }
    fs.renameSync(temporary, target);
  } catch (error) {
    fs.rmSync(temporary, { force: true });
    throw error;
  }
  syncFolder(path.dirname(target));
}

function writeAll(descriptor: number, bytes: Uint8Array): void {
  for (let written = 0; written < bytes.length; ) written += fs.writeSync(descriptor, bytes, written);
}

function takeOver(descriptor: number, previous: fs.Stats): void {
  const own = fs.fstatSync(descriptor);
  if (own.uid !== previous.uid || own.gid !== previous.gid) {
    try {
      fs.fchownSync(descriptor, previous.uid, previous.gid);
    } catch {
      // Only root may give files away; the new file is ours then, as with any editor.
    }
  }
  // After chown, which clears set-id bits; and against the umask.
  fs.fchmodSync(descriptor, previous.mode & 0o7777);
}

/** The file behind symbolic links, which need not exist yet. */
function resolveLinks(file: string): string {
  let target = path.resolve(file);
  for (let links = 0; links < MAX_LINKS; links++) {
    if (!fs.lstatSync(target, { throwIfNoEntry: false })?.isSymbolicLink()) return target;
    // The link's own folder may be reached through links; `..` counts from where it really is.
    target = path.resolve(fs.realpathSync(path.dirname(target)), fs.readlinkSync(target));
  }
  throw new Error(`${file}: too many levels of symbolic links`);
}

/** Makes the rename itself durable; not every platform can. */
function syncFolder(folder: string): void {
  try {
    const descriptor = fs.openSync(folder, 'r');
    try {
      fs.fsyncSync(descriptor);
    } finally {
      fs.closeSync(descriptor);
    }
  } catch {
    // The new file is complete either way.
  }
}
