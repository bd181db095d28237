/** One analysis for a file, shared by all rules: the graph is computed once for each SourceCode. */
import type { SourceCode } from 'eslint';
import type { TextDocument } from '../formats/document.js';
import { mayContainModel } from '../formats/code/gate.js';
import { lintDocument, type Finding } from '../lint/findings.js';
import type { ConfiguredMode, EnabledRule } from '../lint/configuration.js';
import { readCode } from '../formats/code/document.js';

const documents = new WeakMap<SourceCode, TextDocument | undefined>();

/** The file as a document; `undefined` when its text cannot hold a model (nothing is loaded then). */
export function documentOf(sourceCode: SourceCode, file: string): TextDocument | undefined {
  if (!documents.has(sourceCode)) documents.set(sourceCode, read(sourceCode, file));
  return documents.get(sourceCode);
}

function read(sourceCode: SourceCode, file: string): TextDocument | undefined {
  // ESLint strips the byte order mark and counts without it.
  const { text } = sourceCode;
  return mayContainModel(text) ? readCode(file, text) : undefined;
}

/** What one rule finds, by the settings of the file. */
export function findingsOf(document: TextDocument, enabled: EnabledRule, mode: ConfiguredMode): readonly Finding[] {
  return lintDocument(document, { rules: [enabled], mode });
}
