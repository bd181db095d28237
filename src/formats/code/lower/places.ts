/** Where layers stand as text: the statements and elements that place them. */
import type { ts as TS } from 'ts-morph';
import { ts } from '../typescript.js';
import type { Layer } from '../../../graph/layers.js';
import { siteOf } from '../lift/assemble.js';
import type { LayerInstance } from '../interpret/values.js';
import type { Site } from '../lift/assemble.js';
import { unwrap, wrapped } from '../syntax.js';
import { listOf } from './owned.js';
import { refuse } from './refusal.js';
import type { Construction } from './settings.js';

/** The site of a layer in this very file. */
export function siteIn(layer: Layer, source: TS.SourceFile): Site {
  const site = siteOf(layer);
  if (!site) refuse('the code does not show where the layer comes from');
  if (site.placement.node.getSourceFile() !== source || site.instance.node.getSourceFile() !== source) refuse('the layer is made in another file');
  return site;
}

/** The statement that an expression is, alone. */
export function statementOf(expression: TS.Expression): TS.ExpressionStatement | undefined {
  const { parent } = wrapped(expression);
  return ts.isExpressionStatement(parent) ? parent : undefined;
}

/** The statements and elements that could carry the layer, the nearest to its placement first. */
export function unitsOf({ placement, instance }: Site): readonly TS.Node[] {
  const units: (TS.Node | undefined)[] = [];
  const { node } = placement;
  if (placement.kind === 'add' && ts.isCallExpression(node)) units.push(statementOf(node));
  if (placement.kind === 'element' && ts.isExpression(node)) units.push(...elementUnits(node));
  if (instance.item && ts.isExpression(instance.item)) units.push(...elementUnits(instance.item));
  return units.filter((unit): unit is TS.Node => unit !== undefined && listOf(unit) !== undefined);
}

/** An element of an array, or an argument of `push`: alone it is the statement, among others an element. */
function elementUnits(node: TS.Expression): (TS.Node | undefined)[] {
  const { parent } = node;
  if (ts.isArrayLiteralExpression(parent)) return [node];
  if (!ts.isCallExpression(parent)) return [];
  return parent.arguments.length === 1 ? [statementOf(parent)] : [node];
}

/** The layer that the settings are of: for a wrapped one, or a cell, the inner one. */
export function innerInstance(site: Site): LayerInstance {
  let { instance } = site;
  while (instance.configuration?.kind === 'object') {
    const inner = (instance.configuration.properties.get('layer') ?? instance.configuration.properties.get('cell'))?.value;
    if (inner?.kind !== 'layer') break;
    instance = inner.layer;
  }
  return instance;
}

/** The call or `new` that a layer's own settings stand in. */
export function constructionOf(site: Site): Construction {
  const { node } = innerInstance(site);
  if (!ts.isCallOrNewExpression(node)) refuse('the layer is not made by a call');
  if (node.getSourceFile() !== site.placement.node.getSourceFile()) refuse('the layer is made in another file');
  return node;
}

/** `call` of `callee.apply(argument)` as its parts. */
export interface Applied {
  readonly call: TS.CallExpression;
  /** The layer: `callee` of `callee.apply(…)`. */
  readonly layer: TS.Expression;
  readonly argument: TS.Expression;
}

export function appliedAt({ placement }: Site): Applied | undefined {
  const { node } = placement;
  if (placement.kind !== 'apply' || !ts.isCallExpression(node)) return undefined;
  const callee = unwrap(node.expression);
  if (!ts.isPropertyAccessExpression(callee) || node.arguments.length === 0) return undefined;
  return { call: node, layer: callee.expression, argument: node.arguments[0] };
}
