/** JSON with places: a syntax tree, and the values in it. */
import type { ts as TS } from 'ts-morph';
import { loadTypeScript, ts } from '../code/typescript.js';
import { UNDEFINED, array, known } from '../code/interpret/values.js';
import type { ObjectValue, Value } from '../code/interpret/values.js';

export function parseJson(file: string, text: string): TS.SourceFile {
  loadTypeScript();
  return ts.createSourceFile(file, text, ts.ScriptTarget.JSON, true, ts.ScriptKind.JSON);
}

/** The value of a whole document. */
export function rootOf(source: TS.SourceFile): TS.Expression | undefined {
  const [statement] = source.statements;
  return statement && ts.isExpressionStatement(statement) ? statement.expression : undefined;
}

export function member(node: TS.Node | undefined, name: string): TS.Expression | undefined {
  return propertyNamed(node, name)?.initializer;
}

export function propertyNamed(node: TS.Node | undefined, name: string): TS.PropertyAssignment | undefined {
  if (!node || !ts.isObjectLiteralExpression(node)) return undefined;
  return node.properties.find((property): property is TS.PropertyAssignment => ts.isPropertyAssignment(property) && ts.isStringLiteral(property.name) && property.name.text === name);
}

export const elements = (node: TS.Node | undefined): readonly TS.Expression[] => (node && ts.isArrayLiteralExpression(node) ? node.elements : []);
export const stringAt = (node: TS.Node | undefined): string | undefined => (node && ts.isStringLiteral(node) ? node.text : undefined);
export const numberAt = (node: TS.Node | undefined): number | undefined => {
  const value = node && plain(node);
  return typeof value === 'number' ? value : undefined;
};

/** A node as JavaScript has it after JSON.parse. */
function plain(node: TS.Node): unknown {
  if (ts.isStringLiteral(node)) return node.text;
  if (ts.isNumericLiteral(node)) return Number(node.text);
  if (ts.isPrefixUnaryExpression(node) && ts.isNumericLiteral(node.operand)) return -Number(node.operand.text);
  if (node.kind === ts.SyntaxKind.TrueKeyword) return true;
  if (node.kind === ts.SyntaxKind.FalseKeyword) return false;
  return node.kind === ts.SyntaxKind.NullKeyword ? null : undefined;
}

const camel = (key: string): string => key.replace(/_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
/** Keras spells enumerations in snake case: `channels_last`. */
const ENUMERATIONS: Readonly<Record<string, string>> = { channels_last: 'channelsLast', channels_first: 'channelsFirst' };

/** A configuration as the interpreter's values, in TensorFlow.js's spelling. What is `null` is not given. */
export function valueOf(node: TS.Node, layer: (node: TS.Node) => Value | undefined): Value {
  if (ts.isArrayLiteralExpression(node)) return array(node.elements.map((element) => ({ value: element.kind === ts.SyntaxKind.NullKeyword ? known(null) : valueOf(element, layer), node: element, region: 0 })));
  if (ts.isObjectLiteralExpression(node)) return layer(node) ?? objectOf(node, layer);
  const value = plain(node) as string | number | boolean | null | undefined;
  return value === undefined ? UNDEFINED : known(typeof value === 'string' ? (ENUMERATIONS[value] ?? value) : value);
}

function objectOf(node: TS.ObjectLiteralExpression, layer: (node: TS.Node) => Value | undefined): ObjectValue {
  const result: ObjectValue = { kind: 'object', properties: new Map(), open: false };
  for (const property of node.properties) {
    if (!ts.isPropertyAssignment(property) || !ts.isStringLiteral(property.name) || property.initializer.kind === ts.SyntaxKind.NullKeyword) continue;
    result.properties.set(camel(property.name.text), { value: valueOf(property.initializer, layer), node: property.initializer });
  }
  return result;
}
