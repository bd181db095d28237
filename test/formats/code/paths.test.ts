/** Paths through code: branches, loops, helpers, and what is not known. */
import { describe, expect, it } from 'vitest';
import { readCode } from '../../../src/formats/code/document.js';
import type { CodeOptions } from '../../../src/formats/code/document.js';
import { parseScript } from '../../../src/formats/code/syntax.js';
import { graphTexts, pick } from '../../support/graph-text.js';

interface Row {
  readonly name: string;
  readonly code: string;
  /** The variants, in any order. */
  readonly graphs: readonly string[];
  readonly file?: string;
}

/** The body of a function that builds `m`, begun with a first layer. */
const build = (body: string, parameters = 'o') => `function build(${parameters}) {
  const m = tf.sequential();
  m.add(tf.layers.dense({ units: 8, inputShape: [4] }));
  ${body}
  return m;
}`;
const LAST = "m.add(tf.layers.dense({ units: 1 }));";
const DROP = 'm.add(tf.layers.dropout({ rate: 0.5 }));';

const BRANCHES: readonly Row[] = [
  { name: 'an if: both paths', code: build(`if (o.bn) m.add(tf.layers.batchNormalization()); ${DROP} ${LAST}`), graphs: ['model: dense → batchNormalization → dropout 0.5 → dense', 'model: dense → dropout 0.5 → dense'] },
  { name: 'equal conditions decide alike', code: build(`if (o.bn) m.add(tf.layers.batchNormalization()); m.add(tf.layers.reLU()); if (!o.bn) ${DROP} ${LAST}`), graphs: ['model: dense → batchNormalization → relu → dense', 'model: dense → relu → dropout 0.5 → dense'] },
  { name: 'else if on one value: never both', code: build(`if (o.act === 'relu') m.add(tf.layers.reLU()); else if (o.act === 'elu') m.add(tf.layers.elu()); if (o.act === 'relu') ${DROP} ${LAST}`), graphs: ['model: dense → relu → dropout 0.5 → dense', 'model: dense → elu → dense', 'model: dense → dense'] },
  { name: 'a condition that is constant', code: `const BN = false;\n${build(`if (BN) m.add(tf.layers.batchNormalization()); ${DROP} ${LAST}`)}`, graphs: ['model: dense → dropout 0.5 → dense'] },
  { name: 'a ternary of layers', code: build(`m.add(o.leaky ? tf.layers.leakyReLU() : tf.layers.reLU()); ${LAST}`), graphs: ['model: dense → leaky-relu → dense', 'model: dense → relu → dense'] },
  { name: '&&', code: build(`o.drop && ${DROP} ${LAST}`), graphs: ['model: dense → dropout 0.5 → dense', 'model: dense → dense'] },
  { name: 'a ternary inside a configuration', code: build("m.add(tf.layers.dense({ units: 1, activation: o.binary ? 'sigmoid' : 'linear' }));"), graphs: ['model: dense → dense → sigmoid', 'model: dense → dense'] },
  { name: 'a variable that a branch sets', code: build("let activation = 'relu'; if (o.smooth) activation = 'gelu'; m.add(tf.layers.activation({ activation }));"), graphs: ['model: dense → gelu', 'model: dense → relu'] },
  { name: 'a switch', code: build(`switch (o.kind) { case 'a': m.add(tf.layers.reLU()); break; case 'b': m.add(tf.layers.elu()); break; default: ${DROP} } ${LAST}`), graphs: ['model: dense → relu → dense', 'model: dense → elu → dense', 'model: dense → dropout 0.5 → dense'] },
  { name: 'an array with a conditional spread', code: 'const build = (o) => tf.sequential({ layers: [tf.layers.dense({ units: 8, inputShape: [4] }), ...(o.drop ? [tf.layers.dropout({ rate: 0.5 })] : []), tf.layers.dense({ units: 1 })] });', graphs: ['model: dense → dropout 0.5 → dense', 'model: dense → dense'] },
  { name: 'a guard that throws is taken not to', code: build(`if (!o.units) throw new Error('units'); ${DROP} ${LAST}`), graphs: ['model: dense → dropout 0.5 → dense'] },
  { name: 'an early return between layers', code: build(`${DROP} if (o.headless) return m; ${LAST}`), graphs: ['model: dense → dropout 0.5', 'model: dense → dropout 0.5 → dense'] },
  { name: 'try', code: build(`try { ${DROP} } catch (error) { console.error(error); } ${LAST}`), graphs: ['model: dense → dropout 0.5 → dense'] },
  { name: 'code after a return, and commented code', code: build(`// ${DROP}\n  /* ${DROP} */ ${LAST}\n  return m; ${DROP}`), graphs: ['model: dense → dense'] },
];

