/** A report in one HTML file that needs nothing else: neither a network nor a server. */
import { marked } from 'marked';
import { rules } from '../../../rules/index.js';
import type { LintMessage, LintResult } from '../../lint/result.js';
import { packageJson } from '../../package.js';
import type { Proof } from '../../verify/proof.js';
import type { ReportContext } from '../formatter.js';
import { attributes, escapeMarkup as text } from '../markup.js';
import { inlineSvg } from '../picture/svg.js';
import { hasLines, relativePath, sourceText } from '../places.js';
import { checkText, failureText, proofSummary } from '../proof-text.js';
import { rulePage, rulePageText } from '../rule-pages.js';
import { summaryOf } from '../summary.js';
import { count } from '../wording.js';
import { documentOf } from './document.js';
import { SCRIPT } from './script.js';

interface Entry {
  readonly message: LintMessage;
  readonly state: LintMessage['level'] | 'fixed';
}

const LABELS = { error: 'error', warn: 'warning', info: 'info', fixed: 'fixed' } as const;

export function html(results: readonly LintResult[], { cwd }: ReportContext): string {
  const summary = summaryOf(results);
  const used = [...new Set(results.flatMap((result) => entriesOf(result).map(({ message }) => message.ruleId ?? '')))].sort();
  const files = results.filter((result) => entriesOf(result).length > 0).map(({ filePath }) => relativePath(filePath, cwd));
  const counts = [[summary.files, 'file'], [summary.errors, 'error'], [summary.warnings, 'warning'], [summary.infos, 'informational finding'], [summary.fixes, 'fix']] as const;
  const body = `
<a class="skip" href="#findings">To the findings</a>
<header>
<h1>droplint report</h1>
<p class="lead">${text(summary.text)}</p>
<ul class="counts" aria-label="Summary">${counts.map(([number, noun]) => `<li><b>${number}</b>${text(count(number, noun).replace(/^\d+ /, ''))}</li>`).join('')}</ul>
</header>
<main>
<form class="filters" aria-label="Filters">
${select('rule', 'Rule', used.map((id) => [id, id === '' ? 'unreadable file' : id]))}
${select('file', 'File', files.map((file) => [file, file]))}
${select('level', 'Level', Object.entries(LABELS))}
<label for="text">Text<input id="text" type="search" autocomplete="off"></label>
<button type="button" id="clear">Clear</button><button type="button" id="all">Open or close all</button>
<output id="shown" aria-live="polite"></output>
</form>
<div id="findings" tabindex="-1">
${results.filter((result) => !isClean(result)).map((result) => fileSection(result, cwd)).join('\n')}
${cleanFiles(results.filter(isClean), cwd)}
</div>
</main>
${used.map(pageTemplate).join('')}
<footer>droplint ${text(packageJson().version)}. Keys: <kbd>j</kbd> and <kbd>k</kbd> go from finding to finding, <kbd>Enter</kbd> opens one, <kbd>/</kbd> searches.</footer>`;
  return documentOf('droplint report', body, SCRIPT);
}

const entriesOf = ({ fixed = [], messages }: LintResult): readonly Entry[] => [...messages.map((message) => ({ message, state: message.level })), ...fixed.map((message) => ({ message, state: 'fixed' as const }))];

function select(id: string, label: string, choices: readonly (readonly [string, string])[]): string {
  return `<label for="${id}">${label}<select id="${id}"><option value="">all</option>${choices.map(([value, shown]) => `<option${attributes({ value })}>${text(shown)}</option>`).join('')}</select></label>`;
}

const isClean = (result: LintResult): boolean => entriesOf(result).length === 0;

function cleanFiles(results: readonly LintResult[], cwd: string): string {
  if (results.length === 0) return '';
  const items = results.map(({ filePath, note }) => `<li><span class="place">${text(relativePath(filePath, cwd))}</span>${note ? ` <span class="clean">${text(note)}</span>` : ''}</li>`);
  return `<section class="clean-files"><h2>Without findings (${results.length})</h2><ul>${items.join('')}</ul></section>`;
}

function fileSection(result: LintResult, cwd: string): string {
  const file = relativePath(result.filePath, cwd);
  const entries = entriesOf(result);
  const proofs = [...new Set((result.fixed ?? []).flatMap(({ proof }) => proof ?? []))];
  const parts = [
    ...(proofs.length > 0 ? [`<p>Proven: ${text(proofSummary(proofs))}.</p>`] : result.fixed?.length ? ['<p>Not verified.</p>'] : []),
    ...(result.note ? [`<p class="clean">${text(result.note)}</p>`] : []),
    ...entries.map((entry) => finding(entry, result, file, cwd)),
  ];
  return `<section class="file"${attributes({ 'data-file': file })}><h2>${text(file)}</h2>${parts.join('\n')}</section>`;
}

