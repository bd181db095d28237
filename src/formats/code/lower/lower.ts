/** Edits of model code → text splices. */
import type { ts as TS } from 'ts-morph';
import { ts } from '../typescript.js';
import type { Edit } from '../../../graph/edits.js';
import type { Layer } from '../../../graph/layers.js';
import type { Lowered } from '../../document.js';
import { canonicalLayer } from '../catalogue.js';
import type { CodeDocument } from '../document.js';
import { isFirst, siteOf } from '../lift/assemble.js';
import type { Site } from '../lift/assemble.js';
import { syntaxErrors, unwrap, wrapped } from '../syntax.js';
import { lowerFixes } from './attempt.js';
import type { Beside, Splices, Ways } from './attempt.js';
import { configuration } from './configure.js';
import { copiesOf, graphsOf, requireAgreement } from './expected.js';
import { insertionsAtApplication, movesInChain, removalsOfApplication } from './functional.js';
import { importSplices } from './imports.js';
import { inputInstead } from './input-layer.js';
import { insertionsInside, isInside, isSetting, removalsInside } from './inside.js';
import { insertIntoList, moveInList, removeFromList } from './lists.js';
import { listOf } from './owned.js';
import { requireUnnamed } from './named.js';
import { appliedAt, constructionOf, siteIn, statementOf, unitsOf } from './places.js';
import type { Applied } from './places.js';
import { requireIdentity } from './pruning.js';
import { refuse } from './refusal.js';
import { scheduled } from './schedule.js';
import { dropoutTexts, isSized, replacements } from './variants.js';
import { trainingMode } from './training-mode.js';

export const lowerCode = (document: CodeDocument, fixes: readonly (readonly Edit[])[]): Lowered<string> =>
  lowerFixes(document, fixes, {
    waysOf,
    completion: importSplices,
    fault: (before, after) => (syntaxErrors((after as CodeDocument).source) > syntaxErrors(before.source) ? 'the result would not be valid code' : undefined),
  });

function waysOf(document: CodeDocument, edit: Edit, { fix, all }: Beside): Ways {
  if ('layer' in edit && edit.type !== 'configure') requireIdentity(edit.layer);
  if (edit.type === 'remove' || edit.type === 'insert' || edit.type === 'replace') requireAgreement(graphsOf(document), edit, all);
  switch (edit.type) {
    case 'move': return movesOf(document, edit);
    case 'remove': return removalsOf(document, edit, fix);
    case 'insert': return isInside(edit) ? insertionsInside(document, edit, fix) : insertionsOf(document, edit);
    case 'replace': return replacements(document, edit.layer, siteIn(edit.layer, document.source), edit.spec);
    case 'configure': {
      const { trainingMode: training } = edit.settings;
      if (typeof training === 'boolean') return [() => trainingMode(siteOf(edit.layer), training, document.source)];
      const site = siteIn(edit.layer, document.source);
      return [() => configuration(document.text, edit.layer, site, edit.settings, document.isTypeScript)];
    }
    case 'fold-bias':
    case 'fold-scale':
    case 'unfold-scale': return refuse('weights are not part of the code');
    case 'schedule': return [() => scheduled(document, edit)];
  }
}

function requireFreePositions(document: CodeDocument): void {
  if (document.indexesLayers) refuse('this file addresses layers by their number, which would shift');
}

/** A layer inside the arguments of another has no place of its own. */
function requireOwnPlace(site: Site): void {
  if (site.part !== 'self') refuse(`it is an argument of ${site.instance.type}`);
}

/** Where `where target` is, in terms of placements: `dense({ activation })` is one placement of two layers. */
function placeBeside(target: Layer, site: Site, where: 'after' | 'before'): void {
  if (where === 'before' && site.part === 'activation') refuse(`the activation is an argument of ${site.instance.type}`);
  const reader = target.outputs[0].consumers[0];
  const follower = reader && siteOf(reader);
  if (where === 'after' && follower && follower.instance === site.instance && follower.placement.node === site.placement.node && follower.part !== 'self') refuse(`its activation is an argument of ${site.instance.type}`);
}

function* movesOf(document: CodeDocument, edit: Extract<Edit, { type: 'move' }>): Generator<() => Splices> {
  const { text, source } = document;
  const [site, target] = [siteIn(edit.layer, source), siteIn(edit.target, source)];
  requireFreePositions(document);
  requireOwnPlace(site);
  placeBeside(edit.target, target, edit.where);
  if (isFirst(site.instance) || (edit.where === 'before' && isFirst(target.instance))) refuse("the model's first layer carries its input shape");
  const chain = applicationsBetween(edit, source);
  if (chain) yield* movesInChain(text, chain.applied, chain.from, chain.to);
  const placements = placementNodes(document);
  const pairs = unitsOf(site).flatMap((unit) => unitsOf(target).filter((other) => listOf(unit) === listOf(other)).map((other) => [unit, other] as const));
  for (const [unit, other] of pairs) yield () => moveInList(text, unit, other, edit.where, (node) => placements.has(node));
  if (!chain && pairs.length === 0) yield () => refuse('the layers do not stand in the same list');
}

/** All statements and elements that place layers. */
function placementNodes(document: CodeDocument): ReadonlySet<TS.Node> {
  const nodes = new Set<TS.Node>();
  for (const graph of graphsOf(document)) for (const layer of graph.layers) for (const unit of siteOf(layer) ? unitsOf(siteOf(layer)!) : []) nodes.add(unit);
  return nodes;
}

