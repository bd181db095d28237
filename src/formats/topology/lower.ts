/** Edits of a topology → splices of its text: elements of the layer list, names in inbound nodes, settings. */
import type { ts as TS } from 'ts-morph';
import { ts } from '../code/typescript.js';
import type { DropoutSpec, Edit } from '../../graph/edits.js';
import type { Layer } from '../../graph/layers.js';
import { lowerFixes } from '../code/lower/attempt.js';
import type { Beside, Splices } from '../code/lower/attempt.js';
import { insertIntoList, moveInList, removeFromList } from '../code/lower/lists.js';
import { indentation, listOf } from '../code/lower/owned.js';
import { requireIdentity } from '../code/lower/pruning.js';
import { refuse } from '../code/lower/refusal.js';
import { isFirst, siteOf } from '../code/lift/assemble.js';
import type { Site } from '../code/lift/assemble.js';
import type { Lowered } from '../document.js';
import { describe, inboundOf, layersOf, nameOf, references } from './read.js';
import type { Described, Inbound } from './read.js';
import { member, propertyNamed } from './json.js';
import type { TopologyDocument } from './document.js';
import { classOfLaw, configuration, inputInstead, replacement, removalOfSetting, settingOf, withoutDropConnect } from './settings.js';

export const lowerTopology = (document: TopologyDocument, fixes: readonly (readonly Edit[])[]): Lowered<string> =>
  lowerFixes(document, fixes, { waysOf, fault: () => undefined });

function siteIn(layer: Layer): Site {
  return siteOf(layer) ?? refuse('the file does not show where the layer comes from');
}

function* waysOf(document: TopologyDocument, edit: Edit, { fix }: Beside): Generator<() => Splices> {
  const { text } = document;
  if (edit.type === 'move' || edit.type === 'remove' || edit.type === 'replace') requireIdentity(edit.layer);
  switch (edit.type) {
    case 'configure': yield () => configuration(edit.layer, siteIn(edit.layer), edit.settings); break;
    case 'replace': yield () => replacement(edit.layer, siteIn(edit.layer), edit.spec); break;
    case 'schedule': refuse('a schedule is a matter of training, and a topology does not train'); break;
    case 'fold-bias':
    case 'fold-scale':
    case 'unfold-scale': refuse('weights are not part of the file'); break;
    case 'remove': {
      const site = siteIn(edit.layer);
      if (site.part === 'dropout' || site.part === 'recurrentDropout') yield () => removalOfSetting(site);
      else if (site.part === 'rate') yield () => withoutDropConnect(site);
      else yield () => removal(document, ownElement(edit.layer, site), site);
      break;
    }
    case 'move': {
      const [site, target] = [siteIn(edit.layer), siteIn(edit.target)];
      const [unit, beside] = [ownElement(edit.layer, site), elementBeside(edit.target, target, edit.where)];
      if (isFirst(site.instance) || (edit.where === 'before' && isFirst(target.instance))) refuse("the model's first layer carries its input shape");
      const owner = functionalOwner(unit);
      if (owner) yield () => rewired(owner, edit, unit, beside);
      else yield () => moveInList(text, unit, beside, edit.where, () => true);
      break;
    }
    case 'insert': {
      const target = siteIn(edit.target);
      if (edit.spec.unit !== 'element' && edit.spec.unit !== 'channel') {
        yield () => settingOf(edit, target, fix);
        break;
      }
      const beside = elementBeside(edit.target, target, edit.where);
      if (edit.where === 'before' && isFirst(target.instance)) refuse("the model's first layer carries its input shape");
      const rank = edit.where === 'before' ? target.rank : edit.target.outputs[0].shape?.length;
      yield () => insertion(document, beside, edit.where, edit.spec, { rank, channelAxis: target.channelAxis });
    }
  }
}

/** The element of the layer list that a layer is; refuses for what stands inside another. */
function ownElement(layer: Layer, { part, instance, placement }: Site): TS.Expression {
  if (part !== 'self' || placement.node !== instance.node) refuse(`it is part of ${layer.type}`);
  return placement.node as TS.Expression;
}

function elementBeside(target: Layer, site: Site, where: 'after' | 'before'): TS.Expression {
  const follower = target.outputs[0].consumers[0];
  const inside = follower && siteOf(follower);
  if (where === 'before' && site.part === 'activation') refuse(`the activation is part of ${site.instance.type}`);
  if (where === 'after' && inside?.instance === site.instance && inside.part !== 'self') refuse(`its activation is part of ${site.instance.type}`);
  return site.placement.node as TS.Expression;
}

/** The functional model that lists the layer; `undefined` for a Sequential. */
function functionalOwner(unit: TS.Expression): Described | undefined {
  const config = unit.parent.parent?.parent;
  const described = config?.parent?.parent && describe(config.parent.parent as TS.Expression);
  return described && described.className !== 'Sequential' ? described : undefined;
}

const rename = (reference: Inbound, name: string) => ({ start: reference.nameNode.getStart(), end: reference.nameNode.end, replacement: JSON.stringify(name) });

/** The one tensor that a layer reads in its one use. */
function soleInput(layer: TS.Expression): Inbound {
  const uses = inboundOf(layer);
  return uses.length === 1 && uses[0].length === 1 && uses[0][0].nodeIndex === 0 ? uses[0][0] : refuse('the layer is used more than once, or reads several tensors');
}

