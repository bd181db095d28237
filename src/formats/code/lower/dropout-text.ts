/** How a new dropout is spelled in this file. */
import type { ts as TS } from 'ts-morph';
import { ts } from '../typescript.js';
import type { DropoutSpec } from '../../../graph/edits.js';
import { unwrap } from '../syntax.js';
import { refuse } from './refusal.js';
import { braces } from './settings.js';

/** `[null, 1, 1, null]`: one draw for each example and channel. In TypeScript with the cast that its type asks for. */
export function noiseShapeText(rank: number, channelAxis: 1 | -1, isTypeScript: boolean): string {
  const channel = channelAxis === -1 ? rank - 1 : 1;
  const extents = Array.from({ length: rank }, (_, axis) => (axis === 0 || axis === channel ? 'null' : '1'));
  return `[${extents.join(', ')}]${isTypeScript ? ' as number[]' : ''}`;
}

/** The factory by the name that this file has for it, as near as possible to how `near` is made. */
export function factoryText(near: TS.Node, name: string): string {
  const source = near.getSourceFile();
  const own = ts.isCallExpression(near) ? prefixOf(near) : undefined;
  if (own !== undefined) return own + name;
  const bound = boundName(source, name);
  if (bound) return bound;
  const other = firstPrefix(source);
  return other === undefined ? refuse(`this file has no name for ${name}`) : other + name;
}

/** `tf.layers.` of `tf.layers.dense(…)`. */
function prefixOf(call: TS.CallExpression): string | undefined {
  const callee = unwrap(call.expression);
  if (!ts.isPropertyAccessExpression(callee)) return undefined;
  const owner = unwrap(callee.expression);
  const name = ts.isPropertyAccessExpression(owner) ? owner.name.text : ts.isIdentifier(owner) ? owner.text : '';
  return name === 'this' ? undefined : `${callee.expression.getText()}.`;
}

function boundName(source: TS.SourceFile, name: string): string | undefined {
  let found: string | undefined;
  const visit = (node: TS.Node): void => {
    if ((ts.isBindingElement(node) || ts.isImportSpecifier(node)) && ts.isIdentifier(node.name) && ((node.propertyName as TS.Identifier | undefined)?.text ?? node.name.text) === name) found ??= node.name.text;
    else ts.forEachChild(node, visit);
  };
  visit(source);
  return found;
}

/** `tf.layers.` from any call of it in the file. */
function firstPrefix(source: TS.SourceFile): string | undefined {
  let found: string | undefined;
  const visit = (node: TS.Node): void => {
    if (found !== undefined) return;
    if (ts.isPropertyAccessExpression(node) && node.name.text === 'layers' && ts.isPropertyAccessExpression(node.parent)) found = `${node.getText()}.`;
    else ts.forEachChild(node, visit);
  };
  visit(source);
  return found;
}

/** `tf.layers.dropout({ rate: 0.5 })`. */
export function dropoutText(near: TS.Node, spec: DropoutSpec, place: { readonly rank: number | undefined; readonly channelAxis: 1 | -1; readonly isTypeScript: boolean }): string {
  if (spec.rate === 'keep') refuse('there is no rate to keep');
  const text = near.getSourceFile().text;
  if (spec.unit === 'element') return `${factoryText(near, 'dropout')}(${braces(text, `rate: ${spec.rate}`)})`;
  if (place.rank === undefined || place.rank < 3) refuse('the rank there is not known, so neither is the shape of the mask');
  if (place.rank === 3) return `${factoryText(near, 'spatialDropout1d')}(${braces(text, `rate: ${spec.rate}`)})`;
  return `${factoryText(near, 'dropout')}(${braces(text, `rate: ${spec.rate}, noiseShape: ${noiseShapeText(place.rank, place.channelAxis, place.isTypeScript)}`)})`;
}