/** The applications from the moved layer to its target, in the order of the data; `undefined` when some are none. */
function applicationsBetween(edit: Extract<Edit, { type: 'move' }>, source: TS.SourceFile): { readonly applied: readonly Applied[]; readonly from: number; readonly to: number } | undefined {
  const forwards = chainTo(edit.layer, edit.target);
  const layers = forwards ?? chainTo(edit.target, edit.layer);
  if (!layers) return undefined;
  const applied: Applied[] = [];
  for (const layer of layers) {
    const one = appliedAt(siteIn(layer, source));
    if (!one) return undefined;
    if (applied.at(-1)?.call !== one.call) applied.push(one);
  }
  const last = applied.length - 1;
  if (forwards) return { applied, from: 0, to: edit.where === 'after' ? last : last - 1 };
  return { applied, from: last, to: edit.where === 'before' ? 0 : 1 };
}

/** The layers of a chain in which each is read by the next alone. */
function chainTo(from: Layer, to: Layer): readonly Layer[] | undefined {
  const layers = [from];
  for (let at = from; at !== to && layers.length < 64;) {
    const { consumers, isGraphOutput } = at.outputs[0];
    if (consumers.length !== 1 || isGraphOutput || consumers[0].inputs.length !== 1) return undefined;
    at = consumers[0];
    layers.push(at);
  }
  return layers.at(-1) === to ? layers : undefined;
}

function* removalsOf(document: CodeDocument, edit: Extract<Edit, { type: 'remove' }>, fix: readonly Edit[]): Generator<() => Splices> {
  const { text, source } = document;
  const { layer } = edit;
  const site = siteIn(layer, source);
  if (isSetting(site)) {
    yield* removalsInside(document, edit, site, fix);
    return;
  }
  requireFreePositions(document);
  requireOwnPlace(site);
  requireUnnamed(document, layer);
  if (isFirst(site.instance)) {
    yield* inputInstead(document, site);
    return;
  }
  const declaration = unusedDeclaration(site);
  const more = declaration ? removeFromList(text, declaration) : [];
  const applied = appliedAt(site);
  if (applied) for (const way of removalsOfApplication(text, applied)) yield () => [...way(), ...more];
  const units = unitsOf(site);
  for (const unit of units) yield () => [...removeFromList(text, conditional(unit)), ...more];
  const alone = ts.isCallExpression(site.placement.node) ? statementOf(site.placement.node) : undefined;
  if (units.length === 0 && alone && ts.isIfStatement(alone.parent)) yield () => [...removeFromList(text, conditional(alone)), ...more];
  else if (!applied && units.length === 0) yield () => refuse('the layer does not stand in a list of statements or elements');
}

/** The `if` without `else` of which a statement is all that there is: it goes along. */
function conditional(unit: TS.Node): TS.Node {
  const block = unit.parent;
  const outer = ts.isBlock(block) && block.statements.length === 1 ? block.parent : block;
  return ts.isIfStatement(outer) && !outer.elseStatement && listOf(outer) && outer.thenStatement !== undefined && (outer.thenStatement === block || outer.thenStatement === unit) ? outer : unit;
}

/** The declaration of a variable that holds the layer for its one placement. */
function unusedDeclaration({ instance, placement }: Site): TS.Statement | undefined {
  if (!ts.isExpression(instance.node) || (placement.node.pos <= instance.node.pos && instance.node.end <= placement.node.end)) return undefined;
  const { parent } = wrapped(instance.node);
  if (!ts.isVariableDeclaration(parent) || !ts.isIdentifier(parent.name) || !ts.isVariableDeclarationList(parent.parent) || parent.parent.declarations.length !== 1 || !ts.isVariableStatement(parent.parent.parent)) return undefined;
  const { text } = parent.name;
  let uses = 0;
  const visit = (node: TS.Node): void => {
    if (ts.isIdentifier(node) && node.text === text) uses += 1;
    ts.forEachChild(node, visit);
  };
  visit(parent.getSourceFile());
  return uses === 2 ? parent.parent.parent : undefined;
}

function* insertionsOf(document: CodeDocument, edit: Extract<Edit, { type: 'insert' }>): Generator<() => Splices> {
  const { text, source } = document;
  const { where, spec } = edit;
  const site = siteIn(edit.target, source);
  requireFreePositions(document);
  placeBeside(edit.target, site, where);
  if (isSetting(site)) refuse(`it is an argument of ${site.instance.type}`);
  if (where === 'before' && isFirst(site.instance)) refuse("the model's first layer carries its input shape");
  const rank = where === 'before' ? site.rank : edit.target.outputs[0].shape?.length;
  const sized = copiesOf(graphsOf(document), edit.target).every(({ inputs, outputs }) => isSized(where === 'before' ? inputs[0] : outputs[0]));
  const applied = appliedAt(site);
  for (const content of dropoutTexts(document, constructionNode(site), spec, { rank, channelAxis: site.channelAxis, isSized: sized })) {
    if (applied) yield* insertionsAtApplication(text, applied, where, content);
    for (const unit of unitsOf(site)) yield () => insertIntoList(text, unit, where, ts.isStatement(unit) ? callWith(unit, content) : content);
  }
  if (!applied && unitsOf(site).length === 0) yield () => refuse('the layer does not stand in a list of statements or elements');
}

const constructionNode = (site: Site): TS.Node => (canonicalLayer(site.instance.type) === 'bidirectional' ? site.instance.node : constructionOf(site));

/** `model.add(…)` as the statement spells it, with another argument. */
function callWith(statement: TS.Node, content: string): string {
  const call = ts.isExpressionStatement(statement) ? unwrap(statement.expression) : undefined;
  if (!call || !ts.isCallExpression(call)) refuse('the layer is not placed by a call of its own');
  return `${call.expression.getText()}(${content})`;
}
