/**
 * The fix loop: lint, choose, lower, prove, read again, until nothing is left to fix. What comes out of it is proven
 * as a whole; nothing is written here.
 */
import type { Document, Splice, TextDocument } from '../formats/document.js';
import { FIX_CLASSES, type FixClass } from '../graph/edits.js';
import { changesWeights } from '../graph/commutation.js';
import type { Layer } from '../graph/layers.js';
import { printGraph } from '../graph/print.js';
import { LEVELS } from '../rule.js';
import type { Proof } from '../verify/proof.js';
import { claimsOf } from './claims.js';
import { keepsFix } from './kept-fix.js';
import { lintDocument, type Finding, type LintRequest } from './findings.js';
import { largestProven, type Prove } from './proving.js';

export const MAX_PASSES = 10;

export interface FixRequest {
  /** Fixes of these classes are applied. */
  readonly classes: ReadonlySet<FixClass>;
  /** Findings below this level are left alone. */
  readonly level: Finding['level'];
  /** Absent: fixes are applied without proof (`--no-verify`). */
  readonly prove: Prove | undefined;
}

export interface Fixed {
  readonly finding: Finding;
  /** Of the whole pass that the fix was part of; absent when nothing was to be proven. */
  readonly proof: Proof | undefined;
  /** As it was before that pass: what the finding's layers belong to. */
  readonly document: Document;
}

export interface Outcome {
  /** The document given, when nothing was fixed. */
  readonly document: Document;
  readonly fixed: readonly Fixed[];
  readonly remaining: readonly Finding[];
  /** Why a remaining finding was not fixed, by identity. */
  readonly refusals: ReadonlyMap<string, string>;
  /** Of fixes that were not proven, by identity. */
  readonly failedProofs: ReadonlyMap<string, Proof>;
}

/** At most `MAX_PASSES` passes; a fix that was refused or not proven is not tried again. */
export async function fixDocument(original: Document, request: LintRequest & FixRequest): Promise<Outcome> {
  let document = original;
  const fixed: Fixed[] = [];
  const refusals = new Map<string, string>();
  const failedProofs = new Map<string, Proof>();
  const seen = new Set([stateOf(document)]);
  // A layer that moves may have to move again; one that was inserted and is still missed must not be inserted again.
  const inserted = new Set<string>();
  const isOpen = ({ identity }: Finding): boolean => !refusals.has(identity) && !failedProofs.has(identity) && !inserted.has(identity);

  for (let pass = 0; pass < MAX_PASSES; pass += 1) {
    const chosen = choose(lintDocument(document, request).filter(isOpen), request);
    if (chosen.length === 0) break;
    const { accepted: lowered, refused } = lower(document, chosen);
    for (const [finding, reason] of refused) refusals.set(finding.identity, reason);
    const accepted = lowered.filter((finding) => {
      // A graph's edits say what they do; those of source code are put to the test.
      const kept = document.format === 'onnx' || !('text' in document) || keepsFix(document as TextDocument, document.lower([editsOf(finding)]).splices as readonly Splice<string>[], finding, request);
      if (!kept) refusals.set(finding.identity, 'the fix would leave the finding or bring up another one');
      return kept;
    });

    const proven = await largestProven(document, accepted, request.prove);
    for (const [finding, proof] of proven.failed) failedProofs.set(finding.identity, proof);
    if (proven.kept.length === 0) continue;
    const state = stateOf(proven.document);
    if (seen.has(state)) {
      // Two rules that undo each other's work must not do so for ever.
      for (const { identity } of proven.kept) refusals.set(identity, 'the fix leads back to an earlier state of the model');
      continue;
    }
    seen.add(state);
    for (const finding of proven.kept) {
      fixed.push({ finding, proof: proven.proof, document });
      if (editsOf(finding).some(({ type }) => type === 'insert')) inserted.add(finding.identity);
    }
    document = proven.document;
  }
  return { document, fixed, remaining: lintDocument(document, request), refusals, failedProofs };
}

/** What may be fixed of what is found: each finding on its own, without a look at the others. */
export function isFixable({ fixClass, level }: Finding, request: Pick<FixRequest, 'classes' | 'level'>): boolean {
  return fixClass !== undefined && request.classes.has(fixClass) && LEVELS.indexOf(level) >= LEVELS.indexOf(request.level);
}

/**
 * The fixes of one pass: at each place the first in the rules' order, and of these the strongest class alone, so that
 * what an `exact` fix claims is proven without the others.
 */
function choose(findings: readonly Finding[], request: FixRequest): readonly Finding[] {
  const taken = new Set<unknown>();
  const first = findings
    .filter((finding) => isFixable(finding, request))
    .sort((a, b) => a.enabled.rule.precedence - b.enabled.rule.precedence)
    .filter(({ problem }) => {
      const claims = claimsOf(problem.edits ?? []);
      if (claims.some((claim) => taken.has(claim))) return false;
      for (const claim of claims) taken.add(claim);
      return true;
    });
  const strongest = FIX_CLASSES.find((fixClass) => first.some((finding) => finding.fixClass === fixClass));
  const together = first.filter(({ fixClass }) => fixClass === strongest);
  // What changes weights is proven in another way, and by itself.
  const plain = together.filter((finding) => !changesWeights(editsOf(finding)));
  return plain.length > 0 ? plain : together;
}

/** Which of the fixes the format can realise together. One that it refuses only beside the others waits for the next pass. */
function lower(document: Document, findings: readonly Finding[]): { accepted: readonly Finding[]; refused: readonly (readonly [Finding, string])[] } {
  const together = document.lower(findings.map(editsOf)).refusals;
  const alone = findings.map((finding, index) => together[index] && document.lower([editsOf(finding)]).refusals[0]);
  const accepted = findings.filter((_, index) => together[index] === undefined);
  const refused = findings.flatMap((finding, index) => (alone[index] === undefined ? [] : [[finding, alone[index]] as const]));
  return { accepted: accepted.length > 0 ? accepted : findings.filter((_, index) => alone[index] === undefined).slice(0, 1), refused };
}

const editsOf = ({ problem }: Finding) => problem.edits ?? [];

/** Tells two states of a document apart: its text, or its architecture with what fixes change in a layer. */
function stateOf(document: Document): string {
  if ('text' in document) return (document as TextDocument).text;
  const graphs = document.models.flatMap(({ variants }) => variants.flat());
  return graphs.map((graph) => `${printGraph(graph)}\n${graph.layers.map(settingsOf).join('\n')}`).join('\n');
}

function settingsOf(layer: Layer): string {
  if (layer.kind === 'dropout') return `${layer.key} ${layer.rate} ${layer.rateName} ${layer.seed} ${layer.state}`;
  return `${layer.key} ${'hasBias' in layer ? layer.hasBias : ''}`;
}
