/** What `--where` means: layers by a glob of their names, or the places at which a rule finds something. */
import { rules as allRules } from '../../rules/index.js';
import type { Document } from '../formats/document.js';
import { insert } from '../graph/edits.js';
import type { DropoutSpec, Edit } from '../graph/edits.js';
import type { Layer } from '../graph/layers.js';
import { follow, next } from '../graph/traversal.js';
import type { Selection } from '../variants/plan.js';
import { DEFAULT_RATE } from '../variants/variants.js';
import { claimsOf } from './claims.js';
import { nodeMatcher } from './config-file/globs.js';
import { rulesFor } from './configuration.js';
import { lintDocument } from './findings.js';

type Insertion = Extract<Edit, { readonly type: 'insert' }>;

/** The rules that say where a dropout is missing. */
const PLACING = ['dropout-before-classifier', 'dropout-after-dense'];

export function selectIn(document: Document, layers: readonly Layer[], where: string | undefined): Selection {
  if (where === undefined) return { includes: () => true, insertions: () => insertionsOf(findingsOf(document, PLACING)), meaning: 'all', matched: layers.length };
  if (allRules.some(({ id }) => id === where)) {
    const found = findingsOf(document, [where]);
    const at = new Set(found.map(({ problem }) => problem.at));
    return { includes: (layer) => at.has(layer), insertions: () => insertionsOf(found), meaning: 'rule', matched: found.length };
  }
  const matches = nodeMatcher(where);
  const includes = ({ origin, key }: Layer): boolean => matches(origin.name) || matches(origin.path) || matches(key);
  const found = layers.filter(includes);
  return { includes, insertions: () => found.flatMap(insertionsBehind), meaning: 'glob', matched: new Set(found.map(({ key }) => key)).size };
}

/** Every rule as strict as it can be: what is looked for are places, not faults. */
const findingsOf = (document: Document, ids: readonly string[]) =>
  lintDocument(document, { rules: rulesFor({ preset: 'strict', rules: Object.fromEntries(ids.map((id) => [id, 'warn'])) }).filter(({ rule }) => ids.includes(rule.id)), mode: 'training' });

/** Two rules may miss the same dropout: behind an activation, and before the classifier that reads it. */
function insertionsOf(found: ReturnType<typeof findingsOf>): readonly Insertion[] {
  const taken = new Set<unknown>();
  const edits = found.flatMap(({ problem }) => (problem.edits ?? []).filter((edit) => edit.type === 'insert'));
  return edits.filter((edit) => {
    const claims = claimsOf([edit]);
    if (claims.some((claim) => taken.has(claim))) return false;
    for (const claim of claims) taken.add(claim);
    return true;
  });
}

const SPEC: DropoutSpec = { kind: 'dropout', rate: DEFAULT_RATE, unit: 'element' };

/** Behind the activation of a layer with a weight, unless a dropout is there already, or the answer. */
function insertionsBehind(layer: Layer): readonly Insertion[] {
  if (layer.kind !== 'linear' && layer.kind !== 'convolution') return [];
  const { end, passed } = follow(layer, next, ({ kind }) => kind === 'normalization' || kind === 'reshape');
  const last = end?.kind === 'activation' ? end : (passed.findLast(({ kind }) => kind === 'normalization') ?? layer);
  const [value] = last.outputs;
  if (!value || value.isGraphOutput || value.consumers.some(({ kind }) => kind === 'dropout')) return [];
  const edit = insert(SPEC).after(last);
  return edit.type === 'insert' ? [edit] : [];
}