function finding({ message, state }: Entry, result: LintResult, file: string, cwd: string): string {
  const { ruleId, fixClass } = message;
  const place = hasLines(result) ? `${message.line}:${message.column}` : (message.graphPath ?? '');
  const source = sourceText(message, result, cwd);
  return `<details class="finding"${attributes({ 'data-rule': ruleId ?? '', 'data-file': file, 'data-level': state })}>
<summary><span class="badge ${state}">${LABELS[state]}</span><span class="rule">${text(ruleId ?? (message.fatal ? 'unreadable file' : 'directive'))}</span><span class="place">${text(place)}${source ? ` · ${text(source)}` : ''}</span>${fixClass ? `<span class="class">${text(fixClass === 'suggestion' ? 'suggestion' : `fix: ${fixClass}`)}</span>` : ''}<span class="what">${text(message.message)}</span></summary>
<div class="body">${[hintOf(message), pictures(message), proofOf(message), explanation(message)].join('')}</div>
</details>`;
}

const hintOf = ({ hint, refusal }: LintMessage): string => `${hint ? `<p>${text(hint)}</p>` : ''}${refusal ? `<p>Not fixed: ${text(refusal)}.</p>` : ''}`;

function pictures({ illustration, ruleId, nodeName }: LintMessage): string {
  if (!illustration) return '';
  const { before, after } = illustration;
  const figure = (caption: string, svg: string): string => `<figure tabindex="0"${attributes({ 'aria-label': `${caption}: ${ruleId ?? ''} at ${nodeName ?? ''}` })}><figcaption>${text(caption)}</figcaption>${svg}</figure>`;
  const described = (diagram: typeof before): string => diagram.boxes.filter(({ kind }) => kind !== 'more').map(({ label, mark }) => (mark ? `${label} (${mark})` : label)).join(', ');
  return `<h3>${after ? 'Before and after the fix' : 'Where it stands'}</h3><div class="pictures">${figure('before', inlineSvg(before, described(before)))}${after ? figure('after', inlineSvg(after, described(after))) : ''}</div>`;
}

function proofOf({ proof, fixClass }: LintMessage): string {
  if (!proof) return fixClass ? `<h3>Proof</h3><p>Not run: the class of the fix is <code>${text(fixClass)}</code>; <code>--fix</code> proves it before anything is written.</p>` : '';
  return `<h3>Proof</h3><p>${text(proof.verdict === 'proven' ? `Proven: ${proofSummary([proof])}.` : failureText(proof))}</p>${checks(proof)}`;
}

function checks({ checks: all, runtime }: Proof): string {
  const rows = all.map((check) => `<tr><th scope="row">${text(check.check)}</th><td>${text(check.verdict)}</td><td>${text(checkText(check).replace(/^[^.]*\. /, ''))}</td></tr>`).join('');
  const where = runtime ? `<p class="clean">onnxruntime ${text(runtime.onnxruntime)}, Node.js ${text(runtime.node)}, ${text(runtime.platform)}</p>` : '';
  return `<table><thead><tr><th scope="col">check</th><th scope="col">verdict</th><th scope="col">what it saw</th></tr></thead><tbody>${rows}</tbody></table>${where}`;
}

/** What the rule says, and its page, which stands in the report once and is put here when it is opened. */
function explanation({ ruleId }: LintMessage): string {
  const rule = rules.find(({ id }) => id === ruleId);
  if (!rule) return '';
  const link = `<a${attributes({ href: rulePage(rule.id) })}>${text(rule.id)} on the web</a>`;
  const page = rulePageText(rule.id) === undefined ? '' : `<details${attributes({ 'data-page': rule.id })}><summary>The whole page</summary></details>`;
  return `<h3>Explanation</h3><p>${text(rule.statement)} (${link})</p>${page}`;
}

/** Headings one below another keep the outline of the report whole. */
function pageTemplate(id: string): string {
  const page = rulePageText(id);
  if (page === undefined) return '';
  const linked = page.replace(/\]\((?!https?:|#)([\w-]+)\.md\)/g, (_, other: string) => `](${rulePage(other)})`);
  const html = marked.parse(linked, { async: false })
    .replace(/<(\/?)h(\d)/g, (_, slash: string, depth: string) => `<${slash}h${Math.min(6, Number(depth) + 3)}`)
    .replaceAll('<pre>', '<pre tabindex="0">');
  return `<template${attributes({ id: `page-${id}` })}><div class="explanation">${html}</div></template>`;
}