const LOOPS: readonly Row[] = [
  { name: 'a constant count is unrolled', code: build(`for (let i = 0; i < 3; i++) { ${DROP} m.add(tf.layers.dense({ units: 2 ** i })); }`), graphs: ['model: dense → dropout 0.5 → dense → dropout 0.5 → dense → dropout 0.5 → dense'] },
  { name: 'an unknown count is 0, 1 or 2', code: build(`for (let i = 0; i < o.n; i++) { m.add(tf.layers.dense({ units: 8 })); ${DROP} } ${LAST}`), graphs: ['model: dense → dense → dropout 0.5 → dense', 'model: dense → dense → dropout 0.5 → dense → dropout 0.5 → dense', 'model: dense → dense'] },
  { name: 'the last iteration is known to be the last', code: build(`for (let i = 0; i < o.n; i++) { m.add(tf.layers.dense({ units: 8 })); if (i < o.n - 1) ${DROP} }`), graphs: ['model: dense → dense', 'model: dense → dense → dropout 0.5 → dense', 'model: dense'] },
  { name: 'the first iteration is known to be the first', code: build(`for (let i = 0; i < o.n; i++) { if (i === 0) ${DROP} m.add(tf.layers.dense({ units: 8 })); }`), graphs: ['model: dense → dropout 0.5 → dense', 'model: dense → dropout 0.5 → dense → dense', 'model: dense'] },
  { name: 'for-of over a constant array', code: build(`for (const units of [16, 8]) { m.add(tf.layers.dense({ units, activation: 'relu' })); ${DROP} } ${LAST}`), graphs: ['model: dense → dense → relu → dropout 0.5 → dense → relu → dropout 0.5 → dense'] },
  { name: 'for-of over a parameter', code: build(`for (const units of o.hidden) m.add(tf.layers.dense({ units })); ${LAST}`), graphs: ['model: dense → dense → dense', 'model: dense → dense → dense → dense', 'model: dense → dense'] },
  { name: 'forEach with an index', code: build(`o.hidden.forEach((units, i) => { m.add(tf.layers.dense({ units })); if (i !== o.hidden.length - 1) ${DROP} });`), graphs: ['model: dense → dense', 'model: dense → dense → dropout 0.5 → dense', 'model: dense'] },
  { name: 'new Array(n).fill().forEach', code: build(`new Array(2).fill(0).forEach(() => { ${DROP} m.add(tf.layers.dense({ units: 8 })); });`), graphs: ['model: dense → dropout 0.5 → dense → dropout 0.5 → dense'] },
  { name: 'Array.from with a length', code: build(`Array.from({ length: o.n }, () => m.add(tf.layers.dense({ units: 8 }))); ${LAST}`), graphs: ['model: dense → dense → dense', 'model: dense → dense → dense → dense', 'model: dense → dense'] },
  { name: 'map makes an array', code: 'const build = () => tf.sequential({ layers: [tf.layers.flatten({ inputShape: [2, 2] }), ...[16, 8].map((units) => tf.layers.dense({ units })), tf.layers.dense({ units: 1 })] });', graphs: ['model: flatten → dense → dense → dense'] },
  { name: 'flatMap over a parameter', code: 'const build = (hidden) => tf.sequential({ layers: [tf.layers.flatten({ inputShape: [2, 2] }), ...hidden.flatMap((units) => [tf.layers.dense({ units }), tf.layers.dropout({ rate: 0.5 })]), tf.layers.dense({ units: 1 })] });', graphs: ['model: flatten → dense → dropout 0.5 → dense', 'model: flatten → dense → dropout 0.5 → dense → dropout 0.5 → dense', 'model: flatten → dense'] },
  { name: 'reduce over a parameter', code: 'const build = (hidden) => { const input = tf.input({ shape: [4] }); const x = hidden.reduce((h, units) => tf.layers.dense({ units }).apply(h), input); return tf.model({ inputs: input, outputs: tf.layers.softmax().apply(x) }); };', graphs: ['model: dense → softmax', 'model: dense → dense → softmax', 'model: softmax'] },
  { name: 'while', code: build(`let n = 2; while (n > 0) { ${DROP} n -= 1; } ${LAST}`), graphs: ['model: dense → dropout 0.5 → dropout 0.5 → dense'] },
  { name: 'break and continue', code: build(`for (let i = 0; i < 5; i++) { if (i === 1) continue; if (i === 3) break; m.add(tf.layers.dense({ units: i + 1 })); }`), graphs: ['model: dense → dense → dense'] },
  { name: 'functional steps in a loop', code: `function build() { const input = tf.input({ shape: [4] }); let x = input; for (const f of [8, 4]) { x = tf.layers.dense({ units: f }).apply(x); x = tf.layers.dropout({ rate: 0.5 }).apply(x); } return tf.model({ inputs: input, outputs: x }); }`, graphs: ['model: dense → dropout 0.5 → dense → dropout 0.5'] },
];

