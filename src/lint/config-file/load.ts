/** Finds and loads configuration files, and what they extend. */
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { lilconfig, type AsyncSearcher, type Loader } from 'lilconfig';
import type { Preset } from '../../rule.js';
import type { ConfiguredMode, RuleSetting } from '../configuration.js';
import { ConfigurationError } from '../configuration-error.js';
import { PRESETS } from '../presets.js';
import { fileMatcher, type Matcher } from './globs.js';
import type { DroplintConfig, Extended, Globs, Settings } from './types.js';
import { validateConfig } from './validate.js';

/** In the order in which one folder is looked at. */
export const CONFIG_FILES = ['js', 'mjs', 'cjs', 'ts', 'mts', 'cts', 'json'].map((extension) => `droplint.config.${extension}`);

/** One statement of a configuration: for all files or some, for all nodes or some. */
export interface Layer {
  readonly applies: Matcher;
  readonly nodes?: Globs;
  readonly preset?: Preset;
  readonly mode?: ConfiguredMode;
  readonly rules?: Readonly<Record<string, RuleSetting>>;
}

export interface LoadedConfig {
  /** Absolute; the file itself first, then those that it extends. */
  readonly files: readonly string[];
  /** Later ones replace earlier ones. */
  readonly layers: readonly Layer[];
  readonly isIncluded: Matcher;
  readonly isIgnored: Matcher;
  readonly settings: Settings;
}

const NOWHERE: Matcher = () => false;
const EVERYWHERE: Matcher = () => true;
export const NO_CONFIG: LoadedConfig = { files: [], layers: [], isIncluded: EVERYWHERE, isIgnored: NOWHERE, settings: {} };

/** Loads each file once; what a folder's configuration is, is looked up once. */
export class ConfigLoader {
  readonly #search: AsyncSearcher;
  readonly #byFolder = new Map<string, Promise<LoadedConfig>>();
  readonly #byFile = new Map<string, Promise<LoadedConfig>>();

  /** `explicit`: the one file that holds for everything; `false`: none. */
  constructor(readonly explicit?: string | false) {
    const loaders = Object.fromEntries(CONFIG_FILES.map((name) => [path.extname(name), loaderOf(path.extname(name))]));
    this.#search = lilconfig('droplint', { searchPlaces: CONFIG_FILES, loaders, stopDir: path.parse(process.cwd()).root });
  }

  /** The nearest configuration at or above a folder. Throws `ConfigurationError`. */
  forFolder(folder: string): Promise<LoadedConfig> {
    if (this.explicit === false) return Promise.resolve(NO_CONFIG);
    if (this.explicit !== undefined) return this.load(path.resolve(this.explicit));
    let found = this.#byFolder.get(folder);
    if (!found) this.#byFolder.set(folder, (found = this.#find(folder)));
    return found;
  }

