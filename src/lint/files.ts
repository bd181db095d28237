/** From what the user names to files: files are taken as they are, folders are searched, globs are expanded. */
import { statSync } from 'node:fs';
import path from 'node:path';
import { glob, isDynamicPattern } from 'tinyglobby';
import { extensions, formatOf } from '../formats/registry.js';
import { ConfigurationError } from './configuration-error.js';

/** What is never looked into; a folder that the user names is searched nevertheless. */
const IGNORED = ['**/node_modules/**', '**/.*/**'];

/**
 * Absolute paths, each once: in the order of the arguments, sorted within one. Throws `ConfigurationError` for an
 * argument that names nothing; a file of an unknown kind that is named explicitly is returned, for its reader to refuse.
 */
export async function findFiles(patterns: readonly string[], cwd = process.cwd()): Promise<readonly string[]> {
  const found = new Set<string>();
  for (const pattern of patterns.length > 0 ? patterns : ['.']) {
    for (const file of await expand(pattern, cwd)) found.add(file);
  }
  return [...found];
}

async function expand(pattern: string, cwd: string): Promise<readonly string[]> {
  const absolute = path.resolve(cwd, pattern);
  const stats = statSync(absolute, { throwIfNoEntry: false });
  if (stats && !stats.isDirectory()) return [absolute];
  if (!stats && !isDynamicPattern(pattern)) throw new ConfigurationError(`No such file or folder: ${pattern}`);
  const files = stats
    ? await glob(extensions.map((extension) => `**/*${extension}`), { cwd: absolute, absolute: true, ignore: IGNORED, caseSensitiveMatch: false, expandDirectories: false })
    : await glob(pattern, { cwd, absolute: true, ignore: IGNORED, expandDirectories: false });
  const known = files.filter(formatOf).map(path.normalize).sort();
  if (known.length === 0) throw new ConfigurationError(`${stats ? `No models in ${pattern}` : `Nothing matches ${pattern}`} (droplint reads ${extensions.join(', ')}).`);
  return known;
}
