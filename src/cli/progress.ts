/** What is going on, for someone who waits at a terminal; nothing in CI, in a pipe, or when it is quick. */
import yoctoSpinner, { type Spinner } from 'yocto-spinner';

/** Milliseconds before anything is shown. */
const PATIENCE = 1000;

export class Progress {
  #text = '';
  #spinner: Spinner | undefined;
  #timer: NodeJS.Timeout | undefined;

  constructor(enabled = process.stderr.isTTY && process.env.TERM !== 'dumb' && !('CI' in process.env)) {
    if (!enabled) return;
    this.#timer = setTimeout(() => (this.#spinner = yoctoSpinner({ text: this.#text, stream: process.stderr }).start()), PATIENCE);
    this.#timer.unref();
  }

  /** Lets the terminal have its turn: reading and checking block it. */
  async show(text: string): Promise<void> {
    this.#text = text;
    if (this.#spinner) this.#spinner.text = text;
    if (this.#timer) await new Promise((resolve) => setImmediate(resolve));
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#spinner?.stop();
  }
}
