/** The fix of a finding in source code, as text in place of text. */
import type { Document, Splice, TextDocument } from '../formats/document.js';
import type { Finding, LintRequest } from './findings.js';
import { keepsFix } from './kept-fix.js';

export interface Replacement {
  /** In the text's characters. */
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

/** `undefined` for other documents, and where the fix is refused or does not stand the test. */
export function replacementsOf(document: Document, finding: Finding, request: LintRequest): readonly Replacement[] | undefined {
  const edits = finding.problem.edits ?? [];
  if (!('text' in document) || edits.length === 0) return undefined;
  const text = document as TextDocument;
  const { splices, refusals } = text.lower([edits]);
  if (refusals[0] !== undefined || !keepsFix(text, splices as readonly Splice<string>[], finding, request)) return undefined;
  return splices.map(({ start, end, replacement }) => ({ start, end, text: replacement }));
}
