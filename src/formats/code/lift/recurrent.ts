/** Recurrent layers with the dropouts inside them. Parameters: gates · ((inputs + units) · units + units). */
import type { RecurrentLayer, Shape } from '../../../graph/layers.js';
import type { LayerInstance } from '../interpret/values.js';
import { Settings } from './arguments.js';
import { recurrentDropouts } from './dropouts.js';
import { product, plus } from './shapes.js';
import { opaque } from './specs.js';
import type { Spec } from './specs.js';

type Cell = NonNullable<RecurrentLayer['cell']>;
const CELLS: Readonly<Record<string, Cell>> = { lstm: 'lstm', gru: 'gru', simpleRNN: 'rnn', lstmCell: 'lstm', gruCell: 'gru', simpleRNNCell: 'rnn' };
const GATES: Readonly<Record<Cell, number>> = { lstm: 4, gru: 3, rnn: 1 };

function parametersOf(cell: Cell, settings: Settings, width: number | undefined, units: number | undefined): number | undefined {
  const hasBias = settings.flag('useBias', true);
  const weights = product([plus(width, units), units]);
  return weights === undefined || hasBias === undefined || units === undefined ? undefined : GATES[cell] * (weights + (hasBias ? units : 0));
}

const widthOf = (shape: Shape | undefined): number | undefined => {
  const width = shape?.at(-1);
  return typeof width === 'number' ? width : undefined;
};

function resultShape(shape: Shape | undefined, units: number | undefined, returnSequences: boolean | undefined): Shape | undefined {
  if (returnSequences === undefined) return undefined;
  return returnSequences ? [shape?.[0], shape?.[1], units] : [shape?.[0], units];
}

function layer(cell: Cell | undefined, units: number | undefined, returnSequences: boolean | undefined, parameters: number | undefined, shape: Shape | undefined): Spec {
  return { kind: 'recurrent', cell, units, returnSequences, parameters, part: 'self', shape };
}

/** `dropout` on the inputs, `recurrentDropout` on the state, the layer. */
export function recurrent(type: string, settings: Settings, shape: Shape | undefined): readonly Spec[] {
  const cell = CELLS[type];
  const units = settings.number('units');
  const returnSequences = settings.flag('returnSequences', false);
  const dropouts = recurrentDropouts(settings, shape ?? [undefined, undefined, undefined], [shape?.[0], units]);
  return [...dropouts, layer(cell, units, returnSequences, parametersOf(cell, settings, widthOf(shape), units), resultShape(shape, units, returnSequences))];
}

/** A convolution inside an LSTM: 4 · (k·k·(channels + filters)·filters + filters) parameters. */
export function convolutionalRnn(settings: Settings, shape: Shape | undefined): readonly Spec[] {
  const filters = settings.number('filters');
  const kernel = settings.numbers('kernelSize', 2);
  const weights = product([kernel && product(kernel), plus(widthOf(shape), filters), filters]);
  const returnSequences = settings.flag('returnSequences', false);
  const frame = [shape?.[0], undefined, undefined, filters];
  return [
    ...recurrentDropouts(settings, shape, frame),
    layer('lstm', filters, returnSequences, weights === undefined || filters === undefined ? undefined : 4 * (weights + filters), returnSequences === undefined ? undefined : returnSequences ? [shape?.[0], shape?.[1], ...frame.slice(1)] : frame),
  ];
}

/** `rnn({ cell })`: the cell's dropouts keep their mask for ever (see `insideCell`). */
export function cellRnn(settings: Settings, shape: Shape | undefined): readonly Spec[] {
  const value = settings.value('cell') ?? settings.value('cells');
  const cells: LayerInstance[] = value?.kind === 'layer' ? cellsOf(value.layer) : value?.kind === 'array' ? value.items.flatMap((item) => (item.value.kind === 'layer' ? [item.value.layer] : [])) : [];
  if (cells.length === 0 || cells.some((each) => !(each.type in CELLS))) return [opaque(undefined)];
  const returnSequences = settings.flag('returnSequences', false);
  return cells.flatMap((each, index): readonly Spec[] => {
    const own = new Settings(each.configuration);
    const units = own.number('units');
    const kind = CELLS[each.type];
    const given = index === 0 ? shape : [shape?.[0], shape?.[1], new Settings(cells[index - 1].configuration).number('units')];
    const sequences = index < cells.length - 1 ? true : returnSequences;
    const dropouts = recurrentDropouts(own, given ?? [undefined, undefined, undefined], [shape?.[0], units]).map((spec) => ({ ...spec, insideCell: true as const }));
    return [...dropouts, layer(kind, units, sequences, parametersOf(kind, own, widthOf(given), units), resultShape(shape, units, sequences))];
  });
}

/** `stackedRNNCells({ cells })` is its cells. */
function cellsOf(instance: LayerInstance): LayerInstance[] {
  if (instance.type !== 'stackedRNNCells') return [instance];
  const cells = new Settings(instance.configuration).value('cells');
  return cells?.kind === 'array' ? cells.items.flatMap((item) => (item.value.kind === 'layer' ? [item.value.layer] : [])) : [];
}
