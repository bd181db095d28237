/** `npx tsx scripts/update-pages.ts`: writes the printed graphs of the rules' pages anew. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { rules } from '../rules/index.js';
import { pageWith, RULES } from '../test/support/pages.js';

for (const rule of rules) {
  const file = path.join(RULES, `${rule.id}.md`);
  if (!existsSync(file)) continue;
  const page = readFileSync(file, 'utf8');
  const updated = await pageWith(rule, page);
  if (updated === page) continue;
  writeFileSync(file, updated);
  console.log(`wrote rules/${rule.id}.md`);
}