const HELPERS: readonly Row[] = [
  { name: 'one copy for each call site', code: `function block(m, units, rate) { m.add(tf.layers.dense({ units })); m.add(tf.layers.dropout({ rate })); }\n${build(`block(m, 32, 0.1); block(m, 16, 0.2); ${LAST}`, '')}`, graphs: ['model: dense → dense → dropout 0.1 → dense → dropout 0.2 → dense'] },
  { name: 'a residual block', code: `function block(x) { let y = tf.layers.conv2d({ filters: 4, kernelSize: 3, padding: 'same' }).apply(x); y = tf.layers.dropout({ rate: 0.1 }).apply(y); return tf.layers.add().apply([x, y]); }\nfunction build() { const i = tf.input({ shape: [8, 8, 4] }); return tf.model({ inputs: i, outputs: block(block(i)) }); }`, graphs: ['model: 0:conv2d(i) 1:dropout 0.1(0) 2:add(i,1) 3:conv2d(2) 4:dropout 0.1(3) 5:add(2,4)'] },
  { name: 'a helper that returns a layer', code: `const hidden = (units) => tf.layers.dense({ units, activation: 'relu' });\n${build(`m.add(hidden(8)); ${DROP} ${LAST}`, '')}`, graphs: ['model: dense → dense → relu → dropout 0.5 → dense'] },
  { name: 'a helper that returns an array', code: `const head = () => [tf.layers.dropout({ rate: 0.5 }), tf.layers.dense({ units: 1 })];\nconst build = () => tf.sequential({ layers: [tf.layers.dense({ units: 8, inputShape: [4] }), ...head()] });`, graphs: ['model: dense → dropout 0.5 → dense'] },
  { name: 'a rest parameter', code: `const stack = (...layers) => tf.sequential({ layers });\nconst model = stack(tf.layers.dense({ units: 8, inputShape: [4] }), tf.layers.dropout({ rate: 0.5 }), tf.layers.dense({ units: 1 }));`, graphs: ['model: dense → dropout 0.5 → dense'] },
  { name: 'constants, arithmetic, spread settings', code: `const BASE = { rate: 0.8 * 0.5, seed: 1 };\n${build(`m.add(tf.layers.dropout({ ...BASE, seed: 2 })); ${LAST}`)}`, graphs: ['model: dense → dropout 0.4 → dense'] },
  { name: 'an inherited method', code: `class Base { head() { this.m.add(tf.layers.dropout({ rate: 0.5 })); } }\nclass Net extends Base { build() { this.m = tf.sequential(); this.m.add(tf.layers.dense({ units: 8, inputShape: [4] })); this.head(); this.m.add(tf.layers.dense({ units: 1 })); } }`, graphs: ['model: dense → dropout 0.5 → dense'] },
  { name: 'a nested model', code: 'const base = tf.sequential({ layers: [tf.layers.conv2d({ inputShape: [8, 8, 1], filters: 2, kernelSize: 3 }), tf.layers.flatten()] });\nconst model = tf.sequential();\nmodel.add(base);\nmodel.add(tf.layers.dropout({ rate: 0.5 }));\nmodel.add(tf.layers.dense({ units: 2 }));', graphs: ['model: conv2d → flatten → dropout 0.5 → dense'] },
  { name: 'one layer at two places', code: 'const drop = tf.layers.dropout({ rate: 0.5 });\nconst model = tf.sequential({ layers: [tf.layers.dense({ units: 8, inputShape: [4] }), drop, tf.layers.dense({ units: 8 }), drop, tf.layers.dense({ units: 1 })] });', graphs: ['model: dense → dropout 0.5 → dense → dropout 0.5 → dense'] },
  { name: 'model.output goes on', code: 'const base = tf.sequential({ layers: [tf.layers.dense({ units: 8, inputShape: [4] })] });\nconst out = tf.layers.softmax().apply(base.output);\nconst model = tf.model({ inputs: base.inputs, outputs: out });', graphs: ['model: dense → softmax'] },
  { name: 'a GAN: the discriminator alone, and within', code: "const d = tf.sequential({ layers: [tf.layers.dense({ units: 8, inputShape: [4] }), tf.layers.dropout({ rate: 0.5 }), tf.layers.dense({ units: 1 })] });\nd.compile({ loss: 'binaryCrossentropy', optimizer: 'adam' });\nconst g = tf.sequential({ layers: [tf.layers.dense({ units: 4, inputShape: [2] })] });\nconst z = tf.input({ shape: [2] });\nconst gan = tf.model({ inputs: z, outputs: d.apply(g.apply(z)) });", graphs: ['model: dense → dropout 0.5 → dense', 'model: dense → dense → dropout 0.5 → dense'] },
];

