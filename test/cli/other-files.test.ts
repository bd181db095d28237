/** Findings about layers that helpers in other files make: where they are told, and what is done about them. */
import { afterEach, describe, expect, it } from 'vitest';
import { Project } from '../support/project.js';
import type { LintResult } from '../../src/lint/result.js';

/** The rate is the caller's: seen by itself the helper is right. */
const HEAD = `import * as tf from '@tensorflow/tfjs';

// What every model ends with.
export function addHead(model: tf.Sequential, rate: number): void {
  model.add(tf.layers.dense({ units: 64, activation: 'relu' }));
  model.add(tf.layers.dropout({ rate }));
  model.add(tf.layers.dense({ units: 10, activation: 'softmax' }));
}
`;
const model = (rate: number, name = 'model') => `import * as tf from '@tensorflow/tfjs';
import { addHead } from './head';
export const ${name} = tf.sequential();
${name}.add(tf.layers.flatten({ inputShape: [8, 8] }));
addHead(${name}, ${rate});
`;

let project: Project | undefined;
afterEach(() => {
  project?.remove();
  project = undefined;
});

/** `file:line:column rule ← other end`, of every finding above info. */
async function told(files: Readonly<Record<string, string>>, ...args: string[]): Promise<string[]> {
  project ??= new Project(files);
  const { stdout } = await project.run('--format', 'json', ...args);
  return (JSON.parse(stdout) as LintResult[]).flatMap(({ filePath, messages }) => messages.filter(({ severity }) => severity > 0).map(({ line, column, ruleId, source }) => {
    const end = source && source.file !== filePath ? ` ← ${name(source.file)}:${source.line}` : '';
    return `${name(filePath)}:${line}:${column} ${ruleId ?? 'directive'}${end}`;
  }));
}
const name = (file: string) => file.slice(project!.folder.length + 1);

describe('where it is told', () => {
  it('at the call, when the helper is not linted', async () => {
    expect(await told({ 'head.ts': HEAD, 'model.ts': model(0.9) }, 'model.ts')).toEqual(['model.ts:5:1 no-high-dropout-rate ← head.ts:6']);
  });

  it('at the layer, when the helper is linted, too', async () => {
    const files = { 'head.ts': HEAD, 'model.ts': model(0.9) };
    expect(await told(files, '.')).toEqual(['head.ts:6:13 no-high-dropout-rate ← model.ts:5']);
    expect(await told(files, 'model.ts', 'head.ts')).toEqual(['head.ts:6:13 no-high-dropout-rate ← model.ts:5']);
  });

  it('once, however many files call the helper', async () => {
    expect(await told({ 'a.ts': model(0.9), 'b.ts': model(0.95), 'head.ts': HEAD, 'z.ts': model(0.2) }, '.')).toEqual(['head.ts:6:13 no-high-dropout-rate ← a.ts:5']);
  });

  it('once, when the helper shows it by itself', async () => {
    const files = { 'head.ts': HEAD.replace('{ rate }', '{ rate: 0.9 }'), 'model.ts': model(0.2) };
    expect(await told(files, '.')).toEqual(['head.ts:6:13 no-high-dropout-rate']);
    expect(await told(files, 'model.ts')).toEqual(['model.ts:5:1 no-high-dropout-rate ← head.ts:6']);
  });

  it('at the import, when the other file makes the layer as it is loaded', async () => {
    const head = "import * as tf from '@tensorflow/tfjs';\n\n\nexport const drop = tf.layers.dropout({ rate: 0.9 });\n";
    const user = "import * as tf from '@tensorflow/tfjs';\nimport { drop } from './head';\nexport const m = tf.sequential({ layers: [tf.layers.dense({ units: 8, inputShape: [4] }), drop, tf.layers.dense({ units: 2 })] });\n";
    expect(await told({ 'head.ts': head, 'model.ts': user }, 'model.ts')).toEqual(['model.ts:2:1 no-high-dropout-rate ← head.ts:4']);
    expect(await told({}, '.')).toEqual(['head.ts:4:21 no-high-dropout-rate']);
  });

  it('at the outermost call, when helpers call helpers', async () => {
    const files = { 'head.ts': HEAD, 'middle.ts': "import { addHead } from './head';\n\n\n\n\n\n\nexport const finish = (layers: never, rate: number) => addHead(layers, rate);\n", 'model.ts': model(0.9).replace("{ addHead } from './head'", "{ finish as addHead } from './middle'") };
    expect(await told(files, 'model.ts')).toEqual(['model.ts:5:1 no-high-dropout-rate ← head.ts:6']);
    expect(await told(files, 'model.ts', 'middle.ts')).toEqual(['model.ts:5:1 no-high-dropout-rate ← head.ts:6']);
  });

  it('nowhere, when the rule is off in the file of the helper', async () => {
    const config = "export default { overrides: [{ files: ['head.ts'], rules: { 'no-high-dropout-rate': 'off' } }] };\n";
    const files = { 'droplint.config.mjs': config, 'head.ts': HEAD, 'model.ts': model(0.9) };
    expect(await told(files, '.')).toEqual([]);
    expect(await told(files, 'model.ts')).toEqual(['model.ts:5:1 no-high-dropout-rate ← head.ts:6']);
  });

  it('a call of apply that a helper makes is told at the call of the helper', async () => {
    const helper = "\n\n\n\nexport function draw(model, x) {\n  return model.apply(x, { training: true });\n}\n";
    const user = "import * as tf from '@tensorflow/tfjs';\nimport { draw } from './draw';\nconst model = tf.sequential({ layers: [tf.layers.dense({ units: 8, inputShape: [4] }), tf.layers.dropout({ rate: 0.5 }), tf.layers.dense({ units: 2 })] });\nexport const answer = (x) => draw(model, x);\n";
    expect(await told({ 'draw.js': helper, 'model.js': user }, 'model.js')).toEqual(['model.js:4:30 no-training-dropout-at-inference ← draw.js:6']);
    expect((await project!.run('--fix', '--fix-suggestions', '--verbose', 'model.js')).stdout).toMatch(/not fixed: it is applied in another file/);
    expect([project!.read('draw.js'), project!.read('model.js')]).toEqual([helper, user]);
  });
});

