/** A transformer encoder whose parameters are named and shaped but not drawn: `writeWithHoles` leaves their place empty. */
import { activation } from '../../fixtures/builders/activations.js';
import { selfAttention } from '../../fixtures/builders/attention.js';
import { dropout } from '../../fixtures/builders/dropout-forms.js';
import { binary, embedding, layerNorm, linear } from '../../fixtures/builders/layers.js';
import { Model, type Tensor } from '../../fixtures/builders/onnx.js';
import { size } from '../../fixtures/builders/tensors.js';

export interface TransformerSize {
  readonly blocks: number;
  /** Width of the model; a multiple of 64, or less for one head. */
  readonly features: number;
  readonly vocabulary: number;
}

/** float32 of that shape. */
export interface Weight {
  readonly name: string;
  readonly shape: readonly number[];
}

export interface UnweightedModel {
  readonly model: Model;
  readonly weights: readonly Weight[];
}

/** Pre-norm blocks (Xiong et al. 2020) of attention and a GELU layer four times as wide; opset 17. */
export function transformer({ blocks, features, vocabulary }: TransformerSize): UnweightedModel {
  const model = new Model({ opset: 17, naming: 'torchscript' });
  const weights: Weight[] = [];
  const g = model.graph;
  g.parameter = (operator, scope, role, shape): Tensor => {
    const name = model.namer.parameter(scope, role, operator);
    weights.push({ name, shape });
    return { name, shape, type: 'float32' };
  };
  const drop = (x: Tensor, scope: string): Tensor => dropout(g, x, { scope, rate: 0.1, state: 'live' });

  const tokens = g.input('tokens', ['batch', 128], 'int64');
  let x = drop(embedding(g, tokens, vocabulary, features, { scope: 'embedding' }), 'embedding');
  for (let block = 0; block < blocks; block += 1) {
    const scope = `blocks.${block}`;
    const attended = selfAttention(g, layerNorm(g, x, { scope: `${scope}.ln_1` }), { scope: `${scope}.attention`, heads: Math.max(1, features / 64), onWeights: (attention) => drop(attention, `${scope}.attention`) });
    x = binary(g, 'Add', x, drop(attended, `${scope}.attention.out`), { scope });
    const hidden = activation(g, linear(g, layerNorm(g, x, { scope: `${scope}.ln_2` }), 4 * features, { scope: `${scope}.mlp.0` }), 'gelu', { scope: `${scope}.mlp.1` });
    x = binary(g, 'Add', x, drop(linear(g, hidden, features, { scope: `${scope}.mlp.2` }), `${scope}.mlp.3`), { scope });
  }
  g.output(layerNorm(g, x, { scope: 'ln' }), 'output');
  return { model, weights };
}

/** What the weights take in a file. */
export const weightBytes = ({ weights }: UnweightedModel): number => weights.reduce((total, { shape }) => total + 4 * size(shape), 0);
