/** The differences of two models in words. */
import type { createColors } from 'picocolors';
import type { Difference, GraphComparison } from '../graph/compare.js';
import { count } from './wording.js';

type Colors = ReturnType<typeof createColors>;

const SIGNS = { added: '+', removed: '-', moved: '>', reconfigured: '~', rewired: '~', reweighted: '=', interface: '~' } as const;
/** Of layers whose weights alone differ: after training that is all of them. */
const MOST_REWEIGHTED = 10;

/** Empty when nothing differs. `facts`: what differs about the files themselves. */
export function diffText(comparisons: readonly GraphComparison[], facts: readonly string[], colors: Colors): string {
  const graphs = comparisons.filter(({ differences }) => differences.length > 0).map((comparison) => graphText(comparison, colors));
  return [...(facts.length > 0 ? [facts.map((fact) => `~ ${fact}`).join('\n')] : []), ...graphs].join('\n\n');
}

function graphText({ graph, differences, same, unreadable }: GraphComparison, colors: Colors): string {
  const reweighted = differences.filter(({ change }) => change === 'reweighted');
  const shown = differences.filter((difference) => difference.change !== 'reweighted' || reweighted.indexOf(difference) < MOST_REWEIGHTED);
  const more = reweighted.length - MOST_REWEIGHTED;
  return [
    colors.bold(graph),
    ...shown.map((difference) => `  ${colorOf(difference, colors)(line(difference))}`),
    ...(more > 0 ? [`  ${colors.dim(`= reweighted    ${count(more, 'more layer')}`)}`] : []),
    ...(unreadable > 0 ? [`  ${colors.yellow(`? ${count(unreadable, 'weight')} could not be read`)}`] : []),
    colors.dim(`  ${count(same, 'layer')} the same`),
  ].join('\n');
}

function line({ change, before, after, details }: Difference): string {
  const head = `${SIGNS[change]} ${change.padEnd(12)}`;
  const layer = after ?? before;
  const what = layer ? `${layer.description}${layer.name && !layer.description.endsWith(layer.name) ? `  ${layer.name}` : ''}` : '';
  const place = change === 'moved' || change === 'rewired'
    ? `: after ${before?.after ?? '?'} → after ${after?.after ?? '?'}`
    : change === 'added' || change === 'removed' ? `, after ${layer?.after ?? '?'}` : '';
  const settings = details.length > 0 ? `${layer ? ' ' : ''}(${details.join('; ')})` : '';
  return `${head}  ${what}${place}${settings}`;
}

function colorOf({ change }: Difference, colors: Colors): (text: string) => string {
  return change === 'added' ? colors.green : change === 'removed' ? colors.red : change === 'reweighted' ? colors.dim : colors.yellow;
}