/** Every place that reads a layer's result. */
function readersOf(owner: Described, name: string): readonly Inbound[] {
  return [...layersOf(owner).flatMap((layer) => inboundOf(layer).flat()), ...references(member(owner.config, 'output_layers'))].filter((reference) => reference.name === name);
}

function named(layer: TS.Expression): string {
  return nameOf(layer) ?? refuse('the layer has no name');
}

/** Takes the layer out of its place in the inbound nodes and puts it beside the target. */
function rewired(owner: Described, edit: Extract<Edit, { type: 'move' }>, unit: TS.Expression, beside: TS.Expression): Splices {
  const [name, target] = [named(unit), named(beside)];
  const [input, entrance] = [soleInput(unit), soleInput(beside)];
  const before = edit.where === 'before';
  const readers = readersOf(owner, name);
  const reads = new Map<Inbound['nameNode'], readonly [Inbound, string]>();
  const set = (reference: Inbound, value: string): void => { reads.set(reference.nameNode, [reference, value]); };
  // Whoever read the layer reads what it read …
  for (const reader of readers) set(reader, input.name);
  const resolved = (reference: Inbound): string => (reference.name === name ? input.name : reference.name);
  // … and it stands between the target and those that read the target, or between the target and what that reads.
  if (before) {
    set(input, resolved(entrance));
    set(entrance, name);
  } else {
    for (const reader of readersOf(owner, target)) if (reader.nameNode !== input.nameNode) set(reader, name);
    set(input, target);
  }
  return [...reads.values()].filter(([reference, value]) => reference.name !== value).map(([reference, value]) => rename(reference, value));
}

function removal(document: TopologyDocument, unit: TS.Expression, site: Site): Splices {
  const owner = functionalOwner(unit);
  if (listOf(unit)?.length === 1) refuse('it is the only layer');
  if (isFirst(site.instance)) return owner ? refuse("the model's first layer carries its input shape") : inputInstead(site);
  if (!owner) return removeFromList(document.text, unit);
  const input = soleInput(unit);
  return [...removeFromList(document.text, unit), ...readersOf(owner, named(unit)).map((reader) => rename(reader, input.name))];
}

/** A new dropout beside a layer, spelled and laid out like its neighbour. */
function insertion(document: TopologyDocument, beside: TS.Expression, where: 'after' | 'before', spec: DropoutSpec, place: { readonly rank: number | undefined; readonly channelAxis: 1 | -1 }): Splices {
  if (spec.rate === 'keep') refuse('there is no rate to keep');
  const noiseShape = spec.unit === 'channel' ? channelNoise(place.rank, place.channelAxis) : null;
  const class_name = classOfLaw(spec.law);
  if (class_name === 'AlphaDropout' && noiseShape) refuse("TensorFlow.js's AlphaDropout knows no mask per channel");
  const name = freshName(document.text);
  const config = { name, trainable: true, rate: spec.rate, noise_shape: noiseShape, seed: null };
  const owner = functionalOwner(beside);
  if (!owner) return insertIntoList(document.text, beside, where, laidOut(document.text, beside, { class_name, config }));
  if (propertyNamed(inboundUse(beside), 'args')) refuse('inbound nodes of Keras 3 are not written by this version');
  const target = named(beside);
  const entrance = soleInput(beside);
  const read = where === 'before' ? entrance.name : target;
  const layer = laidOut(document.text, beside, { class_name, config, name, inbound_nodes: [[[read, 0, 0, {}]]] });
  const readers = where === 'before' ? [rename(entrance, name)] : readersOf(owner, target).map((reader) => rename(reader, name));
  return [...insertIntoList(document.text, beside, where, layer), ...readers];
}

const inboundUse = (layer: TS.Expression): TS.Expression | undefined => {
  const uses = member(layer, 'inbound_nodes');
  return uses && ts.isArrayLiteralExpression(uses) ? uses.elements[0] : undefined;
};

function channelNoise(rank: number | undefined, channelAxis: 1 | -1): (number | null)[] {
  if (rank === undefined || rank < 3) refuse('the rank there is not known, so neither is the shape of the mask');
  const channel = channelAxis === -1 ? rank - 1 : 1;
  return Array.from({ length: rank }, (_, axis) => (axis === 0 || axis === channel ? null : 1));
}

/** JSON on one line, or indented as its neighbour is. */
function laidOut(text: string, beside: TS.Expression, value: unknown): string {
  const own = text.slice(beside.getStart(), beside.end);
  if (!/[\r\n]/.test(own)) return /": /.test(own) ? spaced(value) : JSON.stringify(value);
  const outer = indentation(text, beside.getStart());
  const inner = /[\r\n]([ \t]+)"/.exec(own)?.[1] ?? `${outer}  `;
  const unit = inner.slice(outer.length) || '  ';
  const eol = /\r\n/.test(text) ? '\r\n' : '\n';
  return JSON.stringify(value, undefined, unit).replaceAll('\n', `${eol}${outer}`);
}

/** Python's way: a space behind every colon and comma. */
const spaced = (value: unknown): string => JSON.stringify(value, undefined, 1).replace(/\n\s*/g, ' ').replace(/([[{]) /g, '$1').replace(/ ([\]}])/g, '$1');

function freshName(text: string): string {
  for (let number = 1; ; number += 1) if (!text.includes(`"dropout_inserted${number}"`)) return `dropout_inserted${number}`;
}
