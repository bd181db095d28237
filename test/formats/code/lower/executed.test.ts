/** Rewritten programs do what they say: compiled against the types of droplint/tfjs, trained, and asked. */
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import * as tf from '@tensorflow/tfjs';
import ts from 'typescript';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readCode } from '../../../../src/formats/code/document.js';
import type { CodeDocument } from '../../../../src/formats/code/document.js';
import { insert, remove, replace, schedule } from '../../../../src/graph/edits.js';
import type { DropoutSpec, Edit } from '../../../../src/graph/edits.js';
import type { DropoutLayer } from '../../../../src/graph/layers.js';
import * as runtime from '../../../../src/tfjs/index.js';
import { prove } from '../../../../src/verify/index.js';
import { afterEdits, pick } from '../../../support/graph-text.js';
import { seedTensorFlow } from '../../../tfjs/training.js';

const ROOT = path.resolve(import.meta.dirname, '../../../..');

/** A program whose model starts from the same weights each time, trains for two epochs, and answers before and after. */
const program = (...layers: readonly string[]) => `import * as tf from '@tensorflow/tfjs';

export async function run(x: tf.Tensor, y: tf.Tensor) {
  const model = tf.sequential();
${layers.map((layer) => `  model.add(${layer});\n`).join('')}  model.compile({ optimizer: 'sgd', loss: 'meanSquaredError' });
  const before = model.predict(x) as tf.Tensor;
  const history = await model.fit(x, y, { epochs: 2, verbose: 0 });
  return { model, before, history, after: model.predict(x) as tf.Tensor };
}
`;
const init = "kernelInitializer: tf.initializers.glorotUniform({ seed: 1 })";
const DENSE = `tf.layers.dense({ units: 8, activation: 'relu', inputShape: [4], ${init} })`;
const LAST = `tf.layers.dense({ units: 2, ${init} })`;
const DROPOUT = 'tf.layers.dropout({ rate: 0.5 })';
const VECTOR = program(DENSE, DROPOUT, LAST);
const IMAGE = program(`tf.layers.conv2d({ filters: 4, kernelSize: 3, inputShape: [6, 6, 1], ${init} })`, DROPOUT, 'tf.layers.flatten()', LAST);
const SEQUENCE = program(`tf.layers.dense({ units: 4, inputShape: [5, 3], ${init} })`, DROPOUT, `tf.layers.lstm({ units: 4, ${init}, recurrentInitializer: tf.initializers.glorotUniform({ seed: 2 }) })`, LAST);

const to = (spec: Partial<DropoutSpec>) => (document: CodeDocument) => [replace(pick(document, 'dropout'), { kind: 'dropout', rate: 'keep', unit: 'element', ...spec })];
const put = (unit: DropoutSpec['unit'], document: CodeDocument, target: string, n = 1) => insert({ kind: 'dropout', rate: 0.5, unit }).before(pick(document, target, n));

interface Row {
  readonly name: string;
  readonly before: string;
  readonly edits: (document: CodeDocument) => readonly Edit[];
  readonly shape: readonly number[];
  /** The classes of the model's layers afterwards. */
  readonly classes: readonly string[];
}

const ROWS: readonly Row[] = [
  { name: 'alpha', before: VECTOR, edits: to({ law: 'alpha' }), shape: [4], classes: ['Dense', 'AlphaDropout', 'Dense'] },
  { name: 'variational', before: VECTOR, edits: to({ law: 'gaussian' }), shape: [4], classes: ['Dense', 'VariationalDropout', 'Dense'] },
  { name: 'variational, each pixel by itself', before: IMAGE, edits: to({ law: 'gaussian' }), shape: [6, 6, 1], classes: ['Conv2D', 'VariationalDropout', 'Flatten', 'Dense'] },
  { name: 'concrete', before: VECTOR, edits: to({ law: 'concrete', examples: 16 }), shape: [4], classes: ['Dense', 'ConcreteDropout', 'Dense'] },
  { name: 'concrete, per channel', before: IMAGE, edits: to({ law: 'concrete', unit: 'channel' }), shape: [6, 6, 1], classes: ['Conv2D', 'ConcreteDropout', 'Flatten', 'Dense'] },
  { name: 'alpha, per channel', before: IMAGE, edits: to({ law: 'alpha', unit: 'channel' }), shape: [6, 6, 1], classes: ['Conv2D', 'AlphaDropout', 'Flatten', 'Dense'] },
  { name: 'spatial', before: IMAGE, edits: to({ unit: 'channel' }), shape: [6, 6, 1], classes: ['Conv2D', 'Dropout', 'Flatten', 'Dense'] },
  { name: 'spatial, of sequences', before: SEQUENCE, edits: to({ unit: 'channel' }), shape: [5, 3], classes: ['Dense', 'SpatialDropout1D', 'LSTM', 'Dense'] },
  { name: 'DropConnect', before: VECTOR, edits: (document) => [remove(pick(document, 'dropout')), put('weight', document, 'dense', 2)], shape: [4], classes: ['Dense', 'DropConnectDense'] },
  { name: 'recurrent', before: SEQUENCE, edits: (document) => [remove(pick(document, 'dropout')), put('time', document, 'recurrent'), put('state', document, 'recurrent')], shape: [5, 3], classes: ['Dense', 'LSTM', 'Dense'] },
  { name: 'inference', before: VECTOR, edits: (document) => [remove(pick(document, 'dropout'))], shape: [4], classes: ['Dense', 'Dense'] },
  { name: 'inference, of a dropped input', before: program('tf.layers.dropout({ rate: 0.2, inputShape: [4] })', `tf.layers.dense({ units: 8, ${init} })`, LAST), edits: (document) => [remove(pick(document, 'dropout'))], shape: [4], classes: ['InputLayer', 'Dense', 'Dense'] },
  { name: 'scheduled', before: VECTOR, edits: (document) => [schedule([pick(document, 'dropout') as DropoutLayer], { kind: 'linear', epochs: 2 })], shape: [4], classes: ['Dense', 'Dropout', 'Dense'] },
];