  async #find(folder: string): Promise<LoadedConfig> {
    const found = await this.#search.search(folder);
    return found ? this.load(found.filepath) : NO_CONFIG;
  }

  load(file: string): Promise<LoadedConfig> {
    let loaded = this.#byFile.get(file);
    if (!loaded) this.#byFile.set(file, (loaded = this.#load(file, [])));
    return loaded;
  }

  async #load(file: string, through: readonly string[]): Promise<LoadedConfig> {
    const shown = path.relative('', file);
    if (through.includes(file)) throw new ConfigurationError(`${shown} extends itself${through.length > 1 ? ` through ${path.relative('', through.at(-1) ?? '')}` : ''}.`);
    if (!existsSync(file)) throw new ConfigurationError(`There is no configuration file ${shown}.`);
    if (!CONFIG_FILES.some((name) => path.extname(name) === path.extname(file))) throw new ConfigurationError(`${shown} is not a configuration file (${[...new Set(CONFIG_FILES.map((name) => path.extname(name)))].join(', ')}).`);
    const found = await this.#search.load(file);
    if (!found || found.isEmpty) throw new ConfigurationError(`${shown} is empty.`);
    const own = await this.#flatten(validateConfig(found.config, shown), path.dirname(file), [...through, file]);
    return { ...own, files: [file, ...own.files] };
  }

  async #flatten(config: DroplintConfig, folder: string, through: readonly string[]): Promise<LoadedConfig> {
    const { extends: given = [], files, ignores, mode, rules, overrides = [], settings = {} } = config;
    const bases: LoadedConfig[] = [];
    for (const each of Array.isArray(given) ? (given as readonly Extended[]) : [given as Extended]) bases.push(await this.#extended(each, folder, through));
    const own: Layer[] = [
      { applies: EVERYWHERE, ...(mode && { mode }), ...(rules && { rules }) },
      ...overrides.map(({ files: some, ignores: except, nodes, extends: preset, mode: its, rules: theirs }): Layer => {
        const [is, isNot] = [some === undefined ? EVERYWHERE : fileMatcher(some, folder), except === undefined ? NOWHERE : fileMatcher(except, folder)];
        return { applies: (file) => is(file) && !isNot(file), ...(nodes !== undefined && { nodes }), ...(preset && { preset }), ...(its && { mode: its }), ...(theirs && { rules: theirs }) };
      }),
    ];
    const ignored = [...bases.map((base) => base.isIgnored), ...(ignores === undefined ? [] : [fileMatcher(ignores, folder)])];
    return {
      files: bases.flatMap((base) => base.files),
      layers: [...bases.flatMap((base) => base.layers), ...own],
      isIncluded: files !== undefined ? fileMatcher(files, folder) : (bases.findLast((base) => base.isIncluded !== EVERYWHERE)?.isIncluded ?? EVERYWHERE),
      isIgnored: ignored.length === 0 ? NOWHERE : (file) => ignored.some((isIgnored) => isIgnored(file)),
      settings: Object.assign({}, ...bases.map((base) => base.settings), located(settings, folder)) as Settings,
    };
  }

  #extended(extended: Extended, folder: string, through: readonly string[]): Promise<LoadedConfig> | LoadedConfig {
    if (typeof extended !== 'string') return this.#flatten(extended, folder, through);
    const preset = PRESETS.find((each) => each === extended);
    if (preset) return { ...NO_CONFIG, layers: [{ applies: EVERYWHERE, preset }] };
    if (!/^\.{0,2}[/\\]/.test(extended)) throw new ConfigurationError(`${path.relative('', through.at(-1) ?? folder)}: extends "${extended}" is neither a preset (${PRESETS.join(', ')}) nor a path (./…).`);
    return this.#load(path.resolve(folder, extended), through);
  }
}

/** Paths of settings are relative to their file. */
function located({ baseline, cacheLocation, ...others }: Settings, folder: string): Settings {
  return { ...others, ...(baseline !== undefined && { baseline: path.resolve(folder, baseline) }), ...(cacheLocation !== undefined && { cacheLocation: path.resolve(folder, cacheLocation) }) };
}

/** What goes wrong in a configuration file is its author's to read. */
function loaderOf(extension: string): Loader {
  const load = readerOf(extension);
  return async (file, content) => {
    try {
      return (await load(file, content)) as unknown;
    } catch (error) {
      throw new ConfigurationError(`${path.relative('', file)} cannot be loaded: ${error instanceof Error ? error.message : String(error)}`);
    }
  };
}

function readerOf(extension: string): (file: string, content: string) => unknown {
  if (extension === '.json') return (_, content) => JSON.parse(content) as unknown;
  if (extension.endsWith('ts')) return async (file) => (await typescriptLoader()).import(file, { default: true });
  if (extension === '.cjs') return (file) => createRequire(file)(file) as unknown;
  return async (file) => ((await import(pathToFileURL(file).href)) as { default: unknown }).default;
}

/** Node 20 does not read TypeScript. */
async function typescriptLoader(): Promise<{ import(file: string, options: { default: true }): Promise<unknown> }> {
  const { createJiti } = await import('jiti');
  return createJiti(import.meta.url);
}
