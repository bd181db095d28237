/** Imports of droplint/tfjs follow the edits: added, extended, taken away; by what is imported, and how. */
import { describe, expect, it } from 'vitest';
import { readCode } from '../../../../src/formats/code/document.js';
import type { CodeDocument } from '../../../../src/formats/code/document.js';
import { replace } from '../../../../src/graph/edits.js';
import type { DropoutLayer } from '../../../../src/graph/layers.js';
import { afterEdits, pick } from '../../../support/graph-text.js';

type Law = DropoutLayer['law'];
const to = (document: CodeDocument, law: Law, n = 1) => replace(pick(document, 'dropout', n), { kind: 'dropout', rate: 'keep', unit: 'element', law, examples: 9 });
const drop = (name: string, more = '') => `new ${name}({ rate: 0.5${more} })`;
const model = (...dropouts: readonly string[]) => `const model = tf.sequential();\nmodel.add(tf.layers.dense({ units: 4, inputShape: [3] }));\n${dropouts.map((dropout) => `model.add(${dropout});\n`).join('')}model.add(tf.layers.dense({ units: 1 }));\n`;
const plain = model('tf.layers.dropout({ rate: 0.5 })');
const alpha = (name = 'AlphaDropout') => model(drop(name));

interface Row {
  readonly name: string;
  readonly file?: string;
  readonly before: string;
  readonly law?: Law;
  readonly after: string;
}

const ESM = "import * as tf from '@tensorflow/tfjs';\n";
const CJS = "const tf = require('@tensorflow/tfjs');\n";
const BOUND = "import { AlphaDropout } from 'droplint/tfjs';\n";

/** Both ways: to alpha, and back to the text that it was. */
const ADDED: readonly Row[] = [
  { name: 'behind the last import, quoted and ended like it', before: `import * as tf from "@tensorflow/tfjs"\nimport { data } from "./data.js"\n\n${plain}`, after: `import * as tf from "@tensorflow/tfjs"\nimport { data } from "./data.js"\nimport { AlphaDropout } from "droplint/tfjs"\n\n${alpha()}` },
  { name: 'behind a comment on its line', before: `import * as tf from '@tensorflow/tfjs'; // 4.22\n/* now */ ${plain}`, after: `import * as tf from '@tensorflow/tfjs'; // 4.22\n${BOUND}/* now */ ${alpha()}` },
  { name: 'an import over several lines', before: `import {\n  data,\n} from './data.js';\n${ESM}${plain}`, after: `import {\n  data,\n} from './data.js';\n${ESM}${BOUND}${alpha()}` },
  { name: 'named imports of TensorFlow.js', before: `import { layers, sequential } from '@tensorflow/tfjs';\n${plain.replaceAll('tf.', '')}`, after: `import { layers, sequential } from '@tensorflow/tfjs';\n${BOUND}${alpha().replaceAll('tf.', '')}` },
  { name: 'TypeScript with an import assignment', file: 'm.cts', before: `import tf = require('@tensorflow/tfjs');\n${plain}`, after: `import tf = require('@tensorflow/tfjs');\n${BOUND}${alpha()}` },
  { name: 'CRLF', before: `${ESM}${plain}`.replaceAll('\n', '\r\n'), after: `${ESM}${BOUND}${alpha()}`.replaceAll('\n', '\r\n') },
  { name: 'CommonJS', before: `${CJS}const fs = require('node:fs');\n\n${plain}`, after: `${CJS}const fs = require('node:fs');\nconst { AlphaDropout } = require('droplint/tfjs');\n\n${alpha()}` },
  { name: 'CommonJS of old, a later require is too late', before: `'use strict'\nvar tf = require("@tensorflow/tfjs-node")\n${plain}var fs = require("fs")\n`, after: `'use strict'\nvar tf = require("@tensorflow/tfjs-node")\nvar { AlphaDropout } = require("droplint/tfjs")\n${alpha()}var fs = require("fs")\n` },
  { name: 'CommonJS without any require', before: `'use strict';\n// the model\nmodule.exports = (tf) => {\n${plain}return model;\n};\n`, after: `'use strict';\nconst { AlphaDropout } = require('droplint/tfjs');\n// the model\nmodule.exports = (tf) => {\n${alpha()}return model;\n};\n` },
  { name: 'a module that imports nothing', before: `export function build(tf) {\n${plain}return model;\n}\n`, after: `${BOUND}export function build(tf) {\n${alpha()}return model;\n}\n` },
  { name: 'Deno', before: `import * as tf from 'npm:@tensorflow/tfjs';\n${plain}`, after: `import * as tf from 'npm:@tensorflow/tfjs';\nimport { AlphaDropout } from 'npm:droplint/tfjs';\n${alpha()}` },
  { name: 'a component of Vue', file: 'Model.vue', before: `<template><p>Model</p></template>\n<script setup lang="ts">\n${ESM}${plain}</script>\n`, after: `<template><p>Model</p></template>\n<script setup lang="ts">\n${ESM}${BOUND}${alpha()}</script>\n` },
  { name: 'the name is taken', before: `${ESM}import { AlphaDropout } from './layers.js';\nAlphaDropout.register();\n${plain}`, after: `${ESM}import { AlphaDropout } from './layers.js';\nimport { AlphaDropout as DroplintAlphaDropout } from 'droplint/tfjs';\nAlphaDropout.register();\n${alpha('DroplintAlphaDropout')}` },
  { name: 'the name is taken, in CommonJS', before: `${CJS}class AlphaDropout extends tf.layers.Layer {}\n${plain}`, after: `${CJS}const { AlphaDropout: DroplintAlphaDropout } = require('droplint/tfjs');\nclass AlphaDropout extends tf.layers.Layer {}\n${alpha('DroplintAlphaDropout')}` },
  { name: 'only types were imported', file: 'm.ts', before: `${ESM}import type { AlphaDropoutArgs } from 'droplint/tfjs';\n${plain}`, after: `${ESM}import type { AlphaDropoutArgs } from 'droplint/tfjs';\n${BOUND}${alpha()}` },
  { name: 'one more of them', before: `${ESM}import { curriculum } from "droplint/tfjs";\nlog(curriculum);\n${plain}`, after: `${ESM}import { curriculum, AlphaDropout } from "droplint/tfjs";\nlog(curriculum);\n${alpha()}` },
  { name: 'one more of them, on its line', before: `${ESM}import {\n  curriculum,\n  schedules, // all\n} from 'droplint/tfjs';\nlog(curriculum, schedules);\n${plain}`, after: `${ESM}import {\n  curriculum,\n  schedules,\n  AlphaDropout, // all\n} from 'droplint/tfjs';\nlog(curriculum, schedules);\n${alpha()}` },
  { name: 'one more of what is required', before: `${CJS}const { curriculum } = require('droplint/tfjs');\nlog(curriculum);\n${plain}`, after: `${CJS}const { curriculum, AlphaDropout } = require('droplint/tfjs');\nlog(curriculum);\n${alpha()}` },
  { name: 'the namespace is there', before: `${ESM}import * as dl from 'droplint/tfjs';\nlog(dl.curriculum);\n${plain}`, after: `${ESM}import * as dl from 'droplint/tfjs';\nlog(dl.curriculum);\n${alpha('dl.AlphaDropout')}` },
  { name: 'the whole module is required', before: `${CJS}const dl = require('droplint/tfjs');\nlog(dl.curriculum);\n${plain}`, after: `${CJS}const dl = require('droplint/tfjs');\nlog(dl.curriculum);\n${alpha('dl.AlphaDropout')}` },
  { name: 'it is there for another layer', before: `${ESM}${BOUND}const other = tf.sequential({ layers: [${drop('AlphaDropout')}] });\n${plain}`, after: `${ESM}${BOUND}const other = tf.sequential({ layers: [${drop('AlphaDropout')}] });\n${alpha()}` },
  { name: 'it is there by another name', before: `${ESM}import { AlphaDropout as Alpha } from 'droplint/tfjs';\nlog(Alpha);\n${plain}`, after: `${ESM}import { AlphaDropout as Alpha } from 'droplint/tfjs';\nlog(Alpha);\n${alpha('Alpha')}` },
];

