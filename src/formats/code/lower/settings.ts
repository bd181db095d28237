/** Changing the argument of a factory's call: properties of its object literal, the name of the factory. */
import type { ts as TS } from 'ts-morph';
import { ts } from '../typescript.js';
import type { Splice } from '../../document.js';
import { unwrap } from '../syntax.js';
import { eolOf, indentation, isBlank, lineEnd, lineStart, nextLine, ownedBy } from './owned.js';
import type { Owned } from './owned.js';
import { refuse } from './refusal.js';

type Splices = Splice<string>[];

/** The object literal that a call is given; `undefined` when it is given nothing. */
export function settingsOf(call: TS.CallExpression): TS.ObjectLiteralExpression | undefined {
  if (call.arguments.length === 0) return undefined;
  const argument = unwrap(call.arguments[0]);
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
  if (ts.isShorthandPropertyAssignment(property)) return [{ start: node.end, end: node.end, replacement: `: ${value}` }];
  return [{ start: node.getStart(), end: node.end, replacement: value }];
}

/** Spaces inside the braces as the file writes them. */
export const braces = (text: string, inner: string): string => (/\(\{\S/.test(text) && !/\(\{ \S/.test(text) ? `{${inner}}` : `{ ${inner} }`);

export function setProperty(text: string, call: TS.CallExpression, name: string, value: string): Splices {
  const settings = settingsOf(call);
  if (!settings) {
    const open = text.lastIndexOf('(', call.end - 1) + 1;
    return [{ start: open, end: call.end - 1, replacement: braces(text, `${name}: ${value}`) }];
  }
  const given = propertyOf(settings, name);
  if (given) return replaceValue(given, value);
  const last = settings.properties.at(-1);
  if (!last) return [{ start: settings.getStart(), end: settings.end, replacement: braces(text, `${name}: ${value}`) }];
  const owned = ownedBy(last, text);
  const multiline = /[\r\n]/.test(text.slice(settings.getStart(), settings.properties[0].getStart()));
  if (!multiline) return [{ start: owned.body.end, end: owned.body.end, replacement: `, ${name}: ${value}` }];
  const comma = owned.separator.end > owned.separator.start;
  const line = `${eolOf(text)}${indentation(text, owned.body.start)}${name}: ${value}`;
  return comma ? [{ start: owned.tail.end, end: owned.tail.end, replacement: `${line},` }] : afterComma(owned, line);
}

/** A line behind a last member that has no comma yet: the comma goes before the comment on its line. */
export function afterComma({ body, tail }: Owned, line: string): Splices {
  if (tail.end === body.end) return [{ start: body.end, end: body.end, replacement: `,${line}` }];
  return [{ start: body.end, end: body.end, replacement: ',' }, { start: tail.end, end: tail.end, replacement: line }];
}

/** Takes a property out with its comma, and with its line when it has one of its own. */
export function removeProperty(text: string, call: TS.CallExpression, name: string): Splices {
  const settings = settingsOf(call);
  const property = settings && propertyOf(settings, name);
  if (!settings || !property) refuse(`there is no ${name} to remove`);
  const index = settings.properties.indexOf(property);
  const owned = ownedBy(property, text);
  const comma = owned.separator.end > owned.separator.start;
  const before = settings.properties[index - 1];
  if (owned.startsLine && owned.endsLine) {
    const lines = { start: lineStart(text, owned.body.start), end: nextLine(text, owned.tail.end), replacement: '' };
    return comma || !before ? [lines] : [{ start: before.end, end: before.end + /^\s*,/.exec(text.slice(before.end))![0].length, replacement: '' }, lines];
  }
  if (comma && (before === undefined || !isBlank(text.slice(owned.separator.end, lineEnd(text, owned.separator.end))))) {
    const space = /^[ \t]*/.exec(text.slice(owned.separator.end))![0].length;
    const isOnly = settings.properties.length === 1;
    return isOnly ? [{ start: settings.getStart(), end: settings.end, replacement: '{}' }] : [{ start: owned.body.start, end: owned.separator.end + space, replacement: '' }];
  }
  if (before) return [{ start: before.end, end: owned.body.end, replacement: '' }];
  return [{ start: settings.getStart(), end: settings.end, replacement: '{}' }];
}

/** The last name of the factory: `dropout` of `tf.layers.dropout`. */
export function renameFactory(call: TS.CallExpression, name: string): Splices {
  const callee = unwrap(call.expression);
  if (!ts.isPropertyAccessExpression(callee)) refuse('the factory is called by a name of its own, and the other one may have none here');
  return [{ start: callee.name.getStart(), end: callee.name.end, replacement: name }];
}

/** An expression as an operand of `-`. */
export function operand(node: TS.Expression): string {
  const plain = ts.isIdentifier(node) || ts.isNumericLiteral(node) || ts.isPropertyAccessExpression(node) || ts.isElementAccessExpression(node) || ts.isCallExpression(node) || ts.isParenthesizedExpression(node) || ts.isNonNullExpression(node);
  return plain ? node.getText() : `(${node.getText()})`;
}
