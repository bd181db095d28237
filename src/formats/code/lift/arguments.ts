/** The arguments of a layer: as facts (folded values) and as they are written. */
import type { ts as TS } from 'ts-morph';
import { ts } from '../typescript.js';
import type { Configuration, ConfigurationEntry } from '../../../graph/layers.js';
import { isOfDropout, undroppedType } from '../../../graph/settings.js';
import { factOf } from '../interpret/machine.js';
import type { LayerInstance, Property, Value } from '../interpret/values.js';
import { identifiersOf } from '../syntax.js';

/** A value as plain data: unknown parts are `undefined`, assumptions of one path are unknown. */
export function fold(value: Value | undefined): unknown {
  switch (value?.kind) {
    case 'known': return factOf(value);
    case 'array': return value.items.map((item) => fold(item.value));
    case 'object': return value.class || value.open ? undefined : Object.fromEntries([...value.properties].map(([key, property]) => [key, fold(property.value)]));
    default: return undefined;
  }
}

/** A layer inside another, without its dropouts: those are layers of their own. Settings that are not known stand as written. */
function described(value: Value): unknown {
  if (value.kind === 'array' && value.items.some((item) => item.value.kind === 'layer')) return value.items.map((item) => described(item.value));
  if (value.kind !== 'layer') return fold(value);
  const { type, configuration } = value.layer;
  const settings = configuration?.kind === 'object' ? [...configuration.properties].filter(([name]) => !isOfDropout(type, name)) : [];
  return { layer: undroppedType(type), settings: Object.fromEntries(settings.map(([name, property]) => [name, described(property.value) ?? property.node?.getText()])) };
}

/** Few rules look at how a value is written, so that is found out when one does. */
function entryOf({ value, node }: Property): ConfigurationEntry {
  return {
    value: described(value),
    get identifiers() { return node ? identifiersOf(node) : []; },
    get text() { return node ? node.getText() : ''; },
  };
}

/**
 * How the arguments were written. A bare argument stands under the key `argument`; an object that spreads something
 * unknown has the form `expression` with the entries that are known.
 */
export function configurationOf(instance: LayerInstance): Configuration {
  const { configuration, configurationNode } = instance;
  if (!configuration || !configurationNode) return { form: 'none', entries: new Map() };
  if (configuration.kind === 'object' && !configuration.class) {
    return { form: configuration.open ? 'expression' : 'object', entries: new Map([...configuration.properties].map(([key, property]) => [key, entryOf(property)])) };
  }
  const argument = entryOf({ value: configuration, node: configurationNode });
  const literal = configuration.kind === 'known' && !configuration.assumed && configuration.value !== undefined;
  return { form: literal ? 'literal' : configuration.kind === 'known' && configuration.value === undefined ? 'none' : 'expression', entries: new Map([['argument', argument]]) };
}

/** The settings of a layer, read as facts. */
export class Settings {
  readonly #properties: ReadonlyMap<string, Property>;
  /** May have settings that the file does not show. */
  readonly open: boolean;

  constructor(value: Value | undefined) {
    this.#properties = value?.kind === 'object' ? value.properties : new Map();
    this.open = value !== undefined && (value.kind === 'object' ? value.open : value.kind !== 'known');
  }

  value(name: string): Value | undefined {
    return this.#properties.get(name)?.value;
  }

  node(name: string): TS.Node | undefined {
    return this.#properties.get(name)?.node;
  }

  /** Given, as `undefined` or not at all; `undefined` when that is not known. */
  has(name: string): boolean | undefined {
    const value = this.value(name);
    if (!value) return this.open ? undefined : false;
    return value.kind === 'known' ? value.value !== undefined : value.kind === 'unknown' ? undefined : true;
  }

  number(name: string): number | undefined {
    const fact = factOf(this.value(name));
    return typeof fact === 'number' ? fact : undefined;
  }

  string(name: string): string | undefined {
    const fact = factOf(this.value(name));
    return typeof fact === 'string' ? fact : undefined;
  }

  /** A flag with its default; `undefined` when it is given by something unknown. */
  flag(name: string, otherwise: boolean): boolean | undefined {
    const value = this.value(name);
    if (!value) return this.open ? undefined : otherwise;
    const fact = factOf(value);
    return value.kind === 'known' && fact === undefined && !value.assumed ? otherwise : typeof fact === 'boolean' ? fact : undefined;
  }

  /** `3` or `[3, 3]` as `rank` numbers; `otherwise` when not given. */
  numbers(name: string, rank: number, otherwise?: number | readonly number[]): readonly (number | undefined)[] | undefined {
    const value = this.value(name);
    const folded = value ? fold(value) : this.open ? undefined : otherwise;
    if (typeof folded === 'number') return Array.from({ length: rank }, () => folded);
    return Array.isArray(folded) && folded.length === rank ? folded.map((each) => (typeof each === 'number' ? each : undefined)) : undefined;
  }

  /** A shape: `null` and what is not known are unknown dimensions. */
  shape(name: string): readonly (number | undefined)[] | undefined {
    const folded = fold(this.value(name));
    return Array.isArray(folded) ? folded.map((each) => (typeof each === 'number' ? each : undefined)) : undefined;
  }

  /** The name that the value goes by: an identifier or the last name of an access; `undefined` for other expressions. */
  rateName(name: string): string | undefined {
    const node = this.node(name);
    if (!node) return undefined;
    return ts.isIdentifier(node) ? node.text : ts.isPropertyAccessExpression(node) ? node.name.text : undefined;
  }
}
