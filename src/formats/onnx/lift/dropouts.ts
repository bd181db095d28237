/** Dropout in every form that a graph can spell it: the operators of all opsets, and random operators that add up to one. */
import type { NodeRecord } from '../wire/records.js';
import { channelAxisOf, layoutOf } from './channel-axis.js';
import { RANDOM, ofRandom } from './decomposed-dropouts.js';
import { FUSED, MICROSOFT, asWritten, feedOf, isDropoutOperator, rateOf, stateOf, stateUnder } from './dropout-facts.js';
import type { DropoutFacts } from './dropout-facts.js';
import { alignedMask, enlarges, isOnes, unitOf } from './mask-units.js';
import { inOrder, otherOperand, producerOf, scalar, soleReader } from './patterns.js';
import type { Pattern } from './patterns.js';
import { droppedRecurrence, isMaskOfLoops, sharedMask } from './recurrent-dropouts.js';
import { calledAt, spelledOutAt } from './templates.js';
import type { TemplateMatch } from './templates.js';
import { intAttribute, isStandard } from './tensors.js';
import type { Body } from './tensors.js';

/** What the operator says of itself. */
function settingsOf(body: Body, node: NodeRecord) {
  const mask = node.outputs[1];
  const maskTensor = mask ? body.tensor(mask) : undefined;
  return {
    form: 'operator' as const,
    law: 'bernoulli' as const,
    followsData: true,
    ...rateOf(body, node),
    state: stateOf(body, node),
    inverted: true,
    seed: intAttribute(node, 'seed'),
    mask: maskTensor && (maskTensor.readers.length > 0 || maskTensor.isOutput || maskTensor.captured) ? mask : undefined,
    main: node,
    fused: FUSED.has(node.opType) && node.domain === MICROSOFT ? { bias: node.inputs[1] || undefined, residual: node.inputs[2] || undefined } : undefined,
  };
}

function ofOperator(body: Body, node: NodeRecord): Pattern<DropoutFacts> {
  const [data] = node.inputs;
  const [output] = node.outputs;
  const facts = settingsOf(body, node);
  const constant = body.tensor(data).constant !== undefined;
  const multiply = constant || producerOf(body, data)?.opType === 'ConstantOfShape' ? soleReader(body, output) : undefined;
  const recurrence = multiply?.opType === 'Mul' && isStandard(multiply) && isOnes(body, data) ? droppedRecurrence(body, multiply, output) : undefined;
  if (multiply && recurrence) return { nodes: inOrder(body, [node, multiply]), input: recurrence, output: multiply.outputs[0], facts: { ...facts, followsData: false, unit: 'time', channelAxis: 1, isAside: true } };
  const live = multiply?.opType === 'Mul' && isStandard(multiply) ? otherOperand(multiply, output) : undefined;
  const maskShape = multiply && live ? alignedMask(body, multiply, data, live) : undefined;
  if (multiply && live && !body.tensor(live).constant && isOnes(body, data) && !enlarges(maskShape, body.tensor(live).shape)) {
    return { nodes: inOrder(body, [node, multiply]), input: live, output: multiply.outputs[0], facts: { ...facts, followsData: false, ...unitOf(body, live, maskShape, multiply.outputs[0]) } };
  }
  if (isDraw(body, node)) return { nodes: [node], input: data, output, facts: { ...facts, unit: 'weight', channelAxis: 1, drawsForLoops: true } };
  return { nodes: [node], input: data, output, facts: { ...facts, unit: constant ? 'weight' : 'element', channelAxis: constant ? 1 : channelAxisOf(body, data) } };
}

const draws = new WeakMap<NodeRecord, boolean>();

/** A Dropout over ones whose result is a mask in the bodies of loops; many products may ask. */
function isDraw(body: Body, node: NodeRecord): boolean {
  let known = draws.get(node);
  if (known === undefined) draws.set(node, (known = node.opType === 'Dropout' && isStandard(node) && isMaskOfLoops(body, node.outputs[0]) && isOnes(body, node.inputs[0]) && settingsOf(body, node).mask === undefined));
  return known;
}

/** A product, in the body of a loop, by a mask that is drawn outside. */
function ofSharedMask(body: Body, node: NodeRecord): Pattern<DropoutFacts> | undefined {
  const shared = sharedMask(body, node);
  if (!shared || body.tensor(shared.data).constant || !isDraw(shared.draw.body, shared.draw.node)) return undefined;
  const { data, draw } = shared;
  const mask = draw.body.tensor(draw.node.outputs[0]).shape;
  if (enlarges(mask, body.tensor(data).shape)) return undefined;
  return { nodes: [node], input: data, output: node.outputs[0], facts: { ...settingsOf(draw.body, draw.node), unit: 'time', channelAxis: 1, followsData: false, main: node, draw } };
}

function ofTemplate(body: Body, { template, nodes, input, output, parameter, trainingMode }: TemplateMatch): Pattern<DropoutFacts> {
  const { law, rank, timeAxis, isAside, parameter: { name, rateOf: rateAt } } = template;
  const tensor = body.tensor(parameter);
  const value = scalar(body, parameter);
  const layout = template.unit === 'channel' ? layoutOf(body, input) : undefined;
  const isElsewhere = layout !== undefined && (layout === 'ambiguous' || layout.batch !== 0 || layout.channel !== 1);
  const unit = template.unit === 'weight' && !body.tensor(input).constant ? 'element' : isElsewhere ? 'unknown' : template.unit;
  return {
    nodes,
    input,
    output,
    facts: {
      form: law === 'bernoulli' ? 'operator' : 'decomposed', law, unit, channelAxis: unit === 'element' ? channelAxisOf(body, input) : 1, inverted: true, state: stateUnder(body, trainingMode),
      rate: asWritten(value === undefined ? undefined : rateAt(value)), rateName: name === 'ratio' ? parameter : undefined, rateIsConstant: tensor.constant !== undefined && feedOf(body, parameter) === undefined,
      followsData: rank === undefined, seed: undefined, mask: undefined, main: nodes.at(-1)!, fused: undefined, template, parameter, trainingMode,
      ...(timeAxis !== undefined && { timeAxis }), ...(isAside && { isAside }),
    },
  };
}

/** Every dropout of a body, in its order. */
export function findDropouts(body: Body): readonly Pattern<DropoutFacts>[] {
  const found: Pattern<DropoutFacts>[] = [];
  for (const node of body.order.nodes) {
    const match = spelledOutAt(body, node) ?? calledAt(body, node);
    if (match) found.push(ofTemplate(body, match));
    else if (isDropoutOperator(node) && node.inputs[0] && node.outputs[0]) found.push(ofOperator(body, node));
    else {
      const pattern = isStandard(node) && RANDOM.has(node.opType) ? ofRandom(body, node) : body.parent && ofSharedMask(body, node);
      if (pattern) found.push(pattern);
    }
  }
  return found;
}