describe('added, and taken away again', () => it.each(ADDED)('$name', ({ file = 'model.js', before, after }) => {
  const [document, wanted] = [readCode(file, before), readCode(file, after)];
  const last = (each: CodeDocument) => new Set(each.models.flatMap(({ variants }) => variants.flat()).flatMap((graph) => graph.layersOf('dropout').map(({ key }) => key))).size;
  expect(afterEdits(document, [to(document, 'alpha', last(document))])).toBe(after);
  expect(afterEdits(wanted, [to(wanted, 'bernoulli', last(wanted))])).toBe(before);
}));

const CHANGED: readonly Row[] = [
  { name: 'one name for another', before: `${ESM}${BOUND}${alpha()}`, law: 'concrete', after: `${ESM}import { ConcreteDropout } from 'droplint/tfjs';\n${model(drop('ConcreteDropout', ', divergenceWeight: 1 / 9'))}` },
  { name: 'what was unused before is not ours', before: `${ESM}import { AlphaDropout, curriculum } from 'droplint/tfjs';\n${alpha()}`, law: 'bernoulli', after: `${ESM}import { curriculum } from 'droplint/tfjs';\n${plain}` },
  { name: 'an import for what it does, not for its names, stays', before: `${ESM}import 'droplint/tfjs';\n${BOUND}${alpha()}`, law: 'bernoulli', after: `${ESM}import 'droplint/tfjs';\n${plain}` },
  { name: 'a licence above the first line stays', before: `// A licence\n${BOUND}${ESM}${alpha()}`, law: 'bernoulli', after: `// A licence\n${ESM}${plain}` },
  { name: 'a namespace that nothing uses any more', before: `${ESM}import * as dl from 'droplint/tfjs';\n${alpha('dl.AlphaDropout')}`, law: 'bernoulli', after: `${ESM}${plain}` },
  { name: 'it is exported, too', before: `${ESM}${BOUND}export { AlphaDropout as Dropout };\n${alpha()}`, law: 'bernoulli', after: `${ESM}${BOUND}export { AlphaDropout as Dropout };\n${plain}` },
  { name: 'a page that has imported it already', file: 'index.html', before: `<script type="module">\n${ESM}${BOUND}log(AlphaDropout);\n${plain}</script>\n`, after: `<script type="module">\n${ESM}${BOUND}log(AlphaDropout);\n${alpha()}</script>\n` },
  { name: 'several imports on a line', before: `import * as tf from '@tensorflow/tfjs'; import { AlphaDropout } from 'droplint/tfjs'; ${alpha()}`, law: 'bernoulli', after: `import * as tf from '@tensorflow/tfjs'; ${plain}` },
];

