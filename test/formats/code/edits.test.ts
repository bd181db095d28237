/** Edits → text, asserted exactly: comments, formatting, every kind of edit, and refusals with their reasons. */
import { describe, expect, it } from 'vitest';
import { readCode } from '../../../src/formats/code/document.js';
import type { CodeDocument } from '../../../src/formats/code/document.js';
import { configure, insert, move, remove, replace } from '../../../src/graph/edits.js';
import type { DropoutSpec, Edit } from '../../../src/graph/edits.js';
import { afterEdits, pick } from '../../support/graph-text.js';

interface Row {
  readonly name: string;
  readonly file?: string;
  readonly before: string;
  readonly edits: (document: CodeDocument) => readonly Edit[];
  readonly after: string;
}

const run = ({ file = 'model.js', before, edits, after }: Row) => {
  const document = readCode(file, before);
  expect(afterEdits(document, edits(document))).toBe(after);
};

const behind = (target: string) => (document: CodeDocument) => [move(pick(document, 'dropout')).after(pick(document, target))];
const drop = (document: CodeDocument) => [remove(pick(document, 'dropout'))];
const element: DropoutSpec = { kind: 'dropout', rate: 0.5, unit: 'element' };
const inFrontOf = (target: string, n = 1) => (document: CodeDocument) => [insert(element).before(pick(document, target, n))];
const following = (target: string, n = 1) => (document: CodeDocument) => [insert(element).after(pick(document, target, n))];
const perChannel = (document: CodeDocument) => [replace(pick(document, 'dropout'), { kind: 'dropout', rate: 'keep', unit: 'channel' })];
const set = (settings: Record<string, unknown>) => (document: CodeDocument) => [configure(pick(document, 'dropout'), settings)];

const FIRST = "m.add(tf.layers.dense({ units: 4, inputShape: [3] }));";
const sequential = (body: string) => `const m = tf.sequential();\n${FIRST}\n${body}\n`;

