/** The variants of dropout in code: rewritten, read again, and rewritten back to the text that it was. */
import { describe, expect, it } from 'vitest';
import { readCode } from '../../../../src/formats/code/document.js';
import type { CodeDocument } from '../../../../src/formats/code/document.js';
import { configure, insert, remove, replace } from '../../../../src/graph/edits.js';
import type { DropoutSpec, Edit } from '../../../../src/graph/edits.js';
import { eraseArchitecture } from '../../../../src/verify/erasure-architecture.js';
import { afterEdits, graphTexts, pick } from '../../../support/graph-text.js';

type Edits = (document: CodeDocument) => readonly Edit[];

const to = (spec: Partial<DropoutSpec>, n = 1): Edits => (document) => [replace(pick(document, 'dropout', n), { kind: 'dropout', rate: 'keep', unit: 'element', ...spec })];
const gone = (n = 1) => (document: CodeDocument): Edit => remove(pick(document, 'dropout', n));
const put = (unit: DropoutSpec['unit'], target: string, n = 1, rate = 0.5) => (document: CodeDocument): Edit => insert({ kind: 'dropout', rate, unit }).before(pick(document, target, n));
const all = (...edits: ((document: CodeDocument) => Edit)[]): Edits => (document) => edits.map((edit) => edit(document));

const DENSE = 'tf.layers.dense({ units: 4, inputShape: [3] })';
const IMAGE = 'tf.layers.conv2d({ filters: 4, kernelSize: 3, inputShape: [8, 8, 1] })';
const SEQUENCE = 'tf.layers.embedding({ inputDim: 9, outputDim: 4, inputLength: 5 })';

/** first → `layer` → dense, with an import of droplint/tfjs when there is one. */
const program = (first: string, layer: string, runtime = '') =>
  `import * as tf from '@tensorflow/tfjs';\n${runtime && `import { ${runtime} } from 'droplint/tfjs';\n`}\nconst model = tf.sequential();\nmodel.add(${first});\nmodel.add(${layer});\nmodel.add(tf.layers.dense({ units: 1 }));\n`;

interface RoundTrip {
  readonly name: string;
  readonly file?: string;
  readonly before: string;
  readonly edits: Edits;
  readonly after: string;
  /** What is read of the rewritten text. */
  readonly is: string;
  readonly back: Edits;
}

const EXAMPLES = 'divergenceWeight: /* 1 / number of training examples */ 1e-4';
const plain = 'tf.layers.dropout({ rate: 0.5 })';
const round = (name: string, first: string, edits: Edits, layer: string, runtime: string, is: string, file?: string): RoundTrip =>
  ({ name, file, before: program(first, plain), edits, after: program(first, layer, runtime), is, back: to({}) });

