/** The linting of one file as plain data, that may be done here or in a worker. */
import path from 'node:path';
import type { FixClass } from '../../graph/edits.js';
import type { FileConfiguration } from '../config-file/resolve.js';
import { requestFor } from '../config-file/request.js';
import type { Finding } from '../findings.js';
import { illustrator } from '../illustration.js';
import type { Prove } from '../proving.js';
import type { LintResult } from '../result.js';
import { lintFile, type RunRequest } from '../run.js';

export interface Job {
  /** Absolute. */
  readonly file: string;
  readonly configuration: FileConfiguration;
  /** Findings with pictures of what stands around them. */
  readonly illustrated: boolean;
  /** Fixes of source code as text. */
  readonly replacements: boolean;
  readonly fix?: {
    readonly classes: readonly FixClass[];
    readonly level: Finding['level'];
    readonly verify: boolean;
    readonly write: boolean;
    readonly output?: string;
  };
}

export interface JobResult {
  readonly result: LintResult;
  /** Before and after as a patch of the printed graphs, when something was fixed. */
  readonly patch?: string;
  /** Absolute paths of the other files that the result depends on: weights beside a model, modules that code imports. */
  readonly dependencies?: readonly string[];
}

/** Ends the proofs that are under way in this thread. */
export async function endProofs(): Promise<void> {
  const { closeVerifier } = await import('../../verify/index.js');
  closeVerifier();
}

export type Phase = 'reading' | 'checking' | 'proving';
export type OnPhase = (phase: Phase) => void | Promise<void>;

/**
 * Never rejects for a file that cannot be read. Once `signal` is aborted nothing is written any more and the call rejects,
 * unless the file had been written already: what was done is told.
 */
export async function perform(job: Job, onPhase: OnPhase = () => undefined, signal?: AbortSignal): Promise<JobResult> {
  const { file, configuration, fix } = job;
  await onPhase('reading');
  const request: RunRequest = {
    ...requestFor(configuration),
    onRead: () => onPhase('checking'),
    replacements: job.replacements,
    ...(job.illustrated && { illustrate: illustrator() }),
    ...(fix && { fix: { ...fix, classes: new Set(fix.classes), prove: fix.verify ? await proverWith(onPhase, signal) : undefined, ...(signal && { signal }) } }),
  };
  const { result, document, change } = await lintFile(file, request);
  const dependencies = [...(document?.externalFiles ?? []).map((each) => path.resolve(path.dirname(file), each)), ...(document?.dependencies ?? [])];
  return {
    result,
    ...(change && { patch: (await import('./graph-patch.js')).graphPatch(change.before, change.after, file) }),
    ...(dependencies.length > 0 && { dependencies }),
  };
}

/** The verifier is loaded when a fix is to be proven and not before. */
async function proverWith(onPhase: OnPhase, signal: AbortSignal | undefined): Promise<Prove> {
  const { prove } = await import('../../verify/index.js');
  return async (...claim) => {
    await onPhase('proving');
    signal?.throwIfAborted();
    return prove(...claim);
  };
}