const MOVES: readonly Row[] = [
  {
    name: 'a layer takes its comments along, above and on its line',
    before: sequential('\n// against overfitting\nm.add(tf.layers.dropout({ rate: 0.5 })); // half\n// a nonlinearity\nm.add(tf.layers.reLU());\n\nm.add(tf.layers.dense({ units: 1 }));'),
    edits: behind('relu'),
    after: sequential('\n// a nonlinearity\nm.add(tf.layers.reLU());\n// against overfitting\nm.add(tf.layers.dropout({ rate: 0.5 })); // half\n\nm.add(tf.layers.dense({ units: 1 }));'),
  },
  {
    name: 'a comment set off by a blank line stays',
    before: sequential('// the head\n\nm.add(tf.layers.dropout({ rate: 0.5 }));\nm.add(tf.layers.reLU());'),
    edits: behind('relu'),
    after: sequential('// the head\n\nm.add(tf.layers.reLU());\nm.add(tf.layers.dropout({ rate: 0.5 }));'),
  },
  {
    name: 'elements: commas stay, trailing comments travel, the last has no comma',
    before: `const m = tf.sequential({
  layers: [
    tf.layers.dense({units: 4, inputShape: [3]}),
    tf.layers.dropout({rate: .5}), // drop
    /* normalise */ tf.layers.batchNormalization(),
    tf.layers.reLU()  // act
  ]
});`,
    edits: behind('relu'),
    after: `const m = tf.sequential({
  layers: [
    tf.layers.dense({units: 4, inputShape: [3]}),
    /* normalise */ tf.layers.batchNormalization(),
    tf.layers.reLU(),  // act
    tf.layers.dropout({rate: .5}) // drop
  ]
});`,
  },
  {
    name: 'statements on one line, the last without a semicolon',
    before: 'const m = tf.sequential(); m.add(tf.layers.dense({units: 4, inputShape: [3]})); m.add(tf.layers.dropout({rate: .5})); m.add(tf.layers.reLU())',
    edits: behind('relu'),
    after: 'const m = tf.sequential(); m.add(tf.layers.dense({units: 4, inputShape: [3]})); m.add(tf.layers.reLU()); m.add(tf.layers.dropout({rate: .5}))',
  },
  {
    name: 'calls over several lines',
    before: sequential('m.add(\n  tf.layers.dropout({\n    rate: 0.5, // half\n  }),\n);\nm.add(\n  tf.layers.batchNormalization(),\n);\nm.add(tf.layers.dense({ units: 1 }));'),
    edits: behind('batchNormalization'),
    after: sequential('m.add(\n  tf.layers.batchNormalization(),\n);\nm.add(\n  tf.layers.dropout({\n    rate: 0.5, // half\n  }),\n);\nm.add(tf.layers.dense({ units: 1 }));'),
  },
  {
    name: 'before the classifier',
    before: sequential("m.add(tf.layers.dense({ units: 2, activation: 'softmax' }));\nm.add(tf.layers.dropout({ rate: 0.5 }));"),
    edits: (document) => [move(pick(document, 'dropout')).before(pick(document, 'dense', 2))],
    after: sequential("m.add(tf.layers.dropout({ rate: 0.5 }));\nm.add(tf.layers.dense({ units: 2, activation: 'softmax' }));"),
  },
  {
    name: 'behind the activation inside a layer, past that layer',
    before: sequential("m.add(tf.layers.dropout({ rate: 0.5 }));\nm.add(tf.layers.dense({ units: 2, activation: 'relu' }));\nm.add(tf.layers.dense({ units: 1 }));"),
    edits: behind('relu'),
    after: sequential("m.add(tf.layers.dense({ units: 2, activation: 'relu' }));\nm.add(tf.layers.dropout({ rate: 0.5 }));\nm.add(tf.layers.dense({ units: 1 }));"),
  },
  {
    name: 'constants across two layers: arguments, every later use, and the declaration with its comments',
    before: `const i = tf.input({ shape: [3] });
const h = tf.layers.dense({ units: 4 }).apply(i);
// drop some
const d = tf.layers.dropout({ rate: 0.5 }).apply(h);
const b = tf.layers.batchNormalization().apply(d); // normalise
const r = tf.layers.reLU().apply(b);
const out = tf.layers.dense({ units: 1 }).apply(r);
const model = tf.model({ inputs: i, outputs: [out, r] });`,
    edits: behind('relu'),
    after: `const i = tf.input({ shape: [3] });
const h = tf.layers.dense({ units: 4 }).apply(i);
const b = tf.layers.batchNormalization().apply(h); // normalise
const r = tf.layers.reLU().apply(b);
// drop some
const d = tf.layers.dropout({ rate: 0.5 }).apply(r);
const out = tf.layers.dense({ units: 1 }).apply(d);
const model = tf.model({ inputs: i, outputs: [out, d] });`,
  },
  {
    name: 'constants: shorthands, and properties of the same name',
    before: `const i = tf.input({ shape: [3] });
const h = tf.layers.dense({ units: 4 }).apply(i);
// drop some
const d = tf.layers.dropout({ rate: 0.5 }).apply(h);
const b = tf.layers.batchNormalization().apply(d); // normalise
const r = tf.layers.reLU().apply(b);
const heads = { r, name: 'r' };
const out = tf.layers.dense({ units: 1 }).apply(heads.r);
const model = tf.model({ inputs: i, outputs: out });`,
    edits: behind('relu'),
    after: `const i = tf.input({ shape: [3] });
const h = tf.layers.dense({ units: 4 }).apply(i);
const b = tf.layers.batchNormalization().apply(h); // normalise
const r = tf.layers.reLU().apply(b);
// drop some
const d = tf.layers.dropout({ rate: 0.5 }).apply(r);
const heads = { r: d, name: 'r' };
const out = tf.layers.dense({ units: 1 }).apply(heads.r);
const model = tf.model({ inputs: i, outputs: out });`,
  },
  {
    name: 'reassigned steps with comments',
    file: 'm.ts',
    before: `function f() {
  const i = tf.input({ shape: [3] });
  let x = tf.layers.dense({ units: 4 }).apply(i) as tf.SymbolicTensor;
  x = tf.layers.dropout({ rate: 0.5 }).apply(x) as tf.SymbolicTensor; // drop
  // act
  x = tf.layers.reLU().apply(x) as tf.SymbolicTensor;
  return tf.model({ inputs: i, outputs: tf.layers.dense({ units: 1 }).apply(x) as tf.SymbolicTensor });
}`,
    edits: behind('relu'),
    after: `function f() {
  const i = tf.input({ shape: [3] });
  let x = tf.layers.dense({ units: 4 }).apply(i) as tf.SymbolicTensor;
  // act
  x = tf.layers.reLU().apply(x) as tf.SymbolicTensor;
  x = tf.layers.dropout({ rate: 0.5 }).apply(x) as tf.SymbolicTensor; // drop
  return tf.model({ inputs: i, outputs: tf.layers.dense({ units: 1 }).apply(x) as tf.SymbolicTensor });
}`,
  },
  {
    name: 'in a helper that two call sites share',
    before: 'function block(m, units) {\n  m.add(tf.layers.dense({ units }));\n  m.add(tf.layers.dropout({ rate: 0.5 }));\n  m.add(tf.layers.reLU());\n}\nconst m = tf.sequential();\nm.add(tf.layers.flatten({ inputShape: [2, 2] }));\nblock(m, 4);\nblock(m, 5);\nm.add(tf.layers.dense({ units: 1 }));',
    edits: behind('relu'),
    after: 'function block(m, units) {\n  m.add(tf.layers.dense({ units }));\n  m.add(tf.layers.reLU());\n  m.add(tf.layers.dropout({ rate: 0.5 }));\n}\nconst m = tf.sequential();\nm.add(tf.layers.flatten({ inputShape: [2, 2] }));\nblock(m, 4);\nblock(m, 5);\nm.add(tf.layers.dense({ units: 1 }));',
  },
];