const ROUND_TRIPS: readonly RoundTrip[] = [
  round('alpha', DENSE, to({ law: 'alpha' }), 'new AlphaDropout({ rate: 0.5 })', 'AlphaDropout', 'model: dense → alpha-dropout 0.5 → dense'),
  round('alpha, per channel', IMAGE, to({ law: 'alpha', unit: 'channel' }), 'new AlphaDropout({ rate: 0.5, noiseShape: [null, 1, 1, null] })', 'AlphaDropout', 'model: conv2d → channel-alpha-dropout 0.5 → dense', 'm.ts'),
  round('gaussian', DENSE, to({ law: 'gaussian' }), `new VariationalDropout({ rate: 0.5, ${EXAMPLES} })`, 'VariationalDropout', 'model: dense → gaussian-dropout 0.5 → dense'),
  round('gaussian, each pixel with a variance of its own', IMAGE, to({ law: 'gaussian' }), `new VariationalDropout({ rate: 0.5, ${EXAMPLES}, alphaPer: 'element' })`, 'VariationalDropout', 'model: conv2d → gaussian-dropout 0.5 → dense'),
  round('gaussian, per channel', IMAGE, to({ law: 'gaussian', unit: 'channel' }), `new VariationalDropout({ rate: 0.5, ${EXAMPLES} })`, 'VariationalDropout', 'model: conv2d → channel-gaussian-dropout 0.5 → dense'),
  round('gaussian, of so many examples', DENSE, to({ law: 'gaussian', examples: 60_000 }), 'new VariationalDropout({ rate: 0.5, divergenceWeight: 1 / 60000 })', 'VariationalDropout', 'model: dense → gaussian-dropout 0.5 → dense'),
  round('concrete', DENSE, to({ law: 'concrete' }), `new ConcreteDropout({ rate: 0.5, ${EXAMPLES} })`, 'ConcreteDropout', 'model: dense → concrete-dropout 0.5 → dense'),
  round('concrete, per channel', IMAGE, to({ law: 'concrete', unit: 'channel' }), `new ConcreteDropout({ rate: 0.5, ${EXAMPLES}, spatial: true })`, 'ConcreteDropout', 'model: conv2d → channel-concrete-dropout 0.5 → dense'),
  round('spatial', IMAGE, to({ unit: 'channel' }), 'tf.layers.dropout({ rate: 0.5, noiseShape: [null, 1, 1, null] })', '', 'model: conv2d → channel-dropout 0.5 → dense'),
  round('spatial, of sequences', SEQUENCE, to({ unit: 'channel' }), 'tf.layers.spatialDropout1d({ rate: 0.5 })', '', 'model: embedding → channel-dropout 0.5 → dense'),
  {
    name: 'DropConnect',
    before: "import * as tf from '@tensorflow/tfjs';\n\nconst model = tf.sequential();\nmodel.add(tf.layers.dense({ units: 4, inputShape: [3] }));\nmodel.add(tf.layers.dropout({ rate: 0.5 }));\nmodel.add(tf.layers.dense({ units: 10, activation: 'relu' })); // ten\n",
    edits: all(gone(), put('weight', 'dense', 2)),
    after: "import * as tf from '@tensorflow/tfjs';\nimport { DropConnectDense } from 'droplint/tfjs';\n\nconst model = tf.sequential();\nmodel.add(tf.layers.dense({ units: 4, inputShape: [3] }));\nmodel.add(new DropConnectDense({ units: 10, activation: 'relu', rate: 0.5 })); // ten\n",
    is: 'model: 0:dense(input) 1:weight-dropout 0.5(weight) 2:DropConnectDense(0) 3:relu(2)',
    back: all(gone(), put('element', 'linear', 2)),
  },
  {
    name: 'recurrent',
    before: program(SEQUENCE, `${plain});\nmodel.add(tf.layers.lstm({ units: 4 })`),
    edits: all(gone(), put('time', 'recurrent'), put('state', 'recurrent')),
    after: program(SEQUENCE, 'tf.layers.lstm({ units: 4, dropout: 0.5, recurrentDropout: 0.5 })'),
    is: 'model: 0:embedding(input) 1:time-dropout 0.5 inside(0) 2:time-dropout 0.5 inside(state) 3:lstm(1) 4:dense(3)',
    back: all(gone(), gone(2), put('element', 'recurrent')),
  },
  {
    name: 'recurrent, in a bidirectional layer over several lines',
    file: 'm.ts',
    before: program(SEQUENCE, `${plain});\nmodel.add(tf.layers.bidirectional({\n  layer: tf.layers.gru({\n    units: 4 // four\n  }),\n})`),
    edits: all(gone(), put('time', 'recurrent'), put('state', 'recurrent')),
    after: program(SEQUENCE, 'tf.layers.bidirectional({\n  layer: tf.layers.gru({\n    units: 4, // four\n    dropout: 0.5,\n    recurrentDropout: 0.5\n  }),\n})'),
    is: 'model: 0:embedding(input) 1:time-dropout 0.5 inside(0) 2:time-dropout 0.5 inside(state) 3:bidirectional(1) 4:dense(3)',
    back: all(gone(), gone(2), put('element', 'recurrent')),
  },
];

describe('there and back', () => it.each(ROUND_TRIPS)('$name', ({ file = 'model.js', before, edits, after, is, back }) => {
  const [document, wanted] = [readCode(file, before), readCode(file, after)];
  expect(afterEdits(document, edits(document))).toBe(after);
  expect(graphTexts(wanted)).toEqual([is]);
  expect(eraseArchitecture(document, wanted).verdict).toBe('holds');
  expect(afterEdits(wanted, back(wanted))).toBe(before);
}));

interface Row {
  readonly name: string;
  readonly file?: string;
  readonly before: string;
  readonly edits: Edits;
  readonly after: string;
}

