/** Statements. Where the path is not known, it is decided; where it is not decided, every alternative runs apart. */
import type { ts as TS } from 'ts-morph';
import { ts } from '../typescript.js';
import { classOf, evaluate } from './expressions.js';
import { executeLoop } from './loops.js';
import { Thrown } from './machine.js';
import type { Machine } from './machine.js';
import { importInto } from './modules.js';
import { binary, decideTruth, takeAs, truthOf } from './operators.js';
import { bind, forget, hoist, assignedTargets, snapshot } from './patterns.js';
import { Scope } from './scope.js';
import { UNDEFINED } from './values.js';
import type { Value } from './values.js';

/** How a statement ended other than by going on. `uncertain`: it may have left the function, with a value nobody knows. */
export type Completion =
  | { readonly type: 'return'; readonly value: Value }
  | { readonly type: 'break' | 'continue'; readonly label: string | undefined }
  | { readonly type: 'uncertain' };

export function execute(machine: Machine, node: TS.Statement, scope: Scope): Completion | undefined {
  machine.step();
  switch (node.kind) {
    case ts.SyntaxKind.ExpressionStatement: evaluate(machine, (node as TS.ExpressionStatement).expression, scope); return undefined;
    case ts.SyntaxKind.VariableStatement: declare(machine, (node as TS.VariableStatement).declarationList, scope); return undefined;
    case ts.SyntaxKind.ReturnStatement: {
      const { expression } = node as TS.ReturnStatement;
      return { type: 'return', value: expression ? evaluate(machine, expression, scope) : UNDEFINED };
    }
    case ts.SyntaxKind.IfStatement: return executeIf(machine, node as TS.IfStatement, scope);
    case ts.SyntaxKind.Block: return executeBlock(machine, (node as TS.Block).statements, new Scope(scope));
    case ts.SyntaxKind.ForStatement:
    case ts.SyntaxKind.ForOfStatement:
    case ts.SyntaxKind.ForInStatement:
    case ts.SyntaxKind.WhileStatement:
    case ts.SyntaxKind.DoStatement: return executeLoop(machine, node as TS.IterationStatement, scope);
    case ts.SyntaxKind.SwitchStatement: return executeSwitch(machine, node as TS.SwitchStatement, scope);
    case ts.SyntaxKind.TryStatement: return executeTry(machine, node as TS.TryStatement, scope);
    case ts.SyntaxKind.BreakStatement: return { type: 'break', label: (node as TS.BreakStatement).label?.text };
    case ts.SyntaxKind.ContinueStatement: return { type: 'continue', label: (node as TS.ContinueStatement).label?.text };
    case ts.SyntaxKind.ThrowStatement: throw new Thrown();
    case ts.SyntaxKind.LabeledStatement: {
      const completion = execute(machine, (node as TS.LabeledStatement).statement, scope);
      return completion && 'label' in completion && completion.label === (node as TS.LabeledStatement).label.text ? undefined : completion;
    }
    case ts.SyntaxKind.ClassDeclaration: {
      const value = classOf(machine, node as TS.ClassDeclaration, scope);
      scope.declare((node as TS.ClassDeclaration).name?.text ?? 'default', value);
      return undefined;
    }
    case ts.SyntaxKind.ImportDeclaration: importInto(machine, node as TS.ImportDeclaration, scope); return undefined;
    case ts.SyntaxKind.ExportAssignment: evaluate(machine, (node as TS.ExportAssignment).expression, scope); return undefined;
    default: return undefined;
  }
}

export function executeBlock(machine: Machine, statements: readonly TS.Statement[], scope: Scope): Completion | undefined {
  hoist(machine, statements, scope);
  for (const statement of statements) {
    const completion = execute(machine, statement, scope);
    if (completion) return completion;
  }
  return undefined;
}

export function declare(machine: Machine, list: TS.VariableDeclarationList, scope: Scope): void {
  for (const { name, initializer } of list.declarations) bind(machine, name, initializer ? evaluate(machine, initializer, scope) : UNDEFINED, scope);
}

/** Conditions that only leave early before anything was made are taken not to hold. */
function isGuard(machine: Machine, node: TS.IfStatement): boolean {
  if (node.elseStatement) return false;
  const last = ts.isBlock(node.thenStatement) ? node.thenStatement.statements.at(-1) : node.thenStatement;
  if (!last) return false;
  if (ts.isThrowStatement(last)) return true;
  return ts.isReturnStatement(last) && !machine.hasMade && !(last.expression && machine.survey.isStructural(last.expression));
}

