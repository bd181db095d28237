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

/** One elementwise mask of its own, which nothing else reads, with a rate that the file fixes. */
const isPlain = ({ unit, law, inverted, form, mask, rateIsConstant }: DropoutLayer) =>
  unit === 'element' && law === 'bernoulli' && inverted && form !== 'recurrent' && mask === undefined && rateIsConstant;

/** Two independent masks of one kind multiply to one mask of that kind; with one seed the two are the same mask. */
const areMergeable = (first: DropoutLayer, second: DropoutLayer) =>
  isPlain(first) && isPlain(second) && first.state === second.state && (first.seed === undefined || first.seed !== second.seed);

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
