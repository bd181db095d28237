/** What is going on, for someone who waits at a terminal; nothing in CI, in a pipe, or when it is quick. */
import path from 'node:path';
import yoctoSpinner, { type Spinner } from 'yocto-spinner';
import type { Progress as State } from '../lint/batch/run-all.js';

/** Milliseconds before anything is shown. */
const PATIENCE = 500;

export class Progress {
  #text = '';
  #spinner: Spinner | undefined;
  #timer: NodeJS.Timeout | undefined;

  constructor({ enabled }: { readonly enabled: boolean }) {
    if (!enabled || !process.stderr.isTTY || process.env.TERM === 'dumb' || 'CI' in process.env) return;
    this.#timer = setTimeout(() => (this.#spinner = yoctoSpinner({ text: this.#text, stream: process.stderr, handleSignals: false }).start()), PATIENCE);
    this.#timer.unref();
  }

  /** Lets the terminal have its turn: reading and checking block it. */
  async show({ phase, done, total, file }: State): Promise<void> {
    this.#text = `${total > 1 ? `${done}/${total} done, ` : ''}${phase} ${path.relative('', file)}`;
    if (this.#spinner) this.#spinner.text = this.#text;
    await new Promise((resolve) => setImmediate(resolve));
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#spinner?.stop();
  }
}
