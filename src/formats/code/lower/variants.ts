/** The kinds of dropout as code: what makes each, and with which settings. */
import type { ts as TS } from 'ts-morph';
import { ts } from '../typescript.js';
import type { DropoutSpec } from '../../../graph/edits.js';
import type { Layer, Value } from '../../../graph/layers.js';
import { DROPOUT_NAMES } from '../catalogue.js';
import type { CodeDocument } from '../document.js';
import type { Site } from '../lift/assemble.js';
import { unwrap } from '../syntax.js';
import type { Splices } from './attempt.js';
import { copiesOf, graphsOf } from './expected.js';
import { makerTexts, remade } from './factories.js';
import type { Maker } from './factories.js';
import { constructionOf } from './places.js';
import { refuse } from './refusal.js';
import { braces, changeProperties, propertyOf, settingsOf } from './settings.js';

/** What a dropout is given. */
export interface Operand {
  readonly rank: number | undefined;
  readonly channelAxis: 1 | -1;
  /** No extent but that of the batch is open, in none of the places that the text stands for. */
  readonly isSized: boolean;
}

/** All extents but the batch are known. */
export const isSized = (value: Value | undefined): boolean => value?.shape?.slice(1).every((extent) => extent !== undefined) ?? false;

interface Variant extends Maker {
  /** Names and values besides the rate. */
  readonly settings: readonly (readonly [string, string])[];
}

/** Settings that say what kind of dropout it is, or that not every kind has. */
export const PECULIAR = ['noiseShape', 'seed', 'dataFormat', 'form', 'alphaPer', 'divergenceWeight', 'spatial', 'temperature', 'lengthScale'];
/** Those of them that are left as they stand. */
const KEPT: Readonly<Record<string, readonly string[]>> = {
  dropout: ['seed'], spatialDropout1d: ['seed'], VariationalDropout: ['form', 'divergenceWeight'], ConcreteDropout: ['divergenceWeight', 'temperature', 'lengthScale'],
};

const factory = (name: string, ...settings: Variant['settings']): Variant => ({ name, isClass: false, settings });
const ofClass = (name: string, ...settings: Variant['settings']): Variant => ({ name, isClass: true, settings });

/** `[null, 1, 1, null]`: one draw for each example and channel. */
function noiseShape(rank: number, channelAxis: 1 | -1): string {
  const channel = channelAxis === -1 ? rank - 1 : 1;
  return `[${Array.from({ length: rank }, (_, axis) => (axis === 0 || axis === channel ? 'null' : '1')).join(', ')}]`;
}

function variantOf({ unit, law = 'bernoulli', examples }: DropoutSpec, rate: number | undefined, { rank, channelAxis, isSized: sized }: Operand, isTypeScript: boolean): Variant {
  if (unit !== 'element' && unit !== 'channel') refuse(`a dropout of one draw per ${unit} is no layer of its own`);
  if (unit === 'channel' && rank !== undefined && rank < 3) refuse('vectors have no channels to drop');
  if (unit === 'channel' && rank === undefined) refuse('the rank there is not known, so neither is the shape of the mask');
  const shape = unit === 'channel' ? noiseShape(rank!, channelAxis) : undefined;
  switch (law) {
    case 'bernoulli':
      if (!shape) return factory('dropout');
      // The type of TensorFlow.js's noiseShape knows no null.
      return rank === 3 ? factory('spatialDropout1d') : factory('dropout', ['noiseShape', isTypeScript ? `${shape} as number[]` : shape]);
    case 'alpha':
      requireRate(rate, 'AlphaDropout', '[0, 1)', (p) => p >= 0 && p < 1);
      return shape ? ofClass('AlphaDropout', ['noiseShape', shape]) : ofClass('AlphaDropout');
    case 'gaussian':
      requireRate(rate, 'VariationalDropout', '(0, 0.5]', (p) => p > 0 && p <= 0.5);
      if (rank === undefined) refuse('the rank there is not known, so neither is what has a variance of its own');
      requireChannelsLast(rank, channelAxis);
      if (unit === 'element' && rank > 2 && !sized) refuse('VariationalDropout has an alpha for each element here, and not all extents are known: concrete dropout has one for all');
      return ofClass('VariationalDropout', divergence(examples), ...(unit === 'element' && rank > 2 ? [['alphaPer', "'element'"] as const] : []));
    case 'concrete':
      requireRate(rate, 'ConcreteDropout', '(0, 1)', (p) => p > 0 && p < 1);
      if (shape) requireChannelsLast(rank!, channelAxis);
      return ofClass('ConcreteDropout', divergence(examples), ...(shape ? [['spatial', 'true'] as const] : []));
  }
}

