/** Models whose parameters are named and shaped but not drawn: `writeWithHoles` leaves their place empty. */
import { Model, type ModelOptions, type Tensor } from '../../fixtures/builders/onnx.js';
import { size } from '../../fixtures/builders/tensors.js';

/** float32 of that shape. */
export interface Weight {
  readonly name: string;
  readonly shape: readonly number[];
}

export interface UnweightedModel {
  readonly model: Model;
  readonly weights: readonly Weight[];
}

/** An empty model that notes down each parameter instead of drawing it. */
export function unweighted(options: ModelOptions): UnweightedModel {
  const model = new Model(options);
  const weights: Weight[] = [];
  model.graph.parameter = (operator, scope, role, shape): Tensor => {
    const name = model.namer.parameter(scope, role, operator);
    weights.push({ name, shape });
    return { name, shape, type: 'float32' };
  };
  return { model, weights };
}

/** What the weights take in a file. */
export const weightBytes = ({ weights }: UnweightedModel): number => weights.reduce((total, { shape }) => total + 4 * size(shape), 0);
