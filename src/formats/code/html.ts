/** HTML, Vue and Svelte files: everything but the inline scripts is blanked, so that offsets stay what they are. */
import { extensionOf } from './syntax.js';

const BLANK = /[^\r\n]/g;
const JAVASCRIPT = /^(?:module|text\/babel|text\/(?:javascript|typescript|jsx)|application\/javascript|)$/i;

/** The scripts of a file, the rest blanked, and the extension to parse them with. */
export function scriptsOf(text: string): { readonly text: string; readonly extension: 'js' | 'ts' | 'tsx' } {
  let result = '';
  let done = 0;
  let extension: 'js' | 'ts' | 'tsx' = 'js';
  // Comments first: a script inside one is none. A script's text ends at the first `</script`, whatever stands in it.
  const token = /<!--[\s\S]*?-->|<script\b((?:"[^"]*"|'[^']*'|[^>"'])*)>([\s\S]*?)<\/script\b/gi;
  for (let match = token.exec(text); match; match = token.exec(text)) {
    const [whole, attributes, body] = match;
    if (body === undefined || /\bsrc\s*=/i.test(attributes)) continue;
    const type = /\btype\s*=\s*["']?([^"'\s>]*)/i.exec(attributes)?.[1] ?? '';
    if (!JAVASCRIPT.test(type)) continue;
    const language = /\blang\s*=\s*["']?(tsx?)/i.exec(attributes)?.[1].toLowerCase();
    if (language === 'ts' || language === 'tsx') extension = language;
    const start = match.index + whole.indexOf('>', whole.indexOf(attributes) + attributes.length) + 1;
    const end = start + body.length;
    result += text.slice(done, start).replace(BLANK, ' ') + text.slice(start, end);
    done = end;
  }
  return { text: result + text.slice(done).replace(BLANK, ' '), extension };
}

export const holdsScripts = (extension: string): boolean => ['html', 'htm', 'vue', 'svelte'].includes(extension);

/** What of a file is script, and the extension to parse it with. */
export function scriptIn(file: string, text: string): { readonly text: string; readonly extension: string } {
  const extension = extensionOf(file);
  return holdsScripts(extension) ? scriptsOf(text) : { text, extension };
}
