/** From what the user names to files: files are taken as they are, folders are searched, globs are expanded. */
import { statSync } from 'node:fs';
import path from 'node:path';
import { glob, isDynamicPattern } from 'tinyglobby';
import { extensions, isSearched } from '../formats/registry.js';
import { ConfigurationError } from './configuration-error.js';
import { IGNORE_FILE, IgnoreFiles } from './ignore-files.js';
import type { LoadedConfig } from './config-file/load.js';

/** What is never looked into, and droplint's own configuration; a folder that the user names is searched nevertheless. */
const IGNORED = ['**/node_modules/**', '**/.*/**', '**/droplint.config.*'];

export interface FindOptions {
  readonly cwd?: string;
  /** `false`: neither ignore files nor `ignores` count. */
  readonly ignore?: boolean;
  /** The configuration of a folder. */
  readonly configFor?: (folder: string) => Promise<Pick<LoadedConfig, 'isIncluded' | 'isIgnored'>>;
  /** Only these count (`--changed`): absolute paths. */
  readonly among?: ReadonlySet<string>;
}

export interface FoundFiles {
  /** Absolute paths, each once: in the order of the arguments, sorted within one. */
  readonly files: readonly string[];
  /** Named files that are not to be linted, and who says so. */
  readonly ignored: ReadonlyMap<string, string>;
}

/**
 * Throws `ConfigurationError` for an argument that names nothing; a file of an unknown kind that is named explicitly is
 * returned, for its reader to refuse.
 */
export async function findFiles(patterns: readonly string[], options: FindOptions = {}): Promise<FoundFiles> {
  const finder = new Finder(options);
  for (const pattern of patterns.length > 0 ? patterns : ['.']) await finder.expand(pattern);
  return finder;
}

class Finder implements FoundFiles {
  readonly #files = new Set<string>();
  readonly ignored = new Map<string, string>();
  readonly #cwd: string;
  readonly #own = new IgnoreFiles(IGNORE_FILE);

  constructor(readonly options: FindOptions) {
    this.#cwd = options.cwd ?? process.cwd();
  }

  get files(): readonly string[] {
    return [...this.#files];
  }

  async expand(pattern: string): Promise<void> {
    const absolute = path.resolve(this.#cwd, pattern);
    const stats = statSync(absolute, { throwIfNoEntry: false });
    if (stats && !stats.isDirectory()) return this.#addNamed(absolute);
    if (!stats && !isDynamicPattern(pattern)) throw new ConfigurationError(`No such file or folder: ${pattern}`);
    await this.#addSearched(pattern, stats ? absolute : undefined);
  }

  /** Git's ignore files say nothing of what is named. */
  async #addNamed(file: string): Promise<void> {
    if (this.options.among && !this.options.among.has(file)) return;
    const ignoredBy = await this.#ignoredBy(file);
    if (ignoredBy) this.ignored.set(file, ignoredBy);
    else this.#files.add(file);
  }

  async #addSearched(pattern: string, folder: string | undefined): Promise<void> {
    const searched = folder !== undefined
      ? await glob(extensions.map((extension) => `**/*${extension}`), { cwd: folder, absolute: true, ignore: IGNORED, caseSensitiveMatch: false, expandDirectories: false })
      : await glob(pattern, { cwd: this.#cwd, absolute: true, ignore: IGNORED, expandDirectories: false });
    const known = searched.map(path.normalize).sort();
    const found = this.options.among ? known.filter((file) => this.options.among!.has(file)) : known;
    const kept = (await this.#kept(found, folder)).filter(isSearched);
    for (const file of kept) this.#files.add(file);
    if (kept.length > 0 || this.options.among) return;
    const hint = found.length > 0 ? ` that are not ignored; --no-ignore lints ${found.length === 1 ? 'the one' : `the ${found.length}`} that ${found.length === 1 ? 'is' : 'are'}` : '';
    throw new ConfigurationError(`${folder !== undefined ? `No models in ${pattern}` : `Nothing matches ${pattern}`}${hint} (droplint reads ${extensions.join(', ')}).`);
  }

  async #kept(files: readonly string[], folder: string | undefined): Promise<readonly string[]> {
    if (this.options.ignore === false) return files;
    const git = folder !== undefined && new IgnoreFiles('.gitignore').isIgnored(folder, true) ? new IgnoreFiles('.gitignore', folder) : new IgnoreFiles('.gitignore');
    const kept: string[] = [];
    for (const file of files) {
      const config = await this.options.configFor?.(path.dirname(file));
      if (!git.isIgnored(file) && (config?.isIncluded(file) ?? true) && !(await this.#ignoredBy(file))) kept.push(file);
    }
    return kept;
  }

  async #ignoredBy(file: string): Promise<string | undefined> {
    if (this.options.ignore === false) return undefined;
    if (this.#own.isIgnored(file)) return IGNORE_FILE;
    const config = await this.options.configFor?.(path.dirname(file));
    return config?.isIgnored(file) ? 'ignores of the configuration' : undefined;
  }
}
