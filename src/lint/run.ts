/** From a file to what is to be said of it, and to the fixed file. */
import { statSync } from 'node:fs';
import path from 'node:path';
import { rules as allRules } from '../../rules/index.js';
import { UnreadableError, type Document } from '../formats/document.js';
import { readDocument, writeDocument } from '../formats/registry.js';
import { ConfigurationError } from './configuration-error.js';
import { noteOn, suppressIn, type Finding, type LintRequest } from './findings.js';
import type { Illustrate } from './illustration.js';
import { fixDocument, type FixRequest, type Outcome } from './fix.js';
import { isCommented, loadSuppression, mayBeSuppressed } from './suppression.js';
import { replacementsOf } from './replacements.js';
import { resultOf, unreadableResult, type LintResult } from './result.js';

export interface FileResult {
  readonly result: LintResult;
  /** As it was read; absent when it could not be. */
  readonly document?: Document;
  /** Before and after, when fixing was asked for and something was fixed. */
  readonly change?: { readonly before: Document; readonly after: Document };
}

export interface RunRequest extends LintRequest {
  /** Absent: nothing is fixed. */
  readonly fix?: FixRequest & {
    /** `false`: say what would be done. */
    readonly write: boolean;
    /** Another place to write to; a file that needs no fix is copied there. */
    readonly output?: string;
    /** Once it is aborted nothing is written, and the call rejects. */
    readonly signal?: AbortSignal;
  };
  /** Draws what stands around each finding. */
  readonly illustrate?: Illustrate;
  /** Gives the fixes of source code as text (they are not applied). */
  readonly replacements?: boolean;
  /** Told when the file has been read. */
  readonly onRead?: () => void | Promise<void>;
}

/** Never rejects for a file that cannot be read: its result says so. */
export async function lintFile(file: string, request: RunRequest): Promise<FileResult> {
  try {
    const document = await readDocument(file);
    await request.onRead?.();
    const given = await withSuppression(document, request);
    const { fix, illustrate } = given;
    const details = { ...(illustrate && { illustrate }), ...(given.replacements && { replacements: (finding: Finding, its: Document) => replacementsOf(its, finding, given) }) };
    if (!fix) {
      const suppression = suppressIn(document, given);
      return { result: resultOf(document, suppression.kept, noteOn(document), undefined, suppression, details), document };
    }
    if (fix.output) checkOutput(document, fix.output);
    const outcome = await fixDocument(document, { ...given, ...fix });
    fix.signal?.throwIfAborted();
    if (fix.write) write(outcome, document, fix.output);
    return {
      result: resultOf(document, outcome.remaining, noteOn(outcome.document), outcome, suppressIn(outcome.document, given), details),
      document,
      ...(outcome.fixed.length > 0 && { change: { before: document, after: outcome.document } }),
    };
  } catch (error) {
    if (error instanceof UnreadableError) return { result: unreadableResult(error) };
    throw error;
  }
}

/** ESLint reads the comments that switch findings off; it is loaded only for files that have some. */
export async function withSuppression<R extends LintRequest>(document: Document, request: R): Promise<R> {
  if (!isCommented(document) || !mayBeSuppressed(document)) return request;
  return { ...request, suppress: await loadSuppression(allRules.map(({ id }) => id)) };
}

/** Before anything is done: a place that can be written to, and the kind of file that the document is. */
export function checkOutput(document: Document, output: string): void {
  const extension = path.extname(document.file);
  if (path.extname(output).toLowerCase() !== extension.toLowerCase()) throw new ConfigurationError(`${document.file} is written to a file of its own kind (${extension}), not to ${output}.`);
  if (!statSync(path.dirname(path.resolve(output)), { throwIfNoEntry: false })?.isDirectory()) throw new ConfigurationError(`There is no folder ${path.dirname(output)} to write to.`);
  if (statSync(output, { throwIfNoEntry: false })?.isDirectory()) throw new ConfigurationError(`${output} is a folder: --output takes a file.`);
  // References to other files are relative: they would break in another folder.
  const folder = path.dirname(path.resolve(document.file));
  if (!document.externalFiles?.length || path.dirname(path.resolve(output)) === folder) return;
  const files = document.externalFiles.join(', ');
  throw new ConfigurationError(
    `${document.file} keeps weights in ${files}, which it finds beside itself: written to another folder it would lose them. ` +
      `Write it to its own folder (--output ${path.join(path.dirname(document.file), path.basename(output))}), and move it together with ${files}.`,
  );
}

function write({ document, fixed }: Outcome, original: Document, output: string | undefined): void {
  if (fixed.length > 0 || output) writeDocument(document, output ?? original.file);
}
