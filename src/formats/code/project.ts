/** Helpers in other files of a project, for the command line: modules are resolved as the nearest tsconfig says. */
import { readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import type { ts as TS } from 'ts-morph';
import { loadTypeScript, ts } from './typescript.js';
import { mayContainModel } from './gate.js';
import type { ModuleResolver } from './interpret/machine.js';
import { extensionOf, parseScript } from './syntax.js';

const defaults = (): TS.CompilerOptions => ({ allowJs: true, moduleResolution: ts.ModuleResolutionKind.Bundler, module: ts.ModuleKind.ESNext, target: ts.ScriptTarget.ESNext });

/**
 * A resolver for `readCode({ resolve })`. Local files are found through relative specifiers and the `paths` of the nearest
 * tsconfig.json or jsconfig.json; packages, declaration files and files without model code give nothing. Each file is
 * parsed once for each state that it is in.
 */
export function projectResolver(): ModuleResolver {
  loadTypeScript();
  const options = new Map<string, TS.CompilerOptions>();
  const sources = new Map<string, { readonly stamp: string; readonly source: TS.SourceFile | undefined }>();
  const optionsFor = (folder: string): TS.CompilerOptions => {
    let found = options.get(folder);
    if (!found) options.set(folder, (found = { ...compilerOptions(folder), allowJs: true }));
    return found;
  };
  return (specifier, from) => {
    const { resolvedModule } = ts.resolveModuleName(specifier, from, optionsFor(path.dirname(from)), ts.sys);
    if (!resolvedModule || resolvedModule.isExternalLibraryImport || resolvedModule.resolvedFileName.endsWith('.d.ts')) return undefined;
    const file = resolvedModule.resolvedFileName;
    const stamp = stampOf(file);
    let known = sources.get(file);
    if (known?.stamp !== stamp) sources.set(file, (known = { stamp, source: sourceOf(file) }));
    return known.source;
  };
}

/** A file may be fixed, or edited, while the resolver lives. */
function stampOf(file: string): string {
  const { size, mtimeMs } = statSync(file);
  return `${size} ${mtimeMs}`;
}

function sourceOf(file: string): TS.SourceFile | undefined {
  const extension = extensionOf(file);
  if (!/^[mc]?[jt]sx?$/.test(extension)) return undefined;
  const text = readFileSync(file, 'utf8');
  // A file of constants may matter to a model, too; a large one without model code does not.
  return mayContainModel(text) || text.length < 20_000 ? parseScript(file, text, extension) : undefined;
}

/** Of the nearest configuration file, `extends` included; the files that it lists are not looked for. */
function compilerOptions(folder: string): TS.CompilerOptions {
  const config = ts.findConfigFile(folder, ts.sys.fileExists) ?? ts.findConfigFile(folder, ts.sys.fileExists, 'jsconfig.json');
  if (!config) return defaults();
  const { config: json } = ts.readConfigFile(config, ts.sys.readFile);
  const host: TS.ParseConfigHost = { ...ts.sys, useCaseSensitiveFileNames: ts.sys.useCaseSensitiveFileNames, readDirectory: () => [] };
  return { ...defaults(), ...ts.parseJsonConfigFileContent(json ?? {}, host, path.dirname(config)).options };
}
