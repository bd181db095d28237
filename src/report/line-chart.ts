/** Line charts as self-contained SVG, readable on light and dark ground. */
import { attributes, escapeMarkup } from './markup.js';

export type Point = readonly [x: number, y: number];

export interface Series {
  readonly name: string;
  /** In the order of x. */
  readonly points: readonly Point[];
  /** Lower and upper bounds at the same x, drawn as a band. */
  readonly band?: readonly (readonly [low: number, high: number])[];
  /** Keeps its value until the next point, as a rate does within an epoch. */
  readonly steps?: boolean;
}

export interface LineChart {
  readonly title: string;
  readonly x: string;
  readonly y: string;
  readonly series: readonly Series[];
  readonly width?: number;
  readonly height?: number;
}

/** Okabe & Ito 2008: told apart by colour-blind readers too. */
const COLORS = ['#0072b2', '#d55e00', '#009e73', '#cc79a7', '#e69f00', '#56b4e9', '#666666'];
const MARGIN = { top: 34, right: 16, bottom: 44, left: 54 };
const LEGEND_LINE = 18;

export const CHART_STYLE = [
  'text{font:12px system-ui,sans-serif;fill:#24292f}.title{font-size:14px;font-weight:600}',
  '.grid{stroke:#8c959f;stroke-opacity:.35}.band{fill-opacity:.15}.line{fill:none;stroke-width:2}',
  '@media(prefers-color-scheme:dark){text{fill:#e6edf3}}',
].join('');

/** The chart as an SVG document. */
export function lineChart({ title, x, y, series, width = 720, height = 380 }: LineChart): string {
  const legendTop = height;
  const total = height + (series.length > 1 ? Math.ceil(series.length / 2) * LEGEND_LINE + 8 : 0);
  const points = series.flatMap((each) => each.points);
  const [xTicks, yTicks] = [ticks(points.map(([at]) => at)), ticks([0, ...points.map(([, value]) => value), ...series.flatMap((each) => each.band?.flat() ?? [])])];
  const toX = scale(xTicks, MARGIN.left, width - MARGIN.right);
  const toY = scale(yTicks, height - MARGIN.bottom, MARGIN.top);
  const grid = [
    ...yTicks.map((tick) => `${line(MARGIN.left, toY(tick), width - MARGIN.right, toY(tick))}${label(MARGIN.left - 6, toY(tick) + 4, number(tick), 'end')}`),
    ...xTicks.map((tick) => label(toX(tick), height - MARGIN.bottom + 18, number(tick), 'middle')),
  ];
  const drawn = series.map((each, index) => drawSeries(each, COLORS[index % COLORS.length]!, toX, toY));
  const legend = series.length > 1 ? series.map((each, index) => legendEntry(each.name, index, legendTop, width)) : [];
  return [
    `<svg xmlns="http://www.w3.org/2000/svg"${attributes({ viewBox: `0 0 ${width} ${total}`, width, height: total, role: 'img', 'aria-label': title })}>`,
    `<title>${escapeMarkup(title)}</title><style>${CHART_STYLE}</style>`,
    `<text class="title"${attributes({ x: MARGIN.left, y: 20 })}>${escapeMarkup(title)}</text>`,
    ...grid,
    label((MARGIN.left + width - MARGIN.right) / 2, height - 8, x, 'middle'),
    `<text${attributes({ transform: `translate(14 ${(MARGIN.top + height - MARGIN.bottom) / 2}) rotate(-90)`, 'text-anchor': 'middle' })}>${escapeMarkup(y)}</text>`,
    ...drawn,
    ...legend,
    '</svg>',
    '',
  ].join('\n');
}

function drawSeries({ points, band, steps }: Series, color: string, toX: Scale, toY: Scale): string {
  const at = ([px, py]: Point): string => `${place(toX(px))},${place(toY(py))}`;
  const path = points.map((point, index) => {
    const before = points[index - 1];
    return steps && before ? `${at([point[0], before[1]])} ${at(point)}` : at(point);
  });
  const area = band && [...band.map(([low], index) => at([points[index]![0], low])), ...band.map(([, high], index) => at([points[index]![0], high])).reverse()];
  return `${area ? `<polygon class="band"${attributes({ points: area.join(' '), fill: color })}/>` : ''}<polyline class="line"${attributes({ points: path.join(' '), stroke: color })}/>`;
}

function legendEntry(name: string, index: number, top: number, width: number): string {
  const [left, middle] = [MARGIN.left + (index % 2) * (width / 2 - MARGIN.left / 2), top + Math.floor(index / 2) * LEGEND_LINE + 8];
  return `<line class="line"${attributes({ x1: left, x2: left + 22, y1: middle, y2: middle, stroke: COLORS[index % COLORS.length]! })}/>${label(left + 28, middle + 4, name, 'start')}`;
}

type Scale = (value: number) => number;

function scale(ticksOfAxis: readonly number[], from: number, to: number): Scale {
  const [low, high] = [ticksOfAxis[0]!, ticksOfAxis.at(-1)!];
  return (value) => from + ((value - low) / (high - low)) * (to - from);
}

/** Round numbers (1, 2 or 5 times a power of ten apart) around the values: four to ten of them. */
export function ticks(values: readonly number[]): number[] {
  const [low, high] = values.reduce(([least, most], value) => [Math.min(least, value), Math.max(most, value)], [Infinity, -Infinity]);
  const span = high > low ? high - low : Math.abs(high) || 1;
  const power = 10 ** Math.floor(Math.log10(span / 4));
  const step = power * [1, 2, 5].findLast((factor) => span / (power * factor) >= 4)!;
  const [first, last] = [Math.floor(low / step + 1e-9), Math.ceil((high > low ? high : low + span) / step - 1e-9)];
  return Array.from({ length: last - first + 1 }, (_, index) => Number(((first + index) * step).toPrecision(12)));
}

export const number = (value: number): string => String(Number(value.toPrecision(6)));
const place = (value: number): string => value.toFixed(1);
const line = (x1: number, y1: number, x2: number, y2: number): string => `<line class="grid"${attributes({ x1: place(x1), y1: place(y1), x2: place(x2), y2: place(y2) })}/>`;
const label = (x: number, y: number, text: string, anchor: string): string => `<text${attributes({ x: place(x), y: place(y), 'text-anchor': anchor })}>${escapeMarkup(text)}</text>`;
