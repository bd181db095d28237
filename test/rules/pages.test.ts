import { readdirSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { rules } from '../../rules/index.js';
import { documentOf, examplesOf, findingsIn, fixedDocument, pageOf, pageWith, printed, RULES } from '../support/pages.js';

it('every rule has a page, and every page a rule', () => {
  const pages = readdirSync(RULES).filter((file) => file.endsWith('.md')).map((file) => file.slice(0, -'.md'.length));
  expect(pages.sort()).toEqual(rules.map(({ id }) => id).sort());
});

describe.each(rules.map((rule) => [rule.id, rule] as const))('%s.md', (id, rule) => {
  const page = pageOf(id);
  const examples = examplesOf(id, page);

  it('says what the rule says, names its sources and has its sections', () => {
    expect(page.startsWith(`# ${id}\n\n${rule.statement}\n`), `it must begin with "${rule.statement}"`).toBe(true);
    for (const { url } of rule.sources) if (url) expect(page).toContain(url);
    for (const option of Object.keys(rule.options?.properties ?? {})) expect(page).toContain(`\`${option}\``);
    expect([...page.matchAll(/^## (.+)$/gm)].map(([, title]) => title)).toEqual(['Why', 'Examples', 'Fix', 'Options', 'When not to use it']);
  });

  it('shows something bad and something good in every format that it speaks of', () => {
    const shown = (language: 'text' | 'code') => new Set(examples.filter((example) => (example.language === 'text') === (language === 'text')).map(({ verdict }) => (verdict === 'fixed' ? 'good' : verdict)));
    if (rule.formats.includes('onnx')) expect(shown('text')).toEqual(new Set(['bad', 'good']));
    if (rule.formats.includes('code')) expect(page).toContain('```ts');
    if (shown('code').size > 0) expect(shown('code')).toEqual(new Set(['bad', 'good']));
  });

  it.each(examples.map((example) => [`${example.language} ${example.verdict}, line ${example.line}`, example] as const))('%s', async (_, example) => {
    const document = example.verdict === 'fixed' ? await fixedDocument(rule, example) : documentOf(example);
    if (example.language === 'text' || example.verdict === 'fixed') expect(example.body, 'run `npx tsx scripts/update-pages.ts`').toBe(printed(document));
    if (example.language !== 'text') expect(document.models.length, 'no model was found in the code').toBeGreaterThan(0);
    const findings = findingsIn(rule, example, document).map(({ message }) => message);
    if (example.verdict === 'bad') expect(findings).not.toEqual([]);
    else expect(findings).toEqual([]);
  });

  it('is what scripts/update-pages.ts writes', async () => {
    expect(await pageWith(rule, page)).toBe(page);
  });
});
