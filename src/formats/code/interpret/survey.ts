/** One walk over a syntax tree, before it is interpreted: where layers are made, and which code has to do with them. */
import { ts } from 'ts-morph';
import { LAYER_NAMES } from '../catalogue.js';
import { isFunctionNode, lastName, nameOf, unwrap } from '../syntax.js';
import type { FunctionNode } from '../syntax.js';

const LIST_NAME = /layer|block|tensor|branch|feature|output|skip|input|model|head|stack|conv/i;
const MUTATORS = new Set(['push', 'unshift', 'concat', 'splice']);

interface FunctionFacts {
  readonly node: FunctionNode;
  readonly calls: Set<string>;
  makesLayers: boolean;
  touchesLayers: boolean;
}

/** What the interpreter asks of the syntax alone. Covers one file, and the files that it takes helpers from. */
export class Survey {
  readonly #functions = new Map<FunctionNode, FunctionFacts>();
  readonly #aliases = new Set(['layers']);
  readonly #factories = new Set<string>();
  readonly #relevant = new Set<string>();
  readonly #structural = new Map<ts.Node, boolean>();
  /** Identifiers that stand in configurations: assignments to them are worth telling paths apart. */
  readonly configured = new Set<string>();
  /** Receivers of `compile`, and the losses they name. */
  readonly compiled = new Map<string, string[]>();
  /** Layers are addressed by their position (`model.layers[3]`), which every insertion, removal and move shifts. */
  indexesLayers = false;
  /** The module's own statements make layers. */
  makesLayers = false;

  add(source: ts.SourceFile): void {
    this.#structural.clear();
    this.#collectAliases(source);
    this.#collectCalls(source);
    this.#spread();
  }

