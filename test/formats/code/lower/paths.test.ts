/** What a dropout becomes must stand on the paths that it stood on, and what goes must not be asked for by its name. */
import { describe, expect, it } from 'vitest';
import { readCode } from '../../../../src/formats/code/document.js';
import type { CodeDocument } from '../../../../src/formats/code/document.js';
import { insert, remove } from '../../../../src/graph/edits.js';
import type { DropoutSpec, Edit } from '../../../../src/graph/edits.js';
import { afterEdits, pick } from '../../../support/graph-text.js';

const DROP = 'm.add(tf.layers.dropout({ rate: 0.5 }));';
const program = (first: string, ...lines: string[]): string =>
  `import * as tf from '@tensorflow/tfjs';\n\nexport function build(drop) {\n  const m = tf.sequential();\n  m.add(${first});\n${lines.map((line) => `  ${line}\n`).join('')}  return m;\n}\n`;
const VECTORS = 'tf.layers.dense({ units: 8, inputShape: [3] })';
const SEQUENCES = 'tf.layers.embedding({ inputDim: 9, outputDim: 4, inputLength: 5 })';
const [DENSE, LSTM] = ['m.add(tf.layers.dense({ units: 4 }));', 'm.add(tf.layers.lstm({ units: 4 }));'];

/** As the plan has it: in front of the layer behind the dropout, which goes. */
function exchanged(text: string, kind: 'linear' | 'recurrent', ...units: DropoutSpec['unit'][]): string {
  const document: CodeDocument = readCode('model.js', text);
  const dropout = pick(document, 'dropout');
  const target = pick(document, kind, kind === 'linear' ? 2 : 1);
  const edits: Edit[] = units.map((unit) => insert({ kind: 'dropout', rate: 0.5, unit }).before(target));
  return afterEdits(document, [...edits, remove(dropout)]);
}

const weights = (...lines: string[]): string => exchanged(program(VECTORS, ...lines), 'linear', 'weight');
const states = (...lines: string[]): string => exchanged(program(SEQUENCES, ...lines), 'recurrent', 'time', 'state');
const SOMETIMES = 'refused: on some path through this code one of the dropout and the layer beside it stands without the other';

describe('dropouts that become settings of the layer behind them', () => {
  it.each([
    ['dropped sometimes, dense always', () => weights(`if (drop) ${DROP}`, DENSE)],
    ['dropped in a branch with else', () => weights(`if (drop) ${DROP} else m.add(tf.layers.reLU());`, DENSE)],
    ['dropped always, dense sometimes', () => weights(DROP, `if (drop) ${DENSE}`, 'm.add(tf.layers.reLU());')],
    ['one dense layer or another', () => weights(DROP, `if (drop) ${DENSE} else ${DENSE.replace('4', '5')}`)],
    ['dropped sometimes, recurrent always', () => states(`if (drop) ${DROP}`, LSTM)],
    ['dropped sometimes behind it', () => states(LSTM, `if (drop) ${DROP}`)],
  ])('refused: %s', (_, rewritten) => expect(rewritten()).toBe(SOMETIMES));

  it('made where both stand on the same paths', () => {
    expect(weights(DROP, DENSE)).toContain('m.add(new DropConnectDense({ units: 4, rate: 0.5 }));');
    expect(weights(`if (drop) { ${DROP} ${DENSE} }`)).toContain('if (drop) { m.add(new DropConnectDense({ units: 4, rate: 0.5 })); }');
    expect(weights(DROP, 'm.add(tf.layers.flatten());', DENSE)).toContain('m.add(tf.layers.flatten());\n  m.add(new DropConnectDense(');
    expect(states(LSTM, DROP)).toContain('m.add(tf.layers.lstm({ units: 4, dropout: 0.5, recurrentDropout: 0.5 }));');
    expect(states(DROP, LSTM)).toContain('m.add(tf.layers.lstm({ units: 4, dropout: 0.5, recurrentDropout: 0.5 }));');
  });
});

describe('names', () => {
  const named = (...lines: string[]): string => program(VECTORS, "m.add(tf.layers.dropout({ rate: 0.5, name: 'drop1' }));", DENSE, ...lines);
  const removed = (text: string): string => {
    const document = readCode('model.js', text);
    return afterEdits(document, [remove(pick(document, 'dropout'))]);
  };
  const asked = (line: string): string => `refused: this file names it elsewhere ('drop1', line ${line})`;

  it.each([
    ['getLayer', "m.getLayer('drop1').trainable = false;", '8'],
    ['another quote', 'const drop = m.getLayer("drop1");', '8'],
    ['a template', 'const drop = m.getLayer(`drop1`);', '8'],
    ['a comparison', "const drop = m.layers.find(({ name }) => name === 'drop1');", '8'],
    ['a list of names', "const names = ['dense1', 'drop1'];", '8'],
    ['a key', "const rates = { 'drop1': 0.5 };", '8'],
  ])('refused: %s', (_, line, at) => expect(removed(named(line))).toBe(asked(at)));

  it('DropConnect takes the dropout away as well', () => {
    expect(exchanged(named("m.getLayer('drop1');"), 'linear', 'weight')).toBe(asked('8'));
  });

  it.each([
    ['nothing asks for it', ''],
    ['other words', "console.log('drop10', 'a drop1 more'); // 'drop1'"],
    ['the name of another layer', "const other = tf.sequential();\n  other.add(tf.layers.dropout({ rate: 0.5, name: 'drop1' }));"],
  ])('removed: %s', (_, line) => expect(removed(named(line))).toBe(named(line).replace("  m.add(tf.layers.dropout({ rate: 0.5, name: 'drop1' }));\n", '')));

  it('a dropout without a name is removed whatever the file says', () => {
    expect(removed(program(VECTORS, DROP, DENSE, "m.getLayer('dropout');"))).not.toContain('tf.layers.dropout');
  });
});
