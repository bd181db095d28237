import { configure, remove } from '../src/graph/edits.js';
import type { DropoutLayer } from '../src/graph/layers.js';
import { activationDropouts, follow, previous } from '../src/graph/traversal.js';
import { defineRule } from '../src/rule.js';

/** The dropout before this one, with nothing but row-major movement between. */
function dropoutBefore(dropout: DropoutLayer): DropoutLayer | undefined {
  const { end } = follow(dropout, previous, (layer) => layer.kind === 'reshape' && layer.order === 'row-major');
  return end?.kind === 'dropout' && end.rate !== 0 && end.unit !== 'weight' ? end : undefined;
}

const isRate = (rate: number | undefined): rate is number => rate !== undefined && rate > 0 && rate < 1;

/** One law and one unit: the two masks multiply to one mask of the same kind. */
const areMergeable = (first: DropoutLayer, second: DropoutLayer) =>
  first.unit === second.unit && first.unit === 'element' && first.law === 'bernoulli' && second.law === 'bernoulli' && first.state === second.state && first.inverted && second.inverted && first.form !== 'recurrent' && second.form !== 'recurrent';

const number = (value: number) => String(Math.round(value * 1e4) / 1e4);

export default defineRule({
  id: 'no-consecutive-dropout',
  statement: 'Two dropouts in a row are one with the rate 1 − (1 − p₁)(1 − p₂).',
  levels: { recommended: 'warn', strict: 'warn' },
  fix: 'exact-in-distribution',
  formats: ['onnx', 'code', 'topology'],
  precedence: 6,
  sources: [{ title: 'Srivastava et al. 2014, §4: the mask of a layer is one vector of independent Bernoulli variables', url: 'https://jmlr.org/papers/v15/srivastava14a.html' }],
  messages: {
    row: "Two dropouts in a row: '{first}' and this one{combined}. Keep one.",
  },
  *check({ graph }) {
    for (const second of activationDropouts(graph)) {
      const first = dropoutBefore(second);
      if (!first) continue;
      const [p, q] = [first.rate, second.rate];
      const rate = isRate(p) && isRate(q) ? 1 - (1 - p) * (1 - q) : undefined;
      yield {
        at: second,
        messageId: 'row',
        data: { first: first.origin.name, combined: rate === undefined ? '' : `, ${number(p!)} and ${number(q!)}, drop ${number(rate)} together` },
        related: [first],
        ...(rate !== undefined && areMergeable(first, second) && { edits: [remove(first), configure(second, { rate: Number(rate.toPrecision(7)) })] }),
      };
    }
  },
});
