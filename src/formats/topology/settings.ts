/** The settings vocabulary of `configure` (see edits.ts) and the replacement of one dropout by another, in a topology. */
import type { ts as TS } from 'ts-morph';
import { ts } from '../code/typescript.js';
import type { DropoutSpec, Edit } from '../../graph/edits.js';
import type { Layer } from '../../graph/layers.js';
import type { Site } from '../code/lift/assemble.js';
import { refuse } from '../code/lower/refusal.js';
import type { Splice } from '../document.js';
import { member, propertyNamed, stringAt } from './json.js';

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

const set = (site: Site, key: string, value: Json): Splices => setAll(site, [[key, value]]);

/** Sets values of a layer's config; new keys stand behind the others. */
function setAll(site: Site, values: readonly (readonly [string, Json])[]): Splices {
  const config = member(describedBy(site), 'config');
  if (!config || !ts.isObjectLiteralExpression(config)) refuse('the layer has no config');
  const given = values.flatMap(([key, value]): Splices => {
    const property = propertyNamed(config, key);
    return property ? [{ start: property.initializer.getStart(), end: property.initializer.end, replacement: text(value) }] : [];
  });
  const added = values.filter(([key]) => !propertyNamed(config, key)).map(([key, value]) => `"${key}": ${text(value)}`);
  if (added.length === 0) return given;
  const last = config.properties.at(-1);
  if (!last) return [{ start: config.getStart(), end: config.end, replacement: `{${added.join(', ')}}` }];
  const before = config.getSourceFile().text.slice(last.getFullStart(), last.getStart());
  return [...given, { start: last.end, end: last.end, replacement: added.map((each) => `,${before}${each}`).join('') }];
}

function setClass(site: Site, name: string): Splices {
  const node = member(describedBy(site), 'class_name');
  return node ? [{ start: node.getStart(), end: node.end, replacement: JSON.stringify(name) }] : refuse('the layer has no class');
}

/** A rate of 0 is how recurrent layers are saved that have no dropout. */
export const removalOfSetting = (site: Site): Splices => set(site, rateKey(site), 0);

const RECURRENT = new Set(['LSTM', 'GRU', 'SimpleRNN', 'ConvLSTM2D']);

type Insertion = Extract<Edit, { type: 'insert' }>;

/** Dropouts of what a recurrent layer reads, and of its state, are settings of the layer: what one fix sets is set at once. */
export function settingOf(edit: Insertion, site: Site, fix: readonly Edit[]): Splices {
  const together = fix.filter((other): other is Insertion => other.type === 'insert' && other.target === edit.target && other.spec.unit !== 'element' && other.spec.unit !== 'channel');
  return together[0] === edit ? setAll(site, together.map((other) => recurrentSetting(other, site))) : [];
}

function recurrentSetting({ target, spec: { unit, rate, law = 'bernoulli' } }: Insertion, site: Site): readonly [string, number] {
  const described = describedBy(site);
  const type = stringAt(member(described, 'class_name')) ?? '';
  if (unit === 'weight') refuse('TensorFlow.js has no class of DropConnect that a topology could name');
  if (law !== 'bernoulli') refuse(`a dropout inside another layer has no ${law} law`);
  if (target.kind !== 'recurrent' || !RECURRENT.has(type) || site.instance.type === 'rnn') refuse(`${target.type} has no dropout of its own`);
  if (rate === 'keep') refuse('there is no rate to keep');
  const key = unit === 'time' ? 'dropout' : 'recurrent_dropout';
  const given = Number(member(member(described, 'config'), key)?.getText() ?? 0);
  if (given !== 0 && given !== rate) refuse(`its ${key} is ${given} already`);
  return [key, rate];
}

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

/** What of a dropout not every class of dropout has. */
const PECULIAR = ['noise_shape', 'data_format', 'divergence_weight', 'form', 'alpha_per', 'spatial', 'temperature', 'length_scale'];

