/** Where a rule is explained. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { rules } from '../../rules/index.js';
import { packageJson, packageRoot } from '../package.js';

const HOME = 'https://github.com/droplint/droplint';

/** Its page on the web. */
export const rulePage = (id: string): string => `${(packageJson().homepage ?? HOME).replace(/#.*$/, '')}/blob/main/rules/${id}.md`;

/** Its page as Markdown, `undefined` when there is none. */
export function rulePageText(id: string): string | undefined {
  if (!rules.some((rule) => rule.id === id)) return undefined;
  try {
    return readFileSync(path.join(packageRoot(), 'rules', `${id}.md`), 'utf8');
  } catch {
    return undefined;
  }
}
