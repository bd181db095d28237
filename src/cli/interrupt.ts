/** Ctrl-C: the first ends the work and leaves what is known so far, the second ends the program. */

/** As a shell reports a program that SIGINT ended. */
export const INTERRUPTED = 130;

/** Runs `work` with a signal that Ctrl-C (or a scheduler's SIGTERM) aborts. */
export async function interruptible<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const controller = new AbortController();
  const stop = (): void => {
    if (controller.signal.aborted) process.exit(INTERRUPTED);
    controller.abort();
  };
  process.on('SIGINT', stop).on('SIGTERM', stop);
  try {
    return await work(controller.signal);
  } finally {
    process.off('SIGINT', stop).off('SIGTERM', stop);
  }
}
