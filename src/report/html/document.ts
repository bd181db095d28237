import { createHash } from 'node:crypto';
import { escapeMarkup } from '../markup.js';
import { STYLE } from './style.js';

/** A whole page. Its policy forbids everything that is not in it: no network, no other script. */
export function documentOf(title: string, body: string, script = ''): string {
  const hash = createHash('sha256').update(script).digest('base64');
  const policy = `default-src 'none'; style-src 'unsafe-inline'; ${script === '' ? '' : `script-src 'sha256-${hash}'; `}img-src data:; base-uri 'none'; form-action 'none'`;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeMarkup(title)}</title>
<style>${STYLE}</style>
</head>
<body>${body}
${script === '' ? '' : `<script>${script}</script>\n`}</body>
</html>`;
}
