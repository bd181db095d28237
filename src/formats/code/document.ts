/** Model code as a document: source text → architecture graphs, edits → text splices. */
import type { ts } from 'ts-morph';
import type { Edit } from '../../graph/edits.js';
import type { Lowered, Model, Splice, TextDocument } from '../document.js';
import { commentsOf, type Comment } from './comments.js';
import { scriptIn } from './html.js';
import type { ModuleResolver } from './interpret/machine.js';
import { analyse } from './interpret/roots.js';
import { modelsOf } from './lift/models.js';
import { lowerCode } from './lower/lower.js';
import { applySplices } from './splices.js';
import { parseScript } from './syntax.js';

export interface CodeOptions {
  /** Gives other files of the project, so that helpers in them are followed; without it they are unknown. */
  readonly resolve?: ModuleResolver;
}

export class CodeDocument implements TextDocument {
  readonly format = 'code';
  readonly source: ts.SourceFile;
  readonly isTypeScript: boolean;
  /** Layers are addressed by their position somewhere in the file. */
  readonly indexesLayers: boolean;
  readonly models: readonly Model[];
  /** The other files that were read, by name. */
  readonly helpers = new Map<string, { readonly text: string; comments(): readonly Comment[] }>();

  constructor(readonly file: string, readonly text: string, readonly options: CodeOptions) {
    const script = scriptIn(file, text);
    this.source = parseScript(file, script.text, script.extension);
    this.isTypeScript = /^[mc]?tsx?$/.test(script.extension);
    const analysis = analyse(this.source, (specifier, from) => this.#note(options.resolve?.(specifier, from)));
    this.models = modelsOf(analysis, this.source);
    this.indexesLayers = analysis.survey.indexesLayers;
  }

  #note(source: ts.SourceFile | undefined): ts.SourceFile | undefined {
    if (source) this.helpers.set(source.fileName, { text: source.text, comments: () => commentsOf(source) });
    return source;
  }

  comments(): readonly Comment[] {
    return commentsOf(this.source);
  }

  lower(fixes: readonly (readonly Edit[])[]): Lowered<string> {
    return lowerCode(this, fixes);
  }

  withSplices(splices: readonly Splice<string>[]): CodeDocument {
    return new CodeDocument(this.file, applySplices(this.text, splices), this.options);
  }
}

/**
 * Reads TensorFlow.js model code. Text that cannot be parsed is read as far as it goes; code without models gives none.
 * Never throws.
 */
export function readCode(file: string, text: string, options: CodeOptions = {}): CodeDocument {
  return new CodeDocument(file, text, options);
}
