/** Where things stand: in the file under study, or in another one, and then where this one leads there. */
import type { ts } from 'ts-morph';
import type { Origin, SourceLine } from '../../../graph/layers.js';

export interface Study {
  /** The file under study. */
  readonly source: ts.SourceFile;
  /** Of a node in another file: the call or import in this one that led there. */
  readonly calledFrom?: ts.Node | undefined;
  /** How places are called; default `line:column`. */
  readonly pathOf?: ((node: ts.Node) => string) | undefined;
}

export function originOf(node: ts.Node, name: string, { source: file, calledFrom = file, pathOf }: Study): Origin {
  const source = lineOf(node);
  const place = pathOf?.(node) ?? `${source.line}:${source.column}`;
  if (node.getSourceFile() === file) return { path: place, name, ...rangeOf(node), source };
  return { path: `${source.file}:${place}`, name, ...rangeOf(calledFrom), source, via: lineOf(calledFrom) };
}

function lineOf(node: ts.Node): SourceLine {
  const file = node.getSourceFile();
  const [from, to] = [node.getStart(file), node.end].map((position) => file.getLineAndCharacterOfPosition(position));
  return { file: file.fileName, line: from.line + 1, column: from.character + 1, endLine: to.line + 1, endColumn: to.character + 1 };
}

function rangeOf(node: ts.Node): Required<Pick<Origin, 'order' | 'range'>> {
  const start = node.getStart(node.getSourceFile());
  return { order: start, range: { start, end: node.end } };
}
