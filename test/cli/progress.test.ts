/** Progress, on a real pseudo-terminal (util-linux's `script`). */
import { spawnSync } from 'node:child_process';
import { afterAll, expect, it } from 'vitest';
import { toOnnx } from '../../fixtures/chain/onnx.js';
import { droplintCommand, Project } from '../support/project.js';

const hasScript = spawnSync('script', ['--version'], { stdio: 'ignore' }).status === 0;
if (!hasScript) console.warn('`script` (util-linux) is not installed: progress is not watched in this run.');

const project = new Project(Object.fromEntries(Array.from({ length: 60 }, (_, index) => [`models/m${index}.onnx`, toOnnx('linear(16) → dropout(0.5) → gelu → linear(4)')])));
afterAll(() => project.remove());

function onTerminal(env: NodeJS.ProcessEnv, ...args: string[]): string {
  const { CI: _, NO_COLOR: __, ...inherited } = process.env;
  return spawnSync('script', ['-qec', `${droplintCommand()} ${args.join(' ')}`, '/dev/null'], { cwd: project.folder, encoding: 'utf8', env: { ...inherited, TERM: 'xterm', ...env } }).stdout;
}

it.skipIf(!hasScript)('says how far it is and what it does, and is gone at the end', () => {
  const shown = onTerminal({}, 'models', '--diff', '--mode', 'training', '--concurrency', '1');
  expect(shown).toMatch(/\d+\/60 done, (?:reading|checking|proving) models\/m\d+\.onnx/);
  expect(shown.slice(shown.lastIndexOf('/60 done'))).toContain('60 fixes in 60 files would be made');
});

it.skipIf(!hasScript).each([[{ CI: 'true' }, []], [{}, ['--quiet']]])('shows none with %j %j', (env, args) => {
  expect(onTerminal(env, 'models', '--diff', '--mode', 'training', '--concurrency', '1', ...args)).not.toContain('/60 done');
});
