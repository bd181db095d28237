/** A folder of a user's, with files, perhaps a git repository, and the command line run in it. */
import { execFileSync, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { commandLine, type Ran } from './command-line.js';

const MAIN = path.resolve(import.meta.dirname, '../../src/cli/main.ts');

export class Project {
  readonly folder = realpathSync(mkdtempSync(path.join(tmpdir(), 'droplint-project-')));

  constructor(files: Readonly<Record<string, string | Uint8Array>> = {}) {
    for (const [name, content] of Object.entries(files)) this.write(name, content);
  }

  at(name: string): string {
    return path.join(this.folder, name);
  }

  write(name: string, content: string | Uint8Array): void {
    mkdirSync(path.dirname(this.at(name)), { recursive: true });
    writeFileSync(this.at(name), content);
  }

  read(name: string): string {
    return readFileSync(this.at(name), 'utf8');
  }

  remove(name?: string): void {
    rmSync(name === undefined ? this.folder : this.at(name), { recursive: true, force: true });
  }

  /** In this process, with the folder as the current one. */
  async run(...args: string[]): Promise<Ran> {
    const before = process.cwd();
    process.chdir(this.folder);
    try {
      return await commandLine(...args);
    } finally {
      process.chdir(before);
    }
  }

  /** In a process of its own. */
  start(...args: string[]) {
    return spawn(process.execPath, [...TSX, MAIN, ...args], { cwd: this.folder, stdio: ['ignore', 'pipe', 'pipe'] });
  }

  git(...args: string[]): string {
    const identity = ['-c', 'user.name=test', '-c', 'user.email=test@example.org', '-c', 'commit.gpgsign=false'];
    return execFileSync('git', [...identity, ...args], { cwd: this.folder, encoding: 'utf8', env: { ...process.env, GIT_CONFIG_GLOBAL: '/dev/null', GIT_CONFIG_SYSTEM: '/dev/null' }, stdio: ['ignore', 'pipe', 'pipe'] });
  }

  /** A repository with everything committed. */
  commitAll(message = 'all'): void {
    this.git('init', '--quiet', '--initial-branch', 'main');
    this.git('add', '--all');
    this.git('commit', '--quiet', '--allow-empty', '-m', message);
  }
}

const TSX = ['--import', pathToFileURL(createRequire(import.meta.url).resolve('tsx')).href];

/** A command that git or a shell can call, running from the sources. */
export const droplintCommand = (): string => [process.execPath, ...TSX, MAIN].map((word) => `'${word}'`).join(' ');
