/** A dropout that stands first carries the shape of the input: without it an input layer does. */
import { DROPOUT_NAMES } from '../catalogue.js';
import type { CodeDocument } from '../document.js';
import type { Site } from '../lift/assemble.js';
import type { Splices } from './attempt.js';
import { remade } from './factories.js';
import { constructionOf } from './places.js';
import { refuse } from './refusal.js';
import { changeProperties } from './settings.js';
import { PECULIAR } from './variants.js';

/** `dropout({ rate: 0.2, inputShape: [784] })` → `inputLayer({ inputShape: [784] })`. */
export function* inputInstead(document: CodeDocument, site: Site): Generator<() => Splices> {
  const { placement, instance: { type } } = site;
  if (placement.kind === 'apply' || !DROPOUT_NAMES.has(type)) refuse("the model's first layer carries its input shape");
  const construction = constructionOf(site);
  for (const making of remade(document, construction, type, { name: 'inputLayer', isClass: false })) {
    yield () => [...making, ...changeProperties(document.text, construction, { remove: ['rate', 'trainable', ...PECULIAR] })];
  }
}