const REMOVALS: readonly Row[] = [
  { name: 'a statement with its comments and its line', before: sequential('// drop\nm.add(tf.layers.dropout({ rate: 0.5 })); // half\nm.add(tf.layers.dense({ units: 1 }));'), edits: drop, after: sequential('m.add(tf.layers.dense({ units: 1 }));') },
  { name: 'one of several statements on a line', before: 'const m = tf.sequential(); m.add(tf.layers.dense({ units: 1, inputShape: [1] })); m.add(tf.layers.dropout({ rate: 0.5 })); m.add(tf.layers.reLU());', edits: drop, after: 'const m = tf.sequential(); m.add(tf.layers.dense({ units: 1, inputShape: [1] })); m.add(tf.layers.reLU());' },
  { name: 'an element with its line', before: 'const m = tf.sequential({ layers: [\n  tf.layers.dense({ units: 1, inputShape: [1] }),\n  tf.layers.dropout({ rate: 0.5 }), // half\n  tf.layers.reLU(),\n] });', edits: drop, after: 'const m = tf.sequential({ layers: [\n  tf.layers.dense({ units: 1, inputShape: [1] }),\n  tf.layers.reLU(),\n] });' },
  { name: 'the last element takes the comma before it', before: 'const m = tf.sequential({ layers: [\n  tf.layers.dense({ units: 1, inputShape: [1] }),\n  tf.layers.dropout({ rate: 0.5 })\n] });', edits: drop, after: 'const m = tf.sequential({ layers: [\n  tf.layers.dense({ units: 1, inputShape: [1] })\n] });' },
  { name: 'an element among others on one line', before: 'const m = tf.sequential({layers: [tf.layers.dense({units: 1, inputShape: [1]}), tf.layers.dropout({rate: 0.5}), tf.layers.reLU()]});', edits: drop, after: 'const m = tf.sequential({layers: [tf.layers.dense({units: 1, inputShape: [1]}), tf.layers.reLU()]});' },
  { name: 'the last element on one line', before: 'const m = tf.sequential({layers: [tf.layers.dense({units: 1, inputShape: [1]}), tf.layers.dropout({rate: 0.5})]});', edits: drop, after: 'const m = tf.sequential({layers: [tf.layers.dense({units: 1, inputShape: [1]})]});' },
  { name: 'the if around it goes along', before: sequential('if (o.drop) {\n  m.add(tf.layers.dropout({ rate: 0.5 }));\n}\nm.add(tf.layers.dense({ units: 1 }));'), edits: drop, after: sequential('m.add(tf.layers.dense({ units: 1 }));') },
  { name: 'an if without braces', before: sequential('if (o.drop) m.add(tf.layers.dropout({ rate: 0.5 }));\nm.add(tf.layers.dense({ units: 1 }));'), edits: drop, after: sequential('m.add(tf.layers.dense({ units: 1 }));') },
  { name: 'its variable goes along', before: `const m = tf.sequential();\nconst half = tf.layers.dropout({ rate: 0.5 });\n${FIRST}\nm.add(half);\nm.add(tf.layers.reLU());`, edits: drop, after: `const m = tf.sequential();\n${FIRST}\nm.add(tf.layers.reLU());` },
  { name: 'a constant: who read it reads what it read', before: 'const i = tf.input({ shape: [3] });\nconst d = tf.layers.dropout({ rate: 0.5 }).apply(i);\nconst out = tf.layers.dense({ units: 1 }).apply(d);\nconst m = tf.model({ inputs: i, outputs: out });', edits: drop, after: 'const i = tf.input({ shape: [3] });\nconst out = tf.layers.dense({ units: 1 }).apply(i);\nconst m = tf.model({ inputs: i, outputs: out });' },
  { name: 'a step', before: 'const i = tf.input({ shape: [3] });\nlet x = tf.layers.dense({ units: 4 }).apply(i);\nx = tf.layers.dropout({ rate: 0.5 }).apply(x);\nconst m = tf.model({ inputs: i, outputs: x });', edits: drop, after: 'const i = tf.input({ shape: [3] });\nlet x = tf.layers.dense({ units: 4 }).apply(i);\nconst m = tf.model({ inputs: i, outputs: x });' },
  { name: 'a nested application', before: 'const i = tf.input({ shape: [3] });\nconst m = tf.model({ inputs: i, outputs: tf.layers.dense({ units: 1 }).apply(tf.layers.dropout({ rate: 0.5 }).apply(i)) });', edits: drop, after: 'const i = tf.input({ shape: [3] });\nconst m = tf.model({ inputs: i, outputs: tf.layers.dense({ units: 1 }).apply(i) });' },
  { name: 'the dropout inside a recurrent layer', before: 'const m = tf.sequential({ layers: [tf.layers.lstm({ units: 4, dropout: 0.2, inputShape: [5, 3] })] });', edits: drop, after: 'const m = tf.sequential({ layers: [tf.layers.lstm({ units: 4, inputShape: [5, 3] })] });' },
  { name: 'a statement with CRLF and tabs', before: 'const m = tf.sequential();\r\n\tm.add(tf.layers.dense({ units: 4, inputShape: [3] }));\r\n\tm.add(tf.layers.dropout({ rate: 0.5 }));\r\n\tm.add(tf.layers.reLU());\r\n', edits: drop, after: 'const m = tf.sequential();\r\n\tm.add(tf.layers.dense({ units: 4, inputShape: [3] }));\r\n\tm.add(tf.layers.reLU());\r\n' },
  { name: 'the first layer: an input layer carries its shape', before: "const m = tf.sequential({ layers: [\n  // corrupt the input\n  tf.layers.dropout({ rate: 0.5, inputShape: [3], seed: 7, name: 'in' }), // half\n  tf.layers.dense({ units: 1 }),\n] });", edits: drop, after: "const m = tf.sequential({ layers: [\n  // corrupt the input\n  tf.layers.inputLayer({ inputShape: [3], name: 'in' }), // half\n  tf.layers.dense({ units: 1 }),\n] });" },
  { name: 'merged with its neighbour', before: sequential('m.add(tf.layers.dropout({ rate: 0.5 }));\nm.add(tf.layers.dropout({ rate: 0.5 }));\nm.add(tf.layers.dense({ units: 1 }));'), edits: (document) => [remove(pick(document, 'dropout')), configure(pick(document, 'dropout', 2), { rate: 0.75 })], after: sequential('m.add(tf.layers.dropout({ rate: 0.75 }));\nm.add(tf.layers.dense({ units: 1 }));') },
];

