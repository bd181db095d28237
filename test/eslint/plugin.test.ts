/** The plugin in every ESLint that it supports, with the parsers that people use. */
import { Linter as Linter10 } from 'eslint';
import { Linter as Linter8 } from 'eslint8';
import { Linter as Linter9 } from 'eslint9';
import * as espreeParser from 'espree';
import * as svelteParser from 'svelte-eslint-parser';
import * as typescriptParser from '@typescript-eslint/parser';
import { describe, expect, it } from 'vitest';
import * as vueParser from 'vue-eslint-parser';
import plugin from '../../src/eslint/index.js';

type Message = { ruleId: string | null; line: number; column: number; message: string; messageId?: string; fix?: { range: [number, number]; text: string }; suggestions?: { desc: string; fix: { range: [number, number]; text: string } }[] };
interface AnyLinter {
  verify(code: string, config: unknown[], options: unknown): Message[];
  verifyAndFix(code: string, config: unknown[], options: unknown): { output: string; messages: Message[] };
}

const versions: readonly (readonly [string, AnyLinter])[] = [
  ['8.57', new Linter8({ configType: 'flat' }) as AnyLinter],
  ['9', new Linter9({ configType: 'flat' }) as unknown as AnyLinter],
  ['10', new Linter10({ configType: 'flat' }) as unknown as AnyLinter],
];

const SOURCE = `import * as tf from '@tensorflow/tfjs';

const model = tf.sequential();
model.add(tf.layers.dense({ units: 64, inputShape: [10] }));
model.add(tf.layers.dropout(0.2));
model.add(tf.layers.reLU());
model.add(tf.layers.dense({ units: 64 }));
model.add(tf.layers.dropout({ rate: 0.5 }));
model.add(tf.layers.batchNormalization());
model.add(tf.layers.reLU());
model.add(tf.layers.dense({ units: 3, activation: 'softmax' }));
model.compile({ loss: 'categoricalCrossentropy', optimizer: 'adam' });
`;

const idsOf = (messages: readonly Message[]) => messages.map(({ ruleId, line }) => `${line} ${ruleId}`);

