/** What holds for one file: the layers of its configuration that apply, in their order, and the command line last. */
import type { Level, Preset } from '../../rule.js';
import type { Configuration, ConfiguredMode, RuleSetting } from '../configuration.js';
import type { Layer, LoadedConfig } from './load.js';

/** Levels for the nodes that the globs match. Plain data: it is sent to workers, and part of the key of the cache. */
export interface NodeLevels {
  readonly nodes: readonly string[];
  readonly rules: Readonly<Record<string, Level>>;
}

export interface FileConfiguration extends Configuration {
  readonly preset: Preset;
  readonly mode: ConfiguredMode;
  readonly rules: Readonly<Record<string, RuleSetting>>;
  /** Later ones replace earlier ones. */
  readonly nodes: readonly NodeLevels[];
}

export function resolveConfiguration(file: string, { layers }: Pick<LoadedConfig, 'layers'>, commandLine: Configuration = {}): FileConfiguration {
  let preset: Preset = 'recommended';
  let mode: ConfiguredMode = 'auto';
  const rules: Record<string, RuleSetting> = {};
  const nodes: NodeLevels[] = [];
  const applied: readonly Omit<Layer, 'applies'>[] = [...layers.filter(({ applies }) => applies(file)), commandLine];
  for (const layer of applied) {
    if (layer.nodes !== undefined) {
      const levels = Object.entries(layer.rules ?? {}).map(([id, setting]) => [id, levelOf(setting)] as const);
      nodes.push({ nodes: typeof layer.nodes === 'string' ? [layer.nodes] : layer.nodes, rules: Object.fromEntries(levels) });
      continue;
    }
    if (layer.preset) preset = layer.preset;
    if (layer.mode) mode = layer.mode;
    for (const [id, setting] of Object.entries(layer.rules ?? {})) rules[id] = merged(rules[id], setting);
  }
  return { preset, mode, rules, nodes };
}

const levelOf = (setting: RuleSetting): Level => (typeof setting === 'string' ? setting : setting[0]);

/** A level alone keeps the options that an earlier setting gave. */
function merged(earlier: RuleSetting | undefined, later: RuleSetting): RuleSetting {
  if (typeof later !== 'string' && later.length > 1) return later;
  const options = typeof earlier === 'object' ? earlier[1] : undefined;
  return options ? [levelOf(later), options] : levelOf(later);
}
