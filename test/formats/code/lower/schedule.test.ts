/** A schedule in code: a callback in the one call that trains the model. */
import { describe, expect, it } from 'vitest';
import { readCode } from '../../../../src/formats/code/document.js';
import type { CodeDocument } from '../../../../src/formats/code/document.js';
import { schedule } from '../../../../src/graph/edits.js';
import type { ScheduleSettings } from '../../../../src/graph/edits.js';
import type { DropoutLayer } from '../../../../src/graph/layers.js';
import { classify } from '../../../../src/graph/commutation.js';
import { eraseArchitecture } from '../../../../src/verify/erasure-architecture.js';
import { afterEdits } from '../../../support/graph-text.js';

const SETTINGS: ScheduleSettings = { kind: 'curriculum', epochs: 50, rate: 0.5 };
const dropouts = (document: CodeDocument, model = 0): readonly DropoutLayer[] => document.models[model]!.variants[0]![0]!.layersOf('dropout');

const HEAD = "import * as tf from '@tensorflow/tfjs';\n";
const IMPORT = "import { scheduledDropout, schedules } from 'droplint/tfjs';\n";
const CALLBACK = 'scheduledDropout(model, schedules.curriculum({ rate: 0.5, epochs: 50 }))';
const layers = (name = 'model', make = 'tf.layers.dropout({ rate: 0.5 })') => `${name}.add(tf.layers.dense({ units: 4, inputShape: [3] }));\n${name}.add(${make});\n${name}.add(tf.layers.dense({ units: 1 }));\n`;
const build = `const model = tf.sequential();\n${layers()}model.compile({ optimizer: 'sgd', loss: 'meanSquaredError' });\n`;

interface Row {
  readonly name: string;
  readonly file?: string;
  readonly before: string;
  readonly after: string;
  readonly settings?: ScheduleSettings;
  readonly choose?: (document: CodeDocument) => readonly DropoutLayer[];
}
const fit = (name: string, before: string, after: string): Row => ({ name, before: `${HEAD}${build}${before}`, after: `${HEAD}${IMPORT}${build}${after}` });

