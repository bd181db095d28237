/** What a configuration file may say. */
import type { FixClass } from '../../graph/edits.js';
import type { Level, Preset } from '../../rule.js';
import type { ConfiguredMode, RuleSetting } from '../configuration.js';

/** One glob or several, relative to the configuration file; one without a slash matches in every folder. */
export type Globs = string | readonly string[];

/** A preset, the path of another configuration file (relative to this one), or a configuration. */
export type Extended = Preset | (string & {}) | DroplintConfig;

export interface DroplintConfig {
  /** For editors. */
  readonly $schema?: string;
  /** Later ones replace earlier ones, and what stands beside `extends` replaces them all. */
  readonly extends?: Extended | readonly Extended[];
  /** What folders are searched for; everything that droplint reads by default. */
  readonly files?: Globs;
  /** What is never linted, even when it is named. */
  readonly ignores?: Globs;
  /** What the graphs are for. Default `auto`: training where the graph says so. */
  readonly mode?: ConfiguredMode;
  readonly rules?: Readonly<Record<string, RuleSetting>>;
  /** For some files, or some nodes of their graphs; later ones replace earlier ones. */
  readonly overrides?: readonly Override[];
  /** Defaults of command-line options. */
  readonly settings?: Settings;
}

export interface Override {
  readonly files?: Globs;
  readonly ignores?: Globs;
  /**
   * Globs of node and layer names, such as `/encoder/**`. `*` ends at a slash, `**` does not. Rules are given levels
   * only: their options belong to the whole graph.
   */
  readonly nodes?: Globs;
  readonly extends?: Preset;
  readonly mode?: ConfiguredMode;
  readonly rules?: Readonly<Record<string, RuleSetting>>;
}

/** Defaults of the command-line options of the same names. */
export interface Settings {
  readonly baseline?: string;
  readonly cache?: boolean;
  readonly cacheLocation?: string;
  readonly cacheStrategy?: 'content' | 'metadata';
  readonly concurrency?: number | 'auto';
  readonly fixClass?: Exclude<FixClass, 'suggestion'>;
  readonly fixLevel?: Exclude<Level, 'off'>;
  readonly format?: string | readonly string[];
  readonly maxWarnings?: number;
}

/** Gives a configuration its types; the identity function. */
export function defineConfig(config: DroplintConfig): DroplintConfig {
  return config;
}
