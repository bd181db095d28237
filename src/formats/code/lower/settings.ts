/** Changing the argument of a factory's call: properties of its object literal, the name of the factory. */
import type { ts as TS } from 'ts-morph';
import { ts } from '../typescript.js';
import type { Splice } from '../../document.js';
import { unwrap } from '../syntax.js';
import { eolOf, indentation, isBlank, lineEnd, lineStart, nextLine, ownedBy } from './owned.js';
import type { Owned } from './owned.js';
import { refuse } from './refusal.js';

type Splices = Splice<string>[];
/** What makes a layer: a call of a factory, or `new` and a class. */
export type Construction = TS.CallExpression | TS.NewExpression;

/** The object literal that a call is given; `undefined` when it is given nothing. */
export function settingsOf(call: Construction): TS.ObjectLiteralExpression | undefined {
  const [first] = call.arguments ?? [];
  if (!first) return undefined;
  const argument = unwrap(first);
  if (!ts.isObjectLiteralExpression(argument)) refuse('its settings are not written where the layer is made');
  return argument;
}

export function propertyOf(settings: TS.ObjectLiteralExpression, name: string): TS.ObjectLiteralElementLike | undefined {
  return settings.properties.find((property) => property.name && (ts.isIdentifier(property.name) || ts.isStringLiteralLike(property.name)) && property.name.text === name);
}

/** The expression that a property has. */
export function valueOf(property: TS.ObjectLiteralElementLike): TS.Expression {
  if (ts.isPropertyAssignment(property)) return property.initializer;
  if (ts.isShorthandPropertyAssignment(property)) return property.name;
  return refuse('its settings are not plain properties');
}

/** The value that stands there becomes `text`; shorthands are spelled out. */
export function replaceValue(property: TS.ObjectLiteralElementLike, value: string): Splices {
  const node = valueOf(property);
  if (node.getText() === value) return [];
  if (ts.isShorthandPropertyAssignment(property)) return [{ start: node.end, end: node.end, replacement: `: ${value}` }];
  return [{ start: node.getStart(), end: node.end, replacement: value }];
}

