/** Lowers edits of the architecture graph to splices of an ONNX file. What cannot be done correctly is refused. */
import type { Edit } from '../../../graph/edits.js';
import type { Layer } from '../../../graph/layers.js';
import type { Lowered } from '../../document.js';
import type { Lifted, Place } from '../lift/lift.js';
import type { Body } from '../lift/tensors.js';
import { ModelEditor } from '../wire/editor.js';
import type { ModelRecord } from '../wire/records.js';
import { configureDropout } from './configure.js';
import { currentOf, dropoutOf } from './current.js';
import type { Current, CurrentDropout } from './current.js';
import { insertDropout } from './dropout-nodes.js';
import { foldBias } from './fold-bias.js';
import { moveDropout } from './move.js';
import { makePerChannel } from './per-channel.js';
import { Refusal, refuse } from './refusal.js';
import { removeDropout } from './remove.js';
import { Rewiring } from './rewiring.js';

type Fix = readonly Edit[];

class Lowering {
  readonly editor: ModelEditor;
  readonly #rewirings = new Map<Body, Rewiring>();
  /** The fix that put a dropout in another place or form: what the lift knows of it holds no longer. */
  readonly #displaced = new Map<Layer, Fix>();
  #dropoutsOf: ReadonlyMap<Body, readonly Place[]> | undefined;

  constructor(model: ModelRecord, readonly lifted: Lifted) {
    this.editor = new ModelEditor(model);
  }

  /** Goes up with every change. */
  get changes(): number {
    let changes = 0;
    for (const rewiring of this.#rewirings.values()) changes += rewiring.changes;
    return changes;
  }

  #rewiring(body: Body): Rewiring {
    let rewiring = this.#rewirings.get(body);
    if (!rewiring) this.#rewirings.set(body, (rewiring = new Rewiring(body, this.editor.body(body.record))));
    return rewiring;
  }

  #current = (layer: Layer): Current => {
    const place = this.lifted.places.get(layer) ?? refuse(`${layer.type} is part of a fused operator`);
    return currentOf(place, this.#rewiring(place.body));
  };

  #undisplaced(layer: Layer, fix: Fix): Current {
    const by = this.#displaced.get(layer);
    if (by) refuse(by === fix ? 'it is moved or replaced by the same fix' : 'another fix of the same pass moves or replaces it');
    return this.#current(layer);
  }

  #dropout = (layer: Layer, fix: Fix): CurrentDropout => dropoutOf(this.#undisplaced(layer, fix));

  /** Every dropout of the body. */
  #others(body: Body): readonly Place[] {
    if (!this.#dropoutsOf) {
      const of = new Map<Body, Place[]>();
      for (const place of this.lifted.places.values()) if (place.dropout) of.set(place.body, [...(of.get(place.body) ?? []), place]);
      this.#dropoutsOf = of;
    }
    return this.#dropoutsOf.get(body) ?? [];
  }

  apply(edit: Edit, fix: Fix): void {
    switch (edit.type) {
      case 'move':
        if (edit.layer === edit.target) refuse('it cannot move past itself');
        moveDropout(this.#dropout(edit.layer, fix), edit.where, () => this.#undisplaced(edit.target, fix));
        this.#displaced.set(edit.layer, fix);
        return;
      case 'remove':
        return removeDropout(this.#dropout(edit.layer, fix));
      case 'insert': {
        const { rate, unit, training = false } = edit.spec;
        if (rate === 'keep') refuse('an inserted dropout needs a rate');
        const goal = this.#undisplaced(edit.target, fix);
        return insertDropout(goal, edit.where, { rate, unit, training, others: this.#others(goal.place.body) });
      }
      case 'replace': {
        const dropout = this.#dropout(edit.layer, fix);
        if (edit.spec.unit !== 'channel') refuse('it is elementwise already');
        makePerChannel(dropout);
        if (edit.spec.rate !== 'keep') configureDropout(dropout, { rate: edit.spec.rate });
        this.#displaced.set(edit.layer, fix);
        return;
      }
      case 'fold-bias':
        return foldBias(this.#current(edit.layer), this.#current(edit.into));
      case 'configure':
        return configureDropout(this.#dropout(edit.layer, fix), edit.settings);
    }
  }

  /** The reason why the fix cannot be realised, if it cannot; the editor may be half way through it then. */
  attempt(fix: Fix): string | undefined {
    try {
      for (const edit of fix) this.apply(edit, fix);
      return undefined;
    } catch (error) {
      if (error instanceof Refusal) return error.message;
      throw error;
    }
  }
}

/**
 * All or none of each fix. An editor on which a fix failed half way is thrown away, so that a refused fix leaves no
 * trace; a fix that could be done alone but not beside the others waits for the next pass.
 */
export function lower(model: ModelRecord, lifted: Lifted, fixes: readonly Fix[]): Lowered<Uint8Array> {
  const refusals = new Array<string | undefined>(fixes.length).fill(undefined);
  for (;;) {
    const lowering = new Lowering(model, lifted);
    if (!tryAll(lowering, fixes, refusals, model)) continue;
    return { splices: lowering.editor.splices(), refusals };
  }
}

/** False when a fix failed half way: it is refused then, and the rest must be done again without it. */
function tryAll(lowering: Lowering, fixes: readonly Fix[], refusals: (string | undefined)[], model: ModelRecord): boolean {
  for (const [i, fix] of fixes.entries()) {
    if (refusals[i] !== undefined) continue;
    const { changes } = lowering;
    const reason = lowering.attempt(fix);
    if (reason === undefined) continue;
    // Nothing was changed before it: the reason is the fix's own.
    const alone = changes === 0 ? reason : new Lowering(model, lowering.lifted).attempt(fix);
    refusals[i] = alone ?? `it overlaps another fix of the same pass: ${reason}`;
    if (lowering.changes !== changes) return false;
  }
  return true;
}