const SCHEDULED: readonly Row[] = [
  fit('settings', 'await model.fit(xs, ys, { epochs: 50 });\n', `await model.fit(xs, ys, { epochs: 50, callbacks: ${CALLBACK} });\n`),
  fit('no settings', 'model.fit(xs, ys);\n', `model.fit(xs, ys, { callbacks: ${CALLBACK} });\n`),
  fit('a data set', 'await model.fitDataset(data, { epochs: 50 });\n', `await model.fitDataset(data, { epochs: 50, callbacks: ${CALLBACK} });\n`),
  fit('settings on lines of their own', 'await model.fit(xs, ys, {\n  epochs: 50, // enough\n  shuffle,\n});\n', `await model.fit(xs, ys, {\n  epochs: 50, // enough\n  shuffle,\n  callbacks: ${CALLBACK},\n});\n`),
  fit('a list of callbacks', 'await model.fit(xs, ys, { callbacks: [log, stop], epochs: 50 });\n', `await model.fit(xs, ys, { callbacks: [log, stop, ${CALLBACK}], epochs: 50 });\n`),
  fit('a list over several lines', 'await model.fit(xs, ys, {\n  callbacks: [\n    log, // to the console\n    stop,\n  ],\n});\n', `await model.fit(xs, ys, {\n  callbacks: [\n    log, // to the console\n    stop,\n    ${CALLBACK},\n  ],\n});\n`),
  fit('an empty list', 'await model.fit(xs, ys, { callbacks: [] });\n', `await model.fit(xs, ys, { callbacks: [${CALLBACK}] });\n`),
  fit('functions', 'await model.fit(xs, ys, { epochs: 50, callbacks: { onEpochEnd: log } });\n', `await model.fit(xs, ys, { epochs: 50, callbacks: [{ onEpochEnd: log }, ${CALLBACK}] });\n`),
  fit("TensorFlow.js's own callback", 'await model.fit(xs, ys, { callbacks: tf.callbacks.earlyStopping() });\n', `await model.fit(xs, ys, { callbacks: [tf.callbacks.earlyStopping(), ${CALLBACK}] });\n`),
  fit("tfvis's functions", "await model.fit(xs, ys, { callbacks: tfvis.show.fitCallbacks(panel, ['loss']) });\n", `await model.fit(xs, ys, { callbacks: [tfvis.show.fitCallbacks(panel, ['loss']), ${CALLBACK}] });\n`),
  fit('in a function of its own', 'async function train(model, xs, ys) {\n  return model.fit(xs, ys, { epochs: 50 });\n}\nawait train(model, xs, ys);\n', `async function train(model, xs, ys) {\n  return model.fit(xs, ys, { epochs: 50, callbacks: ${CALLBACK} });\n}\nawait train(model, xs, ys);\n`),
  {
    name: 'a model that a function makes, under another name',
    before: `${HEAD}function build() {\n${build}return model;\n}\nconst net = build();\nawait net.fit(xs, ys, { epochs: 50 });\n`,
    after: `${HEAD}${IMPORT}function build() {\n${build}return model;\n}\nconst net = build();\nawait net.fit(xs, ys, { epochs: 50, callbacks: ${CALLBACK.replace('model', 'net')} });\n`,
  },
  {
    name: 'a field, in another method',
    file: 'net.ts',
    before: `${HEAD}export class Net {\nmodel = tf.sequential();\nbuild() {\n${layers('this.model')}}\nasync train(xs: tf.Tensor, ys: tf.Tensor) {\nawait this.model.fit(xs, ys, { epochs: 50 });\n}\n}\n`,
    after: `${HEAD}${IMPORT}export class Net {\nmodel = tf.sequential();\nbuild() {\n${layers('this.model')}}\nasync train(xs: tf.Tensor, ys: tf.Tensor) {\nawait this.model.fit(xs, ys, { epochs: 50, callbacks: ${CALLBACK.replace('model', 'this.model')} });\n}\n}\n`,
  },
  {
    name: 'one of two models',
    before: `${HEAD}const a = tf.sequential();\n${layers('a')}const b = tf.sequential();\n${layers('b')}await a.fit(xs, ys, { epochs: 1 });\nawait b.fit(xs, ys, { epochs: 1 });\n`,
    after: `${HEAD}${IMPORT}const a = tf.sequential();\n${layers('a')}const b = tf.sequential();\n${layers('b')}await a.fit(xs, ys, { epochs: 1 });\nawait b.fit(xs, ys, { epochs: 1, callbacks: ${CALLBACK.replace('model', 'b')} });\n`,
    choose: (document) => dropouts(document, 1),
  },
  {
    name: 'both of two models',
    before: `${HEAD}const a = tf.sequential();\n${layers('a')}const b = tf.sequential();\n${layers('b')}await a.fit(xs, ys, {});\nawait b.fit(xs, ys, {});\n`,
    after: `${HEAD}${IMPORT}const a = tf.sequential();\n${layers('a')}const b = tf.sequential();\n${layers('b')}await a.fit(xs, ys, { callbacks: ${CALLBACK.replace('model', 'a')} });\nawait b.fit(xs, ys, { callbacks: ${CALLBACK.replace('model', 'b')} });\n`,
    choose: (document) => [...dropouts(document), ...dropouts(document, 1)],
  },
  {
    name: 'every option, in CommonJS, the names taken',
    before: `const tf = require('@tensorflow/tfjs');\nconst schedules = 3;\n${build}model.fit(xs, ys, {epochs: 50});\n`,
    after: `const tf = require('@tensorflow/tfjs');\nconst { scheduledDropout, schedules: droplintSchedules } = require('droplint/tfjs');\nconst schedules = 3;\n${build}model.fit(xs, ys, {epochs: 50, callbacks: scheduledDropout(model, droplintSchedules.late({ rate: 0.5, epochs: 50, cutoff: 9 }))});\n`,
    settings: { kind: 'late', epochs: 50, cutoff: 9 },
  },
];