const UNKNOWN: readonly Row[] = [
  { name: 'a model that comes as a parameter', code: 'export const addHead = (model) => { model.add(tf.layers.dense({ units: 3 })); model.add(tf.layers.dropout({ rate: 0.5 })); };', graphs: ['fragment: <model> → dense → dropout 0.5 → <unknown>'] },
  { name: 'a tensor that comes as a parameter', code: 'export const mlp = (x) => tf.layers.dropout({ rate: 0.5 }).apply(tf.layers.dense({ units: 3 }).apply(x));', graphs: ['fragment: <x> → dense → dropout 0.5 → <unknown>'] },
  { name: 'a model given to an unknown function', code: build(`${DROP} addRest(m); m.add(tf.layers.reLU());`), graphs: ['model: dense → dropout 0.5 → <addRest> → relu'] },
  { name: 'printing a model changes nothing', code: build(`${DROP} printSummary(m); console.log(m); ${LAST}`), graphs: ['model: dense → dropout 0.5 → dense'] },
  { name: 'custom layers and unknown factories', code: build(`m.add(new Attention({ heads: 2 })); ${DROP} m.add(makeLayer()); m.add(tf.layers.spatialDropout2d({ rate: 0.1 })); ${LAST}`), graphs: ['model: dense → <Attention> → dropout 0.5 → <makeLayer> → <spatialDropout2d> → dense'] },
  { name: 'a local custom layer class', code: `class Scale extends tf.layers.Layer { call(x) { return x; } }\n${build(`m.add(new Scale()); ${DROP} ${LAST}`)}`, graphs: ['model: dense → <Scale> → dropout 0.5 → dense'] },
  { name: 'pop', code: build(`${DROP} m.pop(); ${LAST}`), graphs: ['model: dense → dropout 0.5 → <pop> → dense'] },
  { name: 'an unknown activation', code: build(`m.add(tf.layers.dense({ units: 2, activation: o.activation })); ${DROP} ${LAST}`), graphs: ['model: dense → dense → <activation> → dropout 0.5 → dense'] },
  { name: 'model.layers.push', code: 'const model = tf.sequential();\nmodel.add(tf.layers.dense({ units: 1, inputShape: [1] }));\nmodel.layers.push(tf.layers.dropout({ rate: 0.2 }));', graphs: ['fragment: dense → <unknown> → dropout 0.2 → <unknown>'] },
  { name: 'layers from an unknown array', code: 'export const build = (layers) => tf.sequential({ layers: [tf.layers.dropout({ rate: 0.5, inputShape: [2] }), ...layers] });', graphs: ['fragment: dropout 0.5 → <layers> → <unknown>'] },
  { name: 'a layer that is placed nowhere', code: 'export const drop = () => tf.layers.dropout({ rate: 0.5 });', graphs: ['fragment: <unknown> → dropout 0.5 → <unknown>'] },
  { name: 'two functions that add to one model', code: 'export class Builder {\n  model = tf.sequential();\n  dense(units) { this.model.add(tf.layers.dense({ units })); this.model.add(tf.layers.reLU()); }\n  dropout(rate) { this.model.add(tf.layers.dropout({ rate })); }\n}', graphs: ['fragment: <model> → dense → relu → <unknown>', 'fragment: <model> → dropout ? → <unknown>'] },
  { name: 'a recursive helper', code: `function grow(m, n) { m.add(tf.layers.dense({ units: 4 })); if (n > 0) grow(m, n - 1); }\nfunction build() { const m = tf.sequential(); m.add(tf.layers.flatten({ inputShape: [2, 2] })); grow(m, 3); return m; }`, graphs: ['fragment: flatten → dense → <call> → <unknown>'] },
  { name: 'a base model from elsewhere', code: "async function build() { const base = await tf.loadLayersModel('model.json'); const m = tf.sequential(); m.add(base); m.add(tf.layers.dropout({ rate: 0.2 })); m.add(tf.layers.dense({ units: 3 })); return m; }", graphs: ['model: <loadLayersModel> → dropout 0.2 → dense'] },
  { name: 'a tensor from inside a base model', code: "async function build() { const base = await tf.loadLayersModel('model.json'); const x = base.getLayer('last').output; return tf.model({ inputs: base.inputs, outputs: tf.layers.dropout({ rate: 0.2 }).apply(x) }); }", graphs: ['model: <output> → dropout 0.2'] },
  { name: 'sets and maps have an add, too', code: "const seen = new Set();\nexport const note = (key) => { seen.add(key); };\nexport const model = tf.sequential({ layers: [tf.layers.dense({ units: 1, inputShape: [1] })] });", graphs: ['model: dense'] },
];

