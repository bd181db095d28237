/** Lowers edits of the architecture graph to splices of an ONNX file. What cannot be done correctly is refused. */
import type { Edit } from '../../../graph/edits.js';
import type { Layer } from '../../../graph/layers.js';
import type { Lowered } from '../../document.js';
import { BOOL, FLOAT } from '../data-types.js';
import type { Lifted, Place } from '../lift/lift.js';
import { dropoutOperands } from '../lift/dropouts.js';
import type { Body } from '../lift/tensors.js';
import { ModelEditor } from '../wire/editor.js';
import type { EditableNode } from '../wire/editable-node.js';
import type { ModelRecord } from '../wire/records.js';
import { insertChannelOnes, insertConstant, insertDropout } from './dropout-nodes.js';
import { foldBias } from './fold-bias.js';
import { Refusal, refuse } from './refusal.js';
import { Rewiring } from './rewiring.js';

/** A dropout as it stands now: earlier fixes of the same pass may have renamed its values. */
interface Current {
  readonly place: Place;
  readonly rewiring: Rewiring;
  readonly nodes: readonly EditableNode[];
  readonly input: string;
  readonly output: string;
}

class Lowering {
  readonly editor: ModelEditor;
  readonly #rewirings = new Map<Body, Rewiring>();

  constructor(model: ModelRecord, readonly lifted: Lifted) {
    this.editor = new ModelEditor(model);
  }

