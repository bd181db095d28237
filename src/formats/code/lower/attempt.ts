/** Each fix is tried on a copy of the text, read again, and kept only if the graphs are as the edits say. */
import type { Edit } from '../../../graph/edits.js';
import type { Lowered, Splice, TextDocument } from '../../document.js';
import { isAsExpected } from './expected.js';
import { Refusal } from './refusal.js';

export type Splices = readonly Splice<string>[];
/** Ways to make one edit, the best first; each may refuse when it is tried. */
export type Ways = Iterable<() => Splices>;

export interface Lowering<D extends TextDocument> {
  waysOf(document: D, edit: Edit): Ways;
  /** Why the changed document cannot stand, whatever its graphs; `undefined` when it can. */
  fault(before: D, after: TextDocument): string | undefined;
}

export function lowerFixes<D extends TextDocument>(document: D, fixes: readonly (readonly Edit[])[], lowering: Lowering<D>): Lowered<string> {
  const accepted: Splice<string>[] = [];
  const refusals = fixes.map((edits): string | undefined => {
    const splices = lowerFix(document, edits, lowering);
    if (typeof splices === 'string') return splices;
    // Copies of one line (a helper called twice) have one and the same fix.
    if (splices.every((splice) => accepted.some((other) => same(splice, other)))) return undefined;
    if (splices.some((splice) => accepted.some((other) => overlap(splice, other)))) return 'it changes the same text as another fix';
    accepted.push(...splices);
    return undefined;
  });
  return { splices: accepted, refusals };
}

const same = (a: Splice<string>, b: Splice<string>): boolean => a.start === b.start && a.end === b.end && a.replacement === b.replacement;

/** They change the same text, or insert at one place, where their order would decide. */
const overlap = (a: Splice<string>, b: Splice<string>): boolean => (a.start < b.end && b.start < a.end) || (a.start === b.start && a.end === b.end);

/** The splices of one fix, or why there are none. */
function lowerFix<D extends TextDocument>(document: D, edits: readonly Edit[], lowering: Lowering<D>): Splices | string {
  let reason = 'this document does not allow it';
  try {
    let all: Splices[] = [[]];
    for (const edit of edits) {
      const ways: Splices[] = [];
      for (const way of lowering.waysOf(document, edit)) {
        try {
          ways.push(way());
        } catch (error) {
          if (!(error instanceof Refusal)) throw error;
          reason = error.message;
        }
      }
      all = all.flatMap((before) => ways.map((way) => [...before, ...way]));
    }
    for (const splices of all) {
      const failure = failureOf(document, edits, splices, lowering);
      if (failure === undefined) return splices;
      reason = failure;
    }
  } catch (error) {
    if (error instanceof Refusal) return error.message;
    throw error;
  }
  return reason;
}

function failureOf<D extends TextDocument>(document: D, edits: readonly Edit[], splices: Splices, lowering: Lowering<D>): string | undefined {
  if (splices.length === 0) return 'there is nothing to change';
  if (splices.some((splice, index) => splices.slice(index + 1).some((other) => overlap(splice, other)))) return 'its edits change the same text';
  const after = document.withSplices(splices) as TextDocument;
  const fault = lowering.fault(document, after);
  if (fault !== undefined) return fault;
  // A layer that was nowhere comes into the chain.
  if (edits.some((edit) => edit.type === 'configure' && edit.settings.placement !== undefined)) return undefined;
  return isAsExpected(document, after, edits) ? undefined : 'the result would be another architecture on some path';
}
