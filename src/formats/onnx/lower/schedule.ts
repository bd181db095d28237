/** Rates as graph inputs with a default, so that a trainer can move them from epoch to epoch. */
import type { ScheduleSettings } from '../../../graph/edits.js';
import { FLOAT } from '../data-types.js';
import { dropoutOperands, feedOf } from '../lift/dropout-facts.js';
import { setParameter } from './configure.js';
import type { CurrentDropout } from './current.js';
import type { ModelWide } from './model-wide.js';
import { refuse } from './refusal.js';
import { replaceDropout } from './replace.js';
import { TEMPLATE_OPSET } from '../../../variants/template.js';

/** One input for each rate that the dropouts have; its default is that rate, and the metadata says how it moves. */
export function scheduleDropouts(dropouts: readonly CurrentDropout[], schedule: ScheduleSettings, wide: ModelWide): void {
  for (const dropout of dropouts) checkSchedulable(dropout);
  for (const dropout of dropouts) {
    const { rewiring: { body }, dropout: { rate } } = dropout;
    const fed = fedInputOf(dropout);
    const input = fed ?? wide.rateInput(body, dataTypeOf(dropout), rate!);
    if (isSpelledOut(dropout)) replaceDropout(dropout, { kind: 'dropout', rate: 'keep', unit: dropout.dropout.unit === 'channel' ? 'channel' : 'element' }, wide, input);
    else if (fed === undefined) setParameter(dropout, input);
    wide.recordSchedule(input, { ...schedule, rate: schedule.rate ?? rate! });
  }
}

function checkSchedulable({ dropout, rewiring }: CurrentDropout): void {
  if (rewiring.body.opset < TEMPLATE_OPSET) refuse(`the rate of a Dropout is an operand from opset ${TEMPLATE_OPSET} on, and the model has opset ${rewiring.body.opset}: convert it first (onnx.version_converter)`);
  if (dropout.template?.parameter.isLearned) refuse('its rate is learned');
  if (dropout.form !== 'operator' && !dropout.template && dropout.unit !== 'element' && dropout.unit !== 'channel') refuse(`it is spelled out in random operators, with a mask per ${dropout.unit}`);
  if (dropout.rate === undefined) refuse('its rate comes from the run time already');
}

/** In random operators, whose rate is a threshold and a scale: a Dropout takes its place. */
const isSpelledOut = ({ dropout: { form, template } }: CurrentDropout): boolean => form !== 'operator' && !template;

/** The graph input that gives the rate already, with a default. */
function fedInputOf(current: CurrentDropout): string | undefined {
  const { dropout, main, rewiring: { body } } = current;
  if (isSpelledOut(current)) return undefined;
  const ratio = dropout.parameter ?? dropoutOperands(main).ratio;
  return ratio !== undefined && feedOf(body, ratio) === 'default' && body.tensor(ratio).isInput ? ratio : undefined;
}

/** A Dropout takes its ratio in float32 whatever it drops; an AlphaDropout computes with it. */
const dataTypeOf = ({ dropout, place: { body, input } }: CurrentDropout): number => (dropout.law === 'alpha' ? (body.tensor(input).dataType ?? FLOAT) : FLOAT);
