/** TensorFlow.js model.json and Keras JSON as a document: architecture graphs, and edits of its own text. */
import type { ts as TS } from 'ts-morph';
import { ts } from '../code/typescript.js';
import type { Edit } from '../../graph/edits.js';
import { UnreadableError } from '../document.js';
import type { Lowered, Model, Splice, TextDocument } from '../document.js';
import { applySplices } from '../code/splices.js';
import { assembleModel } from '../code/lift/assemble.js';
import { syntaxErrors } from '../code/syntax.js';
import { elements, member, parseJson, rootOf, stringAt } from './json.js';
import { lowerTopology } from './lower.js';
import { modelOf, topologyOf } from './read.js';
import type { Described } from './read.js';

/** The text gate: false only for JSON that holds no Keras topology. */
export const mayBeTopology = (text: string): boolean => text.includes('"class_name"');

export class TopologyDocument implements TextDocument {
  readonly format = 'topology';
  readonly source: TS.SourceFile;
  readonly topology: Described | undefined;
  readonly models: readonly Model[];

  constructor(readonly file: string, readonly text: string) {
    this.source = parseJson(file, text);
    if (syntaxErrors(this.source) > 0 || !rootOf(this.source)) throw new UnreadableError(file, 'it is no valid JSON');
    const root = rootOf(this.source);
    this.topology = topologyOf(root);
    this.models = this.topology ? [this.#model(this.topology, lossesOf(root))] : [];
  }

  #model(topology: Described, losses: readonly string[]): Model {
    const state = modelOf(topology, losses);
    const graph = assembleModel(state, { source: this.source, shared: false, ends: () => true, losses, isSource: false, pathOf: (node) => pathOf(node), unread: state.unread });
    if (losses.length > 0) graph.trainingEvidence.push('a training configuration with a loss');
    return { name: state.name, variants: [[graph]] };
  }

  lower(fixes: readonly (readonly Edit[])[]): Lowered<string> {
    return lowerTopology(this, fixes);
  }

  withSplices(splices: readonly Splice<string>[]): TopologyDocument {
    return new TopologyDocument(this.file, applySplices(this.text, splices));
  }
}

/** Losses of the training configuration that Keras and TensorFlow.js save beside a topology. */
function lossesOf(root: TS.Expression | undefined): string[] {
  const topology = member(root, 'modelTopology');
  const training = member(root, 'trainingConfig') ?? member(topology, 'training_config') ?? member(root, 'training_config');
  const loss = member(training, 'loss');
  const named = stringAt(loss) ?? stringAt(member(loss, 'class_name'));
  return named !== undefined ? [named] : elements(loss).flatMap((each) => stringAt(each) ?? []);
}

/** Where a node stands: `modelTopology.model_config.config.layers[3]`. */
function pathOf(node: TS.Node): string {
  const parts: string[] = [];
  for (let at = node; at.parent; at = at.parent) {
    if (ts.isArrayLiteralExpression(at.parent)) parts.unshift(`[${at.parent.elements.indexOf(at as TS.Expression)}]`);
    else if (ts.isPropertyAssignment(at) && ts.isStringLiteral(at.name)) parts.unshift(`.${at.name.text}`);
  }
  return parts.join('').replace(/^\./, '') || '$';
}

/**
 * Reads a topology. JSON that holds none gives no models. Throws `UnreadableError` for text that is no JSON.
 */
export function readTopology(file: string, text: string): TopologyDocument {
  return new TopologyDocument(file, text);
}
