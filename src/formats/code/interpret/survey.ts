/** One walk over a syntax tree, before it is interpreted: where layers are made, and which code has to do with them. */
import type { ts as TS } from 'ts-morph';
import { ts } from '../typescript.js';
import { LAYER_NAMES, RUNTIME_CLASSES } from '../catalogue.js';
import { identifiersOf, isFunctionNode, lastName, nameOf, unwrap } from '../syntax.js';
import type { FunctionNode } from '../syntax.js';
import { Reach } from './reach.js';
import { TrainingSteps } from './training-steps.js';

const LIST_NAME = /layer|block|tensor|branch|feature|output|skip|input|model|head|stack|conv/i;
const MODEL_NAME = /model|net|seq|discrim|generat|encoder|decoder|block|head|classif|critic|actor|mdl/i;
const LAYER_NAME = /layer|lstm|gru|dense|conv|drop|cell|norm|pool|flatten|embed|activ/i;
const CONFIGURATION_NAME = /config|option|opts|param|props|spec|setting|definition|json/i;
const ARRAY_METHOD = /^(map|flatMap|forEach|push|pop|shift|unshift|concat|filter|find|findIndex|slice|splice|reduce|indexOf|includes|at|some|every|apply|join|keys|values|entries)$/;
const MUTATORS = new Set(['push', 'unshift', 'concat', 'splice']);
/** Names of so many functions that they tell nothing. */
const COMMON = new Set(['map', 'forEach', 'then', 'catch', 'log', 'on', 'get', 'set', 'call', 'bind', 'push', 'constructor']);

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
  /** Whoever calls what is relevant is relevant. Known by name only: a name too many costs time, none precision. */
  readonly #relevant = new Reach();
  readonly #structural = new Map<TS.Node, boolean>();
  /** Identifiers that stand in configurations: assignments to them are worth telling paths apart. */
  readonly configured = new Set<string>();
  /** Names that hold what `tf.sequential` gave. */
  readonly #models = new Set<string>();
  /** Receivers of `compile`, and the losses they name. */
  readonly compiled = new Map<string, string[]>();
  readonly trainingSteps = new TrainingSteps();
  /** Layers are addressed by their position (`model.layers[3]`), which every insertion, removal and move shifts. */
  indexesLayers = false;
  /** The module's own statements make layers. */
  makesLayers = false;

  add(source: TS.SourceFile): void {
    this.#structural.clear();
    this.#spread(this.#collect(source));
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
    return facts.makesLayers || facts.touchesLayers || [...facts.calls].some((name) => this.#isRelevantName(name));
  }

  /** A block that makes layers or calls what does; its own returns do not count. */
  makesLayersIn(block: TS.Node): boolean {
    return ts.forEachChild(block, (child) => (ts.isCallOrNewExpression(child) && this.#isStructuralCall(child)) || this.makesLayersIn(child)) === true;
  }

  /** Names of the functions that a function calls. */
  callsOf(node: FunctionNode): ReadonlySet<string> {
    return this.#functions.get(node)?.calls ?? new Set();
  }

  /** The node makes, places or connects layers, or calls what does. */
  isStructural(node: TS.Node): boolean {
    const cached = this.#structural.get(node);
    if (cached !== undefined) return cached;
    const result = (ts.isCallOrNewExpression(node) && this.#isStructuralCall(node))
      || ts.forEachChild(node, (child) => this.isStructural(child) && (!isFunctionNode(child) || this.#functionIsStructural(child))) === true;
    this.#structural.set(node, result);
    return result;
  }

  /** Whether it runs decides which layers there are, or how they are joined: by what it does, or because it leaves early. */
  decides(node: TS.Node): boolean {
    return this.isStructural(node) || this.#leaves(node);
  }

  #leaves(node: TS.Node): boolean {
    if (ts.isReturnStatement(node)) return this.#returnMatters(node);
    if (ts.isBreakOrContinueStatement(node)) {
      const left = ts.findAncestor(node, (at) => ts.isIterationStatement(at, false) || ts.isSwitchStatement(at));
      return left !== undefined && this.isStructural(left);
    }
    return ts.forEachChild(node, (child) => !isFunctionNode(child) && this.#leaves(child)) === true;
  }

  /** Layers are made after it or around it, or the function ends with another value. */
  #returnMatters(node: TS.ReturnStatement): boolean {
    let at: TS.Node = node;
    for (; at.parent && !isFunctionNode(at); at = at.parent) {
      if (ts.isIterationStatement(at, false) && this.isStructural(at)) return true;
      const { parent } = at;
      if ((ts.isBlock(parent) || ts.isCaseOrDefaultClause(parent)) && parent.statements.slice(parent.statements.indexOf(at as TS.Statement) + 1).some((later) => this.isStructural(later))) return true;
    }
    const { expression } = node;
    const value = expression && unwrap(expression);
    if (!value || !(ts.isIdentifier(value) || ts.isPropertyAccessExpression(value) || ts.isArrayLiteralExpression(value) || ts.isObjectLiteralExpression(value))) return false;
    const last = isFunctionNode(at) && at.body && ts.isBlock(at.body) ? at.body.statements.at(-1) : undefined;
    return last !== undefined && ts.isReturnStatement(last) && last !== node && last.expression?.getText() !== expression.getText();
  }

  #functionIsStructural(node: FunctionNode): boolean {
    return this.isRelevant(node) || (node.body !== undefined && !ts.isBlock(node.body) && this.isStructural(node.body));
  }

  #isStructuralCall(node: TS.CallExpression | TS.NewExpression): boolean {
    const name = lastName(node.expression);
    if (name === undefined) return false;
    if (this.#isFactory(node) || this.#isRelevantName(name)) return true;
    if (!ts.isPropertyAccessExpression(unwrap(node.expression))) return false;
    return this.#touchesLayers(node, name) || (MUTATORS.has(name) && LIST_NAME.test(lastName((unwrap(node.expression) as TS.PropertyAccessExpression).expression) ?? ''));
  }

  #isFactory(node: TS.CallExpression | TS.NewExpression): boolean {
    const callee = unwrap(node.expression);
    const name = lastName(callee);
    if (name === 'sequential' || name === 'Sequential') return true;
    if (ts.isNewExpression(node) && name !== undefined && RUNTIME_CLASSES.has(name)) return true;
    // An array of layers that is called `layers` has methods, too.
    if (ts.isPropertyAccessExpression(callee)) return this.#aliases.has(lastName(callee.expression) ?? '') && (LAYER_NAMES.has(callee.name.text) ? ts.isPropertyAccessExpression(unwrap(callee.expression)) || callee.name.text !== 'add' : !ARRAY_METHOD.test(callee.name.text));
    if (ts.isElementAccessExpression(callee)) return this.#aliases.has(lastName(callee.expression) ?? '');
    return name !== undefined && this.#factories.has(name);
  }

  /** Names first, calls afterwards: what a call is depends on all the names of the file. */
  #collect(source: TS.SourceFile): readonly FunctionFacts[] {
    const functions: FunctionFacts[] = [];
    const calls: (readonly [TS.CallExpression | TS.NewExpression, FunctionFacts | undefined])[] = [];
    const visit = (node: TS.Node, within: FunctionFacts | undefined): void => {
      let inner = within;
      switch (node.kind) {
        case ts.SyntaxKind.VariableDeclaration:
        case ts.SyntaxKind.Parameter: this.#noteNames((node as TS.VariableDeclaration).name, (node as TS.VariableDeclaration).initializer); break;
        case ts.SyntaxKind.ImportSpecifier: this.#noteName(((node as TS.ImportSpecifier).propertyName ?? (node as TS.ImportSpecifier).name).text, (node as TS.ImportSpecifier).name.text); break;
        case ts.SyntaxKind.BinaryExpression: this.#noteAssignment(node as TS.BinaryExpression); break;
        case ts.SyntaxKind.CallExpression:
        case ts.SyntaxKind.NewExpression: {
          const call = node as TS.CallExpression;
          calls.push([call, within]);
          const name = lastName(call.expression);
          if (name === 'sequential' || name === 'Sequential') this.#models.add(nameOf(call) ?? '');
          break;
        }
        case ts.SyntaxKind.ElementAccessExpression: this.indexesLayers ||= addressesLayer(node as TS.ElementAccessExpression); break;
        default:
          if (isFunctionNode(node)) {
            inner = { node, calls: new Set(), makesLayers: false, touchesLayers: false };
            this.#functions.set(node, inner);
            functions.push(inner);
          }
      }
      ts.forEachChild(node, (child) => { visit(child, inner); });
    };
    visit(source, undefined);
    for (const [call, within] of calls) this.#noteCall(call, within);
    return functions;
  }

  /** `layers`, or a factory, under a name of its own. */
  #noteName(of: string, name: string): void {
    if (of === 'layers') this.#aliases.add(name);
    else if (LAYER_NAMES.has(of) || RUNTIME_CLASSES.has(of)) this.#factories.add(name);
  }

  #noteNames(name: TS.BindingName, value: TS.Expression | undefined): void {
    if (ts.isIdentifier(name)) {
      if (value && lastName(value) === 'layers') this.#aliases.add(name.text);
    } else if (ts.isObjectBindingPattern(name)) {
      for (const element of name.elements) {
        if (ts.isIdentifier(element.name)) this.#noteName(element.propertyName && ts.isIdentifier(element.propertyName) ? element.propertyName.text : element.name.text, element.name.text);
      }
    }
  }

  #noteAssignment(node: TS.BinaryExpression): void {
    if (node.operatorToken.kind === ts.SyntaxKind.EqualsToken && lastName(node.right) === 'layers') this.#aliases.add(lastName(node.left) ?? 'layers');
  }

  /** `x.add(layer)` and `layer.apply(tensor)`, as far as spelling tells, and `predict` with a flag. A set of strings has an `add`, too. */
  #touchesLayers(node: TS.CallExpression | TS.NewExpression, name: string): boolean {
    const [first, second] = node.arguments ?? [];
    if (name === 'predict') return second !== undefined && identifiersOf(second).includes('training');
    if (!first || (name !== 'add' && name !== 'apply')) return false;
    if (name === 'apply') return first.kind !== ts.SyntaxKind.ThisKeyword && first.kind !== ts.SyntaxKind.NullKeyword;
    if (second) return false;
    const argument = unwrap(first);
    if (ts.isCallOrNewExpression(argument) && (this.#isFactory(argument) || this.#isRelevantName(lastName(argument.expression) ?? ''))) return true;
    const callee = unwrap(node.expression);
    const receiver = ts.isPropertyAccessExpression(callee) ? (lastName(callee.expression) ?? '') : '';
    return this.#models.has(receiver) || MODEL_NAME.test(receiver) || LAYER_NAME.test(lastName(argument) ?? '');
  }

  #noteCall(node: TS.CallExpression | TS.NewExpression, within: FunctionFacts | undefined): void {
    const name = lastName(node.expression);
    if (name === undefined) return;
    within?.calls.add(name);
    this.trainingSteps.note(node, name);
    const callee = unwrap(node.expression);
    if (this.#isFactory(node)) {
      if (within) within.makesLayers = true;
      else this.makesLayers = true;
      for (const argument of node.arguments ?? []) this.#noteConfigured(argument);
    } else if (within && ts.isPropertyAccessExpression(callee) && this.#touchesLayers(node, name)) within.touchesLayers = true;
    if (name === 'getLayer' && node.arguments && node.arguments.length > 1) this.indexesLayers = true;
    if (name === 'compile' && ts.isPropertyAccessExpression(callee)) {
      const [settings] = node.arguments ?? [];
      const loss = settings && ts.isObjectLiteralExpression(settings) ? settings.properties.find((each) => each.name && ts.isIdentifier(each.name) && each.name.text === 'loss') : undefined;
      const receiver = callee.expression.getText();
      this.compiled.set(receiver, [...(this.compiled.get(receiver) ?? []), ...(loss && ts.isPropertyAssignment(loss) ? lossNames(loss.initializer) : [])]);
      if (settings) this.#noteConfigured(settings);
    }
  }

  #noteConfigured(node: TS.Node): void {
    if (ts.isIdentifier(node)) this.configured.add(node.text);
    else ts.forEachChild(node, (child) => this.#noteConfigured(child));
  }

  #spread(functions: readonly FunctionFacts[]): void {
    for (const { node, calls, makesLayers, touchesLayers } of functions) {
      const name = nameOf(node);
      if (name === undefined) continue;
      if (makesLayers || touchesLayers) this.#relevant.mark(name);
      for (const called of calls) this.#relevant.link(called, name);
      this.trainingSteps.add(name, calls);
    }
  }

  #isRelevantName(name: string): boolean {
    return this.#relevant.has(name) && !COMMON.has(name);
  }
}

/** `model.layers[i]`; the layers of a configuration are none. */
function addressesLayer(node: TS.ElementAccessExpression): boolean {
  if (lastName(node.expression) !== 'layers' || ts.isStringLiteralLike(node.argumentExpression)) return false;
  const owner = unwrap(node.expression);
  return !(ts.isPropertyAccessExpression(owner) && CONFIGURATION_NAME.test(lastName(owner.expression) ?? ''));
}

/** A string loss by its value, `tf.losses.meanSquaredError` by its name, anything else as written; of an array, each. */
export function lossNames(node: TS.Expression): string[] {
  const at = unwrap(node);
  if (ts.isArrayLiteralExpression(at)) return at.elements.flatMap(lossNames);
  return [ts.isStringLiteralLike(at) ? at.text : (lastName(at) ?? at.getText())];
}
