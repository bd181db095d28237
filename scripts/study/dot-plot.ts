/** Means with their spread, row by row and panel by panel, as SVG. */
import { CHART_STYLE, number, ticks } from '../../src/report/line-chart.js';
import { attributes, escapeMarkup } from '../../src/report/markup.js';

export interface DotPlot {
  readonly title: string;
  /** What the axis counts. */
  readonly x: string;
  readonly panels: readonly string[];
  readonly groups: readonly { readonly title: string; readonly rows: readonly Row[] }[];
}

export interface Row {
  readonly name: string;
  /** One for each panel. */
  readonly dots: readonly { readonly mean: number; readonly spread: number }[];
}

const [LABELS, PANEL, GAP, LINE, TOP, BOTTOM] = [276, 200, 24, 20, 58, 48];
const COLOR = '#0072b2';

export function dotPlot({ title, x, panels, groups }: DotPlot): string {
  const lines = groups.flatMap((group) => [{ heading: group.title }, ...group.rows.map((row) => ({ row }))]);
  const [width, height] = [LABELS + panels.length * (PANEL + GAP), TOP + lines.length * LINE + BOTTOM];
  const axis = ticks(groups.flatMap(({ rows }) => rows.flatMap(({ dots }) => dots.flatMap(({ mean, spread }) => [mean - spread, mean + spread]))));
  const toX = (panel: number, value: number): number => LABELS + panel * (PANEL + GAP) + ((value - axis[0]!) / (axis.at(-1)! - axis[0]!)) * PANEL;
  const shown = axis.filter((_, index) => index % Math.ceil(axis.length / 6) === 0);
  const drawn = [
    text(0, 20, title, { class: 'title' }),
    ...panels.flatMap((panel, index) => [
      text(toX(index, axis[0]!) + PANEL / 2, TOP - 14, panel, { 'text-anchor': 'middle' }),
      ...shown.flatMap((tick) => [line(toX(index, tick), TOP - 6, toX(index, tick), height - BOTTOM + 4, { class: 'grid' }), text(toX(index, tick), height - BOTTOM + 18, number(tick), { 'text-anchor': 'middle' })]),
      text(toX(index, axis[0]!) + PANEL / 2, height - 8, x, { 'text-anchor': 'middle' }),
    ]),
    ...lines.flatMap((entry, index) => {
      const y = TOP + index * LINE + LINE / 2;
      if ('heading' in entry) return [text(0, y + 4, entry.heading, { 'font-weight': '600' })];
      return [text(12, y + 4, entry.row.name, {}), ...entry.row.dots.map(({ mean, spread }, panel) => dot(toX(panel, mean), toX(panel, mean - spread), toX(panel, mean + spread), y))];
    }),
  ];
  return [
    `<svg xmlns="http://www.w3.org/2000/svg"${attributes({ viewBox: `0 0 ${width} ${height}`, width, height, role: 'img', 'aria-label': title })}>`,
    `<title>${escapeMarkup(title)}</title><style>${CHART_STYLE}</style>`,
    ...drawn,
    '</svg>',
    '',
  ].join('\n');
}

const dot = (center: number, low: number, high: number, y: number): string =>
  `${line(low, y, high, y, { stroke: COLOR, 'stroke-width': '2', 'stroke-opacity': '.5' })}<circle${attributes({ cx: center.toFixed(1), cy: y.toFixed(1), r: '3.5', fill: COLOR })}/>`;
const line = (x1: number, y1: number, x2: number, y2: number, more: Record<string, string>): string => `<line${attributes({ x1: x1.toFixed(1), y1: y1.toFixed(1), x2: x2.toFixed(1), y2: y2.toFixed(1), ...more })}/>`;
const text = (x: number, y: number, content: string, more: Record<string, string>): string => `<text${attributes({ x: x.toFixed(1), y: y.toFixed(1), ...more })}>${escapeMarkup(content)}</text>`;
