/** The settings vocabulary of `configure` (see edits.ts), in code. */
import type { ts as TS } from 'ts-morph';
import { ts } from '../typescript.js';
import type { Layer } from '../../../graph/layers.js';
import type { Splice } from '../../document.js';
import type { Site } from '../lift/assemble.js';
import { unwrap } from '../syntax.js';
import { constructionOf } from './places.js';
import { refuse } from './refusal.js';
import { braces, operand, propertyOf, removeProperty, renameFactory, replaceValue, setProperty, settingsOf, valueOf } from './settings.js';
import type { Construction } from './settings.js';

type Splices = Splice<string>[];

/** The property that holds the rate of this very dropout. */
const rateKey = (site: Site): string => (site.part === 'dropout' || site.part === 'recurrentDropout' ? site.part : 'rate');

/**
 * Beyond the settings of edits.ts: `useBias: boolean`, and `unwrapCell: true` (`rnn({ cell: lstmCell({ … }) })` →
 * `lstm({ … })`, whose dropout renews its mask).
 */
export function configuration(text: string, layer: Layer, site: Site, settings: Readonly<Record<string, unknown>>, isTypeScript: boolean): Splices {
  return Object.entries(settings).flatMap(([key, value]): Splices => {
    switch (key) {
      case 'rate': return typeof value === 'number' ? setProperty(text, constructionOf(site), rateKey(site), String(value)) : refuse('the rate is no number');
      case 'complementRate': return complement(site);
      case 'removeSeed': return removeProperty(text, constructionOf(site), 'seed');
      case 'useBias': return setProperty(text, constructionOf(site), 'useBias', String(value));
      case 'type': return renameFactory(constructionOf(site), String(value));
      case 'wrapRate': return wrapRate(text, constructionOf(site));
      case 'renameKey': return renameKey(constructionOf(site), value as readonly [string, string]);
      case 'freeBatch': return freeBatch(constructionOf(site), isTypeScript);
      case 'placement': return addInstead(site);
      case 'unwrapCell': return unwrapCell(text, site);
      case 'law': return refuse("TensorFlow.js's alphaDropout shifts the mean");
      default: return refuse(`code has no setting ${key} for ${layer.type}`);
    }
  });
}

function complement(site: Site): Splices {
  const settings = settingsOf(constructionOf(site));
  const property = settings && propertyOf(settings, rateKey(site));
  return property ? replaceValue(property, `1 - ${operand(valueOf(property))}`) : refuse('its rate is not written where the layer is made');
}

function wrapRate(text: string, call: Construction): Splices {
  const [argument] = call.arguments ?? [];
  if (!argument) refuse('it is given nothing');
  return [{ start: argument.getStart(), end: argument.end, replacement: braces(text, `rate: ${argument.getText()}`) }];
}

function renameKey(call: Construction, [from, to]: readonly [string, string]): Splices {
  const settings = settingsOf(call);
  const property = settings && propertyOf(settings, from);
  if (!settings || !property?.name || propertyOf(settings, to)) refuse(`${from} cannot be renamed here`);
  if (ts.isShorthandPropertyAssignment(property)) return [{ start: property.getStart(), end: property.getStart(), replacement: `${to}: ` }];
  return [{ start: property.name.getStart(), end: property.name.end, replacement: to }];
}

function freeBatch(call: Construction, isTypeScript: boolean): Splices {
  const settings = settingsOf(call);
  const property = settings && propertyOf(settings, 'noiseShape');
  const value = property && valueOf(property);
  const shape = value && unwrap(value);
  if (!value || !shape || !ts.isArrayLiteralExpression(shape) || shape.elements.length === 0) refuse('its noiseShape is not written as an array here');
  const [batch] = shape.elements;
  const splices: Splices = [{ start: batch.getStart(), end: batch.end, replacement: 'null' }];
  if (isTypeScript && value === shape) splices.push({ start: shape.end, end: shape.end, replacement: ' as number[]' });
  return splices;
}

/** `model.layers.push(layer)` → `model.add(layer)`. */
function addInstead({ placement }: Site): Splices {
  const { node } = placement;
  const callee = ts.isCallExpression(node) ? unwrap(node.expression) : undefined;
  if (!callee || !ts.isCallExpression(node) || !ts.isPropertyAccessExpression(callee) || !ts.isPropertyAccessExpression(callee.expression) || callee.expression.name.text !== 'layers') refuse('it is not pushed into the layers of a model here');
  if (node.arguments.length !== 1 || ts.isSpreadElement(node.arguments[0])) refuse('several layers are pushed at once');
  return [{ start: callee.expression.name.getStart(), end: callee.name.end, replacement: 'add' }];
}

const LAYERS_OF_CELLS: Readonly<Record<string, string>> = { lstmCell: 'lstm', gruCell: 'gru', simpleRNNCell: 'simpleRNN' };

function unwrapCell(text: string, site: Site): Splices {
  const { node } = site.instance;
  const cell = constructionOf(site);
  if (!ts.isCallExpression(node) || cell === node) refuse('it is no cell of an rnn');
  const name = unwrap(cell.expression);
  const type = ts.isPropertyAccessExpression(name) ? LAYERS_OF_CELLS[name.name.text] : undefined;
  const [inner, outer] = [settingsOf(cell), settingsOf(node)];
  if (!type || !inner || !outer || inner.properties.length === 0) refuse('the cell is not written where the layer is made');
  const kept = (literal: TS.ObjectLiteralExpression, but: string): string[] => literal.properties.filter((property) => property !== propertyOf(literal, but)).map((property) => property.getText());
  const settings = [...kept(inner, ''), ...kept(outer, 'cell')];
  return [...renameFactory(node, type), { start: outer.getStart(), end: outer.end, replacement: braces(text, settings.join(', ')) }];
}
