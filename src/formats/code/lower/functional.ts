/** Edits in functional code: `layer.apply(x)`, by statements, by arguments, or by layers. */
import type { ts as TS } from 'ts-morph';
import { ts } from '../typescript.js';
import type { Splice } from '../../document.js';
import { unwrap, wrapped } from '../syntax.js';
import { between, edited, moved, permute, removeFromList } from './lists.js';
import { freshName } from './names.js';
import { eolOf, indentation, listOf, ownedBy } from './owned.js';
import type { Range } from './owned.js';
import type { Applied } from './places.js';
import { refuse } from './refusal.js';

type Splices = Splice<string>[];

/** The statement that gives the result of an application a name. */
interface Assignment {
  readonly statement: TS.Statement;
  readonly name: string;
  readonly isDeclaration: boolean;
  readonly isConst: boolean;
}

function assignmentOf({ call }: Applied): Assignment | undefined {
  const { parent } = wrapped(call);
  if (ts.isVariableDeclaration(parent) && ts.isIdentifier(parent.name)) {
    const list = parent.parent;
    if (!ts.isVariableDeclarationList(list) || list.declarations.length !== 1 || !ts.isVariableStatement(list.parent)) return undefined;
    return { statement: list.parent, name: parent.name.text, isDeclaration: true, isConst: (list.flags & ts.NodeFlags.Const) !== 0 };
  }
  if (ts.isBinaryExpression(parent) && parent.operatorToken.kind === ts.SyntaxKind.EqualsToken && ts.isIdentifier(unwrap(parent.left)) && ts.isExpressionStatement(parent.parent)) {
    return { statement: parent.parent, name: unwrap(parent.left).getText(), isDeclaration: false, isConst: false };
  }
  return undefined;
}

/** `x = layer.apply(x)`. */
const isStep = (applied: Applied, assignment: Assignment | undefined): boolean =>
  assignment !== undefined && !assignment.isDeclaration && unwrap(applied.argument).getText() === assignment.name;

/**
 * The application `from` goes behind `to` in a chain of applications, each reading the one before it (or in front of it,
 * when `to` comes first). `chain` runs in the order of the data.
 */
export function* movesInChain(text: string, chain: readonly Applied[], from: number, to: number): Generator<() => Splices> {
  const assignments = chain.map(assignmentOf);
  if (chain.every((applied, index) => isStep(applied, assignments[index]))) yield () => moveSteps(text, assignments as Assignment[], from, to);
  if (assignments.every((each) => each?.isConst)) yield () => rewire(text, chain, assignments as Assignment[], from, to);
  const names = new Set(assignments.map((each) => each?.name));
  if (assignments.some((each) => each === undefined) || names.size === 1) yield () => exchangeLayers(text, chain, from, to);
}

/** Statements `x = a.apply(x); x = b.apply(x);` change places with their comments. */
function moveSteps(text: string, assignments: readonly Assignment[], from: number, to: number): Splices {
  const statements = assignments.map((each) => each.statement);
  const list = listOf(statements[0]);
  if (!list || statements.some((statement, index) => list.indexOf(statement) !== list.indexOf(statements[0]) + index)) refuse('other statements stand in between');
  return permute(text, statements, moved(statements.length, from, to));
}

/** The layers change places inside the applications; every name keeps its place in the chain. */
function exchangeLayers(text: string, chain: readonly Applied[], from: number, to: number): Splices {
  const order = moved(chain.length, from, to);
  return chain.flatMap(({ layer }, index) => {
    const coming = chain[order[index]].layer;
    return coming === layer ? [] : [{ start: layer.getStart(), end: layer.end, replacement: text.slice(coming.getStart(), coming.end) }];
  });
}

/**
 * Constants keep their layers: arguments are exchanged, later uses of the last result become uses of the moved one, and
 * its declaration moves.
 */
function rewire(text: string, chain: readonly Applied[], assignments: readonly Assignment[], from: number, to: number): Splices {
  const list = listOf(assignments[0].statement);
  const indexes = assignments.map(({ statement }) => list?.indexOf(statement) ?? -1);
  if (!list || indexes.includes(-1) || indexes.some((each, index) => index > 0 && each <= indexes[index - 1])) refuse('the applications do not stand in one block, in their order');
  const backwards = to < from;
  const rest = chain.map((_, index) => index).filter((index) => index !== from);
  const [first, last] = [rest[0], rest[rest.length - 1]];
  const movedName = assignments[from].name;
  const edits: Splices = [];
  const argument = (index: number, replacement: string): void => {
    edits.push({ start: chain[index].argument.getStart(), end: chain[index].argument.end, replacement });
  };
  const outer = backwards ? first : from;
  const entering = text.slice(chain[outer].argument.getStart(), chain[outer].argument.end);
  if (backwards) {
    // in → first … last → moved → out becomes in → moved → first … last → out
    argument(from, entering);
    argument(first, movedName);
    edits.push(...renamed(list, movedName, assignments[last].name, [assignments[from].statement, chain[first].argument]));
  } else {
    argument(first, entering);
    argument(from, assignments[last].name);
    edits.push(...renamed(list, assignments[last].name, movedName, [assignments[last].statement, chain[from].argument]));
  }
  const statements = between(list, indexes[from], indexes[to]);
  const placed = new Set<TS.Node>(assignments.map(({ statement }) => statement));
  if (!statements.every((statement) => placed.has(statement))) refuse('other statements stand in between');
  const within = (range: Range) => edits.filter((edit) => edit.start >= range.start && edit.end <= range.end);
  const base = Math.min(indexes[from], indexes[to]);
  const splices = permute(text, statements, moved(statements.length, indexes[from] - base, indexes[to] - base), ({ body }) => edited(text, body, within(body)));
  const span = { start: ownedBy(statements[0], text).body.start, end: ownedBy(statements[statements.length - 1], text).body.end };
  return [...splices, ...edits.filter((edit) => edit.start < span.start || edit.end > span.end)];
}

