import pc from 'picocolors';
import { describe, expect, it } from 'vitest';
import type { LintMessage, LintResult } from '../../src/lint/result.js';
import { formatters, type ReportContext } from '../../src/report/formatter.js';
import { proofSummary } from '../../src/report/proof-text.js';
import { count, wrap } from '../../src/report/wording.js';
import type { Check, Proof } from '../../src/verify/proof.js';

const plain: ReportContext = { colors: pc.createColors(false), cwd: '/project', width: 100, verbose: false };
const feeds = (number: number): Check['feeds'] => Array.from({ length: number }, (_, seed) => ({ kind: 'normal', seed, shapes: { x: [2, 8] } }));
const inference: Check = { check: 'inference', verdict: 'holds', detail: 'All outputs agree.', levels: ['disabled', 'all'], feeds: feeds(12) };
const sameMask: Check = { check: 'same-mask', verdict: 'holds', detail: 'Masks alike.' };
const erasure: Check = { check: 'erasure', verdict: 'holds', detail: 'The same graph.' };
const proven: Proof = { class: 'exact', verdict: 'proven', checks: [erasure, inference, sameMask] };
const difference = { output: 'logits', index: [0, 3], before: 0.25, after: 0.5, ulp: 8388608, relative: 1 };

const message = (extra: Partial<LintMessage>): LintMessage => ({
  ruleId: 'a-rule', severity: 1, level: 'warn', message: 'Something stands where it should not.', line: 3, column: 1, nodeName: '/2/Dropout', graphPath: 'graph:node[2](/2/Dropout)', ...extra,
});
const result = (extra: Partial<LintResult>): LintResult => ({
  filePath: '/project/models/m.onnx', messages: [], suppressedMessages: [], errorCount: 0, warningCount: 0, infoCount: 0, fatalErrorCount: 0, fixableErrorCount: 0, fixableWarningCount: 0, usedDeprecatedRules: [], ...extra,
});

describe('stylish', () => {
  it('groups findings by file', () => {
    const results = [
      result({
        messages: [
          message({ level: 'error', severity: 2, fixClass: 'exact', source: { file: '/project/net.py', line: 14 } }),
          message({ fixClass: 'suggestion', hint: 'Estimate the moving statistics again with dropout off.' }),
          message({ level: 'info', severity: 0, message: 'A long message that goes on and on until it does not fit into one line of the terminal any more, and is wrapped there.' }),
        ],
        errorCount: 1, warningCount: 1, infoCount: 1, fixableErrorCount: 1,
      }),
      result({ filePath: '/elsewhere/bad.onnx', messages: [message({ ruleId: null, fatal: true, level: 'error', severity: 2, message: 'it ends too early (byte 12)' })], errorCount: 1, fatalErrorCount: 1 }),
      result({ filePath: '/project/deployed.onnx', note: 'no dropout in this graph' }),
      result({ filePath: '/project/clean.onnx' }),
    ];
    expect(formatters.stylish(results, plain)).toMatchSnapshot();
  });

  it('says what was fixed and how it was proven', () => {
    const fixed = [message({ fixClass: 'exact', proof: proven }), message({ fixClass: 'exact', proof: proven })] as LintResult['fixed'];
    const messages = [
      message({ fixClass: 'exact', proof: { class: 'exact', verdict: 'refuted', checks: [{ ...inference, verdict: 'fails', largest: difference }], reason: 'inference differs' } }),
      message({ fixClass: 'exact', proof: { class: 'exact', verdict: 'unverifiable', checks: [], reason: 'no kernel for Custom' } }),
      message({ fixClass: 'exact', refusal: 'the mask is used' }),
    ];
    const results = [result({ fixed, messages, warningCount: 3 })];
    expect(formatters.stylish(results, plain)).toMatchSnapshot();
    expect(formatters.stylish(results, { ...plain, verbose: true })).toMatchSnapshot('verbose');
  });

  it('says that nothing was found, and that nothing was verified', () => {
    expect(formatters.stylish([result({})], plain)).toBe('✔ 1 file, no problems');
    expect(formatters.stylish([result({ fixed: [message({ fixClass: 'exact' })] as LintResult['fixed'] })], plain)).toContain('1 fix, not verified');
  });

  it('colours only where it is told to', () => {
    const results = [result({ messages: [message({})], warningCount: 1 })];
    // eslint-disable-next-line no-control-regex
    const escape = /\u001b\[/;
    expect(formatters.stylish(results, plain)).not.toMatch(escape);
    expect(formatters.stylish(results, { ...plain, colors: pc.createColors(true) })).toMatch(escape);
  });
});

it.each([
  ['bit-exact', [proven], 'inference bit-exact on 12 feeds at 2 optimisation levels, training same-mask exact'],
  ['two passes', [proven, { ...proven, checks: [inference] }], 'inference bit-exact on 24 feeds at 2 optimisation levels, training same-mask exact'],
  ['within a tolerance', [{ ...proven, checks: [{ ...inference, largest: { ...difference, ulp: 2, relative: 1.2e-7 } }] }], 'inference equal within 2 ulp (relative 1.2e-7) on 12 feeds at 2 optimisation levels'],
  ['not executed', [{ ...proven, checks: [erasure, { ...inference, verdict: 'not-applicable' }] }], 'equal once every dropout is erased'],
  ['statistics', [{ ...proven, checks: [inference, { ...sameMask, check: 'statistics' }] }], 'inference bit-exact on 12 feeds at 2 optimisation levels, training statistics hold'],
  ['nothing', [{ ...proven, checks: [] }], 'nothing that could be proven'],
] as const)('proofSummary: %s', (_, proofs, expected) => {
  expect(proofSummary(proofs as readonly Proof[])).toBe(expected);
});

it('json is the results, whole', () => {
  const results = [result({ messages: [message({})] })];
  expect(JSON.parse(formatters.json(results))).toEqual(results);
});

it('counts and wraps', () => {
  expect([count(1, 'fix'), count(2, 'fix'), count(0, 'feed'), count(3, 'pass')]).toEqual(['1 fix', '2 fixes', '0 feeds', '3 passes']);
  expect(wrap('aa bb cc dddddddddd e', 5)).toEqual(['aa bb', 'cc', 'dddddddddd', 'e']);
});