const INSERTIONS: readonly Row[] = [
  { name: 'a statement before another, its comment stays with that', before: sequential('// the classifier\nm.add(tf.layers.dense({ units: 1 }));'), edits: inFrontOf('dense', 2), after: sequential('m.add(tf.layers.dropout({ rate: 0.5 }));\n// the classifier\nm.add(tf.layers.dense({ units: 1 }));') },
  { name: 'a statement behind another', before: sequential('m.add(tf.layers.reLU()); // act\nm.add(tf.layers.dense({ units: 1 }));'), edits: following('relu'), after: sequential('m.add(tf.layers.reLU()); // act\nm.add(tf.layers.dropout({ rate: 0.5 }));\nm.add(tf.layers.dense({ units: 1 }));') },
  { name: 'in the spelling of the file: no semicolons, tight braces, another receiver and namespace', before: "import * as tfl from '@tensorflow/tfjs'\nclass Net {\n\tbuild() {\n\t\tthis.net = tfl.sequential()\n\t\tthis.net.add(tfl.layers.dense({units: 4, inputShape: [3]}))\n\t\tthis.net.add(tfl.layers.dense({units: 1}))\n\t}\n}", edits: inFrontOf('dense', 2), after: "import * as tfl from '@tensorflow/tfjs'\nclass Net {\n\tbuild() {\n\t\tthis.net = tfl.sequential()\n\t\tthis.net.add(tfl.layers.dense({units: 4, inputShape: [3]}))\n\t\tthis.net.add(tfl.layers.dropout({rate: 0.5}))\n\t\tthis.net.add(tfl.layers.dense({units: 1}))\n\t}\n}" },
  { name: 'on a line with others', before: 'const m = tf.sequential(); m.add(tf.layers.dense({ units: 4, inputShape: [3] })); m.add(tf.layers.dense({ units: 1 }));', edits: inFrontOf('dense', 2), after: 'const m = tf.sequential(); m.add(tf.layers.dense({ units: 4, inputShape: [3] })); m.add(tf.layers.dropout({ rate: 0.5 })); m.add(tf.layers.dense({ units: 1 }));' },
  { name: 'an element before another', before: 'const m = tf.sequential({ layers: [\n    tf.layers.dense({ units: 4, inputShape: [3] }),\n    tf.layers.dense({ units: 1 })\n] });', edits: inFrontOf('dense', 2), after: 'const m = tf.sequential({ layers: [\n    tf.layers.dense({ units: 4, inputShape: [3] }),\n    tf.layers.dropout({ rate: 0.5 }),\n    tf.layers.dense({ units: 1 })\n] });' },
  { name: 'an element behind the last', before: 'const m = tf.sequential({ layers: [\n    tf.layers.dense({ units: 4, inputShape: [3] }),\n    tf.layers.reLU() // act\n] });', edits: following('relu'), after: 'const m = tf.sequential({ layers: [\n    tf.layers.dense({ units: 4, inputShape: [3] }),\n    tf.layers.reLU(), // act\n    tf.layers.dropout({ rate: 0.5 })\n] });' },
  { name: 'an element behind the last, without a comment', before: 'const m = tf.sequential({ layers: [\n    tf.layers.dense({ units: 4, inputShape: [3] }),\n    tf.layers.reLU()\n] });', edits: following('relu'), after: 'const m = tf.sequential({ layers: [\n    tf.layers.dense({ units: 4, inputShape: [3] }),\n    tf.layers.reLU(),\n    tf.layers.dropout({ rate: 0.5 })\n] });' },
  { name: 'an element on one line', before: 'const m = tf.sequential({ layers: [tf.layers.dense({ units: 4, inputShape: [3] }), tf.layers.dense({ units: 1 })] });', edits: inFrontOf('dense', 2), after: 'const m = tf.sequential({ layers: [tf.layers.dense({ units: 4, inputShape: [3] }), tf.layers.dropout({ rate: 0.5 }), tf.layers.dense({ units: 1 })] });' },
  { name: 'a push', before: 'const layers = [];\nlayers.push(tf.layers.dense({ units: 4, inputShape: [3] }));\nlayers.push(tf.layers.dense({ units: 1 }));\nconst m = tf.sequential({ layers });', edits: inFrontOf('dense', 2), after: 'const layers = [];\nlayers.push(tf.layers.dense({ units: 4, inputShape: [3] }));\nlayers.push(tf.layers.dropout({ rate: 0.5 }));\nlayers.push(tf.layers.dense({ units: 1 }));\nconst m = tf.sequential({ layers });' },
  { name: 'a constant of its own, in TypeScript with the cast of its neighbour', file: 'm.ts', before: 'const i = tf.input({ shape: [3] });\nconst h = tf.layers.dense({ units: 4 }).apply(i) as tf.SymbolicTensor;\nconst out = tf.layers.dense({ units: 1 }).apply(h) as tf.SymbolicTensor;\nconst m = tf.model({ inputs: i, outputs: out });', edits: inFrontOf('dense', 2), after: 'const i = tf.input({ shape: [3] });\nconst h = tf.layers.dense({ units: 4 }).apply(i) as tf.SymbolicTensor;\nconst dropped = tf.layers.dropout({ rate: 0.5 }).apply(h) as tf.SymbolicTensor;\nconst out = tf.layers.dense({ units: 1 }).apply(dropped) as tf.SymbolicTensor;\nconst m = tf.model({ inputs: i, outputs: out });' },
  { name: 'a step', before: 'const i = tf.input({ shape: [3] });\nlet x = tf.layers.dense({ units: 4 }).apply(i);\nx = tf.layers.dense({ units: 1 }).apply(x);\nconst m = tf.model({ inputs: i, outputs: x });', edits: inFrontOf('dense', 2), after: 'const i = tf.input({ shape: [3] });\nlet x = tf.layers.dense({ units: 4 }).apply(i);\nx = tf.layers.dropout({ rate: 0.5 }).apply(x);\nx = tf.layers.dense({ units: 1 }).apply(x);\nconst m = tf.model({ inputs: i, outputs: x });' },
  { name: 'nested', before: 'const i = tf.input({ shape: [3] });\nconst m = tf.model({ inputs: i, outputs: tf.layers.dense({ units: 1 }).apply(tf.layers.dense({ units: 4 }).apply(i)) });', edits: inFrontOf('dense', 1), after: 'const i = tf.input({ shape: [3] });\nconst m = tf.model({ inputs: i, outputs: tf.layers.dense({ units: 1 }).apply(tf.layers.dropout({ rate: 0.5 }).apply(tf.layers.dense({ units: 4 }).apply(i))) });' },
  { name: 'with a destructured factory', before: 'const { dense, dropout } = tf.layers;\nconst m = tf.sequential({ layers: [dense({ units: 4, inputShape: [3] }), dense({ units: 1 })] });', edits: inFrontOf('dense', 2), after: 'const { dense, dropout } = tf.layers;\nconst m = tf.sequential({ layers: [dense({ units: 4, inputShape: [3] }), dropout({ rate: 0.5 }), dense({ units: 1 })] });' },
  { name: 'per channel', before: 'const m = tf.sequential({ layers: [tf.layers.conv2d({ filters: 2, kernelSize: 3, inputShape: [8, 8, 1] }), tf.layers.conv2d({ filters: 2, kernelSize: 3 })] });', edits: (document) => [insert({ ...element, unit: 'channel' }).before(pick(document, 'conv2d', 2))], after: 'const m = tf.sequential({ layers: [tf.layers.conv2d({ filters: 2, kernelSize: 3, inputShape: [8, 8, 1] }), tf.layers.dropout({ rate: 0.5, noiseShape: [null, 1, 1, null] }), tf.layers.conv2d({ filters: 2, kernelSize: 3 })] });' },
];

