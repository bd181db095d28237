import type { Layer } from '../../../graph/layers.js';
import { refuse } from './refusal.js';

/** The sparse form of variational dropout silences units for good, and is no identity at inference. */
export function requireIdentity({ type, configuration }: Layer): void {
  const form = configuration?.entries.get('form');
  if (type === 'VariationalDropout' && form && form.value !== 'gaussian') refuse('it prunes at inference, and without it the model would be another one');
}