  #place(layer: Layer): Place {
    return this.lifted.places.get(layer) ?? refuse(`${layer.type} is part of a fused operator`);
  }

  #rewiring(body: Body): Rewiring {
    let rewiring = this.#rewirings.get(body);
    if (!rewiring) this.#rewirings.set(body, (rewiring = new Rewiring(body, this.editor.body(body.record))));
    return rewiring;
  }

  #current(layer: Layer): Current {
    const place = this.#place(layer);
    const rewiring = this.#rewiring(place.body);
    const nodes = place.nodes.map(rewiring.nodeOf);
    if (nodes.some((node) => !node.isPresent)) refuse('another fix of the same pass has taken it out');
    const at = place.nodes.findIndex((node) => node.inputs.includes(place.input));
    const end = place.nodes.findLastIndex((node) => node.outputs.includes(place.output));
    const input = at === -1 ? '' : nodes[at].inputs[place.nodes[at].inputs.indexOf(place.input)];
    return { place, rewiring, nodes, input, output: nodes[end].outputs[place.nodes[end].outputs.indexOf(place.output)] };
  }

  #dropout(layer: Layer): Current {
    const current = this.#current(layer);
    if (!current.place.dropout) refuse(`${layer.type} is no dropout`);
    if (current.place.dropout.fused) refuse(`${layer.type} adds a bias or a residual in the same operator`);
    return current;
  }

  apply(edit: Edit): void {
    switch (edit.type) {
      case 'move': return this.#move(edit.layer, edit.where, edit.target);
      case 'remove': return this.#remove(edit.layer);
      case 'insert': {
        if (edit.spec.rate === 'keep') refuse('an inserted dropout needs a rate');
        return this.#insert(edit.target, edit.where, edit.spec.rate, edit.spec.training ?? false);
      }
      case 'replace': return edit.spec.unit === 'channel' ? this.#perChannel(edit.layer) : refuse('it is elementwise already');
      case 'fold-bias': {
        const weighted = this.#place(edit.layer);
        return foldBias(this.#rewiring(weighted.body), weighted, this.#place(edit.into));
      }
      case 'configure': return this.#configure(edit.layer, edit.settings);
    }
  }

  #move(layer: Layer, where: 'after' | 'before', target: Layer): void {
    const dropout = this.#dropout(layer);
    const goal = this.#current(target);
    if (dropout.rewiring !== goal.rewiring) refuse('the two layers stand in different graphs');
    this.#checkMask(dropout, goal, where);
    this.#checkShape(dropout, where === 'after' ? goal.place.output : goal.place.input);
    const { rewiring, nodes } = dropout;
    const own = new Set(nodes);
    const aside = dropout.place.dropout!.main;
    if (where === 'before') rewiring.hoist(this.#sideInputs(dropout), goal.nodes[0]);
    rewiring.join(dropout.input, dropout.output, own, { before: nodes[0] });
    const inner = this.#current(target);
    const anchor = where === 'after' ? inner.nodes.at(-1)! : inner.nodes[0];
    const [from, to] = where === 'after'
      ? [rewiring.splitAfter(rewiring.producerOf(inner.output) ?? anchor, inner.output), inner.output]
      : [inner.input, rewiring.splitBefore(inner.nodes, inner.input)];
    for (const node of nodes) node.inputs.forEach((name, index) => { if (name === dropout.input && !this.#isSide(node, index, aside.opType)) rewiring.setInput(node, index, from); });
    const last = nodes.find((node) => node.outputs.some((name) => name === dropout.output || name === `${dropout.output}:released`))!;
    rewiring.setOutput(last, last.outputs.findIndex((name) => name === dropout.output || name === `${dropout.output}:released`), to);
    let at = anchor;
    for (const node of nodes) {
      if (where === 'after') {
        rewiring.edit.moveTo(node, { after: at });
        at = node;
      } else rewiring.edit.moveTo(node, { before: anchor });
    }
  }

  /** Rate and mode of a Dropout operator may come from the value that it drops only by mistake; they are left alone. */
  #isSide = (node: EditableNode, index: number, opType: string): boolean => node.opType === opType && opType.endsWith('Dropout') && index > 0;

  /** What the dropout reads besides its data. */
  #sideInputs({ nodes, input }: Current): readonly string[] {
    const inside = new Set(nodes.flatMap((node) => node.outputs));
    return nodes.flatMap((node) => node.inputs).filter((name) => name !== '' && name !== input && !inside.has(name));
  }

  /** A mask that is read must still be made before it is read, and its shape must not change. */
  #checkMask(dropout: Current, goal: Current, where: 'after' | 'before'): void {
    const { mask } = dropout.place.dropout!;
    if (!mask) return;
    const { rewiring } = dropout;
    if (rewiring.isCaptured(mask)) refuse('a nested graph reads its mask');
    const { body } = dropout.place;
    const [here, there] = [dropout.place.input, goal.place.output].map((name) => body.tensor(name).shape);
    if (!here || !there || here.length !== there.length || here.some((dim, i) => dim !== there[i])) refuse('its mask is read and would have another shape');
    if (where === 'before') return;
    const positions = rewiring.positions();
    const end = positions.get(goal.nodes.at(-1)!)!;
    if ([...rewiring.readersOf(mask)].some((reader) => positions.get(reader)! <= end)) refuse('its mask is read before the place where it would stand');
  }

  /** A mask with a shape of its own fits only where the data has the same layout. */
  #checkShape(dropout: Current, value: string): void {
    const facts = dropout.place.dropout!;
    const { body } = dropout.place;
    const followsData = facts.form === 'operator' ? dropout.nodes.length === 1 : dropout.place.nodes.some((node) => node.opType === 'RandomUniformLike' && node.inputs[0] === dropout.place.input);
    if (followsData) return;
    const [here, there] = [dropout.place.input, value].map((name) => body.tensor(name).shape);
    if (!here || !there) refuse('its mask has a shape of its own, and the shape at the new place is not known');
    const fixed = facts.unit === 'element' ? here.length : 2;
    if (here.length !== there.length || here.slice(0, fixed).some((dim, i) => dim === undefined || dim !== there[i])) refuse('its mask has a shape of its own, which does not fit the new place');
  }

  #remove(layer: Layer): void {
    const dropout = this.#dropout(layer);
    const { rewiring, nodes } = dropout;
    const { mask, main } = dropout.place.dropout!;
    if (mask) {
      // In inference the mask is all true (opset 12 and later): keep that for its readers.
      if (dropout.place.body.opset < 12) refuse('its mask is read, and what an inference mask holds differs between runtimes at this opset');
      const place = { before: rewiring.nodeOf(main) };
      const shape = rewiring.edit.freshName(`${mask}_shape`);
      rewiring.insert({ opType: 'Shape', name: rewiring.edit.freshNodeName('Shape'), inputs: [dropout.input], outputs: [shape] }, place);
      rewiring.setOutput(rewiring.nodeOf(main), 1, rewiring.edit.freshName(`${mask}_removed`));
      rewiring.insert({ opType: 'ConstantOfShape', name: rewiring.edit.freshNodeName('ConstantOfShape'), inputs: [shape], outputs: [mask], attributes: [{ name: 'value', tensor: { dataType: BOOL, dims: [1], values: [1] } }] }, place);
    }
    rewiring.join(dropout.input, dropout.output, new Set(nodes), { before: nodes[0] });
    for (const node of nodes) rewiring.remove(node);
  }

  #insert(target: Layer, where: 'after' | 'before', rate: number, training: boolean): void {
    const goal = this.#current(target);
    const { rewiring, place } = goal;
    const others = [...this.lifted.places.values()].filter((each) => each.dropout && each.body === place.body);
    if (where === 'before') {
      const output = rewiring.splitBefore(goal.nodes, goal.input);
      insertDropout(rewiring, { input: goal.input, output }, rate, training, others, { before: goal.nodes[0] });
    } else {
      const producer = rewiring.producerOf(goal.output)!;
      const input = rewiring.splitAfter(producer, goal.output);
      // Built in front of its producer, then moved behind it, with all that it needs.
      const node = insertDropout(rewiring, { input, output: goal.output }, rate, training, others, { before: goal.nodes[0] });
      rewiring.edit.moveTo(node, { after: goal.nodes.at(-1)! });
    }
  }

  /** One draw for each channel, broadcast over space (Tompson et al. 2015). */
  #perChannel(layer: Layer): void {
    const dropout = this.#dropout(layer);
    const { rewiring, nodes, place } = dropout;
    const facts = place.dropout!;
    if (facts.mask) refuse('its mask is read and would have another shape');
    if (facts.unit !== 'element') refuse('it is not elementwise');
    const [first] = nodes;
    const ones = insertChannelOnes(rewiring, place.input, { before: first });
    if (facts.form === 'operator') {
      const node = rewiring.nodeOf(facts.main);
      const mask = rewiring.edit.freshName(`${dropout.output}_mask`);
      rewiring.setInput(node, 0, ones);
      rewiring.setOutput(node, 0, mask);
      rewiring.insert({ opType: 'Mul', name: rewiring.edit.freshNodeName('Mul'), inputs: [dropout.input, mask], outputs: [dropout.output] }, { after: node });
      return;
    }
    const random = nodes.find((node) => node.opType === 'RandomUniformLike');
    if (!random) refuse('its random source has a fixed shape');
    rewiring.setInput(random, 0, ones);
    for (const node of nodes) for (const name of node.outputs) if (name !== dropout.output) rewiring.edit.removeValueInfo(name);
  }

  #configure(layer: Layer, settings: Readonly<Record<string, unknown>>): void {
    const dropout = this.#dropout(layer);
    const { rewiring, place } = dropout;
    const { main, form, rate } = place.dropout!;
    if (form !== 'operator') refuse('it is spelled out in random operators');
    const node = rewiring.nodeOf(main);
    const complement = settings.complementRate === true ? { rate: rate === undefined ? refuse('its rate comes from the run time') : 1 - rate } : {};
    for (const [key, value] of Object.entries({ ...settings, ...complement })) {
      if (key === 'complementRate') continue;
      if (key === 'rate' && typeof value === 'number') {
        if (place.body.opset < 12 && main.domain === '') node.setAttribute({ name: 'ratio', f: value });
        else rewiring.setInput(node, 1, insertConstant(rewiring, 'ratio', { dataType: FLOAT, dims: [], values: [value] }, { before: node }));
      } else if (key === 'trainingMode' && typeof value === 'boolean') {
        if (place.body.opset < 7) node.setAttribute({ name: 'is_test', i: value ? 0 : 1 });
        else if (place.body.opset < 12) refuse('Dropout of opset 7 to 11 has no training mode');
        else this.#setTrainingMode(rewiring, node, dropoutOperands(main).ratio !== undefined, value);
      } else if (key === 'removeSeed' && value === true) node.removeAttribute('seed');
      else refuse(`a Dropout operator has no setting ${key}`);
    }
  }

  #setTrainingMode(rewiring: Rewiring, node: EditableNode, hasRatio: boolean, value: boolean): void {
    if (!hasRatio && node.inputs.length < 2) rewiring.setInput(node, 1, '');
    rewiring.setInput(node, 2, insertConstant(rewiring, 'training_mode', { dataType: BOOL, dims: [], values: [value ? 1 : 0] }, { before: node }));
  }
}

/**
 * All or none of each fix. An editor on which a fix failed half way is thrown away, so that a refused fix leaves no
 * trace; a fix that could be done alone but not beside the others waits for the next pass.
 */
export function lower(model: ModelRecord, lifted: Lifted, fixes: readonly (readonly Edit[])[]): Lowered<Uint8Array> {
  const refusals = new Array<string | undefined>(fixes.length).fill(undefined);
  for (;;) {
    const lowering = new Lowering(model, lifted);
    const failed = fixes.findIndex((fix, i) => refusals[i] === undefined && attempt(lowering, fix) !== undefined);
    if (failed === -1) return { splices: lowering.editor.splices(), refusals };
    refusals[failed] = attempt(new Lowering(model, lifted), fixes[failed]) ?? 'it overlaps another fix of the same pass';
  }
}

/** The reason why the fix cannot be realised, if it cannot. */
function attempt(lowering: Lowering, fix: readonly Edit[]): string | undefined {
  try {
    for (const edit of fix) lowering.apply(edit);
    return undefined;
  } catch (error) {
    if (error instanceof Refusal) return error.message;
    throw error;
  }
}
