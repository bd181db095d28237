/** The nodes that a new dropout consists of, in the form of the graph's opset: a template, or Dropout operators. */
import type { DropoutSpec } from '../../../graph/edits.js';
import { ALPHA } from '../../../variants/alpha.js';
import { CONCRETE } from '../../../variants/concrete.js';
import { DROP_CONNECT } from '../../../variants/drop-connect.js';
import { VARIATIONAL } from '../../../variants/gaussian.js';
import { SEQUENCE, SEQUENCE_BATCH_FIRST, STATE } from '../../../variants/recurrent.js';
import { SPATIAL } from '../../../variants/spatial.js';
import { TEMPLATE_OPSET } from '../../../variants/template.js';
import type { Template } from '../../../variants/template.js';
import { BOOL, FLOAT } from '../data-types.js';
import type { Body, Tensor } from '../lift/tensors.js';
import type { EditableNode } from '../wire/editable-node.js';
import type { AttributeSpec } from '../wire/specs.js';
import { axisOfChannels } from './channel-axis.js';
import { insertProduct } from './masks.js';
import type { ModelWide } from './model-wide.js';
import { refuse } from './refusal.js';
import type { Rewiring } from './rewiring.js';
import { trainingModeOf } from './settings.js';
import type { Insertion, Rate } from './settings.js';
import { insertCall, insertTemplate } from './template-nodes.js';

type Where = { readonly before: EditableNode };

/** Refuses where operators of ai.onnx cannot be written: a function that imports other domains only. */
export function checkImport({ opsets }: Body): void {
  if (!opsets.has('')) refuse('the function does not import the operators of ai.onnx');
}

/** What is to be written between two values. */
export interface Writing {
  readonly input: string;
  readonly output: string;
  /** The tensor that is dropped, as the file describes it. */
  readonly data: Tensor;
  readonly spec: Pick<DropoutSpec, 'unit' | 'law' | 'asFunction' | 'mode'>;
  /** Absent: plain Dropout operators do it. */
  readonly template: Template | undefined;
  readonly rate: Rate;
  /** The value that switches it; `undefined`: none, which is off. Not asked for below opset 12. */
  trainingMode(place: Where): string | undefined;
  /** Below opset 7 an attribute says it. */
  readonly isOn: boolean;
  /** Name of the main node; absent: a new one. */
  readonly label?: string;
  /** Inserts the ones that a mask is drawn over which holds for more than one element. */
  readonly ones?: ((place: Where) => string) | undefined;
}

/** The template that the spec calls for; `undefined` where plain Dropout operators do it. */
export function templateFor({ unit, law = 'bernoulli', asFunction = false }: Writing['spec'], rank: number | undefined): Template | undefined {
  if (law === 'gaussian') return VARIATIONAL;
  if (law === 'concrete') return CONCRETE;
  if (law === 'alpha') return ALPHA;
  if (!asFunction || unit === 'element' || unit === 'time') return undefined;
  if (unit === 'state') return STATE;
  return unit === 'weight' ? DROP_CONNECT : (SPATIAL.find((each) => each.rank === rank) ?? refuse('the rank of what it drops is not known, or is none of feature maps'));
}

/** In front of a recurrent operator, by the axis of its steps. */
export const sequenceTemplate = (axis: 0 | 1): Template => (axis === 0 ? SEQUENCE : SEQUENCE_BATCH_FIRST);

/** Refuses, before anything is changed, what the template cannot be written for. */
export function checkTemplate(template: Template, body: Body, data: Tensor): number {
  const { dataType, shape } = data;
  if (body.opset < TEMPLATE_OPSET) refuse(`${template.name} needs opset ${TEMPLATE_OPSET}, where a Dropout has a training mode, and the model has opset ${body.opset}: convert it first (onnx.version_converter)`);
  if (template.unit === 'channel' && (shape === undefined || shape.length !== template.rank)) refuse('the rank of what it drops is not known');
  if (template.unit === 'channel' && axisOfChannels(body, data) !== 1) refuse('its channels are the last axis, and the function drops along the second: leave it to plain operators (without --as-function)');
  if (dataType === undefined) refuse('the element type of what it drops is not known');
  return dataType;
}

