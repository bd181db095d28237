/** Non-inverted dropout to inverted, and back: the factor 1 − p goes into the weights, or out of them (Srivastava et al. 2014, §10). */
import type { ActivationLayer, DropoutLayer, WeightedLayer } from '../../../graph/layers.js';
import { factorChain } from '../../../graph/legacy-scaling.js';
import { scalar } from '../lift/patterns.js';
import type { EditableNode } from '../wire/editable-node.js';
import type { Current, CurrentDropout } from './current.js';
import { checkImport } from './dropout-nodes.js';
import { refuse } from './refusal.js';
import { foldWeightFactor, scaleWeights } from './scale-weights.js';

/** From which on products and comparisons broadcast, and Less reads numbers. */
const FIRST_OPSET = 7;
const TOLERANCE = 1e-3;

/** Whether the weights behind or those before take the factor up. */
function endOf(dropout: DropoutLayer, into: WeightedLayer): 'ahead' | 'behind' {
  const { ahead, behind } = factorChain(dropout);
  return into === ahead ? 'ahead' : into === behind ? 'behind' : refuse('something stands between the dropout and the weights that does not pass a factor, or something else reads the value');
}

function keepOf({ rate }: DropoutLayer): number {
  return rate !== undefined && rate > 0 && rate < 1 ? 1 - rate : refuse('its rate is not known, or drops nothing or everything');
}

const typeOf = ({ place: { body, input, output } }: Current): number => body.tensor(output).dataType ?? body.tensor(input).dataType ?? refuse('the element type of what it drops is not known');

const scaleValue = ({ factor, divides }: ActivationLayer): number => {
  const value = factor?.count === 1 ? factor.values(1)?.[0] : undefined;
  return value === undefined || !(value > 0) ? refuse('it does not scale by one positive number') : divides ? 1 / value : Number(value);
};

/** Multiplies what `maker` gives as `output`. */
function multiplyBehind(current: Current, factor: number): void {
  const { rewiring, output, maker } = current;
  const dataType = typeOf(current);
  const unscaled = rewiring.splitAfter(maker, output);
  const product = rewiring.insert({ opType: 'Mul', inputs: [unscaled, ''], outputs: [output] }, { after: maker });
  rewiring.setInput(product, 1, rewiring.insertConstant('scale', { dataType, dims: [], values: [factor] }, { before: product }));
}

export interface Folding {
  readonly layer: DropoutLayer;
  readonly scale: ActivationLayer | undefined;
  readonly into: WeightedLayer;
}

/** The layers as they stand. */
interface Stand {
  readonly dropout: CurrentDropout;
  readonly scale: Current | undefined;
  readonly into: Current;
}

/** To inverted dropout: W′ = (1 − p)·W. */
export function foldScale({ layer, scale, into }: Folding, stand: Stand): void {
  const keep = keepOf(layer);
  const end = endOf(layer, into);
  if (stand.dropout.rewiring !== stand.into.rewiring) refuse('the two layers stand in different graphs');
  checkImport(stand.dropout.rewiring.body);
  if (!layer.inverted) {
    if (scale) refuse('neither its mask nor the multiplication by 1 − p keeps the mean: which of the two is meant is not known');
    if (stand.dropout.rewiring.body.opset < FIRST_OPSET) refuse(`a scale needs opset ${FIRST_OPSET}, from which on products broadcast`);
    typeOf(stand.dropout);
    scaleWeights(stand.into, keep, { bias: end === 'behind' });
    return multiplyBehind(stand.dropout, 1 / keep);
  }
  if (!scale || !stand.scale) return foldWeightFactor(stand.into, (value) => Math.abs(value - keep) < TOLERANCE);
  if (!factorChain(layer).between.includes(scale)) refuse('the scale does not stand on the way of the dropout');
  scaleWeights(stand.into, scaleValue(scale), { bias: end === 'behind' });
  stand.scale.rewiring.takeOut(stand.scale);
}

/**
 * To non-inverted dropout: W′ = W/(1 − p), and x·(1 − p) behind the dropout, whose survivors are scaled by 1/(1 − p) in training:
 * m⊙x there and (1 − p)·x at inference. One that is spelled out loses its scale.
 */
export function unfoldScale(layer: DropoutLayer, into: WeightedLayer, { dropout, into: weighted }: Pick<Stand, 'dropout' | 'into'>): void {
  const { rewiring } = dropout;
  const keep = keepOf(layer);
  const end = endOf(layer, into);
  if (rewiring !== weighted.rewiring) refuse('the two layers stand in different graphs');
  if (!layer.inverted) refuse('it is not inverted already');
  if (layer.law !== 'bernoulli') refuse('it does not drop');
  checkImport(rewiring.body);
  if (rewiring.body.opset < FIRST_OPSET) refuse(`a scale needs opset ${FIRST_OPSET}, from which on products broadcast`);
  typeOf(dropout);
  const scaling = dropout.dropout.form === 'decomposed' ? scalingIn(dropout, keep) : undefined;
  scaleWeights(weighted, 1 / keep, { bias: end === 'behind' });
  if (scaling) rewiring.takeOut({ nodes: [scaling.node], input: scaling.input, output: scaling.node.outputs[0] });
  else multiplyBehind(dropout, keep);
}

interface Scaling {
  readonly node: EditableNode;
  readonly input: string;
}

/** The multiplication by 1/(1 − p), or division by 1 − p, in a dropout that is spelled out. */
function scalingIn({ place, rewiring }: CurrentDropout, keep: number): Scaling {
  for (const record of place.nodes) {
    if (record.opType !== 'Mul' && record.opType !== 'Div') continue;
    const index = record.inputs.findIndex((name) => {
      const value = scalar(place.body, name);
      return value !== undefined && Math.abs((record.opType === 'Mul' ? value : 1 / value) * keep - 1) < TOLERANCE;
    });
    const node = rewiring.nodeOf(record);
    if (index !== -1 && (record.opType === 'Mul' || index === 1)) return { node, input: node.inputs[1 - index] };
  }
  return refuse('its scale is no number of its own');
}
