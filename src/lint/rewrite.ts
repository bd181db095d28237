/** Rewrites the dropout of one document to a variant of it, and proves what comes of it. Nothing is written here. */
import type { Document } from '../formats/document.js';
import type { Edit } from '../graph/edits.js';
import { changesWeights } from '../graph/commutation.js';
import type { Layer } from '../graph/layers.js';
import { planRewrite } from '../variants/plan.js';
import type { PlannedFix, RewriteSettings, Selection } from '../variants/plan.js';
import type { Variant } from '../variants/variants.js';
import type { Proof } from '../verify/proof.js';
import type { Prove } from './proving.js';
import { selectIn } from './selection.js';

export interface RewriteRequest extends RewriteSettings {
  /** A glob of layer names, or a rule. */
  readonly where?: string;
  /** Absent: nothing is proven (`--no-verify`). */
  readonly prove?: Prove;
}

export interface Rewritten {
  /** The document given, when nothing was rewritten. */
  readonly document: Document;
  readonly done: readonly PlannedFix[];
  /** What the format could not do, and what there was nothing to do for. */
  readonly left: readonly { readonly at: Layer; readonly reason: string; readonly isRefused: boolean }[];
  readonly proof: Proof | undefined;
  readonly selection: Pick<Selection, 'meaning' | 'matched'>;
}

/** All that can be lowered is rewritten together, and proven together: the proof is of everything or of nothing. */
export async function rewriteDocument(original: Document, request: RewriteRequest): Promise<Rewritten> {
  const raised = raisedFor(original, request);
  const document = typeof raised === 'string' ? original : raised;
  const graphs = document.models.flatMap(({ variants }) => variants.flat());
  const selection = selectIn(document, graphs.flatMap(({ layers }) => layers), request.where);
  const plan = planRewrite(graphs, request, selection);
  const passedOver = plan.passedOver.map((each) => ({ ...each, isRefused: false }));
  const { done, refused, splices } = lowerAll(document, plan.fixes);
  // Why droplint could not convert it is worth more than that it must be converted.
  const reasonOf = (reason: string): string => (typeof raised === 'string' && reason.includes('opset') ? `${reason}; droplint cannot do it, because ${raised}` : reason);
  const left = [...passedOver, ...refused.map(([{ at }, reason]) => ({ at, reason: reasonOf(reason), isRefused: true }))];
  if (done.length === 0) return { document: original, done, left, proof: undefined, selection };
  const after = document.withSplices(splices);
  const edits = done.flatMap((fix) => fix.edits);
  const proof = await request.prove?.(original, after, 'inference-exact', {
    measuresNew: request.to !== 'inference',
    changesWeights: changesWeights(edits),
  });
  return { document: after, done, left, proof, selection };
}

/** What needs a switch or a rate that can be moved needs operands for them. */
const SWITCHED: ReadonlySet<Variant> = new Set(['train', 'variational', 'alpha', 'scheduled']);

/** The document, or the reason why it cannot be raised. */
function raisedFor(document: Document, { to, training, asFunction }: RewriteRequest): Document | string {
  const needsSwitch = SWITCHED.has(to) || (to !== 'inference' && (training !== undefined || asFunction));
  return (needsSwitch ? document.raised?.() : undefined) ?? document;
}

function lowerAll(document: Document, fixes: readonly PlannedFix[]) {
  const refused: (readonly [PlannedFix, string])[] = [];
  let open = fixes;
  for (;;) {
    const { splices, refusals } = document.lower(open.map(({ edits }) => edits as readonly Edit[]));
    const failed = open.flatMap((fix, index) => (refusals[index] === undefined ? [] : [[fix, refusals[index]] as const]));
    if (failed.length === 0) return { done: open, refused, splices };
    refused.push(...failed);
    open = open.filter((_, index) => refusals[index] === undefined);
  }
}
