/** The look of HTML reports, in light and dark. */
import { DARK_PALETTE, DIAGRAM_STYLE, PALETTE } from '../picture/svg.js';

const LIGHT = `${PALETTE}
  --back: #ffffff; --panel: #f6f8fa; --text: #1f2328; --quiet: #59636e; --line: #d1d9e0; --link: #0550ae; --focus: #0969da;
  --error: #b3202c; --error-back: #ffebe9; --warn: #7d4e00; --warn-back: #fff8c5; --info: #0550ae; --info-back: #ddf4ff; --good: #116329; --good-back: #dafbe1;`;
const DARK = `${DARK_PALETTE}
  --back: #0d1117; --panel: #161b22; --text: #e6edf3; --quiet: #9ea7b0; --line: #30363d; --link: #79c0ff; --focus: #58a6ff;
  --error: #ff938a; --error-back: #3c1618; --warn: #e3b341; --warn-back: #312509; --info: #79c0ff; --info-back: #0c2d4a; --good: #56d364; --good-back: #0f2e18;`;

export const STYLE = `
:root { color-scheme: light dark; ${LIGHT} }
@media (prefers-color-scheme: dark) { :root { ${DARK} } }
* { box-sizing: border-box; }
body { margin: 0; font: 15px/1.5 system-ui, -apple-system, "Segoe UI", "DejaVu Sans", sans-serif; color: var(--text); background: var(--back); }
header, main, footer { max-width: 76rem; margin: 0 auto; padding: 0 1.25rem; }
a { color: var(--link); }
:focus-visible { outline: 3px solid var(--focus); outline-offset: 2px; border-radius: 3px; }
.skip { position: absolute; left: -99rem; }
.skip:focus { left: 1rem; top: 1rem; background: var(--back); padding: .5rem 1rem; z-index: 2; }
h1 { font-size: 1.5rem; margin: 1.5rem 0 .25rem; }
h2 { font-size: 1.05rem; margin: 2rem 0 .5rem; overflow-wrap: anywhere; }
.lead { color: var(--quiet); margin: 0 0 1rem; }
.counts { display: flex; flex-wrap: wrap; gap: .5rem; margin: 0 0 1rem; padding: 0; list-style: none; }
.counts li { padding: .35rem .8rem; border: 1px solid var(--line); border-radius: 6px; background: var(--panel); }
.counts b { font-size: 1.15rem; margin-right: .3rem; }
.filters { position: sticky; top: 0; z-index: 1; display: flex; flex-wrap: wrap; gap: .75rem 1rem; align-items: end; padding: .75rem 0; background: var(--back); border-bottom: 1px solid var(--line); }
.filters label { display: grid; gap: .15rem; font-size: .85rem; color: var(--quiet); }
select, input, button { font: inherit; color: var(--text); background: var(--panel); border: 1px solid var(--d-line); border-radius: 6px; padding: .3rem .5rem; max-width: 15rem; min-height: 2.2rem; }
button { cursor: pointer; }
.filters output { margin-left: auto; color: var(--quiet); font-size: .9rem; }
details.finding { border: 1px solid var(--line); border-radius: 8px; margin: .5rem 0; }
details.finding > summary { padding: .6rem .9rem; cursor: pointer; display: flex; flex-wrap: wrap; gap: .25rem .75rem; align-items: baseline; list-style: none; border-radius: 8px; }
details.finding > summary::-webkit-details-marker { display: none; }
details.finding > summary::before { content: "▸"; color: var(--quiet); width: .8rem; }
details.finding[open] > summary::before { content: "▾"; }
details.finding[open] > summary { background: var(--panel); border-bottom: 1px solid var(--line); border-radius: 8px 8px 0 0; }
.rule { font-weight: 600; }
.place, code { font-family: ui-monospace, "SF Mono", Menlo, Consolas, "DejaVu Sans Mono", monospace; font-size: .86em; overflow-wrap: anywhere; }
.place { color: var(--quiet); }
.badge { font-size: .78rem; font-weight: 600; padding: .05rem .5rem; border-radius: 1rem; }
.error { color: var(--error); background: var(--error-back); } .warn { color: var(--warn); background: var(--warn-back); }
.info { color: var(--info); background: var(--info-back); } .fixed { color: var(--good); background: var(--good-back); }
.class { font-size: .8rem; color: var(--quiet); margin-left: auto; }
.what { flex-basis: 100%; padding-left: 1.5rem; }
.body { padding: .25rem 1rem 1rem; }
.body h3 { font-size: .95rem; margin: 1rem 0 .35rem; }
.pictures { display: flex; flex-wrap: wrap; gap: 1rem; align-items: flex-start; }
figure { margin: 0; max-width: 100%; overflow-x: auto; border: 1px solid var(--line); border-radius: 8px; padding: .5rem; background: var(--d-back); }
figcaption { font-size: .85rem; color: var(--quiet); padding: 0 .25rem .25rem; }
figure svg { display: block; max-width: none; }
table { border-collapse: collapse; font-size: .9rem; }
th, td { text-align: left; vertical-align: top; padding: .25rem .75rem .25rem 0; border-bottom: 1px solid var(--line); }
pre { overflow-x: auto; background: var(--panel); padding: .75rem; border-radius: 6px; }
.explanation { border-left: 3px solid var(--line); padding-left: 1rem; max-width: 52rem; }
.explanation h4 { font-size: 1rem; margin: .5rem 0; } .explanation h5, .explanation h6 { font-size: .92rem; margin: 1rem 0 .25rem; }
.clean { color: var(--quiet); }
footer { color: var(--quiet); font-size: .85rem; padding-block: 2rem; }
[hidden] { display: none !important; }
@media print { .filters { display: none; } details.finding { break-inside: avoid; } }
${DIAGRAM_STYLE}
`;