const conv = (dropout: string, more = '') => `const m = tf.sequential();\nm.add(tf.layers.conv2d({ filters: 4, kernelSize: 3, ${more}inputShape: [8, 8, 8] }));\nm.add(${dropout});\nm.add(tf.layers.conv2d({ filters: 4, kernelSize: 3, ${more}}));`.replaceAll(', }', ' }');
const sequence = (dropout: string) => `const m = tf.sequential();\nm.add(tf.layers.conv1d({ filters: 4, kernelSize: 3, inputShape: [8, 2] }));\nm.add(${dropout});\nm.add(tf.layers.conv1d({ filters: 4, kernelSize: 3 }));`;

const REPLACEMENTS: readonly Row[] = [
  { name: 'images, in JavaScript', before: conv('tf.layers.dropout({ rate: 0.5 })'), edits: perChannel, after: conv('tf.layers.dropout({ rate: 0.5, noiseShape: [null, 1, 1, null] })') },
  { name: 'images, in TypeScript', file: 'm.ts', before: conv('tf.layers.dropout({ rate: 0.5 })'), edits: perChannel, after: conv('tf.layers.dropout({ rate: 0.5, noiseShape: [null, 1, 1, null] as number[] })') },
  { name: 'channelsFirst', before: conv('tf.layers.dropout({ rate: 0.5 })', "dataFormat: 'channelsFirst', "), edits: perChannel, after: conv('tf.layers.dropout({ rate: 0.5, noiseShape: [null, null, 1, 1] })', "dataFormat: 'channelsFirst', ") },
  { name: 'settings on lines of their own', before: conv('tf.layers.dropout({\n  rate: 0.5,\n})'), edits: perChannel, after: conv('tf.layers.dropout({\n  rate: 0.5,\n  noiseShape: [null, 1, 1, null],\n})') },
  { name: 'settings on lines of their own, without a trailing comma', before: conv('tf.layers.dropout({\n  rate: 0.5 // half\n})'), edits: perChannel, after: conv('tf.layers.dropout({\n  rate: 0.5, // half\n  noiseShape: [null, 1, 1, null]\n})') },
  { name: 'settings on lines of their own, without a comma or a comment', before: conv('tf.layers.dropout({\n  rate: 0.5\n})'), edits: perChannel, after: conv('tf.layers.dropout({\n  rate: 0.5,\n  noiseShape: [null, 1, 1, null]\n})') },
  { name: 'a noiseShape of another kind', before: conv('tf.layers.dropout({ rate: 0.5, noiseShape: [null, 1, 1, 1] })'), edits: perChannel, after: conv('tf.layers.dropout({ rate: 0.5, noiseShape: [null, 1, 1, null] })') },
  { name: 'sequences: spatialDropout1d', before: sequence('tf.layers.dropout({ rate: 0.5 })'), edits: perChannel, after: sequence('tf.layers.spatialDropout1d({ rate: 0.5 })') },
  { name: 'sequences with a seed', before: sequence('tf.layers.dropout({ rate: 0.5, seed: 1 })'), edits: perChannel, after: sequence('tf.layers.dropout({ rate: 0.5, seed: 1, noiseShape: [null, 1, null] })') },
  { name: 'sequences, by a destructured name', before: `const { dropout } = tf.layers;\n${sequence('dropout({ rate: 0.5 })')}`, edits: perChannel, after: `const { dropout } = tf.layers;\n${sequence('dropout({ rate: 0.5, noiseShape: [null, 1, null] })')}` },
  { name: 'Gaussian noise becomes dropout', before: conv('tf.layers.gaussianDropout({ rate: 0.5 })'), edits: perChannel, after: conv('tf.layers.dropout({ rate: 0.5, noiseShape: [null, 1, 1, null] })') },
  { name: 'back to single elements', before: sequence('tf.layers.spatialDropout1d({ rate: 0.5 })'), edits: (document) => [replace(pick(document, 'dropout'), { ...element, rate: 0.2 })], after: sequence('tf.layers.dropout({ rate: 0.2 })') },
  { name: 'back from a noiseShape', before: conv('tf.layers.dropout({ rate: 0.5, noiseShape: [null, 1, 1, null] })'), edits: (document) => [replace(pick(document, 'dropout'), element)], after: conv('tf.layers.dropout({ rate: 0.5 })') },
];

