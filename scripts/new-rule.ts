/** `npm run new-rule <id>`: a rule, its page and its test table, ready to be filled in; then what is generated from them. */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';

const ROOT = path.resolve(import.meta.dirname, '..');

const ruleFile = (id: string, precedence: number): string => `import { defineRule } from '../src/rule.js';

export default defineRule({
  id: '${id}',
  statement: 'One line that is true of every good architecture.',
  levels: { recommended: 'off', strict: 'off' },
  fix: 'none',
  formats: ['onnx', 'code', 'topology'],
  precedence: ${precedence},
  sources: [],
  messages: {
    found: '{layer} is not as it should be: say what happens because of it, and what to do.',
  },
  *check({ graph }) {
    for (const dropout of graph.layersOf('dropout')) {
      // Say here what makes it a problem; what is not known means silence.
      if (dropout.rate !== undefined && dropout.rate < 0) yield { at: dropout, messageId: 'found', data: { layer: dropout.origin.name } };
    }
  },
});
`;

const page = (id: string): string => `# ${id}

One line that is true of every good architecture.

## Why

What happens in training or inference, with the formula or the number, and its source.

## Examples

Bad:

\`\`\`
linear → dropout → relu
\`\`\`

Good:

\`\`\`
linear → relu → dropout
\`\`\`

## Fix

None.

## When not to use it

`;

const test = (id: string): string => `import { expect, it } from 'vitest';
import rule from '../../rules/${id}.js';
import { createValue, GraphBuilder } from '../../src/graph/graph.js';

it('is silent on a graph without layers', () => {
  const model = new GraphBuilder('graph', 'model', 'model');
  model.inputs.push(createValue('x', { shape: [2, 8], isGraphInput: true }));
  expect([...rule.check({ graph: model, model, options: {}, strict: true, mode: 'training' })]).toEqual([]);
});
`;

/** New rules come last among overlapping fixes. */
function nextPrecedence(): number {
  const sources = readdirSync(path.join(ROOT, 'rules')).filter((file) => file.endsWith('.ts')).map((file) => readFileSync(path.join(ROOT, 'rules', file), 'utf8'));
  const taken = sources.flatMap((source) => /^\s*precedence: (\d+)/m.exec(source)?.[1] ?? []).map(Number);
  return Math.max(0, ...taken) + 10;
}

function fail(reason: string): never {
  console.error(reason);
  process.exit(1);
}

const [id = ''] = process.argv.slice(2);
if (!/^[a-z][a-z0-9]*(-[a-z0-9]+)+$/.test(id)) fail('usage: npm run new-rule <id>, in kebab-case: no-such-dropout, prefer-this-dropout');
const files = new Map([
  [`rules/${id}.ts`, ruleFile(id, nextPrecedence())],
  [`rules/${id}.md`, page(id)],
  [`test/rules/${id}.test.ts`, test(id)],
]);
for (const file of files.keys()) if (existsSync(path.join(ROOT, file))) fail(`${file} exists`);
for (const [file, text] of files) {
  mkdirSync(path.dirname(path.join(ROOT, file)), { recursive: true });
  writeFileSync(path.join(ROOT, file), text);
  console.log(`wrote ${file}`);
}
const update = path.join(ROOT, 'scripts', 'update.ts');
process.exitCode = spawnSync(process.execPath, ['--import', 'tsx', update], { cwd: ROOT, stdio: 'inherit' }).status ?? 1;