/** Nothing depends on it but values that no configuration uses. */
export function isIdle(machine: Machine, node: TS.Node): boolean {
  return !machine.survey.decides(node) && !assignedTargets(node).some((target) => ts.isIdentifier(target) && machine.survey.configured.has(target.text));
}

function executeIf(machine: Machine, node: TS.IfStatement, scope: Scope): Completion | undefined {
  const condition = evaluate(machine, node.expression, scope);
  const truth = truthOf(machine, condition);
  const branch = (taken: boolean) => (taken ? execute(machine, node.thenStatement, scope) : node.elseStatement && execute(machine, node.elseStatement, scope));
  if (truth !== undefined) return branch(truth);
  if (isGuard(machine, node)) {
    takeAs(machine, condition, false);
    return undefined;
  }
  const branches = [node.thenStatement, ...(node.elseStatement ? [node.elseStatement] : [])];
  if (branches.every((each) => isIdle(machine, each))) {
    branches.forEach((each) => forget(machine, each, scope));
    return undefined;
  }
  const chosen = decideTruth(machine, condition, branches.some((each) => machine.survey.decides(each)) ? 'structural' : 'value');
  return chosen === 'every' ? executeEvery(machine, branches, scope) : branch(chosen);
}

/** Runs alternatives of which nobody knows which one is taken, each in a region of its own. */
export function executeEvery(machine: Machine, alternatives: readonly TS.Node[], scope: Scope, run: (node: TS.Node, scope: Scope) => Completion | undefined = (node, inner) => execute(machine, node as TS.Statement, inner)): Completion | undefined {
  const outside = machine.region;
  let uncertain = false;
  for (const node of alternatives) {
    if (!machine.survey.decides(node)) continue;
    const restore = snapshot(node, scope);
    machine.enterRegion();
    try {
      const completion = run(node, new Scope(scope));
      uncertain ||= completion?.type === 'return' || completion?.type === 'uncertain';
    } catch (error) {
      if (!(error instanceof Thrown)) throw error;
    }
    restore();
  }
  machine.region = outside;
  alternatives.forEach((node) => forget(machine, node, scope));
  // What follows may not run at all.
  if (uncertain) machine.enterRegion();
  return undefined;
}

function executeSwitch(machine: Machine, node: TS.SwitchStatement, scope: Scope): Completion | undefined {
  const subject = evaluate(machine, node.expression, scope);
  const { clauses } = node.caseBlock;
  const inner = new Scope(scope);
  const from = (index: number): Completion | undefined => {
    for (const clause of clauses.slice(index)) {
      const completion = executeBlock(machine, clause.statements, inner);
      if (completion?.type === 'break' && !completion.label) return undefined;
      if (completion) return completion;
    }
    return undefined;
  };
  const tests = clauses.map((clause) => (ts.isCaseClause(clause) ? binary(machine, '===', subject, evaluate(machine, clause.expression, scope)) : undefined));
  const otherwise = tests.indexOf(undefined);
  const taken = tests.findIndex((test) => test && truthOf(machine, test) === true);
  if (taken >= 0) return from(taken);
  const open = tests.flatMap((test, index) => (test && truthOf(machine, test) === undefined ? [index] : []));
  if (open.length === 0) return otherwise >= 0 ? from(otherwise) : undefined;
  if (isIdle(machine, node.caseBlock)) {
    forget(machine, node.caseBlock, scope);
    return undefined;
  }
  const choice = machine.decide(open.length + 1, machine.survey.decides(node.caseBlock) ? 'structural' : 'value');
  if (choice === 'every') {
    return executeEvery(machine, clauses.filter((clause) => clause.statements.length > 0), scope, (clause, own) => {
      const completion = executeBlock(machine, (clause as TS.CaseOrDefaultClause).statements, own);
      return completion?.type === 'break' && !completion.label ? undefined : completion;
    });
  }
  open.forEach((index, order) => takeAs(machine, tests[index]!, order === choice));
  if (choice < open.length) return from(open[choice]);
  return otherwise >= 0 ? from(otherwise) : undefined;
}

function executeTry(machine: Machine, node: TS.TryStatement, scope: Scope): Completion | undefined {
  let completion: Completion | undefined;
  let failed = false;
  try {
    completion = execute(machine, node.tryBlock, scope);
  } catch (error) {
    if (!(error instanceof Thrown) || !node.catchClause) throw error;
    failed = true;
  }
  const handler = node.catchClause?.block;
  if (failed && handler) completion = execute(machine, handler, new Scope(scope));
  else if (handler && machine.survey.makesLayersIn(handler)) executeEvery(machine, [handler], scope);
  return (node.finallyBlock && execute(machine, node.finallyBlock, scope)) ?? completion;
}
