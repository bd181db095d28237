/** Each fix is tried on a copy of the text, read again, and kept only if the graphs are as the edits say. */
import type { Edit } from '../../../graph/edits.js';
import type { Lowered, Splice, TextDocument } from '../../document.js';
import { isAsExpected, isSameEdit, sameSource } from './expected.js';
import { Refusal } from './refusal.js';

export type Splices = readonly Splice<string>[];
/** Ways to make one edit, the best first; each may refuse when it is tried. */
export type Ways = Iterable<() => Splices>;

/** The edits that an edit is made together with. */
export interface Beside {
  /** All of its fix: what several of them change at one place is changed at once. */
  readonly fix: readonly Edit[];
  /** All of all fixes: what is meant for every copy of a line is right for every copy. */
  readonly all: readonly Edit[];
}

export interface Lowering<D extends TextDocument> {
  waysOf(document: D, edit: Edit, beside: Beside): Ways;
  /** What the splices of all fixes together ask for besides: imports. */
  completion?(document: D, splices: Splices): Splices;
  /** Why the changed document cannot stand, whatever its graphs; `undefined` when it can. */
  fault(before: D, after: TextDocument): string | undefined;
}

export function lowerFixes<D extends TextDocument>(document: D, fixes: readonly (readonly Edit[])[], lowering: Lowering<D>): Lowered<string> {
  let accepted: readonly Accepted[] = [];
  const all = fixes.flat();
  const lower = (edits: readonly Edit[]): Splices | string => lowerFix(document, { fix: withoutCopies(edits), all }, lowering);
  const refusals = fixes.map((edits): string | undefined => {
    const splices = lower(edits);
    if (typeof splices === 'string') return splices;
    // Copies of one line (a helper called twice) have one and the same fix.
    if (splices.every((splice) => accepted.some((other) => other.splices.some((each) => same(splice, each))))) return undefined;
    const touched = accepted.filter((other) => touch(splices, other.splices));
    const others = accepted.filter((other) => !touched.includes(other));
    // Two settings of one layer: neighbours in the text, which change as one.
    const together = touched.length > 0 ? [...touched.flatMap((other) => other.edits), ...edits] : edits;
    const joined = touched.length > 0 ? lower(together) : splices;
    if (typeof joined === 'string' || others.some((other) => touch(joined, other.splices))) return 'it changes the same text as another fix';
    accepted = [...others, { edits: together, splices: joined }];
    return undefined;
  });
  return { splices: complete(document, accepted.flatMap(({ splices }) => splices), lowering), refusals };
}

/** A fix, or several that change the same text. */
interface Accepted {
  readonly edits: readonly Edit[];
  readonly splices: Splices;
}

const complete = <D extends TextDocument>(document: D, splices: Splices, { completion }: Lowering<D>): Splices =>
  (splices.length > 0 && completion ? [...splices, ...completion(document, splices)] : splices);

const touch = (a: Splices, b: Splices): boolean => a.some((splice) => b.some((other) => overlap(splice, other)));

const same = (a: Splice<string>, b: Splice<string>): boolean => a.start === b.start && a.end === b.end && a.replacement === b.replacement;

/** They change the same text, or insert at one place, where their order would decide. */
const overlap = (a: Splice<string>, b: Splice<string>): boolean => (a.start < b.end && b.start < a.end) || (a.start === b.start && a.end === b.end);

/** One edit for all the copies that a helper or a loop makes of a line. */
const withoutCopies = (edits: readonly Edit[]): readonly Edit[] =>
  edits.filter((edit, index) => !edits.slice(0, index).some((other) => isSameEdit(edit, other, sameSource)));

/** The splices of one fix, or why there are none. */
function lowerFix<D extends TextDocument>(document: D, beside: Beside, lowering: Lowering<D>): Splices | string {
  let reason = 'this document does not allow it';
  try {
    const ways: Splices[][] = [];
    for (const edit of beside.fix) {
      const own: Splices[] = [];
      for (const way of lowering.waysOf(document, edit, beside)) {
        try {
          own.push(way());
        } catch (error) {
          if (!(error instanceof Refusal)) throw error;
          reason = error.message;
        }
      }
      ways.push(own);
    }
    let tries = 0;
    for (const splices of combinations(ways)) {
      const failure = failureOf(document, beside.fix, splices, lowering);
      if (failure === undefined) return splices;
      reason = failure;
      if ((tries += 1) === MOST_TRIES) break;
    }
  } catch (error) {
    if (error instanceof Refusal) return error.message;
    throw error;
  }
  return reason;
}

/** Each try reads the document anew. */
const MOST_TRIES = 64;

/** One way for each edit: the best of all first, then other ways for the last edits. */
function* combinations([own, ...others]: readonly (readonly Splices[])[]): Generator<Splices> {
  if (!own) yield [];
  else for (const way of own) for (const rest of combinations(others)) yield [...way, ...rest];
}

function failureOf<D extends TextDocument>(document: D, edits: readonly Edit[], splices: Splices, lowering: Lowering<D>): string | undefined {
  if (splices.length === 0) return 'there is nothing to change';
  if (splices.some((splice, index) => splices.slice(index + 1).some((other) => overlap(splice, other)))) return 'its edits change the same text';
  const after = document.withSplices(complete(document, splices, lowering)) as TextDocument;
  const fault = lowering.fault(document, after);
  if (fault !== undefined) return fault;
  // A layer that was nowhere comes into the chain.
  if (edits.some((edit) => edit.type === 'configure' && edit.settings.placement !== undefined)) return undefined;
  return isAsExpected(document, after, edits) ? undefined : 'the result would be another architecture on some path';
}
