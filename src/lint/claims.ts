import type { Edit } from '../graph/edits.js';
import type { Layer, Value } from '../graph/layers.js';

/**
 * What a fix takes for itself in a pass: the layer that it moves or changes, and the tensor at which it puts one
 * down. Two fixes that share any of these are not made in the same pass.
 */
export function claimsOf(edits: readonly Edit[]): readonly (Layer | Value)[] {
  return edits.flatMap((edit): readonly (Layer | Value)[] => {
    switch (edit.type) {
      case 'move':
        return [edit.layer, ...placeOf(edit)];
      case 'insert':
        return placeOf(edit);
      case 'remove':
      case 'replace':
      case 'configure':
        return [edit.layer];
      case 'fold-bias':
      case 'unfold-scale':
        return [edit.layer, edit.into];
      case 'fold-scale':
        return [edit.layer, edit.into, ...(edit.scale ? [edit.scale] : [])];
      case 'schedule':
        return edit.layers;
    }
  });
}

function placeOf({ where, target }: Extract<Edit, { type: 'move' | 'insert' }>): readonly Value[] {
  const value = (where === 'before' ? target.inputs : target.outputs)[0];
  return value ? [value] : [];
}