interface Outcome {
  readonly model: tf.LayersModel;
  readonly before: tf.Tensor;
  readonly after: tf.Tensor;
  readonly history: tf.History;
}

/** The program as JavaScript that requires, run with the two packages at hand. */
async function execute(text: string, shape: readonly number[]): Promise<Outcome> {
  const { outputText } = ts.transpileModule(text, { compilerOptions: { target: ts.ScriptTarget.ES2023, module: ts.ModuleKind.CommonJS } });
  const exports: { run?: (x: tf.Tensor, y: tf.Tensor) => Promise<Outcome> } = {};
  const packages: Readonly<Record<string, unknown>> = { '@tensorflow/tfjs': tf, 'droplint/tfjs': runtime };
  new Function('require', 'exports', outputText)((name: string) => packages[name], exports);
  return exports.run!(tf.randomNormal([16, ...shape], 0, 1, 'float32', 3), tf.randomNormal([16, 2], 0, 1, 'float32', 4));
}

describe('executed', () => {
  seedTensorFlow();

  it.each(ROWS)('$name', async ({ before, edits, shape, classes }) => {
    const document = readCode('model.ts', before);
    const rewritten = readCode('model.ts', afterEdits(document, edits(document)));
    expect((await prove(document as never, rewritten as never, 'inference-exact')).verdict).toBe('proven');
    const [was, is] = [await execute(before, shape), await execute(rewritten.text, shape)];
    expect(is.model.layers.map((layer) => layer.getClassName())).toEqual(classes);
    // Untrained, both are the same function; trained, both have learned something.
    expect([...is.before.dataSync()]).toEqual([...was.before.dataSync()]);
    for (const { history, after } of [was, is]) {
      expect(history.epoch).toEqual([0, 1]);
      expect(history.history.loss!.every((loss) => Number.isFinite(loss))).toBe(true);
      expect([...after.dataSync()].every(Number.isFinite)).toBe(true);
    }
    expect([...is.after.dataSync()]).not.toEqual([...is.before.dataSync()]);
  });

  it('the schedule moves the rate', async () => {
    const { before, edits, shape } = ROWS.find(({ name }) => name === 'scheduled')!;
    const document = readCode('model.ts', before);
    const { model } = await execute(afterEdits(document, edits(document)), shape);
    expect(model.layers[1]!.getConfig().rate).toBe(0.5);
    const { model: untouched } = await execute(afterEdits(document, [schedule([pick(document, 'dropout') as DropoutLayer], { kind: 'annealed', epochs: 2, rate: 0.5 })]), shape);
    expect(untouched.layers[1]!.getConfig().rate).toBe(0.25);
  });
});

describe('compiled', () => {
  let project: string;
  beforeAll(() => {
    project = mkdtempSync(path.join(tmpdir(), 'droplint-rewritten-'));
    symlinkSync(path.join(ROOT, 'node_modules'), path.join(project, 'node_modules'));
  });
  afterAll(() => rmSync(project, { recursive: true, force: true }));

  it('under strict types', () => {
    const files = ROWS.map(({ before, edits }, index) => {
      const document = readCode('model.ts', before);
      const file = path.join(project, `rewritten-${index}.ts`);
      writeFileSync(file, afterEdits(document, edits(document)));
      return file;
    });
    const options: ts.CompilerOptions = {
      noEmit: true, strict: true, exactOptionalPropertyTypes: false, noUnusedLocals: true, skipLibCheck: true, types: ['node'], target: ts.ScriptTarget.ES2023,
      module: ts.ModuleKind.ESNext, moduleResolution: ts.ModuleResolutionKind.Bundler, allowImportingTsExtensions: true, paths: { 'droplint/tfjs': [path.join(ROOT, 'src/tfjs/index.ts')] },
    };
    const errors = ts.getPreEmitDiagnostics(ts.createProgram(files, options)).map(({ file, messageText }) => `${file && ROWS[files.indexOf(file.fileName)]?.name}: ${ts.flattenDiagnosticMessageText(messageText, '\n')}`);
    expect(errors).toEqual([]);
  });
});
