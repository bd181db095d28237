/** SVG. Its colours are CSS variables: a page sets them, and a file of its own brings them along, for light and dark. */
import type { Diagram } from '../../graph/diagram.js';
import { attributes, escapeMarkup } from '../markup.js';
import { placed, type Placed, type PlacedArrow, type PlacedBox } from './layout.js';

/** Light, then dark. Contrast is at least 4.5 to 1 for text, 3 to 1 for marks. */
export const PALETTE = `
  --d-back: #ffffff; --d-text: #1f2328; --d-quiet: #59636e; --d-line: #6e7781; --d-box: #f6f8fa; --d-edge: #b7bfc8;
  --d-weighted: #0969da; --d-activation: #8250df; --d-normalization: #1a7f37; --d-dropout: #bc4c00; --d-other: #6e7781;
  --d-found: #cf222e; --d-found-back: #ffebe9; --d-related: #9a6700; --d-related-back: #fff8c5; --d-changed: #1a7f37; --d-changed-back: #dafbe1;`;
export const DARK_PALETTE = `
  --d-back: #0d1117; --d-text: #e6edf3; --d-quiet: #9198a1; --d-line: #9198a1; --d-box: #161b22; --d-edge: #4b535d;
  --d-weighted: #58a6ff; --d-activation: #bc8cff; --d-normalization: #3fb950; --d-dropout: #f0883e; --d-other: #9198a1;
  --d-found: #ff7b72; --d-found-back: #3c1618; --d-related: #d29922; --d-related-back: #312509; --d-changed: #3fb950; --d-changed-back: #0f2e18;`;

export const DIAGRAM_STYLE = `
.diagram { font: 12px system-ui, -apple-system, "Segoe UI", "DejaVu Sans", sans-serif; }
.diagram text { fill: var(--d-text); text-anchor: middle; }
.diagram .detail { fill: var(--d-quiet); font-size: 11px; }
.diagram .title { font-weight: 600; font-size: 13px; text-anchor: start; }
.diagram .box { fill: var(--d-box); stroke: var(--d-edge); }
.diagram .kind { fill: var(--d-other); }
.diagram .linear .kind, .diagram .convolution .kind, .diagram .recurrent .kind, .diagram .embedding .kind { fill: var(--d-weighted); }
.diagram .activation .kind { fill: var(--d-activation); }
.diagram .normalization .kind { fill: var(--d-normalization); }
.diagram .dropout .kind { fill: var(--d-dropout); }
.diagram .input .box, .diagram .output .box { rx: 15px; }
.diagram .fold .box { stroke-dasharray: 4 3; }
.diagram .more .box { fill: none; stroke: none; }
.diagram .found .box { fill: var(--d-found-back); stroke: var(--d-found); stroke-width: 2.5; }
.diagram .related .box { fill: var(--d-related-back); stroke: var(--d-related); stroke-width: 1.5; }
.diagram .changed .box { fill: var(--d-changed-back); stroke: var(--d-changed); stroke-width: 2.5; }
.diagram .arrow { fill: none; stroke: var(--d-line); }
.diagram .tip { fill: var(--d-line); }`;

const GAP = 24;
const TITLE = 26;

/** Diagrams below each other, in columns beside each other: `[before, after]`. */
export interface Column {
  readonly title?: string;
  readonly diagrams: readonly Diagram[];
}

/** A picture of its own. */
export function svgFile(columns: readonly Column[], label: string): string {
  const { width, height, body } = arrange(columns);
  const style = `<style>:root {${PALETTE} }\n@media (prefers-color-scheme: dark) { :root {${DARK_PALETTE} } }${DIAGRAM_STYLE}</style>`;
  return `<svg${attributes({ xmlns: 'http://www.w3.org/2000/svg', viewBox: `0 0 ${width} ${height}`, width, height, class: 'diagram', role: 'img' })}><title>${escapeMarkup(label)}</title>${style}<rect width="100%" height="100%" fill="var(--d-back)"/>${body}</svg>\n`;
}

/** In a page that has the style. `label` says in words what the picture shows. */
export function inlineSvg(diagram: Diagram, label: string): string {
  const place = placed(diagram);
  return `<svg${attributes({ viewBox: `0 0 ${place.width} ${place.height}`, width: place.width, height: place.height, class: 'diagram', role: 'img', 'aria-label': label })}>${draw(place)}</svg>`;
}

function arrange(columns: readonly Column[]): { readonly width: number; readonly height: number; readonly body: string } {
  let x = GAP;
  let height = 0;
  const parts: string[] = [];
  for (const { title, diagrams } of columns) {
    let y = GAP;
    let width = 0;
    if (title !== undefined) {
      parts.push(`<text${attributes({ class: 'title', x, y: y + 4 })}>${escapeMarkup(title)}</text>`);
      y += TITLE;
      width = title.length * 8;
    }
    for (const diagram of diagrams) {
      const place = placed(diagram);
      if (diagrams.length > 1) {
        parts.push(`<text${attributes({ class: 'title', x, y: y + 4 })}>${escapeMarkup(place.title)}</text>`);
        y += TITLE;
      }
      parts.push(`<g${attributes({ transform: `translate(${x} ${y})` })}>${draw(place)}</g>`);
      width = Math.max(width, place.width);
      y += place.height + GAP;
    }
    height = Math.max(height, y);
    x += width + GAP;
  }
  return { width: x, height, body: parts.join('\n') };
}

function draw({ boxes, arrows }: Placed): string {
  return [...arrows.map(drawArrow), ...boxes.map(drawBox)].join('\n');
}

function drawBox({ x, y, width, height, lines, kind, mark, label, detail }: PlacedBox): string {
  const [left, top] = [x - width / 2, y - height / 2];
  const [first = '', second] = lines;
  const strip = kind === 'more' || kind === 'fold' || kind === 'input' || kind === 'output' ? '' : `<rect${attributes({ class: 'kind', x: left, y: top, width: 4, height })}/>`;
  const text = second === undefined
    ? `<text${attributes({ x, y: y + 4 })}>${escapeMarkup(first)}</text>`
    : `<text${attributes({ x, y: y - 3 })}>${escapeMarkup(first)}</text><text${attributes({ class: 'detail', x, y: y + 13 })}>${escapeMarkup(second)}</text>`;
  return `<g${attributes({ class: mark ? `${kind} ${mark}` : kind })}><title>${escapeMarkup(detail === undefined ? label : `${label}\n${detail}`)}</title><rect${attributes({ class: 'box', x: left, y: top, width, height, rx: 4 })}/>${strip}${text}</g>`;
}

const round = (value: number): number => Math.round(value * 10) / 10;

function drawArrow({ points }: PlacedArrow): string {
  const [first, ...rest] = points;
  const [end, before] = [points.at(-1), points.at(-2)];
  if (!first || !end || !before) return '';
  const angle = (Math.atan2(end.y - before.y, end.x - before.x) * 180) / Math.PI;
  const path = `M${round(first.x)} ${round(first.y)}${rest.map(({ x, y }) => `L${round(x)} ${round(y)}`).join('')}`;
  return `<path${attributes({ class: 'arrow', d: path })}/><path${attributes({ class: 'tip', d: 'M0 0L-7 -3.5L-7 3.5Z', transform: `translate(${round(end.x)} ${round(end.y)}) rotate(${round(angle)})` })}/>`;
}
