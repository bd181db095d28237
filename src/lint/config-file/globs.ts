/** Globs of configuration files. */
import path from 'node:path';
import picomatch from 'picomatch';
import type { Globs } from './types.js';

export type Matcher = (name: string) => boolean;

const listOf = (globs: Globs): readonly string[] => (typeof globs === 'string' ? [globs] : globs);

/**
 * Matches absolute paths against globs relative to `folder`. A glob without a slash matches in every folder, and one
 * that matches a folder matches everything in it.
 */
export function fileMatcher(globs: Globs, folder: string): Matcher {
  const patterns = listOf(globs).map((glob) => glob.replace(/^\.\//, '').replace(/\/$/, '')).flatMap((glob) => {
    const anywhere = glob.includes('/') ? glob.replace(/^\//, '') : `**/${glob}`;
    return [anywhere, `${anywhere}/**`];
  });
  const matches = picomatch(patterns, { dot: true });
  return (file) => {
    const relative = path.relative(folder, file).split(path.sep).join('/');
    return !relative.startsWith('../') && matches(relative);
  };
}

/** Matches the names of nodes and layers: `*` ends at a slash, `**` does not. */
export function nodeMatcher(globs: Globs): Matcher {
  return picomatch([...listOf(globs)], { dot: true });
}
