/** The state of one run of the interpreter: one path through one function, with everything that ran before it. */
import type { ts as TS } from 'ts-morph';
import type { Choices, ChoiceKind } from './choices.js';
import { Scope } from './scope.js';
import type { Survey } from './survey.js';
import { known } from './values.js';
import type { Application, ArrayValue, ClassValue, FunctionValue, Known, LayerInstance, ModelState, ObjectValue, Phase, Primitive, Unknown, Value } from './values.js';

/** A `throw`: the path ends here. */
export class Thrown extends Error {}
/** The run costs too much: what it made so far stands, and nothing is known of its ends. */
export class Exhausted extends Error {}

/** Gives the syntax tree of another file of the project: `undefined` for packages and for what does not exist. */
export type ModuleResolver = (specifier: string, from: string) => TS.SourceFile | undefined;

/** What all paths through one function may cost together. */
export const MOST_STEPS = 16_000;

export class Machine {
  readonly globals = new Scope(undefined);
  readonly models: ModelState[] = [];
  readonly layers: LayerInstance[] = [];
  readonly applications: Application[] = [];
  /** Every function value that was made, by its syntax: entry points into closures. */
  readonly closures = new Map<TS.Node, FunctionValue>();
  readonly classes = new Map<TS.Node, ClassValue>();
  readonly executed = new Set<TS.Node>();
  readonly stack: TS.Node[] = [];
  readonly modules = new Map<string, ObjectValue>();
  /** Inlined calls that have to do with layers. */
  depth = 0;
  phase: Phase = 'setup';
  /** What is placed in one region is placed in order and always together; between regions nothing is known. */
  region = 0;
  /** Birth of the oldest thing that was given a layer since the last loop began. */
  oldest = Number.POSITIVE_INFINITY;
  #lastRegion = 0;
  #ordinal = 0;
  steps = 0;
  #lastId = 0;
  readonly #path: string[] = [];
  /** The call or import of the file under study that is being followed. */
  #own: TS.Node | undefined;
  readonly #terms = new Map<string, Unknown>();
  readonly #ids = new WeakMap<object, number>();

  constructor(readonly source: TS.SourceFile, readonly survey: Survey, readonly choices: Choices, readonly resolve: ModuleResolver, readonly budget = MOST_STEPS) {}

  /** Counts what was interpreted; `budget` is what this run may cost. */
  step(): void {
    this.steps += 1;
    if (this.steps > this.budget) throw new Exhausted();
  }

  decide(alternatives: number, kind: ChoiceKind): number | 'every' {
    return this.phase === 'setup' ? 'every' : this.choices.decide(alternatives, kind);
  }

  /** Call sites and iterations that lead here. */
  get path(): string {
    return this.#path.join('/');
  }

  /** Runs what a call leads to. */
  calling<T>(call: TS.Node, work: () => T): T {
    return this.within(String(call.getStart()), () => this.from(call, work));
  }

  /** Runs what a call or an import leads to, be it in another file. */
  from<T>(node: TS.Node, work: () => T): T {
    const outside = this.#own;
    if (node.getSourceFile() === this.source) this.#own = node;
    try {
      return work();
    } finally {
      this.#own = outside;
    }
  }

  /** Of a node in another file: the call or import in the file under study that led to it. */
  originOf(node: TS.Node): TS.Node | undefined {
    return node.getSourceFile() === this.source ? undefined : this.#own;
  }

  within<T>(step: string, work: () => T): T {
    this.#path.push(step);
    try {
      return work();
    } finally {
      this.#path.pop();
    }
  }

  /** What runs at `node` now is part of a training step. */
  trains(node: TS.Node): boolean {
    const { trainingSteps } = this.survey;
    return trainingSteps.includes(node) || this.stack.some((each) => trainingSteps.includes(each));
  }

  /** Something that was there before is given layers: iterations are not independent of each other. */
  touch(birth: number): void {
    this.oldest = Math.min(this.oldest, birth);
  }

  enterRegion(): void {
    this.#lastRegion += 1;
    this.region = this.#lastRegion;
  }

  nextOrdinal(): number {
    this.#ordinal += 1;
    return this.#ordinal;
  }

  /** Something has been made since the setup: from here on an early exit counts. */
  get hasMade(): boolean {
    return this.models.some((model) => model.phase === 'root') || this.layers.length > 0 && this.phase === 'root' && this.applications.length > 0;
  }

  unknown(name?: string): Unknown {
    this.#lastId += 1;
    return { kind: 'unknown', id: this.#lastId, name, members: new Map() };
  }

  /** The same symbol for the same operation on the same operands. */
  term(operator: string, left: Value, right: Value | undefined): Unknown {
    const key = `${operator} ${this.#identity(left)} ${right ? this.#identity(right) : ''}`;
    let found = this.#terms.get(key);
    if (!found) {
      found = { ...this.unknown(), term: { operator, left, right } };
      this.#terms.set(key, found);
    }
    return found;
  }

  #identity(value: Value): string {
    if (value.kind === 'known') return `${typeof value.value}:${String(value.value)}`;
    if (value.kind === 'unknown') return `#${value.id}`;
    let id = this.#ids.get(value);
    if (id === undefined) {
      this.#lastId += 1;
      this.#ids.set(value, (id = this.#lastId));
    }
    return `@${id}`;
  }
}

/** A symbol that a path has pinned down becomes that value. */
export function settle(value: Value): Value {
  return value.kind === 'unknown' ? (value.refined ?? value) : value;
}

export const isKnown = (value: Value): value is Known => value.kind === 'known';
export const primitiveOf = (value: Value): Primitive | typeof NOT_PRIMITIVE => (value.kind === 'known' ? value.value : NOT_PRIMITIVE);
export const NOT_PRIMITIVE = Symbol('not a primitive');
export const numberOf = (value: Value | undefined): number | undefined => (value?.kind === 'known' && typeof value.value === 'number' ? value.value : undefined);
export const stringOf = (value: Value | undefined): string | undefined => (value?.kind === 'known' && typeof value.value === 'string' ? value.value : undefined);
/** A number or string that is a fact, not an assumption of one path. */
export const factOf = (value: Value | undefined): Primitive => (value?.kind === 'known' && !value.assumed ? value.value : undefined);
export const assume = (value: Primitive): Known => known(value, true);
export const isArray = (value: Value | undefined): value is ArrayValue => value?.kind === 'array';
