import { describe, expect, it } from 'vitest';
import { move, remove } from '../../src/graph/edits.js';
import { lintDocument, noteOn } from '../../src/lint/findings.js';
import { rulesFor, type Configuration } from '../../src/lint/configuration.js';
import { defineRule, type Mode, type Rule } from '../../src/rule.js';
import { ChainDocument } from '../support/chain-document.js';

const head = { statement: '', levels: { recommended: 'warn', strict: 'error' }, fix: '', formats: ['onnx'], precedence: 1, sources: [] } as const;

/** Reports each dropout right before a ReLU or GELU. */
const beforeActivation: Rule = defineRule({
  ...head,
  id: 'before-activation',
  messages: { order: '{name} stands before {next}.' },
  *check({ graph }) {
    for (const at of graph.layersOf('dropout')) {
      const next = at.outputs[0]?.consumers[0];
      if (next?.kind !== 'activation') continue;
      yield { at, messageId: 'order', data: { name: at.key, next: next.function }, edits: [move(at).after(next)], level: next.function === 'relu' ? 'info' : 'error' };
    }
  },
});

const modes: Mode[] = [];
const recordsMode: Rule = defineRule({ ...head, id: 'records-mode', messages: {}, check: ({ mode }) => (modes.push(mode), []) });

const lint = (document: ChainDocument, rules: readonly Rule[] = [beforeActivation], configuration: Configuration = {}) =>
  lintDocument(document, { rules: rulesFor(configuration, rules), mode: configuration.mode ?? 'auto' });

describe('lintDocument', () => {
  it('computes message, level and class', () => {
    const findings = lint(new ChainDocument('linear → dropout@a 0.5 → relu → linear → dropout@b 0.5 → gelu'));
    expect(findings).toMatchObject([
      { message: 'a stands before relu.', level: 'info', fixClass: 'exact', identity: 'before-activation a' },
      { message: 'b stands before gelu.', level: 'error', fixClass: 'inference-exact', identity: 'before-activation b' },
    ]);
  });

  it('lets a level that the user gave replace every computed one', () => {
    const document = new ChainDocument('linear → dropout@a 0.5 → relu → linear → dropout@b 0.5 → gelu');
    expect(lint(document, undefined, { rules: { 'before-activation': 'warn' } }).map(({ level }) => level)).toEqual(['warn', 'warn']);
    expect(lint(document, undefined, { rules: { 'before-activation': 'off' } })).toEqual([]);
  });

  it.each([
    ['holds in every variant', 'linear → dropout@a 0.5 → relu\nlinear → dropout@a 0.5 → relu → linear', ['a info exact']],
    ['holds wherever its layer is', 'linear → dropout@a 0.5 → relu\nlinear → relu', ['a info exact']],
    ['fails in one variant', 'linear → dropout@a 0.5 → relu\nlinear → dropout@a 0.5 → linear', []],
    ['is graver and weaker in one', 'linear → dropout@a 0.5 → relu\nlinear → dropout@a 0.5 → gelu', ['a error inference-exact']],
    ['appears in the second alone', 'linear → relu\nlinear → dropout@b 0.5 → relu', ['b info exact']],
  ])('keeps a finding that %s', (_, text, expected) => {
    expect(lint(new ChainDocument(text)).map(({ problem, level, fixClass }) => `${problem.at.key} ${level} ${fixClass}`)).toEqual(expected);
  });

  it('takes suggestion and repair from the rule, not from the edits', () => {
    const says = (extra: object): Rule =>
      defineRule({
        ...head, id: 'says', messages: { x: 'x' },
        *check({ graph }) { for (const at of graph.layersOf('dropout')) yield { at, messageId: 'x', edits: [remove(at)], ...extra }; },
      });
    const classOf = (extra: object) => lint(new ChainDocument('linear → dropout@a 0.5 → linear'), [says(extra)])[0]?.fixClass;
    expect([classOf({}), classOf({ suggestion: true }), classOf({ repair: true }), classOf({ edits: [] })]).toEqual(['inference-exact', 'suggestion', 'repair', undefined]);
  });

  it.each([
    ['auto', 'linear → dropout 0.5 live', false, 'training'],
    ['auto', 'linear → dropout 0.5', false, 'unspecified'],
    ['auto', 'linear → dropout 0.5', true, 'training'],
    ['inference', 'linear → dropout 0.5 live', true, 'inference'],
    ['training', 'linear → relu', false, 'training'],
  ] as const)('mode %s of %s (source: %s) is %4$s', (mode, text, isSource, expected) => {
    modes.length = 0;
    lint(new ChainDocument(text, { isSource }), [recordsMode], { mode });
    expect(modes).toEqual([expected]);
  });

  it('sorts by place, then by rule', () => {
    const all: Rule = defineRule({
      ...head, id: 'all-layers', messages: { x: '' },
      *check({ graph }) { for (const at of graph.layers) yield { at, messageId: 'x' }; },
    });
    const findings = lint(new ChainDocument('linear@a → dropout@b 0.5 → relu@c'), [beforeActivation, all]);
    expect(findings.map(({ identity }) => identity)).toEqual(['all-layers a', 'all-layers b', 'before-activation b', 'all-layers c']);
  });
});

it('notes a model without any dropout', () => {
  expect(noteOn(new ChainDocument('linear → relu'))).toContain('no dropout in this graph');
  expect(noteOn(new ChainDocument('linear → dropout 0.5\nlinear'))).toBeUndefined();
});
