/** Layers that the file asks for by their names. */
import type { ts as TS } from 'ts-morph';
import { ts } from '../typescript.js';
import type { Layer } from '../../../graph/layers.js';
import type { CodeDocument } from '../document.js';
import { siteOf } from '../lift/assemble.js';
import { copiesOf, graphsOf } from './expected.js';
import { refuse } from './refusal.js';

/** `model.getLayer('drop1')` would throw, and what looks for the name in another way would find nothing. */
export function requireUnnamed(document: CodeDocument, layer: Layer): void {
  const graphs = graphsOf(document);
  const names = new Set(copiesOf(graphs, layer).map(({ configuration }) => configuration?.entries.get('name')?.value));
  const makers = new Set(graphs.flatMap((graph) => graph.layers.map((each) => siteOf(each)?.instance.node)));
  const visit = (node: TS.Node): void => {
    if (ts.isStringLiteralLike(node) && names.has(node.text) && !isNameOfLayer(node, makers)) {
      const { line } = document.source.getLineAndCharacterOfPosition(node.getStart());
      refuse(`this file names it elsewhere ('${node.text}', line ${line + 1})`);
    }
    ts.forEachChild(node, visit);
  };
  visit(document.source);
}

/** `name: '…'` where a layer is made. */
function isNameOfLayer(node: TS.Node, makers: ReadonlySet<TS.Node | undefined>): boolean {
  const { parent } = node;
  if (!ts.isPropertyAssignment(parent) || parent.initializer !== node || parent.name.getText() !== 'name') return false;
  const call = ts.findAncestor(parent, ts.isCallOrNewExpression);
  return makers.has(call);
}
