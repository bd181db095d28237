/** Small questions about syntax trees. */
import { ts } from 'ts-morph';

const SCRIPT_KINDS: Readonly<Record<string, ts.ScriptKind>> = {
  ts: ts.ScriptKind.TS, mts: ts.ScriptKind.TS, cts: ts.ScriptKind.TS, tsx: ts.ScriptKind.TSX,
  js: ts.ScriptKind.JSX, jsx: ts.ScriptKind.JSX, mjs: ts.ScriptKind.JSX, cjs: ts.ScriptKind.JSX,
};

export const extensionOf = (file: string): string => /\.([a-z]+)$/i.exec(file)?.[1].toLowerCase() ?? '';

/** Parses one script; `extension` decides between TypeScript and JavaScript (which may hold JSX). */
export function parseScript(file: string, text: string, extension: string): ts.SourceFile {
  return ts.createSourceFile(file, text, { languageVersion: ts.ScriptTarget.Latest, jsDocParsingMode: ts.JSDocParsingMode.ParseNone }, true, SCRIPT_KINDS[extension] ?? ts.ScriptKind.JSX);
}

/** The number of syntax errors that the parser recovered from. */
export const syntaxErrors = (source: ts.SourceFile): number => (source as unknown as { parseDiagnostics?: readonly unknown[] }).parseDiagnostics?.length ?? 0;

/** The expression without parentheses, `await`, `!`, `as`, `satisfies` and `<T>` around it. */
export function unwrap(node: ts.Expression): ts.Expression {
  let at = node;
  while (ts.isParenthesizedExpression(at) || ts.isAwaitExpression(at) || ts.isNonNullExpression(at) || ts.isAsExpression(at) || ts.isSatisfiesExpression(at) || ts.isTypeAssertionExpression(at)) at = at.expression;
  return at;
}

/** The outermost expression that is `node` in parentheses, `await`, `as` and the like. */
export function wrapped(node: ts.Expression): ts.Expression {
  let at: ts.Expression = node;
  while (at.parent && ts.isExpression(at.parent) && unwrap(at.parent) === unwrap(node) && at.parent !== at) at = at.parent;
  return at;
}

export type FunctionNode = ts.FunctionDeclaration | ts.FunctionExpression | ts.ArrowFunction | ts.MethodDeclaration | ts.ConstructorDeclaration | ts.GetAccessorDeclaration | ts.SetAccessorDeclaration;

const FUNCTION_KINDS: ReadonlySet<ts.SyntaxKind> = new Set([
  ts.SyntaxKind.FunctionDeclaration, ts.SyntaxKind.FunctionExpression, ts.SyntaxKind.ArrowFunction, ts.SyntaxKind.MethodDeclaration,
  ts.SyntaxKind.Constructor, ts.SyntaxKind.GetAccessor, ts.SyntaxKind.SetAccessor,
]);

export const isFunctionNode = (node: ts.Node): node is FunctionNode => FUNCTION_KINDS.has(node.kind);

/** The nearest function around a node. */
export function enclosingFunction(node: ts.Node): FunctionNode | undefined {
  for (let at: ts.Node | undefined = node.parent; at; at = at.parent) if (isFunctionNode(at)) return at;
  return undefined;
}

/** The name by which a function, class or model is known: its own, or that of the variable, field or property that it is the value of. */
export function nameOf(node: ts.Node): string | undefined {
  const named = (node as { name?: ts.Node }).name;
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
export function lastName(node: ts.Expression): string | undefined {
  const at = unwrap(node);
  if (ts.isIdentifier(at)) return at.text;
  if (ts.isPropertyAccessExpression(at)) return at.name.text;
  if (ts.isElementAccessExpression(at) && ts.isStringLiteralLike(at.argumentExpression)) return at.argumentExpression.text;
  return undefined;
}

/** The identifiers of an expression in order, property names included. */
export function identifiersOf(node: ts.Node): string[] {
  const names: string[] = [];
  const visit = (at: ts.Node): void => {
    if (ts.isIdentifier(at)) names.push(at.text);
    else ts.forEachChild(at, visit);
  };
  visit(node);
  return names;
}
