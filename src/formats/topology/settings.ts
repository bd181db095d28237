/** The settings vocabulary of `configure` (see edits.ts) and the replacement of one dropout by another, in a topology. */
import type { ts as TS } from 'ts-morph';
import { ts } from '../code/typescript.js';
import type { DropoutSpec } from '../../graph/edits.js';
import type { Layer } from '../../graph/layers.js';
import type { Site } from '../code/lift/assemble.js';
import { refuse } from '../code/lower/refusal.js';
import type { Splice } from '../document.js';
import { member, propertyNamed } from './json.js';

type Splices = Splice<string>[];
type Json = string | number | boolean | null | readonly Json[];

const snake = (key: string): string => key.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);

/** The layer whose own settings these are: the inner one of a wrapper. */
function describedBy({ instance }: Site): TS.Node {
  let node: TS.Node = instance.node;
  for (let inner = innerOf(node); inner; inner = innerOf(node)) node = inner;
  return node;
}

const innerOf = (node: TS.Node): TS.Expression | undefined => {
  const config = member(node, 'config');
  const inner = member(config, 'layer') ?? member(config, 'cell');
  return inner && member(inner, 'class_name') ? inner : undefined;
};

const rateKey = (site: Site): string => (site.part === 'recurrentDropout' ? 'recurrent_dropout' : site.part === 'dropout' ? 'dropout' : 'rate');
const text = (value: Json): string => (Array.isArray(value) ? `[${value.map(text).join(', ')}]` : JSON.stringify(value));

/** Sets a value of a layer's config; a new key stands behind the others. */
function set(site: Site, key: string, value: Json): Splices {
  const config = member(describedBy(site), 'config');
  if (!config || !ts.isObjectLiteralExpression(config)) refuse('the layer has no config');
  const given = propertyNamed(config, key);
  if (given) return [{ start: given.initializer.getStart(), end: given.initializer.end, replacement: text(value) }];
  const last = config.properties.at(-1);
  if (!last) return [{ start: config.getStart(), end: config.end, replacement: `{"${key}": ${text(value)}}` }];
  const before = config.getSourceFile().text.slice(last.getFullStart(), last.getStart());
  return [{ start: last.end, end: last.end, replacement: `,${before}"${key}": ${text(value)}` }];
}

function setClass(site: Site, name: string): Splices {
  const node = member(describedBy(site), 'class_name');
  return node ? [{ start: node.getStart(), end: node.end, replacement: JSON.stringify(name) }] : refuse('the layer has no class');
}

/** A rate of 0 is how recurrent layers are saved that have no dropout. */
export const removalOfSetting = (site: Site): Splices => set(site, rateKey(site), 0);

export function configuration(layer: Layer, site: Site, settings: Readonly<Record<string, unknown>>): Splices {
  return Object.entries(settings).flatMap(([key, value]): Splices => {
    switch (key) {
      case 'rate': return typeof value === 'number' ? set(site, rateKey(site), value) : refuse('the rate is no number');
      case 'complementRate': return layer.kind === 'dropout' && layer.rate !== undefined ? set(site, rateKey(site), Number((1 - layer.rate).toPrecision(12))) : refuse('its rate is not known');
      case 'removeSeed': return set(site, 'seed', null);
      case 'useBias': return set(site, 'use_bias', value === true);
      case 'type': return setClass(site, className(String(value)));
      case 'renameKey': return renameKey(site, value as readonly [string, string]);
      case 'freeBatch': return freeBatch(site);
      case 'law': return refuse("TensorFlow.js's AlphaDropout shifts the mean");
      case 'trainingMode': return refuse('whether dropout is on is decided by the call (fit or predict)');
      default: return refuse(`a topology has no setting ${key}`);
    }
  });
}

const className = (factory: string): string => factory.charAt(0).toUpperCase() + factory.slice(1).replace(/(\d)d$/, '$1D');

function renameKey(site: Site, [from, to]: readonly [string, string]): Splices {
  const property = propertyNamed(member(describedBy(site), 'config'), snake(from));
  return property ? [{ start: property.name.getStart(), end: property.name.end, replacement: JSON.stringify(snake(to)) }] : refuse(`there is no ${from}`);
}

function freeBatch(site: Site): Splices {
  const shape = member(member(describedBy(site), 'config'), 'noise_shape');
  const batch = shape && ts.isArrayLiteralExpression(shape) ? shape.elements[0] : undefined;
  return batch ? [{ start: batch.getStart(), end: batch.end, replacement: 'null' }] : refuse('it has no noise_shape');
}

export function replacement(layer: Layer, site: Site, spec: DropoutSpec): Splices {
  if (layer.kind !== 'dropout' || layer.form !== 'operator' || site.instance.type === 'timeDistributed') refuse('it is no dropout layer of its own');
  const rate = spec.rate === 'keep' || spec.rate === layer.rate ? [] : set(site, 'rate', spec.rate);
  if (spec.unit === layer.unit && layer.law === 'bernoulli') return rate;
  const plain = site.instance.type === 'dropout';
  const toDropout = plain ? [] : setClass(site, 'Dropout');
  if (spec.unit === 'element') return [...rate, ...toDropout, ...(plain ? set(site, 'noise_shape', null) : [])];
  const { rank } = site;
  if (rank === undefined || rank < 3) refuse('the rank there is not known, so neither is the shape of the mask');
  if (rank === 3 && plain && !hasValue(site, 'noise_shape')) return [...rate, ...setClass(site, 'SpatialDropout1D')];
  const channel = site.channelAxis === -1 ? rank - 1 : 1;
  return [...rate, ...toDropout, ...set(site, 'noise_shape', Array.from({ length: rank }, (_, axis) => (axis === 0 || axis === channel ? null : 1)))];
}

function hasValue(site: Site, key: string): boolean {
  const value = member(member(describedBy(site), 'config'), key);
  return value !== undefined && value.kind !== ts.SyntaxKind.NullKeyword;
}