const run = ({ file = 'model.js', before, edits, after }: Row) => {
  const document = readCode(file, before);
  expect(afterEdits(document, edits(document))).toBe(after);
};
const layer = (name: string, before: string, edits: Edits, after: string, runtime: readonly [string, string] = ['', ''], file?: string): Row =>
  ({ name, file, before: program(DENSE, before, runtime[0]), edits, after: program(DENSE, after, runtime[1]) });

const SPELLINGS: readonly Row[] = [
  layer('a seed goes, which the classes do not have; a name and a shape stay', "tf.layers.dropout({ seed: 3, name: 'drop', rate: 0.5, trainable: false })", to({ law: 'alpha' }), "new AlphaDropout({ name: 'drop', rate: 0.5, trainable: false })", ['', 'AlphaDropout']),
  layer('a rate that is not written as a number stays as it is', 'tf.layers.dropout({ rate: RATE / 2 })', to({ law: 'alpha' }), 'new AlphaDropout({ rate: RATE / 2 })', ['', 'AlphaDropout']),
  layer('a shorthand', 'tf.layers.dropout({ rate })', to({ law: 'concrete', examples: 100 }), 'new ConcreteDropout({ rate, divergenceWeight: 1 / 100 })', ['', 'ConcreteDropout']),
  layer('another rate', plain, to({ law: 'alpha', rate: 0.1 }), 'new AlphaDropout({ rate: 0.1 })', ['', 'AlphaDropout']),
  layer('the same layer with another rate', 'new AlphaDropout({ rate: 0.5 })', to({ law: 'alpha', rate: 0.1 }), 'new AlphaDropout({ rate: 0.1 })', ['AlphaDropout', 'AlphaDropout']),
  { name: 'every factory is gone, and comes back', before: "import * as tf from '@tensorflow/tfjs';\nimport { AlphaDropout, DropConnectDense } from 'droplint/tfjs';\nconst model = tf.sequential();\nmodel.add(new DropConnectDense({ units: 4, rate: 0.1, inputShape: [3] }));\nmodel.add(new AlphaDropout({ rate: 0.5 }));\n", edits: to({}, 2), after: "import * as tf from '@tensorflow/tfjs';\nimport { DropConnectDense } from 'droplint/tfjs';\nconst model = tf.sequential();\nmodel.add(new DropConnectDense({ units: 4, rate: 0.1, inputShape: [3] }));\nmodel.add(tf.layers.dropout({ rate: 0.5 }));\n" },
  { name: 'a factory that has no name of its own yet', before: "import * as tf from '@tensorflow/tfjs';\nimport { AlphaDropout } from 'droplint/tfjs';\nconst { dense } = tf.layers;\nconst model = tf.sequential({ layers: [dense({ units: 4, inputShape: [3] }), new AlphaDropout({ rate: 0.5 }), dense({ units: 1 })] });\n", edits: to({}), after: "import * as tf from '@tensorflow/tfjs';\nconst { dense } = tf.layers;\nconst model = tf.sequential({ layers: [dense({ units: 4, inputShape: [3] }), tf.layers.dropout({ rate: 0.5 }), dense({ units: 1 })] });\n" },
  layer('only its rate', 'new AlphaDropout({ rate: 0.5 })', (document) => [configure(pick(document, 'dropout'), { rate: 0.1 })], 'new AlphaDropout({ rate: 0.1 })', ['AlphaDropout', 'AlphaDropout']),
  layer('lines and comments', 'tf.layers.dropout({\n  rate: 0.5, // half\n  seed: 3, // the same ones\n})', to({ law: 'concrete', examples: 9 }), 'new ConcreteDropout({\n  rate: 0.5, // half\n  divergenceWeight: 1 / 9,\n})', ['', 'ConcreteDropout']),
  layer('lines, the last of them without a comma', 'tf.layers.dropout({\n  rate: 0.5, // half\n  seed: 3 // the same ones\n})', to({ law: 'concrete', examples: 9 }), 'new ConcreteDropout({\n  rate: 0.5, // half\n  divergenceWeight: 1 / 9\n})', ['', 'ConcreteDropout']),
  layer("TensorFlow.js's own alphaDropout", 'tf.layers.alphaDropout({ rate: 0.5 })', to({ law: 'alpha' }), 'new AlphaDropout({ rate: 0.5 })', ['', 'AlphaDropout']),
  layer("TensorFlow.js's own gaussianDropout, whose variance is not learned", 'tf.layers.gaussianDropout({ rate: 0.5 })', to({ law: 'gaussian', examples: 9 }), 'new VariationalDropout({ rate: 0.5, divergenceWeight: 1 / 9 })', ['', 'VariationalDropout']),
  layer('alphaDropout back', 'tf.layers.alphaDropout({ rate: 0.5 })', to({}), plain),
  layer('gaussianDropout back', 'tf.layers.gaussianDropout({ rate: 0.5 })', to({}), plain),
  layer('a rate that was not written', 'new ConcreteDropout({ divergenceWeight: 0.1 })', to({}), 'tf.layers.dropout({ rate: 0.1 })', ['ConcreteDropout', '']),
  layer('one class for another: weights of the divergence stay', 'new ConcreteDropout({ rate: 0.2, divergenceWeight: weight, temperature: 0.2, lengthScale: 1 })', to({ law: 'gaussian' }), 'new VariationalDropout({ rate: 0.2, divergenceWeight: weight })', ['ConcreteDropout', 'VariationalDropout']),
  { name: 'SpatialDropout2D back', before: program(IMAGE, "new SpatialDropout2D({ rate: 0.5, dataFormat: 'channelsLast' })", 'SpatialDropout2D'), edits: to({}), after: program(IMAGE, plain) },
  { name: 'SpatialDropout2D is per channel already', before: program(IMAGE, 'new SpatialDropout2D({ rate: 0.5 })', 'SpatialDropout2D'), edits: to({ unit: 'channel', rate: 0.2 }), after: program(IMAGE, 'new SpatialDropout2D({ rate: 0.2 })', 'SpatialDropout2D') },
  { name: 'a noiseShape stays where it says the same', before: program(IMAGE, 'tf.layers.dropout({ noiseShape: [null, 1, 1, 4], rate: 0.5 })'), edits: to({ law: 'alpha', unit: 'channel' }), after: program(IMAGE, 'new AlphaDropout({ noiseShape: [null, 1, 1, 4], rate: 0.5 })', 'AlphaDropout') },
  { name: 'a noiseShape goes with the unit', before: program(IMAGE, 'tf.layers.dropout({ noiseShape: [null, 1, 1, null], rate: 0.5 })'), edits: to({ law: 'alpha' }), after: program(IMAGE, 'new AlphaDropout({ rate: 0.5 })', 'AlphaDropout') },
  { name: 'by a name of its own, and back', before: program(DENSE, 'dropout({ rate: 0.5 })').replace(';\n\n', ";\nconst { dropout } = tf.layers;\n\n"), edits: to({ law: 'alpha' }), after: program(DENSE, 'new AlphaDropout({ rate: 0.5 })', 'AlphaDropout').replace(";\n\n", ";\nconst { dropout } = tf.layers;\n\n") },
  {
    name: 'constants, nested applications, double quotes, no semicolons, CRLF',
    file: 'm.mjs',
    before: 'import * as tf from "@tensorflow/tfjs"\r\n\r\nconst i = tf.input({shape: [3]})\r\n// drop\r\nconst d = tf.layers.dropout({rate: 0.5}).apply(tf.layers.dense({units: 4}).apply(i)) // half\r\nexport const model = tf.model({inputs: i, outputs: tf.layers.dense({units: 1}).apply(d)})\r\n',
    edits: to({ law: 'alpha' }),
    after: 'import * as tf from "@tensorflow/tfjs"\r\nimport { AlphaDropout } from "droplint/tfjs"\r\n\r\nconst i = tf.input({shape: [3]})\r\n// drop\r\nconst d = new AlphaDropout({rate: 0.5}).apply(tf.layers.dense({units: 4}).apply(i)) // half\r\nexport const model = tf.model({inputs: i, outputs: tf.layers.dense({units: 1}).apply(d)})\r\n',
  },
  {
    name: 'elements of an array, a type assertion, a helper that is called twice',
    file: 'm.ts',
    before: "import * as tf from '@tensorflow/tfjs';\nconst block = (units: number): tf.layers.Layer[] => [tf.layers.dense({ units, activation: 'selu' }), tf.layers.dropout({ rate: 0.1 } as { rate: number })];\nexport const model = tf.sequential({ layers: [tf.layers.flatten({ inputShape: [2, 2] }), ...block(8), ...block(4), tf.layers.dense({ units: 1 })] });\n",
    edits: (document) => [...to({ law: 'alpha' })(document), ...to({ law: 'alpha' }, 2)(document)],
    after: "import * as tf from '@tensorflow/tfjs';\nimport { AlphaDropout } from 'droplint/tfjs';\nconst block = (units: number): tf.layers.Layer[] => [tf.layers.dense({ units, activation: 'selu' }), new AlphaDropout({ rate: 0.1 } as { rate: number })];\nexport const model = tf.sequential({ layers: [tf.layers.flatten({ inputShape: [2, 2] }), ...block(8), ...block(4), tf.layers.dense({ units: 1 })] });\n",
  },
  { name: 'a dense layer inside timeDistributed', before: program('tf.layers.timeDistributed({ layer: tf.layers.dense({ units: 4 }), inputShape: [5, 3] })', 'tf.layers.flatten()'), edits: all(put('weight', 'linear')), after: program('tf.layers.timeDistributed({ layer: new DropConnectDense({ units: 4, rate: 0.5 }), inputShape: [5, 3] })', 'tf.layers.flatten()', 'DropConnectDense') },
  { name: 'a new layer of another law', before: program(DENSE, 'tf.layers.reLU()'), edits: (document) => [insert({ kind: 'dropout', rate: 0.5, unit: 'element', law: 'concrete', examples: 7 }).after(pick(document, 'relu'))], after: program(DENSE, 'tf.layers.reLU());\nmodel.add(new ConcreteDropout({ rate: 0.5, divergenceWeight: 1 / 7 })', 'ConcreteDropout') },
  { name: 'convLstm2d', before: program('tf.layers.convLstm2d({ filters: 2, kernelSize: 3, inputShape: [4, 8, 8, 1] })', 'tf.layers.flatten()'), edits: all(put('state', 'recurrent', 1, 0.25)), after: program('tf.layers.convLstm2d({ filters: 2, kernelSize: 3, inputShape: [4, 8, 8, 1], recurrentDropout: 0.25 })', 'tf.layers.flatten()') },
  { name: 'a rate that stands there already', before: program(SEQUENCE, `${plain});\nmodel.add(tf.layers.lstm({ units: 4, dropout: 0.5 })`), edits: all(gone(), put('time', 'recurrent'), put('state', 'recurrent')), after: program(SEQUENCE, 'tf.layers.lstm({ units: 4, dropout: 0.5, recurrentDropout: 0.5 })') },
  { name: 'a rate of 0 that stands there', before: program(SEQUENCE, `${plain});\nmodel.add(tf.layers.lstm({ recurrentDropout: 0, units: 4 })`), edits: all(gone(), put('time', 'recurrent'), put('state', 'recurrent')), after: program(SEQUENCE, 'tf.layers.lstm({ recurrentDropout: 0.5, units: 4, dropout: 0.5 })') },
];

