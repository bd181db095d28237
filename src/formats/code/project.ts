/** Other files of a project, for the command line: helpers that add layers may stand in another file. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { ts } from 'ts-morph';
import type { ModuleResolver } from './interpret/machine.js';
import { extensionOf, parseScript } from './syntax.js';

const WITHOUT_CONFIGURATION: ts.CompilerOptions = { moduleResolution: ts.ModuleResolutionKind.Bundler, module: ts.ModuleKind.ESNext, allowJs: true };

/**
 * Resolves modules as TypeScript does, by the tsconfig.json nearest to the importing file (paths and base URL included)
 * or without one. Packages stay unknown: only the project's own files are read.
 */
export function projectResolver(): ModuleResolver {
  const optionsByFolder = new Map<string, ts.CompilerOptions>();
  const sources = new Map<string, ts.SourceFile | undefined>();

  function optionsFor(file: string): ts.CompilerOptions {
    const folder = path.dirname(path.resolve(file));
    let options = optionsByFolder.get(folder);
    if (!options) {
      const config = ts.findConfigFile(folder, ts.sys.fileExists);
      const { config: json } = config ? ts.readConfigFile(config, ts.sys.readFile) : { config: undefined };
      const given = config && json ? ts.parseJsonConfigFileContent(json, { ...ts.sys, readDirectory: () => [] }, path.dirname(config)).options : WITHOUT_CONFIGURATION;
      optionsByFolder.set(folder, (options = { ...given, allowJs: true }));
    }
    return options;
  }

  function read(file: string): ts.SourceFile | undefined {
    if (!sources.has(file)) {
      let source: ts.SourceFile | undefined;
      try {
        source = parseScript(file, readFileSync(file, 'utf8'), extensionOf(file));
      } catch {
        // A file that cannot be read is a module of which nothing is known.
      }
      sources.set(file, source);
    }
    return sources.get(file);
  }

  return (specifier, from) => {
    const { resolvedModule } = ts.resolveModuleName(specifier, path.resolve(from), optionsFor(from), ts.sys);
    if (!resolvedModule || resolvedModule.isExternalLibraryImport || resolvedModule.extension === ts.Extension.Dts) return undefined;
    return read(resolvedModule.resolvedFileName);
  };
}
