/** Taking a dropout out, as an identity is taken out. */
import { BOOL } from '../data-types.js';
import { sideInputsOf } from './current.js';
import type { CurrentDropout } from './current.js';
import type { ModelWide } from './model-wide.js';
import { refuse } from './refusal.js';
import { releaseParameter } from './replace.js';

export function removeDropout(dropout: CurrentDropout, wide: ModelWide): void {
  if (dropout.dropout.mask) keepMask(dropout);
  dropout.rewiring.takeOut(dropout, sideInputsOf(dropout));
  releaseParameter(dropout, wide);
}

/** In inference the mask is all true from opset 12 on: that stays for its readers. */
function keepMask({ rewiring, dropout, main }: CurrentDropout): void {
  if (dropout.main.domain !== '') refuse(`its mask is read, and ${dropout.main.opType} packs it in bits`);
  if (rewiring.body.opset < 12) refuse('its mask is read, and what an inference mask holds differs between runtimes at this opset');
  const mask = main.outputs[1];
  const shape = rewiring.freshName(`${mask}_shape`);
  rewiring.insert({ opType: 'Shape', inputs: [main.inputs[0]], outputs: [shape] }, { before: main });
  rewiring.setOutput(main, 1, rewiring.freshName(`${mask}_removed`));
  rewiring.insert({ opType: 'ConstantOfShape', inputs: [shape], outputs: [mask], attributes: [{ name: 'value', tensor: { dataType: BOOL, dims: [1], values: [1] } }] }, { before: main });
}
