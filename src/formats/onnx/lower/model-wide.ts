/** What an edit adds to the model as a whole: a switch, a schedule, functions, what a trainer may move. */
import { FUNCTION_DOMAIN } from '../../../variants/templates.js';
import type { ScheduleSettings } from '../../../graph/edits.js';
import type { Template } from '../../../variants/template.js';
import { BOOL, FLOAT, dataTypeName } from '../data-types.js';
import { feedOf } from '../lift/dropout-facts.js';
import { scalar } from '../lift/patterns.js';
import type { Body } from '../lift/tensors.js';
import { bodiesIn, subgraphsOf } from '../wire/bodies.js';
import type { ModelEditor } from '../wire/editor.js';
import type { GraphRecord, NodeRecord } from '../wire/records.js';
import { refuse } from './refusal.js';
import type { Rewiring } from './rewiring.js';
import { functionOf } from './template-nodes.js';

/** Metadata of the model: names of initializers that a trainer may move, and schedules by the input that they feed. */
export const TRAINABLE = 'droplint.trainable';
export const SCHEDULE = 'droplint.schedule';

/** From this version of the IR on an initializer is no input, and an input may have a default. */
const FIRST_DEFAULTS = 4;
const FIRST_FUNCTIONS = 8;

export class ModelWide {
  readonly #functions = new Set<string>();
  #metadata: Map<string, string> | undefined;
  #mode: string | undefined;
  readonly #rates = new Map<string, string>();

  /** `root` is the body of the model's graph. */
  constructor(readonly editor: ModelEditor, private readonly root: () => Rewiring) {}

  /** The one graph input that switches dropouts on, false by default: the model's own where it has one. */
  modeInput(from: Body): string {
    const rewiring = this.#root(from);
    return (this.#mode ??= knownModeInput(rewiring.body) ?? this.#input(rewiring, 'training_mode', BOOL, 0));
  }

  /** A graph input for the rate of dropouts, with that rate as its default: one for all that have the same. */
  rateInput(from: Body, dataType: number, rate: number): string {
    const rewiring = this.#root(from);
    const key = `${dataType} ${rate}`;
    let input = this.#rates.get(key);
    if (input === undefined) this.#rates.set(key, (input = this.#input(rewiring, 'dropout_rate', dataType, rate)));
    return input;
  }

  #input(rewiring: Rewiring, stem: string, dataType: number, value: number): string {
    const name = rewiring.freshName(stem);
    rewiring.edit.addInput(name, dataType, []);
    rewiring.edit.addInitializer({ name, dataType, dims: [], values: [value] });
    return name;
  }

  /** A scalar that a trainer may move. */
  trainable(from: Body, stem: string, dataType: number, value: number): string {
    const rewiring = this.#root(from);
    const name = rewiring.freshName(stem);
    rewiring.edit.addInitializer({ name, dataType, dims: [], values: [value] });
    const known = this.#entry(TRAINABLE);
    this.#setEntry(TRAINABLE, known ? `${known}, ${name}` : name);
    return name;
  }

  /** The parameter has lost the dropout of these nodes: it goes, unless something else reads it. */
  release(parameter: string, from: Body, readers: number): void {
    const rewiring = this.#root(from);
    if (rewiring.readersOf(parameter).size > 0 || readersIn(this.editor.model.graph.nodes.flatMap(subgraphsOf), parameter).length > readers) return;
    if (rewiring.edit.removeInitializer(parameter)) rewiring.forget(parameter);
    const left = (this.#entry(TRAINABLE) ?? '').split(',').map((name) => name.trim()).filter((name) => name !== '' && name !== parameter);
    if (this.#entry(TRAINABLE) !== undefined) this.#setEntry(TRAINABLE, left.join(', '));
  }

  /** What stands in the metadata of how the input moves; an earlier schedule of the same input goes. */
  recordSchedule(input: string, schedule: ScheduleSettings): void {
    this.#setEntry(SCHEDULE, JSON.stringify({ ...schedulesIn(this.#entry(SCHEDULE)), [input]: schedule }));
  }

  /** Schedules of inputs that nothing reads any more are none. */
  finish(): void {
    const text = this.#entry(SCHEDULE);
    if (text === undefined) return;
    const rewiring = this.root();
    const all = Object.entries(schedulesIn(text));
    const left = all.filter(([input]) => rewiring.readersOf(input).size > 0 || rewiring.isCaptured(input));
    if (left.length < all.length) this.#setEntry(SCHEDULE, JSON.stringify(Object.fromEntries(left)));
  }

  /** The operator that calls the template, which becomes a function of the model. */
  callOf(template: Template, dataType: number, { body }: Rewiring): string {
    const name = dataType === FLOAT ? template.name : `${template.name}_${dataTypeName(dataType)}`;
    const { record } = body;
    this.editor.setOpset(FUNCTION_DOMAIN, 1);
    if (record.kind === 'function') this.editor.setOpset(FUNCTION_DOMAIN, 1, record);
    const isKnown = this.editor.model.functions.some((each) => each.domain === FUNCTION_DOMAIN && each.name === name);
    if (!isKnown && !this.#functions.has(name)) {
      this.#functions.add(name);
      this.editor.addFunction(functionOf(template, name, dataType, body.opset));
      if (this.editor.model.irVersion < FIRST_FUNCTIONS) this.editor.setIrVersion(FIRST_FUNCTIONS);
    }
    return name;
  }

  #root(from: Body): Rewiring {
    let body = from;
    while (body.parent) body = body.parent;
    if (body.record.kind === 'function') refuse('a function has no inputs and no weights of its own');
    if (this.editor.model.irVersion < FIRST_DEFAULTS) refuse(`inputs with a default need version ${FIRST_DEFAULTS} of the IR, and the file has ${this.editor.model.irVersion}`);
    return this.root();
  }

  #entry(key: string): string | undefined {
    return this.#metadata?.get(key) ?? this.editor.model.metadata.get(key);
  }

  #setEntry(key: string, value: string): void {
    (this.#metadata ??= new Map()).set(key, value);
    this.editor.setMetadata(key, value);
  }
}

function schedulesIn(text: string | undefined): Record<string, unknown> {
  try {
    const parsed: unknown = JSON.parse(text ?? '{}');
    return typeof parsed === 'object' && parsed !== null ? (parsed as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}

/** An input that is false by default and does nothing but switch dropouts. */
function knownModeInput(body: Body): string | undefined {
  const { record } = body;
  if (record.kind !== 'graph') return undefined;
  return record.inputs.find(({ name, elementType }) => {
    if (elementType !== BOOL || feedOf(body, name) !== 'default' || scalar(body, name) !== 0 || body.tensor(name).isOutput) return false;
    const readers = readersIn([record], name);
    return readers.length > 0 && readers.every((node) => isSwitchedBy(node, name));
  })?.name;
}

/** A Dropout, a function of droplint's, or the Where of a variant that is spelled out. */
const isSwitchedBy = ({ opType, domain, inputs }: NodeRecord, name: string): boolean =>
  domain === FUNCTION_DOMAIN || (domain === '' && opType === 'Dropout') ? inputs.indexOf(name) === 2 : domain === '' && opType === 'Where' && inputs.indexOf(name) === 0;

/** Nodes of the graphs and of their nested graphs. */
const readersIn = (graphs: readonly GraphRecord[], name: string): readonly NodeRecord[] => [...bodiesIn(...graphs)].flatMap(({ nodes }) => nodes.filter(({ inputs }) => inputs.includes(name)));