describe('spelled as the file is', () => it.each(SPELLINGS)('$name', run));

const REMOVALS: readonly Row[] = [
  ...['AlphaDropout({ rate: 0.5 })', 'VariationalDropout({ rate: 0.5, divergenceWeight: 1 })', 'ConcreteDropout({ divergenceWeight: 1 })'].map((make): Row => ({ name: make, before: program(DENSE, `new ${make}`, make.replace(/\(.*/, '')), edits: all(gone()), after: program(DENSE, '').replace('model.add();\n', '') })),
  { name: 'SpatialDropout2D', before: program(IMAGE, 'new SpatialDropout2D({ rate: 0.5 })', 'SpatialDropout2D'), edits: all(gone()), after: program(IMAGE, '').replace('model.add();\n', '') },
  { name: 'spatialDropout1d', before: program(SEQUENCE, 'tf.layers.spatialDropout1d({ rate: 0.5 })'), edits: all(gone()), after: program(SEQUENCE, '').replace('model.add();\n', '') },
  layer('DropConnectDense', "new DropConnectDense({ units: 4, maskPer: 'example', rate: 0.5, activation: 'relu' })", all(gone()), "tf.layers.dense({ units: 4, activation: 'relu' })", ['DropConnectDense', '']),
  layer('DropConnectDense, on lines', 'new DropConnectDense({\n  units: 4, // four\n  rate: 0.5,\n  useBias: false\n})', all(gone()), 'tf.layers.dense({\n  units: 4, // four\n  useBias: false\n})', ['DropConnectDense', '']),
  { name: 'recurrentDropout', before: program(SEQUENCE, 'tf.layers.gru({ recurrentDropout: 0.2, units: 4 })'), edits: all(gone()), after: program(SEQUENCE, 'tf.layers.gru({ units: 4 })') },
  { name: 'both dropouts of a recurrent layer at once', before: program(SEQUENCE, 'tf.layers.gru({ dropout: 0.2, recurrentDropout: 0.2, units: 4 })'), edits: all(gone(), gone(2)), after: program(SEQUENCE, 'tf.layers.gru({ units: 4 })') },
  { name: 'both, apart from each other', before: program(SEQUENCE, 'tf.layers.gru({ dropout: 0.2, units: 4, recurrentDropout: 0.2 })'), edits: all(gone(2), gone()), after: program(SEQUENCE, 'tf.layers.gru({ units: 4 })') },
  { name: 'both, with their lines', before: program(SEQUENCE, 'tf.layers.gru({\n  units: 4, // four\n  dropout: 0.2, // of the inputs\n  recurrentDropout: 0.2 // of the state\n})'), edits: all(gone(), gone(2)), after: program(SEQUENCE, 'tf.layers.gru({\n  units: 4 // four\n})') },
  { name: 'the dropouts in a bidirectional layer', before: program(SEQUENCE, 'tf.layers.bidirectional({ layer: tf.layers.lstm({ units: 4, dropout: 0.2, recurrentDropout: 0.1 }), mergeMode })'), edits: all(gone(), gone(2)), after: program(SEQUENCE, 'tf.layers.bidirectional({ layer: tf.layers.lstm({ units: 4 }), mergeMode })') },
  { name: 'the dropout of a cell', before: program(SEQUENCE, 'tf.layers.rnn({ cell: tf.layers.gruCell({ units: 4, dropout: 0.2 }) })'), edits: all(gone()), after: program(SEQUENCE, 'tf.layers.rnn({ cell: tf.layers.gruCell({ units: 4 }) })') },
];

it('both dropouts of a recurrent layer, each by a fix of its own', () => {
  const document = readCode('model.js', program(SEQUENCE, 'tf.layers.gru({ units: 4, dropout: 0.2, recurrentDropout: 0.2 })'));
  const { splices, refusals } = document.lower([1, 2].map((n) => [gone(n)(document)]));
  expect(refusals).toEqual([undefined, undefined]);
  expect(document.withSplices(splices).text).toBe(program(SEQUENCE, 'tf.layers.gru({ units: 4 })'));
});

describe('removed', () => it.each(REMOVALS)('$name', (row) => {
  run(row);
  expect(eraseArchitecture(readCode('model.js', row.before), readCode('model.js', row.after)).verdict).toBe('holds');
}));

const refusal = (name: string, before: string, edits: Edits, after: string, runtime: readonly [string, string] = ['', '']): Row => ({ name, before: program(DENSE, before, runtime[0]), edits, after });

const REFUSALS: readonly Row[] = [
  refusal('a rate that VariationalDropout does not take', 'tf.layers.dropout({ rate: 0.6 })', to({ law: 'gaussian' }), 'refused: VariationalDropout takes a rate in (0, 0.5], and this one is 0.6'),
  refusal('a rate of 0', 'tf.layers.dropout({ rate: 0 })', to({ law: 'concrete' }), 'refused: ConcreteDropout takes a rate in (0, 1), and this one is 0'),
  refusal('a rate that is none', 'tf.layers.dropout({ rate: 1 })', to({ law: 'alpha' }), 'refused: AlphaDropout takes a rate in [0, 1), and this one is 1'),
  refusal('vectors have no channels', plain, to({ law: 'alpha', unit: 'channel' }), 'refused: vectors have no channels to drop'),
  { name: 'the rank is not known', before: program('tf.layers.reLU({ inputShape: shape })', plain), edits: to({ law: 'gaussian' }), after: 'refused: the rank there is not known, so neither is what has a variance of its own' },
  { name: 'channels first', before: program(IMAGE.replace('filters', "dataFormat: 'channelsFirst', filters"), plain), edits: to({ law: 'concrete', unit: 'channel' }), after: 'refused: its channels come first, and noise that is learned needs them last' },
  { name: 'images of any size: an alpha for each pixel would be of no shape', before: program(IMAGE.replace('8, 8', 'null, null'), plain), edits: to({ law: 'gaussian' }), after: 'refused: VariationalDropout has an alpha for each element here, and not all extents are known: concrete dropout has one for all' },
  { name: 'sequences of any length', before: program(SEQUENCE.replace(', inputLength: 5', ''), plain), edits: to({ law: 'gaussian' }), after: 'refused: VariationalDropout has an alpha for each element here, and not all extents are known: concrete dropout has one for all' },
  { name: 'sequences of any length, inserted', before: program(SEQUENCE.replace(', inputLength: 5', ''), 'tf.layers.reLU()'), edits: (document) => [insert({ kind: 'dropout', rate: 0.5, unit: 'element', law: 'gaussian' }).after(pick(document, 'relu'))], after: 'refused: VariationalDropout has an alpha for each element here, and not all extents are known: concrete dropout has one for all' },
  refusal('settings made elsewhere', 'tf.layers.dropout(settings)', to({ law: 'alpha' }), 'refused: its settings are not written where the layer is made'),
  refusal('a comment in the name', 'tf.layers /* ! */ .dropout({ rate: 0.5 })', to({ law: 'alpha' }), 'refused: a comment stands in the name of the layer'),
  refusal('a weight is no layer', plain, to({ unit: 'weight' }), 'refused: a dropout of one draw per weight is no layer of its own'),
  refusal('a dropout of weights is no layer', 'new DropConnectDense({ units: 4, rate: 0.5 })', to({}), 'refused: it is no dropout layer of its own', ['DropConnectDense', '']),
  refusal('what prunes is no identity at inference', "new VariationalDropout({ rate: 0.5, divergenceWeight: 1, form: 'sparse' })", to({}), 'refused: it prunes at inference, and without it the model would be another one', ['VariationalDropout', '']),
  refusal('nor when it is removed', "new VariationalDropout({ rate: 0.5, divergenceWeight: 1, form })", all(gone()), 'refused: it prunes at inference, and without it the model would be another one', ['VariationalDropout', '']),
  { name: 'DropConnect of a convolution', before: program(IMAGE, 'tf.layers.flatten()'), edits: all(put('weight', 'convolution')), after: 'refused: droplint/tfjs has DropConnect for dense layers, and none for conv2d' },
  refusal('DropConnect twice', 'new DropConnectDense({ units: 4, rate: 0.5 })', all(put('weight', 'linear', 2)), 'refused: its weights are dropped already', ['DropConnectDense', '']),
  refusal('DropConnect of an activation', "tf.layers.dense({ units: 4, activation: 'relu' })", all(put('weight', 'relu')), 'refused: an activation has no weights'),
  refusal('DropConnect behind its layer', plain, (document) => [insert({ kind: 'dropout', rate: 0.5, unit: 'weight' }).after(pick(document, 'dense'))], 'refused: a dropout of one draw per weight stands before the layer that it is of'),
  refusal('DropConnect by another law', plain, (document) => [insert({ kind: 'dropout', rate: 0.5, unit: 'weight', law: 'concrete' }).before(pick(document, 'dense'))], 'refused: a dropout inside another layer has no concrete law'),
  refusal('a state that there is not', plain, all(put('state', 'dense')), 'refused: dense has no dropout of its own'),
  { name: 'a cell', before: program(SEQUENCE, 'tf.layers.rnn({ cell: tf.layers.gruCell({ units: 4 }) })'), edits: all(put('state', 'recurrent')), after: 'refused: a cell in rnn({ cell }) keeps its mask for ever' },
  { name: 'another rate stands there', before: program(SEQUENCE, 'tf.layers.lstm({ units: 4, recurrentDropout: 0.2 })'), edits: all(put('state', 'recurrent')), after: 'refused: it has recurrentDropout: 0.2 already' },
  { name: 'something stands there that is not known', before: program(SEQUENCE, 'tf.layers.lstm({ units: 4, recurrentDropout: drop })'), edits: all(put('state', 'recurrent')), after: 'refused: it has recurrentDropout: drop already' },
];

describe('refused', () => it.each(REFUSALS)('$name', ({ before, edits, after }) => {
  const document = readCode('model.js', before);
  expect(afterEdits(document, edits(document))).toBe(after);
}));
