/** The layers of droplint/tfjs (src/tfjs). */
import type { DropoutUnit, Shape } from '../../../graph/layers.js';
import { RUNTIME } from '../catalogue.js';
import type { Settings } from './arguments.js';
import { facts, unitOf } from './dropouts.js';
import type { DropoutSpec, Operands } from './specs.js';

/** Classes that have no seed, and whose constructor refuses a rate that is none. */
const common = (settings: Settings) => ({ ...facts(settings, 'rate'), form: 'operator' as const, seed: undefined, library: RUNTIME });

export function runtimeDropout(type: string, settings: Settings, operands: Operands): DropoutSpec {
  const { shapes: [shape], channelAxis } = operands;
  const base = { ...common(settings), channelAxis, law: 'bernoulli' as const, part: 'self' as const, shape };
  switch (type) {
    case 'AlphaDropout': return { ...base, law: 'alpha', unit: unitOf(settings, shape, channelAxis) };
    case 'VariationalDropout': {
      const per = settings.has('alphaPer') === false ? 'channel' : settings.string('alphaPer');
      return { ...base, law: 'gaussian', unit: per === undefined ? 'unknown' : per === 'element' ? 'element' : sharedInSpace(operands) };
    }
    case 'ConcreteDropout': {
      const rate = settings.has('rate') === false ? { rate: 0.1, rateIsConstant: true } : {};
      const spatial = settings.flag('spatial', false);
      return { ...base, ...rate, law: 'concrete', unit: spatial === undefined ? 'unknown' : spatial ? sharedInSpace(operands) : 'element' };
    }
    default: {
      // SpatialDropout2D and 3D look for the channels where they are told, whatever the layers before them say.
      const own = settings.string('dataFormat') === 'channelsFirst' ? 1 : -1;
      return { ...base, channelAxis: own, unit: own === -1 && channelAxis === 1 ? 'unknown' : 'channel' };
    }
  }
}

/** One draw for each example and index of the last axis. */
function sharedInSpace({ shapes: [shape], channelAxis }: Operands): DropoutUnit {
  if (!shape || (channelAxis === 1 && shape.length > 2)) return 'unknown';
  return shape.length > 2 ? 'channel' : 'element';
}

/** The dropout of the weights, of the shape [inputs, units], beside the dense layer that they are of. */
export function dropConnect(settings: Settings, width: number | undefined): DropoutSpec {
  const shape: Shape = [width, settings.number('units')];
  return { ...common(settings), unit: 'weight', channelAxis: -1, law: 'bernoulli', part: 'rate', shape, aside: 'weight' };
}
