/** Real exports of PyTorch, scored by the manifest that was written beside them; they are not part of this repository. */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readDocument } from '../../src/formats/registry.js';
import { rulesFor } from '../../src/lint/configuration.js';
import { lintDocument } from '../../src/lint/findings.js';
import { commandLine } from '../support/command-line.js';

const SHARED = path.resolve(import.meta.dirname, '../../../shared');
const FOLDER = path.join(SHARED, 'data', 'torch');
const SCORE = path.join(SHARED, 'tools', 'score.mjs');
const isThere = existsSync(path.join(FOLDER, 'manifest.json')) && existsSync(SCORE);
if (!isThere) console.log(`${FOLDER} is not there: PyTorch's exports are not scored`);

interface Entry {
  readonly file: string;
  readonly lintMode: 'training' | 'inference';
  readonly dropouts: readonly { readonly node: string; readonly sourceLine?: string }[];
}

describe.skipIf(!isThere)("PyTorch's exports in ../shared/data/torch", () => {
  let work: string;
  beforeAll(() => void (work = mkdtempSync(path.join(tmpdir(), 'droplint-torch-'))));
  afterAll(() => rmSync(work, { recursive: true, force: true }));

  it.each(['training', 'inference'] as const)('score a precision of 0.98 and a recall of 0.95 in mode %s', async (mode) => {
    const report = path.join(work, `${mode}.json`);
    writeFileSync(report, (await commandLine(FOLDER, '--mode', mode, '--format', 'json', '--no-verify')).stdout);
    const { status, stdout, stderr } = spawnSync(process.execPath, [SCORE, FOLDER, report, '--mode', mode, '--level', 'warn'], { encoding: 'utf8' });
    expect(status, `${stdout}${stderr}`).toBe(0);
  });

  it('name the line of Python that a dropout came from', async () => {
    const { files } = JSON.parse(readFileSync(path.join(FOLDER, 'manifest.json'), 'utf8')) as { readonly files: readonly Entry[] };
    let named = 0;
    for (const { file, lintMode, dropouts } of files) {
      const lines = new Map(dropouts.flatMap(({ node, sourceLine }) => (sourceLine ? [[node, sourceLine] as const] : [])));
      for (const { problem } of lintDocument(await readDocument(path.join(FOLDER, file)), { rules: rulesFor({ preset: 'all' }), mode: lintMode })) {
        const { name, source } = problem.at.origin;
        if (!lines.has(name)) continue;
        expect(`${source?.file}:${source?.line}`, `${file}: ${name}`).toBe(lines.get(name));
        named += 1;
      }
    }
    expect(named).toBeGreaterThan(20);
  });
});
