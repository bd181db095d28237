/** What git says has changed. */
import { execFile } from 'node:child_process';
import path from 'node:path';
import { promisify } from 'node:util';
import { ConfigurationError } from './configuration-error.js';

const run = promisify(execFile);

async function git(cwd: string, ...args: string[]): Promise<string> {
  try {
    const running = run('git', args, { cwd, maxBuffer: 1 << 28 });
    running.child.stdin?.end();
    return (await running).stdout;
  } catch (error) {
    const { code, stderr = '' } = error as { code?: string | number; stderr?: string };
    throw new ConfigurationError(code === 'ENOENT' ? '--changed needs git, which is not installed.' : `--changed: git says: ${stderr.trim() || String(error)}`);
  }
}

export const isCommit = (ref: string, cwd = process.cwd()): Promise<boolean> =>
  run('git', ['rev-parse', '--verify', '--quiet', '--end-of-options', `${ref}^{commit}`], { cwd }).then(() => true, () => false);

/**
 * Absolute paths of the files that differ from where this branch left `ref` (without one: from the last commit), staged
 * or not, and of those that git does not know yet. Deleted files are none. Throws `ConfigurationError`.
 */
export async function changedFiles(ref: string | undefined, cwd = process.cwd()): Promise<ReadonlySet<string>> {
  // Relative, so that paths go through the same links as those of the current folder.
  const top = path.resolve(cwd, (await git(cwd, 'rev-parse', '--show-cdup')).trimEnd());
  const base = ref === undefined ? await headOf(cwd) : (await git(cwd, 'merge-base', '--end-of-options', ref, 'HEAD')).trim();
  const listed = [
    await git(top, 'diff', '--name-only', '--no-renames', '--diff-filter=d', '-z', base, '--'),
    await git(top, 'ls-files', '--others', '--exclude-standard', '-z'),
  ].join('');
  return new Set(listed.split('\0').filter((name) => name !== '').map((name) => path.join(top, name)));
}

/** The empty tree, in a repository without commits. */
async function headOf(cwd: string): Promise<string> {
  return (await isCommit('HEAD', cwd)) ? 'HEAD' : (await git(cwd, 'hash-object', '-t', 'tree', '--stdin')).trim();
}
