/** `--print-config`: what holds for a file, and where it comes from. */
import path from 'node:path';
import type { ConfigLoader } from '../lint/config-file/load.js';
import { resolveConfiguration } from '../lint/config-file/resolve.js';
import { rulesFor, type Configuration } from '../lint/configuration.js';
import { ConfigurationError } from '../lint/configuration-error.js';

export async function printConfig(files: readonly string[], configs: ConfigLoader, commandLine: Configuration): Promise<number> {
  if (files.length !== 1) throw new ConfigurationError('--print-config takes one file: what is configured for it is printed.');
  const file = path.resolve(files[0]!);
  const loaded = await configs.forFolder(path.dirname(file));
  const configuration = resolveConfiguration(file, loaded, commandLine);
  const rules = rulesFor(configuration).map(({ rule, level, options }) => [rule.id, Object.keys(options).length > 0 ? [level, options] : level]);
  const { preset, mode, nodes } = configuration;
  console.log(JSON.stringify({
    file,
    configurationFiles: loaded.files,
    ignored: loaded.isIgnored(file),
    preset,
    mode,
    rules: Object.fromEntries(rules) as Record<string, unknown>,
    nodes,
    settings: loaded.settings,
  }, undefined, 2));
  return 0;
}
