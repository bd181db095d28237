/** Dropouts that are more than a Dropout operator, in place of another one or over a weight. */
import type { DropoutSpec } from '../../../graph/edits.js';
import { ALPHA } from '../../../variants/alpha.js';
import { CONCRETE } from '../../../variants/concrete.js';
import { DROP_CONNECT } from '../../../variants/drop-connect.js';
import { VARIATIONAL } from '../../../variants/gaussian.js';
import { SEQUENCE, SEQUENCE_BATCH_FIRST, STATE } from '../../../variants/recurrent.js';
import { SPATIAL } from '../../../variants/spatial.js';
import { TEMPLATE_OPSET } from '../../../variants/template.js';
import type { Template } from '../../../variants/template.js';
import { BOOL, isFloat } from '../data-types.js';
import { dropoutOperands } from '../lift/dropout-facts.js';
import type { Body, Tensor } from '../lift/tensors.js';
import type { EditableNode } from '../wire/editable-node.js';
import { axisOfChannels } from './channel-axis.js';
import { sideInputsOf } from './current.js';
import type { Current, CurrentDropout } from './current.js';
import { channelMask, checkImport, insertConstant, insertOnes, insertProduct, modeOperand, operandsOf, trainingModeOf, writeOperator } from './dropout-nodes.js';
import type { Insertion, Rate } from './dropout-nodes.js';
import { nodesToHoist } from './hoisting.js';
import type { ModelWide } from './model-wide.js';
import { refuse } from './refusal.js';
import type { Rewiring } from './rewiring.js';
import { insertCall, insertTemplate } from './template-nodes.js';

type Place = { readonly before: EditableNode };

