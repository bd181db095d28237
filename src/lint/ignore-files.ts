/** `.gitignore` and `.droplintignore`: git's syntax and git's way of looking for them. */
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import ignore, { type Ignore } from 'ignore';

export const IGNORE_FILE = '.droplintignore';

/** Answers for the files of one run; each ignore file is read once. */
export class IgnoreFiles {
  readonly #patterns = new Map<string, Ignore | undefined>();
  readonly #ignored = new Map<string, boolean>();
  readonly #roots = new Map<string, string>();

  /** Ignore files above `top` do not count; by default those from the repository's folder down do. */
  constructor(readonly name: '.gitignore' | typeof IGNORE_FILE, readonly top?: string) {}

  /** Whether the file or folder, or a folder that it is in, is ignored. */
  isIgnored(target: string, isFolder = false): boolean {
    let ignored = this.#ignored.get(target);
    if (ignored === undefined) {
      const parent = path.dirname(target);
      const root = this.#rootOf(parent);
      ignored = (parent !== root && parent !== target && this.isIgnored(parent, true)) || this.#matches(target, parent, root, isFolder);
      this.#ignored.set(target, ignored);
    }
    return ignored;
  }

  /** The nearest ignore file that says anything decides. */
  #matches(target: string, folder: string, root: string, isFolder: boolean): boolean {
    for (let at = folder; ; at = path.dirname(at)) {
      const relative = path.relative(at, target).split(path.sep).join('/');
      const verdict = relative === '' ? undefined : this.#patternsIn(at)?.test(isFolder ? `${relative}/` : relative);
      if (verdict?.ignored) return true;
      if (verdict?.unignored || at === root || path.dirname(at) === at) return false;
    }
  }

  #patternsIn(folder: string): Ignore | undefined {
    if (!this.#patterns.has(folder)) {
      const file = path.join(folder, this.name);
      this.#patterns.set(folder, existsSync(file) ? ignore().add(readFileSync(file, 'utf8')) : undefined);
    }
    return this.#patterns.get(folder);
  }

  /** The repository's folder, or that of the file system. */
  #rootOf(folder: string): string {
    let root = this.#roots.get(folder);
    if (root === undefined) {
      const parent = path.dirname(folder);
      root = folder === this.top || parent === folder || existsSync(path.join(folder, '.git')) ? folder : this.#rootOf(parent);
      this.#roots.set(folder, root);
    }
    return root;
  }
}
