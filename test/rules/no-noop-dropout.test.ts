import { afterAll, describe, expect, it } from 'vitest';
import { dropout } from '../../fixtures/builders/dropout-forms.js';
import { EXAMPLES, perceptron } from '../../fixtures/builders/examples.js';
import { literal } from '../../fixtures/builders/tensors.js';
import rule from '../../rules/no-noop-dropout.js';
import { closeVerifier } from '../../src/verify/index.js';
import { atEveryForm, cases } from '../support/cases.js';
import { toModelJson } from '../../fixtures/chain/topology.js';
import type { Document } from '../../src/formats/document.js';
import { readTopology } from '../../src/formats/topology/document.js';
import { codeOf, findings, fixed, graphOf, lint, messages, print } from '../support/one-rule.js';

afterAll(closeVerifier);

cases(rule, [
  ...atEveryForm({ chain: 'linear → relu → dropout(0) → linear', flags: ['dropout'], level: 'info', class: 'exact', fixed: 'linear → relu → linear' }).filter(({ onnx }) => !/input/.test(JSON.stringify(onnx))),
  { chain: 'linear → dropout(0) → relu → dropout(0) → linear', flags: ['dropout', 'dropout#2'], class: 'exact', fixed: 'linear → relu → linear', onnx: { opset: 13 } },
  { chain: 'linear → relu → dropout(0) → linear', flags: ['dropout'], level: 'info', preset: 'strict', class: 'exact', fixed: 'linear → relu → linear', onnx: { opset: 17 } },
  { chain: 'linear → relu → linear → dropout(0)', flags: ['dropout'], class: 'exact', fixed: 'linear → relu → linear', onnx: { opset: 17 }, because: 'at the output' },
  { chain: 'input(16) → dropout(0) → linear → relu → linear', flags: ['dropout'], class: 'exact', fixed: 'input(16) → linear → relu → linear', onnx: { opset: 17 }, formats: ['onnx'], because: 'at the input' },
  { chain: 'residual{ linear(16) → dropout(0) } → linear', flags: ['dropout'], class: 'exact', fixed: 'residual{ linear(16) } → linear', onnx: { opset: 12 } },
  { chain: 'linear → relu → dropout(0.5) → linear', flags: [], preset: 'strict' },
  { chain: 'linear → relu → dropout(0.5,state=off) → linear', flags: [], onnx: { opset: 17 }, formats: ['onnx'], because: 'off is no no-op' },
  { chain: 'linear → relu → dropout(0.5,state=unspecified) → linear', flags: [], onnx: [{ opset: 17 }, { opset: 9 }], formats: ['onnx'] },
  { chain: 'linear → relu → dropout(0) → linear', flags: [], formats: ['onnx'], onnx: [{ opset: 17, form: 'input' }, { opset: 17, form: 'input-default' }], because: 'a graph input may replace the rate' },
]);

it('goes with all of its nodes where it has several', async () => {
  const document = graphOf('conv2d → relu → spatial-dropout(0) → conv2d → flatten → linear');
  expect(findings(rule, document)).toEqual(['/net/drop0/Dropout info exact']);
  expect((await fixed(rule, document)).record.graph.nodes.map(({ opType }) => opType)).toEqual(['Conv', 'Relu', 'Conv', 'Flatten', 'Gemm']);
});

describe('a dropout whose output goes nowhere', () => {
  const dead = graphOf(EXAMPLES['dead-dropout']!());

  it('is reported and removed', async () => {
    expect(findings(rule, dead)).toEqual(['/drop/Dropout info exact']);
    expect(print(await fixed(rule, dead))).not.toContain('dropout');
  });

  it('is alive when its mask is read, or its result is an output of the graph', () => {
    const masked = perceptron((g, x) => (dropout(g, x, { rate: 0.5, scope: 'drop', state: 'live', mask: 'output' }), x));
    expect(findings(rule, graphOf(masked))).toEqual([]);
    const output = perceptron((g, x) => (g.output(dropout(g, x, { rate: 0.5, scope: 'drop', state: 'live' })), x));
    expect(findings(rule, graphOf(output))).toEqual([]);
  });

  it('is alive when a subgraph reads it', () => {
    const captured = perceptron((g, x) => {
      const dropped = dropout(g, x, { rate: 0.5, scope: 'drop', state: 'live' });
      const branch = (name: string) => g.model.subgraph(name, (body) => body.output(body.node('Relu', [dropped], { scope: name })));
      return g.node('If', [g.constant(literal(1, 'bool'))], { shape: x.shape, type: 'float32', attributes: { then_branch: branch('then'), else_branch: branch('else') } });
    });
    expect(findings(rule, graphOf(captured))).toEqual([]);
  });
});