/** Writes a dropout in front of a node. */
export function writeDropout(rewiring: Rewiring, wide: ModelWide, writing: Writing, place: Where): void {
  const { template, input, output, ones } = writing;
  if (template) return writeTemplate(rewiring, wide, template, writing, place);
  if (!ones) return writeOperator(rewiring, [input, output], writing, place);
  const mask = rewiring.freshName(`${output}_mask`);
  writeOperator(rewiring, [ones(place), mask], writing, place);
  insertProduct(rewiring, input, mask, output, place);
}

/** What an inserted dropout is written with. */
export const settingsOf = (rewiring: Rewiring, insertion: Insertion, wide: ModelWide): Pick<Writing, 'spec' | 'rate' | 'trainingMode' | 'isOn'> => ({
  spec: insertion,
  rate: insertion.rate,
  trainingMode: (place) => trainingModeOf(rewiring, insertion, wide, place),
  isOn: insertion.sibling?.dropout ? insertion.sibling.dropout.state === 'live' : insertion.training === true,
});

function writeTemplate(rewiring: Rewiring, wide: ModelWide, template: Template, { input, output, data, spec, rate, trainingMode, label: known }: Writing, place: Where): void {
  const dataType = checkTemplate(template, rewiring.body, data);
  const given = trainingMode(place);
  const label = known ?? rewiring.edit.freshNodeName(template.name);
  const parameter = parameterOf(rewiring, wide, template, dataType, rate, label, place);
  // Without a switch it could never be on, unless that is what is asked for.
  const mode = given ?? (spec.mode === false ? rewiring.insertConstant('training_mode', { dataType: BOOL, dims: [], values: [0] }, place) : wide.modeInput(rewiring.body));
  const operands = { input, output, parameter, trainingMode: mode };
  if (spec.asFunction) insertCall(rewiring, wide.callOf(template, dataType, rewiring), operands, label, place);
  else insertTemplate(rewiring, template, dataType, operands, label, place);
}

function parameterOf(rewiring: Rewiring, wide: ModelWide, template: Template, dataType: number, { operand, value }: Rate, label: string, place: Where): string {
  const { parameter } = template;
  if (!parameter.isLearned && operand !== undefined && rewiring.body.tensor(operand).dataType === dataType) return operand;
  const known = value ?? unknownRate();
  if (parameter.isLearned && !(known > 0 && known < 1)) refuse(`${template.name} begins at a rate between 0 and 1, and this one is ${known}`);
  if (parameter.isLearned) return wide.trainable(rewiring.body, `${label}.${parameter.name}`, dataType, parameter.valueOf(known));
  return rewiring.insertConstant(parameter.name, { dataType, dims: [], values: [parameter.valueOf(known)] }, place);
}

const unknownRate = (): never => refuse('its rate comes from the run time');

/** A Dropout in the form of the opset; below 7 an attribute says whether it is on. */
function writeOperator(rewiring: Rewiring, [input, output]: readonly [string, string], { rate: { operand, value }, trainingMode, isOn, label }: Writing, place: Where): void {
  const { opset } = rewiring.body;
  const named = label === undefined ? {} : { name: label };
  if (opset >= 12) {
    const ratio = operand ?? rewiring.insertConstant('ratio', { dataType: FLOAT, dims: [], values: [value ?? unknownRate()] }, place);
    const mode = trainingMode(place);
    rewiring.insert({ opType: 'Dropout', ...named, inputs: [input, ratio, ...(mode ? [mode] : [])], outputs: [output] }, place);
    return;
  }
  const attributes: AttributeSpec[] = [{ name: 'ratio', f: value ?? unknownRate() }];
  if (opset < 7) attributes.push({ name: 'is_test', i: isOn ? 0 : 1 });
  if (opset < 6) attributes.push({ name: 'consumed_inputs', ints: [0] });
  rewiring.insert({ opType: 'Dropout', ...named, inputs: [input], outputs: [output], attributes }, place);
}