/** Spaces inside the braces as the file writes them. */
export const braces = (text: string, inner: string): string => (/\(\{\S/.test(text) && !/\(\{ \S/.test(text) ? `{${inner}}` : `{ ${inner} }`);

export const setProperty = (text: string, call: Construction, name: string, value: string): Splices => changeProperties(text, call, { set: [[name, value]] });

/** Takes a property out with its comma, and with its line when it has one of its own. */
export function removeProperty(text: string, call: Construction, name: string): Splices {
  const settings = settingsOf(call);
  if (!settings || !propertyOf(settings, name)) refuse(`there is no ${name} to remove`);
  return changeProperties(text, call, { remove: [name] });
}

export interface PropertyChanges {
  /** Names and values; what is not there yet stands behind the others. */
  readonly set?: readonly (readonly [string, string])[];
  /** Names, where they are given. */
  readonly remove?: readonly string[];
}

/** Sets and removes properties of an object, or of the object that a layer is made with. */
export function changeProperties(text: string, call: Construction | TS.ObjectLiteralExpression, { set = [], remove = [] }: PropertyChanges): Splices {
  const settings = ts.isObjectLiteralExpression(call) ? call : settingsOf(call);
  if (!settings) {
    if (set.length === 0) return [];
    const open = text.lastIndexOf('(', call.end - 1) + 1;
    return [{ start: open, end: call.end - 1, replacement: braces(text, set.map(([name, value]) => `${name}: ${value}`).join(', ')) }];
  }
  const removed = new Set(remove.flatMap((name) => propertyOf(settings, name) ?? []));
  const given = set.map(([name]) => propertyOf(settings, name));
  const added = set.filter((_, index) => !given[index]).map(([name, value]) => `${name}: ${value}`);
  const last = settings.properties.findLast((property) => !removed.has(property));
  if (!last && (added.length > 0 || settings.properties.length === 0)) return added.length > 0 ? [{ start: settings.getStart(), end: settings.end, replacement: braces(text, added.join(', ')) }] : [];
  return [
    ...set.flatMap(([, value], index) => (given[index] ? replaceValue(given[index], value) : [])),
    ...removals(text, settings, removed, added.length > 0),
    ...(last && added.length > 0 ? additions(text, settings, last, added) : []),
  ];
}

function additions(text: string, settings: TS.ObjectLiteralExpression, last: TS.ObjectLiteralElementLike, added: readonly string[]): Splices {
  const owned = ownedBy(last, text);
  const multiline = /[\r\n]/.test(text.slice(settings.getStart(), settings.properties[0].getStart()));
  if (!multiline) return [{ start: owned.body.end, end: owned.body.end, replacement: added.map((each) => `, ${each}`).join('') }];
  const line = added.map((each) => `${eolOf(text)}${indentation(text, owned.body.start)}${each}`).join(',');
  if (owned.separator.end === owned.separator.start) return afterComma(owned, line);
  const trailing = ownedBy(settings.properties.at(-1)!, text).separator;
  return [{ start: owned.tail.end, end: owned.tail.end, replacement: `${line}${trailing.end > trailing.start ? ',' : ''}` }];
}

/** A line behind a last member that has no comma yet: the comma goes before the comment on its line. */
export function afterComma({ body, tail }: Owned, line: string): Splices {
  if (tail.end === body.end) return [{ start: body.end, end: body.end, replacement: `,${line}` }];
  return [{ start: body.end, end: body.end, replacement: ',' }, { start: tail.end, end: tail.end, replacement: line }];
}

const hasOwnLine = ({ startsLine, endsLine }: Owned): boolean => startsLine && endsLine;

/** Properties that go, with their lines or in runs of neighbours; `followed`: others come behind the last that stays. */
function removals(text: string, settings: TS.ObjectLiteralExpression, removed: ReadonlySet<TS.Node>, followed: boolean): Splices {
  const { properties } = settings;
  const splices: Splices = [];
  for (let index = 0; index < properties.length; index += 1) {
    if (!removed.has(properties[index])) continue;
    const before = properties[index - 1] as TS.Node | undefined;
    const first = ownedBy(properties[index], text);
    let end = first;
    while (index + 1 < properties.length && removed.has(properties[index + 1]) && hasOwnLine(ownedBy(properties[index + 1], text)) === hasOwnLine(first)) {
      index += 1;
      end = ownedBy(properties[index], text);
    }
    const comma = end.separator.end > end.separator.start;
    if (hasOwnLine(first)) {
      splices.push({ start: lineStart(text, first.body.start), end: nextLine(text, end.tail.end), replacement: '' });
      if (!comma && before && !followed) splices.push({ start: before.end, end: before.end + /^\s*,/.exec(text.slice(before.end))![0].length, replacement: '' });
    } else if (comma && index + 1 < properties.length && (before === undefined || !isBlank(text.slice(end.separator.end, lineEnd(text, end.separator.end))))) {
      const space = /^[ \t]*/.exec(text.slice(end.separator.end))![0].length;
      splices.push({ start: first.body.start, end: end.separator.end + space, replacement: '' });
    } else if (before) splices.push({ start: before.end, end: end.body.end, replacement: '' });
    else splices.push({ start: settings.getStart(), end: settings.end, replacement: '{}' });
  }
  return splices;
}

/** The last name of the factory: `dropout` of `tf.layers.dropout`. */
export function renameFactory(call: Construction, name: string): Splices {
  const callee = unwrap(call.expression);
  if (!ts.isCallExpression(call) || !ts.isPropertyAccessExpression(callee)) refuse('the factory is called by a name of its own, and the other one may have none here');
  return [{ start: callee.name.getStart(), end: callee.name.end, replacement: name }];
}

/** An expression as an operand of `-`. */
export function operand(node: TS.Expression): string {
  const plain = ts.isIdentifier(node) || ts.isNumericLiteral(node) || ts.isPropertyAccessExpression(node) || ts.isElementAccessExpression(node) || ts.isCallExpression(node) || ts.isParenthesizedExpression(node) || ts.isNonNullExpression(node);
  return plain ? node.getText() : `(${node.getText()})`;
}
