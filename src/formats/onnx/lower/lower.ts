/** Lowers edits of the architecture graph to splices of an ONNX file. What cannot be done correctly is refused. */
import type { DropoutSpec, Edit } from '../../../graph/edits.js';
import type { Layer } from '../../../graph/layers.js';
import type { Lowered } from '../../document.js';
import type { Lifted, Place } from '../lift/lift.js';
import { holderOf, isLoop, timeAxisOf } from '../lift/recurrent-dropouts.js';
import type { Body } from '../lift/tensors.js';
import { ModelEditor } from '../wire/editor.js';
import type { ModelRecord } from '../wire/records.js';
import { configureDropout } from './configure.js';
import { currentOf, dropoutOf } from './current.js';
import type { Current, CurrentDropout } from './current.js';
import { foldBias } from './fold-bias.js';
import { drawingOf, hoistMask, removeSharedMask } from './hoist-mask.js';
import { dropWeight, insertDropout } from './insert.js';
import { foldScale, unfoldScale } from './legacy-scaling.js';
import { moveDropout } from './move.js';
import { ModelWide } from './model-wide.js';
import { makePerChannel } from './per-channel.js';
import { insertRecurrentDropout, shareOverSteps } from './recurrent.js';
import { Refusal, refuse } from './refusal.js';
import { removeDropout } from './remove.js';
import { replaceDropout } from './replace.js';
import { Rewiring } from './rewiring.js';
import { scheduleDropouts } from './schedule.js';
import { rateLike, siblingAmong } from './settings.js';

type Fix = readonly Edit[];

/** One draw for each element, by whatever operators. */
const isPlain = ({ dropout: { unit, law } }: CurrentDropout): boolean => unit === 'element' && law === 'bernoulli';

class Lowering {
  readonly editor: ModelEditor;
  readonly #rewirings = new Map<Body, Rewiring>();
  /** The fix that put a dropout in another place or form: what the lift knows of it holds no longer. */
  readonly #displaced = new Map<Layer, Fix>();
  #dropoutsOf: ReadonlyMap<Body, readonly Place[]> | undefined;

  readonly #wide: ModelWide;

  constructor(model: ModelRecord, readonly lifted: Lifted) {
    this.editor = new ModelEditor(model);
    this.#wide = new ModelWide(this.editor, () => this.#rewiring(this.#root()));
  }

  /** The body of the model's graph. */
  #root(): Body {
    for (const { body } of this.lifted.places.values()) {
      let at = body;
      while (at.parent) at = at.parent;
      if (at.record === this.editor.model.graph) return at;
    }
    return refuse('the graph has no layers');
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

  /** The dropout with its rate and mode, wherever they stand: the mask of a loop is drawn outside of it. */
  #settable = (layer: Layer, fix: Fix): CurrentDropout => {
    const current = this.#undisplaced(layer, fix);
    const draw = current.place.dropout?.draw;
    return draw ? drawingOf(current, draw, this.#rewiring(draw.body)) : dropoutOf(current);
  };

  #remove(layer: Layer, fix: Fix): void {
    const current = this.#undisplaced(layer, fix);
    const draw = current.place.dropout?.draw;
    if (!draw) return removeDropout(dropoutOf(current), this.#wide);
    const sharers = [...this.lifted.places.values()].filter(({ dropout, body, nodes }) => dropout?.draw?.node === draw.node && nodes.every((node) => this.#rewiring(body).nodeOf(node).isPresent));
    return removeSharedMask(current, draw, this.#rewiring(draw.body), sharers.length === 1);
  }

  /** One mask for the whole sequence: in front of a recurrent operator, or drawn outside of the loop. */
  #shareOverTime(dropout: CurrentDropout, { rate, mode }: DropoutSpec, layer: Layer, fix: Fix): void {
    const { body, output } = dropout.place;
    if (body.parent && isLoop(holderOf(body)) && timeAxisOf(body, output) === undefined) hoistMask(dropout, this.#rewiring(body.parent), { rate, mode }, this.#wide);
    else {
      shareOverSteps(dropout);
      if (rate !== 'keep') configureDropout(dropout, { rate }, this.#wide);
      if (mode !== undefined) configureDropout(dropout, { trainingMode: mode }, this.#wide);
    }
    this.#displaced.set(layer, fix);
  }

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
        return this.#remove(edit.layer, fix);
      case 'insert': {
        const { spec } = edit;
        const { rate, unit, training = false } = spec;
        const goal = this.#undisplaced(edit.target, fix);
        const others = this.#others(goal.place.body);
        const sibling = spec.like ? this.lifted.places.get(spec.like) : siblingAmong(others, goal.rewiring);
        const insertion = { ...spec, rate: rateLike(rate, spec.like && sibling, goal.rewiring), training, sibling };
        if (unit === 'weight') return dropWeight(goal, insertion, this.#wide);
        if (unit === 'time' || unit === 'state') return insertRecurrentDropout(goal, { ...insertion, unit, others }, this.#wide);
        return insertDropout(goal, edit.where, { ...insertion, unit }, this.#wide);
      }
      case 'replace': {
        const dropout = this.#dropout(edit.layer, fix);
        const { unit, rate, law = 'bernoulli', asFunction = false, mode } = edit.spec;
        if (unit === 'time' && law === 'bernoulli') return this.#shareOverTime(dropout, edit.spec, edit.layer, fix);
        if (unit === 'state') refuse('a dropout of the state stands on the weights of a recurrent layer: it is inserted there');
        if (isPlain(dropout) && dropout.dropout.form === 'operator' && law === 'bernoulli' && unit === 'element') refuse('it is elementwise already');
        if (isPlain(dropout) && law === 'bernoulli' && unit === 'channel' && !asFunction && mode === undefined) {
          makePerChannel(dropout);
          if (rate !== 'keep') configureDropout(dropout, { rate }, this.#wide);
        } else replaceDropout(dropout, edit.spec, this.#wide);
        this.#displaced.set(edit.layer, fix);
        return;
      }
      case 'fold-bias':
        return foldBias(this.#current(edit.layer), this.#current(edit.into));
      case 'fold-scale':
        return foldScale(edit, { dropout: this.#dropout(edit.layer, fix), scale: edit.scale && this.#current(edit.scale), into: this.#current(edit.into) });
      case 'unfold-scale':
        unfoldScale(edit.layer, edit.into, { dropout: this.#dropout(edit.layer, fix), into: this.#current(edit.into) });
        this.#displaced.set(edit.layer, fix);
        return;
      case 'configure':
        return configureDropout(this.#settable(edit.layer, fix), edit.settings, this.#wide);
      case 'schedule':
        return scheduleDropouts(edit.layers.map((layer) => this.#settable(layer, fix)), edit.schedule, this.#wide);
    }
  }

  splices(): Lowered<Uint8Array>['splices'] {
    if (this.changes > 0) this.#wide.finish();
    return this.editor.splices();
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
    return { splices: lowering.splices(), refusals };
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