describe('added', () => it.each(SCHEDULED)('$name', ({ file = 'model.js', before, after, settings = SETTINGS, choose = dropouts }) => {
  const document = readCode(file, before);
  const edits = [schedule(choose(document), settings)];
  expect(classify(edits)).toBe('inference-exact');
  expect(afterEdits(document, edits)).toBe(after);
  expect(eraseArchitecture(document, readCode(file, after)).verdict).toBe('holds');
}));

const refused = (name: string, training: string, reason: string, more: Partial<Row> = {}): Row => ({ name, before: `${HEAD}${build}${training}`, after: `refused: ${reason}`, ...more });

const REFUSED: readonly Row[] = [
  refused('nothing trains it', 'export default model;\n', 'no call in this file trains the model'),
  { name: 'it has no name', before: `${HEAD}function build() {\n${build}return model;\n}\nbuild().fit(xs, ys, { epochs: 50 });\n`, after: 'refused: the model has no name where it is trained' },
  refused('something else is trained', 'await (await tf.loadLayersModel(url)).fit(xs, ys, { epochs: 1 });\n', 'no call in this file trains the model'),
  refused('two calls', 'await model.fit(xs, ys, { epochs: 1 });\nawait model.fit(more, ys, { epochs: 1 });\n', 'several calls in this file train the model'),
  refused('settings made elsewhere', 'await model.fit(xs, ys, options);\n', 'the settings of the training are not written where it begins'),
  refused('settings spread', 'await model.fit(xs, ys, { ...options });\n', 'the settings of the training are spread from elsewhere, and may have callbacks'),
  refused('arguments spread', 'await model.fit(...data);\n', 'the arguments of the training are spread from elsewhere'),
  refused('callbacks made elsewhere', 'await model.fit(xs, ys, { callbacks });\n', 'its callbacks are made elsewhere, and may be a list'),
  refused('no such schedule', 'await model.fit(xs, ys, { epochs: 1 });\n', 'there is no schedule sometimes', { settings: { kind: 'sometimes', epochs: 3 } }),
  refused('no dropout', 'await model.fit(xs, ys, { epochs: 1 });\n', 'it names no dropout', { choose: () => [] }),
  {
    name: 'another dropout would follow, too',
    before: `${HEAD}${build.replace('model.compile', 'model.add(tf.layers.dropout({ rate: 0.1 }));\nmodel.add(tf.layers.dense({ units: 1 }));\nmodel.compile')}model.fit(xs, ys, {});\n`,
    choose: (document) => dropouts(document).slice(0, 1),
    after: 'refused: the callback would move the rate of other dropouts of the model, too',
  },
  { name: 'different rates', before: `${HEAD}${build.replace('model.compile', 'model.add(tf.layers.dropout({ rate: 0.1 }));\nmodel.add(tf.layers.dense({ units: 1 }));\nmodel.compile')}model.fit(xs, ys, {});\n`, settings: { kind: 'late', epochs: 3 }, after: 'refused: the dropouts have different rates: the schedule needs one (--rate)' },
  { name: 'a rate that is not known', before: `${HEAD}const model = tf.sequential();\n${layers('model', 'tf.layers.dropout({ rate })')}model.fit(xs, ys, {});\n`, settings: { kind: 'late', epochs: 3 }, after: 'refused: the rate of a dropout is not known, so that the schedule needs one' },
  { name: 'a rate that is learned', before: `${HEAD}import { ConcreteDropout } from 'droplint/tfjs';\nconst model = tf.sequential();\n${layers('model', 'new ConcreteDropout({ divergenceWeight: 1 })')}model.fit(xs, ys, {});\n`, after: 'refused: the rate of one of the dropouts is learned' },
];

describe('refused', () => it.each(REFUSED)('$name', ({ before, after, settings = SETTINGS, choose = dropouts }) => {
  const document = readCode('model.js', before);
  expect(afterEdits(document, [schedule(choose(document), settings)])).toBe(after);
}));
