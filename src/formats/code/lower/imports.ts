/** What a file has of droplint/tfjs: edits name its exports, and the imports follow. */
import type { ts as TS } from 'ts-morph';
import { ts } from '../typescript.js';
import { RUNTIME, RUNTIME_CLASSES } from '../catalogue.js';
import type { CodeDocument } from '../document.js';
import { scriptIn } from '../html.js';
import { applySplices } from '../splices.js';
import { extensionOf, parseScript, unwrap } from '../syntax.js';
import type { Splices } from './attempt.js';
import { freshName, isDeclared, variablesIn } from './names.js';
import { eolOf, indentation, isBlank, lineStart, nextLine, ownedBy } from './owned.js';
import { refuse } from './refusal.js';

/** What edits use of it. */
const EXPORTS = [...RUNTIME_CLASSES, 'scheduledDropout', 'schedules'];

/** A statement that imports from a module, or requires it. */
interface Import {
  readonly statement: TS.Statement;
  readonly specifier: TS.StringLiteralLike;
  readonly isRequired: boolean;
  /** `import * as droplint`, `const droplint = require(…)`. */
  readonly namespace: TS.Identifier | undefined;
  readonly list: TS.NamedImports | TS.ObjectBindingPattern | undefined;
}

const isRuntime = ({ specifier }: Import): boolean => specifier.text.replace(/^npm:/, '') === RUNTIME;

function importsOf(source: TS.SourceFile): readonly Import[] {
  return source.statements.flatMap((statement): Import[] => {
    if (ts.isImportDeclaration(statement) && ts.isStringLiteral(statement.moduleSpecifier)) {
      const bindings = statement.importClause?.isTypeOnly ? undefined : statement.importClause?.namedBindings;
      return [{ statement, specifier: statement.moduleSpecifier, isRequired: false, namespace: bindings && ts.isNamespaceImport(bindings) ? bindings.name : undefined, list: bindings && ts.isNamedImports(bindings) ? bindings : undefined }];
    }
    if (ts.isImportEqualsDeclaration(statement)) {
      const specifier = ts.isExternalModuleReference(statement.moduleReference) ? statement.moduleReference.expression : undefined;
      return specifier && ts.isStringLiteralLike(specifier) ? [{ statement, specifier, isRequired: false, namespace: statement.name, list: undefined }] : [];
    }
    if (!ts.isVariableStatement(statement) || statement.declarationList.declarations.length !== 1) return [];
    const { name, initializer } = statement.declarationList.declarations[0];
    const call = initializer && unwrap(initializer);
    if (!call || !ts.isCallExpression(call) || !ts.isIdentifier(call.expression) || call.expression.text !== 'require') return [];
    const [specifier] = call.arguments;
    if (!specifier || !ts.isStringLiteralLike(specifier)) return [];
    return [{ statement, specifier, isRequired: true, namespace: ts.isIdentifier(name) ? name : undefined, list: ts.isObjectBindingPattern(name) ? name : undefined }];
  });
}

/** The names of the namespace of TensorFlow.js: `import * as tf`, `import tf`, `const tf = require(…)`. */
export const tensorFlowNames = (source: TS.SourceFile): readonly string[] =>
  importsOf(source).filter(({ specifier }) => specifier.text.includes('@tensorflow/tfjs')).flatMap(({ statement, namespace }) => {
    const whole = namespace ?? (ts.isImportDeclaration(statement) ? statement.importClause?.name : undefined);
    return whole ? [whole.text] : [];
  });

type Specifier = TS.ImportSpecifier | TS.BindingElement;
const specifiersOf = ({ list }: Import): readonly Specifier[] => [...(list?.elements ?? [])];
const importedName = ({ name, propertyName }: Specifier): string => (propertyName && 'text' in propertyName ? propertyName.text : name.getText());

