/** A transformer encoder without its weights. */
import { activation } from '../../fixtures/builders/activations.js';
import { selfAttention } from '../../fixtures/builders/attention.js';
import { dropout } from '../../fixtures/builders/dropout-forms.js';
import { binary, embedding, layerNorm, linear } from '../../fixtures/builders/layers.js';
import type { Tensor } from '../../fixtures/builders/onnx.js';
import { unweighted, type UnweightedModel } from './unweighted.js';

export interface TransformerSize {
  readonly blocks: number;
  /** Width of the model; a multiple of 64, or less for one head. */
  readonly features: number;
  readonly vocabulary: number;
}

/** Pre-norm blocks (Xiong et al. 2020) of attention and a GELU layer four times as wide; opset 17. */
export function transformer({ blocks, features, vocabulary }: TransformerSize): UnweightedModel {
  const unfilled = unweighted({ opset: 17, naming: 'torchscript' });
  const g = unfilled.model.graph;
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
  return unfilled;
}
