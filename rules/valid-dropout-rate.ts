import { configure } from '../src/graph/edits.js';
import type { DropoutLayer } from '../src/graph/layers.js';
import { isConfigured } from '../src/graph/predicates.js';
import { defineRule } from '../src/rule.js';

/** In (1, 100] a rate is a percentage. */
const isPercentage = (rate: number) => rate > 1 && rate <= 100;

const number = (value: number) => String(Math.round(value * 1e6) / 1e6);

export default defineRule({
  id: 'valid-dropout-rate',
  statement: 'The rate of a dropout is in [0, 1).',
  levels: { recommended: 'error', strict: 'error' },
  fix: 'suggestion',
  formats: ['onnx', 'code', 'topology'],
  precedence: 1,
  sources: [
    { title: 'ONNX operator specification, Dropout: ratio in [0, 1)', url: 'https://onnx.ai/onnx/operators/onnx__Dropout.html' },
    { title: 'TensorFlow.js, Dropout.call: applied only where 0 < rate < 1', url: 'https://github.com/tensorflow/tfjs/blob/master/tfjs-layers/src/layers/core.ts' },
  ],
  messages: {
    runtime: 'The rate {rate} is outside [0, 1). onnxruntime refuses to run the model, at inference too, unless its optimiser has deleted the dropout{percent}.',
    ignored: 'The rate {rate} is outside [0, 1). onnxruntime ignores it at this opset, where dropout is the identity, and refuses to run the model once it is converted to opset 12 or later{percent}.',
    random: 'The rate {rate} is outside [0, 1): this random mask keeps everything or nothing.',
    thrown: 'The rate {rate} is outside [0, 1): {class} throws a RangeError when the layer is made{percent}.',
    silent: 'The rate {rate} is outside [0, 1). TensorFlow.js applies dropout only where 0 < rate < 1, so nothing is ever dropped, without an error{percent}.',
  },
  *check({ graph }) {
    for (const dropout of graph.layersOf('dropout')) {
      const { rate } = dropout;
      if (rate === undefined || (rate >= 0 && rate < 1)) continue;
      yield {
        at: dropout,
        messageId: messageOf(dropout),
        data: { rate: number(rate), percent: isPercentage(rate) ? `; ${number(rate)} % is ${number(rate / 100)}` : '', class: dropout.type },
        ...asFraction(dropout, rate),
      };
    }
  },
});

/** From opset 12 on the rate is a value with a name; before, it is an attribute. */
function messageOf(dropout: DropoutLayer): 'silent' | 'thrown' | 'runtime' | 'ignored' | 'random' {
  const { form, rateName, library } = dropout;
  if (library !== undefined) return 'thrown';
  if (isConfigured(dropout)) return 'silent';
  return form === 'decomposed' ? 'random' : rateName === undefined ? 'ignored' : 'runtime';
}

const asFraction = (dropout: DropoutLayer, rate: number) =>
  isPercentage(rate) ? { edits: [configure(dropout, { rate: rate / 100 })], suggestion: true } : {};