/** The name by which this file has an export of droplint/tfjs, or would have it. */
export function runtimeText(source: TS.SourceFile, name: string): string {
  const imports = importsOf(source).filter(isRuntime);
  const bound = imports.flatMap(specifiersOf).find((specifier) => importedName(specifier) === name && !(ts.isImportSpecifier(specifier) && specifier.isTypeOnly));
  if (bound) return bound.name.getText();
  const namespace = imports.find((each) => each.namespace)?.namespace;
  if (namespace) return `${namespace.text}.${name}`;
  const isTaken = variablesIn(source).some((each) => each.text === name);
  if (!isTaken) return name;
  const isClass = RUNTIME_CLASSES.has(name);
  return freshName(source, isClass ? `Droplint${name}` : `droplint${name.charAt(0).toUpperCase()}${name.slice(1)}`);
}

/** The splices besides, with which the imports are what the changed text asks for. */
export function importSplices(document: CodeDocument, splices: Splices): Splices {
  const { source, text, file } = document;
  const imports = importsOf(source).filter(isRuntime);
  const mayUse = splices.some(({ replacement }) => EXPORTS.some((name) => replacement.includes(runtimeText(source, name))));
  if (!mayUse && imports.length === 0) return [];
  const script = scriptIn(file, applySplices(text, splices));
  const after = parseScript(file, script.text, script.extension);
  const [had, has] = [usesIn(source), usesIn(after)];
  const needed = EXPORTS.filter((name) => !had.has(runtimeText(source, name)) && has.has(runtimeText(source, name)));
  if (needed.length > 0 && /^html?$/.test(extensionOf(file))) refuse(`the script of a page has no package ${RUNTIME} to import`);
  const isUnused = (name: TS.Node): boolean => had.has(name.getText()) && !has.has(name.getText());
  const changes = imports.map((each) => ({ each, unused: specifiersOf(each).filter(({ name }) => isUnused(name)) }));
  const home = imports.find(({ list }) => list);
  return [
    ...changes.flatMap(({ each, unused }) => changed(document, each, unused, each === home ? needed : [])),
    ...(needed.length > 0 && !home ? added(document, needed, splices) : []),
    ...imports.flatMap(({ namespace, statement }) => (namespace && isUnused(namespace) ? [lineOf(text, statement)] : [])),
  ];
}

/** Names that are used, the imports of droplint/tfjs themselves apart. */
function usesIn(source: TS.SourceFile): ReadonlySet<string> {
  const statements = new Set<TS.Node>(importsOf(source).filter(isRuntime).map(({ statement }) => statement));
  return new Set(source.statements.flatMap((statement) => (statements.has(statement) ? [] : variablesIn(statement).map(({ text }) => text))));
}

const specifierText = (source: TS.SourceFile, name: string, isRequired: boolean): string => {
  const local = runtimeText(source, name);
  return local === name ? name : `${name}${isRequired ? ':' : ' as'} ${local}`;
};

/** An import that loses names, gains some, or goes. */
function changed({ source, text }: CodeDocument, { statement, list, isRequired }: Import, unused: readonly Specifier[], needed: readonly string[]): Splices {
  if (!list || (unused.length === 0 && needed.length === 0)) return [];
  const elements: readonly Specifier[] = [...list.elements];
  const names = needed.map((name) => specifierText(source, name, isRequired));
  if (unused.length > 0 && names.length > 0) {
    const [first, ...others] = unused;
    return [{ start: first.getStart(), end: first.end, replacement: names.join(', ') }, ...without(elements, others)];
  }
  if (names.length > 0) return [withMore(text, elements, list, names)];
  const hasDefault = ts.isImportDeclaration(statement) && statement.importClause?.name !== undefined;
  return unused.length === elements.length && !hasDefault ? [lineOf(text, statement)] : without(elements, unused);
}

/** Elements of a list that go, in runs of neighbours. */
function without(elements: readonly Specifier[], removed: readonly Specifier[]): Splices {
  const splices: Splices[number][] = [];
  for (let index = 0; index < elements.length; index += 1) {
    if (!removed.includes(elements[index])) continue;
    const [before, first] = [elements[index - 1], elements[index]];
    while (removed.includes(elements[index + 1])) index += 1;
    const next = elements[index + 1];
    splices.push(next ? { start: first.getStart(), end: next.getStart(), replacement: '' } : { start: before ? before.end : first.getStart(), end: elements[index].end, replacement: '' });
  }
  return splices;
}