describe('a dropout in code whose output goes nowhere', () => {
  const inFunction = (body: string, output = 'h', more = '') => `import * as tf from '@tensorflow/tfjs';
export function build(other, list) {
  const i = tf.input({ shape: [16] });
  const h = tf.layers.dense({ units: 64, activation: 'relu' }).apply(i) as tf.SymbolicTensor;
  ${body}
  const o = tf.layers.dense({ units: 10 }).apply(${output}) as tf.SymbolicTensor;
  ${more}
  return tf.model({ inputs: i, outputs: o });
}
`;
  const DROP = 'tf.layers.dropout({ rate: 0.5 }).apply(h)';
  const dead = (code: string) => lint(rule, codeOf(code)).map(({ problem }) => `${problem.at.origin.source?.line} ${problem.messageId}`);

  it.each<[string, string]>([
    ['a constant that nothing reads', inFunction(`const d = ${DROP} as tf.SymbolicTensor;`)],
    ['a result that has no name', inFunction(`${DROP};`)],
    ['a variable that is not read behind it', inFunction(`let x = h;\n  const y = x; x = ${DROP.replace('(h)', '(x)')};`, 'y').replace('\n  const y', ' const y')],
    ['a var of the function', inFunction(`var d = ${DROP};`)],
    ['a constant of a module', `import * as tf from '@tensorflow/tfjs';\nconst i = tf.input({ shape: [16] });\nconst h = tf.layers.dense({ units: 8 }).apply(i);\n\nconst d = ${DROP};\nexport const model = tf.model({ inputs: i, outputs: h });\n`],
    ['a name that only a property has, too', inFunction(`const d = ${DROP};`, 'h', 'console.log(other.d, { d: 1 });')],
    ['a field', `import * as tf from '@tensorflow/tfjs';\nexport class Net {\n  a = tf.layers.dense({ units: 4 });\n\n  drop = tf.layers.dropout({ rate: 0.5 });\n  run(x) {\n    const h = this.a.apply(x);\n    this.drop.apply(h);\n    return h;\n  }\n}\n`],
    ['a layer that is applied without a name for the result', `import * as tf from '@tensorflow/tfjs';\nconst [a, b] = [tf.layers.dense({ units: 4 }), tf.layers.dense({ units: 4 })];\n\n\nconst drop = tf.layers.dropout({ rate: 0.5 });\nexport function run(x) {\n  const h = a.apply(x);\n  drop.apply(h);\n  return b.apply(h);\n}\n`],
  ])('is reported: %s', (_, code) => expect(dead(code)).toEqual(['5 dead']));

  it.each<[string, string]>([
    ['it is read', inFunction(`const d = ${DROP};`, 'd')],
    ['it is returned', `import * as tf from '@tensorflow/tfjs';\nexport function drop(h) {\n  return ${DROP};\n}\n`],
    ['an arrow gives it', `import * as tf from '@tensorflow/tfjs';\nexport const drop = (h) => ${DROP};\n`],
    ['it is passed on', inFunction(`const d = ${DROP};`, 'h', 'other(d);')],
    ['it is stored in a field', inFunction(`other.d = ${DROP};`)],
    ['it is stored in an object', inFunction(`const d = ${DROP};`, 'h', 'list.push({ d });')],
    ['it stands in a list', inFunction(`const all = [${DROP}];`)],
    ['it is destructured', inFunction(`const [d] = ${DROP};`)],
    ['a function holds it', inFunction(`const d = ${DROP};`, 'h', 'list.push(() => d);')],
    ['a branch that is not followed reads it', inFunction(`const d = ${DROP};`, 'h', 'if (other.debug) console.log(d);')],
    ['a loop reads it in its next turn', inFunction(`let x = h;\n  for (const each of list) { other(x); x = ${DROP}; }`)],
    ['it is assigned to a variable of an outer function', inFunction(`let x = h; list.forEach(() => { x = ${DROP}; });`)],
    ['it is assigned in front of a use', inFunction(`let x = h; x = ${DROP};`, 'x')],
    ['it is exported', `import * as tf from '@tensorflow/tfjs';\nconst h = tf.input({ shape: [16] });\nexport const d = ${DROP};\n`],
    ['it is exported by name', `import * as tf from '@tensorflow/tfjs';\nconst h = tf.input({ shape: [16] });\nconst d = ${DROP};\nexport { d };\n`],
    ['it is global', `const h = tf.input({ shape: [16] });\nconst d = ${DROP};\n`],
    ['layers are asked for their outputs', inFunction(`const layer = tf.layers.dropout({ rate: 0.5 }); layer.apply(h);`, 'layer.output')],
    ['its layer is exported', `import * as tf from '@tensorflow/tfjs';\nexport const drop = tf.layers.dropout({ rate: 0.5 });\nexport function run(x) {\n  drop.apply(x);\n  return x;\n}\n`],
    ['its layer is given', `import * as tf from '@tensorflow/tfjs';\nexport const d = (drop) => drop ?? tf.layers.dropout({ rate: 0.5 });\nexport function run(x, drop) {\n  drop.apply(x);\n  return x;\n}\n`],
    ['its layer is applied elsewhere, too', inFunction('const layer = tf.layers.dropout({ rate: 0.5 }); layer.apply(h);', 'layer.apply(h)')],
    ['its layer is a field that is applied elsewhere, too', `import * as tf from '@tensorflow/tfjs';\nexport class Net {\n  drop = tf.layers.dropout({ rate: 0.5 });\n  warm(x) {\n    this.drop.apply(x);\n    return x;\n  }\n  run(x) {\n    const y = this.drop.apply(x);\n    return [y, this.drop];\n  }\n}\n`],
    ['the name is used in the same function a second time', inFunction(`const d = ${DROP};`, 'h', '{ const d = 1; other(d); }')],
  ])('is left alone: %s', (_, code) => expect(dead(code)).toEqual([]));

  it.each<[string, string]>([
    ['its declaration', inFunction(`const d = ${DROP} as tf.SymbolicTensor;`)],
    ['its statement', inFunction(`${DROP};`)],
    ['its comment with it', inFunction(`// for later\n  const d = ${DROP};`)],
  ])('goes with %s, and nothing else does', async (_, code) => {
    const after = (await fixed(rule, codeOf(code))) as unknown as { readonly text: string };
    expect(after.text).toBe(inFunction('@').replace('  @\n', ''));
  });

  it('goes with the declaration of its layer', async () => {
    const code = `import * as tf from '@tensorflow/tfjs';\nconst a = tf.layers.dense({ units: 4 });\nconst drop = tf.layers.dropout({ rate: 0.5 });\nexport function run(x) {\n  const h = a.apply(x);\n  drop.apply(h);\n  return h;\n}\n`;
    const after = (await fixed(rule, codeOf(code))) as unknown as { readonly text: string };
    expect(after.text).toBe(code.replace(/const drop.*\n/, '').replace(/ {2}drop.*\n/, ''));
  });
});