const same = (row: Row) => expect(graphTexts(readCode(row.file ?? 'model.js', row.code)).sort()).toEqual([...row.graphs].sort());
describe('branches', () => it.each(BRANCHES)('$name', same));
describe('loops', () => it.each(LOOPS)('$name', same));
describe('helpers', () => it.each(HELPERS)('$name', same));
describe('what is not known', () => it.each(UNKNOWN)('$name', same));

describe('more paths than can be told apart', () => {
  const code = build(`${Array.from({ length: 7 }, (_, i) => `if (o.f${i}) m.add(tf.layers.dense({ units: ${i + 1} }));`).join('\n  ')}\n  ${DROP}`);

  it('stay within the limit, and what is not told apart is no chain', () => {
    const texts = graphTexts(readCode('model.js', code));
    expect(texts.length).toBeLessThanOrEqual(32);
    expect(texts.every((text) => text.endsWith('<unknown> → dropout 0.5'))).toBe(true);
  });

  it('a switch inside a loop keeps its layers, for rules that look at one layer', () => {
    const kinds = ['dense', 'dropout', 'flatten', 'conv2d', 'reLU', 'maxPooling2d'];
    const cases = kinds.map((kind) => `case '${kind}': m.add(tf.layers.${kind}(layer)); break;`).join(' ');
    const document = readCode('model.js', `export function build(config) { const m = tf.sequential(); for (const layer of config.layers) { switch (layer.type) { ${cases} default: throw new Error(layer.type); } } return m; }`);
    expect(document.models[0]!.variants.length).toBeLessThanOrEqual(32);
    expect(pick(document, 'dropout').kind).toBe('dropout');
  });
});