/** What is to be written between two values. */
export interface Writing {
  readonly input: string;
  readonly output: string;
  /** The tensor that is dropped, as the file describes it. */
  readonly data: Tensor;
  readonly spec: Pick<DropoutSpec, 'unit' | 'law' | 'asFunction' | 'mode'>;
  readonly rate: Rate;
  /** The value that switches it; `undefined`: none, which is off. */
  readonly trainingMode: string | undefined;
  /** Below opset 7 an attribute says it. */
  readonly isOn: boolean;
  readonly label: string;
  /** Where the mask that it takes the place of has the channels. */
  readonly channelAxis?: 1 | -1 | undefined;
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

export function writeTemplate(rewiring: Rewiring, wide: ModelWide, template: Template, { input, output, data, spec, rate, trainingMode, label }: Omit<Writing, 'isOn'>, place: Place): void {
  const dataType = checkTemplate(template, rewiring.body, data);
  const parameter = parameterOf(rewiring, wide, template, dataType, rate, label, place);
  // Without a switch it could never be on, unless that is what is asked for.
  const mode = trainingMode ?? (spec.mode === false ? insertConstant(rewiring, 'training_mode', { dataType: BOOL, dims: [], values: [0] }, place) : wide.modeInput(rewiring.body));
  const operands = { input, output, parameter, trainingMode: mode };
  if (spec.asFunction) insertCall(rewiring, wide.callOf(template, dataType, rewiring), operands, label, place);
  else insertTemplate(rewiring, template, dataType, operands, label, place);
}

function parameterOf(rewiring: Rewiring, wide: ModelWide, template: Template, dataType: number, { operand, value }: Rate, label: string, place: Place): string {
  const { parameter } = template;
  if (!parameter.isLearned && operand !== undefined && rewiring.body.tensor(operand).dataType === dataType) return operand;
  const known = value ?? refuse('its rate comes from the run time');
  if (parameter.isLearned && !(known > 0 && known < 1)) refuse(`${template.name} begins at a rate between 0 and 1, and this one is ${known}`);
  if (parameter.isLearned) return wide.trainable(rewiring.body, `${label}.${parameter.name}`, dataType, parameter.valueOf(known));
  return insertConstant(rewiring, parameter.name, { dataType, dims: [], values: [parameter.valueOf(known)] }, place);
}

/** A plain Dropout, or a Dropout over ones for each channel. */
function writePlain(rewiring: Rewiring, { input, output, data, spec, rate, trainingMode, isOn, label, channelAxis }: Writing, place: Place): void {
  const drop = (from: string, to: string): void => writeOperator(rewiring, [from, to], { rate, trainingMode, isOn, name: label }, place);
  if (spec.unit !== 'channel') return drop(input, output);
  const { maskShape, dataType } = channelMask(rewiring.body, data, channelAxis);
  const ones = insertOnes(rewiring, input, data.name, maskShape, dataType, place);
  const mask = rewiring.freshName(`${output}_mask`);
  drop(ones, mask);
  insertProduct(rewiring, input, mask, output, place);
}

/** The mode of a dropout that takes the place of another: what the spec demands, else the other's, else what the spec offers. */
function modeInPlaceOf({ rewiring, dropout, main }: CurrentDropout, { training, mode }: DropoutSpec, wide: ModelWide, place: Place): string | undefined {
  if (rewiring.body.opset < TEMPLATE_OPSET) return undefined;
  const own = dropout.trainingMode ?? (dropout.form === 'operator' ? dropoutOperands(main).trainingMode : undefined);
  if (mode === undefined && own !== undefined) return own;
  return modeOperand(rewiring, mode ?? (dropout.state === 'live' ? true : training), wide, place);
}

/** Takes the dropout out and writes the one of the spec in its place; `given` is the value that its rate comes from. */
export function replaceDropout(current: CurrentDropout, spec: DropoutSpec, wide: ModelWide, given?: string): void {
  const { rewiring, nodes, place: at, dropout, main, input, output, maker } = current;
  if (dropout.mask) refuse('its mask is read');
  if (dropout.unit === 'weight') refuse('it drops a weight');
  checkImport(rewiring.body);
  const data = rewiring.body.tensor(at.input);
  const template = templateFor(spec, data.shape?.length);
  const channelAxis = dropout.unit === 'channel' ? dropout.channelAxis : undefined;
  if (template) checkTemplate(template, rewiring.body, data);
  else if (spec.unit === 'channel') channelMask(rewiring.body, data, channelAxis);
  const side = sideInputsOf(current);
  const place = { before: maker };
  const ratio = spec.rate === 'keep' && dropout.form === 'operator' && rewiring.body.opset >= TEMPLATE_OPSET ? (dropout.parameter ?? dropoutOperands(main).ratio) : dropout.law === 'alpha' && spec.rate === 'keep' ? dropout.parameter : undefined;
  const operand = given ?? ratio;
  const rate: Rate = { value: spec.rate === 'keep' ? dropout.rate : spec.rate, ...(operand !== undefined && { operand }) };
  const mode = modeInPlaceOf(current, spec, wide, place);
  rewiring.setOutput(maker, maker.outputs.indexOf(output), rewiring.freshName(`${output}_replaced`));
  const label = main.name || rewiring.edit.freshNodeName('Dropout');
  const writing: Writing = { input, output, data, spec, rate, trainingMode: mode, isOn: dropout.state === 'live', label, channelAxis };
  if (template) writeTemplate(rewiring, wide, template, writing, place);
  else writePlain(rewiring, writing, place);
  for (const node of nodes) rewiring.remove(node);
  rewiring.sweep(side);
  releaseParameter(current, wide);
}

/** What was learned for a dropout that is gone. */
export function releaseParameter({ dropout: { template, parameter }, place: { body, nodes } }: CurrentDropout, wide: ModelWide): void {
  if (template?.parameter.isLearned) wide.release(parameter!, body, body.parent ? nodes.filter(({ inputs }) => inputs.includes(parameter!)).length : 0);
}

/** DropConnect: dropout over the weight of a fully connected layer or a convolution (Wan et al. 2013). */
export function dropWeight(layer: Current, insertion: Insertion, wide: ModelWide): void {
  const { rate, training, sibling } = insertion;
  const { rewiring, place: at, nodes: [node] } = layer;
  const [main] = at.nodes;
  checkImport(rewiring.body);
  const index = weightIndex(rewiring.body, main.inputs, main.opType);
  const data = rewiring.body.tensor(main.inputs[index]);
  if (!data.constant) refuse('its weight is not a constant of the file, or is dropped already');
  if (isFloat(data.dataType) !== true) refuse('its weight holds no floating-point numbers');
  const template = templateFor(insertion, data.shape?.length);
  if (template) checkTemplate(template, rewiring.body, data);
  const place = { before: node };
  for (const late of nodesToHoist(rewiring, operandsOf(insertion, rewiring), { anchor: node, where: 'before' }, new Set(layer.nodes), new Set([layer.output]))) rewiring.moveTo(late, place);
  const input = node.inputs[index];
  const output = rewiring.freshName(`${input}_dropped`);
  const mode = rewiring.body.opset >= TEMPLATE_OPSET ? trainingModeOf(rewiring, sibling, insertion, wide, place) : undefined;
  const label = rewiring.edit.freshNodeName(main.name ? `${main.name}_DropConnect` : 'DropConnect');
  const isOn = sibling?.dropout ? sibling.dropout.state === 'live' : training === true;
  const writing: Writing = { input, output, data, spec: insertion, rate, trainingMode: mode, isOn, label };
  if (template) writeTemplate(rewiring, wide, template, writing, place);
  else writePlain(rewiring, writing, place);
  rewiring.setInput(node, index, output);
}

function weightIndex(body: Body, inputs: readonly string[], opType: string): number {
  if (opType === 'Gemm' || opType === 'Conv' || opType === 'ConvTranspose') return 1;
  if (opType !== 'MatMul') return refuse(`the weight of ${opType} is quantised, or no operand of its own`);
  const index = inputs.findIndex((name) => body.tensor(name).constant !== undefined);
  return index === -1 ? refuse('its weight is not a constant of the file, or is dropped already') : index;
}
