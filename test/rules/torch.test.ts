/** Real exporter output: what fixtures/torch/manifest.json expects is found, and nothing else is complained of. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { readDocument } from '../../src/formats/registry.js';
import { rulesFor } from '../../src/lint/configuration.js';
import { lintDocument } from '../../src/lint/findings.js';
import { LEVELS } from '../../src/rule.js';
import type { Level } from '../../src/rule.js';

interface Expectation {
  readonly rule: string;
  readonly node?: string;
  readonly nodeAlternatives?: readonly string[];
  readonly severityAtLeast?: Level;
}

interface Entry {
  readonly file: string;
  readonly variant: 'clean' | 'faulty';
  readonly lintMode: 'training' | 'inference';
  readonly expected: readonly Expectation[];
  readonly alsoAllowed: readonly { readonly rule: string; readonly severityAtMost?: Level }[];
}

const FOLDER = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../../fixtures/torch');
const { files } = JSON.parse(readFileSync(path.join(FOLDER, 'manifest.json'), 'utf8')) as { readonly files: readonly Entry[] };
const rank = (level: Level) => LEVELS.indexOf(level);

describe('PyTorch exports', () => {
  it.each(files)('$file ($variant)', async ({ file, lintMode, expected, alsoAllowed }) => {
    const findings = lintDocument(await readDocument(path.join(FOLDER, file)), { rules: rulesFor({}), mode: lintMode }).map((finding) => ({
      rule: finding.enabled.rule.id,
      node: finding.problem.at.origin.name,
      level: finding.level,
    }));
    const meets = (finding: (typeof findings)[number], { rule, node, nodeAlternatives = [], severityAtLeast = 'info' }: Expectation) =>
      finding.rule === rule && (node === undefined || [node, ...nodeAlternatives].includes(finding.node)) && rank(finding.level) >= rank(severityAtLeast);
    expect(expected.filter((one) => !findings.some((finding) => meets(finding, one))), 'missed').toEqual([]);
    const others = findings.filter((finding) => finding.level !== 'info' && !expected.some((one) => meets(finding, one)));
    expect(others.filter(({ rule, level }) => !alsoAllowed.some((one) => one.rule === rule && rank(level) <= rank(one.severityAtMost ?? 'error'))), 'false alarms').toEqual([]);
  });
});
