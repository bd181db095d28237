/** Imports, `require` and dynamic imports: of TensorFlow.js, of local files where a resolver is given, of anything else. */
import type { ts as TS } from 'ts-morph';
import { ts } from '../typescript.js';
import { RUNTIME } from '../catalogue.js';
import type { Machine } from './machine.js';
import { getMember, unresolved } from './members.js';
import { hoist } from './patterns.js';
import { Scope } from './scope.js';
import { execute } from './statements.js';
import type { ObjectValue, Value } from './values.js';

const TENSORFLOW = /^(?:npm:|https?:\/\/[^ ]*\/)?@tensorflow\/tfjs(?!-(?:data|vis|models)\b)/;

/** What a module gives as a whole. */
function moduleValue(machine: Machine, specifier: string, from: TS.SourceFile): Value | undefined {
  if (TENSORFLOW.test(specifier)) return { kind: 'api', path: specifier.includes('exports_layers') ? ['layers'] : [] };
  if (specifier.replace(/^npm:/, '') === RUNTIME) return { kind: 'api', path: [RUNTIME] };
  return moduleExports(machine, specifier, from);
}

export function importInto(machine: Machine, node: TS.ImportDeclaration, scope: Scope): void {
  const clause = node.importClause;
  if (!clause || clause.isTypeOnly || !ts.isStringLiteral(node.moduleSpecifier)) return;
  const { text: specifier } = node.moduleSpecifier;
  const value = machine.from(node, () => moduleValue(machine, specifier, node.getSourceFile()));
  // Of TensorFlow.js the default export is the namespace, too.
  if (clause.name) scope.declare(clause.name.text, value?.kind === 'object' ? getMember(machine, value, 'default') : (value ?? unresolved(machine, clause.name.text)));
  const bindings = clause.namedBindings;
  if (!bindings) return;
  if (ts.isNamespaceImport(bindings)) scope.declare(bindings.name.text, value ?? unresolved(machine, bindings.name.text));
  else {
    for (const element of bindings.elements) {
      const imported = (element.propertyName ?? element.name).text;
      scope.declare(element.name.text, value ? getMember(machine, value, imported) : imported === 'tf' ? { kind: 'api', path: [] } : unresolved(machine, element.name.text));
    }
  }
}

/** `require('…')` and `import('…')`. */
export function requiredModule(machine: Machine, call: TS.CallExpression): Value {
  const [specifier] = call.arguments;
  if (!specifier || !ts.isStringLiteralLike(specifier)) return machine.unknown('module');
  return machine.from(call, () => moduleValue(machine, specifier.text, call.getSourceFile())) ?? machine.unknown('module');
}

/** The exports of a local file, interpreted once a run. */
export function moduleExports(machine: Machine, specifier: string, from: TS.SourceFile): ObjectValue | undefined {
  const source = machine.resolve(specifier, from.fileName);
  if (!source) return undefined;
  const done = machine.modules.get(source.fileName);
  if (done) return done;
  const exports: ObjectValue = { kind: 'object', properties: new Map(), open: true };
  machine.modules.set(source.fileName, exports);
  machine.survey.add(source);
  const scope = new Scope(machine.globals);
  const commonJs: ObjectValue = { kind: 'object', properties: new Map([['exports', { value: exports, node: undefined }]]), open: true };
  scope.declare('module', commonJs);
  scope.declare('exports', exports);
  const outside = machine.phase;
  machine.phase = 'setup';
  runModule(machine, source, scope);
  machine.phase = outside;
  for (const statement of source.statements) exportFrom(machine, statement, scope, exports);
  const replaced = commonJs.properties.get('exports')?.value;
  if (replaced?.kind === 'object' && replaced !== exports) for (const [name, property] of replaced.properties) exports.properties.set(name, property);
  return exports;
}

export function runModule(machine: Machine, source: TS.SourceFile, scope: Scope): void {
  hoist(machine, source.statements, scope);
  for (const statement of source.statements) execute(machine, statement, scope);
}

function exportFrom(machine: Machine, statement: TS.Statement, scope: Scope, exports: ObjectValue): void {
  const give = (name: string, local: string): void => {
    const value = scope.get(local);
    if (value) exports.properties.set(name, { value, node: undefined });
  };
  if (ts.isExportDeclaration(statement)) {
    const { moduleSpecifier } = statement;
    const from = moduleSpecifier && ts.isStringLiteral(moduleSpecifier) ? machine.from(statement, () => moduleExports(machine, moduleSpecifier.text, statement.getSourceFile())) : undefined;
    if (statement.exportClause && ts.isNamedExports(statement.exportClause)) {
      for (const { name, propertyName } of statement.exportClause.elements) {
        if (from) exports.properties.set(name.text, { value: getMember(machine, from, (propertyName ?? name).text), node: undefined });
        else give(name.text, (propertyName ?? name).text);
      }
    } else if (from) for (const [name, property] of from.properties) if (name !== 'default') exports.properties.set(name, property);
  } else if (ts.isExportAssignment(statement)) {
    if (ts.isIdentifier(statement.expression)) give('default', statement.expression.text);
  } else if (ts.canHaveModifiers(statement) && ts.getModifiers(statement)?.some((each) => each.kind === ts.SyntaxKind.ExportKeyword)) {
    const isDefault = ts.getModifiers(statement)?.some((each) => each.kind === ts.SyntaxKind.DefaultKeyword);
    if (ts.isFunctionDeclaration(statement) || ts.isClassDeclaration(statement)) give(isDefault ? 'default' : (statement.name?.text ?? ''), statement.name?.text ?? 'default');
    else if (ts.isVariableStatement(statement)) for (const { name } of statement.declarationList.declarations) if (ts.isIdentifier(name)) give(name.text, name.text);
  }
}

