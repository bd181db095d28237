/** From what a user asks for to the edits that do it, one fix for each place. */
import { configure, foldScale, insert, remove, replace, schedule, unfoldScale } from '../graph/edits.js';
import type { DropoutSpec, Edit, ScheduleSettings } from '../graph/edits.js';
import type { Graph } from '../graph/graph.js';
import type { DropoutLayer, Layer, LinearLayer, ConvolutionLayer } from '../graph/layers.js';
import { scaleBeside, takerOfFactor } from '../graph/legacy-scaling.js';
import { isConfigured } from '../graph/predicates.js';
import { ahead, behind, follow, next, previous, soleConsumer } from '../graph/traversal.js';
import { DEFAULT_RATE } from './variants.js';
import type { Form, Variant } from './variants.js';

export interface RewriteSettings {
  readonly to: Variant;
  /** Of dropouts that are inserted, and of those that are rewritten where it is given. */
  readonly rate?: number;
  /** What switches the dropouts; absent: what switched them before. */
  readonly training?: boolean | 'input';
  readonly form?: Form;
  readonly asFunction?: boolean;
  readonly schedule?: ScheduleSettings;
  /** Number of training examples: what learned noise adds to the loss counts 1/N (code only). */
  readonly examples?: number;
}

/** Which layers are meant. */
export interface Selection {
  includes(layer: Layer): boolean;
  /** Where a dropout goes in, as the placement rules say, when no dropout is selected. */
  insertions(): readonly Extract<Edit, { readonly type: 'insert' }>[];
  /** How the user named them: not at all, by a rule, by a glob of their names. */
  readonly meaning: 'all' | 'rule' | 'glob';
  /** How many layers the name matches, or findings the rule has. */
  readonly matched: number;
}

export interface PlannedFix {
  /** What it is about, for people. */
  readonly at: Layer;
  readonly edits: readonly Edit[];
}

export interface Plan {
  readonly fixes: readonly PlannedFix[];
  /** Selected, and left as they are. */
  readonly passedOver: readonly { readonly at: Layer; readonly reason: string }[];
}

class Planner {
  readonly fixes: PlannedFix[] = [];
  readonly passedOver: { at: Layer; reason: string }[] = [];
  readonly dropouts: readonly DropoutLayer[];

  constructor(readonly graphs: readonly Graph[], readonly settings: RewriteSettings, readonly selection: Selection) {
    this.dropouts = once(graphs.flatMap((graph) => graph.layersOf('dropout'))).filter((dropout) => selection.includes(dropout));
  }

  /** The user named the layers. */
  get isChosen(): boolean {
    return this.selection.meaning !== 'all';
  }

  fix(at: Layer, ...edits: readonly Edit[]): void {
    if (edits.length > 0) this.fixes.push({ at, edits });
  }

  leave(at: Layer, reason: string): void {
    this.passedOver.push({ at, reason });
  }

  /** What takes the place of a dropout. */
  replacing(more: Partial<DropoutSpec>): DropoutSpec {
    const { rate = 'keep', training, asFunction, examples } = this.settings;
    return { kind: 'dropout', rate, unit: 'element', ...(examples !== undefined && { examples }), ...(training !== undefined && { mode: training }), ...(asFunction && { asFunction }), ...more };
  }

  /** A dropout where there was none. */
  inserting(rate: number, more: Partial<DropoutSpec>): DropoutSpec {
    return this.replacing({ rate: this.settings.rate ?? rate, training: 'input', ...more });
  }

  /** A dropout that takes over from one at another place; `undefined` where code does not say its rate. */
  takingOver(old: DropoutLayer, more: Partial<DropoutSpec>): DropoutSpec | undefined {
    const rate = this.settings.rate ?? old.rate;
    if (isConfigured(old)) return rate === undefined ? undefined : this.inserting(rate, more);
    return { ...this.inserting(DEFAULT_RATE, more), rate: this.settings.rate ?? 'keep', like: old };
  }

  /** In its place, at the layer that it acts on. */
  putBefore(old: DropoutLayer, layer: Layer, ...units: readonly Partial<DropoutSpec>[]): void {
    const specs = units.map((more) => this.takingOver(old, more));
    if (specs.includes(undefined)) this.leave(old, 'its rate is not known: --rate gives one');
    // The new ones take after the old one, which goes then.
    else this.fix(old, ...specs.map((spec) => insert(spec!).before(layer)), remove(old));
  }