describe('what is said', () => {
  it('for people: the place here, and the other end', async () => {
    project = new Project({ 'head.ts': HEAD, 'model.ts': model(0.9) });
    const alone = await project.run('model.ts');
    expect(alone.stdout).toMatch(/^model\.ts\n.*no-high-dropout-rate {2}5:1 {2}head\.ts:6/);
    const both = await project.run('.');
    expect(both.stdout).toMatch(/^head\.ts\n.*no-high-dropout-rate {2}6:13 {2}model\.ts:5/);
    expect(both.stdout).not.toMatch(/^model\.ts$/m);
  });

  it('in SARIF as a related location, on GitHub as text', async () => {
    project = new Project({ 'head.ts': HEAD, 'model.ts': model(0.9) });
    const sarif = JSON.parse((await project.run('--format', 'sarif', 'model.ts')).stdout) as { runs: { results: { locations: unknown[]; relatedLocations: unknown[] }[] }[] };
    const [found] = sarif.runs[0]!.results;
    expect(found).toMatchObject({ locations: [{ physicalLocation: { artifactLocation: { uri: 'model.ts' }, region: { startLine: 5 } } }], relatedLocations: [{ physicalLocation: { artifactLocation: { uri: 'head.ts' }, region: { startLine: 6, startColumn: 13 } } }] });
    expect((await project.run('--format', 'github', 'model.ts')).stdout).toMatch(/^::warning file=model\.ts,line=5,.*See head\.ts:6\.$/m);
  });
});

describe('what is done about it', () => {
  it('nothing is written to another file, and the reason is told', async () => {
    project = new Project({ 'head.ts': HEAD, 'model.ts': model(0.9) });
    const { stdout } = await project.run('--fix', '--fix-suggestions', '--verbose', 'model.ts');
    expect(stdout).toMatch(/not fixed: the layer is made in another file/);
    expect([project.read('head.ts'), project.read('model.ts')]).toEqual([HEAD, model(0.9)]);
  });

  it('what the file of the helper has fixed by itself is not told again', async () => {
    const head = HEAD.replace('{ rate }', '0.3');
    project = new Project({ 'head.ts': head, 'model.ts': model(0.2) });
    expect(await told({}, '.')).toEqual(['head.ts:6:13 valid-dropout-config']);
    const { code } = await project.run('--fix', '.');
    expect(code).toBe(0);
    expect(project.read('head.ts')).toBe(HEAD.replace('{ rate }', '{ rate: 0.3 }'));
    expect(await told({}, '.')).toEqual([]);
  });

  it('nor when the caller was linted first', async () => {
    const head = HEAD.replace('{ rate }', '0.3');
    expect(await told({ 'a.ts': model(0.2), 'head.ts': head }, '--fix', '.')).toEqual([]);
    expect(project!.read('head.ts')).toBe(HEAD.replace('{ rate }', '{ rate: 0.3 }'));
  });

  it('what fixes of that file have left stays at the call: its lines may have moved', async () => {
    const head = HEAD.replace('  model.add(tf.layers.dense({ units: 64', '  model.add(tf.layers.dropout(0.3));\n  model.add(tf.layers.dense({ units: 64');
    expect(await told({ 'a.ts': model(0.9), 'head.ts': head }, '--fix', '.')).toEqual(['a.ts:5:1 no-high-dropout-rate ← head.ts:7']);
  });
});

describe('comments that switch it off', () => {
  const directive = '  // droplint-disable-next-line no-high-dropout-rate -- on purpose\n';

  it('stand at the layer', async () => {
    const head = HEAD.replace('  model.add(tf.layers.dropout', `${directive}  model.add(tf.layers.dropout`);
    const files = { 'head.ts': head, 'model.ts': model(0.9) };
    expect(await told(files, 'model.ts')).toEqual([]);
    expect(await told(files, '.'), 'nor are they called unused').toEqual([]);
  });

  it('or at the call', async () => {
    const files = { 'head.ts': HEAD, 'model.ts': model(0.9).replace('addHead(model', `${directive}addHead(model`) };
    expect(await told(files, 'model.ts')).toEqual([]);
    expect(await told(files, '.')).toEqual([]);
  });

  it('and one that switches nothing off is told as before', async () => {
    const head = HEAD.replace('  model.add(tf.layers.dropout', `${directive}  model.add(tf.layers.dropout`);
    expect(await told({ 'head.ts': head, 'model.ts': model(0.2) }, '.')).toEqual(['head.ts:6:3 directive']);
  });
});

it('the cache gives the same', async () => {
  project = new Project({ 'head.ts': HEAD, 'model.ts': model(0.9) });
  const first = await told({}, '--cache', '.');
  expect(first).toEqual(['head.ts:6:13 no-high-dropout-rate ← model.ts:5']);
  expect(await told({}, '--cache', '.')).toEqual(first);
});
