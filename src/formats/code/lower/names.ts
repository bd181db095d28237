/** Names in a file: which are taken, and new ones. */
import type { ts as TS } from 'ts-morph';
import { ts } from '../typescript.js';

/** A name that does not occur in the file. */
export function freshName(source: TS.SourceFile, stem: string): string {
  for (let number = 1; ; number += 1) {
    const name = number === 1 ? stem : `${stem}${number}`;
    if (!new RegExp(`\\b${name}\\b`).test(source.text)) return name;
  }
}

/** The name of a property or of a key: no variable. */
function isPropertyName(node: TS.Identifier): boolean {
  const { parent } = node;
  if (ts.isImportSpecifier(parent) || ts.isBindingElement(parent)) return parent.propertyName === node;
  if (ts.isExportSpecifier(parent)) return parent.propertyName !== undefined && parent.name === node;
  if (ts.isPropertyAccessExpression(parent) || ts.isPropertyAssignment(parent) || ts.isMethodDeclaration(parent) || ts.isPropertyDeclaration(parent) || ts.isPropertySignature(parent)) return parent.name === node;
  return false;
}

/** Every identifier that stands for a variable, a function, a class or a type, in order. */
export function variablesIn(root: TS.Node): readonly TS.Identifier[] {
  const found: TS.Identifier[] = [];
  const visit = (node: TS.Node): void => {
    if (!ts.isIdentifier(node)) ts.forEachChild(node, visit);
    else if (!isPropertyName(node)) found.push(node);
  };
  visit(root);
  return found;
}

/** The identifier declares what it names. */
export function isDeclared(node: TS.Identifier): boolean {
  const { parent } = node;
  if (ts.isVariableDeclaration(parent) || ts.isParameter(parent) || ts.isBindingElement(parent) || ts.isFunctionDeclaration(parent) || ts.isClassDeclaration(parent)) return parent.name === node;
  return ts.isImportSpecifier(parent) || ts.isImportClause(parent) || ts.isNamespaceImport(parent) || ts.isImportEqualsDeclaration(parent);
}