  plan(): Plan {
    const { to } = this.settings;
    if (to === 'recurrent') this.recurrent();
    else if (to === 'scheduled') this.scheduled();
    else if (this.dropouts.length > 0) for (const dropout of this.dropouts) this.rewrite(dropout);
    else this.insertEverywhere();
    return { fixes: this.fixes, passedOver: this.passedOver };
  }

  rewrite(dropout: DropoutLayer): void {
    switch (this.settings.to) {
      case 'inference': return this.fix(dropout, remove(dropout));
      case 'train': return dropout.state === 'live' && this.settings.training === undefined ? this.leave(dropout, 'it drops already') : this.fix(dropout, configure(dropout, { trainingMode: this.settings.training ?? true }));
      case 'dropout': return this.toPlain(dropout);
      case 'spatial': return this.toSpatial(dropout);
      case 'dropconnect': return this.toDropConnect(dropout);
      case 'variational': return this.toLaw(dropout, this.settings.form ?? 'gaussian');
      case 'alpha': return this.toLaw(dropout, 'alpha');
      case 'legacy': return this.toLegacy(dropout);
      default: return undefined;
    }
  }

  /** Weights over 1 − p behind it, and a multiplication by 1 − p at inference (Srivastava et al. 2014, §10). */
  toLegacy(dropout: DropoutLayer): void {
    if (!dropout.inverted || scaleBeside(dropout)) return this.leave(dropout, 'it is legacy dropout already');
    const into = dropout.law === 'bernoulli' ? takerOfFactor(dropout) : undefined;
    if (into) this.fix(dropout, unfoldScale(dropout, into));
    else this.leave(dropout, 'no weights stand beside it that could take the factor');
  }

  toPlain(dropout: DropoutLayer): void {
    const { unit, law, form } = dropout;
    const scale = scaleBeside(dropout);
    const into = dropout.inverted && !scale ? undefined : takerOfFactor(dropout);
    if (into) return this.fix(dropout, scale === undefined ? foldScale(dropout, into) : scale.kind === 'activation' ? foldScale(dropout, into, scale) : foldScale(dropout, scale));
    const reader = soleConsumer(dropout.outputs[0]);
    if (unit === 'weight') return reader && takesDropConnect(reader) ? this.putBefore(dropout, reader, {}) : this.leave(dropout, 'the layer whose weight it drops is not known');
    if (form === 'recurrent') {
      const layer = dropout.outputs[0].consumers.find((each) => each.kind === 'recurrent');
      if (layer && layer.inputs.includes(dropout.outputs[0])) return this.putBefore(dropout, layer, {});
      return this.leave(dropout, 'it is on a state, where plain dropout, with a mask of its own at each step, destroys memory');
    }
    if (unit !== 'element' || law !== 'bernoulli' || form !== 'operator') return this.fix(dropout, replace(dropout, this.replacing({})));
    this.configure(dropout);
  }

  /** Rate and switch of what is plain dropout already. */
  configure(dropout: DropoutLayer): void {
    const { rate, training } = this.settings;
    const settings = { ...(rate !== undefined && rate !== dropout.rate && { rate }), ...(training !== undefined && { trainingMode: training }) };
    if (Object.keys(settings).length === 0) this.leave(dropout, 'it is plain dropout already');
    else this.fix(dropout, configure(dropout, settings));
  }

  toSpatial(dropout: DropoutLayer): void {
    if (dropout.unit === 'channel') return this.leave(dropout, 'its mask is per channel already');
    if (dropout.unit !== 'element') return this.leave(dropout, `its mask is per ${dropout.unit}`);
    if (!ahead(dropout).convolution && !behind(dropout).convolution) return this.leave(dropout, 'no convolution stands beside it');
    const rank = dropout.inputs[0]?.shape?.length;
    if (rank !== undefined && rank < 3) return this.leave(dropout, 'what it drops has no space');
    this.fix(dropout, replace(dropout, this.replacing({ unit: 'channel' })));
  }

  toDropConnect(dropout: DropoutLayer): void {
    if (dropout.unit === 'weight') return this.leave(dropout, 'it drops weights already');
    const { end } = follow(dropout, next, (layer) => layer.kind === 'reshape');
    if (!end || !takesDropConnect(end)) return this.leave(dropout, 'no layer with a weight comes next');
    this.putBefore(dropout, end, { unit: 'weight' });
  }

  toLaw(dropout: DropoutLayer, law: NonNullable<DropoutSpec['law']>): void {
    if (dropout.law === law && !isReplaceable(dropout)) return this.leave(dropout, `it is ${law} dropout already`);
    if (dropout.unit !== 'element' || dropout.form === 'recurrent') return this.leave(dropout, `its mask is per ${dropout.unit}: rewrite it to dropout first`);
    this.fix(dropout, replace(dropout, this.replacing({ law })));
  }

