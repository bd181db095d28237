/** What stands around a finding, before its fix and after: plain data, drawn by the reports that show pictures. */
import type { Document } from '../formats/document.js';
import { neighbourhoodOf, type Diagram, type Mark } from '../graph/diagram.js';
import type { Edit } from '../graph/edits.js';
import type { Layer } from '../graph/layers.js';
import type { Finding } from './findings.js';

export interface Illustration {
  readonly before: Diagram;
  /** Absent where there is no fix, or none that the format can express. */
  readonly after?: Diagram;
}

/** `document`: what the finding's layers belong to. */
export type Illustrate = (finding: Finding, document: Document) => Illustration | undefined;

/** Of one file. */
const MOST = 300;
/** An `after` is a document of its own: so many layers are read for the pictures of one file. */
const MOST_LAYERS = 500_000;

/** For the findings of one file. */
export function illustrator(): Illustrate {
  let made = 0;
  let layers = 0;
  return ({ problem, fixClass }, document) => {
    if ((made += 1) > MOST) return undefined;
    const marks = new Map<Layer, Mark>([...(problem.related ?? []).map((layer) => [layer, 'related'] as const), [problem.at, 'found']]);
    const before = neighbourhoodOf(problem.at, marks);
    if (!fixClass || !problem.edits || (layers += problem.at.graph.layers.length) > MOST_LAYERS) return { before };
    const after = afterOf(document, problem.edits, problem.at);
    return after ? { before, after } : { before };
  };
}

function afterOf(document: Document, edits: readonly Edit[], at: Layer): Diagram | undefined {
  const { splices, refusals } = document.lower([edits]);
  if (refusals[0] !== undefined) return undefined;
  const graphs = document.withSplices(splices as never[]).models.flatMap(({ variants }) => variants.flat());
  const known = new Set(at.graph.layers.map(({ key }) => key));
  const layers = graphs.flatMap((graph) => (graph.path === at.graph.path ? graph.layers : []));
  // A layer that was removed is shown by the place where it was.
  const anchor = layers.find(({ key }) => key === at.key) ?? layers.find((layer) => !known.has(layer.key)) ?? layers.find(({ key }) => key === (at.inputs[0]?.producer ?? at.outputs[0]?.consumers[0])?.key);
  if (!anchor) return undefined;
  const changed = new Set(edits.flatMap((edit) => ('layer' in edit && edit.type !== 'fold-bias' ? [edit.layer.key] : [])));
  const marks = layers.filter((layer) => changed.has(layer.key) || !known.has(layer.key)).map((layer): [Layer, Mark] => [layer, 'changed']);
  return neighbourhoodOf(anchor, new Map(marks));
}