/** Every use of a name in a block becomes another name, except inside `but`. */
export function renamed(list: readonly TS.Node[], name: string, to: string, but: readonly TS.Node[]): Splices {
  const splices: Splices = [];
  let declarations = 0;
  const visit = (node: TS.Node): void => {
    if (ts.isIdentifier(node) && node.text === name) {
      const { parent } = node;
      if (isDeclarationName(node)) declarations += 1;
      if (but.some((each) => node.pos >= each.pos && node.end <= each.end) || isDeclarationName(node) || isPropertyName(node)) return;
      splices.push(ts.isShorthandPropertyAssignment(parent) ? { start: node.end, end: node.end, replacement: `: ${to}` } : { start: node.getStart(), end: node.end, replacement: to });
    } else ts.forEachChild(node, visit);
  };
  list.forEach(visit);
  if (declarations > 1) refuse(`${name} is declared more than once here`);
  return splices;
}

const isDeclarationName = (node: TS.Identifier): boolean =>
  (ts.isVariableDeclaration(node.parent) || ts.isParameter(node.parent) || ts.isBindingElement(node.parent) || ts.isFunctionDeclaration(node.parent)) && node.parent.name === node;

const isPropertyName = (node: TS.Identifier): boolean =>
  (ts.isPropertyAccessExpression(node.parent) && node.parent.name === node) || (ts.isPropertyAssignment(node.parent) && node.parent.name === node)
  || (ts.isBindingElement(node.parent) && node.parent.propertyName === node) || ts.isMethodDeclaration(node.parent) || ts.isTypeReferenceNode(node.parent);

/** Takes an application out: what read its result reads its argument. */
export function* removalsOfApplication(text: string, one: Applied): Generator<() => Splices> {
  const assignment = assignmentOf(one);
  const argument = unwrap(one.argument);
  const { parent } = wrapped(one.call);
  if (ts.isExpressionStatement(parent)) yield () => removeFromList(text, parent);
  if (assignment && isStep(one, assignment)) yield () => removeFromList(text, assignment.statement);
  if (assignment?.isConst && ts.isIdentifier(argument)) {
    const list = listOf(assignment.statement);
    if (list) yield () => [...removeFromList(text, assignment.statement), ...renamed(list, assignment.name, argument.text, [assignment.statement])];
  }
  yield () => [{ start: one.call.getStart(), end: one.call.end, replacement: text.slice(one.argument.getStart(), one.argument.end) }];
}

/** Puts `dropout` (an expression that makes a layer) before or behind an application. */
export function* insertionsAtApplication(text: string, one: Applied, where: 'after' | 'before', dropout: string): Generator<() => Splices> {
  const assignment = assignmentOf(one);
  const { call, argument } = one;
  if (ts.isArrayLiteralExpression(unwrap(argument)) && where === 'before') refuse('it reads several tensors');
  const suffix = assignment && text.slice(call.end, ownedBy(assignment.statement, text).body.end);
  const own = assignment && listOf(assignment.statement) ? ownedBy(assignment.statement, text) : undefined;
  if (assignment && own?.startsLine && own.endsLine) {
    const separator = text.slice(own.separator.start, own.separator.end);
    const line = `${eolOf(text)}${indentation(text, own.body.start)}`;
    if (isStep(one, assignment) || (where === 'after' && !assignment.isConst)) {
      const step = `${assignment.name} = ${dropout}.apply(${assignment.name})${suffix}${separator}`;
      if (where === 'after') yield () => [{ start: own.tail.end, end: own.tail.end, replacement: `${line}${step}` }];
      else yield () => [{ start: own.body.start, end: own.body.start, replacement: `${step}${line}` }];
    } else if (where === 'before' && assignment.isConst && ts.isIdentifier(unwrap(argument))) {
      const name = freshName(call.getSourceFile(), 'dropped');
      yield () => [
        { start: own.body.start, end: own.body.start, replacement: `const ${name} = ${dropout}.apply(${argument.getText()})${suffix}${separator}${line}` },
        { start: argument.getStart(), end: argument.end, replacement: name },
      ];
    }
  }
  const target = where === 'before' ? argument : call;
  yield () => [
    { start: target.getStart(), end: target.getStart(), replacement: `${dropout}.apply(` },
    { start: target.end, end: target.end, replacement: ')' },
  ];
}