  insertEverywhere(): void {
    const { to } = this.settings;
    for (const { where, target, spec } of this.selection.insertions()) {
      const rate = this.settings.rate ?? (typeof spec.rate === 'number' ? spec.rate : DEFAULT_RATE);
      const put = (more: Partial<DropoutSpec>, layer: Layer = target, at: 'after' | 'before' = where): void => this.fix(layer, insert(this.inserting(rate, more))[at](layer));
      if (to === 'dropout') put({});
      else if (to === 'variational') put({ law: this.settings.form ?? 'gaussian' });
      else if (to === 'alpha') put({ law: 'alpha' });
      else if (to === 'spatial' && this.isChosen) put({ unit: 'channel' });
      else if (to === 'spatial') this.leave(target, 'no convolution stands beside it');
      else if (to === 'dropconnect') {
        const weighted = takesDropConnect(target) ? target : follow(target, previous, (layer) => !takesDropConnect(layer)).end;
        if (weighted && takesDropConnect(weighted)) put({ unit: 'weight' }, weighted, 'before');
        else this.leave(target, 'no layer with a weight stands there');
      }
    }
  }

  /** One mask per sequence on what each recurrent layer reads and on its state (Gal & Ghahramani 2016). */
  recurrent(): void {
    const taken = new Set<DropoutLayer>();
    const chosen = new Set(this.dropouts);
    for (const layer of once(this.graphs.flatMap((graph) => graph.layersOf('recurrent')))) {
      const { end } = follow(layer, previous, (each) => each.kind === 'reshape');
      const beside = end?.kind === 'dropout' && end.unit === 'element' && end.law === 'bernoulli' ? end : undefined;
      const isMeant = this.selection.includes(layer) || (beside !== undefined && chosen.has(beside));
      if (!isMeant || (!beside && !this.isChosen && this.dropouts.length > 0)) continue;
      if (beside) taken.add(beside);
      if (beside) this.putBefore(beside, layer, { unit: 'time' }, { unit: 'state' });
      else this.fix(layer, insert(this.inserting(DEFAULT_RATE, { unit: 'time' })).before(layer), insert(this.inserting(DEFAULT_RATE, { unit: 'state' })).before(layer));
    }
    for (const dropout of this.dropouts) {
      if (taken.has(dropout)) continue;
      if (dropout.unit === 'element' && (dropout.graph.carried?.length ?? 0) > 0) this.fix(dropout, replace(dropout, this.replacing({ unit: 'time' })));
      else this.leave(dropout, dropout.unit === 'time' ? 'its mask holds for the sequence already' : dropout.outputs[0].consumers.length > 1 ? 'several layers read what it gives' : 'it stands beside no recurrent layer and on no state that a loop carries');
    }
  }

  scheduled(): void {
    const { settings: { schedule: given, rate } } = this;
    // TensorFlow.js's own gaussianDropout has a rate that stands fast.
    const isLearned = ({ law, library, configuration }: DropoutLayer): boolean => law === 'concrete' || (law === 'gaussian' && (library !== undefined || configuration === undefined));
    const dropouts = this.dropouts.filter((dropout) => !isLearned(dropout));
    for (const dropout of this.dropouts) if (isLearned(dropout)) this.leave(dropout, 'its rate is learned');
    if (dropouts.length === 0 || !given) return;
    const settings = { ...given, ...(rate !== undefined && { rate }) };
    // Code has one callback for all; in a graph each is rewired by itself.
    if (dropouts[0]!.graph.isSource) this.fix(dropouts[0]!, schedule(dropouts, settings));
    else for (const dropout of dropouts) this.fix(dropout, schedule([dropout], settings));
  }
}

/** A layer on several paths through code is one place. */
const once = <L extends Layer>(layers: readonly L[]): readonly L[] => [...new Map(layers.map((layer) => [layer.key, layer] as const).reverse()).values()].reverse();

/** TensorFlow.js's own alphaDropout shifts the mean, its gaussianDropout does not learn; a topology can name no other AlphaDropout. */
const isReplaceable = ({ library, configuration, law, graph }: DropoutLayer): boolean => library === undefined && configuration !== undefined && (law !== 'alpha' || graph.isSource);

/** Layers whose weight can be dropped. */
const takesDropConnect = (layer: Layer): layer is LinearLayer | ConvolutionLayer => layer.kind === 'linear' || layer.kind === 'convolution';

export const planRewrite = (graphs: readonly Graph[], settings: RewriteSettings, selection: Selection): Plan => new Planner(graphs, settings, selection).plan();
