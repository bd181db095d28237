/** What a user gets: `droplint/tfjs` as an installed package, compiled and run. */
import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import ts from 'typescript';
import { afterAll, beforeAll, expect, it } from 'vitest';

const ROOT = path.resolve(import.meta.dirname, '../..');
let project: string;

const FLAGS: ts.CompilerOptions = { target: ts.ScriptTarget.ES2023, strict: true, skipLibCheck: true, types: [], verbatimModuleSyntax: true, exactOptionalPropertyTypes: true, noUnusedLocals: true };
const NODE: ts.CompilerOptions = { ...FLAGS, module: ts.ModuleKind.NodeNext, moduleResolution: ts.ModuleResolutionKind.NodeNext };

beforeAll(() => {
  project = mkdtempSync(path.join(tmpdir(), 'droplint-tfjs-'));
  const installed = path.join(project, 'node_modules', 'droplint');
  mkdirSync(installed, { recursive: true });
  cpSync(path.join(ROOT, 'package.json'), path.join(installed, 'package.json'));
  symlinkSync(path.join(ROOT, 'node_modules', '@tensorflow'), path.join(project, 'node_modules', '@tensorflow'));
  const entry = path.join(ROOT, 'src/tfjs/index.ts');
  const program = ts.createProgram([entry], { ...NODE, exactOptionalPropertyTypes: false, declaration: true, rootDir: ROOT, outDir: path.join(installed, 'dist') });
  program.emit();
  writeFileSync(path.join(project, 'package.json'), JSON.stringify({ type: 'module' }));
}, 120_000);
afterAll(() => rmSync(project, { recursive: true, force: true }));

const USER = `
import * as tf from '@tensorflow/tfjs';
import { AlphaDropout, ConcreteDropout, curriculum, DropConnectDense, scheduledDropout, SpatialDropout2D, SpatialDropout3D, VariationalDropout, type Schedule, type VariationalDropoutArgs } from 'droplint/tfjs';

const args: VariationalDropoutArgs = { rate: 0.2, divergenceWeight: 1 / 8, form: 'sparse', name: 'noise' };
const learned = new ConcreteDropout({ divergenceWeight: 1 / 8 });
const model: tf.Sequential = tf.sequential({
  layers: [
    new DropConnectDense({ units: 4, rate: 0.5, activation: 'relu', inputShape: [3], maskPer: 'example' }),
    new VariationalDropout(args),
    learned,
    tf.layers.dropout({ rate: 0.5 }),
    tf.layers.dense({ units: 1 }),
  ],
});
const layers: tf.layers.Layer[] = [new SpatialDropout2D({ rate: 0.5, dataFormat: 'channelsFirst' }), new SpatialDropout3D({ rate: 0.5 }), new AlphaDropout({ rate: 0.1, noiseShape: [null, 1] })];
const schedule: Schedule = curriculum({ rate: 0.5, epochs: 2 });
const where = (layer: tf.layers.Layer): boolean => layer.name !== 'noise';
await tf.setBackend('cpu');
model.compile({ optimizer: 'adam', loss: 'meanSquaredError' });
const history: tf.History = await model.fit(tf.ones([8, 3]), tf.ones([8, 1]), { epochs: 2, verbose: 0, callbacks: [scheduledDropout(model, schedule, { where })] });
const rate: number = learned.learnedRate();
const divergence: tf.Scalar = learned.divergence();
console.log(JSON.stringify({ layers: layers.length, epochs: history.epoch, learns: rate !== 0.1, divergence: divergence.shape }));
`;

const WRONG = {
  'no rate': [`new SpatialDropout2D({})`, "Property 'rate' is missing"],
  'a number for the arguments': [`new SpatialDropout2D(0.5)`, "'number' is not assignable"],
  'no weight of the divergence': [`new VariationalDropout({ rate: 0.5 })`, "Property 'divergenceWeight' is missing"],
  'an unknown form': [`new VariationalDropout({ rate: 0.5, divergenceWeight: 1, form: 'dense' })`, `'"dense"' is not assignable`],
  'no units': [`new DropConnectDense({ rate: 0.5 })`, "Property 'units' is missing"],
} as const;

const EXAMPLES = [...readFileSync(path.join(ROOT, 'docs/dropout.md'), 'utf8').matchAll(/^```ts\n(.*?)^```$/gms)].map(([, code]) => code!);

/** All files in one program: TensorFlow.js's types take seconds to read. */
function errorsOf(files: Readonly<Record<string, string>>, options: ts.CompilerOptions): (name: string) => string[] {
  for (const [name, text] of Object.entries(files)) writeFileSync(path.join(project, name), text);
  const program = ts.createProgram(Object.keys(files).map((name) => path.join(project, name)), { ...options, noEmit: true });
  const errors = ts.getPreEmitDiagnostics(program);
  return (name) => errors.filter(({ file }) => !file || path.basename(file.fileName) === name).map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, '\n'));
}

it('compiles for Node; what the page shows does too; mistakes do not', () => {
  const names = Object.keys(WRONG);
  const wrong = Object.values(WRONG).map(([use], index) => [`wrong-${index}.ts`, `import { DropConnectDense, SpatialDropout2D, VariationalDropout } from 'droplint/tfjs';\nexport const used = [DropConnectDense, SpatialDropout2D, VariationalDropout];\nexport const layer = ${use};\n`] as const);
  const examples = EXAMPLES.map((code, index) => [`example-${index}.ts`, code] as const);
  expect(examples.length).toBeGreaterThan(0);
  const errors = errorsOf({ 'user.ts': USER, ...Object.fromEntries(wrong), ...Object.fromEntries(examples) }, NODE);
  expect(errors('user.ts')).toEqual([]);
  for (const [name] of examples) expect({ name, errors: errors(name) }).toEqual({ name, errors: [] });
  for (const [index, [name]] of wrong.entries()) expect({ mistake: names[index], text: errors(name).join('\n') }).toMatchObject({ text: expect.stringContaining(Object.values(WRONG)[index]![1]) as string });
});

it('compiles for a bundler', () => {
  const errors = errorsOf({ 'user.ts': USER }, { ...FLAGS, module: ts.ModuleKind.ESNext, moduleResolution: ts.ModuleResolutionKind.Bundler });
  expect(errors('user.ts')).toEqual([]);
});

it('runs as an ES module of Node', () => {
  const file = path.join(project, 'user.js');
  writeFileSync(file, ts.transpileModule(USER, { compilerOptions: { ...FLAGS, module: ts.ModuleKind.ESNext } }).outputText);
  const printed = execFileSync(process.execPath, [file], { cwd: project, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
  expect(JSON.parse(printed)).toEqual({ layers: 3, epochs: [0, 1], learns: true, divergence: [] });
});