describe('other files', () => {
  const files: Record<string, string> = {
    './head.js': "import * as tf from '@tensorflow/tfjs';\nexport const RATE = 0.3;\nexport function addHead(model) { model.add(tf.layers.dropout({ rate: RATE })); model.add(tf.layers.dense({ units: 1 })); }",
    './head.cjs': "const tf = require('@tensorflow/tfjs');\nconst head = () => [tf.layers.dropout({ rate: 0.3 }), tf.layers.dense({ units: 1 })];\nmodule.exports = { head };",
  };
  const options: CodeOptions = { resolve: (specifier) => (files[specifier] === undefined ? undefined : parseScript(specifier, files[specifier], 'js')) };

  it('follows an imported helper', () => {
    const code = "import * as tf from '@tensorflow/tfjs';\nimport { addHead } from './head.js';\nexport function build() { const m = tf.sequential(); m.add(tf.layers.dense({ units: 8, inputShape: [4] })); addHead(m); return m; }";
    expect(graphTexts(readCode('model.js', code, options))).toEqual(['model: dense → dropout 0.3 → dense']);
    expect(graphTexts(readCode('model.js', code))).toEqual(['fragment: dense → <addHead> → <unknown>']);
  });

  it('follows a required helper', () => {
    const code = "const tf = require('@tensorflow/tfjs');\nconst { head } = require('./head.cjs');\nconst build = () => tf.sequential({ layers: [tf.layers.dense({ units: 8, inputShape: [4] }), ...head()] });";
    expect(graphTexts(readCode('model.cjs', code, options))).toEqual(['model: dense → dropout 0.3 → dense']);
  });

  it('says in which file a layer is made, and does not edit there', () => {
    const code = "import * as tf from '@tensorflow/tfjs';\nimport { addHead } from './head.js';\nexport function build() { const m = tf.sequential(); m.add(tf.layers.dense({ units: 8, inputShape: [4] })); addHead(m); return m; }";
    const document = readCode('model.js', code, options);
    const dropout = pick(document, 'dropout');
    expect(dropout.origin.source).toMatchObject({ file: 'head.js', line: 3 });
    expect(code.slice(dropout.origin.range!.start, dropout.origin.range!.end)).toBe('addHead(m)');
    expect(dropout.origin.via).toMatchObject({ file: 'model.js', line: 3, column: code.split('\n')[2]!.indexOf('addHead') + 1 });
    expect(document.lower([[{ type: 'remove', layer: dropout }]]).refusals).toEqual(['the layer is made in another file']);
  });
});