const withDropout = (dropout: string) => sequential(`m.add(${dropout});\nm.add(tf.layers.dense({ units: 1 }));`);
const configured = (name: string, before: string, settings: Record<string, unknown>, after: string, file = 'model.js'): Row => ({ name, file, before: withDropout(before), edits: set(settings), after: withDropout(after) });

const SETTINGS: readonly Row[] = [
  configured('a rate', 'tf.layers.dropout({ rate: 50 })', { rate: 0.5 }, 'tf.layers.dropout({ rate: 0.5 })'),
  configured('a rate by shorthand', 'tf.layers.dropout({ rate })', { rate: 0.5 }, 'tf.layers.dropout({ rate: 0.5 })'),
  configured('a rate that was not given', 'tf.layers.dropout({})', { rate: 0.5 }, 'tf.layers.dropout({ rate: 0.5 })'),
  configured('a rate where nothing was given', 'tf.layers.dropout()', { rate: 0.5 }, 'tf.layers.dropout({ rate: 0.5 })'),
  configured('1 − a name', 'tf.layers.dropout({ rate: keepProb })', { complementRate: true }, 'tf.layers.dropout({ rate: 1 - keepProb })'),
  configured('1 − a sum', 'tf.layers.dropout({ rate: keep + 0.1 })', { complementRate: true }, 'tf.layers.dropout({ rate: 1 - (keep + 0.1) })'),
  configured('1 − a shorthand', 'tf.layers.dropout({ rate, seed: 1 })', { complementRate: true }, 'tf.layers.dropout({ rate: 1 - rate, seed: 1 })'),
  configured('a bare number', 'tf.layers.dropout(0.2)', { wrapRate: true }, 'tf.layers.dropout({ rate: 0.2 })'),
  configured('a bare name', 'tf.layers.dropout(RATE)', { wrapRate: true }, 'tf.layers.dropout({ rate: RATE })'),
  configured('another key', 'tf.layers.dropout({ p: 0.5 })', { renameKey: ['p', 'rate'] }, 'tf.layers.dropout({ rate: 0.5 })'),
  configured('another key, by shorthand', 'tf.layers.dropout({ p })', { renameKey: ['p', 'rate'] }, 'tf.layers.dropout({ rate: p })'),
  configured('a quoted key', "tf.layers.dropout({ 'probability': 0.5 })", { renameKey: ['probability', 'rate'] }, 'tf.layers.dropout({ rate: 0.5 })'),
  configured('a seed goes', 'tf.layers.dropout({ rate: 0.5, seed: 42 })', { removeSeed: true }, 'tf.layers.dropout({ rate: 0.5 })'),
  configured('a seed in front goes', 'tf.layers.dropout({ seed: 42, rate: 0.5 })', { removeSeed: true }, 'tf.layers.dropout({ rate: 0.5 })'),
  configured('a seed on its own line goes', 'tf.layers.dropout({\n  rate: 0.5,\n  seed: 42, // the answer\n})', { removeSeed: true }, 'tf.layers.dropout({\n  rate: 0.5,\n})'),
  configured('the last line goes with the comma before it', 'tf.layers.dropout({\n  rate: 0.5,\n  seed: 42\n})', { removeSeed: true }, 'tf.layers.dropout({\n  rate: 0.5\n})'),
  configured('another type', 'tf.layers.spatialDropout1d({ rate: 0.5 })', { type: 'dropout' }, 'tf.layers.dropout({ rate: 0.5 })'),
  configured('the batch of a noiseShape', 'tf.layers.dropout({ rate: 0.5, noiseShape: [32, 1] })', { freeBatch: true }, 'tf.layers.dropout({ rate: 0.5, noiseShape: [null, 1] })'),
  configured('the batch of a noiseShape, in TypeScript', 'tf.layers.dropout({ rate: 0.5, noiseShape: [32, 1] })', { freeBatch: true }, 'tf.layers.dropout({ rate: 0.5, noiseShape: [null, 1] as number[] })', 'm.ts'),
  { name: 'model.layers.push', before: 'const m = tf.sequential();\nm.layers.push(tf.layers.dropout({ rate: 0.2 }));', edits: set({ placement: 'add' }), after: 'const m = tf.sequential();\nm.add(tf.layers.dropout({ rate: 0.2 }));' },
  { name: 'a cell', before: 'const m = tf.sequential({ layers: [tf.layers.rnn({ cell: tf.layers.lstmCell({ units: 3, dropout: 0.5 }), returnSequences: true, inputShape: [4, 2] })] });', edits: set({ unwrapCell: true }), after: 'const m = tf.sequential({ layers: [tf.layers.lstm({ units: 3, dropout: 0.5, returnSequences: true, inputShape: [4, 2] })] });' },
  { name: 'a rate inside a recurrent layer', before: 'const m = tf.sequential({ layers: [tf.layers.bidirectional({ layer: tf.layers.lstm({ units: 3, recurrentDropout: 1.5 }), inputShape: [4, 2] })] });', edits: set({ rate: 0.15 }), after: 'const m = tf.sequential({ layers: [tf.layers.bidirectional({ layer: tf.layers.lstm({ units: 3, recurrentDropout: 0.15 }), inputShape: [4, 2] })] });' },
  { name: 'a bias', before: sequential('m.add(tf.layers.batchNormalization());\nm.add(tf.layers.dense({ units: 1 }));'), edits: (document) => [configure(pick(document, 'dense'), { useBias: false })], after: sequential('m.add(tf.layers.batchNormalization());\nm.add(tf.layers.dense({ units: 1 }));').replace('inputShape: [3] }', 'inputShape: [3], useBias: false }') },
];

