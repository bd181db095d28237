/** Child processes that run onnxruntime: native code that crashes, hangs or runs out of memory takes only its child along. */
import { fork } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { createRequire } from 'node:module';
import { fileURLToPath, pathToFileURL } from 'node:url';
import type { Job, ResultOf } from './jobs.js';

/** The child ended, or did not answer in time. Says nothing of the model beyond that it cannot be executed here. */
export class ExecutionError extends Error {
  override readonly name = 'ExecutionError';
}

export interface PoolOptions {
  /** Children at most; 1 by default. */
  readonly size?: number;
  /** Milliseconds that a job may take. */
  readonly timeLimit?: number;
  /** The program that the children run; for tests of the isolation itself. */
  readonly worker?: URL;
}

const DEFAULT_TIME_LIMIT = 120_000;

interface Pending {
  readonly job: Job;
  readonly timeLimit: number;
  readonly resolve: (result: unknown) => void;
  readonly reject: (error: Error) => void;
}

export class Pool {
  private readonly idle: ChildProcess[] = [];
  private readonly children = new Set<ChildProcess>();
  private readonly queue: Pending[] = [];
  private readonly size: number;
  private readonly worker: URL;

  constructor(private readonly options: PoolOptions = {}) {
    this.size = options.size ?? 1;
    this.worker = options.worker ?? siblingOf('./worker');
  }

  /** Rejects with an ExecutionError when the child ends or exceeds the time limit, with an Error when the job throws. */
  run<J extends Job>(job: J, timeLimit = this.options.timeLimit ?? DEFAULT_TIME_LIMIT): Promise<ResultOf<J>> {
    return new Promise<unknown>((resolve, reject) => {
      this.queue.push({ job, timeLimit, resolve, reject });
      this.next();
    }) as Promise<ResultOf<J>>;
  }

  /** Ends the children; jobs that wait are rejected. The pool can be used again. */
  close(): void {
    for (const pending of this.queue.splice(0)) pending.reject(new ExecutionError('the verifier was closed'));
    for (const child of this.children) child.kill('SIGKILL');
    this.children.clear();
    this.idle.length = 0;
  }

  private next(): void {
    if (this.queue.length === 0) return;
    const child = this.takeIdle() ?? (this.children.size < this.size ? this.start() : undefined);
    if (!child) return;
    this.perform(child, this.queue.shift()!);
  }

  /** A child may have ended while it had nothing to do. */
  private takeIdle(): ChildProcess | undefined {
    for (let child = this.idle.pop(); child; child = this.idle.pop()) {
      if (child.connected) return child;
      this.children.delete(child);
    }
    return undefined;
  }

  private start(): ChildProcess {
    const child = fork(fileURLToPath(this.worker), {
      serialization: 'advanced',
      execArgv: this.worker.pathname.endsWith('.ts') ? ['--import', pathToFileURL(createRequire(import.meta.url).resolve('tsx')).href] : [],
      stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
    });
    this.children.add(child);
    return child;
  }

  private perform(child: ChildProcess, { job, timeLimit, resolve, reject }: Pending): void {
    hold(child);
    const finish = (settle: () => void, alive: boolean): void => {
      clearTimeout(timer);
      child.removeAllListeners();
      if (alive && this.children.has(child)) {
        release(child);
        this.idle.push(child);
      } else this.children.delete(child);
      // An error event without a listener would end this process.
      child.on('error', () => undefined);
      settle();
      this.next();
    };
    const timer = setTimeout(() => {
      child.kill('SIGKILL');
      finish(() => reject(new ExecutionError(`onnxruntime did not finish within ${timeLimit / 1000} s`)), false);
    }, timeLimit);
    child.on('message', (message: { result?: unknown; error?: string }) => {
      finish(() => (message.error === undefined ? resolve(message.result) : reject(new Error(message.error))), true);
    });
    child.on('error', (error) => finish(() => reject(new ExecutionError(`onnxruntime's process failed: ${error.message}`)), false));
    child.on('exit', (code, signal) => finish(() => reject(new ExecutionError(describeEnd(code, signal))), false));
    child.send(job);
  }
}

function describeEnd(code: number | null, signal: NodeJS.Signals | null): string {
  if (signal === 'SIGKILL') return "onnxruntime's process was killed (SIGKILL): most likely out of memory";
  return `onnxruntime's process ended (${signal ?? `exit code ${code}`})`;
}

/** A child at work keeps this process alive; an idle one does not. */
function hold(child: ChildProcess): void {
  child.ref();
  child.channel?.ref();
}

function release(child: ChildProcess): void {
  child.unref();
  child.channel?.unref();
}

/** The module beside this one, in the form that this one runs in: TypeScript from the sources, JavaScript once built. */
function siblingOf(name: string): URL {
  return new URL(`${name}${import.meta.url.endsWith('.ts') ? '.ts' : '.js'}`, import.meta.url);
}
