import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { toOnnx } from '../../fixtures/chain/onnx.js';
import type { Document } from '../../src/formats/document.js';
import { readOnnxBytes } from '../../src/formats/onnx/document.js';
import { Baseline } from '../../src/lint/baseline.js';
import { rulesFor } from '../../src/lint/configuration.js';
import { lintDocument } from '../../src/lint/findings.js';
import { resultOf, type LintResult } from '../../src/lint/result.js';
import { Project } from '../support/project.js';

const project = new Project();
afterAll(() => project.remove());
const FILE = project.at('droplint-baseline.json');

const BAD = 'linear(16) → dropout(0.5) → gelu → linear(16)';
type Naming = 'torchscript' | 'dynamo' | 'keras' | 'mxnet';
function results(chain: string, naming: Naming = 'torchscript', file = 'models/m.onnx'): readonly LintResult[] {
  const document = readOnnxBytes(toOnnx(chain, { naming }), project.at(file)) as Document;
  const rules = rulesFor({ rules: { 'dropout-before-classifier': 'off' } });
  return [resultOf(document, lintDocument(document, { rules, mode: 'training' }))];
}
const apply = (baseline: Baseline, chain: string, naming?: Naming) => {
  const { results: [result], known, gone } = baseline.apply(results(chain, naming));
  return { new: result!.messages.length, warnings: result!.warningCount, known, gone, suppressed: result!.suppressedMessages.map(({ suppressions }) => suppressions?.[0]?.kind) };
};

beforeEach(() => project.remove('droplint-baseline.json'));

describe('a baseline', () => {
  it.each(['torchscript', 'dynamo', 'keras', 'mxnet'] as const)('knows its findings again (%s)', (naming) => {
    const baseline = Baseline.of(results(`${BAD} → dropout(0.3) → gelu → linear(4)`, naming), FILE);
    baseline.write();
    expect(apply(Baseline.read(FILE), `${BAD} → dropout(0.3) → gelu → linear(4)`, naming)).toEqual({ new: 0, warnings: 0, known: 2, gone: 0, suppressed: ['baseline', 'baseline'] });
  });

  it.each(['torchscript', 'dynamo', 'keras', 'mxnet'] as const)('knows them when layers in front number all nodes anew (%s)', (naming) => {
    const baseline = Baseline.of(results(`${BAD} → relu → linear(4)`, naming), FILE);
    expect(apply(baseline, `linear(8) → relu → linear(8) → relu → ${BAD} → relu → linear(4)`, naming)).toMatchObject({ new: 0, known: 1, gone: 0 });
  });

  it('lets new findings through, one entry for one finding', () => {
    const baseline = Baseline.of(results(`${BAD} → relu → linear(4)`), FILE);
    expect(apply(baseline, `${BAD} → relu → ${BAD} → relu → linear(4)`)).toMatchObject({ new: 1, warnings: 1, known: 1, gone: 0 });
    expect(apply(baseline, 'linear(16) → dropout(0.5) → gelu → linear(16) → dropout(0.5) → linear(16) → batch-norm → linear(4)').known).toBe(1);
  });

  it('counts what is gone, and prunes it on request', () => {
    const baseline = Baseline.of([...results(`${BAD} → dropout(0.3) → gelu → linear(4)`), ...results(BAD, 'torchscript', 'other.onnx')], FILE);
    const outcome = baseline.apply(results(`${BAD} → gelu → dropout(0.3) → linear(4)`));
    expect(outcome).toMatchObject({ known: 1, gone: 1 });
    outcome.pruned.write();
    // What was not looked at stays.
    expect([...Baseline.read(FILE).entries].map(([file, entries]) => [file, entries.length])).toEqual([['models/m.onnx', 1], ['other.onnx', 1]]);
    expect(Baseline.read(FILE).apply(results('linear(4)')).pruned.entries.has('models/m.onnx')).toBe(false);
  });

  it('is written anew for the files that were looked at, findings that it knew included', () => {
    const earlier = Baseline.of([...results(BAD, 'torchscript', 'other.onnx'), ...results(`${BAD} → linear(4)`)], FILE);
    const again = Baseline.of(earlier.apply(results(`${BAD} → linear(4)`)).results, FILE, earlier);
    expect(again.size).toBe(2);
    expect(Baseline.of(results('linear(4)'), FILE, earlier).size).toBe(1);
  });

  it('is a file that people can read and merge', () => {
    Baseline.of(results(`${BAD} → linear(4)`), FILE).write();
    expect(JSON.parse(project.read('droplint-baseline.json'))).toEqual({
      version: 1,
      files: { 'models/m.onnx': [{ rule: 'dropout-after-activation', node: expect.stringContaining('Dropout') as string, fingerprint: expect.stringMatching(/^[\w-]+:\w{12}$/) as string }] },
    });
  });

  it.each([
    ['not there', undefined, 'There is no baseline'],
    ['not JSON', '{', 'is not a baseline'],
    ['of another version', '{"version": 2, "files": {}}', 'its version is not 1'],
  ])('that is %s is an error', (_, text, message) => {
    if (text !== undefined) project.write('droplint-baseline.json', text);
    expect(() => Baseline.read(FILE)).toThrow(message);
  });
});
