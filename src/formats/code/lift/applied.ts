/** What a call of `apply` says of the dropouts that it applies. */
import type { ts } from 'ts-morph';
import type { Applied, DropoutLayer, Origin } from '../../../graph/layers.js';
import type { ApplyCall } from '../interpret/values.js';
import { intentOf } from './intent.js';

export const appliedBy = ({ training, symbolic, ignored, trains }: ApplyCall, origin: Origin, around: Pick<Applied, 'byItself' | 'symbolic'>): Applied =>
  ({ origin, training, byItself: around.byItself, symbolic: symbolic || around.symbolic, ignored, trains });

/** The state of a dropout by its call, and what a comment beside one of the nodes says is meant. */
export function modeOf(applied: Applied | undefined, nodes: readonly ts.Node[]): Pick<DropoutLayer, 'metadata' | 'applied'> & Partial<Pick<DropoutLayer, 'state'>> {
  const intent = intentOf(nodes);
  const state = applied?.training === true ? 'live' : applied?.training === false ? 'off' : undefined;
  return { ...(applied && { applied }), ...(state && { state }), ...(intent !== undefined && { metadata: new Map([['droplint.intent', intent]]) }) };
}
