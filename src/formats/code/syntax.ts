/** Small questions about syntax trees. */
import type { ts as TS } from 'ts-morph';
import { loadTypeScript, ts } from './typescript.js';

const SCRIPT_KINDS: Readonly<Record<string, 'TS' | 'TSX' | 'JSX'>> = { ts: 'TS', mts: 'TS', cts: 'TS', tsx: 'TSX', js: 'JSX', jsx: 'JSX', mjs: 'JSX', cjs: 'JSX' };

export const extensionOf = (file: string): string => /\.([a-z]+)$/i.exec(file)?.[1].toLowerCase() ?? '';

/** Parses one script; `extension` decides between TypeScript and JavaScript (which may hold JSX). */
export function parseScript(file: string, text: string, extension: string): TS.SourceFile {
  loadTypeScript();
  return ts.createSourceFile(file, text, { languageVersion: ts.ScriptTarget.Latest, jsDocParsingMode: ts.JSDocParsingMode.ParseNone }, true, ts.ScriptKind[SCRIPT_KINDS[extension] ?? 'JSX']);
}

/** The number of syntax errors that the parser recovered from. */
export const syntaxErrors = (source: TS.SourceFile): number => (source as unknown as { parseDiagnostics?: readonly unknown[] }).parseDiagnostics?.length ?? 0;

/** The expression without parentheses, `await`, `!`, `as`, `satisfies` and `<T>` around it. */
export function unwrap(node: TS.Expression): TS.Expression {
  let at = node;
  while (ts.isParenthesizedExpression(at) || ts.isAwaitExpression(at) || ts.isNonNullExpression(at) || ts.isAsExpression(at) || ts.isSatisfiesExpression(at) || ts.isTypeAssertionExpression(at)) at = at.expression;
  return at;
}

/** The outermost expression that is `node` in parentheses, `await`, `as` and the like. */
export function wrapped(node: TS.Expression): TS.Expression {
  let at: TS.Expression = node;
  while (at.parent && ts.isExpression(at.parent) && unwrap(at.parent) === unwrap(node) && at.parent !== at) at = at.parent;
  return at;
}

export type FunctionNode = TS.FunctionDeclaration | TS.FunctionExpression | TS.ArrowFunction | TS.MethodDeclaration | TS.ConstructorDeclaration | TS.GetAccessorDeclaration | TS.SetAccessorDeclaration;

export function isFunctionNode(node: TS.Node): node is FunctionNode {
  switch (node.kind) {
    case ts.SyntaxKind.FunctionDeclaration:
    case ts.SyntaxKind.FunctionExpression:
    case ts.SyntaxKind.ArrowFunction:
    case ts.SyntaxKind.MethodDeclaration:
    case ts.SyntaxKind.Constructor:
    case ts.SyntaxKind.GetAccessor:
    case ts.SyntaxKind.SetAccessor:
      return true;
    default:
      return false;
  }
}

/** The nearest function around a node. */
export function enclosingFunction(node: TS.Node): FunctionNode | undefined {
  for (let at: TS.Node | undefined = node.parent; at; at = at.parent) if (isFunctionNode(at)) return at;
  return undefined;
}

/** The name by which a function, class or model is known: its own, or that of the variable, field or property that it is the value of. */
export function nameOf(node: TS.Node): string | undefined {
  const named = (node as { name?: TS.Node }).name;
  if (named && (ts.isIdentifier(named) || ts.isStringLiteral(named) || ts.isPrivateIdentifier(named))) return named.text;
  if (ts.isConstructorDeclaration(node)) return nameOf(node.parent);
  const { parent } = ts.isExpression(node) ? wrapped(node) : node;
  if (!parent) return undefined;
  if (ts.isVariableDeclaration(parent) || ts.isPropertyDeclaration(parent) || ts.isPropertyAssignment(parent)) return ts.isIdentifier(parent.name) ? parent.name.text : undefined;
  if (ts.isBinaryExpression(parent) && parent.operatorToken.kind === ts.SyntaxKind.EqualsToken) {
    const target = unwrap(parent.left);
    return ts.isIdentifier(target) ? target.text : ts.isPropertyAccessExpression(target) ? target.name.text : undefined;
  }
  return undefined;
}

/** The last name of a callee or an access path: `dense` of `tf.layers.dense`. */
export function lastName(node: TS.Expression): string | undefined {
  const at = unwrap(node);
  if (ts.isIdentifier(at)) return at.text;
  if (ts.isPropertyAccessExpression(at)) return at.name.text;
  if (ts.isElementAccessExpression(at) && ts.isStringLiteralLike(at.argumentExpression)) return at.argumentExpression.text;
  return undefined;
}

/** The identifiers of an expression in order, property names included. */
export function identifiersOf(node: TS.Node): string[] {
  const names: string[] = [];
  const visit = (at: TS.Node): void => {
    if (ts.isIdentifier(at)) names.push(at.text);
    else ts.forEachChild(at, visit);
  };
  visit(node);
  return names;
}
