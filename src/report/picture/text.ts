/** Diagrams as text for other programs to draw: Graphviz and Mermaid. */
import type { Box, Diagram } from '../../graph/diagram.js';
import type { Column } from './svg.js';

const MARKS = {
  found: { fill: '#ffebe9', line: '#cf222e' },
  related: { fill: '#fff8c5', line: '#9a6700' },
  changed: { fill: '#dafbe1', line: '#1a7f37' },
} as const;

const flat = (columns: readonly Column[]): readonly (readonly [string, Diagram])[] =>
  columns.flatMap(({ title, diagrams }) => diagrams.map((diagram) => [title === undefined ? diagram.title : `${title}: ${diagram.title}`, diagram] as const));

/** https://graphviz.org/doc/info/lang.html */
export function dot(columns: readonly Column[]): string {
  const clusters = flat(columns).map(([title, { boxes, arrows }], cluster) => {
    const id = (box: number): string => `c${cluster}_${box}`;
    return [
      `  subgraph cluster_${cluster} {`,
      `    label=${quoted(title)};`,
      ...boxes.map((box) => `    ${id(box.id)} [label=${quoted([box.label, box.detail].filter((each) => each !== undefined).join('\n'))}${dotStyle(box)}];`),
      ...arrows.map(([from, to]) => `    ${id(from)} -> ${id(to)};`),
      '  }',
    ].join('\n');
  });
  return ['digraph model {', '  node [shape=box, style="rounded,filled", fillcolor="#f6f8fa", fontname="Helvetica", fontsize=11];', '  edge [color="#6e7781"];', ...clusters, '}', ''].join('\n');
}

function dotStyle({ kind, mark }: Box): string {
  if (mark) return `, fillcolor="${MARKS[mark].fill}", color="${MARKS[mark].line}", penwidth=2`;
  if (kind === 'fold') return ', style="rounded,dashed"';
  return kind === 'more' ? ', shape=plaintext, style=""' : kind === 'input' || kind === 'output' ? ', shape=oval' : '';
}

const quoted = (text: string): string => `"${text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n').replaceAll('\r', '')}"`;

/** https://mermaid.js.org/syntax/flowchart.html */
export function mermaid(columns: readonly Column[]): string {
  const clusters = flat(columns).map(([title, { boxes, arrows }], cluster) => {
    const id = (box: number): string => `c${cluster}_${box}`;
    return [
      `  subgraph g${cluster}[${entity(title)}]`,
      ...boxes.map((box) => `    ${id(box.id)}${mermaidBox(box)}${box.mark ? `:::${box.mark}` : ''}`),
      ...arrows.map(([from, to]) => `    ${id(from)} --> ${id(to)}`),
      '  end',
    ].join('\n');
  });
  const classes = Object.entries(MARKS).map(([mark, { fill, line }]) => `  classDef ${mark} fill:${fill},stroke:${line},stroke-width:2px,color:#1f2328`);
  return ['flowchart TD', ...clusters, ...classes, ''].join('\n');
}

function mermaidBox({ kind, label, detail }: Box): string {
  const text = entity(detail === undefined ? label : `${label}\n${detail}`);
  return kind === 'input' || kind === 'output' ? `([${text}])` : kind === 'fold' ? `[[${text}]]` : `[${text}]`;
}

/** Characters that Mermaid or its Markdown could take for its own, by their numbers. */
const entity = (text: string): string => `"${text.replace(/[^\p{L}\p{N} .,:=()/…×→\n-]/gu, (character) => `#${character.codePointAt(0)};`).replaceAll('\n', '<br/>')}"`;
