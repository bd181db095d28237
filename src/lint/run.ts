/** From a file to what is to be said of it, and to the fixed file. */
import path from 'node:path';
import { rules as allRules } from '../../rules/index.js';
import { UnreadableError, type Document } from '../formats/document.js';
import { readDocument, writeDocument } from '../formats/registry.js';
import { ConfigurationError } from './configuration-error.js';
import { allFindings, lintDocument, noteOn, type LintRequest } from './findings.js';
import { fixDocument, type FixRequest, type Outcome } from './fix.js';
import { hasDirectives, isCommented, loadSuppression, type Suppression } from './suppression.js';
import { resultOf, unreadableResult, type LintResult } from './result.js';

export interface FileResult {
  readonly result: LintResult;
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
  };
}

/** Never rejects for a file that cannot be read: its result says so. */
export async function lintFile(file: string, request: RunRequest): Promise<FileResult> {
  try {
    const document = await readDocument(file);
    const given = await withSuppression(document, request);
    const { fix } = given;
    if (!fix) return { result: resultOf(document, lintDocument(document, given), noteOn(document), undefined, suppressionIn(document, given)) };
    if (fix.output) checkOutput(document, fix.output);
    const outcome = await fixDocument(document, { ...given, ...fix });
    if (fix.write) write(outcome, document, fix.output);
    return {
      result: resultOf(document, outcome.remaining, noteOn(outcome.document), outcome, suppressionIn(outcome.document, given)),
      ...(outcome.fixed.length > 0 && { change: { before: document, after: outcome.document } }),
    };
  } catch (error) {
    if (error instanceof UnreadableError) return { result: unreadableResult(error) };
    throw error;
  }
}

/** ESLint reads the comments that switch findings off; it is loaded only for files that have some. */
async function withSuppression(document: Document, request: RunRequest): Promise<RunRequest> {
  if (!isCommented(document) || !hasDirectives(document.text)) return request;
  return { ...request, suppress: await loadSuppression(allRules.map(({ id }) => id)) };
}

const suppressionIn = (document: Document, request: LintRequest): Suppression | undefined =>
  request.suppress && isCommented(document) ? request.suppress(document, allFindings(document, request)) : undefined;

/** References to other files are relative: they would break in another folder. */
function checkOutput(document: Document, output: string): void {
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
