/** A schedule of the rates: a callback in the call that trains the model. */
import type { ts as TS } from 'ts-morph';
import { ts } from '../typescript.js';
import type { Edit, ScheduleSettings } from '../../../graph/edits.js';
import type { DropoutLayer } from '../../../graph/layers.js';
import { SCHEDULE_KINDS } from '../../../variants/schedules.js';
import type { CodeDocument } from '../document.js';
import { fitsOf } from '../lift/assemble.js';
import { lastName, unwrap } from '../syntax.js';
import type { Splices } from './attempt.js';
import { graphsOf, sameSource } from './expected.js';
import { runtimeText } from './imports.js';
import { insertIntoList } from './lists.js';
import { refuse } from './refusal.js';
import { braces, changeProperties, propertyOf, valueOf } from './settings.js';

type Schedule = Extract<Edit, { type: 'schedule' }>;

/** `model.fit(x, y, { epochs })` → `model.fit(x, y, { epochs, callbacks: scheduledDropout(model, …) })`, of each model. */
export function scheduled(document: CodeDocument, { layers, schedule }: Schedule): Splices {
  if (layers.length === 0) refuse('it names no dropout');
  const owners = document.models.map(({ variants }) => variants.flat());
  const groups = owners.map((graphs) => layers.filter((layer) => graphs.some((graph) => graph.layers.some((each) => sameSource(each, layer)))));
  return groups.filter((group) => group.length > 0).flatMap((group) => scheduledModel(document, group, schedule));
}

function scheduledModel(document: CodeDocument, layers: readonly DropoutLayer[], schedule: ScheduleSettings): Splices {
  requireAll(document, layers);
  if (!SCHEDULE_KINDS.some((kind) => kind === schedule.kind)) refuse(`there is no schedule ${schedule.kind}`);
  const { kind, epochs, gamma, cutoff, rate = commonRate(layers) } = schedule;
  const options = Object.entries({ rate, epochs, gamma, cutoff }).flatMap(([name, value]) => (value === undefined ? [] : [`${name}: ${value}`]));
  const { call, model } = trainingOf(document, layers[0]!);
  if (!isName(model)) refuse('the model has no name where it is trained');
  const { source, text } = document;
  const callback = `${runtimeText(source, 'scheduledDropout')}(${model.getText()}, ${runtimeText(source, 'schedules')}.${kind}(${braces(text, options.join(', '))}))`;
  return withCallback(text, call, callback);
}

/** `model`, `this.model`: to be read twice. */
function isName(node: TS.Expression): boolean {
  const at = unwrap(node);
  return ts.isPropertyAccessExpression(at) ? isName(at.expression) : ts.isIdentifier(at) || at.kind === ts.SyntaxKind.ThisKeyword;
}

/** The callback moves the rate of every dropout of the model but those that are learned. */
function requireAll(document: CodeDocument, layers: readonly DropoutLayer[]): void {
  const first = layers[0]!;
  const graphs = graphsOf(document).filter((graph) => graph.name === first.graph.name && graph.layers.some((layer) => sameSource(layer, first)));
  const moved = graphs.flatMap((graph) => graph.layersOf('dropout')).filter(({ library, law }) => !(library !== undefined && (law === 'gaussian' || law === 'concrete')));
  if (layers.some((layer) => !moved.some((each) => sameSource(each, layer)))) refuse('the rate of one of the dropouts is learned');
  if (moved.some((layer) => !layers.some((each) => sameSource(each, layer)))) refuse('the callback would move the rate of other dropouts of the model, too');
}

function commonRate([first, ...others]: readonly DropoutLayer[]): number {
  const rate = first?.rate;
  if (rate === undefined) return refuse('the rate of a dropout is not known, so that the schedule needs one');
  return others.every((layer) => layer.rate === rate) ? rate : refuse('the dropouts have different rates: the schedule needs one (--rate)');
}

interface Training {
  readonly call: TS.CallExpression;
  readonly model: TS.Expression;
}

/** The one call that trains the model: one that was seen with it, or else one on the name that it has. */
function trainingOf(document: CodeDocument, { graph }: DropoutLayer): Training {
  const graphs = graphsOf(document);
  const seen = new Set(graphs.filter((each) => each.name === graph.name && each.layers.some((layer) => graph.layers.some((own) => sameSource(own, layer)))).flatMap(fitsOf));
  const others = new Set(graphs.flatMap(fitsOf));
  const named = trainingsIn(document.source).filter(({ call, model }) => !others.has(call) && lastName(model) === graph.name);
  const found = seen.size > 0 ? trainingsIn(document.source).filter(({ call }) => seen.has(call)) : named;
  if (found.length === 0) refuse('no call in this file trains the model');
  if (found.length > 1) refuse('several calls in this file train the model');
  return found[0];
}

function trainingsIn(source: TS.SourceFile): readonly Training[] {
  const found: Training[] = [];
  const visit = (node: TS.Node): void => {
    ts.forEachChild(node, visit);
    if (!ts.isCallExpression(node)) return;
    const callee = unwrap(node.expression);
    if (ts.isPropertyAccessExpression(callee) && (callee.name.text === 'fit' || callee.name.text === 'fitDataset')) found.push({ call: node, model: callee.expression });
  };
  visit(source);
  return found;
}

function withCallback(text: string, call: TS.CallExpression, callback: string): Splices {
  const data = lastName(call.expression) === 'fit' ? 2 : 1;
  if (call.arguments.some(ts.isSpreadElement) || call.arguments.length < data) refuse('the arguments of the training are spread from elsewhere');
  const argument = call.arguments[data] as TS.Expression | undefined;
  if (!argument) return insertIntoList(text, call.arguments[data - 1], 'after', braces(text, `callbacks: ${callback}`));
  const settings = unwrap(argument);
  if (!ts.isObjectLiteralExpression(settings)) refuse('the settings of the training are not written where it begins');
  const given = propertyOf(settings, 'callbacks');
  if (!given && settings.properties.some(ts.isSpreadAssignment)) refuse('the settings of the training are spread from elsewhere, and may have callbacks');
  if (!given) return changeProperties(text, settings, { set: [['callbacks', callback]] });
  const value = unwrap(valueOf(given));
  if (ts.isArrayLiteralExpression(value)) {
    const last = value.elements.at(-1);
    return last ? insertIntoList(text, last, 'after', callback) : [{ start: value.getStart(), end: value.end, replacement: `[${callback}]` }];
  }
  if (!isOneCallback(value)) refuse('its callbacks are made elsewhere, and may be a list');
  return [{ start: value.getStart(), end: value.getStart(), replacement: '[' }, { start: value.end, end: value.end, replacement: `, ${callback}]` }];
}

/** `{ onEpochEnd }`, an object of a class, or what TensorFlow.js and tfvis make: no list. */
function isOneCallback(node: TS.Expression): boolean {
  if (ts.isObjectLiteralExpression(node) || ts.isNewExpression(node)) return true;
  return ts.isCallExpression(node) && /(?:^|\.)(?:earlyStopping|fitCallbacks)$/.test(node.expression.getText());
}
