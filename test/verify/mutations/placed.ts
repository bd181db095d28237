import type { Change, Mutation } from './catalogue.js';
import type { Mutable } from './mutable.js';

/** Mutations of one label: each spoils the model at one of the places where it can, at random. A change that gives false has found nothing to spoil. */
export const mutationsThatChange = (changes: Change) =>
  <T>(kind: string, places: (model: Mutable) => readonly T[], change: (place: T, model: Mutable) => boolean | void): Mutation => ({
    kind,
    changes,
    apply: (model) => {
      const place = model.pick(places(model));
      return place !== undefined && change(place, model) !== false;
    },
  });