const REFUSALS: readonly Row[] = [
  { name: 'layers addressed by number', before: sequential('m.add(tf.layers.dropout({ rate: 0.5 }));\nm.add(tf.layers.reLU());\nconsole.log(m.layers[1].name);'), edits: behind('relu'), after: 'refused: this file addresses layers by their number, which would shift' },
  { name: 'a condition in between', before: sequential('if (a) m.add(tf.layers.dropout({ rate: 0.5 }));\nm.add(tf.layers.reLU());\nm.add(tf.layers.dense({ units: 1 }));'), edits: behind('relu'), after: 'refused: the layers do not stand in the same list' },
  { name: 'other statements in between', before: sequential('m.add(tf.layers.dropout({ rate: 0.5 }));\nlog(rate);\nm.add(tf.layers.reLU());\nm.add(tf.layers.dense({ units: 1 }));'), edits: behind('relu'), after: 'refused: other statements stand in between' },
  { name: 'a heading in between', before: sequential('m.add(tf.layers.dropout({ rate: 0.5 }));\n\n// --- the activations ---\n\nm.add(tf.layers.reLU());\nm.add(tf.layers.dense({ units: 1 }));'), edits: behind('relu'), after: 'refused: a comment between blank lines stands in between, and nobody knows what it heads' },
  { name: 'in front of the first layer', before: sequential('m.add(tf.layers.dropout({ rate: 0.5 }));'), edits: (document) => [move(pick(document, 'dropout')).before(pick(document, 'dense'))], after: "refused: the model's first layer carries its input shape" },
  { name: 'moving the first layer', before: 'const m = tf.sequential();\nm.add(tf.layers.dropout({ rate: 0.5, inputShape: [3] }));\nm.add(tf.layers.batchNormalization());\nm.add(tf.layers.dense({ units: 1 }));', edits: behind('batchNormalization'), after: "refused: the model's first layer carries its input shape" },
  { name: 'removing the first layer of a functional model', before: 'const i = tf.input({ shape: [3] });\nconst m = tf.model({ inputs: i, outputs: tf.layers.dense({ units: 1 }).apply(tf.layers.dropout({ rate: 0.5, inputShape: [3] }).apply(i)) });', edits: drop, after: "refused: the model's first layer carries its input shape" },
  { name: 'between a layer and its own activation', before: sequential("m.add(tf.layers.dropout({ rate: 0.5 }));\nm.add(tf.layers.dense({ units: 2, activation: 'relu' }));"), edits: (document) => [move(pick(document, 'dropout')).after(pick(document, 'dense', 2))], after: 'refused: its activation is an argument of dense' },
  { name: 'moving an activation that is an argument', before: sequential("m.add(tf.layers.dense({ units: 2, activation: 'relu' }));\nm.add(tf.layers.batchNormalization());"), edits: (document) => [move(pick(document, 'relu')).after(pick(document, 'batchNormalization'))], after: 'refused: it is an argument of dense' },
  { name: 'one of several copies', before: sequential("for (const u of [1, 2]) {\n  m.add(tf.layers.dense({ units: u }));\n  m.add(tf.layers.dropout({ rate: 0.5 }));\n}\nm.add(tf.layers.dense({ units: 2, activation: 'softmax' }));"), edits: drop, after: 'refused: this line makes several layers, and the edit is right for only some of them' },
  { name: 'a skip connection', before: 'const i = tf.input({ shape: [4] });\nconst d = tf.layers.dropout({ rate: 0.5 }).apply(i);\nconst r = tf.layers.reLU().apply(d);\nconst m = tf.model({ inputs: i, outputs: tf.layers.add().apply([d, r]) });', edits: behind('relu'), after: 'refused: the layers do not stand in the same list' },
  { name: 'a name that is missing here', before: "import { dense } from '@tensorflow/tfjs-layers/dist/exports_layers';\nimport { sequential } from '@tensorflow/tfjs-layers';\nconst m = sequential({ layers: [dense({ units: 4, inputShape: [3] }), dense({ units: 1 })] });", edits: inFrontOf('dense', 2), after: 'refused: this file has no name for dropout' },
  { name: 'settings made elsewhere', before: withDropout('tf.layers.dropout(settings)'), edits: set({ rate: 0.5 }), after: 'refused: its settings are not written where the layer is made' },
  { name: 'the rank is not known', before: 'const build = (shape) => tf.sequential({ layers: [tf.layers.reLU({ inputShape: shape }), tf.layers.dropout({ rate: 0.5 }), tf.layers.dense({ units: 1 })] });', edits: perChannel, after: 'refused: the rank there is not known, so neither is the shape of the mask' },
  { name: 'training mode', before: withDropout('tf.layers.dropout({ rate: 0.5 })'), edits: set({ trainingMode: true }), after: 'refused: TensorFlow.js decides by the call (fit or predict) whether dropout is on' },
  { name: 'alphaDropout', before: withDropout('tf.layers.dropout({ rate: 0.5 })'), edits: set({ law: 'alpha' }), after: "refused: TensorFlow.js's alphaDropout shifts the mean" },
  { name: 'a setting that there is not', before: withDropout('tf.layers.dropout({ rate: 0.5 })'), edits: set({ colour: 'red' }), after: 'refused: code has no setting colour for dropout' },
  { name: 'no seed to remove', before: withDropout('tf.layers.dropout({ rate: 0.5 })'), edits: set({ removeSeed: true }), after: 'refused: there is no seed to remove' },
  { name: 'several layers in one push', before: 'const m = tf.sequential();\nm.layers.push(tf.layers.dropout({ rate: 0.2 }), tf.layers.reLU());', edits: set({ placement: 'add' }), after: 'refused: several layers are pushed at once' },
];

