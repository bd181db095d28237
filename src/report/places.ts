/** Where a message stands, for reports that are read by programs. */
import path from 'node:path';
import type { LintMessage, LintResult } from '../lint/result.js';

/** A path with forward slashes, relative to `cwd` when it is inside. */
export function relativePath(file: string, cwd: string): string {
  const relative = path.relative(cwd, file);
  const shown = relative.startsWith('..') || path.isAbsolute(relative) ? file : relative;
  return shown.split(path.sep).join('/');
}

/** In a graph, lines are places among nodes: no program must go there. */
export const hasLines = ({ source }: LintResult): boolean => source !== undefined;

export interface Region {
  readonly file: string;
  readonly line?: number;
  readonly column?: number;
  readonly endLine?: number;
  readonly endColumn?: number;
}

/** Where the finding is in text: in the file itself, or in the source that a graph says it came from when that is in the project. */
export function regionOf(message: LintMessage, result: LintResult, cwd: string): Region {
  const file = relativePath(result.filePath, cwd);
  if (hasLines(result)) {
    const { line, column, endLine, endColumn } = message;
    return { file, line, column, ...(endLine !== undefined && { endLine }), ...(endColumn !== undefined && { endColumn }) };
  }
  return { file };
}

/** The line of Python that a node came from, when its file is in the project. */
export function sourceRegionOf({ source }: LintMessage, result: LintResult, cwd: string): Region | undefined {
  if (!source || hasLines(result)) return undefined;
  const file = relativePath(path.resolve(cwd, source.file), cwd);
  return path.isAbsolute(file) ? undefined : { file, line: source.line };
}

/** Of code the other end of a call between files: of a finding told at a call the layer, of one told at the layer the call. */
export function otherEndOf({ source }: LintMessage, result: LintResult, cwd: string): Region | undefined {
  if (!source || !hasLines(result) || source.file === result.filePath) return undefined;
  const { file, line, column, endLine, endColumn } = source;
  return { file: relativePath(file, cwd), line, ...(column !== undefined && { column }), ...(endLine !== undefined && { endLine, endColumn }) };
}

/** `net.py:14`, `helper.ts:12` as text, wherever it is: of code only where that is another file. */
export function sourceText({ source }: LintMessage, result: LintResult, cwd: string): string | undefined {
  return source && !(hasLines(result) && source.file === result.filePath) ? `${relativePath(path.resolve(cwd, source.file), cwd)}:${source.line}` : undefined;
}
