import { describe, expect, it } from 'vitest';
import { parseRuleSetting, rulesFor } from '../../src/lint/configuration.js';
import { defineRule, type Rule } from '../../src/rule.js';

const rule = (id: string, recommended: 'off' | 'info' | 'warn' | 'error', strict: 'off' | 'info' | 'warn' | 'error'): Rule =>
  defineRule({
    id, statement: '', levels: { recommended, strict }, fix: 'none', formats: ['onnx'], precedence: 1, sources: [], messages: {}, check: () => [],
    options: {
      type: 'object', additionalProperties: false,
      properties: {
        rate: { type: 'number', default: 0.5, description: 'rate', minimum: 0, maximum: 1 },
        fix: { enum: ['spatial', 'remove'], default: 'spatial', description: 'how' },
        depth: { type: 'integer', default: 1, description: 'how deep' },
      },
    },
  });
const RULES = [rule('first-rule', 'info', 'warn'), rule('second-rule', 'off', 'error'), rule('third-rule', 'off', 'off')];

describe('rulesFor', () => {
  it.each([
    ['recommended', { 'first-rule': 'info' }],
    ['strict', { 'first-rule': 'warn', 'second-rule': 'error' }],
    ['all', { 'first-rule': 'warn', 'second-rule': 'error', 'third-rule': 'info' }],
  ] as const)('%s', (preset, levels) => {
    const enabled = rulesFor({ preset }, RULES);
    expect(Object.fromEntries(enabled.map((each) => [each.rule.id, each.level]))).toEqual(levels);
    expect(enabled.every((each) => each.strict === (preset !== 'recommended') && !each.levelIsChosen)).toBe(true);
  });

  it('lets a setting replace the level, turn a rule on and off, and give options', () => {
    const enabled = rulesFor({ rules: { 'first-rule': 'off', 'second-rule': ['warn', { rate: 0.3 }] } }, RULES);
    expect(enabled).toMatchObject([{ level: 'warn', levelIsChosen: true, options: { rate: 0.3, fix: 'spatial', depth: 1 } }]);
  });

  it.each([
    [{ 'frist-rule': 'warn' }, 'There is no rule "frist-rule". Did you mean "first-rule"?'],
    [{ 'no-batch-size-at-all': 'warn' }, 'There is no rule "no-batch-size-at-all". `droplint rules`'],
    [{ 'first-rule': ['warn', { rat: 1 }] }, '"first-rule" has no option "rat". Did you mean "rate"?'],
    [{ 'first-rule': ['warn', { rate: 2 }] }, 'Option "rate" of "first-rule" must be at most 1, not 2.'],
    [{ 'first-rule': ['warn', { rate: -1 }] }, 'must be at least 0'],
    [{ 'first-rule': ['warn', { rate: '1' }] }, 'must be of type number, not "1"'],
    [{ 'first-rule': ['warn', { depth: 1.5 }] }, 'must be of type integer'],
    [{ 'first-rule': ['warn', { fix: 'drop' }] }, 'must be one of "spatial", "remove", not "drop"'],
  ] as const)('refuses %j', (rules, message) => {
    expect(() => rulesFor({ rules }, RULES)).toThrow(message);
  });
});

describe('parseRuleSetting', () => {
  it.each([
    ['a-rule: warn', ['a-rule', 'warn']],
    [' a-rule:error ', ['a-rule', 'error']],
    ['a-rule: "off"', ['a-rule', 'off']],
    ['a-rule: [info]', ['a-rule', 'info']],
    ['a-rule: [warn, {"rate": 0.3}]', ['a-rule', ['warn', { rate: 0.3 }]]],
    ['a-rule: ["warn", {"a": {"b": 1}}]', ['a-rule', ['warn', { a: { b: 1 } }]]],
  ])('%s', (text, setting) => {
    expect(parseRuleSetting(text)).toEqual(setting);
  });

  it.each([
    ['a-rule', "is not of the form 'rule-id: level'"],
    ['a-rule: wran', '"wran" is not a level (off, info, warn, error). Did you mean "warn"?'],
    ['a-rule: 2', '"2" is not a level'],
    ['a-rule: [warn, {rate: 1}]', 'are not JSON'],
  ])('refuses %s', (text, message) => {
    expect(() => parseRuleSetting(text)).toThrow(message);
  });
});
