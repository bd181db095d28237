/** What makes a layer, by the names that a file has for it. */
import type { ts as TS } from 'ts-morph';
import { ts } from '../typescript.js';
import type { Splice } from '../../document.js';
import { siteOf } from '../lift/assemble.js';
import { unwrap } from '../syntax.js';
import type { CodeDocument } from '../document.js';
import { graphsOf } from './expected.js';
import { runtimeText, tensorFlowNames } from './imports.js';
import { refuse } from './refusal.js';
import { renameFactory } from './settings.js';
import type { Construction } from './settings.js';

/** A factory of `tf.layers`, or a class of droplint/tfjs. */
export interface Maker {
  readonly name: string;
  readonly isClass: boolean;
}

/** The maker as this file spells it, the likeliest way first. */
export const makerTexts = (document: CodeDocument, near: TS.Node, { name, isClass }: Maker): readonly string[] =>
  (isClass ? [`new ${runtimeText(document.source, name)}`] : factoryTexts(near, name, constructionsAround(document, near)));

/** Ways to have a layer made by something else: `tf.layers.dropout(…)` → `new AlphaDropout(…)`. */
export function remade(document: CodeDocument, construction: Construction, type: string, maker: Maker): readonly (readonly Splice<string>[])[] {
  if (type === maker.name) return [[]];
  const range = { start: construction.getStart(), end: construction.expression.end };
  const callee = unwrap(construction.expression);
  if (!maker.isClass && ts.isCallExpression(construction) && ts.isPropertyAccessExpression(callee)) return [renameFactory(construction, maker.name)];
  const texts = makerTexts(document, construction, maker);
  if (/\/[/*]/.test(document.text.slice(range.start, range.end))) refuse('a comment stands in the name of the layer');
  return texts.map((replacement) => [{ ...range, replacement }]);
}

/** The calls that make the layers of this file, the nearest first. */
function constructionsAround(document: CodeDocument, near: TS.Node): readonly TS.Node[] {
  const nodes = new Set(graphsOf(document).flatMap((graph) => graph.layers.flatMap((layer) => siteOf(layer) ?? [])).filter(({ instance }) => !instance.custom).map(({ instance }) => instance.node));
  return [...nodes].filter((node) => node.getSourceFile() === document.source).sort((a, b) => Math.abs(a.pos - near.pos) - Math.abs(b.pos - near.pos));
}

/**
 * The factory by the names that this file has for it, the likeliest first: as `near` is made, as others around it are, by a
 * name of its own.
 */
function factoryTexts(near: TS.Node, name: string, around: readonly TS.Node[]): readonly string[] {
  const source = near.getSourceFile();
  const own = prefixOf(near);
  if (own !== undefined) return [own + name];
  const bound = boundName(source, name);
  const called = around.map(prefixOf).map((prefix) => prefix && prefix + name);
  const reached = prefixesIn(source).map((prefix) => prefix + name);
  const found = (ts.isCallExpression(near) ? [bound, ...called, ...reached] : [...called, bound, ...reached]).filter((text) => text !== undefined);
  return found.length > 0 ? [...new Set(found)] : refuse(`this file has no name for ${name}`);
}

/** `tf.layers.` of `tf.layers.dense(…)`. */
function prefixOf(call: TS.Node): string | undefined {
  if (!ts.isCallExpression(call)) return undefined;
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

/** `tf.layers.` wherever the file says it, and by the names that it has for TensorFlow.js. */
function prefixesIn(source: TS.SourceFile): readonly string[] {
  const found: string[] = [];
  const visit = (node: TS.Node): void => {
    if (ts.isPropertyAccessExpression(node) && node.name.text === 'layers') found.push(`${node.getText()}.`);
    else ts.forEachChild(node, visit);
  };
  visit(source);
  return [...found, ...tensorFlowNames(source).map((name) => `${name}.layers.`)];
}