  /** Functions that make, place or connect layers, or call one that does, in the order of the file. */
  get functions(): readonly FunctionNode[] {
    return [...this.#functions.keys()].filter((node) => this.isRelevant(node));
  }

  /** Some function or statement makes layers. */
  get hasLayers(): boolean {
    return this.makesLayers || [...this.#functions.values()].some((facts) => facts.makesLayers);
  }

  /** The function makes, places or connects layers, or calls one that does. */
  isRelevant(node: FunctionNode): boolean {
    const facts = this.#functions.get(node);
    if (!facts) return false;
    return facts.makesLayers || facts.touchesLayers || [...facts.calls].some((name) => this.#relevant.has(name));
  }

  /** A block that makes layers or calls what does; its own returns do not count. */
  makesLayersIn(block: ts.Node): boolean {
    return ts.forEachChild(block, (child) => (ts.isCallOrNewExpression(child) && this.#isStructuralCall(child)) || this.makesLayersIn(child)) === true;
  }

  /** Names of the functions that a function calls. */
  callsOf(node: FunctionNode): ReadonlySet<string> {
    return this.#functions.get(node)?.calls ?? new Set();
  }

  /** What the node does can decide which layers there are, or how they are joined. */
  isStructural(node: ts.Node): boolean {
    const cached = this.#structural.get(node);
    if (cached !== undefined) return cached;
    let result = ts.isReturnStatement(node) || ts.isBreakOrContinueStatement(node) || (ts.isCallOrNewExpression(node) && this.#isStructuralCall(node));
    if (!result) {
      result = ts.forEachChild(node, (child) => {
        const inside = this.isStructural(child);
        // A function's own returns say nothing about the code around it.
        return inside && (!isFunctionNode(child) || this.#functionIsStructural(child));
      }) === true;
    }
    this.#structural.set(node, result);
    return result;
  }

  #functionIsStructural(node: FunctionNode): boolean {
    return this.isRelevant(node) || (node.body !== undefined && !ts.isBlock(node.body) && this.isStructural(node.body));
  }

  #isStructuralCall(node: ts.CallExpression | ts.NewExpression): boolean {
    const name = lastName(node.expression);
    if (name === undefined) return false;
    if (this.#isFactory(node) || this.#relevant.has(name)) return true;
    if (!ts.isPropertyAccessExpression(unwrap(node.expression))) return false;
    return touchesLayers(node, name) || (MUTATORS.has(name) && LIST_NAME.test(lastName((unwrap(node.expression) as ts.PropertyAccessExpression).expression) ?? ''));
  }

  #isFactory(node: ts.CallExpression | ts.NewExpression): boolean {
    const callee = unwrap(node.expression);
    const name = lastName(callee);
    if (name === 'sequential' || name === 'Sequential') return true;
    if (ts.isPropertyAccessExpression(callee)) return this.#aliases.has(lastName(callee.expression) ?? '') && !/^(map|forEach|push|filter|find|slice|reduce|length|indexOf|at|some|every|add|apply|join)$/.test(callee.name.text);
    if (ts.isElementAccessExpression(callee)) return this.#aliases.has(lastName(callee.expression) ?? '');
    return name !== undefined && this.#factories.has(name);
  }

  #collectAliases(source: ts.SourceFile): void {
    const alias = (name: ts.BindingName, value: ts.Expression | undefined): void => {
      if (ts.isIdentifier(name)) {
        if (value && lastName(value) === 'layers') this.#aliases.add(name.text);
      } else if (ts.isObjectBindingPattern(name)) {
        for (const element of name.elements) {
          const property = element.propertyName && ts.isIdentifier(element.propertyName) ? element.propertyName.text : ts.isIdentifier(element.name) ? element.name.text : '';
          if (!ts.isIdentifier(element.name)) continue;
          if (property === 'layers') this.#aliases.add(element.name.text);
          else if (LAYER_NAMES.has(property)) this.#factories.add(element.name.text);
        }
      }
    };
    const visit = (node: ts.Node): void => {
      if (ts.isVariableDeclaration(node) || ts.isParameter(node)) alias(node.name, node.initializer);
      else if (ts.isImportSpecifier(node)) {
        const imported = (node.propertyName ?? node.name).text;
        if (imported === 'layers') this.#aliases.add(node.name.text);
        else if (LAYER_NAMES.has(imported)) this.#factories.add(node.name.text);
      } else if (ts.isBinaryExpression(node) && node.operatorToken.kind === ts.SyntaxKind.EqualsToken && lastName(node.right) === 'layers') {
        const name = lastName(node.left);
        if (name) this.#aliases.add(name);
      }
      if (isFunctionNode(node)) this.#functions.set(node, { node, calls: new Set(), makesLayers: false, touchesLayers: false });
      ts.forEachChild(node, visit);
    };
    visit(source);
  }

  #collectCalls(source: ts.SourceFile): void {
    const visit = (node: ts.Node, within: FunctionFacts | undefined): void => {
      const inner = isFunctionNode(node) ? this.#functions.get(node) : within;
      if (ts.isCallOrNewExpression(node)) this.#noteCall(node, within);
      else if (ts.isElementAccessExpression(node) && lastName(node.expression) === 'layers' && !ts.isStringLiteralLike(node.argumentExpression)) this.indexesLayers = true;
      ts.forEachChild(node, (child) => visit(child, inner));
    };
    visit(source, undefined);
  }

  #noteCall(node: ts.CallExpression | ts.NewExpression, within: FunctionFacts | undefined): void {
    const name = lastName(node.expression);
    if (name === undefined) return;
    within?.calls.add(name);
    const callee = unwrap(node.expression);
    if (this.#isFactory(node)) {
      if (within) within.makesLayers = true;
      else this.makesLayers = true;
      for (const argument of node.arguments ?? []) this.#noteConfigured(argument);
    } else if (within && ts.isPropertyAccessExpression(callee) && touchesLayers(node, name)) within.touchesLayers = true;
    if (name === 'getLayer' && node.arguments && node.arguments.length > 1) this.indexesLayers = true;
    if (name === 'compile' && ts.isPropertyAccessExpression(callee)) {
      const [settings] = node.arguments ?? [];
      const loss = settings && ts.isObjectLiteralExpression(settings) ? settings.properties.find((each) => each.name && ts.isIdentifier(each.name) && each.name.text === 'loss') : undefined;
      const receiver = callee.expression.getText();
      this.compiled.set(receiver, [...(this.compiled.get(receiver) ?? []), ...(loss && ts.isPropertyAssignment(loss) ? [lossName(loss.initializer)] : [])]);
      if (settings) this.#noteConfigured(settings);
    }
  }

  #noteConfigured(node: ts.Node): void {
    if (ts.isIdentifier(node)) this.configured.add(node.text);
    else ts.forEachChild(node, (child) => this.#noteConfigured(child));
  }

  /** Whoever calls what is relevant is relevant. Known by name only: a name too many costs time, none precision. */
  #spread(): void {
    const all = [...this.#functions.values()].map((facts) => ({ ...facts, name: ts.isConstructorDeclaration(facts.node) ? nameOf(facts.node.parent) : nameOf(facts.node) }));
    const outer = new Map<FunctionNode, boolean>();
    for (let changed = true; changed;) {
      changed = false;
      for (const { node, calls, makesLayers, touchesLayers: touches, name } of all) {
        if (outer.get(node)) continue;
        if (!makesLayers && !touches && ![...calls].some((each) => this.#relevant.has(each))) continue;
        outer.set(node, true);
        changed = true;
        if (name) this.#relevant.add(name);
      }
    }
    for (const common of ['map', 'forEach', 'then', 'catch', 'log', 'on', 'get', 'set', 'call', 'bind', 'push', 'constructor']) this.#relevant.delete(common);
  }
}

/** `x.add(layer)` and `layer.apply(tensor)`, as far as spelling tells. */
function touchesLayers(node: ts.CallExpression | ts.NewExpression, name: string): boolean {
  const [first, second] = node.arguments ?? [];
  if (!first || (name !== 'add' && name !== 'apply')) return false;
  if (name === 'apply') return first.kind !== ts.SyntaxKind.ThisKeyword && first.kind !== ts.SyntaxKind.NullKeyword;
  const argument = unwrap(first);
  return !second && (ts.isCallOrNewExpression(argument) || ts.isIdentifier(argument) || ts.isElementAccessExpression(argument) || ts.isPropertyAccessExpression(argument) || ts.isConditionalExpression(argument));
}

/** A string loss by its value, `tf.losses.meanSquaredError` by its name, anything else as written. */
export function lossName(node: ts.Expression): string {
  const at = unwrap(node);
  return ts.isStringLiteralLike(at) ? at.text : (lastName(at) ?? at.getText());
}
