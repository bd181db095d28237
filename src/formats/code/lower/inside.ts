/** Dropouts that are settings of other layers: of the weights of a dense layer, of what a recurrent layer reads, of its state. */
import type { Edit } from '../../../graph/edits.js';
import type { Layer } from '../../../graph/layers.js';
import { follow, next, previous } from '../../../graph/traversal.js';
import type { CodeDocument } from '../document.js';
import type { Site } from '../lift/assemble.js';
import type { Part } from '../lift/specs.js';
import type { Splices } from './attempt.js';
import { copiesOf, graphsOf, sameSource } from './expected.js';
import { remade } from './factories.js';
import { constructionOf, innerInstance, siteIn } from './places.js';
import { refuse } from './refusal.js';
import { changeProperties, propertyOf, settingsOf, valueOf } from './settings.js';

type Insertion = Extract<Edit, { type: 'insert' }>;
type Removal = Extract<Edit, { type: 'remove' }>;

const KEYS: Readonly<Partial<Record<Insertion['spec']['unit'], Part>>> = { time: 'dropout', state: 'recurrentDropout' };
const RECURRENT: ReadonlySet<string> = new Set(['lstm', 'gru', 'simpleRNN', 'convLstm2d']);

/** What the edit inserts is a setting of its target. */
export const isInside = ({ spec: { unit } }: Insertion): boolean => unit === 'weight' || unit === 'time' || unit === 'state';
/** What the edit removes is a setting of another layer. */
export const isSetting = ({ part }: Site): boolean => part === 'dropout' || part === 'recurrentDropout' || part === 'rate';

export function* insertionsInside(document: CodeDocument, edit: Insertion, fix: readonly Edit[]): Generator<() => Splices> {
  const { spec, where, target } = edit;
  const site = siteIn(target, document.source);
  if (where === 'after') refuse(`a dropout of one draw per ${spec.unit} stands before the layer that it is of`);
  if (spec.rate === 'keep') refuse('an inserted dropout needs a rate');
  if (spec.law !== undefined && spec.law !== 'bernoulli') refuse(`a dropout inside another layer has no ${spec.law} law`);
  requireSamePaths(document, target, fix);
  if (spec.unit === 'weight') yield* droppedWeights(document, edit, site);
  else yield () => droppedStates(document, edit, site, fix);
}

/** A dropout that stood there on some paths would, as a setting, stand there on all; or be lost where the layer is missing. */
function requireSamePaths(document: CodeDocument, target: Layer, fix: readonly Edit[]): void {
  const graphs = graphsOf(document);
  const stands = (layer: Layer, other: Layer): boolean => copiesOf(graphs, layer).every((copy) => isBeside(copy, other));
  for (const edit of fix) {
    if (edit.type !== 'remove' || isSetting(siteIn(edit.layer, document.source))) continue;
    if (!stands(target, edit.layer) || !stands(edit.layer, target)) refuse('on some path through this code one of the dropout and the layer beside it stands without the other');
  }
}

/** With nothing between them that computes. */
const isBeside = (layer: Layer, other: Layer): boolean => [previous, next].some((step) => {
  const { end, passed } = follow(layer, step, ({ kind }) => kind === 'reshape' || kind === 'dropout');
  return [...passed, end].some((each) => each !== undefined && sameSource(each, other));
});

/** `tf.layers.dense({ … })` → `new DropConnectDense({ …, rate })`. */
function* droppedWeights(document: CodeDocument, { spec, target }: Insertion, site: Site): Generator<() => Splices> {
  const { type } = innerInstance(site);
  if (type === 'DropConnectDense') refuse('its weights are dropped already');
  if (site.part === 'activation') refuse('an activation has no weights');
  if (target.kind !== 'linear' || type !== 'dense') refuse(`droplint/tfjs has DropConnect for dense layers, and none for ${type}`);
  const construction = constructionOf(site);
  for (const making of remade(document, construction, type, { name: 'DropConnectDense', isClass: true })) {
    yield () => [...making, ...changeProperties(document.text, construction, { set: [['rate', String(spec.rate)]] })];
  }
}

/** `lstm({ … })` → `lstm({ …, dropout, recurrentDropout })`: what one fix sets of a layer is set at once. */
function droppedStates({ source, text }: CodeDocument, edit: Insertion, site: Site, fix: readonly Edit[]): Splices {
  const { type } = innerInstance(site);
  if (site.instance.type === 'rnn') refuse('a cell in rnn({ cell }) keeps its mask for ever');
  if (edit.target.kind !== 'recurrent' || !RECURRENT.has(type)) refuse(`${type} has no dropout of its own`);
  const construction = constructionOf(site);
  const together = fix.filter((other): other is Insertion => other.type === 'insert' && KEYS[other.spec.unit] !== undefined && constructionOf(siteIn(other.target, source)) === construction);
  if (together[0] !== edit) return [];
  const set = together.map(({ spec }) => [KEYS[spec.unit]!, String(spec.rate)] as const);
  for (const [name, value] of set) requireFree(construction, name, value);
  return changeProperties(text, construction, { set });
}

function requireFree(construction: ReturnType<typeof constructionOf>, name: string, value: string): void {
  const settings = settingsOf(construction);
  const given = settings && propertyOf(settings, name);
  const written = given && valueOf(given).getText();
  if (written !== undefined && Number(written) !== Number(value) && Number(written) !== 0) refuse(`it has ${name}: ${written} already`);
}

/** The settings that make a recurrent layer drop, and the class that drops the weights of a dense one, go. */
export function* removalsInside(document: CodeDocument, edit: Removal, site: Site, fix: readonly Edit[]): Generator<() => Splices> {
  const { source, text } = document;
  const construction = constructionOf(site);
  if (site.part === 'rate') {
    for (const making of remade(document, construction, 'DropConnectDense', { name: 'dense', isClass: false })) yield () => [...making, ...changeProperties(text, construction, { remove: ['rate', 'maskPer'] })];
    return;
  }
  const together = fix.filter((other): other is Removal => other.type === 'remove' && ownPart(siteIn(other.layer, source), construction) !== undefined);
  yield () => {
    if (together[0] !== edit) return [];
    const settings = settingsOf(construction);
    for (const { layer } of together) {
      const { part } = siteIn(layer, source);
      if (!settings || !propertyOf(settings, part)) refuse(`there is no ${part} to remove`);
    }
    return changeProperties(text, construction, { remove: together.map(({ layer }) => siteIn(layer, source).part) });
  };
}

const ownPart = (site: Site, construction: ReturnType<typeof constructionOf>): Part | undefined =>
  (isSetting(site) && constructionOf(site) === construction ? site.part : undefined);
