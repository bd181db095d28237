/** Results of `apply` that nothing can read: the call stands alone, or gives its result a name that is not used again. */
import type { ts as TS } from 'ts-morph';
import { ts } from '../typescript.js';
import { unwrap, wrapped } from '../syntax.js';

/**
 * Whatever the rest of the program does, nothing reads the result of this call, and the layer is applied by no other. Decided
 * by the text alone, of which paths run only some; where a result could be had in another way, the answer is false.
 */
export function isUnread(call: TS.CallExpression): boolean {
  return !asksLayersForResults(call.getSourceFile()) && isDropped(wrapped(call)) && isAppliedHereAlone(call);
}

/** The layer is made in the call, or has a name that occurs where it is made and here. */
function isAppliedHereAlone(call: TS.CallExpression): boolean {
  const callee = unwrap(call.expression);
  const layer = ts.isPropertyAccessExpression(callee) ? unwrap(callee.expression) : callee;
  if (ts.isCallOrNewExpression(layer)) return true;
  const source = call.getSourceFile();
  if (ts.isIdentifier(layer)) {
    const declaration = declarationOf(layer);
    return declaration !== undefined && scopeOf(declaration) !== undefined && usesOf(layer.text, source).length === 2;
  }
  return ts.isPropertyAccessExpression(layer) && (source.text.match(new RegExp(`[.#]${layer.name.text.replace(/^#/, '').replaceAll('$', '\\$')}\\b`, 'g')) ?? []).length <= 2;
}

function isDropped(result: TS.Expression): boolean {
  const { parent } = result;
  if (ts.isExpressionStatement(parent)) return true;
  if (ts.isVariableDeclaration(parent)) return parent.initializer === result && ts.isIdentifier(parent.name) && isUnreadName(parent.name, parent);
  if (!ts.isBinaryExpression(parent) || parent.operatorToken.kind !== ts.SyntaxKind.EqualsToken || parent.right !== result || !ts.isExpressionStatement(parent.parent)) return false;
  const target = unwrap(parent.left);
  const declaration = ts.isIdentifier(target) ? declarationOf(target) : undefined;
  return ts.isIdentifier(target) && declaration !== undefined && isUnreadBehind(parent, target.text, declaration);
}

/** A name declared here that occurs nowhere else where it is known. */
function isUnreadName(name: TS.Identifier, declaration: TS.VariableDeclaration): boolean {
  const scope = scopeOf(declaration);
  return scope !== undefined && usesOf(name.text, scope).every((use) => use === name);
}

/** A variable that nothing reads behind its assignment: no loop leads back to a use, and no function holds one. */
function isUnreadBehind(assignment: TS.Node, name: string, declaration: TS.VariableDeclaration): boolean {
  const scope = scopeOf(declaration);
  if (!scope) return false;
  for (let at = assignment; at !== scope; at = at.parent) if (!at.parent || ts.isIterationStatement(at, false) || ts.isFunctionLike(at) || ts.isTryStatement(at)) return false;
  return usesOf(name, scope).every((use) => use.end <= assignment.end && !isInFunction(use, scope));
}

function isInFunction(node: TS.Node, scope: TS.Node): boolean {
  for (let at = node.parent; at !== scope; at = at.parent) if (ts.isFunctionLike(at)) return true;
  return false;
}

/** The one declaration of a variable, where the name has no other in the file. */
function declarationOf(name: TS.Identifier): TS.VariableDeclaration | undefined {
  const declarations = usesOf(name.text, name.getSourceFile()).filter((use) => (use.parent as { name?: TS.Node }).name === use && !ts.isPropertyAccessExpression(use.parent));
  const [only] = declarations;
  return declarations.length === 1 && ts.isVariableDeclaration(only.parent) ? only.parent : undefined;
}

/** Where a variable is known; `undefined` where that may be elsewhere, too: it is exported, or global. */
function scopeOf(declaration: TS.VariableDeclaration): TS.Node | undefined {
  const list = declaration.parent;
  if (!ts.isVariableDeclarationList(list) || !ts.isVariableStatement(list.parent)) return undefined;
  const statement = list.parent;
  if (statement.modifiers?.some(({ kind }) => kind === ts.SyntaxKind.ExportKeyword)) return undefined;
  const isBlockScoped = (list.flags & ts.NodeFlags.BlockScoped) !== 0;
  const scope = isBlockScoped ? statement.parent : ts.findAncestor(statement, (at) => ts.isFunctionLike(at) || ts.isSourceFile(at));
  return scope && ts.isSourceFile(scope) && !isModule(scope) ? undefined : scope;
}

/** What a script declares at its top every other script of the page can read. */
const isModule = (source: TS.SourceFile): boolean => ts.isExternalModule(source) || /\brequire\s*\(|\bexports\b/.test(source.text);

/** Identifiers of this name in the scope that are no mere names of properties. */
const usesOf = (name: string, scope: TS.Node): readonly TS.Identifier[] =>
  (identifiersIn(scope.getSourceFile()).get(name) ?? []).filter(({ pos, end }) => pos >= scope.pos && end <= scope.end);

const identifiers = new WeakMap<TS.SourceFile, ReadonlyMap<string, readonly TS.Identifier[]>>();

function identifiersIn(source: TS.SourceFile): ReadonlyMap<string, readonly TS.Identifier[]> {
  const known = identifiers.get(source);
  if (known) return known;
  const found = new Map<string, TS.Identifier[]>();
  const visit = (node: TS.Node): void => {
    if (!ts.isIdentifier(node)) {
      ts.forEachChild(node, visit);
      return;
    }
    const isProperty = (ts.isPropertyAccessExpression(node.parent) || ts.isPropertyAssignment(node.parent)) && node.parent.name === node;
    const same = found.get(node.text);
    if (isProperty) return;
    if (same) same.push(node);
    else found.set(node.text, [node]);
  };
  visit(source);
  identifiers.set(source, found);
  return found;
}

const asking = new WeakMap<TS.SourceFile, boolean>();

const RESULT_OF_LAYER = /\.\s*(?:outputs?|getOutputAt|getOutputMaskAt|(?:in|out)boundNodes)\b|\[\s*['"`]outputs?['"`]\s*\]|\boutputs?\b[^{}()]*\}\s*=[^=>]|\beval\s*\(/;

/** `layer.output` and its like: then a result can be read without a name. */
function asksLayersForResults(source: TS.SourceFile): boolean {
  let found = asking.get(source);
  if (found === undefined) asking.set(source, (found = RESULT_OF_LAYER.test(source.text)));
  return found;
}
