import { describe, expect, it } from 'vitest';
import { UnreadableError } from '../../src/formats/document.js';
import { move } from '../../src/graph/edits.js';
import { rulesFor } from '../../src/lint/configuration.js';
import { exitCodeOf } from '../../src/lint/exit-code.js';
import { lintDocument } from '../../src/lint/findings.js';
import { filterMessages, resultOf, unreadableResult, type LintMessage, type LintResult } from '../../src/lint/result.js';
import { defineRule, type Rule } from '../../src/rule.js';
import type { Proof } from '../../src/verify/proof.js';
import { ChainDocument } from '../support/chain-document.js';

const rule: Rule = defineRule({
  id: 'a-rule', statement: '', levels: { recommended: 'warn', strict: 'warn' }, fix: '', formats: ['onnx'], precedence: 1, sources: [], messages: { x: 'About {name}.' },
  *check({ graph }) {
    for (const at of graph.layersOf('dropout')) {
      const next = at.outputs[0]!.consumers[0]!;
      yield { at, messageId: 'x', data: { name: at.key }, related: [next], hint: 'A hint.', ...(next.kind === 'activation' && { edits: [move(at).after(next)] }) };
    }
  },
});

it('is what ESLint prints, and more', () => {
  const document = new ChainDocument('linear → dropout@a 0.5 → relu → dropout@b 0.5 → linear');
  const result = resultOf(document, lintDocument(document, { rules: rulesFor({}, [rule]), mode: 'auto' }), 'a note');
  expect(result).toEqual({
    filePath: '/models/chain.onnx',
    messages: [
      {
        ruleId: 'a-rule', severity: 1, level: 'warn', message: 'About a.', messageId: 'x', line: 2, column: 1, nodeName: 'a', graphPath: 'graph:node[1](a)',
        related: ['relu2'], hint: 'A hint.', fixClass: 'exact', fingerprint: expect.stringMatching(/^-:\w{12}$/) as string,
      },
      {
        ruleId: 'a-rule', severity: 1, level: 'warn', message: 'About b.', messageId: 'x', line: 4, column: 1, nodeName: 'b', graphPath: 'graph:node[3](b)',
        related: ['linear4'], hint: 'A hint.', fingerprint: expect.stringMatching(/^-:\w{12}$/) as string,
      },
    ],
    suppressedMessages: [], errorCount: 0, warningCount: 2, infoCount: 0, fatalErrorCount: 0, fixableErrorCount: 0, fixableWarningCount: 1, usedDeprecatedRules: [],
    source: document.text, note: 'a note',
  });
});

it('reports an unreadable file as ESLint does one that it cannot parse', () => {
  expect(unreadableResult(new UnreadableError('/m.onnx', 'it ends too early', 'byte 12'))).toMatchObject({
    messages: [{ ruleId: null, fatal: true, severity: 2, message: 'it ends too early (byte 12)' }], errorCount: 1, fatalErrorCount: 1,
  });
});

const message = (level: LintMessage['level'], extra: Partial<LintMessage> = {}): LintMessage => ({
  ruleId: 'a-rule', severity: ({ info: 0, warn: 1, error: 2 } as const)[level], level, message: '', line: 1, column: 1, ...extra,
});
const resultWith = (...messages: LintMessage[]): LintResult => filterMessages({ ...unreadableResult(new UnreadableError('/m.onnx', '')), messages }, () => true);
const failed = (verdict: Proof['verdict']): Partial<LintMessage> => ({ proof: { class: 'exact', verdict, checks: [] } });

describe('exitCodeOf', () => {
  it.each([
    ['nothing', 0, [], undefined],
    ['an info', 0, [message('info')], 0],
    ['warnings', 0, [message('warn'), message('warn')], undefined],
    ['as many warnings as allowed', 0, [message('warn'), message('warn')], 2],
    ['too many warnings', 1, [message('warn'), message('warn')], 1],
    ['an error', 1, [message('error')], undefined],
    ['an unverifiable fix', 1, [message('warn', failed('unverifiable'))], undefined],
    ['a failed proof', 2, [message('warn', failed('refuted'))], undefined],
    ['an unreadable file', 2, [message('error', { fatal: true })], undefined],
  ] as const)('%s: %i', (_, code, messages, maxWarnings) => {
    expect(exitCodeOf([resultWith(...messages)], { maxWarnings })).toBe(code);
  });
});
