import type { Level, Preset, Rule } from '../rule.js';

export const PRESETS = ['recommended', 'strict', 'all'] as const satisfies readonly Preset[];

/** `all` turns on, as info, what `strict` leaves off. */
export function presetLevel({ levels }: Pick<Rule, 'levels'>, preset: Preset): Level {
  if (preset !== 'all') return levels[preset];
  return levels.strict === 'off' ? 'info' : levels.strict;
}
