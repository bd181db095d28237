/** Loops: counts that the file says are unrolled; others are 1, 2 or 0 on paths of their own. */
import type { ts as TS } from 'ts-morph';
import { ts } from '../typescript.js';
import { unwrap } from '../syntax.js';
import { itemsOf } from './arrays.js';
import { evaluate } from './expressions.js';
import type { Machine } from './machine.js';
import { decideCount, resolve, truthOf } from './operators.js';
import { assignTo, bind, forget } from './patterns.js';
import { Scope } from './scope.js';
import { declare, execute, executeEvery, isIdle } from './statements.js';
import type { Completion } from './statements.js';
import { known } from './values.js';
import type { Item, Value } from './values.js';

const MOST_ITERATIONS = 64;

export function executeLoop(machine: Machine, node: TS.IterationStatement, outer: Scope): Completion | undefined {
  const scope = new Scope(outer);
  if (isIdle(machine, node.statement) && !(ts.isForStatement(node) && node.initializer && machine.survey.isStructural(node.initializer))) {
    if (ts.isForStatement(node) || ts.isForOfStatement(node) || ts.isForInStatement(node)) evaluateHeader(machine, node, scope);
    forget(machine, node.statement, scope);
    return undefined;
  }
  if (ts.isForOfStatement(node)) return overItems(machine, node, itemsOf(machine, evaluate(machine, node.expression, scope), machine.survey.decides(node.statement)), scope);
  if (ts.isForInStatement(node)) {
    const subject = resolve(machine, evaluate(machine, node.expression, scope));
    const keys = subject.kind === 'object' && !subject.open ? [...subject.properties.keys()] : subject.kind === 'array' ? subject.items.map((_, index) => String(index)) : undefined;
    const items = keys ? keys.map((key): Item => ({ value: known(key), node: undefined, region: machine.region })) : itemsOf(machine, machine.unknown(), machine.survey.decides(node.statement));
    return overItems(machine, node, items, scope);
  }
  return whileCondition(machine, node as TS.ForStatement | TS.WhileStatement | TS.DoStatement, scope);
}

function evaluateHeader(machine: Machine, node: TS.ForStatement | TS.ForOfStatement | TS.ForInStatement, scope: Scope): void {
  if (!ts.isForStatement(node)) evaluate(machine, node.expression, scope);
}

/** One iteration; `true` when the loop is left, a completion when the function or an outer loop is. */
function iteration(machine: Machine, node: TS.IterationStatement, index: number, scope: Scope): Completion | true | undefined {
  const [before, start] = [machine.oldest, scope.birth];
  machine.oldest = Number.POSITIVE_INFINITY;
  const completion = machine.within(`#${index}`, () => execute(machine, node.statement, scope));
  const independent = machine.oldest >= start;
  machine.oldest = Math.min(machine.oldest, before);
  // Iterations that make models of their own, and leave nothing to the next one: two show it all.
  if (independent && index > 0 && !completion) return true;
  if (!completion || (completion.type === 'continue' && !completion.label)) return undefined;
  return completion.type === 'break' && !completion.label ? true : completion;
}

/** An iteration of a loop of which nobody knows how often it runs. */
function anyIteration(machine: Machine, node: TS.IterationStatement, scope: Scope): Completion | undefined {
  forget(machine, node.statement, scope);
  return executeEvery(machine, [node.statement], scope, (statement, inner) => machine.within('#', () => execute(machine, statement as TS.Statement, inner)));
}

function overItems(machine: Machine, node: TS.ForOfStatement | TS.ForInStatement, items: Item[] | 'every' | undefined, scope: Scope): Completion | undefined {
  const assign = (value: Value, inner: Scope): void => {
    if (ts.isVariableDeclarationList(node.initializer)) bind(machine, node.initializer.declarations[0].name, value, inner);
    else assignTo(machine, node.initializer, value, inner);
  };
  if (items === 'every' || items === undefined || items.length > MOST_ITERATIONS) {
    assign(machine.unknown('item'), scope);
    return anyIteration(machine, node, scope);
  }
  for (const [index, { value }] of [...items].entries()) {
    const inner = new Scope(scope);
    assign(value, inner);
    const left = iteration(machine, node, index, inner);
    if (left) return left === true ? undefined : left;
  }
  return undefined;
}

function whileCondition(machine: Machine, node: TS.ForStatement | TS.WhileStatement | TS.DoStatement, scope: Scope): Completion | undefined {
  const kind = machine.survey.decides(node.statement) ? 'structural' : 'value';
  const condition = ts.isForStatement(node) ? node.condition : node.expression;
  if (ts.isForStatement(node) && node.initializer) {
    if (ts.isVariableDeclarationList(node.initializer)) declare(machine, node.initializer, scope);
    else evaluate(machine, node.initializer, scope);
  }
  let allowed: number | undefined;
  for (let index = 0; ; index += 1) {
    if (!(ts.isDoStatement(node) && index === 0)) {
      let truth = condition ? truthOf(machine, evaluate(machine, condition, scope)) : true;
      if (truth === undefined && allowed === undefined) {
        const decided = decideBound(machine, condition!, scope, kind, index);
        if (decided === 'every') return everyRound(machine, node, scope);
        if (decided === 'bound') truth = truthOf(machine, evaluate(machine, condition!, scope));
        else allowed = index + decided;
      }
      truth ??= index < (allowed ?? 0);
      if (!truth) return undefined;
    }
    if (index >= MOST_ITERATIONS) {
      machine.enterRegion();
      return undefined;
    }
    const left = iteration(machine, node, index, new Scope(scope));
    if (left) return left === true ? undefined : left;
    if (ts.isForStatement(node) && node.incrementor) evaluate(machine, node.incrementor, scope);
  }
}

function everyRound(machine: Machine, node: TS.ForStatement | TS.WhileStatement | TS.DoStatement, scope: Scope): Completion | undefined {
  if (ts.isForStatement(node) && node.incrementor) forget(machine, node.incrementor, scope);
  return anyIteration(machine, node, scope);
}

/** Decides how often an uncertain condition holds: by the bound that it compares with, which then stays what it is, or by itself. */
function decideBound(machine: Machine, condition: TS.Expression, scope: Scope, kind: 'structural' | 'value', done: number): number | 'bound' | 'every' {
  const at = unwrap(condition);
  if (ts.isBinaryExpression(at) && done === 0 && [ts.SyntaxKind.LessThanToken, ts.SyntaxKind.LessThanEqualsToken, ts.SyntaxKind.ExclamationEqualsEqualsToken].includes(at.operatorToken.kind)) {
    const [index, bound] = [resolve(machine, evaluate(machine, at.left, scope)), resolve(machine, evaluate(machine, at.right, scope))];
    if (index.kind === 'known' && (index.value === 0 || index.value === 1) && bound.kind === 'unknown') return decideCount(machine, bound, kind) === 'every' ? 'every' : 'bound';
  }
  const choice = machine.decide(3, kind);
  return choice === 'every' ? 'every' : [1, 2, 0][choice];
}