/** The class of a dropout law; learned noise has none that TensorFlow.js could load by itself. */
export function classOfLaw(law: DropoutSpec['law'] = 'bernoulli'): string {
  if (law === 'gaussian' || law === 'concrete') refuse(`TensorFlow.js has no class of ${law === 'gaussian' ? 'variational' : 'concrete'} dropout that a topology could name`);
  return law === 'alpha' ? 'AlphaDropout' : 'Dropout';
}

export function replacement(layer: Layer, site: Site, spec: DropoutSpec): Splices {
  if (layer.kind !== 'dropout' || site.part !== 'self' || site.instance.type === 'timeDistributed') refuse('it is no dropout layer of its own');
  if (spec.unit !== 'element' && spec.unit !== 'channel') refuse(`a dropout of one draw per ${spec.unit} is no layer of its own`);
  const law = spec.law ?? 'bernoulli';
  const type = classOfLaw(law);
  const given = stringAt(member(describedBy(site), 'class_name'));
  const rate = spec.rate === 'keep' || spec.rate === layer.rate ? [] : set(site, 'rate', spec.rate);
  if (spec.unit === layer.unit && law === layer.law) return rate;
  if (law === 'alpha' && spec.unit === 'channel') refuse("TensorFlow.js's AlphaDropout knows no mask per channel");
  const { rank } = site;
  if (spec.unit === 'channel' && (rank === undefined || rank < 3)) refuse('the rank there is not known, so neither is the shape of the mask');
  if (spec.unit === 'channel' && rank === 3 && law === 'bernoulli' && given === 'Dropout' && !hasValue(site, 'noise_shape')) return [...rate, ...setClass(site, 'SpatialDropout1D')];
  const channel = site.channelAxis === -1 ? rank! - 1 : 1;
  const shape = spec.unit === 'channel' ? Array.from({ length: rank! }, (_, axis) => (axis === 0 || axis === channel ? null : 1)) : null;
  const hasShape = propertyNamed(member(describedBy(site), 'config'), 'noise_shape') !== undefined;
  return [
    ...rate,
    ...(given === type ? [] : setClass(site, type)),
    ...(shape || hasShape ? set(site, 'noise_shape', shape) : []),
    ...unset(site, PECULIAR.filter((key) => key !== 'noise_shape')),
  ];
}

/** A dense layer whose weights are dropped is one whose weights are not. */
export const withoutDropConnect = (site: Site): Splices => [...setClass(site, 'Dense'), ...unset(site, ['rate', 'mask_per'])];

/** A dropout that stands first carries the shape of the input: without it an input layer does. */
export const inputInstead = (site: Site): Splices => [...setClass(site, 'InputLayer'), ...unset(site, ['rate', 'seed', 'trainable', ...PECULIAR])];

/** Takes values out of a layer's config, where they stand there, in runs of neighbours. */
function unset(site: Site, keys: readonly string[]): Splices {
  const config = member(describedBy(site), 'config');
  const properties = config && ts.isObjectLiteralExpression(config) ? config.properties : [];
  const goes = (property: TS.ObjectLiteralElementLike | undefined): boolean => property?.name !== undefined && ts.isStringLiteral(property.name) && keys.includes(property.name.text);
  const splices: Splices = [];
  for (let index = 0; index < properties.length; index += 1) {
    if (!goes(properties[index])) continue;
    const [before, first] = [properties[index - 1] as TS.Node | undefined, properties[index]];
    while (goes(properties[index + 1])) index += 1;
    const next = properties[index + 1] as TS.Node | undefined;
    splices.push(before ? { start: before.end, end: properties[index].end, replacement: '' } : { start: first.getStart(), end: next?.getStart() ?? properties[index].end, replacement: '' });
  }
  return splices;
}

function hasValue(site: Site, key: string): boolean {
  const value = member(member(describedBy(site), 'config'), key);
  return value !== undefined && value.kind !== ts.SyntaxKind.NullKeyword;
}
