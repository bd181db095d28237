/** A graph, or two beside each other, with the findings in words: one HTML file that needs nothing else. */
import { escapeMarkup as text } from '../markup.js';
import { inlineSvg, type Column } from '../picture/svg.js';
import { documentOf } from './document.js';

export interface ShownFinding {
  readonly rule: string;
  readonly level: 'info' | 'warn' | 'error';
  readonly message: string;
  readonly place: string;
}

export function graphPage(columns: readonly Column[], label: string, findings: readonly ShownFinding[]): string {
  const figures = columns.flatMap(({ title, diagrams }) => diagrams.map((diagram) => {
    const caption = title === undefined ? diagram.title : `${title}: ${diagram.title}`;
    return `<figure tabindex="0" aria-label="${text(caption)}"><figcaption>${text(caption)}</figcaption>${inlineSvg(diagram, `${caption}, ${diagram.boxes.length} boxes`)}</figure>`;
  }));
  const rows = findings.map(({ rule, level, message, place }) => `<tr><td><span class="badge ${level}">${level}</span></td><th scope="row">${text(rule)}</th><td><code>${text(place)}</code></td><td>${text(message)}</td></tr>`);
  const table = rows.length > 0 ? `<h2>Findings</h2><table><thead><tr><th scope="col">level</th><th scope="col">rule</th><th scope="col">where</th><th scope="col">what</th></tr></thead><tbody>${rows.join('')}</tbody></table>` : '';
  return `${documentOf(label, `<main><h1>${text(label)}</h1><div class="pictures">${figures.join('\n')}</div>${table}</main>`)}\n`;
}