/** 1/N; what N is, code does not say. */
const divergence = (examples: number | undefined): readonly [string, string] => ['divergenceWeight', examples === undefined ? '/* 1 / number of training examples */ 1e-4' : `1 / ${examples}`];

/** A rate that is not known is for the constructor to check. */
function requireRate(rate: number | undefined, name: string, range: string, includes: (rate: number) => boolean): void {
  if (rate !== undefined && !includes(rate)) refuse(`${name} takes a rate in ${range}, and this one is ${rate}`);
}

function requireChannelsLast(rank: number, channelAxis: 1 | -1): void {
  if (rank > 2 && channelAxis === 1) refuse('its channels come first, and noise that is learned needs them last');
}

const withQuotes = (text: string, value: string): string => (/^'.*'$/.test(value) && (text.match(/"/g)?.length ?? 0) > (text.match(/'/g)?.length ?? 0) ? value.replaceAll("'", '"') : value);

/** A new dropout as text, the likeliest way first: `tf.layers.dropout({ rate: 0.5 })`. */
export function dropoutTexts(document: CodeDocument, near: TS.Node, spec: DropoutSpec, operand: Operand): readonly string[] {
  const { rate } = spec;
  if (rate === 'keep') refuse('there is no rate to keep');
  const variant = variantOf(spec, rate, operand, document.isTypeScript);
  const settings = [['rate', String(rate)] as const, ...variant.settings].map(([name, value]) => `${name}: ${withQuotes(document.text, value)}`).join(', ');
  return makerTexts(document, near, variant).map((maker) => `${maker}(${braces(document.text, settings)})`);
}

/** Ways to put one dropout in place of another: what makes it, its settings, and its rate when that is to change. */
export function* replacements(document: CodeDocument, layer: Layer, site: Site, spec: DropoutSpec): Generator<() => Splices> {
  if (layer.kind !== 'dropout' || site.part !== 'self' || !DROPOUT_NAMES.has(site.instance.type)) refuse('it is no dropout layer of its own');
  const { text, isTypeScript } = document;
  const construction = constructionOf(site);
  const settings = settingsOf(construction);
  const rate = spec.rate === 'keep' ? layer.rate : spec.rate;
  const isGiven = settings !== undefined && propertyOf(settings, 'rate') !== undefined;
  const rates = rate !== undefined && (spec.rate === 'keep' ? !isGiven : rate !== layer.rate || !isGiven) ? [['rate', String(rate)] as const] : [];
  const law = spec.law ?? 'bernoulli';
  const operand: Operand = { ...site, isSized: copiesOf(graphsOf(document), layer).every(({ inputs: [input] }) => isSized(input)) };
  if (spec.unit === layer.unit && law === layer.law && (law === 'bernoulli' || layer.library !== undefined)) {
    if (law !== 'bernoulli') variantOf(spec, rate, operand, isTypeScript);
    yield () => changeProperties(text, construction, { set: rates });
    return;
  }
  const variant = sequential(variantOf(spec, rate, operand, isTypeScript), document, site);
  const isAlready = ([name]: readonly [string, string]): boolean =>
    settings !== undefined && propertyOf(settings, name) !== undefined && (name === 'divergenceWeight' || (name === 'noiseShape' && layer.unit === spec.unit));
  const set = [...rates, ...variant.settings.filter((each) => !isAlready(each)).map(([name, value]) => [name, withQuotes(text, value)] as const)];
  const stays = new Set([...(KEPT[variant.name] ?? []), ...variant.settings.map(([name]) => name)]);
  const remove = PECULIAR.filter((name) => !stays.has(name));
  for (const making of remade(document, construction, site.instance.type, variant)) yield () => [...making, ...changeProperties(text, construction, { set, remove })];
}

/** spatialDropout1d has neither seed nor noiseShape to keep, and a name of its own may be missing: dropout can say the same. */
function sequential(variant: Variant, { isTypeScript }: CodeDocument, site: Site): Variant {
  if (variant.name !== 'spatialDropout1d') return variant;
  const construction = constructionOf(site);
  const settings = settingsOf(construction);
  const isPlain = !settings || !['noiseShape', 'seed'].some((name) => propertyOf(settings, name));
  const hasPrefix = ts.isNewExpression(construction) || ts.isPropertyAccessExpression(unwrap(construction.expression));
  return isPlain && hasPrefix ? variant : factory('dropout', ['noiseShape', `${noiseShape(3, -1)}${isTypeScript ? ' as number[]' : ''}`]);
}
