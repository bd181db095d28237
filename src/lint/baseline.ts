/**
 * Findings that a team lives with for now: those of the baseline do not count, all others do. A file of theirs is kept
 * under version control.
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { ConfigurationError } from './configuration-error.js';
import { halvesOf } from './fingerprint.js';
import { filterMessages, type LintMessage, type LintResult } from './result.js';

export const BASELINE_FILE = 'droplint-baseline.json';
const VERSION = 1;

interface Entry {
  readonly rule: string;
  /** For people; the fingerprint decides. */
  readonly node: string;
  readonly fingerprint: string;
}

/** Entries of each file, by its path relative to the baseline. */
type Entries = ReadonlyMap<string, readonly Entry[]>;

export interface BaselineOutcome {
  /** Known findings are among `suppressedMessages`. */
  readonly results: readonly LintResult[];
  readonly known: number;
  /** What the baseline would be without the findings that are gone, and how many those are. */
  readonly pruned: Baseline;
  readonly gone: number;
}

export class Baseline {
  constructor(readonly file: string, readonly entries: Entries) {}

  static exists(file: string): boolean {
    return existsSync(file);
  }

  /** Throws `ConfigurationError` for a file that is none. */
  static read(file: string): Baseline {
    const shown = path.relative('', file);
    if (!existsSync(file)) throw new ConfigurationError(`There is no baseline ${shown}. --write-baseline writes one.`);
    try {
      const { version, files } = JSON.parse(readFileSync(file, 'utf8')) as { version: unknown; files: Record<string, Entry[]> };
      if (version !== VERSION || typeof files !== 'object') throw new Error(`its version is not ${VERSION}`);
      return new Baseline(file, new Map(Object.entries(files)));
    } catch (error) {
      throw new ConfigurationError(`${shown} is not a baseline: ${error instanceof Error ? error.message : String(error)}`);
    }
  }

  /** Of all findings of a run; those of files that were not looked at stay as they are. */
  static of(results: readonly LintResult[], file: string, earlier?: Baseline): Baseline {
    const entries = new Map(earlier?.entries ?? []);
    for (const result of results) {
      if (result.messages.some(({ fatal }) => fatal)) continue;
      const found = [...result.messages, ...result.suppressedMessages.filter(isBaselined)].flatMap((message) => entryOf(message) ?? []);
      set(entries, keyOf(result.filePath, file), found);
    }
    return new Baseline(file, entries);
  }

  get size(): number {
    return [...this.entries.values()].reduce((sum, { length }) => sum + length, 0);
  }

  apply(results: readonly LintResult[]): BaselineOutcome {
    const pruned = new Map(this.entries);
    let known = 0;
    const shown = results.map((result) => {
      const key = keyOf(result.filePath, this.file);
      const entries = this.entries.get(key);
      if (!entries || result.messages.some(({ fatal }) => fatal)) return result;
      const { matched, used } = match(result.messages, entries);
      known += matched.size;
      set(pruned, key, entries.filter((entry) => used.has(entry)));
      const suppressed = result.messages.filter((message) => matched.has(message)).map((message) => ({ ...message, suppressions: [{ kind: 'baseline' as const, justification: '' }] }));
      return { ...filterMessages(result, (message) => !matched.has(message)), suppressedMessages: [...result.suppressedMessages, ...suppressed] };
    });
    const rest = new Baseline(this.file, pruned);
    return { results: shown, known, pruned: rest, gone: this.size - rest.size };
  }

  write(): void {
    const files = Object.fromEntries([...this.entries].sort(([a], [b]) => (a < b ? -1 : 1)));
    writeFileSync(this.file, `${JSON.stringify({ version: VERSION, files }, undefined, 2)}\n`);
  }
}

const isBaselined = ({ suppressions }: LintMessage): boolean => suppressions?.some(({ kind }) => kind === 'baseline') ?? false;
const keyOf = (file: string, baseline: string): string => path.relative(path.dirname(baseline), file).split(path.sep).join('/');

function set(entries: Map<string, readonly Entry[]>, key: string, found: readonly Entry[]): void {
  if (found.length > 0) entries.set(key, found);
  else entries.delete(key);
}

function entryOf({ ruleId, nodeName, fingerprint }: LintMessage): Entry | undefined {
  return ruleId !== null && fingerprint !== undefined ? { rule: ruleId, node: nodeName ?? '', fingerprint } : undefined;
}

/** Each entry accounts for one finding: first for one that is the same in all, then by its name, then by its place. */
function match(messages: readonly LintMessage[], entries: readonly Entry[]): { readonly matched: ReadonlySet<LintMessage>; readonly used: ReadonlySet<Entry> } {
  const matched = new Set<LintMessage>();
  const used = new Set<Entry>();
  const identities: readonly ((fingerprint: string) => string | undefined)[] = [(fingerprint) => fingerprint, (fingerprint) => halvesOf(fingerprint).name, (fingerprint) => halvesOf(fingerprint).place];
  for (const identityOf of identities) {
    const open = new Map<string, Entry[]>();
    for (const entry of entries) {
      const identity = used.has(entry) ? undefined : identityOf(entry.fingerprint);
      if (identity !== undefined) open.set(`${entry.rule} ${identity}`, [...(open.get(`${entry.rule} ${identity}`) ?? []), entry]);
    }
    for (const message of messages) {
      if (matched.has(message) || message.fingerprint === undefined) continue;
      const entry = open.get(`${message.ruleId} ${identityOf(message.fingerprint)}`)?.shift();
      if (!entry) continue;
      matched.add(message);
      used.add(entry);
    }
  }
  return { matched, used };
}
