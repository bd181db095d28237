/** Which functions are studied, and all the paths through each of them. */
import type { ts as TS } from 'ts-morph';
import { ts } from '../typescript.js';
import { enclosingFunction, nameOf } from '../syntax.js';
import type { FunctionNode } from '../syntax.js';
import { initialise, runBody } from './calls.js';
import { Choices, MOST_VARIANTS } from './choices.js';
import type { Precision } from './choices.js';
import { classOf, closure } from './expressions.js';
import { Exhausted, MOST_STEPS, Machine, Thrown } from './machine.js';
import type { ModuleResolver } from './machine.js';
import { runModule } from './modules.js';
import { Scope } from './scope.js';
import { Survey } from './survey.js';
import type { Application, Item, LayerInstance, ModelState, ObjectValue } from './values.js';

/** What one path made. */
export interface Run {
  readonly models: readonly ModelState[];
  readonly applications: readonly Application[];
  readonly layers: readonly LayerInstance[];
  /** It was cut short: nothing is known of the ends of what it made. */
  readonly cut: boolean;
}

/** A function under study, or the module (`node` is the source file), with every path through it. */
export interface Root {
  readonly node: TS.Node;
  readonly name: string;
  readonly runs: readonly Run[];
}

export interface Analysis {
  readonly roots: readonly Root[];
  readonly survey: Survey;
}

/** What all functions of one file may cost together; functions beyond it are not studied. */
const MOST_STEPS_OF_FILE = 160_000;

/** Interprets a file: its module, then each function that has to do with layers and was not inlined into an earlier one. */
export function analyse(source: TS.SourceFile, resolve: ModuleResolver = () => undefined): Analysis {
  const survey = new Survey();
  survey.add(source);
  if (!survey.hasLayers) return { roots: [], survey };
  const study = new Study(source, survey, resolve);
  const roots: Root[] = [study.root(source)];
  // The module has brought in helpers of other files, which are followed, not studied: some functions only call those.
  const entries = entryPoints(survey.functions.filter((node) => node.getSourceFile() === source), survey);
  for (const node of entries) {
    if (!study.executed.has(node) && study.steps < MOST_STEPS_OF_FILE) roots.push(study.root(node));
  }
  return { roots, survey };
}

/** Functions that nobody in the file calls come first: the others are inlined into them. */
function entryPoints(functions: readonly FunctionNode[], survey: Survey): readonly FunctionNode[] {
  const isCalled = (node: FunctionNode) => {
    const name = nameOf(node);
    return name !== undefined && functions.some((other) => other !== node && survey.callsOf(other).has(name));
  };
  const called = new Map(functions.map((node) => [node, isCalled(node)]));
  return [...functions.filter((node) => !called.get(node)), ...functions.filter((node) => called.get(node))];
}

class Study {
  /** Functions that some root has been through, with every path told apart. */
  readonly executed = new Set<TS.Node>();
  steps = 0;

  constructor(readonly source: TS.SourceFile, readonly survey: Survey, readonly resolve: ModuleResolver) {}

  root(node: TS.Node): Root {
    const name = ts.isSourceFile(node) ? '' : (nameOf(node) ?? '');
    this.executed.add(node);
    for (const precision of ['all', 'structural'] as const) {
      const executed = new Set<TS.Node>();
      const runs = this.#enumerate(node, precision, executed);
      if (runs === 'too expensive') break;
      if (runs === 'too many') continue;
      for (const each of executed) this.executed.add(each);
      return { node, name, runs };
    }
    // Helpers are not seen clearly from here: they get a study of their own.
    return { node, name, runs: this.#enumerate(node, 'budget', new Set()) as readonly Run[] };
  }

  /** Every path, or why not: with the precision `budget` there is always an answer. */
  #enumerate(node: TS.Node, precision: Precision, executed: Set<TS.Node>): readonly Run[] | 'too many' | 'too expensive' {
    const runs: (Run & { readonly thrown: boolean })[] = [];
    let budget = MOST_STEPS;
    for (let prefix: number[] | undefined = []; prefix;) {
      if (runs.length >= MOST_VARIANTS && precision !== 'budget') return 'too many';
      const choices: Choices = new Choices(prefix, precision);
      // The last resort gets through at any price, if in pieces.
      const machine = new Machine(this.source, this.survey, choices, this.resolve, precision === 'budget' ? Math.max(budget, MOST_STEPS / MOST_VARIANTS) : budget);
      const run = runOnce(machine, this.source, node);
      this.steps += machine.steps;
      budget -= machine.steps;
      if (run.cut && precision !== 'budget') return 'too expensive';
      runs.push(run);
      for (const each of machine.executed) executed.add(each);
      prefix = choices.next();
    }
    const finished = runs.filter((run) => !run.thrown);
    return finished.length > 0 ? finished : runs;
  }
}

function runOnce(machine: Machine, source: TS.SourceFile, node: TS.Node): Run & { readonly thrown: boolean } {
  let [thrown, cut] = [false, false];
  let start = { layers: 0, applications: 0 };
  const begin = (): void => {
    machine.phase = 'root';
    machine.region = 0;
    start = { layers: machine.layers.length, applications: machine.applications.length };
  };
  const guarded = (work: () => void): void => {
    try {
      work();
    } catch (error) {
      if (error instanceof Thrown) thrown = true;
      else if (error instanceof Exhausted || error instanceof RangeError) cut = true;
      else throw error;
    }
  };
  const scope = new Scope(machine.globals);
  if (ts.isSourceFile(node)) {
    begin();
    guarded(() => runModule(machine, source, scope));
  } else {
    guarded(() => runModule(machine, source, scope));
    thrown = false;
    guarded(() => enter(machine, node as FunctionNode, scope, begin));
    if (machine.phase === 'setup') return { models: [], applications: [], layers: [], cut: true, thrown: true };
  }
  return {
    models: machine.models.filter((model) => model.phase === 'root' || model.entries.some((entry) => entry.phase === 'root')),
    applications: machine.applications.slice(start.applications),
    layers: machine.layers.slice(start.layers),
    cut,
    thrown,
  };
}

const unknownArguments = (machine: Machine, node: FunctionNode): Item[] =>
  node.parameters.map((parameter) => ({ value: machine.unknown(ts.isIdentifier(parameter.name) ? parameter.name.text : undefined), node: undefined, region: 0 }));

/** Calls the function as nobody in the file does: with unknown arguments, in its closure or on a fresh object. */
function enter(machine: Machine, node: FunctionNode, scope: Scope, begin: () => void): void {
  machine.executed.add(node);
  const outer = enclosingFunction(node);
  if (outer) enter(machine, outer, scope, () => { machine.phase = 'setup'; });
  machine.phase = 'setup';
  machine.stack.length = 0;
  const owner = ts.isClassLike(node.parent) ? node.parent : undefined;
  if (owner) {
    const type = machine.classes.get(owner) ?? classOf(machine, owner, scope);
    const self: ObjectValue = { kind: 'object', properties: new Map(), open: true, class: type };
    const constructor = owner.members.find((member): member is TS.ConstructorDeclaration => ts.isConstructorDeclaration(member) && member.body !== undefined);
    if (node === constructor) begin();
    initialise(machine, type, self, constructor ? unknownArguments(machine, constructor) : [], owner);
    if (node === constructor) return;
    begin();
    machine.stack.push(node);
    runBody(machine, { kind: 'function', node, scope: type.scope, self }, unknownArguments(machine, node));
    return;
  }
  const target = machine.closures.get(node) ?? closure(machine, node, scope);
  begin();
  machine.stack.push(node);
  runBody(machine, target, unknownArguments(machine, node));
}

