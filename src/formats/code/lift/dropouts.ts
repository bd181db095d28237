/** Dropout layers and the dropouts inside recurrent layers. */
import type { DropoutUnit, Shape } from '../../../graph/layers.js';
import { fold } from './arguments.js';
import type { Settings } from './arguments.js';
import type { DropoutSpec, Operands } from './specs.js';

/** Rate as TensorFlow.js reads it: numeric strings are converted, `null` is 0; what is missing or no number is unknown. */
export function rateOf(settings: Settings, name: string): number | undefined {
  const value = settings.value(name);
  const folded = fold(value);
  if (folded === null) return 0;
  if (typeof folded === 'string' && folded.trim() !== '' && !Number.isNaN(Number(folded))) return Number(folded);
  return typeof folded === 'number' && !Number.isNaN(folded) ? folded : undefined;
}

export const facts = (settings: Settings, name: string) => ({
  kind: 'dropout' as const,
  rate: rateOf(settings, name),
  state: 'unspecified' as const,
  inverted: true,
  mask: undefined,
  rateName: settings.rateName(name),
  rateIsConstant: rateOf(settings, name) !== undefined,
  parameters: 0,
});

export function dropoutSpec(type: string, settings: Settings, { shapes: [shape], channelAxis }: Operands): DropoutSpec {
  const spatial = type.startsWith('spatialDropout');
  return {
    ...facts(settings, 'rate'),
    unit: spatial ? 'channel' : type === 'dropout' ? unitOf(settings, shape, channelAxis) : 'element',
    channelAxis: type === 'spatialDropout1d' ? -1 : settings.string('dataFormat') === 'channelsFirst' ? 1 : channelAxis,
    law: type === 'gaussianDropout' ? 'gaussian' : type === 'alphaDropout' ? 'alpha' : 'bernoulli',
    form: 'operator',
    seed: settings.number('seed'),
    part: 'self',
    shape,
  };
}

/** What `noiseShape` makes one draw silence together: extents of 1 share it, `null` and full extents do not. */
export function unitOf(settings: Settings, shape: Shape | undefined, channelAxis: 1 | -1): DropoutUnit {
  if (settings.has('noiseShape') === false) return 'element';
  const noise = fold(settings.value('noiseShape'));
  if (noise === null) return 'element';
  if (!Array.isArray(noise) || noise.length < 2 || (shape && shape.length !== noise.length)) return 'unknown';
  const shared = noise.map((extent, axis) => extent === 1 && shape?.[axis] !== 1);
  const full = noise.map((extent, axis) => extent === null || (typeof extent === 'number' && extent === shape?.[axis]) || (extent === 1 && shape?.[axis] === 1));
  if (full.every(Boolean)) return 'element';
  const channel = channelAxis === -1 ? noise.length - 1 : 1;
  if (shared[0]) return 'unknown';
  const rest = noise.map((_, axis) => axis).filter((axis) => axis !== 0 && axis !== channel);
  if (noise.length > 2 && rest.every((axis) => shared[axis] || shape?.[axis] === 1)) return shared[channel] ? 'sample' : noise[channel] === null || full[channel] || typeof noise[channel] === 'number' ? 'channel' : 'unknown';
  if (noise.length === 2 && shared[1]) return 'sample';
  return 'unknown';
}

/**
 * `dropout:` and `recurrentDropout:` of a recurrent layer: one mask for all steps, on its inputs and on its state.
 * Rates that are not given are no dropout.
 */
export function recurrentDropouts(settings: Settings, inputs: Shape | undefined, state: Shape | undefined): readonly DropoutSpec[] {
  const given = (name: 'dropout' | 'recurrentDropout', shape: Shape | undefined, aside?: 'state'): DropoutSpec[] => {
    if (!settings.value(name) || settings.has(name) === false || rateOf(settings, name) === 0) return [];
    return [{ ...facts(settings, name), unit: 'time', channelAxis: -1, law: 'bernoulli', form: 'recurrent', seed: undefined, part: name, shape, aside }];
  };
  return [...given('dropout', inputs), ...given('recurrentDropout', state, 'state')];
}
