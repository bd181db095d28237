/** Settings of a Dropout operator: rate, mode, seed. */
import { BOOL, FLOAT } from '../data-types.js';
import type { CurrentDropout } from './current.js';
import { checkImport } from './dropout-nodes.js';
import type { ModelWide } from './model-wide.js';
import { refuse } from './refusal.js';

/** Refuses settings that the operator, or its opset, does not have. */
export function configureDropout(dropout: CurrentDropout, settings: Readonly<Record<string, unknown>>, wide: ModelWide): void {
  if (dropout.dropout.form !== 'operator' && !dropout.dropout.template) refuse('it is spelled out in random operators');
  const changes = Object.entries(settings).map(([key, value]) => changeFor(dropout, key, value, wide) ?? refuse(`a Dropout operator has no setting ${key}: ${String(value)}`));
  for (const change of changes) change();
}

/** Checks now, changes later. */
function changeFor(dropout: CurrentDropout, key: string, value: unknown, wide: ModelWide): (() => void) | undefined {
  if (key === 'rate' && typeof value === 'number') return rateChange(dropout, value);
  if (key === 'complementRate' && value === true) return rateChange(dropout, 1 - (dropout.dropout.rate ?? refuse('its rate comes from the run time')));
  if (key === 'trainingMode' && (typeof value === 'boolean' || value === 'input')) return modeChange(dropout, value, wide);
  if (key === 'removeSeed' && value === true) return () => dropout.rewiring.removeAttribute(dropout.main, 'seed');
  return undefined;
}

const isOld = ({ dropout, rewiring }: CurrentDropout, opset: number): boolean => dropout.main.domain === '' && rewiring.body.opset < opset;

function rateChange(dropout: CurrentDropout, rate: number): () => void {
  if (isOld(dropout, 12)) return () => dropout.rewiring.setAttribute(dropout.main, { name: 'ratio', f: rate });
  checkImport(dropout.rewiring.body);
  const { template } = dropout.dropout;
  if (template?.parameter.isLearned) refuse(`its rate is learned: it begins at ${template.parameter.name}`);
  return () => setParameter(dropout, constantBefore(dropout, 'ratio', template ? dataTypeOf(dropout) : FLOAT, rate));
}

function modeChange(dropout: CurrentDropout, training: boolean | 'input', wide: ModelWide): () => void {
  if (isOld(dropout, 7)) {
    if (training === 'input') refuse('Dropout of opset 1 and 6 has its mode as an attribute');
    return () => dropout.rewiring.setAttribute(dropout.main, { name: 'is_test', i: training ? 0 : 1 });
  }
  if (isOld(dropout, 12)) refuse(`Dropout of opset ${dropout.rewiring.body.opset} has no training mode: convert the model to opset 12 or later first (onnx.version_converter)`);
  checkImport(dropout.rewiring.body);
  return () => setMode(dropout, training === 'input' ? wide.modeInput(dropout.rewiring.body) : constantBefore(dropout, 'training_mode', BOOL, training ? 1 : 0));
}

const dataTypeOf = ({ place }: CurrentDropout): number => place.body.tensor(place.input).dataType ?? refuse('the element type of what it drops is not known');

/** Others may share the value that stands there: this one gets its own. */
const constantBefore = ({ rewiring, nodes }: CurrentDropout, stem: string, dataType: number, value: number): string => rewiring.insertConstant(stem, { dataType, dims: [], values: [value] }, { before: nodes[0] });

/** The value that gives the rate. */
export const setParameter = (dropout: CurrentDropout, name: string): void => setOperand(dropout, dropout.dropout.parameter, 1, name);

const setMode = (dropout: CurrentDropout, name: string): void => setOperand(dropout, dropout.dropout.trainingMode, 2, name);

/** Of a Dropout operator its operand `index`; of a variant that is spelled out, wherever `old` is read. */
function setOperand({ rewiring, main, nodes, dropout }: CurrentDropout, old: string | undefined, index: number, name: string): void {
  const gone = dropout.template ? old! : (main.inputs[index] ?? '');
  if (dropout.template) for (const node of nodes) node.inputs.forEach((input, at) => { if (input === gone) rewiring.setInput(node, at, name); });
  else rewiring.setInput(main, index, name);
  rewiring.sweep([gone]);
}