function withMore(text: string, elements: readonly Specifier[], list: TS.Node, names: readonly string[]): Splices[number] {
  const last = elements.at(-1);
  if (!last) return { start: list.getStart(), end: list.end, replacement: `{ ${names.join(', ')} }` };
  const onLines = /[\r\n]/.test(text.slice(list.getStart(), elements[0].getStart()));
  const separator = onLines ? `,${eolOf(text)}${indentation(text, last.getStart())}` : ', ';
  return { start: last.end, end: last.end, replacement: names.map((name) => `${separator}${name}`).join('') };
}

/** The statement with its line, without the comments above it. */
function lineOf(text: string, statement: TS.Statement): Splices[number] {
  const { endsLine, tail, nodeStart } = ownedBy(statement, text);
  const start = lineStart(text, nodeStart);
  if (endsLine && isBlank(text.slice(start, nodeStart))) return { start, end: nextLine(text, tail.end), replacement: '' };
  return { start: nodeStart, end: statement.end + /^[ \t]*/.exec(text.slice(statement.end))![0].length, replacement: '' };
}

/** A new import behind the last one, spelled like it; in a module that imports nothing, in front of everything. */
function added(document: CodeDocument, names: readonly string[], splices: Splices): Splices {
  const { source, text } = document;
  const imports = importsOf(source);
  requireOwnTensorFlow(source, imports);
  const edited = Math.min(...splices.map(({ start }) => start));
  const anchor = imports.findLast(({ isRequired }) => !isRequired) ?? imports.findLast(({ isRequired, statement }) => isRequired && statement.end <= edited);
  const isRequired = anchor ? anchor.isRequired : !isModule(source);
  const npm = imports.some(({ specifier }) => specifier.text.startsWith('npm:@tensorflow/')) ? 'npm:' : '';
  const quote = (anchor ? anchor.specifier.getText() : text).includes('"') ? '"' : "'";
  const specifiers = names.map((name) => specifierText(source, name, isRequired)).join(', ');
  const [from, semicolon] = [`${quote}${npm}${RUNTIME}${quote}`, /;\s*$/m.test(anchor ? anchor.statement.getText() : text) ? ';' : ''];
  const keyword = anchor && ts.isVariableStatement(anchor.statement) ? (/^\w+/.exec(anchor.statement.declarationList.getText())?.[0] ?? 'const') : 'const';
  const statement = isRequired ? `${keyword} { ${specifiers} } = require(${from})${semicolon}` : `import { ${specifiers} } from ${from}${semicolon}`;
  if (anchor) {
    const { tail } = ownedBy(anchor.statement, text);
    return [{ start: tail.end, end: tail.end, replacement: `${eolOf(text)}${statement}` }];
  }
  const first = source.statements.find((each) => !(ts.isExpressionStatement(each) && ts.isStringLiteral(each.expression)));
  if (!first || (isRequired && !isCommonJs(source))) return refuse(`this file has no imports beside which ${RUNTIME} could be imported`);
  const { start } = ownedBy(first, text).body;
  return [{ start, end: start, replacement: `${statement}${eolOf(text)}` }];
}

const isModule = (source: TS.SourceFile): boolean => source.statements.some((each) => ts.isExportDeclaration(each) || ts.isExportAssignment(each) || (ts.canHaveModifiers(each) && ts.getModifiers(each)?.some(({ kind }) => kind === ts.SyntaxKind.ExportKeyword)));
const isCommonJs = (source: TS.SourceFile): boolean => variablesIn(source).some(({ text, parent }) => (text === 'module' || text === 'exports') && ts.isPropertyAccessExpression(parent));

/** droplint/tfjs brings TensorFlow.js from the package: it must be what this file has, too. */
function requireOwnTensorFlow(source: TS.SourceFile, imports: readonly Import[]): void {
  if (imports.some(({ specifier }) => /^https?:\/\/.*@tensorflow\/tfjs/.test(specifier.text))) refuse(`TensorFlow.js comes from a URL here, and ${RUNTIME} would bring another one`);
  const named = variablesIn(source).filter(({ text }) => text === 'tf');
  const isGlobal = (named.length > 0 && !named.some(isDeclared)) || /\b(?:window|globalThis|self)\.tf\b/.test(source.text);
  if (isGlobal) refuse(`TensorFlow.js is a global of the page here, and ${RUNTIME} would bring another one`);
}
