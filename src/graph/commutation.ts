/** What an edit claims, computed from the layers that it moves across (verification.md, "The mathematics"). */
import { isHomogeneous } from './activations.js';
import { FIX_CLASSES } from './edits.js';
import type { Edit, FixClass } from './edits.js';
import type { DropoutLayer, Layer } from './layers.js';
import { isDead } from './predicates.js';
import { chainBetween, follow, next, onlyProducer, soleConsumer } from './traversal.js';

/** The weakest of several claims is all that they claim together. */
export const weakest = (classes: readonly FixClass[]): FixClass =>
  FIX_CLASSES[Math.max(0, ...classes.map((each) => FIX_CLASSES.indexOf(each)))];

/** Does D ∘ f equal f ∘ D? `undefined`: not even at inference, because the layer is no function of one tensor. */
export function commutes(dropout: DropoutLayer, layer: Layer): FixClass | undefined {
  const crossing = acrossFirstResult(dropout, layer);
  // The mask reaches every result of the layer before it, and one of them behind it.
  return crossing !== undefined && layer.outputs.length > 1 ? 'inference-exact' : crossing;
}

function acrossFirstResult(dropout: DropoutLayer, layer: Layer): FixClass | undefined {
  switch (layer.kind) {
    case 'activation':
      if (layer.function === 'softmax' || layer.function === 'log-softmax' || layer.function === 'hardmax') return 'inference-exact';
      if (layer.function === 'linear') return 'exact';
      // Gaussian noise may turn a sign; AlphaDropout shifts what it drops.
      return isHomogeneous(layer) && (dropout.law === 'bernoulli' || (dropout.law === 'gaussian' && layer.function === 'scale')) ? 'exact' : 'inference-exact';
    case 'reshape':
      if (sameType(layer) === false || layer.repeats) return 'inference-exact';
      if (dropout.unit === 'element') return layer.order === 'row-major' ? 'exact' : 'exact-in-distribution';
      return 'inference-exact';
    case 'pooling':
      return dropout.unit === 'channel' && dropout.law === 'bernoulli' && layer.of !== 'lp' ? 'exact' : 'inference-exact';
    case 'dropout':
      return 'exact-in-distribution';
    case 'linear':
    case 'convolution':
    case 'normalization':
    case 'embedding':
    case 'recurrent':
      return 'inference-exact';
    case 'merge':
    case 'opaque':
      return undefined;
  }
}

/** A Cast between float types rounds in between; unknown types are taken to be the same only where nothing says otherwise. */
function sameType(layer: Layer): boolean | undefined {
  const [from, to] = [layer.inputs[0]?.elementType, layer.outputs[0]?.elementType];
  if (layer.type === 'Cast') return from !== undefined && from === to;
  return from === undefined || to === undefined ? undefined : from === to;
}

/** The side conditions of `exact`: one reader of the result, an unused mask. */
const isPlain = (dropout: DropoutLayer) => soleConsumer(dropout.outputs[0]) !== undefined && dropout.mask === undefined;

function classOfMove(dropout: Layer, where: 'after' | 'before', target: Layer): FixClass {
  if (dropout.kind !== 'dropout') return 'suggestion';
  const crossed = where === 'after' ? chainBetween(dropout, target) : crossedBackwards(dropout, target);
  if (!crossed) return 'suggestion';
  const classes = crossed.map((layer) => commutes(dropout, layer) ?? 'suggestion');
  // What else reads a result on the way back would see the mask, too.
  const isSeen = where === 'before' && crossed.some((layer) => soleConsumer(layer.outputs[0]) === undefined);
  return weakest([isPlain(dropout) && !isSeen ? 'exact' : 'inference-exact', ...classes]);
}

/** The layers from the dropout back to `target`. */
function crossedBackwards(dropout: Layer, target: Layer): readonly Layer[] | undefined {
  const crossed: Layer[] = [];
  for (let at = onlyProducer(dropout); at; at = onlyProducer(at)) {
    crossed.push(at);
    if (at === target) return crossed;
  }
  return undefined;
}

function classOf(edit: Edit): FixClass {
  switch (edit.type) {
    case 'move':
      return classOfMove(edit.layer, edit.where, edit.target);
    case 'remove':
      if (edit.layer.kind !== 'dropout') return 'suggestion';
      return edit.layer.rate === 0 || isDead(edit.layer) ? 'exact' : 'inference-exact';
    case 'insert':
    case 'schedule':
    case 'fold-scale':
    case 'unfold-scale':
      return 'inference-exact';
    case 'replace':
      return edit.layer.kind === 'dropout' ? 'inference-exact' : 'suggestion';
    case 'fold-bias':
      return 'exact';
    case 'configure':
      return Object.keys(edit.settings).every((key) => key === 'removeSeed') ? 'inference-exact' : 'suggestion';
  }
}

/** Two dropouts in a row merged into one: one goes, the other takes the rate 1 − (1 − p)(1 − q). */
function isMergeOfTwo(edits: readonly Edit[]): boolean {
  if (edits.length !== 2) return false;
  const removed = edits.find((edit) => edit.type === 'remove');
  const configured = edits.find((edit) => edit.type === 'configure');
  if (removed?.layer.kind !== 'dropout' || configured?.layer.kind !== 'dropout') return false;
  if (Object.keys(configured.settings).some((key) => key !== 'rate') || !areOfOneKind(removed.layer, configured.layer)) return false;
  const [p, q, rate] = [removed.layer.rate, configured.layer.rate, configured.settings.rate];
  return p !== undefined && q !== undefined && typeof rate === 'number' && Math.abs(rate - (1 - (1 - p) * (1 - q))) < 1e-6;
}

/** Adjacent up to reshapes, and the product of their masks is a mask of the same law. */
function areOfOneKind(a: DropoutLayer, b: DropoutLayer): boolean {
  const inARow = (first: DropoutLayer, second: DropoutLayer) =>
    first.mask === undefined && follow(first, next, (layer) => layer.kind === 'reshape' && layer.order === 'row-major' && sameType(layer) !== false).end === second;
  const [first, second] = inARow(a, b) ? [a, b] : [b, a];
  return inARow(first, second) && second.mask === undefined && a.law === 'bernoulli' && b.law === 'bernoulli' && a.unit === b.unit && a.inverted && b.inverted && a.state === b.state
    && (a.unit === 'element' || next(first) === second);
}

/** Edits that change weights on purpose: erasure cannot show that they are right, execution alone does. */
export const changesWeights = (edits: readonly Edit[]): boolean => edits.some(({ type }) => type === 'fold-bias' || type === 'fold-scale' || type === 'unfold-scale');

/** What these edits claim together. */
export function classify(edits: readonly Edit[]): FixClass {
  return isMergeOfTwo(edits) ? 'exact-in-distribution' : weakest(edits.map(classOf));
}
