/** A model of opset 7 to 11 as one of opset 12, where a Dropout has its rate and its mode as operands. */
import type { Splice } from '../../document.js';
import { FLOAT } from '../data-types.js';
import { RAISED_TO, obstacleToRaising } from '../lift/opset-changes.js';
import { floatAttribute, isStandard } from '../lift/tensors.js';
import { bodiesIn } from '../wire/bodies.js';
import { ModelEditor } from '../wire/editor.js';
import type { ModelRecord } from '../wire/records.js';

/** The splices that raise the opset, or the reason why it cannot be raised. */
export function raiseOpset(model: ModelRecord): readonly Splice<Uint8Array>[] | string {
  const from = model.opsets.get('') ?? 1;
  const obstacle = obstacleToRaising(model, from);
  if (obstacle !== undefined) return obstacle;
  const editor = new ModelEditor(model);
  editor.setOpset('', RAISED_TO);
  for (const body of bodiesIn(model.graph)) {
    for (const node of body.nodes) {
      if (node.opType !== 'Dropout' || !isStandard(node)) continue;
      const edit = editor.body(body);
      const editable = edit.nodeOf(node);
      const ratio = edit.freshName('ratio');
      edit.insert({ opType: 'Constant', name: edit.freshNodeName('ratio'), inputs: [], outputs: [ratio], attributes: [{ name: 'value', tensor: { dataType: FLOAT, dims: [], values: [floatAttribute(node, 'ratio') ?? 0.5] } }] }, { before: editable });
      editable.removeAttribute('ratio');
      editable.inputs[1] = ratio;
    }
  }
  return editor.splices();
}