describe.each(versions)('ESLint %s', (_, linter) => {
  const configs = plugin.configs;
  const lint = (code: string, config: unknown, filename = 'model.js') => linter.verify(code, [{ files: ['**/*.{js,ts,vue,svelte}'], ...(config as object) }], { filename });

  it('reports by the preset, with message ids and data, and no information unless it is asked for', () => {
    const messages = lint(SOURCE, configs.recommended);
    expect(idsOf(messages)).toEqual(['5 droplint/valid-dropout-config', '8 droplint/dropout-after-batch-norm']);
    expect(messages[1]).toMatchObject({ messageId: 'shift', column: 11 });
    expect(messages[1].message).toContain('Var_test/Var_train = 0.50');
    expect(idsOf(lint(SOURCE, configs.strict))).toContain('8 droplint/no-dropout-with-batch-norm');
    expect(idsOf(lint(SOURCE, { ...configs.recommended, settings: { droplint: { info: true } } }))).toContain('5 droplint/dropout-after-activation');
  });

  it('fixes what changes no behaviour or cannot be meant, and suggests the rest', () => {
    const messages = lint(SOURCE, configs.recommended);
    expect(messages[0].fix?.text).toContain('{ rate: 0.2 }');
    expect(messages[1].fix).toBeUndefined();
    expect(messages[1].suggestions).toHaveLength(1);
    expect(messages[1].suggestions![0].desc).toContain('inference-exact');
    const { output } = linter.verifyAndFix(SOURCE, [{ files: ['**/*.{js,ts,vue,svelte}'], ...configs.recommended }], { filename: 'model.js' });
    expect(output).toBe(SOURCE.replace('dropout(0.2)', 'dropout({ rate: 0.2 })'));
  });

  it('reports what a call of apply does at the call, and a comment there switches it off', () => {
    const call = (comment: string) => `${SOURCE.replace('dropout(0.2)', 'dropout({ rate: 0.2 })')}${comment}export const draw = (x) => model.apply(x, { training: true });\n`;
    const [message] = lint(call(''), { ...configs.recommended, rules: { 'droplint/no-training-dropout-at-inference': 'warn' } });
    expect(message).toMatchObject({ line: 13, column: 28, ruleId: 'droplint/no-training-dropout-at-inference', messageId: 'applied' });
    expect(message.message).toContain('apply(…, { training: true })');
    expect(message.suggestions).toMatchObject([{ fix: { text: 'false' } }]);
    expect(lint(call('// eslint-disable-next-line droplint/no-training-dropout-at-inference -- Monte-Carlo dropout\n'), { ...configs.recommended, rules: { 'droplint/no-training-dropout-at-inference': 'warn' } })).toEqual([]);
  });

  it('fixes more where settings say so', () => {
    const config = { ...configs.recommended, settings: { droplint: { fix: 'inference-exact' } } };
    const { output, messages } = linter.verifyAndFix(SOURCE, [{ files: ['**/*.{js,ts,vue,svelte}'], ...config }], { filename: 'model.js' });
    expect(output).toContain(`model.add(tf.layers.batchNormalization());
model.add(tf.layers.reLU());
model.add(tf.layers.dropout({ rate: 0.5 }));`);
    expect(messages).toEqual([]);
  });

  it('says which setting is wrong', () => {
    expect(() => lint(SOURCE, { ...configs.recommended, settings: { droplint: { inform: true } } })).toThrow(/settings\.droplint has no "inform"/);
  });

  it('says nothing of code without a model', () => {
    expect(lint(`const dropout = (rate) => rate > 0.9; dropout(0.2);\n`, configs.all)).toEqual([]);
  });

  it.each([
    ['espree', { parser: espreeParser }, 'model.js', SOURCE],
    ['@typescript-eslint/parser', { parser: typescriptParser }, 'model.ts', SOURCE.replace('const model =', 'const model: tf.Sequential =')],
    ['vue-eslint-parser', { parser: vueParser }, 'Model.vue', `<template>\n  <p>{{ loss }}</p>\n</template>\n<script>\n${SOURCE}</script>\n`],
    ['svelte-eslint-parser', { parser: svelteParser }, 'Model.svelte', `<script>\n${SOURCE}</script>\n<p>a model</p>\n`],
  ])('%s', (_name, languageOptions, filename, code) => {
    const offset = code.slice(0, code.indexOf('import * as tf')).split('\n').length - 1;
    const messages = lint(code, { ...configs.recommended, languageOptions }, filename);
    expect(idsOf(messages)).toEqual([`${5 + offset} droplint/valid-dropout-config`, `${8 + offset} droplint/dropout-after-batch-norm`]);
    const [start, end] = messages[0].fix!.range;
    expect(code.slice(0, start) + messages[0].fix!.text + code.slice(end)).toBe(code.replace('dropout(0.2)', 'dropout({ rate: 0.2 })'));
  });
});

describe('the rules', () => {
  it('have a page, a schema and a description', () => {
    for (const [id, rule] of Object.entries(plugin.rules)) {
      expect(rule.meta?.docs?.url).toMatch(new RegExp(`/rules/${id}\\.md$`));
      expect(rule.meta?.docs?.description).toMatch(/\.$/);
      expect(Array.isArray(rule.meta?.schema)).toBe(true);
    }
  });

  it('are turned on by the configurations as their levels say', () => {
    expect(plugin.configs.recommended.rules).toMatchObject({ 'droplint/valid-dropout-config': 'error', 'droplint/dropout-after-activation': 'warn' });
    expect(plugin.configs.recommended.rules).not.toHaveProperty('droplint/dropout-training-budget');
    expect(Object.keys(plugin.configs.all.rules ?? {})).toHaveLength(Object.keys(plugin.rules).length);
  });
});
