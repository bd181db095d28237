/** A folder for one test file, removed afterwards. */
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll } from 'vitest';

/** Gives the paths of files in it. */
export function temporaryFolder(): (name: string) => string {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'droplint-verify-'));
  afterAll(() => fs.rmSync(folder, { recursive: true, force: true }));
  return (name) => path.join(folder, name);
}
