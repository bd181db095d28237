import { configure } from '../src/graph/edits.js';
import type { ConfigurationEntry, DropoutLayer } from '../src/graph/layers.js';
import { defineRule } from '../src/rule.js';
import type { Problem } from '../src/rule.js';

type MessageId = 'literal' | 'missing' | 'renamed' | 'notANumber' | 'nothing';

/** Names that other libraries use for the rate. */
const OTHER_NAMES = ['p', 'prob', 'probability', 'dropRate', 'drop_rate', 'dropoutRate', 'dropout_rate', 'dropout', 'ratio', 'keepProb'];
const isRate = (value: unknown): value is number => typeof value === 'number' && value > 0 && value < 1;

function problemOf(dropout: DropoutLayer): Omit<Problem<MessageId>, 'at'> | undefined {
  const { configuration } = dropout;
  // The classes of droplint/tfjs refuse what is no rate.
  if (!configuration || dropout.form === 'recurrent' || dropout.library !== undefined) return undefined;
  const { form, entries } = configuration;
  if (form === 'none') return { messageId: 'nothing' };
  if (form === 'literal') {
    const argument = [...entries.values()][0];
    const fix = isRate(argument?.value) ? { edits: [configure(dropout, { wrapRate: true })], repair: true } : {};
    return { messageId: 'literal', data: { argument: argument?.text ?? '' }, ...fix };
  }
  if (form !== 'object') return undefined;
  const rate = entries.get('rate');
  if (rate) return isNotANumber(rate) ? { messageId: 'notANumber', data: { value: rate.text } } : undefined;
  const name = OTHER_NAMES.find((each) => entries.has(each));
  if (!name) return { messageId: 'missing' };
  // A keep probability is no rate under another name.
  const fix = name === 'keepProb' ? {} : { edits: [configure(dropout, { renameKey: [name, 'rate'] })], repair: true };
  return { messageId: 'renamed', data: { name }, ...fix };
}

const isNotANumber = ({ value, text }: ConfigurationEntry) => Number.isNaN(value) || text === 'NaN' || text === 'undefined';

export default defineRule<MessageId>({
  id: 'valid-dropout-config',
  statement: 'A dropout layer is given its rate as { rate }.',
  levels: { recommended: 'error', strict: 'error' },
  fix: 'repair',
  formats: ['code', 'topology'],
  precedence: 0,
  sources: [{ title: 'TensorFlow.js, tfjs-layers/src/layers/core.ts: Dropout reads args.rate (test/tensorflowjs)', url: 'https://github.com/tensorflow/tfjs/blob/master/tfjs-layers/src/layers/core.ts' }],
  messages: {
    literal: 'dropout({argument}) passes a number where TensorFlow.js reads an object: its rate is NaN and nothing is ever dropped, without an error. Write { rate: {argument} }.',
    missing: 'This dropout has no rate: TensorFlow.js computes with NaN and nothing is ever dropped, without an error.',
    renamed: "TensorFlow.js does not know '{name}' here: the rate is NaN and nothing is ever dropped, without an error. The name is 'rate'.",
    notANumber: 'The rate is {value}: nothing is ever dropped, without an error.',
    nothing: 'A dropout without arguments throws a TypeError when the model is built.',
  },
  *check({ graph }) {
    for (const dropout of graph.layersOf('dropout')) {
      const problem = problemOf(dropout);
      if (problem) yield { at: dropout, ...problem };
    }
  },
});
