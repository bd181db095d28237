/** Another kind of dropout in the place of one. */
import type { DropoutSpec } from '../../../graph/edits.js';
import { TEMPLATE_OPSET } from '../../../variants/template.js';
import { dropoutOperands } from '../lift/dropout-facts.js';
import type { EditableNode } from '../wire/editable-node.js';
import { sideInputsOf } from './current.js';
import type { CurrentDropout } from './current.js';
import { checkImport, checkTemplate, templateFor, writeDropout } from './dropout-nodes.js';
import { channelMask, insertOnes } from './masks.js';
import type { ModelWide } from './model-wide.js';
import { refuse } from './refusal.js';
import { modeOperand } from './settings.js';

type Where = { readonly before: EditableNode };

/** The mode of a dropout that takes the place of another: what the spec demands, else the other's, else what the spec offers. */
function modeInPlaceOf({ rewiring, dropout, main }: CurrentDropout, { training, mode }: DropoutSpec, wide: ModelWide, place: Where): string | undefined {
  const own = dropout.trainingMode ?? (dropout.form === 'operator' ? dropoutOperands(main).trainingMode : undefined);
  if (mode === undefined && own !== undefined) return own;
  return modeOperand(rewiring, mode ?? (dropout.state === 'live' ? true : training), wide, place);
}

/** The value that gives the rate now, where it is the rate itself. */
function rateOperandOf({ rewiring: { body }, dropout, main }: CurrentDropout): string | undefined {
  if (dropout.form === 'operator') return body.opset >= TEMPLATE_OPSET ? (dropout.parameter ?? dropoutOperands(main).ratio) : undefined;
  return dropout.law === 'alpha' ? dropout.parameter : undefined;
}

/** Takes the dropout out and writes the one of the spec in its place; `given` is the value that its rate comes from. */
export function replaceDropout(current: CurrentDropout, spec: DropoutSpec, wide: ModelWide, given?: string): void {
  const { rewiring, nodes, place: at, dropout, main, input, output, maker } = current;
  if (dropout.mask) refuse('its mask is read');
  if (dropout.unit === 'weight') refuse('it drops a weight');
  checkImport(rewiring.body);
  const data = rewiring.body.tensor(at.input);
  const template = templateFor(spec, data.shape?.length);
  if (template) checkTemplate(template, rewiring.body, data);
  const mask = spec.unit === 'channel' && !template ? channelMask(rewiring.body, data, dropout.unit === 'channel' ? dropout.channelAxis : undefined) : undefined;
  const side = sideInputsOf(current);
  const operand = given ?? (spec.rate === 'keep' ? rateOperandOf(current) : undefined);
  const rate = { value: spec.rate === 'keep' ? dropout.rate : spec.rate, ...(operand !== undefined && { operand }) };
  rewiring.setOutput(maker, maker.outputs.indexOf(output), rewiring.freshName(`${output}_replaced`));
  const label = main.name || rewiring.edit.freshNodeName('Dropout');
  const trainingMode = (place: Where) => modeInPlaceOf(current, spec, wide, place);
  const ones = mask && ((place: Where) => insertOnes(rewiring, input, data.name, mask, place));
  writeDropout(rewiring, wide, { input, output, data, spec, template, rate, trainingMode, isOn: dropout.state === 'live', label, ones }, { before: maker });
  for (const node of nodes) rewiring.remove(node);
  rewiring.sweep(side);
  releaseParameter(current, wide);
}

/** What was learned for a dropout that is gone. */
export function releaseParameter({ dropout: { template, parameter }, place: { body, nodes } }: CurrentDropout, wide: ModelWide): void {
  if (template?.parameter.isLearned) wide.release(parameter!, body, body.parent ? nodes.filter(({ inputs }) => inputs.includes(parameter!)).length : 0);
}
