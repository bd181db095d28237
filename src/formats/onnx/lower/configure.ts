/** Settings of a Dropout operator: rate, mode, seed. */
import { BOOL, FLOAT } from '../data-types.js';
import type { CurrentDropout } from './current.js';
import { checkImport, insertConstant } from './dropout-nodes.js';
import { refuse } from './refusal.js';

/** Refuses settings that the operator, or its opset, does not have. */
export function configureDropout(dropout: CurrentDropout, settings: Readonly<Record<string, unknown>>): void {
  if (dropout.dropout.form !== 'operator') refuse('it is spelled out in random operators');
  const changes = Object.entries(settings).map(([key, value]) => changeFor(dropout, key, value) ?? refuse(`a Dropout operator has no setting ${key}: ${String(value)}`));
  for (const change of changes) change();
}

/** Checks now, changes later. */
function changeFor(dropout: CurrentDropout, key: string, value: unknown): (() => void) | undefined {
  if (key === 'rate' && typeof value === 'number') return rateChange(dropout, value);
  if (key === 'complementRate' && value === true) return rateChange(dropout, 1 - (dropout.dropout.rate ?? refuse('its rate comes from the run time')));
  if (key === 'trainingMode' && typeof value === 'boolean') return modeChange(dropout, value);
  if (key === 'removeSeed' && value === true) return () => dropout.rewiring.removeAttribute(dropout.main, 'seed');
  return undefined;
}

const isOld = ({ dropout, rewiring }: CurrentDropout, opset: number): boolean => dropout.main.domain === '' && rewiring.body.opset < opset;

function rateChange(dropout: CurrentDropout, rate: number): () => void {
  if (isOld(dropout, 12)) return () => dropout.rewiring.setAttribute(dropout.main, { name: 'ratio', f: rate });
  checkImport(dropout.rewiring.body);
  return () => setOperand(dropout, 1, 'ratio', FLOAT, rate);
}

function modeChange(dropout: CurrentDropout, training: boolean): () => void {
  if (isOld(dropout, 7)) return () => dropout.rewiring.setAttribute(dropout.main, { name: 'is_test', i: training ? 0 : 1 });
  if (isOld(dropout, 12)) refuse('Dropout of opset 7 to 11 has no training mode');
  checkImport(dropout.rewiring.body);
  return () => setOperand(dropout, 2, 'training_mode', BOOL, training ? 1 : 0);
}

/** Others may share the value that stands there: this one gets its own. */
function setOperand({ rewiring, main }: CurrentDropout, index: number, stem: string, dataType: number, value: number): void {
  const old = main.inputs[index] ?? '';
  rewiring.setInput(main, index, insertConstant(rewiring, stem, { dataType, dims: [], values: [value] }, { before: main }));
  rewiring.sweep([old]);
}