describe('changed', () => it.each(CHANGED)('$name', ({ file = 'model.js', before, law = 'alpha', after }) => {
  const document = readCode(file, before);
  expect(afterEdits(document, [to(document, law)])).toBe(after);
}));

const REFUSED: readonly Row[] = [
  { name: 'a page', file: 'index.html', before: `<script src="https://cdn.example/tf.js"></script>\n<script>\n${plain}</script>\n`, after: 'refused: the script of a page has no package droplint/tfjs to import' },
  { name: 'a global', before: plain, after: 'refused: TensorFlow.js is a global of the page here, and droplint/tfjs would bring another one' },
  { name: 'a global in a module', before: `import { data } from './data.js';\n${plain}`, after: 'refused: TensorFlow.js is a global of the page here, and droplint/tfjs would bring another one' },
  { name: "the window's", before: `import { data } from './data.js';\nconst tf = window.tf;\n${plain}`, after: 'refused: TensorFlow.js is a global of the page here, and droplint/tfjs would bring another one' },
  { name: 'a URL', before: `import * as tf from 'https://cdn.jsdelivr.net/npm/@tensorflow/tfjs@4.22.0/+esm';\n${plain}`, after: 'refused: TensorFlow.js comes from a URL here, and droplint/tfjs would bring another one' },
  { name: 'neither modules nor CommonJS', before: `function build(tf) {\n${plain}return model;\n}\n`, after: 'refused: this file has no imports beside which droplint/tfjs could be imported' },
];

describe('refused', () => it.each(REFUSED)('$name', ({ file = 'model.js', before, after }) => {
  const document = readCode(file, before);
  expect(afterEdits(document, [to(document, 'alpha')])).toBe(after);
}));

describe('several fixes at once', () => {
  const text = `${ESM}${model('tf.layers.dropout({ rate: 0.5 })', 'tf.layers.reLU()', 'tf.layers.dropout({ rate: 0.5 })')}`;
  const both = (document: CodeDocument, laws: readonly Law[]) => document.lower(laws.map((law, index) => [to(document, law, index + 1)]));

  it.each<[string, readonly Law[], string, readonly string[]]>([
    ['of one class: one import', ['alpha', 'alpha'], 'AlphaDropout', ['AlphaDropout', 'AlphaDropout']],
    ['of two', ['concrete', 'alpha'], 'AlphaDropout, ConcreteDropout', ['ConcreteDropout', 'AlphaDropout']],
  ])('%s', (_, laws, names, classes) => {
    const document = readCode('model.js', text);
    const { splices, refusals } = both(document, laws);
    expect(refusals).toEqual([undefined, undefined]);
    const after = document.withSplices(splices);
    const [first, second] = classes.map((name) => drop(name, name === 'ConcreteDropout' ? ', divergenceWeight: 1 / 9' : ''));
    expect(after.text).toBe(`${ESM}import { ${names} } from 'droplint/tfjs';\n${model(first!, 'tf.layers.reLU()', second!)}`);
    expect(after.withSplices(both(after, ['bernoulli', 'bernoulli']).splices).text).toBe(text);
  });

  it('for every copy that a loop makes of a line', () => {
    const loop = (dropout: string) => `const model = tf.sequential();\nmodel.add(tf.layers.flatten({ inputShape: [2, 2] }));\nfor (const units of [8, 4]) {\n  model.add(tf.layers.dense({ units }));\n  model.add(${dropout});\n}\nmodel.add(tf.layers.dense({ units: 1 }));\n`;
    const document = readCode('model.js', `${ESM}${loop('tf.layers.dropout({ rate: 0.5 })')}`);
    const { splices, refusals } = both(document, ['alpha', 'alpha']);
    expect(refusals).toEqual([undefined, undefined]);
    expect(document.withSplices(splices).text).toBe(`${ESM}${BOUND}${loop(drop('AlphaDropout'))}`);
    expect(document.lower([[to(document, 'alpha')]]).refusals).toEqual(['this line makes several layers, and the edit is right for only some of them']);
  });
});