describe('a dropout of a model.json whose output goes nowhere', () => {
  const topology = toModelJson('linear → relu → unused{ dropout(0.5) } → linear');
  const document = readTopology('model.json', JSON.stringify(topology, undefined, 2)) as Document;

  it('is reported and removed', async () => {
    expect(findings(rule, document)).toEqual(['dropout1 info exact']);
    const after = (await fixed(rule, document)) as unknown as { readonly text: string };
    const without = JSON.parse(JSON.stringify(topology)) as { modelTopology: { model_config: { config: { layers: { class_name: string }[] } } } };
    const { config } = without.modelTopology.model_config;
    config.layers = config.layers.filter(({ class_name: name }) => name !== 'Dropout');
    expect(after.text).toBe(JSON.stringify(without, undefined, 2));
  });

  it('is alive where it is used a second time', () => {
    const twice = JSON.stringify(topology).replace(/("name":"dropout1","class_name":"Dropout"[^[]*"inbound_nodes":)\[(\[\[[^\]]*\]\])\]/, '$1[$2,$2]').replace('"output_layers":[["dense2",0,0]]', '"output_layers":[["dense2",0,0],["dropout1",1,0]]');
    expect(twice).toContain('"dropout1",1,0');
    expect(findings(rule, readTopology('model.json', twice) as Document)).toEqual([]);
  });

  it('is alive as an output, and where another layer reads it', () => {
    const text = JSON.stringify(topology);
    const name = '"output_layers":[["dense2",0,0]]';
    expect(text).toContain(name);
    expect(findings(rule, readTopology('model.json', text.replace(name, '"output_layers":[["dense2",0,0],["dropout1",0,0]]')) as Document)).toEqual([]);
    expect(findings(rule, readTopology('model.json', JSON.stringify(toModelJson('linear → relu → unused{ dropout(0.5) → linear } → linear'))) as Document)).toEqual([]);
  });
});

it('says which of the two it is', () => {
  expect(messages(rule, graphOf('linear → relu → dropout(0) → linear'))).toMatchInlineSnapshot(`
    [
      "The rate is 0: this dropout never drops anything. Remove it.",
    ]
  `);
  expect(messages(rule, graphOf(EXAMPLES['dead-dropout']!()))).toMatchInlineSnapshot(`
    [
      "Nothing reads the output of this dropout. Remove it.",
    ]
  `);
});