describe('move', () => it.each(MOVES)('$name', run));
describe('remove', () => it.each(REMOVALS)('$name', run));
describe('insert', () => it.each(INSERTIONS)('$name', run));
describe('replace', () => it.each(REPLACEMENTS)('$name', run));
describe('configure', () => it.each(SETTINGS)('$name', run));
describe('refuses', () => it.each(REFUSALS)('$name', run));

describe('several fixes', () => {
  const text = sequential('m.add(tf.layers.dropout({ rate: 0.5 }));\nm.add(tf.layers.reLU());\nm.add(tf.layers.dense({ units: 2 }));\nm.add(tf.layers.dropout({ rate: 0.3, seed: 1 }));\nm.add(tf.layers.elu());\nm.add(tf.layers.dense({ units: 1 }));');
  const document = readCode('model.js', text);
  const [first, second] = [pick(document, 'dropout'), pick(document, 'dropout', 2)];

  it('are made together', () => {
    const { splices, refusals } = document.lower([[move(first).after(pick(document, 'relu'))], [move(second).after(pick(document, 'elu'))]]);
    expect(refusals).toEqual([undefined, undefined]);
    expect(document.withSplices(splices).text).toBe(sequential('m.add(tf.layers.reLU());\nm.add(tf.layers.dropout({ rate: 0.5 }));\nm.add(tf.layers.dense({ units: 2 }));\nm.add(tf.layers.elu());\nm.add(tf.layers.dropout({ rate: 0.3, seed: 1 }));\nm.add(tf.layers.dense({ units: 1 }));'));
  });

  it('of which one touches the text of another wait', () => {
    expect(document.lower([[move(second).after(pick(document, 'elu'))], [configure(second, { removeSeed: true })]]).refusals).toEqual([undefined, 'it changes the same text as another fix']);
  });

  it('that are one and the same, for two copies of a line, are one', () => {
    const shared = readCode('model.js', 'function block(m) {\n  m.add(tf.layers.dropout({ rate: 0.5, seed: 1 }));\n  m.add(tf.layers.dense({ units: 4 }));\n}\nconst m = tf.sequential();\nm.add(tf.layers.flatten({ inputShape: [2, 2] }));\nblock(m);\nblock(m);');
    const { splices, refusals } = shared.lower([1, 2].map((n) => [configure(pick(shared, 'dropout', n), { removeSeed: true })]));
    expect(refusals).toEqual([undefined, undefined]);
    expect(splices).toHaveLength(1);
  });

  it('no fixes, no splices', () => expect(document.lower([])).toEqual({ splices: [], refusals: [] }));
});
